//! What can be cancelled, when that cancels the order, and what can be closed.

use super::super::{
    Order,
    commands::OrderCommand,
    fixtures::{
        USUAL_TOTAL, cancellation, cancellation_of, cancelled_order, confirmed_order, delivered_order, line, order,
        payment_update, placed_order, plan, release, shipment, shipped_order, snapshot, some_units,
    },
    status::{FulfillmentStatus, OrderStatus},
};
use super::*;
use crate::testing::given;

fn reason() -> Note {
    "changed their mind".parse().unwrap()
}

fn lines_cancelled(lines: &[(u32, u32)]) -> OrderEvent {
    OrderLinesCancelled { lines: some_units(lines), reason: reason() }.into()
}

fn order_cancelled() -> OrderEvent {
    OrderCancelled { reason: reason() }.into()
}

#[test]
fn units_that_did_not_leave_are_cancelled() {
    for history in [placed_order(), confirmed_order()] {
        history.when(cancellation_of(&[(1, 2)])).then([lines_cancelled(&[(1, 2)])]);
    }
}

#[test]
fn cancelled_lines_stand_in_the_order_of_their_numbers() {
    placed_order().when(cancellation_of(&[(2, 1), (1, 1)])).then([lines_cancelled(&[(1, 1), (2, 1)])]);
}

#[test]
fn units_are_cancelled_once_and_not_after_they_left() {
    let exceeded = |requested, available| OrderError::QuantityExceeded {
        line: 1,
        action: LineAction::Cancel,
        requested,
        available,
    };
    placed_order().and(cancellation_of(&[(1, 2)])).when(cancellation_of(&[(1, 2)])).then_refused(exceeded(2, 1));
    confirmed_order().and(shipment(1, &[(1, 2)])).when(cancellation_of(&[(1, 2)])).then_refused(exceeded(2, 1));
    confirmed_order().and(shipment(1, &[(1, 3)])).when(cancellation_of(&[(1, 1)])).then_refused(exceeded(1, 0));
}

#[test]
fn lines_to_cancel_are_known_named_once_and_at_least_one() {
    placed_order().when(cancellation_of(&[])).then_refused(OrderError::NoLines);
    placed_order().when(cancellation_of(&[(4, 1)])).then_refused(OrderError::UnknownLine { line: 4, lines: 3 });
    placed_order().when(cancellation_of(&[(0, 1)])).then_refused(OrderError::UnknownLine { line: 0, lines: 3 });
    placed_order().when(cancellation_of(&[(1, 1), (2, 1), (1, 1)])).then_refused(OrderError::LineRepeated { line: 1 });
    let many = vec![(1, 1); 2_001];
    placed_order().when(cancellation_of(&many)).then_refused(OrderError::TooManyLines { given: 2_001, max: 2_000 });
}

#[test]
fn cancelling_the_last_goods_cancels_the_order() {
    let history = placed_order().and(cancellation_of(&[(1, 3)]));
    history.when(cancellation_of(&[(2, 2)])).then([lines_cancelled(&[(2, 2)]), order_cancelled()]);
}

#[test]
fn cancelling_carriage_alone_cancels_no_order_with_goods() {
    placed_order().when(cancellation_of(&[(3, 1)])).then([lines_cancelled(&[(3, 1)])]);
}

#[test]
fn an_order_without_goods_is_cancelled_with_its_last_unit() {
    let carriage = snapshot(vec![line(1, LineKind::Carriage, 2, "4")]);
    let history = || given::<Order>([]).and(OrderCommand::Place { snapshot: carriage.clone() });
    history().when(cancellation_of(&[(1, 1)])).then([lines_cancelled(&[(1, 1)])]);
    history().when(cancellation_of(&[(1, 2)])).then([lines_cancelled(&[(1, 2)]), order_cancelled()]);
}

#[test]
fn cancelling_the_rest_of_a_partly_shipped_order_completes_its_shipment() {
    let history = confirmed_order().and(shipment(1, &[(1, 3)]));
    assert_eq!(order(&history).status(), OrderStatus::Processing);
    let history = history.and(cancellation_of(&[(2, 2)]));
    assert_eq!(order(&history).fulfillment_status(), FulfillmentStatus::Shipped);
    assert_eq!(order(&history).status(), OrderStatus::Shipped);
}

#[test]
fn no_units_of_a_cancelled_or_closed_order_are_cancelled() {
    cancelled_order().when(cancellation_of(&[(1, 1)])).then_refused(OrderError::Cancelled);
    let closed = delivered_order().and(OrderCommand::Close);
    closed.when(cancellation_of(&[(3, 1)])).then_refused(OrderError::Closed);
}

#[test]
fn an_order_is_cancelled_as_long_as_nothing_left() {
    for history in [placed_order(), confirmed_order(), confirmed_order().and(OrderCommand::StartFulfillment)] {
        history.when(cancellation()).then([order_cancelled()]);
    }
}

