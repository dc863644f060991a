//! What can be cancelled, when that cancels the order, and what can be closed.

use super::super::{
    Order,
    commands::OrderCommand,
    fixtures::{
        USUAL_TOTAL, cancellation, cancellation_of, cancelled_order, checkout_order, confirmed_order, delivered_order,
        line, order, payment_update, placed_order, plan, promised_order, release, reserved_order, shipment,
        shipped_order, snapshot, some_units,
    },
    status::{FulfillmentStatus, OrderStatus},
};
use super::*;
use crate::testing::given;

fn reason() -> Note {
    "changed their mind".parse().unwrap()
}

fn lines_cancelled(lines: &[(u32, u32)], value_minor: i64) -> OrderEvent {
    OrderLinesCancelled { lines: some_units(lines), reason: reason(), value_minor: Some(value_minor) }.into()
}

fn order_cancelled() -> OrderEvent {
    cancelled(CancelCause::Staff, false)
}

fn cancelled(cause: CancelCause, confirmed: bool) -> OrderEvent {
    OrderCancelled { reason: reason(), cause: Some(cause), confirmed: Some(confirmed) }.into()
}

#[test]
fn units_that_did_not_leave_are_cancelled() {
    for history in [placed_order(), confirmed_order()] {
        history.when(cancellation_of(&[(1, 2)])).then([lines_cancelled(&[(1, 2)], 400)]);
    }
}

#[test]
fn cancelled_lines_stand_in_the_order_of_their_numbers() {
    placed_order().when(cancellation_of(&[(2, 1), (1, 1)])).then([lines_cancelled(&[(1, 1), (2, 1)], 350)]);
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
    // The carriage is worth nothing without goods.
    history.when(cancellation_of(&[(2, 2)])).then([lines_cancelled(&[(2, 2)], 700), order_cancelled()]);
}

#[test]
fn cancelling_carriage_alone_cancels_no_order_with_goods() {
    placed_order().when(cancellation_of(&[(3, 1)])).then([lines_cancelled(&[(3, 1)], 400)]);
}

#[test]
fn an_order_without_goods_is_cancelled_with_its_last_unit() {
    let carriage = snapshot(vec![line(1, LineKind::Carriage, 2, "4")]);
    let history = || given::<Order>([]).and(OrderCommand::Place { snapshot: carriage.clone() });
    history().when(cancellation_of(&[(1, 1)])).then([lines_cancelled(&[(1, 1)], 400)]);
    history().when(cancellation_of(&[(1, 2)])).then([lines_cancelled(&[(1, 2)], 800), order_cancelled()]);
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
    placed_order().when(cancellation()).then([order_cancelled()]);
    for history in [confirmed_order(), confirmed_order().and(OrderCommand::StartFulfillment)] {
        history.when(cancellation()).then([cancelled(CancelCause::Staff, true)]);
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
    let events = [lines_cancelled(&[(1, 3), (2, 2)], USUAL_TOTAL), order_cancelled(), OrderClosed {}.into()];
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
    placed_order().when(cancellation_by_buyer()).then([cancelled(CancelCause::Buyer, false)]);
    confirmed_order().when(cancellation_by_buyer()).then([cancelled(CancelCause::Buyer, true)]);
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

fn for_cause(cause: CancelCause) -> OrderCommand {
    OrderCommand::CancelForCause { cause }
}

fn out_of_stock() -> CancelCause {
    CancelCause::InsufficientStock { sku: "85123A".parse().unwrap(), requested: 5, available: 4 }
}

#[test]
fn an_order_that_is_cancelled_for_a_cause_says_so() {
    for cause in [out_of_stock(), CancelCause::PaymentOverdue, CancelCause::StockLost, CancelCause::Withdrawn] {
        let event = OrderCancelled { reason: cause.reason(), cause: Some(cause.clone()), confirmed: Some(false) };
        checkout_order().when(for_cause(cause.clone())).then([event.into()]);
        let done = checkout_order().and(for_cause(cause.clone()));
        assert_eq!(order(&done).cancel_cause(), Some(&cause));
        done.when(for_cause(cause)).then_nothing();
    }
    assert_eq!(order(&confirmed_order()).cancel_cause(), None);
}

/// Case 13: of two causes the first stands, and the second is answered.
#[test]
fn an_order_is_cancelled_for_one_cause() {
    let done = || checkout_order().and(for_cause(out_of_stock()));
    done().when(for_cause(CancelCause::PaymentOverdue)).then_nothing();
    done().when(cancellation()).then_nothing();
    assert_eq!(order(&done().and(cancellation())).cancel_cause(), Some(&out_of_stock()));
}

/// Case 5: a deadline loses to the money that has arrived.
#[test]
fn an_order_that_is_paid_is_not_overdue() {
    let overdue = || for_cause(CancelCause::PaymentOverdue);
    for amounts in [[USUAL_TOTAL, 0, 0, 0], [300, 1_000, 0, 0], [0, USUAL_TOTAL, 0, 0]] {
        reserved_order().and(payment_update(1, amounts)).when(overdue()).then_refused(OrderError::PaymentArrived);
    }
    for amounts in [[USUAL_TOTAL - 1, 0, 0, 0], [0, USUAL_TOTAL, 1, 0]] {
        let unpaid = reserved_order().and(payment_update(1, amounts)).and(overdue());
        assert_eq!(order(&unpaid).status(), OrderStatus::Cancelled);
    }
    // An authorization that lapsed since does not undo the promise.
    let promised = promised_order().and(payment_update(1, [0, 0, 0, 0]));
    promised.when(overdue()).then_refused(OrderError::PaymentArrived);
}

/// Case 27: no cause overtakes a shipment.
#[test]
fn no_cause_cancels_goods_that_leave() {
    for cause in [CancelCause::StockLost, CancelCause::Withdrawn, CancelCause::Staff] {
        let planned = promised_order().and(plan(1, &[(1, 2)]));
        planned.when(for_cause(cause.clone())).then_refused(OrderError::UnitsPlanned { planned: 2 });
        let paid = promised_order().and(payment_update(1, [0, USUAL_TOTAL, 0, 0]));
        let left = paid.and(plan(1, &[(1, 2)])).and(shipment(1, &[(1, 2)]));
        left.when(for_cause(cause)).then_refused(OrderError::AlreadyShipped { shipped: 2 });
    }
    let started = promised_order().and(OrderCommand::StartFulfillment);
    started.when(for_cause(CancelCause::Buyer)).then_refused(OrderError::FulfillmentStarted);
}

/// Case 14: what is being paid is what was agreed.
#[test]
fn a_checkouts_order_is_cancelled_in_part_only_once_it_is_promised() {
    for history in [checkout_order(), reserved_order()] {
        history.when(cancellation_of(&[(1, 1)])).then_refused(OrderError::NotConfirmed);
    }
    promised_order().when(cancellation_of(&[(1, 1)])).then([lines_cancelled(&[(1, 1)], 200)]);
}
