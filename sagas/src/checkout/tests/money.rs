//! The money comes, late or never, and the order is confirmed or cancelled.

use super::super::{RECHECK, messages::CheckoutAnswer as Answer};
use super::*;
use tillroll_domain::{ids::PaymentId, order::CancelCause};
use uuid::Uuid;

fn overdue() -> super::super::CheckoutAction {
    cancel_order(CancelCause::PaymentOverdue)
}

/// Case 6: a declined card costs nothing but time; the goods are held until the deadline.
#[test]
fn until_the_deadline_nothing_is_given_up_for_want_of_money() {
    paying().told_later(paid(0)).sends([]).told_later(paid(999)).sends([]).waits_for([("payment_due", minutes(30))]);
}

#[test]
fn an_attempt_that_cannot_be_started_leaves_the_buyer_until_the_deadline() {
    starting()
        .answered(&start_payment(CapturePolicy::AtFulfillment), refused("authorization_refused"))
        .sends([])
        .answered(&extend(heart()), done())
        .waits_for([("payment_due", minutes(30))]);
}

#[test]
fn an_order_that_is_not_paid_at_the_deadline_is_cancelled_and_undone() {
    paying()
        .due("payment_due")
        .sends([overdue()])
        .answered(&overdue(), done())
        .sends([])
        .waits_for::<&str>([])
        .told_later(cancelled(false))
        .sends([undo(heart()), cancel_payment(), end_cart(false)])
        .answered(&cancel_payment(), done())
        .answered(&undo(heart()), done())
        .answered(&end_cart(false), done())
        .ends(&Ending::Compensated)
        .leaves_nothing();
}

/// Case 5: the money came in the moment in which the time was over.
#[test]
fn money_that_arrives_at_the_deadline_wins() {
    paying()
        .due("payment_due")
        .answered(&overdue(), Answer::Paid {})
        .sends([])
        .waits_for([("payment_due", minutes(30) + RECHECK)])
        .told_later(paid(1_000))
        .sends([confirm(1)])
        .answered(&confirm(1), done())
        .waits_for::<&str>([]);
}

#[test]
fn money_that_arrived_and_went_again_is_not_awaited_for_ever() {
    paying()
        .due("payment_due")
        .answered(&overdue(), Answer::Paid {})
        .due("payment_due")
        .sends([overdue()])
        .answered(&overdue(), done())
        .sends([])
        .waits_for::<&str>([])
        .told_later(cancelled(false))
        .sends([undo(heart()), cancel_payment(), end_cart(false)]);
}

#[test]
fn the_deadline_does_not_cancel_an_order_that_is_being_confirmed() {
    confirming().due("payment_due").sends([]).waits_for([("payment_due", minutes(30) + RECHECK)]);
}

#[test]
fn an_order_whose_money_is_gone_again_is_confirmed_once_it_is_back() {
    confirming()
        .answered(&confirm(1), Answer::NotPaid {})
        .sends([])
        .waits_for([("payment_due", minutes(30))])
        .told_later(paid(0))
        .sends([])
        .told_later(paid(1_000))
        .sends([confirm(3)]);
}

#[test]
fn news_that_come_while_the_order_refuses_to_be_confirmed_are_acted_upon() {
    confirming().told_later(paid(1_000)).sends([]).answered(&confirm(1), Answer::NotPaid {}).sends([confirm(2)]);
}

/// Case 12: two tabs, two payments; together they cover the order, and both are cancelled if it is.
#[test]
fn all_payments_of_an_order_count_and_all_are_cancelled_with_it() {
    let second = PaymentId::new(Uuid::from_u128(2));
    let of_second = |covered_minor| super::super::CheckoutTrigger::PaymentChanged { payment_id: second, covered_minor };
    let both = || paying().told_later(paid(400)).sends([]).told_later(of_second(600)).sends([confirm(2)]);
    let cancel_second = super::super::CheckoutAction::CancelPayment { payment_id: second };
    let story = both().answered(&confirm(2), Answer::Cancelled {}).told_later(cancelled(false));
    let sent: Vec<_> = story.open().actions().cloned().collect();
    assert!(sent.contains(&cancel_payment()) && sent.contains(&cancel_second), "{sent:?}");
}

/// Case 12: money that comes after the end is given back too.
#[test]
fn a_payment_that_turns_up_after_the_order_was_undone_is_cancelled() {
    let second = PaymentId::new(Uuid::from_u128(2));
    let cancel_second = super::super::CheckoutAction::CancelPayment { payment_id: second };
    paying()
        .told_later(cancelled(false))
        .answered(&cancel_payment(), done())
        .answered(&undo(heart()), done())
        .answered(&end_cart(false), done())
        .ends(&Ending::Compensated)
        .told_later(super::super::CheckoutTrigger::PaymentChanged { payment_id: second, covered_minor: 1_000 })
        .sends([cancel_second.clone()])
        .goes_on()
        .answered(&cancel_second, done())
        .ends(&Ending::Compensated)
        .leaves_nothing();
}

#[test]
fn money_that_cannot_be_taken_is_somebodys_to_look_at_unless_the_order_is_cancelled() {
    let capturing = || {
        Story::<CheckoutProcess>::begin(policy(1))
            .told(began_with(&[("HEART", 1)], 1_000, CapturePolicy::AtOnce))
            .answered(&place_order(), done())
            .answered(&reserve(heart(), 1), done())
            .answered(&record(1, &[(heart(), 1)]), done())
            .answered(&start_payment(CapturePolicy::AtOnce), done())
            .answered(&extend(heart()), done())
            .told_later(paid(1_000))
            .answered(&confirm(1), done())
            .answered(&allocate(heart()), done())
            .answered(&end_cart(true), done())
    };
    let alarmed = Ending::Alarmed { reason: "nothing_authorized".parse().unwrap() };
    capturing().answered(&capture(), refused("nothing_authorized")).ends(&alarmed).leaves_nothing();
    capturing()
        .answered(&capture(), Answer::Cancelled {})
        .goes_on()
        .told_later(cancelled(true))
        .sends([undo(heart()), cancel_payment()])
        .answered(&undo(heart()), done())
        .answered(&cancel_payment(), done())
        .ends(&Ending::Compensated)
        .leaves_nothing();
}

/// Otherwise its deadline would come for ever: a promised order is not overdue, even if its money is gone again.
#[test]
fn an_order_that_somebody_else_confirmed_is_carried_on() {
    use super::super::CheckoutTrigger::OrderConfirmed;
    paying()
        .told_later(OrderConfirmed)
        .sends([end_cart(true), allocate(heart())])
        .waits_for::<&str>([])
        .told_later(OrderConfirmed)
        .nothing();
    // Its own confirmation may be told before it is answered.
    confirming().told_later(OrderConfirmed).answered(&confirm(1), done()).notes([]).sends([]);
}
