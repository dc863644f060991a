//! The words in which enumerations are stored. One sample per event shows one value each; this shows them all.

use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Debug;
use tillroll_domain::{
    common::{Basis, DocumentForm, LineKind},
    expense::events::ExpenseKind,
    money::Rounding,
    order::events::{RoundingStage, Tax},
    payment::events::OperationKind,
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
    assert_words([(ReleaseReason::Released, r#""released""#), (ReleaseReason::Expired, r#""expired""#)]);
    assert_words([
        (ReturnCondition::Resellable, r#""resellable""#),
        (ReturnCondition::Damaged, r#""damaged""#),
        (ReturnCondition::NotStated, r#""not_stated""#),
    ]);
}
