//! The rules of giving back what a promised order held, step by step.

use super::{
    CancelOrderProcess, PATIENCE, REFUND_AGAIN, SEARCHES_MAX, WAVE_MAX,
    messages::{
        CancelOrderAction as Action, CancelOrderAnswer as Answer, CancelOrderTrigger as Trigger, CancelledLines,
        SurplusRefund, UnitsAt, UnitsToRelease,
    },
};
use crate::{checkout::Demand, process::Ending, testing::Story};
use proptest::{collection::vec, prelude::*};
use std::collections::BTreeMap;
use tillroll_domain::{
    checkout::StockHold,
    ids::{OperationId, OrderId, PaymentId, ReleaseId, ReservationId},
    quantity::Quantity,
};
use tillroll_infra::bus::context::derived_uuid;
use uuid::Uuid;

fn order() -> OrderId {
    OrderId::new(Uuid::from_u128(0x0d))
}

fn payment(n: u128) -> PaymentId {
    PaymentId::new(Uuid::from_u128(n))
}

fn units(units: u32) -> Quantity {
    Quantity::new(i64::from(units)).unwrap()
}

fn event(n: u128) -> Uuid {
    Uuid::from_u128(0xe000 + n)
}

fn hold(n: u128, sku: &str, location: &str) -> StockHold {
    StockHold {
        sku: sku.parse().unwrap(),
        location: location.parse().unwrap(),
        reservation_id: ReservationId::new(Uuid::from_u128(n)),
        quantity: units(2),
    }
}

fn release_hold(hold: &StockHold) -> Action {
    let StockHold { sku, location, reservation_id, .. } = hold.clone();
    Action::ReleaseHold { order_id: order(), sku, location, reservation_id }
}

fn cancelled(holds: Vec<StockHold>, payments: Vec<PaymentId>) -> Trigger {
    Trigger::OrderCancelled { order_id: order(), holds, payments }
}

fn cut(n: u128, goods: &[(&str, u32)]) -> Trigger {
    let demand = |&(sku, quantity): &(&str, u32)| Demand { sku: sku.parse().unwrap(), quantity: units(quantity) };
    let goods = goods.iter().map(demand).collect();
    Trigger::LinesCancelled(CancelledLines { event_id: event(n), order_id: order(), units: goods, value_minor: 500 })
}

fn at(sku: &str, location: &str, quantity: u32) -> UnitsAt {
    UnitsAt { sku: sku.parse().unwrap(), location: location.parse().unwrap(), quantity: units(quantity) }
}

fn find(cut: u32, skus: &[&str]) -> Action {
    Action::FindUnits { cut, order_id: order(), skus: skus.iter().map(|sku| sku.parse().unwrap()).collect() }
}

fn found(units: &[UnitsAt]) -> Answer {
    Answer::Found { units: units.to_vec() }
}

/// Units of the cancellation with this index and event, found by the `nth` search (from 1).
fn release(cut: u32, n: u128, nth: u32, units: UnitsAt) -> Action {
    let name = format!("{}/{nth}/{}/{}", event(n), units.sku, units.location);
    let release_id = ReleaseId::new(derived_uuid("tillroll:cancelled-units", &name));
    Action::ReleaseUnits { cut, release: UnitsToRelease { order_id: order(), release_id, units } }
}

/// A count of so many cancellations, each worth 5.00, after others that have requested refunds.
fn count(cuts: i64, refused_minor: i64, round: u32) -> Action {
    Action::RefundSurplus { order_id: order(), value_minor: 500 * cuts, refused_minor, round }
}

const fn op(n: u128) -> OperationId {
    OperationId::new(Uuid::from_u128(n))
}

fn requested(refunds: &[(u128, i64)], lacking_minor: i64) -> Answer {
    let refund = |&(n, amount_minor): &(u128, i64)| SurplusRefund { operation_id: op(n), amount_minor };
    Answer::Requested { refunds: refunds.iter().map(refund).collect(), lacking_minor }
}

/// Nothing is to be given back.
fn nothing() -> Answer {
    requested(&[], 0)
}

const fn settled(n: u128, succeeded: bool) -> Trigger {
    Trigger::RefundSettled { operation_id: op(n), succeeded }
}

fn alarmed(reason: &str) -> Ending {
    Ending::Alarmed { reason: reason.parse().unwrap() }
}

/// Carriage is cancelled, and a refund of it requested.
fn refunding() -> Story<CancelOrderProcess> {
    begin()
        .told(cut(1, &[]))
        .sends([count(1, 0, 0)])
        .answered(&count(1, 0, 0), requested(&[(1, 500)], 0))
        .sends([count(1, 0, 1)])
        .answered(&count(1, 0, 1), nothing())
}