#[test]
fn a_cancelled_order_has_no_outstanding_units() {
    let order = order(&placed_order().and(cancellation_of(&[(1, 1)])).and(cancellation()));
    assert!(order.lines().iter().all(|line| line.outstanding() == 0 && line.cancelled == line.ordered));
    assert_eq!(order.status(), OrderStatus::Cancelled);
}

#[test]
fn cancelling_again_is_silent() {
    let by_lines = placed_order().and(cancellation_of(&[(1, 3), (2, 2)]));
    for history in [cancelled_order(), cancelled_order().and(OrderCommand::Close), by_lines] {
        history.when(cancellation()).then_nothing();
    }
}

/// Case 27: a cancellation never overtakes a shipment.
#[test]
fn a_shipped_order_cannot_be_cancelled() {
    confirmed_order()
        .and(shipment(1, &[(2, 1)]))
        .when(cancellation())
        .then_refused(OrderError::AlreadyShipped { shipped: 1 });
    delivered_order().when(cancellation()).then_refused(OrderError::AlreadyShipped { shipped: 5 });
    let closed = delivered_order().and(OrderCommand::Close);
    closed.when(cancellation()).then_refused(OrderError::AlreadyShipped { shipped: 5 });
}

#[test]
fn an_order_refunded_before_it_is_cancelled_is_closed_with_it() {
    let refunded = || placed_order().and(payment_update(1, [0, USUAL_TOTAL, USUAL_TOTAL, 0]));
    assert_eq!(order(&refunded()).status(), OrderStatus::Pending);
    refunded().when(cancellation()).then([order_cancelled(), OrderClosed {}.into()]);
    assert_eq!(order(&refunded().and(cancellation())).status(), OrderStatus::Refunded);
    let all = cancellation_of(&[(1, 3), (2, 2)]);
    let events = [lines_cancelled(&[(1, 3), (2, 2)]), order_cancelled(), OrderClosed {}.into()];
    refunded().when(all).then(events);
}

#[test]
fn a_delivered_or_cancelled_order_is_closed_and_keeps_its_status() {
    for (history, status) in [(delivered_order(), OrderStatus::Delivered), (cancelled_order(), OrderStatus::Cancelled)]
    {
        let closed = history.when(OrderCommand::Close).then_state();
        assert_eq!(closed.placed().unwrap().lifecycle(), Lifecycle::Closed);
        assert_eq!(closed.placed().unwrap().status(), status);
    }
    delivered_order().when(OrderCommand::Close).then([OrderClosed {}.into()]);
}

#[test]
fn closing_again_is_silent() {
    delivered_order().and(OrderCommand::Close).when(OrderCommand::Close).then_nothing();
    cancelled_order().and(OrderCommand::Close).when(OrderCommand::Close).then_nothing();
}

#[test]
fn an_order_that_is_under_way_cannot_be_closed() {
    let rows = [
        (placed_order(), Lifecycle::Placed, FulfillmentStatus::None),
        (confirmed_order(), Lifecycle::Confirmed, FulfillmentStatus::None),
        (shipped_order(), Lifecycle::Confirmed, FulfillmentStatus::Shipped),
    ];
    for (history, lifecycle, fulfillment) in rows {
        history.when(OrderCommand::Close).then_refused(OrderError::NotClosable { lifecycle, fulfillment });
    }
}

fn cancellation_by_buyer() -> OrderCommand {
    OrderCommand::CancelByBuyer { reason: reason() }
}

#[test]
fn a_buyer_cancels_an_order_that_nobody_puts_together() {
    for history in [placed_order(), confirmed_order()] {
        history.when(cancellation_by_buyer()).then([order_cancelled()]);
    }
    for history in [cancelled_order(), cancelled_order().and(OrderCommand::Close)] {
        history.when(cancellation_by_buyer()).then_nothing();
    }
}

/// Case 27: a buyer's cancellation loses once the order is being put together, even if nothing is planned at the moment.
#[test]
fn a_buyer_does_not_cancel_an_order_that_is_being_put_together() {
    let histories = [
        confirmed_order().and(OrderCommand::StartFulfillment),
        confirmed_order().and(plan(1, &[(1, 1)])),
        confirmed_order().and(plan(1, &[(1, 1)])).and(release(1)),
        confirmed_order().and(shipment(1, &[(1, 1)])),
        delivered_order(),
    ];
    for history in histories {
        history.when(cancellation_by_buyer()).then_refused(OrderError::FulfillmentStarted);
    }
    let cancelled_by_us = confirmed_order().and(OrderCommand::StartFulfillment).and(cancellation());
    cancelled_by_us.when(cancellation_by_buyer()).then_nothing();
}

/// Case 25: what was agreed stays as it was priced; a cancellation stands beside it and prices nothing again.
#[test]
fn a_cancellation_changes_no_agreed_amount() {
    let cancelled = placed_order().and(cancellation_of(&[(1, 3)]));
    assert_eq!(order(&cancelled).total_minor(), USUAL_TOTAL);
    assert_eq!(order(&cancelled.and(cancellation_of(&[(2, 2)]))).total_minor(), USUAL_TOTAL);
}
