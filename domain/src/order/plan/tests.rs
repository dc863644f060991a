//! What can be planned to leave, and what a plan keeps from happening.

use super::super::{
    commands::OrderCommand,
    fixtures::{
        cancellation, cancellation_of, cancelled_order, confirmed_order, delivered_order, order, placed_order, plan,
        release, shipment, shipment_id, some_units,
    },
    status::{FulfillmentStatus, OrderStatus},
};
use super::*;
use crate::{common::LineKind, testing::Given};

fn planned_order() -> Given<super::super::Order> {
    confirmed_order().and(plan(1, &[(1, 2), (2, 1)]))
}

fn planned(shipment: u128, lines: &[(u32, u32)]) -> OrderEvent {
    OrderFulfillmentPlanned { shipment_id: shipment_id(shipment), lines: some_units(lines) }.into()
}

fn exceeded(line: u32, action: LineAction, requested: u32, available: u32) -> OrderError {
    OrderError::QuantityExceeded { line, action, requested, available }
}

#[test]
fn the_first_plan_starts_the_fulfillment() {
    let started = OrderFulfillmentStarted { basis: Basis::Recorded }.into();
    confirmed_order().when(plan(1, &[(2, 1), (1, 2)])).then([started, planned(1, &[(1, 2), (2, 1)])]);
    planned_order().when(plan(2, &[(1, 1)])).then([planned(2, &[(1, 1)])]);
    assert_eq!(order(&planned_order()).status(), OrderStatus::Processing);
    assert_eq!(order(&planned_order()).fulfillment_status(), FulfillmentStatus::Started);
}

#[test]
fn a_plan_counts_once() {
    planned_order().when(plan(1, &[(1, 2), (2, 1)])).then_nothing();
    let reused = OrderError::ShipmentIdReused { shipment_id: shipment_id(1) };
    planned_order().when(plan(1, &[(1, 2)])).then_refused(reused.clone());
    let left = || planned_order().and(shipment(1, &[(1, 2), (2, 1)]));
    left().when(plan(1, &[(1, 2), (2, 1)])).then_nothing();
    left().when(plan(1, &[(1, 1)])).then_refused(reused);
}

#[test]
fn no_unit_is_planned_twice() {
    planned_order().when(plan(2, &[(1, 2)])).then_refused(exceeded(1, LineAction::Plan, 2, 1));
    planned_order().when(shipment(2, &[(1, 2)])).then_refused(exceeded(1, LineAction::Ship, 2, 1));
    let partly_left = confirmed_order().and(shipment(1, &[(1, 1)])).and(cancellation_of(&[(1, 1)]));
    partly_left.when(plan(2, &[(1, 2)])).then_refused(exceeded(1, LineAction::Plan, 2, 1));
}

#[test]
fn only_goods_of_a_confirmed_order_are_planned() {
    placed_order().when(plan(1, &[(1, 1)])).then_refused(OrderError::NotConfirmed);
    cancelled_order().when(plan(1, &[(1, 1)])).then_refused(OrderError::Cancelled);
    let closed = delivered_order().and(OrderCommand::Close);
    closed.when(plan(9, &[(1, 1)])).then_refused(OrderError::Closed);
    let not_goods = OrderError::NotGoods { line: 3, kind: LineKind::Carriage };
    confirmed_order().when(plan(1, &[(3, 1)])).then_refused(not_goods);
    confirmed_order().when(plan(1, &[])).then_refused(OrderError::NoLines);
    confirmed_order().when(plan(1, &[(4, 1)])).then_refused(OrderError::UnknownLine { line: 4, lines: 3 });
}

#[test]
fn a_planned_shipment_leaves_with_the_lines_of_its_plan() {
    let left = super::super::events::OrderLinesShipped {
        shipment_id: shipment_id(1),
        lines: some_units(&[(1, 2), (2, 1)]),
        basis: Basis::Recorded,
    };
    planned_order().when(shipment(1, &[(2, 1), (1, 2)])).then([left.into()]);
    let reused = OrderError::ShipmentIdReused { shipment_id: shipment_id(1) };
    planned_order().when(shipment(1, &[(1, 2)])).then_refused(reused);
    let after = order(&planned_order().and(shipment(1, &[(1, 2), (2, 1)])));
    assert_eq!((after.lines()[0].planned, after.lines()[0].shipped, after.planned()), (0, 2, 0));
    assert!(after.plans().is_empty());
}

/// Case 27: what is planned cannot be cancelled until the plan is given up.
#[test]
fn planned_units_are_not_cancelled() {
    planned_order().when(cancellation()).then_refused(OrderError::UnitsPlanned { planned: 3 });
    planned_order().when(cancellation_of(&[(1, 2)])).then_refused(exceeded(1, LineAction::Cancel, 2, 1));
    assert_eq!(order(&planned_order().and(cancellation_of(&[(1, 1)]))).lines()[0].free(), 0);
    let released = || planned_order().and(release(1));
    assert_eq!(order(&released().and(cancellation_of(&[(1, 3)]))).lines()[0].cancelled, 3);
    assert_eq!(order(&released().and(cancellation())).status(), OrderStatus::Cancelled);
}

/// Case 27: whoever comes first, giving up or shipping, wins for good.
#[test]
fn giving_up_and_shipping_exclude_each_other() {
    let released = || planned_order().and(release(1));
    let refusal = OrderError::ShipmentReleased { shipment_id: shipment_id(1) };
    released().when(shipment(1, &[(1, 2), (2, 1)])).then_refused(refusal.clone());
    released().when(plan(1, &[(1, 2), (2, 1)])).then_refused(refusal);
    released().when(release(1)).then_nothing();
    let left = planned_order().and(shipment(1, &[(1, 2), (2, 1)]));
    left.when(release(1)).then_refused(OrderError::ShipmentLeft { shipment_id: shipment_id(1) });
}

#[test]
fn a_plan_that_is_given_up_frees_its_units() {
    planned_order().when(release(1)).then([OrderFulfillmentReleased { shipment_id: shipment_id(1) }.into()]);
    let again = planned_order().and(release(1)).and(plan(2, &[(1, 3), (2, 2)]));
    assert_eq!(order(&again).planned(), 5);
}

#[test]
fn only_a_plan_is_given_up() {
    let refusal = OrderError::ShipmentNotPlanned { shipment_id: shipment_id(7) };
    planned_order().when(release(7)).then_refused(refusal);
}

#[test]
fn an_order_is_not_delivered_while_units_are_planned() {
    let partly = confirmed_order().and(shipment(1, &[(1, 3)])).and(plan(2, &[(2, 2)]));
    partly.when(OrderCommand::Deliver).then_refused(OrderError::NotFullyShipped { outstanding: 2 });
}

#[test]
fn shipments_that_were_given_up_count_against_the_bound() {
    let mut known = order(&confirmed_order());
    known.released.extend((0..9_999).map(shipment_id));
    assert!(plan_fulfillment(&known, shipment_id(10_000), &some_units(&[(1, 1)])).is_ok());
    known.released.insert(shipment_id(9_999));
    let refusal = plan_fulfillment(&known, shipment_id(10_000), &some_units(&[(1, 1)]));
    assert_eq!(refusal, Err(OrderError::TooManyMovements { max: 10_000 }));
}
