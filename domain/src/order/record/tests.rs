//! How history enters: what is recorded, what is inferred from it, and what a second run changes.

use super::super::{
    Order,
    commands::OrderCommand,
    events::Tax,
    fixtures::{
        USUAL_TOTAL, cancelled_order, credit_note_id, delivered_order, line, order, payment_id, placed_order,
        shipment_id, snapshot, some_units, source, units, usual_snapshot,
    },
    state::LineProgress,
    status::{FulfillmentStatus, Lifecycle, OrderStatus, PaymentStatus},
};
use super::*;
use crate::{
    document::{DocumentError, SourceConflict},
    testing::{Given, given},
};

const BASIS: Basis = Basis::Inferred;

fn record_as(snapshot: OrderSnapshot, digest: &str) -> OrderCommand {
    let goods = snapshot.lines.iter().any(|line| line.kind == LineKind::Goods);
    let owed = snapshot.lines.iter().any(|line| line.amount_minor > 0);
    OrderCommand::Record {
        snapshot,
        source: source("536365", digest),
        payment_id: owed.then(|| payment_id(1)),
        shipment_id: goods.then(|| shipment_id(1)),
    }
}

fn recorded() -> Given<Order> {
    given::<Order>([]).and(record_as(usual_snapshot(), "aa"))
}

fn first_event(snapshot: &OrderSnapshot) -> OrderEvent {
    placed(snapshot, Some(&source("536365", "aa")), &crate::testing::moment()).unwrap().into()
}

fn credit(id: u128, lines: &[(u32, u32, i64)]) -> OrderCommand {
    OrderCommand::RecordCredit { credit_note_id: credit_note_id(id), lines: credited(lines) }
}

fn credited(lines: &[(u32, u32, i64)]) -> Vec<CreditedLine> {
    let line = |&(line, quantity, amount_minor)| CreditedLine { line, quantity: units(quantity), amount_minor };
    lines.iter().map(line).collect()
}

fn lines_credited(id: u128, lines: &[(u32, u32, i64)]) -> OrderEvent {
    OrderLinesCredited { credit_note_id: credit_note_id(id), lines: credited(lines), basis: BASIS }.into()
}

#[test]
fn an_order_of_the_past_is_recorded_with_what_must_have_become_of_it() {
    let amounts = PaymentAmounts { captured_minor: USUAL_TOTAL, ..PaymentAmounts::default() };
    given::<Order>([]).when(record_as(usual_snapshot(), "aa")).then([
        first_event(&usual_snapshot()),
        OrderConfirmed { basis: BASIS }.into(),
        changed(payment_id(1), amounts, BASIS).into(),
        OrderFulfillmentStarted { basis: BASIS }.into(),
        OrderLinesShipped { shipment_id: shipment_id(1), lines: some_units(&[(1, 3), (2, 2)]), basis: BASIS }.into(),
    ]);
    let order = order(&recorded());
    assert_eq!(order.lifecycle(), Lifecycle::Confirmed);
    assert_eq!(order.payment_status(), PaymentStatus::Paid);
    assert_eq!(order.fulfillment_status(), FulfillmentStatus::Shipped);
    assert_eq!(order.status(), OrderStatus::Shipped);
}

/// Case 31: orders that total zero have no payment.
#[test]
fn a_free_order_is_recorded_without_a_payment() {
    let free = snapshot(vec![line(1, LineKind::Goods, 2, "0")]);
    given::<Order>([]).when(record_as(free.clone(), "aa")).then([
        first_event(&free),
        OrderConfirmed { basis: BASIS }.into(),
        OrderFulfillmentStarted { basis: BASIS }.into(),
        OrderLinesShipped { shipment_id: shipment_id(1), lines: some_units(&[(1, 2)]), basis: BASIS }.into(),
    ]);
}

#[test]
fn an_order_without_goods_is_recorded_without_a_shipment() {
    let carriage = snapshot(vec![line(1, LineKind::Carriage, 1, "4")]);
    let amounts = PaymentAmounts { captured_minor: 400, ..PaymentAmounts::default() };
    given::<Order>([]).when(record_as(carriage.clone(), "aa")).then([
        first_event(&carriage),
        OrderConfirmed { basis: BASIS }.into(),
        changed(payment_id(1), amounts, BASIS).into(),
    ]);
}

#[test]
fn a_payment_is_named_exactly_if_something_is_owed() {
    let recording = |snapshot, payment| OrderCommand::Record {
        snapshot,
        source: source("536365", "aa"),
        payment_id: payment,
        shipment_id: Some(shipment_id(1)),
    };
    let missing = recording(usual_snapshot(), None);
    given::<Order>([]).when(missing).then_refused(OrderError::PaymentIdMismatch { total_minor: USUAL_TOTAL });
    let free = snapshot(vec![line(1, LineKind::Goods, 2, "0")]);
    let surplus = recording(free, Some(payment_id(1)));
    given::<Order>([]).when(surplus).then_refused(OrderError::PaymentIdMismatch { total_minor: 0 });
}

