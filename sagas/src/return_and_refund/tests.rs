//! What ReturnAndRefund does about each input.

use super::{
    RequestedRefund, RestockUnits, ReturnAndRefund, ReturnAndRefundAction as Action, ReturnAndRefundAnswer as Answer,
    ReturnNews as News,
    decide::{PATIENCE, REFUND_AGAIN, UNITS_PER_ACTION_MAX},
    finding::{ROUNDS_MAX, refund_id, return_of},
};
use crate::{process::Ending, testing::Story};
use tillroll_domain::{
    ids::{OperationId, OrderId, PaymentId, ReturnId},
    quantity::Quantity,
    stock_item::events::ReturnCondition,
};
use uuid::Uuid;

const fn order_id() -> OrderId {
    OrderId::new(Uuid::from_u128(1))
}

const fn op(n: u128) -> OperationId {
    OperationId::new(Uuid::from_u128(n))
}

fn units(count: usize) -> Vec<RestockUnits> {
    let of = |n: usize| RestockUnits {
        location: "main".parse().unwrap(),
        sku: format!("S{n:04}").parse().unwrap(),
        condition: ReturnCondition::Resellable,
        quantity: Quantity::new(1).unwrap(),
    };
    (0..count).map(of).collect()
}

fn returned(refund_minor: i64, count: usize) -> News {
    News::Returned { order_id: order_id(), refund_minor, units: units(count) }
}

const fn settled(n: u128, succeeded: bool) -> News {
    News::RefundSettled { operation_id: op(n), succeeded }
}

fn restock(units: Vec<RestockUnits>) -> Action {
    Action::Restock { order_id: order_id(), units }
}

const fn refund(amount_minor: i64, round: u32) -> Action {
    Action::Refund { order_id: order_id(), amount_minor, round }
}

const fn tell_order() -> Action {
    Action::TellOrder { order_id: order_id() }
}

fn requested(refunds: &[(u128, i64)], lacking_minor: i64) -> Answer {
    let refund = |&(n, amount_minor): &(u128, i64)| RequestedRefund { operation_id: op(n), amount_minor };
    Answer::Requested { refunds: refunds.iter().map(refund).collect(), lacking_minor }
}

fn begun() -> Story<ReturnAndRefund> {
    Story::begin(())
        .told(returned(100, 1))
        .sends([restock(units(1)), refund(100, 0)])
        .answered(&restock(units(1)), Answer::Booked)
}

fn alarmed(reason: &str) -> Ending {
    Ending::Alarmed { reason: reason.parse().unwrap() }
}

#[test]
fn goods_are_booked_and_the_money_is_given_back() {
    begun()
        .answered(&refund(100, 0), requested(&[(1, 60), (2, 40)], 0))
        .goes_on()
        .told_later(settled(2, true))
        .goes_on()
        .told_later(settled(1, true))
        .ends(&Ending::Completed)
        .leaves_nothing();
}

#[test]
fn a_refund_may_be_carried_out_before_its_request_is_answered() {
    begun()
        .told_later(settled(1, true))
        .answered(&refund(100, 0), requested(&[(1, 100)], 0))
        .ends(&Ending::Completed)
        .leaves_nothing();
    begun()
        .told_later(settled(1, false))
        .goes_on()
        .answered(&refund(100, 0), requested(&[(1, 100)], 0))
        .goes_on()
        .due(REFUND_AGAIN)
        .sends([refund(100, 1)]);
}

/// F11: only what was refused is requested anew, and under another round's ids.
#[test]
fn only_what_was_refused_is_requested_anew() {
    begun()
        .answered(&refund(100, 0), requested(&[(1, 60), (2, 40)], 0))
        .told_later(settled(2, false))
        .sends([])
        .due(REFUND_AGAIN)
        .sends([refund(100, 1)])
        .answered(&refund(100, 1), requested(&[(3, 40)], 0))
        .told_later(settled(1, true))
        .told_later(settled(3, true))
        .ends(&Ending::Completed);
}

/// F11: a refund that the provider carried out after it had called it refused is not requested anew.
#[test]
fn a_refund_that_succeeded_after_all_is_not_requested_anew() {
    let refused = || begun().answered(&refund(100, 0), requested(&[(1, 60), (2, 40)], 0)).told_later(settled(1, false));
    refused()
        .told_later(settled(1, true))
        .sends([])
        .waits_for::<String>([])
        .told_later(settled(2, true))
        .ends(&Ending::Completed)
        .leaves_nothing();
    // Another is still refused.
    refused().told_later(settled(2, false)).told_later(settled(1, true)).due(REFUND_AGAIN).sends([refund(100, 1)]);
}

