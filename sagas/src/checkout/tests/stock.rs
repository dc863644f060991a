//! Where goods are looked for, what happens if there are none, and what becomes of holds that are lost.

use super::super::{
    CheckoutProcess, WAVE_MAX,
    messages::{CheckoutAction as Action, CheckoutFact as Fact, HoldPlace},
};
use super::*;
use crate::{
    managed::{Deliver, Managed},
    testing::noon,
};
use tillroll_domain::{
    aggregate::{Aggregate as _, DomainEvent as _},
    order::CancelCause,
};
use tillroll_infra::log::EVENT_BYTES_MAX;
use uuid::Uuid;

fn insufficient(requested: u32, available: u32) -> Action {
    let sku = "HEART".parse().unwrap();
    cancel_order(CancelCause::InsufficientStock { sku, requested, available })
}

/// Two locations, three hearts wanted.
fn hearts() -> Story<CheckoutProcess> {
    Story::begin(policy(2)).told(began(&[("HEART", 3)])).answered(&place_order(), done())
}

fn first(nth: u32, hold: u32) -> HoldPlace {
    place(hold, "HEART", "l0", nth)
}

fn second(nth: u32, hold: u32) -> HoldPlace {
    place(hold, "HEART", "l1", nth)
}

#[test]
fn the_next_location_is_asked_for_all_of_it() {
    hearts()
        .answered(&reserve(first(0, 0), 3), short(2))
        .sends([reserve(second(0, 1), 3)])
        .answered(&reserve(second(0, 1), 3), done())
        .sends([record(1, &[(second(0, 1), 3)])]);
}

#[test]
fn units_are_taken_together_from_several_locations_if_none_has_them_all() {
    hearts()
        .answered(&reserve(first(0, 0), 3), short(2))
        .answered(&reserve(second(0, 1), 3), short(1))
        .sends([reserve(first(1, 2), 2), reserve(second(1, 3), 1)])
        .answered(&reserve(first(1, 2), 2), done())
        .answered(&reserve(second(1, 3), 1), done())
        .sends([record(2, &[(first(1, 2), 2), (second(1, 3), 1)])]);
}

#[test]
fn units_that_go_to_somebody_else_meanwhile_are_looked_for_in_what_is_left() {
    hearts()
        .answered(&reserve(first(0, 0), 3), short(2))
        .answered(&reserve(second(0, 1), 3), short(2))
        .sends([reserve(first(1, 2), 2), reserve(second(1, 3), 1)])
        .answered(&reserve(second(1, 3), 1), done())
        .sends([])
        .answered(&reserve(first(1, 2), 2), short(1))
        .sends([reserve(first(2, 4), 1), reserve(second(2, 5), 1)]);
}

/// Case 1: whoever comes too late is told so, and nothing is held for them.
#[test]
fn an_order_whose_goods_cannot_be_had_is_cancelled_with_what_there_is_and_leaves_nothing() {
    hearts()
        .answered(&reserve(first(0, 0), 3), short(1))
        .answered(&reserve(second(0, 1), 3), short(1))
        .notes([Fact::HoldRefused { hold: 1, available: 1 }, Fact::OutOfStock { item: 0, available: 2 }])
        .sends([insufficient(3, 2)])
        .answered(&insufficient(3, 2), done())
        .sends([])
        .told_later(cancelled(false))
        .sends([undo(first(0, 0)), undo(second(0, 1)), end_cart(false)])
        .answered(&undo(first(0, 0)), done())
        .answered(&undo(second(0, 1)), done())
        .goes_on()
        .answered(&end_cart(false), done())
        .ends(&Ending::Compensated)
        .leaves_nothing();
}

#[test]
fn an_order_is_cancelled_for_want_of_goods_only_once_it_stands() {
    reserving()
        .answered(&reserve(heart(), 1), short(0))
        .sends([])
        .answered(&place_order(), done())
        .sends([insufficient(1, 0)]);
}

#[test]
fn what_other_skus_hold_is_let_go_if_one_cannot_be_had() {
    let star = || place(1, "STAR", "l0", 0);
    Story::<CheckoutProcess>::begin(policy(1))
        .told(began(&[("HEART", 1), ("STAR", 1)]))
        .answered(&place_order(), done())
        .answered(&reserve(heart(), 1), short(0))
        .sends([insufficient(1, 0)])
        // Its answer comes when the decision is made, or not at all: letting go makes both the same.
        .answered(&reserve(star(), 1), done())
        .sends([])
        .told_later(cancelled(false))
        .sends([undo(heart()), undo(star()), end_cart(false)])
        .answered(&insufficient(1, 0), done())
        .sends([]);
}

/// A twin of the refused reserve may still be on its way; releasing its id lets it lose.
#[test]
fn a_refused_reservation_is_released_although_the_order_has_its_goods_elsewhere() {
    hearts()
        .answered(&reserve(first(0, 0), 3), short(2))
        .answered(&reserve(second(0, 1), 3), done())
        .answered(&record(1, &[(second(0, 1), 3)]), done())
        .sends([let_go(first(0, 0)), start_payment(CapturePolicy::AtFulfillment), extend(second(0, 1))]);
}

