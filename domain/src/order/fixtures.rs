//! Orders, documents and ids that the tests of several commands start from.

use super::{
    Order,
    commands::{OrderCommand, OrderContact, OrderSnapshot},
    events::{OrderLine, RoundingPolicy, RoundingStage, Tax},
    state::PlacedOrder,
};
use crate::{
    checkout::{CapturePolicy, CheckoutTerms, PaymentTerms, StockHold},
    common::{DocumentForm, LineKind, LineQuantity, SourceDocument},
    ids::{CreditNoteId, PaymentId, ReservationId, ReturnId, ShipmentId},
    money::{Currency, Rounding},
    quantity::Quantity,
    testing::{Given, given},
};
use chrono::NaiveDate;
use uuid::Uuid;

pub(crate) const HALF_UP: RoundingPolicy = RoundingPolicy { mode: Rounding::HalfUp, stage: RoundingStage::Line };

pub(crate) fn pounds() -> Currency {
    "GBP".parse().unwrap()
}

pub(crate) fn payment_id(n: u128) -> PaymentId {
    PaymentId::new(Uuid::from_u128(n))
}

pub(crate) fn shipment_id(n: u128) -> ShipmentId {
    ShipmentId::new(Uuid::from_u128(n))
}

pub(crate) fn return_id(n: u128) -> ReturnId {
    ReturnId::new(Uuid::from_u128(n))
}

pub(crate) fn credit_note_id(n: u128) -> CreditNoteId {
    CreditNoteId::new(Uuid::from_u128(n))
}

pub(crate) fn units(quantity: u32) -> Quantity {
    Quantity::new(i64::from(quantity)).unwrap()
}

/// A line whose amount follows from quantity and price in pounds, half up.
pub(crate) fn line(line: u32, kind: LineKind, quantity: u32, unit_price: &str) -> OrderLine {
    let unit_price: crate::price::UnitPrice = unit_price.parse().unwrap();
    let amount = unit_price.times(i64::from(quantity), pounds(), Rounding::HalfUp).unwrap();
    OrderLine {
        line,
        kind,
        code: "85123a".parse().unwrap(),
        sku: (kind == LineKind::Goods).then(|| "85123A".parse().unwrap()),
        description: "WHITE HANGING HEART".parse().unwrap(),
        quantity: units(quantity),
        unit_price,
        amount_minor: amount.minor,
        rounding_micros: (amount.rounding_micros != 0).then_some(amount.rounding_micros),
        tax_minor: None,
        options: vec![],
    }
}

pub(crate) fn snapshot(lines: Vec<OrderLine>) -> OrderSnapshot {
    OrderSnapshot {
        customer_id: None,
        country: "United Kingdom".parse().unwrap(),
        currency: pounds(),
        lines,
        tax: Tax::NotStated,
        rounding: HALF_UP,
        cart: None,
        contact: OrderContact::default(),
        checkout: None,
    }
}

/// Line 1: 3 goods at 2.00; line 2: 2 goods at 1.50; line 3: carriage of 4.00. In total 13.00.
pub(crate) fn usual_snapshot() -> OrderSnapshot {
    snapshot(vec![
        line(1, LineKind::Goods, 3, "2"),
        line(2, LineKind::Goods, 2, "1.5"),
        line(3, LineKind::Carriage, 1, "4"),
    ])
}

/// The total of [`usual_snapshot`], in pence.
pub(crate) const USUAL_TOTAL: i64 = 1_300;

/// How the orders of the tests are paid.
pub(crate) fn terms() -> CheckoutTerms {
    let (method, provider) = ("card".parse().unwrap(), "simulated".parse().unwrap());
    CheckoutTerms { payment: Some(PaymentTerms { method, provider, capture: CapturePolicy::AtFulfillment }) }
}

/// A hold on the SKU of all lines.
pub(crate) fn hold(n: u128, quantity: u32) -> StockHold {
    StockHold {
        sku: "85123A".parse().unwrap(),
        location: "main".parse().unwrap(),
        reservation_id: ReservationId::new(Uuid::from_u128(n)),
        quantity: units(quantity),
    }
}

pub(crate) fn reserving(holds: &[StockHold]) -> OrderCommand {
    OrderCommand::RecordStockReserved { holds: holds.to_vec() }
}

