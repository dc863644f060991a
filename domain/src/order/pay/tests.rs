//! How an order takes note of its payments, and when it counts as refunded.

use super::super::{
    commands::OrderCommand,
    fixtures::{
        USUAL_TOTAL, cancelled_order, confirmed_order, delivered_order, order, payment_id, payment_update,
        placed_order, shipped_order,
    },
};
use super::*;

fn payment_changed(payment: u128, [authorized, captured, refunded, disputed]: [i64; 4]) -> OrderEvent {
    let amounts = PaymentAmounts {
        authorized_minor: authorized,
        captured_minor: captured,
        refunded_minor: refunded,
        disputed_minor: disputed,
    };
    changed(payment_id(payment), amounts, Basis::Recorded).into()
}

#[test]
fn a_payment_that_stands_differently_is_noted() {
    for history in [
        placed_order(),
        confirmed_order(),
        shipped_order(),
        delivered_order(),
        cancelled_order(),
        cancelled_order().and(OrderCommand::Close),
    ] {
        history.when(payment_update(1, [700, 600, 50, 20])).then([payment_changed(1, [700, 600, 50, 20])]);
    }
}

#[test]
fn the_same_amounts_again_are_silent() {
    placed_order().and(payment_update(1, [0, 600, 50, 20])).when(payment_update(1, [0, 600, 50, 20])).then_nothing();
    placed_order().when(payment_update(1, [0, 0, 0, 0])).then_nothing();
}

#[test]
fn no_amount_is_negative() {
    let rows = [
        ([-1, 0, 0, 0], PaymentAmount::Authorized),
        ([0, -1, 0, 0], PaymentAmount::Captured),
        ([0, 5, -1, 0], PaymentAmount::Refunded),
        ([0, 5, 0, -1], PaymentAmount::Disputed),
    ];
    for (amounts, amount) in rows {
        let refusal = OrderError::NegativeAmount { amount, given_minor: -1 };
        placed_order().when(payment_update(1, amounts)).then_refused(refusal);
    }
}

/// Case 23: more is given back than was taken. Case 29: a dispute and a refund give the same money back twice.
#[test]
fn refunds_and_disputes_never_exceed_what_was_captured() {
    for [captured, refunded, disputed] in [[100, 101, 0], [100, 60, 41], [0, 0, 1], [i64::MAX, i64::MAX, i64::MAX]] {
        let refusal = OrderError::RefundExceedsCaptured {
            captured_minor: captured,
            refunded_minor: refunded,
            disputed_minor: disputed,
        };
        placed_order().when(payment_update(1, [0, captured, refunded, disputed])).then_refused(refusal);
    }
    placed_order().when(payment_update(1, [0, 100, 60, 40])).then([payment_changed(1, [0, 100, 60, 40])]);
}

/// Case 10: news that come late never take back what is known.
#[test]
fn captured_and_refunded_amounts_never_fall() {
    let history = || placed_order().and(payment_update(1, [0, 600, 50, 0]));
    let refusal = |amount, known_minor, given_minor| OrderError::PaymentWentBack {
        payment_id: payment_id(1),
        amount,
        known_minor,
        given_minor,
    };
    let captured = refusal(PaymentAmount::Captured, 600, 599);
    history().when(payment_update(1, [0, 599, 50, 0])).then_refused(captured);
    let refunded = refusal(PaymentAmount::Refunded, 50, 49);
    history().when(payment_update(1, [0, 600, 49, 0])).then_refused(refunded);
}

#[test]
fn authorized_and_disputed_amounts_may_fall() {
    let history = placed_order().and(payment_update(1, [700, 600, 0, 100]));
    history.when(payment_update(1, [0, 600, 0, 0])).then([payment_changed(1, [0, 600, 0, 0])]);
}

/// Case 12: two payments for one order are seen as too much.
#[test]
fn payments_add_up() {
    let history = placed_order().and(payment_update(1, [0, 600, 0, 0]));
    assert_eq!(order(&history).payment_status(), PaymentStatus::Partial);
    let history = history.and(payment_update(2, [0, USUAL_TOTAL - 600, 0, 0]));
    assert_eq!(order(&history).payment_status(), PaymentStatus::Paid);
    let history = history.and(payment_update(3, [0, USUAL_TOTAL, 0, 0]));
    assert_eq!(order(&history).payment_status(), PaymentStatus::Overpaid);
    let history = history.and(payment_update(3, [0, USUAL_TOTAL, USUAL_TOTAL, 0]));
    assert_eq!(order(&history).payment_status(), PaymentStatus::Paid);
}

#[test]
fn sums_that_do_not_fit_are_refused() {
    let history = placed_order().and(payment_update(1, [0, i64::MAX, 0, 0]));
    history.when(payment_update(2, [0, 1, 0, 0])).then_refused(OrderError::AmountTooLarge);
}

#[test]
fn an_order_has_a_bounded_number_of_payments() {
    let history =
        || (1..=100).fold(placed_order(), |history, payment| history.and(payment_update(payment, [1, 0, 0, 0])));
    history().when(payment_update(101, [1, 0, 0, 0])).then_refused(OrderError::TooManyPayments { max: 100 });
    history().when(payment_update(100, [2, 0, 0, 0])).then([payment_changed(100, [2, 0, 0, 0])]);
}

#[test]
fn a_refund_of_everything_closes_a_delivered_or_cancelled_order() {
    for history in [delivered_order(), cancelled_order()] {
        let history = history.and(payment_update(1, [0, 600, 100, 0]));
        let before = order(&history).status();
        assert!(before.can_become(OrderStatus::Refunded), "{before}");
        let events = [payment_changed(1, [0, 600, 600, 0]), OrderClosed {}.into()];
        history.when(payment_update(1, [0, 600, 600, 0])).then(events);
    }
}

#[test]
fn a_refund_of_everything_makes_a_closed_order_refunded() {
    let history = delivered_order().and(OrderCommand::Close).and(payment_update(1, [0, 600, 0, 0]));
    assert_eq!(order(&history).status(), OrderStatus::Delivered);
    let refund = payment_update(1, [0, 600, 600, 0]);
    let state = history.and(refund).state();
    assert_eq!(state.placed().unwrap().status(), OrderStatus::Refunded);
    assert_eq!(state.placed().unwrap().lifecycle(), Lifecycle::Closed);
}

#[test]
fn a_refund_of_everything_closes_no_order_that_is_under_way() {
    for history in [placed_order(), confirmed_order(), shipped_order()] {
        let events = [payment_changed(1, [0, 600, 600, 0])];
        history.when(payment_update(1, [0, 600, 600, 0])).then(events);
    }
}

/// Case 27: a late capture is given back; a refunded order stays refunded.
#[test]
fn a_refunded_order_notes_a_late_capture_only_once_it_was_given_back() {
    let refunded = || cancelled_order().and(payment_update(1, [0, 600, 600, 0]));
    assert_eq!(order(&refunded()).status(), OrderStatus::Refunded);
    let late = payment_update(2, [0, 700, 0, 0]);
    refunded().when(late).then_refused(OrderError::Refunded { surplus_minor: 700 });
    refunded().when(payment_update(2, [0, 700, 700, 0])).then([payment_changed(2, [0, 700, 700, 0])]);
}