/// Case 5: the hold lapsed while the customer paid.
#[test]
fn goods_whose_hold_lapses_while_the_money_is_awaited_are_reserved_anew() {
    let anew = || place(1, "HEART", "l0", 1);
    starting()
        .answered(&start_payment(CapturePolicy::AtFulfillment), done())
        .answered(&extend(heart()), gone())
        .sends([reserve_to_pay(anew(), 1)])
        .told_later(paid(1_000))
        .sends([])
        .answered(&reserve_to_pay(anew(), 1), done())
        .sends([record(3, &[(anew(), 1)])])
        .answered(&record(3, &[(anew(), 1)]), done())
        .sends([let_go(heart()), extend(anew()), confirm(1)]);
}

/// Case 5: a paid checkout becomes an order even if its hold is gone, as long as there are goods.
#[test]
fn goods_whose_hold_is_gone_when_they_are_to_be_promised_are_reserved_anew() {
    let anew = || place(1, "HEART", "l0", 1);
    finishing()
        .answered(&end_cart(true), done())
        .answered(&allocate(heart()), gone())
        .sends([reserve_to_pay(anew(), 1)])
        .answered(&reserve_to_pay(anew(), 1), done())
        .answered(&record(3, &[(anew(), 1)]), done())
        .sends([let_go(heart()), allocate(anew())])
        .answered(&allocate(anew()), done())
        .goes_on()
        .answered(&let_go(heart()), done())
        .ends(&Ending::Completed)
        .leaves_nothing();
}

#[test]
fn an_order_whose_goods_are_gone_for_good_is_cancelled_and_its_money_returned() {
    let anew = || place(1, "HEART", "l0", 1);
    finishing()
        .answered(&end_cart(true), done())
        .answered(&allocate(heart()), gone())
        .answered(&reserve_to_pay(anew(), 1), short(0))
        .sends([cancel_order(CancelCause::StockLost)])
        .answered(&cancel_order(CancelCause::StockLost), done())
        .told_later(cancelled(true))
        .sends([undo(heart()), undo(anew()), cancel_payment()])
        .answered(&undo(heart()), done())
        .answered(&undo(anew()), done())
        .answered(&cancel_payment(), done())
        .ends(&Ending::Compensated)
        .leaves_nothing();
}

#[test]
fn an_order_that_can_neither_have_its_goods_nor_be_cancelled_is_somebodys_to_look_at() {
    let anew = || place(1, "HEART", "l0", 1);
    let stuck = || {
        finishing()
            .answered(&end_cart(true), done())
            .answered(&allocate(heart()), gone())
            .answered(&reserve_to_pay(anew(), 1), short(0))
            .answered(&cancel_order(CancelCause::StockLost), refused("units_planned"))
    };
    let alarmed = Ending::Alarmed { reason: "units_planned".parse().unwrap() };
    stuck().ends(&alarmed).leaves_nothing();
    // Somebody looked, and cancelled it.
    stuck()
        .told_later(cancelled(true))
        .sends([undo(heart()), undo(anew()), cancel_payment()])
        .answered(&undo(heart()), done())
        .answered(&undo(anew()), done())
        .answered(&cancel_payment(), done())
        .ends(&Ending::Compensated);
}

/// However many SKUs an order has, what one step sends and one event holds is bounded.
#[test]
fn an_order_of_two_thousand_skus_takes_its_stock_in_waves() {
    let skus: Vec<String> = (0..2_000).map(|n| format!("{n:0>64}")).collect();
    let goods: Vec<(&str, u32)> = skus.iter().map(|sku| (sku.as_str(), 1)).collect();
    let mut instance = Managed::<CheckoutProcess>::initial();
    let mut input = Deliver::Told {
        trigger: began(&goods),
        position: 1,
        event_id: Uuid::from_u128(1),
        starts: true,
        policy: policy(16),
    };
    for answered in 1..=2_001_u32 {
        let Ok(events) = Managed::<CheckoutProcess>::decide(&instance, &input, &noon());
        for event in events {
            let bytes = serde_json::to_string(&event).unwrap().len();
            assert!(bytes < EVENT_BYTES_MAX * 3 / 4, "{:?} has {bytes} bytes", event.event_type());
            instance = Managed::<CheckoutProcess>::evolve(instance, &event);
        }
        assert!(instance.outbox.open.len() <= WAVE_MAX + 1, "the wave is bounded");
        input = Deliver::Answered { no: answered, answer: done(), policy: policy(16) };
    }
    let Ok(events) = Managed::<CheckoutProcess>::decide(&instance, &input, &noon());
    let [event] = events.as_slice() else { panic!("the last answer is a step") };
    let bytes = serde_json::to_string(&event).unwrap().len();
    assert!(bytes < EVENT_BYTES_MAX * 3 / 4, "what is held is told in {bytes} bytes");
    let sent = &event.as_ref().send;
    assert!(
        sent.iter().any(|queued| matches!(&queued.action, Action::RecordStock { holds, .. } if holds.len() == 2_000))
    );
}
