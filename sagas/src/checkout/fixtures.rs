//! Ids, terms, news and actions for the tests of checkouts.

use super::{
    CheckoutProcess, HOLD_MARGIN,
    messages::{
        Began, CheckoutAction as Action, CheckoutAnswer as Answer, CheckoutPolicy, CheckoutTrigger as Trigger, Demand,
        HoldPlace,
    },
    stock::reservation_id,
};
use crate::{
    operations::operation_id,
    testing::{Story, noon},
};
use chrono::{DateTime, TimeDelta, Utc};
use tillroll_domain::{
    checkout::{CapturePolicy, PaymentTerms, StockHold},
    ids::{CartId, OrderId, PaymentId},
    money::Money,
    order::CancelCause,
    payment::payment_of_order,
    pricing::QuoteHash,
    quantity::Quantity,
};
use uuid::Uuid;

pub(super) fn order() -> OrderId {
    OrderId::new(Uuid::from_u128(0x0d))
}

pub(super) fn cart() -> CartId {
    CartId::new(Uuid::from_u128(0xca))
}

pub(super) fn payment() -> PaymentId {
    payment_of_order(order())
}

pub(super) fn terms(capture: CapturePolicy) -> PaymentTerms {
    PaymentTerms { method: "card".parse().unwrap(), provider: "simulated".parse().unwrap(), capture }
}

pub(super) fn units(units: u32) -> Quantity {
    Quantity::new(i64::from(units)).unwrap()
}

/// Goods are held for 15 minutes, the money is awaited for 30; locations are called `l0`, `l1` and so on.
pub(super) fn policy(locations: usize) -> CheckoutPolicy {
    let locations = (0..locations).map(|n| format!("l{n}").parse().unwrap()).collect();
    CheckoutPolicy { locations, reserve_minutes: 15, payment_minutes: 30 }
}

pub(super) fn minutes(minutes: i64) -> DateTime<Utc> {
    noon().now + TimeDelta::minutes(minutes)
}

/// A checkout of these goods, to be paid by 10.00 on shipment.
pub(super) fn began(goods: &[(&str, u32)]) -> Trigger {
    began_with(goods, 1_000, CapturePolicy::AtFulfillment)
}

pub(super) fn began_with(goods: &[(&str, u32)], total_minor: i64, capture: CapturePolicy) -> Trigger {
    let demand = |&(sku, quantity): &(&str, u32)| Demand { sku: sku.parse().unwrap(), quantity: units(quantity) };
    Trigger::Began(Box::new(Began {
        cart_id: cart(),
        order_id: order(),
        quote_hash: quote_hash(),
        total: Money::new(total_minor, "EUR".parse().unwrap()),
        payment: Some(terms(capture)).filter(|_| total_minor > 0),
        instrument: Some("tok_approve".parse().unwrap()).filter(|_| total_minor > 0),
        demand: goods.iter().map(demand).collect(),
    }))
}

pub(super) fn paid(covered_minor: i64) -> Trigger {
    Trigger::PaymentChanged { payment_id: payment(), covered_minor }
}

pub(super) fn cancelled(confirmed: bool) -> Trigger {
    Trigger::OrderCancelled { confirmed }
}

pub(super) fn done() -> Answer {
    Answer::Done {}
}

pub(super) fn gone() -> Answer {
    Answer::Gone {}
}

pub(super) fn short(available: u32) -> Answer {
    Answer::Short { available }
}

pub(super) fn refused(code: &str) -> Answer {
    Answer::Refused { code: code.parse().unwrap() }
}

pub(super) fn place_order() -> Action {
    Action::PlaceOrder { cart_id: cart(), order_id: order() }
}

/// The `nth` try (from 0) of a SKU at a location, as hold number `hold`.
pub(super) fn place(hold: u32, sku: &str, location: &str, nth: u32) -> HoldPlace {
    let (sku, location) = (sku.parse().unwrap(), location.parse().unwrap());
    HoldPlace { hold, reservation_id: reservation_id(order(), &sku, &location, nth), sku, location }
}