/// F11: if it turns out too late, somebody must look.
#[test]
fn a_refund_that_succeeded_beside_its_repetition_alarms() {
    begun()
        .answered(&refund(100, 0), requested(&[(1, 100)], 0))
        .told_later(settled(1, false))
        .due(REFUND_AGAIN)
        .answered(&refund(100, 1), requested(&[(2, 100)], 0))
        .told_later(settled(1, true))
        .goes_on()
        .told_later(settled(2, true))
        .ends(&alarmed("refund_exceeded"))
        .leaves_nothing();
    // It was known before the repetition was requested.
    begun()
        .answered(&refund(100, 0), requested(&[(1, 100)], 0))
        .told_later(settled(1, false))
        .due(REFUND_AGAIN)
        .told_later(settled(1, true))
        .answered(&refund(100, 1), requested(&[], 0))
        .ends(&Ending::Completed);
}

#[test]
fn the_order_is_told_that_a_return_is_over() {
    let ended = || Story::<ReturnAndRefund>::begin(()).told(News::Ended { order_id: order_id() }).sends([tell_order()]);
    ended().answered(&tell_order(), Answer::OrderTold).ends(&Ending::Completed).leaves_nothing();
    // Its own news may come before the answer.
    ended()
        .told(returned(100, 0))
        .sends([refund(100, 0)])
        .answered(&tell_order(), Answer::OrderTold)
        .goes_on()
        .answered(&refund(100, 0), requested(&[(1, 100)], 0))
        .told_later(settled(1, true))
        .ends(&Ending::Completed);
    let refused = Answer::OrderRefused { reason: "it is not on its way".parse().unwrap() };
    ended().answered(&tell_order(), refused).ends(&alarmed("return_not_told")).leaves_nothing();
    begun().told(News::Ended { order_id: order_id() }).sends([]);
}

#[test]
fn a_refund_that_is_always_refused_alarms() {
    let mut story = begun().answered(&refund(100, 0), requested(&[(100, 100)], 0)).told_later(settled(100, false));
    for round in (1..).take(PATIENCE.len()) {
        let n = u128::from(round);
        story = story
            .due(REFUND_AGAIN)
            .answered(&refund(100, round), requested(&[(n, 100)], 0))
            .told_later(settled(n, false));
    }
    story.ends(&alarmed("refund_refused")).leaves_nothing();
    assert_eq!(usize::try_from(ROUNDS_MAX).unwrap(), PATIENCE.len() + 1, "every round's refunds are recognized");
}

/// Case 29: what was given back or disputed before is not given back again; somebody looks.
#[test]
fn what_cannot_be_given_back_alarms() {
    begun()
        .answered(&refund(100, 0), requested(&[(1, 60)], 40))
        .told_later(settled(1, true))
        .ends(&alarmed("refund_short"))
        .leaves_nothing();
}

#[test]
fn goods_that_cannot_be_booked_alarm() {
    let answer = Answer::NotBooked { skus: vec!["S0000".parse().unwrap()], reason: "too many".parse().unwrap() };
    Story::<ReturnAndRefund>::begin(())
        .told(returned(0, 1))
        .sends([restock(units(1))])
        .answered(&restock(units(1)), answer)
        .ends(&alarmed("return_not_booked"));
}

#[test]
fn a_return_of_many_goods_is_booked_in_parts() {
    let all = units(UNITS_PER_ACTION_MAX + 1);
    let parts: Vec<Action> = all.chunks(UNITS_PER_ACTION_MAX).map(|part| restock(part.to_vec())).collect();
    Story::<ReturnAndRefund>::begin(()).told(returned(0, all.len())).sends(parts);
}

#[test]
fn a_return_is_told_once() {
    begun().told(returned(100, 1)).sends([]).has_open([refund(100, 0)]);
}

#[test]
fn a_refund_leads_to_its_return() {
    let (payment, ids) = (PaymentId::new(Uuid::from_u128(5)), [1, 2, 3].map(|n| ReturnId::new(Uuid::from_u128(n))));
    for id in ids {
        for round in 0..ROUNDS_MAX {
            assert_eq!(return_of(payment, refund_id(payment, id, round), ids.into_iter()), Some(id));
        }
    }
    assert_eq!(return_of(payment, op(1), ids.into_iter()), None);
}