fn begin() -> Story<CancelOrderProcess> {
    Story::begin(())
}

/// Case 27: void or refund, and every hold let go, whether or not it had become a promise.
#[test]
fn a_cancelled_order_gives_back_all_its_goods_and_all_its_money() {
    let (heart, star) = (hold(1, "HEART", "main"), hold(2, "STAR", "other"));
    begin()
        .told(cancelled(vec![heart.clone(), star.clone()], vec![payment(1), payment(2)]))
        .sends([
            Action::CancelPayment { payment_id: payment(1) },
            Action::CancelPayment { payment_id: payment(2) },
            release_hold(&heart),
            release_hold(&star),
        ])
        .answered(&release_hold(&star), Answer::Done {})
        .answered(&Action::CancelPayment { payment_id: payment(1) }, Answer::Done {})
        .answered(&release_hold(&heart), Answer::Done {})
        .goes_on()
        .answered(&Action::CancelPayment { payment_id: payment(2) }, Answer::Done {})
        .ends(&Ending::Completed)
        .leaves_nothing()
        .told(cancelled(vec![heart], vec![payment(1)]))
        .nothing();
}

#[test]
fn an_order_with_nothing_held_and_nothing_to_pay_is_given_back_at_once() {
    begin().told(cancelled(vec![], vec![])).ends(&Ending::Completed).leaves_nothing();
}

#[test]
fn many_holds_are_let_go_in_waves() {
    let holds: Vec<StockHold> = (0..500).map(|n| hold(n, "HEART", "main")).collect();
    let mut story = begin().told(cancelled(holds.clone(), vec![]));
    for hold in &holds {
        assert!(story.open().open.len() <= WAVE_MAX);
        story = story.answered(&release_hold(hold), Answer::Done {});
    }
    story.ends(&Ending::Completed).leaves_nothing();
}

#[test]
fn cancelled_units_are_taken_back_where_they_are_free_and_the_surplus_is_refunded() {
    begin()
        .told(cut(1, &[("HEART", 3)]))
        .sends([find(0, &["HEART"]), count(1, 0, 0)])
        .answered(&find(0, &["HEART"]), found(&[at("HEART", "main", 5), at("HEART", "other", 2)]))
        // The last location first: the best one keeps what is still to leave.
        .sends([release(0, 1, 1, at("HEART", "other", 2)), release(0, 1, 1, at("HEART", "main", 1))])
        .answered(&release(0, 1, 1, at("HEART", "main", 1)), Answer::Done {})
        .answered(&count(1, 0, 0), nothing())
        .goes_on()
        .answered(&release(0, 1, 1, at("HEART", "other", 2)), Answer::Done {})
        .ends(&Ending::Completed)
        .leaves_nothing();
}

#[test]
fn units_that_an_earlier_cancellation_took_are_not_taken_twice() {
    begin()
        .told(cut(1, &[("HEART", 2)]))
        .answered(&find(0, &["HEART"]), found(&[at("HEART", "main", 3), at("HEART", "other", 2)]))
        .sends([release(0, 1, 1, at("HEART", "other", 2))])
        .told(cut(2, &[("HEART", 2)]))
        // What is found is what was held there, less what leaves; what is being taken back is known here.
        .answered(&find(1, &["HEART"]), found(&[at("HEART", "main", 3), at("HEART", "other", 2)]))
        .sends([release(1, 2, 1, at("HEART", "main", 2))]);
}

#[test]
fn a_cancellation_of_carriage_only_refunds() {
    begin().told(cut(1, &[])).sends([count(1, 0, 0)]).answered(&count(1, 0, 0), nothing()).ends(&Ending::Completed);
}

#[test]
fn units_that_are_gone_from_where_they_were_found_are_looked_for_again() {
    begin()
        .told(cut(1, &[("HEART", 2)]))
        .answered(&count(1, 0, 0), nothing())
        .answered(&find(0, &["HEART"]), found(&[at("HEART", "main", 2)]))
        .answered(&release(0, 1, 1, at("HEART", "main", 2)), Answer::Missing {})
        .sends([find(0, &["HEART"])])
        .answered(&find(0, &["HEART"]), found(&[at("HEART", "other", 2)]))
        .sends([release(0, 1, 2, at("HEART", "other", 2))])
        .answered(&release(0, 1, 2, at("HEART", "other", 2)), Answer::Done {})
        .ends(&Ending::Completed);
}

