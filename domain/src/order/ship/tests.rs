//! What can leave, what counts as started and shipped, and when all has arrived.

use super::super::{
    Order,
    commands::OrderCommand,
    fixtures::{
        USUAL_TOTAL, cancellation, cancellation_of, cancelled_order, confirmed_order, delivered_order, line, order,
        payment_update, placed_order, shipment, shipment_id, shipped_order, snapshot, some_units,
    },
    status::{FulfillmentStatus, OrderStatus},
};
use super::*;
use crate::{common::LineKind, testing::given};

fn started() -> OrderEvent {
    OrderFulfillmentStarted { basis: Basis::Recorded }.into()
}

fn lines_shipped(shipment: u128, lines: &[(u32, u32)]) -> OrderEvent {
    let lines = some_units(lines);
    OrderLinesShipped { shipment_id: shipment_id(shipment), lines, basis: Basis::Recorded }.into()
}

fn delivered() -> OrderEvent {
    OrderDelivered { business_date: Some(crate::testing::moment().business_date) }.into()
}

fn without_goods() -> crate::testing::Given<Order> {
    let snapshot = snapshot(vec![line(1, LineKind::Carriage, 1, "4")]);
    given::<Order>([]).and(OrderCommand::Place { snapshot }).and(OrderCommand::Confirm)
}

#[test]
fn a_confirmed_order_is_started() {
    confirmed_order().when(OrderCommand::StartFulfillment).then([started()]);
}

#[test]
fn starting_again_is_silent() {
    confirmed_order().and(OrderCommand::StartFulfillment).when(OrderCommand::StartFulfillment).then_nothing();
    delivered_order().when(OrderCommand::StartFulfillment).then_nothing();
}

#[test]
fn only_a_confirmed_order_with_goods_is_started() {
    placed_order().when(OrderCommand::StartFulfillment).then_refused(OrderError::NotConfirmed);
    let cancelled = confirmed_order().and(OrderCommand::StartFulfillment).and(cancellation());
    cancelled.when(OrderCommand::StartFulfillment).then_refused(OrderError::Cancelled);
    without_goods().when(OrderCommand::StartFulfillment).then_refused(OrderError::NothingToShip);
}

#[test]
fn the_first_shipment_starts_the_fulfillment() {
    confirmed_order().when(shipment(1, &[(2, 1), (1, 2)])).then([started(), lines_shipped(1, &[(1, 2), (2, 1)])]);
}

#[test]
fn a_later_shipment_ships_the_rest() {
    let history = confirmed_order().and(shipment(1, &[(1, 2)]));
    assert_eq!(order(&history).fulfillment_status(), FulfillmentStatus::Partial);
    assert_eq!(order(&history).status(), OrderStatus::Processing);
    history.when(shipment(2, &[(1, 1), (2, 2)])).then([lines_shipped(2, &[(1, 1), (2, 2)])]);
    assert_eq!(order(&shipped_order()).status(), OrderStatus::Shipped);
}

#[test]
fn a_shipment_counts_once() {
    let history = confirmed_order().and(shipment(1, &[(1, 1), (2, 1)]));
    history.when(shipment(1, &[(2, 1), (1, 1)])).then_nothing();
    delivered_order().and(OrderCommand::Close).when(shipment(1, &[(1, 3), (2, 2)])).then_nothing();
}

#[test]
fn a_shipment_id_stands_for_its_lines() {
    let history = confirmed_order().and(shipment(1, &[(1, 1)]));
    history.when(shipment(1, &[(1, 2)])).then_refused(OrderError::ShipmentIdReused { shipment_id: shipment_id(1) });
}

#[test]
fn no_more_leaves_than_was_ordered_and_not_cancelled() {
    let exceeded =
        |requested, available| OrderError::QuantityExceeded { line: 1, action: LineAction::Ship, requested, available };
    confirmed_order().when(shipment(1, &[(1, 4)])).then_refused(exceeded(4, 3));
    confirmed_order().and(cancellation_of(&[(1, 1)])).when(shipment(1, &[(1, 3)])).then_refused(exceeded(3, 2));
    confirmed_order().and(shipment(1, &[(1, 2)])).when(shipment(2, &[(1, 2)])).then_refused(exceeded(2, 1));
}