/// Units reserved at noon.
pub(super) fn reserve(place: HoldPlace, quantity: u32) -> Action {
    Action::ReserveStock { place, quantity: units(quantity), expires_at: minutes(15) }
}

/// Units reserved so that they last as long as the money is awaited that was asked for at noon.
pub(super) fn reserve_to_pay(place: HoldPlace, quantity: u32) -> Action {
    Action::ReserveStock { place, quantity: units(quantity), expires_at: minutes(30) + HOLD_MARGIN }
}

pub(super) fn extend(place: HoldPlace) -> Action {
    Action::ExtendHold { place, expires_at: minutes(30) + HOLD_MARGIN }
}

pub(super) fn allocate(place: HoldPlace) -> Action {
    Action::AllocateHold { place, order_id: order() }
}

/// The hold is let go because it is not needed.
pub(super) fn let_go(place: HoldPlace) -> Action {
    Action::ReleaseHold { place, promised_to: None }
}

/// The hold is let go with whatever became of it, because the order is undone.
pub(super) fn undo(place: HoldPlace) -> Action {
    Action::ReleaseHold { place, promised_to: Some(order()) }
}

pub(super) fn record(version: u32, holds: &[(HoldPlace, u32)]) -> Action {
    let hold = |(place, quantity): &(HoldPlace, u32)| StockHold {
        sku: place.sku.clone(),
        location: place.location.clone(),
        reservation_id: place.reservation_id,
        quantity: units(*quantity),
    };
    Action::RecordStock { order_id: order(), version, holds: holds.iter().map(hold).collect() }
}

pub(super) fn quote_hash() -> QuoteHash {
    "0a".repeat(32).parse().unwrap()
}

pub(super) fn start_payment(capture: CapturePolicy) -> Action {
    Action::StartPayment {
        order_id: order(),
        payment_id: payment(),
        operation_id: operation_id(payment(), "checkout/authorize"),
        amount: Money::new(1_000, "EUR".parse().unwrap()),
        quote_hash: quote_hash(),
        terms: terms(capture),
        instrument: Some("tok_approve".parse().unwrap()),
    }
}

pub(super) fn confirm(changes: u32) -> Action {
    Action::ConfirmOrder { order_id: order(), changes }
}

pub(super) fn capture() -> Action {
    let operation_id = operation_id(payment(), "checkout/capture");
    Action::CapturePayment { order_id: order(), payment_id: payment(), operation_id }
}

pub(super) fn cancel_order(cause: CancelCause) -> Action {
    Action::CancelOrder { order_id: order(), cause }
}

pub(super) fn cancel_payment() -> Action {
    Action::CancelPayment { payment_id: payment() }
}

pub(super) fn end_cart(placed: bool) -> Action {
    Action::EndCart { cart_id: cart(), order_id: order(), placed }
}

/// One heart is held and the order stands.
pub(super) fn reserving() -> Story<CheckoutProcess> {
    Story::begin(policy(1)).told(began(&[("HEART", 1)]))
}

pub(super) fn heart() -> HoldPlace {
    place(0, "HEART", "l0", 0)
}

/// The goods are reserved, and the order is told.
pub(super) fn recording() -> Story<CheckoutProcess> {
    reserving().answered(&place_order(), done()).answered(&reserve(heart(), 1), done())
}

/// The stock decision is made, and the money was asked for at noon.
pub(super) fn starting() -> Story<CheckoutProcess> {
    recording().answered(&record(1, &[(heart(), 1)]), done())
}

/// The money is awaited.
pub(super) fn paying() -> Story<CheckoutProcess> {
    starting().answered(&start_payment(CapturePolicy::AtFulfillment), done()).answered(&extend(heart()), done())
}

/// The money is there, and the order is asked to be confirmed.
pub(super) fn confirming() -> Story<CheckoutProcess> {
    paying().told_later(paid(1_000))
}

/// The order is confirmed.
pub(super) fn finishing() -> Story<CheckoutProcess> {
    confirming().answered(&confirm(1), done())
}
