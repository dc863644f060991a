//! When a cart is given up.

use super::super::{
    commands::CartCommand as Command,
    error::EndingName,
    events::{CartCompletionReleased, CartContactErased, CartEvent, ReleaseCause},
    samples::{add, at, claimed, email_of, filled, guest, limits, of_customer, payment_id, subject},
};
use super::*;

const DAY: i64 = 24 * 60;

fn expire() -> Command {
    Command::Expire { limits: limits() }
}

fn expired(idle_since: i64, minutes: i64) -> CartEvent {
    CartExpired { idle_since: at(idle_since).now, at: at(minutes).now }.into()
}

#[test]
fn a_cart_expires_when_it_is_due_and_not_before() {
    let not_due = |minutes| CartError::NotDue { due_at: at(minutes).now };
    filled().at(at(7 * DAY - 1)).when(expire()).then_refused(not_due(7 * DAY));
    filled().at(at(7 * DAY)).when(expire()).then([expired(0, 7 * DAY)]);
    let theirs = || of_customer().and(add(1, "HEART", 1));
    theirs().at(at(30 * DAY - 1)).when(expire()).then_refused(not_due(30 * DAY));
    theirs().at(at(30 * DAY)).when(expire()).then([expired(0, 30 * DAY)]);
    of_customer().at(at(2 * DAY - 1)).when(expire()).then_refused(not_due(2 * DAY));
    of_customer().at(at(2 * DAY)).when(expire()).then([expired(0, 2 * DAY)]);
}

#[test]
fn every_change_gives_a_cart_more_time() {
    let later = || filled().at(at(6 * DAY)).and(add(9, "MOON", 1));
    later().at(at(7 * DAY)).when(expire()).then_refused(CartError::NotDue { due_at: at(13 * DAY).now });
    later().at(at(13 * DAY)).when(expire()).then([expired(6 * DAY, 13 * DAY)]);
}

#[test]
fn an_expired_cart_is_closed() {
    let gone = || filled().at(at(7 * DAY)).and(expire());
    gone().when(expire()).then_nothing();
    let refusal = CartError::Closed { ending: EndingName::Expired, order_id: None };
    gone().when(Command::Clear).then_refused(refusal);
}

#[test]
fn a_cart_with_money_never_expires() {
    let paid = || filled().and(Command::AttachPayment { payment_id: payment_id(1) });
    paid().at(at(365 * DAY)).when(expire()).then_refused(CartError::PaymentAttached);
    let refunded = paid().and(Command::DetachPayment { payment_id: payment_id(1) });
    refunded.at(at(7 * DAY)).when(expire()).then([expired(0, 7 * DAY)]);
}

#[test]
fn a_lapsed_claim_does_not_keep_a_cart() {
    let released = CartCompletionReleased { fence: 1, cause: ReleaseCause::Lapsed, at: at(7 * DAY).now };
    claimed().at(at(7 * DAY)).when(expire()).then([released.into(), expired(0, 7 * DAY)]);
}

#[test]
fn a_guests_contact_goes_with_the_cart() {
    let known = guest().and(Command::SetEmail { email: email_of(subject(), "anna@example.com") });
    let erased = CartContactErased { subject: subject(), at: at(7 * DAY).now };
    known.at(at(7 * DAY)).when(expire()).then([expired(0, 7 * DAY), erased.into()]);
}
