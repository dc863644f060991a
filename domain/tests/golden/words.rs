//! The words in which enumerations are stored. One sample per event shows one value each; this shows them all.

use crate::helpers::uuid;
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Debug;
use tillroll_domain::{
    cart::{CartOwner, GuestContact, MergeStrategy, events::ReleaseCause},
    checkout::CapturePolicy,
    common::{Basis, DocumentForm, LineKind},
    customer::events::AddressKind,
    expense::events::ExpenseKind,
    ids::CustomerId,
    money::Rounding,
    order::{
        CancelCause,
        events::{RoundingStage, Tax},
    },
    payment::events::{DisputeOutcome, OperationKind},
    pricing::{PriceReason, ShippingReason, TaxRate, TaxTreatment},
    provider_message::ProviderFactKind,
    returns::status::{GoodsCondition, ReturnOutcome, ReturnReason},
    stock_document::events::StockDocumentKind,
    stock_item::events::{AdjustmentReason, ReleaseReason, ReturnCondition},
};

fn assert_words<T: Serialize + DeserializeOwned + Debug + PartialEq, const N: usize>(words: [(T, &str); N]) {
    for (value, stored) in words {
        assert_eq!(serde_json::to_string(&value).unwrap(), stored);
        assert_eq!(serde_json::from_str::<T>(stored).unwrap(), value);
    }
}