#[test]
fn a_shipment_is_named_exactly_if_there_are_goods() {
    let recording = |snapshot, shipment| OrderCommand::Record {
        snapshot,
        source: source("536365", "aa"),
        payment_id: Some(payment_id(1)),
        shipment_id: shipment,
    };
    let missing = recording(usual_snapshot(), None);
    given::<Order>([]).when(missing).then_refused(OrderError::ShipmentIdMismatch { goods_lines: 2 });
    let carriage = snapshot(vec![line(1, LineKind::Carriage, 1, "4")]);
    let surplus = recording(carriage, Some(shipment_id(1)));
    given::<Order>([]).when(surplus).then_refused(OrderError::ShipmentIdMismatch { goods_lines: 0 });
}

#[test]
fn recorded_orders_obey_the_rules_of_placed_ones() {
    let mut wrong = usual_snapshot();
    wrong.lines[0].amount_minor = 1;
    let refusal = DocumentError::AmountMismatch { line: 1, expected_minor: 600, given_minor: 1 };
    given::<Order>([]).when(record_as(wrong, "aa")).then_refused(refusal.into());
    let mut taxed = usual_snapshot();
    taxed.tax = Tax::Stated { amount_minor: -1 };
    let refusal = DocumentError::NegativeTax { amount_minor: -1 };
    given::<Order>([]).when(record_as(taxed, "aa")).then_refused(refusal.into());
}

#[test]
fn the_same_document_again_is_silent() {
    recorded().when(record_as(usual_snapshot(), "aa")).then_nothing();
    let credited = recorded().and(credit(1, &[(1, 1, 200)]));
    credited.when(record_as(usual_snapshot(), "aa")).then_nothing();
}

/// Case 11: the same number with other content.
#[test]
fn a_changed_document_is_refused_with_both_digests() {
    let refusal = SourceConflict::Changed {
        number: "536365".parse().unwrap(),
        recorded_digest: "aa".parse().unwrap(),
        given_digest: "bb".parse().unwrap(),
    };
    recorded().when(record_as(usual_snapshot(), "bb")).then_refused(refusal.into());
}

#[test]
fn another_document_under_the_same_id_is_refused() {
    let other = OrderCommand::Record {
        snapshot: usual_snapshot(),
        source: source("536366", "aa"),
        payment_id: Some(payment_id(1)),
        shipment_id: Some(shipment_id(1)),
    };
    let refusal = SourceConflict::AnotherDocument {
        recorded_system: "online-retail".parse().unwrap(),
        recorded_number: "536365".parse().unwrap(),
        given_system: "online-retail".parse().unwrap(),
        given_number: "536366".parse().unwrap(),
    };
    recorded().when(other).then_refused(refusal.into());
}

#[test]
fn an_order_that_was_placed_live_is_not_recorded() {
    placed_order().when(record_as(usual_snapshot(), "aa")).then_refused(OrderError::AlreadyPlaced);
}

#[test]
fn a_recorded_order_is_not_placed_again() {
    recorded().when(OrderCommand::Place { snapshot: usual_snapshot() }).then_refused(OrderError::AlreadyPlaced);
}

#[test]
fn a_credit_note_is_set_against_any_line_of_an_order_in_any_state() {
    for history in [recorded(), cancelled_order(), delivered_order().and(OrderCommand::Close)] {
        let events = [lines_credited(1, &[(1, 2, 999_999), (3, 1, 0)])];
        history.when(credit(1, &[(3, 1, 0), (1, 2, 999_999)])).then(events);
    }
}

#[test]
fn a_credit_note_counts_once() {
    recorded().and(credit(1, &[(1, 1, 200)])).when(credit(1, &[(1, 1, 200)])).then_nothing();
}

#[test]
fn a_credit_note_id_stands_for_its_lines() {
    for other in [credit(1, &[(1, 1, 199)]), credit(1, &[(1, 2, 200)]), credit(1, &[(2, 1, 200)])] {
        let refusal = OrderError::CreditNoteIdReused { credit_note_id: credit_note_id(1) };
        recorded().and(credit(1, &[(1, 1, 200)])).when(other).then_refused(refusal);
    }
}

#[test]
fn no_more_is_credited_than_was_ordered() {
    let exceeded = OrderError::QuantityExceeded { line: 1, action: LineAction::Credit, requested: 2, available: 1 };
    recorded().and(credit(1, &[(1, 2, 400)])).when(credit(2, &[(1, 2, 400)])).then_refused(exceeded);
}

#[test]
fn credited_lines_are_known_named_once_not_negative_and_at_least_one() {
    recorded().when(credit(1, &[])).then_refused(OrderError::NoLines);
    recorded().when(credit(1, &[(4, 1, 1)])).then_refused(OrderError::UnknownLine { line: 4, lines: 3 });
    recorded().when(credit(1, &[(1, 1, 1), (1, 1, 1)])).then_refused(OrderError::LineRepeated { line: 1 });
    recorded().when(credit(1, &[(1, 1, -1)])).then_refused(OrderError::NegativeCredit { line: 1, amount_minor: -1 });
}

#[test]
fn the_state_keeps_what_callers_need_of_a_line() {
    let order = order(&recorded().and(credit(1, &[(1, 1, 200)])));
    let expected = LineProgress {
        kind: LineKind::Goods,
        ordered: 3,
        cancelled: 0,
        planned: 0,
        shipped: 3,
        return_requested: 0,
        returned: 0,
        credited: 1,
    };
    assert_eq!(order.lines()[0], expected);
    assert_eq!(order.source().unwrap().number.as_str(), "536365");
}
