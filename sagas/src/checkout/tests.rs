//! The rules of a checkout, step by step: its way, every refusal on it, every race with a cancellation, every undo.

mod money;
mod stock;
mod undo;

use super::{CheckoutProcess, fixtures::*};
use crate::{process::Ending, testing::Story};
use tillroll_domain::checkout::CapturePolicy;

#[test]
fn a_checkout_places_the_order_and_asks_for_the_goods_at_the_same_time() {
    Story::<CheckoutProcess>::begin(policy(2))
        .told(began(&[("HEART", 2), ("STAR", 1)]))
        .sends([place_order(), reserve(place(0, "HEART", "l0", 0), 2), reserve(place(1, "STAR", "l0", 0), 1)])
        .goes_on();
}

#[test]
fn a_checkout_does_not_begin_without_being_begun() {
    Story::<CheckoutProcess>::begin(policy(1)).told_later(paid(1_000)).nothing().told_later(cancelled(false)).nothing();
}

#[test]
fn the_order_is_told_of_its_stock_once_it_stands_and_all_of_it_is_held() {
    let holds = [(heart(), 1)];
    reserving()
        .answered(&place_order(), done())
        .sends([])
        .answered(&reserve(heart(), 1), done())
        .sends([record(1, &holds)]);
    reserving()
        .answered(&reserve(heart(), 1), done())
        .sends([])
        .answered(&place_order(), done())
        .sends([record(1, &holds)]);
}

#[test]
fn the_money_is_asked_for_once_the_stock_is_decided_and_the_goods_are_held_for_as_long() {
    starting()
        .sends([start_payment(CapturePolicy::AtFulfillment), extend(heart())])
        .waits_for([("payment_due", minutes(30))]);
}

#[test]
fn a_paid_order_is_confirmed_then_promised_its_goods_and_its_cart_is_closed() {
    confirming()
        .sends([confirm(1)])
        .answered(&confirm(1), done())
        .sends([end_cart(true), allocate(heart())])
        .waits_for::<&str>([])
        .answered(&end_cart(true), done())
        .goes_on()
        .answered(&allocate(heart()), done())
        .sends([])
        .ends(&Ending::Completed)
        .leaves_nothing();
}

#[test]
fn the_money_is_taken_at_once_only_where_that_is_agreed_and_only_for_promised_goods() {
    Story::<CheckoutProcess>::begin(policy(1))
        .told(began_with(&[("HEART", 1)], 1_000, CapturePolicy::AtOnce))
        .answered(&place_order(), done())
        .answered(&reserve(heart(), 1), done())
        .answered(&record(1, &[(heart(), 1)]), done())
        .answered(&start_payment(CapturePolicy::AtOnce), done())
        .answered(&extend(heart()), done())
        .told_later(paid(1_000))
        .answered(&confirm(1), done())
        .sends([end_cart(true), allocate(heart())])
        .answered(&allocate(heart()), done())
        .sends([capture()])
        .answered(&capture(), done())
        .goes_on()
        .answered(&end_cart(true), done())
        .ends(&Ending::Completed)
        .leaves_nothing();
}

/// Case 31: what costs nothing has no phase of payment.
#[test]
fn an_order_that_costs_nothing_is_confirmed_as_soon_as_its_stock_is_decided() {
    Story::<CheckoutProcess>::begin(policy(1))
        .told(began_with(&[("HEART", 1)], 0, CapturePolicy::AtOnce))
        .answered(&place_order(), done())
        .answered(&reserve(heart(), 1), done())
        .answered(&record(1, &[(heart(), 1)]), done())
        .sends([confirm(0)])
        .waits_for::<&str>([])
        .answered(&confirm(0), done())
        .answered(&allocate(heart()), done())
        .answered(&end_cart(true), done())
        .ends(&Ending::Completed)
        .leaves_nothing();
}

#[test]
fn a_cart_that_does_not_close_is_somebodys_to_look_at() {
    finishing()
        .answered(&allocate(heart()), done())
        .answered(&end_cart(true), refused("cart_changed"))
        .ends(&Ending::Alarmed { reason: "cart_changed".parse().unwrap() })
        .leaves_nothing();
}

#[test]
fn what_is_told_after_the_end_changes_nothing() {
    finishing()
        .answered(&allocate(heart()), done())
        .answered(&end_cart(true), done())
        .told_later(paid(1_000))
        .nothing()
        .told_later(paid(0))
        .nothing();
}