#[test]
fn only_goods_are_shipped() {
    let refusal = OrderError::NotGoods { line: 3, kind: LineKind::Carriage };
    confirmed_order().when(shipment(1, &[(1, 1), (3, 1)])).then_refused(refusal);
}

#[test]
fn lines_to_ship_are_known_named_once_and_at_least_one() {
    confirmed_order().when(shipment(1, &[])).then_refused(OrderError::NoLines);
    confirmed_order().when(shipment(1, &[(9, 1)])).then_refused(OrderError::UnknownLine { line: 9, lines: 3 });
    confirmed_order().when(shipment(1, &[(2, 1), (2, 1)])).then_refused(OrderError::LineRepeated { line: 2 });
}

#[test]
fn only_a_confirmed_order_is_shipped() {
    placed_order().when(shipment(1, &[(1, 1)])).then_refused(OrderError::NotConfirmed);
    cancelled_order().when(shipment(1, &[(1, 1)])).then_refused(OrderError::Cancelled);
    delivered_order().and(OrderCommand::Close).when(shipment(2, &[(1, 1)])).then_refused(OrderError::Closed);
}

#[test]
fn an_order_has_a_bounded_number_of_shipments() {
    let snapshot = snapshot(vec![line(1, LineKind::Goods, 20_000, "1")]);
    let history = given::<Order>([]).and(OrderCommand::Place { snapshot }).and(OrderCommand::Confirm);
    let state = (0..10_000).fold(history.state(), |state, shipment| {
        <Order as crate::aggregate::Aggregate>::evolve(state, &lines_shipped(shipment, &[(1, 1)]))
    });
    let refusal = ship_lines(state.placed().unwrap(), shipment_id(10_000), &some_units(&[(1, 1)]));
    assert_eq!(refusal, Err(OrderError::TooManyMovements { max: 10_000 }));
}

#[test]
fn an_order_is_delivered_once_all_left() {
    shipped_order().when(OrderCommand::Deliver).then([delivered()]);
    let rest_cancelled = confirmed_order().and(shipment(1, &[(1, 3)])).and(cancellation_of(&[(2, 2)]));
    rest_cancelled.when(OrderCommand::Deliver).then([delivered()]);
    assert_eq!(order(&delivered_order()).status(), OrderStatus::Delivered);
}

#[test]
fn delivering_again_is_silent() {
    delivered_order().when(OrderCommand::Deliver).then_nothing();
    delivered_order().and(OrderCommand::Close).when(OrderCommand::Deliver).then_nothing();
}

#[test]
fn an_order_is_not_delivered_before_all_left() {
    placed_order().when(OrderCommand::Deliver).then_refused(OrderError::NotConfirmed);
    confirmed_order().when(OrderCommand::Deliver).then_refused(OrderError::NotFullyShipped { outstanding: 5 });
    let partly = confirmed_order().and(shipment(1, &[(1, 2)]));
    partly.when(OrderCommand::Deliver).then_refused(OrderError::NotFullyShipped { outstanding: 3 });
    cancelled_order().when(OrderCommand::Deliver).then_refused(OrderError::Cancelled);
    cancelled_order().and(OrderCommand::Close).when(OrderCommand::Deliver).then_refused(OrderError::Closed);
    without_goods().when(OrderCommand::Deliver).then_refused(OrderError::NothingToShip);
}

#[test]
fn an_order_refunded_before_it_is_delivered_is_closed_with_it() {
    let history = shipped_order().and(payment_update(1, [0, USUAL_TOTAL, USUAL_TOTAL, 0]));
    assert_eq!(order(&history).status(), OrderStatus::Shipped);
    history.when(OrderCommand::Deliver).then([delivered(), OrderClosed {}.into()]);
}
