//! The order is cancelled at every moment of its checkout, and afterwards nothing is left over.

use super::super::messages::{CheckoutAction as Action, CheckoutAnswer as Answer};
use super::*;
use crate::process::Ending;
use tillroll_domain::order::CancelCause;

/// Answers everything that is open in a way, until nothing is.
fn settle(mut story: Story<CheckoutProcess>, answer: impl Fn(&Action) -> Answer) -> Story<CheckoutProcess> {
    for _ in 0..100 {
        let Some(action) = story.open().actions().next().cloned() else { return story };
        let with = answer(&action);
        story = story.answered(&action, with);
    }
    panic!("it does not settle: {:?}", story.open());
}

fn every_phase() -> Vec<(&'static str, Story<CheckoutProcess>)> {
    vec![
        ("reserving", reserving()),
        ("placed", reserving().answered(&place_order(), done())),
        ("recording", recording()),
        ("starting", starting()),
        ("paying", paying()),
        ("confirming", confirming()),
        ("overdue", paying().due("payment_due")),
        ("finishing", finishing()),
        ("short", reserving().answered(&place_order(), done()).answered(&reserve(heart(), 1), short(0))),
    ]
}

/// Case 4 and 27: whenever the order is cancelled, its holds, its money and its cart are let go.
#[test]
fn a_cancelled_order_leaves_nothing_whenever_it_is_cancelled_and_whatever_was_open() {
    for (name, _) in every_phase() {
        for late in [done(), gone(), short(0), refused("order_refused"), Answer::Cancelled {}, Answer::NotPaid {}] {
            let story = every_phase().into_iter().find(|(phase, _)| *phase == name).unwrap().1;
            let was_started = story.open().actions().any(|action| matches!(action, Action::StartPayment { .. }))
                || matches!(name, "paying" | "confirming" | "overdue" | "finishing");
            let confirmed = name == "finishing";
            let story = story.told_later(cancelled(confirmed));
            let story = settle(story, |action| match action {
                Action::ReleaseHold { .. } | Action::CancelPayment { .. } | Action::EndCart { .. } => done(),
                _ => late.clone(),
            });
            assert_eq!(story.ending(), Some(&Ending::Compensated), "{name} with {late:?}");
            let sent = story.sent();
            assert!(sent.contains(&undo(heart())), "{name}: the hold is let go");
            assert!(sent.contains(&end_cart(confirmed)), "{name}: the cart is let go");
            assert_eq!(
                sent.contains(&cancel_payment()),
                was_started,
                "{name}: the payment is cancelled if there is one"
            );
            story.waits_for::<&str>([]).leaves_nothing();
        }
    }
}

/// Only the order's own event says whether it had been confirmed, so that is waited for; nothing else is done meanwhile.
#[test]
fn an_order_that_is_found_cancelled_is_undone_once_that_is_told() {
    recording()
        .answered(&record(1, &[(heart(), 1)]), Answer::Cancelled {})
        .sends([])
        .goes_on()
        .told_later(cancelled(false))
        .sends([undo(heart()), end_cart(false)]);
    confirming()
        .answered(&confirm(1), Answer::Cancelled {})
        .sends([])
        .waits_for::<&str>([])
        .told_later(paid(0))
        .sends([])
        .told_later(cancelled(true))
        .sends([undo(heart()), cancel_payment(), end_cart(true)]);
}

/// Before the payment stands it cannot be cancelled; afterwards it would ask for money.
#[test]
fn a_payment_is_cancelled_only_once_it_was_started() {
    starting()
        .told_later(cancelled(false))
        .sends([undo(heart()), end_cart(false)])
        .answered(&start_payment(CapturePolicy::AtFulfillment), done())
        .sends([cancel_payment()]);
}

#[test]
fn an_order_that_cannot_be_made_frees_its_cart() {
    reserving()
        .answered(&reserve(heart(), 1), done())
        .answered(&place_order(), refused("customer_inactive"))
        .sends([undo(heart()), end_cart(false)])
        .answered(&undo(heart()), done())
        .answered(&end_cart(false), done())
        .ends(&Ending::Compensated)
        .leaves_nothing();
    // Also if goods are missing already: there is no order to cancel.
    reserving()
        .answered(&reserve(heart(), 1), short(0))
        .answered(&place_order(), refused("order_refused"))
        .sends([undo(heart()), end_cart(false)]);
}

#[test]
fn the_cart_of_an_order_that_was_confirmed_stays_closed() {
    finishing()
        .told_later(cancelled(true))
        .sends([undo(heart()), cancel_payment()])
        .answered(&end_cart(true), done())
        .answered(&allocate(heart()), done())
        .answered(&undo(heart()), done())
        .answered(&cancel_payment(), done())
        .ends(&Ending::Compensated);
    // Somebody else confirmed it, which is heard only when it is cancelled.
    confirming().told_later(cancelled(true)).sends([undo(heart()), cancel_payment(), end_cart(true)]);
}

#[test]
fn a_cart_that_is_free_already_is_free() {
    paying()
        .told_later(cancelled(false))
        .answered(&end_cart(false), refused("cart_changed"))
        .answered(&undo(heart()), done())
        .answered(&cancel_payment(), done())
        .ends(&Ending::Compensated);
}

/// What the order knows of is given back by the process of its cancellation.
#[test]
fn a_cancellation_after_the_end_is_not_the_checkouts() {
    finishing()
        .answered(&allocate(heart()), done())
        .answered(&end_cart(true), done())
        .ends(&Ending::Completed)
        .told_later(cancelled(true))
        .nothing();
}

#[test]
fn an_order_that_is_short_of_goods_and_cancelled_by_its_buyer_is_undone_once() {
    let cause = CancelCause::InsufficientStock { sku: "HEART".parse().unwrap(), requested: 1, available: 0 };
    reserving()
        .answered(&place_order(), done())
        .answered(&reserve(heart(), 1), short(0))
        .told_later(cancelled(false))
        .sends([undo(heart()), end_cart(false)])
        .answered(&cancel_order(cause), done())
        .sends([])
        .answered(&undo(heart()), done())
        .answered(&end_cart(false), done())
        .ends(&Ending::Compensated)
        .leaves_nothing();
}