#[test]
fn units_that_are_nowhere_are_somebodys_to_look_at() {
    let alarmed = alarmed("units_not_found");
    begin()
        .told(cut(1, &[("HEART", 2)]))
        .answered(&count(1, 0, 0), nothing())
        .answered(&find(0, &["HEART"]), found(&[]))
        .ends(&alarmed)
        .leaves_nothing();
    let mut story = begin().told(cut(1, &[("HEART", 2)])).answered(&count(1, 0, 0), nothing());
    for nth in 1..=SEARCHES_MAX {
        story = story
            .answered(&find(0, &["HEART"]), found(&[at("HEART", "main", 2)]))
            .answered(&release(0, 1, nth, at("HEART", "main", 2)), Answer::Missing {});
    }
    story.ends(&alarmed).leaves_nothing();
}

/// Whoever cancels the last lines cancels the order; then all of it is given back, and nothing is looked for any more.
#[test]
fn a_cancellation_of_lines_ends_with_that_of_the_order() {
    let heart = hold(1, "HEART", "main");
    begin()
        .told(cut(1, &[("HEART", 2)]))
        .told(cancelled(vec![heart.clone()], vec![payment(1)]))
        .answered(&find(0, &["HEART"]), found(&[at("HEART", "main", 2)]))
        .sends([])
        .answered(&count(1, 0, 0), nothing())
        .answered(&Action::CancelPayment { payment_id: payment(1) }, Answer::Done {})
        .answered(&release_hold(&heart), Answer::Done {})
        .ends(&Ending::Completed)
        .leaves_nothing();
    // Also if units were being taken back, which the order's cancellation then does.
    begin()
        .told(cut(1, &[("HEART", 2)]))
        .answered(&count(1, 0, 0), nothing())
        .answered(&find(0, &["HEART"]), found(&[at("HEART", "main", 2)]))
        .told(cancelled(vec![], vec![]))
        .answered(&release(0, 1, 1, at("HEART", "main", 2)), Answer::Missing {})
        .sends([])
        .ends(&Ending::Completed)
        .leaves_nothing();
}

#[test]
fn a_refund_of_cancelled_lines_is_waited_for() {
    refunding().goes_on().told_later(settled(1, true)).ends(&Ending::Completed).leaves_nothing();
    // Also if it is carried out before its request is answered.
    begin()
        .told(cut(1, &[]))
        .told_later(settled(1, true))
        .answered(&count(1, 0, 0), requested(&[(1, 500)], 0))
        .answered(&count(1, 0, 1), nothing())
        .ends(&Ending::Completed)
        .leaves_nothing();
}

/// F11: only what was refused is requested anew, and under another round's ids.
#[test]
fn a_refund_of_cancelled_lines_that_is_refused_is_requested_anew_later() {
    let refused = refunding().told_later(settled(1, false)).sends([]).goes_on();
    let again = refused.now() + PATIENCE[0];
    refused
        .waits_for([(REFUND_AGAIN, again)])
        .due(REFUND_AGAIN)
        .sends([count(1, 0, 1)])
        .answered(&count(1, 0, 1), requested(&[(2, 500)], 0))
        .answered(&count(1, 0, 2), nothing())
        .told_later(settled(2, true))
        .ends(&Ending::Completed)
        .leaves_nothing();
}

#[test]
fn a_refund_of_cancelled_lines_that_is_always_refused_alarms() {
    let mut story = refunding().told_later(settled(1, false));
    for round in (1_u32..).take(PATIENCE.len()) {
        let n = u128::from(round) + 1;
        story = story
            .due(REFUND_AGAIN)
            .answered(&count(1, 0, round), requested(&[(n, 500)], 0))
            .answered(&count(1, 0, round + 1), nothing())
            .told_later(settled(n, false));
    }
    // A success that is heard of late ends the alarm, after a look at what is still due.
    let last = u128::try_from(PATIENCE.len()).unwrap() + 1;
    let round = u32::try_from(PATIENCE.len()).unwrap() + 1;
    story
        .ends(&alarmed("refund_refused"))
        .leaves_nothing()
        .told_later(settled(last, true))
        .sends([count(1, 0, round)])
        .answered(&count(1, 0, round), nothing())
        .ends(&Ending::Completed)
        .leaves_nothing();
}