#[test]
fn enumerations_are_stored_in_the_words_of_ever() {
    assert_words([(Basis::Recorded, r#""recorded""#), (Basis::Inferred, r#""inferred""#)]);
    assert_words([
        (DocumentForm::Order, r#""order""#),
        (DocumentForm::CreditNote, r#""credit_note""#),
        (DocumentForm::Adjustment, r#""adjustment""#),
    ]);
    assert_words([
        (LineKind::Goods, r#""goods""#),
        (LineKind::Carriage, r#""carriage""#),
        (LineKind::Discount, r#""discount""#),
    ]);
    assert_words([
        (ExpenseKind::MarketplaceFee, r#""marketplace_fee""#),
        (ExpenseKind::BankCharges, r#""bank_charges""#),
        (ExpenseKind::Charity, r#""charity""#),
        (ExpenseKind::BadDebt, r#""bad_debt""#),
    ]);
    assert_words([
        (Rounding::HalfUp, r#""half_up""#),
        (Rounding::HalfEven, r#""half_even""#),
        (Rounding::HalfDown, r#""half_down""#),
    ]);
    assert_words([(RoundingStage::Line, r#""line""#)]);
    assert_words([(AddressKind::Shipping, r#""shipping""#), (AddressKind::Billing, r#""billing""#)]);
    assert_words([
        (Tax::NotStated, r#"{"statement":"not_stated"}"#),
        (Tax::Stated { amount_minor: 400 }, r#"{"statement":"stated","amount_minor":400}"#),
    ]);
    assert_words([
        (OperationKind::Authorize, r#""authorize""#),
        (OperationKind::Capture, r#""capture""#),
        (OperationKind::Void, r#""void""#),
        (OperationKind::Refund, r#""refund""#),
    ]);
    assert_words([(StockDocumentKind::WriteOff, r#""write_off""#), (StockDocumentKind::Found, r#""found""#)]);
    assert_words([
        (AdjustmentReason::WriteOff, r#""write_off""#),
        (AdjustmentReason::Found, r#""found""#),
        (AdjustmentReason::Damaged, r#""damaged""#),
        (AdjustmentReason::Lost, r#""lost""#),
        (AdjustmentReason::CountCorrection, r#""count_correction""#),
        (AdjustmentReason::Other, r#""other""#),
    ]);
    assert_words([(GoodsCondition::Resellable, r#""resellable""#), (GoodsCondition::Damaged, r#""damaged""#)]);
    assert_words([
        (ReturnOutcome::Refund, r#""refund""#),
        (ReturnOutcome::Replacement, r#""replacement""#),
        (ReturnOutcome::None, r#""none""#),
    ]);
    assert_words([
        (ReturnReason::Damaged, r#""damaged""#),
        (ReturnReason::Defective, r#""defective""#),
        (ReturnReason::WrongItem, r#""wrong_item""#),
        (ReturnReason::NotAsDescribed, r#""not_as_described""#),
        (ReturnReason::TooLate, r#""too_late""#),
        (ReturnReason::Unwanted, r#""unwanted""#),
        (ReturnReason::Other, r#""other""#),
    ]);
    assert_words([(ReleaseReason::Released, r#""released""#), (ReleaseReason::Expired, r#""expired""#)]);
    assert_words([
        (ReturnCondition::Resellable, r#""resellable""#),
        (ReturnCondition::Damaged, r#""damaged""#),
        (ReturnCondition::NotStated, r#""not_stated""#),
    ]);
}

#[test]
fn the_words_of_quotes_are_those_of_ever() {
    let row_id = "prw_01924c3e-5a00-7000-8000-00000000002a".parse().unwrap();
    assert_words([
        (PriceReason::ListPrice, r#"{"source":"list_price"}"#),
        (
            PriceReason::Row { row_id, priority: -2 },
            r#"{"source":"row","row_id":"prw_01924c3e-5a00-7000-8000-00000000002a","priority":-2}"#,
        ),
    ]);
    assert_words([
        (
            ShippingReason::BelowThreshold { free_from_minor: 5_000 },
            r#"{"rule":"below_threshold","free_from_minor":5000}"#,
        ),
        (
            ShippingReason::FreeFromThreshold { free_from_minor: 5_000, regular_minor: 599 },
            r#"{"rule":"free_from_threshold","free_from_minor":5000,"regular_minor":599}"#,
        ),
        (
            ShippingReason::CarrierRate { reference: "PARCEL-24".parse().unwrap() },
            r#"{"rule":"carrier_rate","reference":"PARCEL-24"}"#,
        ),
    ]);
    assert_words([
        (TaxTreatment::Standard, r#""standard""#),
        (TaxTreatment::Reduced, r#""reduced""#),
        (TaxTreatment::Zero, r#""zero""#),
        (TaxTreatment::Exempt, r#""exempt""#),
        (TaxTreatment::ReverseCharge, r#""reverse_charge""#),
        (TaxTreatment::Export, r#""export""#),
    ]);
    assert_words([("8".parse::<TaxRate>().unwrap(), r#""8""#), ("8.875".parse().unwrap(), r#""8.875""#)]);
}

#[test]
fn checkouts_are_stored_in_the_words_of_ever() {
    assert_words([(CapturePolicy::AtOnce, r#""at_once""#), (CapturePolicy::AtFulfillment, r#""at_fulfillment""#)]);
    let short = CancelCause::InsufficientStock { sku: "85123A".parse().unwrap(), requested: 6, available: 5 };
    assert_words([
        (CancelCause::Buyer, r#"{"kind":"buyer"}"#),
        (CancelCause::Staff, r#"{"kind":"staff"}"#),
        (short, r#"{"kind":"insufficient_stock","sku":"85123A","requested":6,"available":5}"#),
        (CancelCause::PaymentOverdue, r#"{"kind":"payment_overdue"}"#),
        (CancelCause::StockLost, r#"{"kind":"stock_lost"}"#),
        (CancelCause::Withdrawn, r#"{"kind":"withdrawn"}"#),
    ]);
}

#[test]
fn carts_are_stored_in_the_words_of_ever() {
    assert_words([
        (CartOwner::Guest, r#"{"kind":"guest"}"#),
        (
            CartOwner::Customer(CustomerId::new(uuid(4))),
            r#"{"kind":"customer","customer_id":"cus_01924c3e-5a00-7000-8000-000000000004"}"#,
        ),
    ]);
    assert_words([
        (MergeStrategy::Sum, r#""sum""#),
        (MergeStrategy::Larger, r#""larger""#),
        (MergeStrategy::GuestWins, r#""guest_wins""#),
        (MergeStrategy::CustomerWins, r#""customer_wins""#),
    ]);
    assert_words([
        (ReleaseCause::Aborted, r#""aborted""#),
        (ReleaseCause::Lapsed, r#""lapsed""#),
        (ReleaseCause::CheckoutFailed, r#""checkout_failed""#),
    ]);
    assert_words([
        (GuestContact::Never, r#""never""#),
        (GuestContact::Given, r#""given""#),
        (GuestContact::Erased, r#""erased""#),
    ]);
}

#[test]
fn providers_are_understood_in_the_words_of_ever() {
    assert_words([(DisputeOutcome::Won, r#""won""#), (DisputeOutcome::Lost, r#""lost""#)]);
    assert_words([
        (ProviderFactKind::Authorized, r#""authorized""#),
        (ProviderFactKind::ActionRequired, r#""action_required""#),
        (ProviderFactKind::Failed, r#""failed""#),
        (ProviderFactKind::Captured, r#""captured""#),
        (ProviderFactKind::Voided, r#""voided""#),
        (ProviderFactKind::Refunded, r#""refunded""#),
        (ProviderFactKind::RefundFailed, r#""refund_failed""#),
        (ProviderFactKind::AuthorizationExpired, r#""authorization_expired""#),
        (ProviderFactKind::DisputeOpened, r#""dispute_opened""#),
        (ProviderFactKind::DisputeWon, r#""dispute_won""#),
        (ProviderFactKind::DisputeLost, r#""dispute_lost""#),
        (ProviderFactKind::Other, r#""other""#),
    ]);
}