pub(crate) fn source(number: &str, digest: &str) -> SourceDocument {
    SourceDocument {
        system: "online-retail".parse().unwrap(),
        number: number.parse().unwrap(),
        form: DocumentForm::Order,
        digest: digest.parse().unwrap(),
        local_time: NaiveDate::from_ymd_opt(2010, 12, 1).unwrap().and_hms_opt(8, 26, 0).unwrap(),
        time_zone: "Europe/London".parse().unwrap(),
    }
}

pub(crate) fn some_units(lines: &[(u32, u32)]) -> Vec<LineQuantity> {
    lines.iter().map(|&(line, quantity)| LineQuantity { line, quantity: units(quantity) }).collect()
}

pub(crate) fn cancellation() -> OrderCommand {
    OrderCommand::Cancel { reason: "changed their mind".parse().unwrap() }
}

pub(crate) fn cancellation_of(lines: &[(u32, u32)]) -> OrderCommand {
    OrderCommand::CancelLines { lines: some_units(lines), reason: "changed their mind".parse().unwrap() }
}

pub(crate) fn shipment(shipment: u128, lines: &[(u32, u32)]) -> OrderCommand {
    OrderCommand::ShipLines { shipment_id: shipment_id(shipment), lines: some_units(lines) }
}

pub(crate) fn plan(shipment: u128, lines: &[(u32, u32)]) -> OrderCommand {
    OrderCommand::PlanFulfillment { shipment_id: shipment_id(shipment), lines: some_units(lines) }
}

pub(crate) fn release(shipment: u128) -> OrderCommand {
    OrderCommand::ReleaseFulfillment { shipment_id: shipment_id(shipment) }
}

pub(crate) fn return_request(id: u128, lines: &[(u32, u32)]) -> OrderCommand {
    OrderCommand::RequestReturn { return_id: return_id(id), lines: some_units(lines) }
}

pub(crate) fn return_closing(id: u128) -> OrderCommand {
    OrderCommand::CloseReturn { return_id: return_id(id) }
}

pub(crate) fn goods_return(id: u128, lines: &[(u32, u32)]) -> OrderCommand {
    OrderCommand::ReturnLines { return_id: return_id(id), lines: some_units(lines) }
}

pub(crate) fn payment_update(payment: u128, [authorized, captured, refunded, disputed]: [i64; 4]) -> OrderCommand {
    OrderCommand::UpdatePayment {
        payment_id: payment_id(payment),
        authorized_minor: authorized,
        captured_minor: captured,
        refunded_minor: refunded,
        disputed_minor: disputed,
    }
}

pub(crate) fn placed_order() -> Given<Order> {
    given::<Order>([]).and(OrderCommand::Place { snapshot: usual_snapshot() })
}

/// [`usual_snapshot`], placed by a checkout.
pub(crate) fn checkout_order() -> Given<Order> {
    let snapshot = OrderSnapshot { checkout: Some(terms()), ..usual_snapshot() };
    given::<Order>([]).and(OrderCommand::Place { snapshot })
}

/// The same, with its stock held.
pub(crate) fn reserved_order() -> Given<Order> {
    checkout_order().and(reserving(&[hold(1, 3), hold(2, 2)]))
}

/// The same, authorized by payment 1 and confirmed.
pub(crate) fn promised_order() -> Given<Order> {
    reserved_order().and(payment_update(1, [USUAL_TOTAL, 0, 0, 0])).and(OrderCommand::Confirm)
}

pub(crate) fn confirmed_order() -> Given<Order> {
    placed_order().and(OrderCommand::Confirm)
}

pub(crate) fn shipped_order() -> Given<Order> {
    confirmed_order().and(shipment(1, &[(1, 3), (2, 2)]))
}

pub(crate) fn delivered_order() -> Given<Order> {
    shipped_order().and(OrderCommand::Deliver)
}

pub(crate) fn cancelled_order() -> Given<Order> {
    placed_order().and(cancellation())
}

/// The order that a history leads to.
#[track_caller]
pub(crate) fn order(history: &Given<Order>) -> PlacedOrder {
    history.state().placed().unwrap().clone()
}