/// The provider says that a refund failed, and later that it succeeded.
#[test]
fn a_refused_refund_that_succeeds_after_all_is_not_requested_anew() {
    refunding()
        .told_later(settled(1, false))
        .told_later(settled(1, true))
        .sends([count(1, 0, 1)])
        .waits_for::<&str>([])
        .answered(&count(1, 0, 1), nothing())
        .ends(&Ending::Completed)
        .leaves_nothing();
}

/// What was refused is not requested by the count for something else before its time.
#[test]
fn what_was_refused_waits_for_its_time_while_other_lines_are_cancelled() {
    refunding()
        .told_later(settled(1, false))
        .told(cut(2, &[]))
        .sends([count(2, 500, 1)])
        .answered(&count(2, 500, 1), requested(&[(2, 500)], 0))
        .answered(&count(2, 500, 2), nothing())
        .told_later(settled(2, true))
        .goes_on()
        .due(REFUND_AGAIN)
        .sends([count(2, 0, 2)]);
}

/// Case 29: what was given back or disputed before is not given back again; somebody looks.
#[test]
fn cancelled_lines_whose_money_is_not_there_alarm() {
    begin()
        .told(cut(1, &[]))
        .answered(&count(1, 0, 0), requested(&[], 500))
        .ends(&alarmed("refund_short"))
        .leaves_nothing();
}

#[test]
fn money_that_is_captured_later_is_counted_anew_one_count_at_a_time() {
    begin()
        .told_later(Trigger::MoneyCaptured)
        .nothing()
        .told(cut(1, &[]))
        .told_later(Trigger::MoneyCaptured)
        .sends([])
        .answered(&count(1, 0, 0), nothing())
        .sends([count(1, 0, 0)])
        .goes_on()
        .answered(&count(1, 0, 0), nothing())
        .ends(&Ending::Completed)
        .told_later(Trigger::MoneyCaptured)
        .sends([count(1, 0, 0)]);
}

#[test]
fn the_refunds_of_an_order_that_is_cancelled_as_a_whole_are_its_payments_business() {
    refunding()
        .told_later(settled(1, false))
        .told(cancelled(vec![], vec![]))
        .waits_for::<&str>([])
        .ends(&Ending::Completed)
        .leaves_nothing()
        .told_later(settled(1, true))
        .nothing();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever order answers come in, exactly the cancelled units are taken back, and never more than a location holds.
    #[test]
    fn exactly_the_cancelled_units_are_taken_back(
        held in vec(0..6_u32, 3),
        cuts in vec(1..4_u32, 1..4),
        picks in vec(0..10_usize, 40),
        misses in vec(any::<bool>(), 40),
    ) {
        let total: u32 = held.iter().sum();
        let mut left = total;
        let cuts: Vec<u32> = cuts.into_iter().map(|cut| { let cut = cut.min(left); left -= cut; cut }).filter(|cut| *cut > 0).collect();
        let holds: Vec<UnitsAt> = (0..).zip(&held).filter(|(_, units)| **units > 0)
            .map(|(n, &units): (u32, _)| at("HEART", &format!("l{n}"), units)).collect();
        let mut story = begin();
        let mut told = 0;
        let mut misses = misses.into_iter();
        let mut booked: BTreeMap<String, u32> = BTreeMap::new();
        let mut missed = 0;
        for pick in picks.into_iter().cycle().take(400) {
            if told < cuts.len() && pick % 2 == 0 {
                story = story.told(cut(u128::try_from(told).unwrap(), &[("HEART", cuts[told])]));
                told += 1;
                continue;
            }
            let open: Vec<Action> = story.open().actions().cloned().collect();
            let Some(action) = pick.checked_rem(open.len()).map(|nth| open[nth].clone()) else {
                if told == cuts.len() { break }
                continue;
            };
            let answer = match &action {
                Action::FindUnits { .. } => found(&holds),
                Action::ReleaseUnits { release, .. } => {
                    // A miss in passing, now and then.
                    if missed < 3 && misses.next() == Some(true) {
                        missed += 1;
                        Answer::Missing {}
                    } else {
                        *booked.entry(release.units.location.to_string()).or_default() += release.units.quantity.get();
                        Answer::Done {}
                    }
                }
                _ => nothing(),
            };
            story = story.answered(&action, answer);
        }
        prop_assert!(story.open().is_empty(), "{:?}", story.open());
        prop_assert_eq!(booked.values().sum::<u32>(), cuts.iter().sum::<u32>());
        for units in &holds {
            prop_assert!(booked.get(units.location.as_str()).copied().unwrap_or(0) <= units.quantity.get());
        }
        if !cuts.is_empty() {
            prop_assert_eq!(story.ending(), Some(&Ending::Completed));
        }
    }
}
