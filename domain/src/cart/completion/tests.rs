//! One order of one cart, and nothing that moves meanwhile.

use super::super::{
    Cart, MergeStrategy,
    commands::CartCommand as Command,
    error::EndingName,
    events::CartEvent,
    samples::{
        add, at, available, begin, cart_id, claimed, contents, country, customer, email_of, filled, guest, limits,
        line, line_id, names, order_id, payment_id, prices, quote_for, quote_of, quoted, ship_to, shippable, subject,
    },
};
use super::*;
use crate::aggregate::Aggregate;

fn hash() -> QuoteHash {
    quote_for(&shippable()).hash
}

fn other_hash() -> QuoteHash {
    "0".repeat(64).parse().unwrap()
}

fn convert(fence: u64, order: u128) -> Command {
    Command::Convert { fence, order_id: order_id(order) }
}

fn claim(fence: u64, minutes: i64) -> CartEvent {
    let (at, expires_at) = (at(minutes).now, at(minutes + 10).now);
    CartCompletionClaimed { fence, quote_hash: hash(), expires_at, at }.into()
}

fn released(fence: u64, cause: ReleaseCause, minutes: i64) -> CartEvent {
    CartCompletionReleased { fence, cause, at: at(minutes).now }.into()
}

/// Everything that changes a cart which somebody else may be working on.
fn changes() -> Vec<Command> {
    vec![
        add(3, "MOON", 1),
        add(3, "HEART", 1),
        Command::SetQuantity { line_id: line_id(1), quantity: 1, available: 100 },
        Command::RemoveLine { line_id: line_id(1) },
        Command::Clear,
        ship_to("DE"),
        Command::SetEmail { email: email_of(subject(), "a@b.no") },
        Command::SetCountry { country: country("FR") },
        Command::SelectShipping { method: "express".parse().unwrap() },
        Command::ChangeCurrency { currency: "USD".parse().unwrap(), prices: prices(&[(1, "1"), (2, "2")]) },
        Command::Quote { quote: quote_of(shippable().state().open().unwrap(), 9) },
        Command::AssignCustomer { customer_id: customer(1) },
        Command::BeginMerge { into: cart_id(2) },
        Command::Absorb {
            from: cart_id(2),
            currency: "EUR".parse().unwrap(),
            lines: vec![line(9, "SUN", 1)],
            strategy: MergeStrategy::Sum,
            prices: vec![],
            available: available(&[("SUN", 9)]),
        },
    ]
}

#[test]
fn an_agreed_quote_claims_the_cart() {
    quoted().when(begin()).then([claim(1, 0)]);
}

/// Case 14: what was agreed to is what is ordered; another cart than the one that was shown is refused.
#[test]
fn only_the_current_quote_claims_the_cart() {
    let ask = |quote_hash| Command::BeginCompletion { quote_hash, lease_seconds: 60 };
    quoted().when(ask(other_hash())).then_refused(CartError::Changed { current: Some(hash()) });
    shippable().when(ask(hash())).then_refused(CartError::Changed { current: None });
    let changed = || quoted().and(add(3, "MOON", 1));
    changed().when(ask(hash())).then_refused(CartError::Changed { current: None });
    quoted().at(at(15)).when(ask(hash())).then_refused(CartError::QuoteExpired { expired_at: at(15).now });
    quoted().at(at(14)).and(ask(hash()));
}

#[test]
fn a_lease_is_bounded() {
    for lease_seconds in [0, LEASE_SECONDS_MAX + 1] {
        let ask = Command::BeginCompletion { quote_hash: hash(), lease_seconds };
        quoted().when(ask).then_refused(CartError::LeaseOutOfRange { max: LEASE_SECONDS_MAX });
    }
}

/// Case 14: the cart is not edited while it is paid.
#[test]
fn nothing_changes_a_cart_of_which_an_order_is_being_made() {
    let refusal = || CartError::CompletionInProgress { until: at(10).now };
    for command in changes() {
        claimed().at(at(9)).when(command).then_refused(refusal());
    }
    claimed().at(at(9)).when(Command::Expire { limits: limits() }).then_refused(refusal());
}

#[test]
fn there_is_one_claim_at_a_time() {
    claimed().at(at(9)).when(begin()).then_refused(CartError::CompletionInProgress { until: at(10).now });
}

#[test]
fn a_lapsed_claim_is_taken_over_under_a_higher_fence() {
    claimed().at(at(10)).when(begin()).then([released(1, ReleaseCause::Lapsed, 10), claim(2, 10)]);
    let second = || claimed().at(at(10)).and(begin());
    second().when(convert(1, 1)).then_refused(CartError::StaleFence { given: 1, current: 2 });
    second().when(Command::AbortCompletion { fence: 1 }).then_refused(CartError::StaleFence { given: 1, current: 2 });
    assert!(matches!(second().and(convert(2, 1)).state(), CartState::Closed(_)));
}

#[test]
fn a_change_over_a_lapsed_claim_first_releases_it() {
    for command in changes() {
        let state = claimed().state();
        let events = Cart::decide(&state, &command, &at(10)).unwrap();
        assert_eq!(events[0], released(1, ReleaseCause::Lapsed, 10), "{command:?}");
        assert!(events.len() > 1, "{command:?} happens: {:?}", names(&events));
        let after = events.iter().fold(state, Cart::evolve);
        let late = Cart::decide(&after, &convert(1, 1), &at(10));
        assert!(late.is_err(), "whoever held the claim is too late after {command:?}");
    }
    // What changes nothing leaves the claim to whoever may still come back.
    claimed().at(at(10)).when(add(1, "HEART", 2)).then_nothing();
}

#[test]
fn a_claim_can_be_given_up() {
    let abort = |fence| Command::AbortCompletion { fence };
    claimed().when(abort(1)).then([released(1, ReleaseCause::Aborted, 0)]);
    claimed().and(abort(1)).when(abort(1)).then_nothing();
    claimed().when(abort(0)).then_refused(CartError::StaleFence { given: 0, current: 1 });
    claimed().when(abort(2)).then_refused(CartError::StaleFence { given: 2, current: 1 });
    claimed().and(abort(1)).when(convert(1, 1)).then_refused(CartError::StaleFence { given: 1, current: 1 });
    claimed().and(abort(1)).when(begin()).then([claim(2, 0)]);
    assert_eq!(contents(&claimed().and(abort(1)).and(add(3, "MOON", 1)).state()).len(), 3);
}

/// Case 42: an order closes its cart, once.
#[test]
fn a_cart_becomes_one_order() {
    let converted = CartConverted { fence: 1, order_id: order_id(1), at: at(0).now };
    claimed().when(convert(1, 1)).then([converted.into()]);
    let done = || claimed().and(convert(1, 1));
    done().when(convert(1, 1)).then_nothing();
    let refusal = || CartError::Closed { ending: EndingName::Converted, order_id: Some(order_id(1)) };
    done().when(convert(1, 2)).then_refused(refusal());
    for command in changes().into_iter().chain([begin(), Command::AbortCompletion { fence: 1 }]) {
        done().when(command).then_refused(refusal());
    }
    quoted().when(convert(1, 1)).then_refused(CartError::StaleFence { given: 1, current: 0 });
}

#[test]
fn a_lapsed_claim_still_converts_while_nobody_did_anything_over_it() {
    claimed().at(at(30)).and(convert(1, 1));
    claimed()
        .at(at(30))
        .and(Command::Clear)
        .when(convert(1, 1))
        .then_refused(CartError::StaleFence { given: 1, current: 1 });
}

/// Cases 19 and 42: whoever placed the order stopped before closing the cart, and the buyer went on with it.
#[test]
fn an_order_that_stands_closes_its_cart_however_its_claim_ended() {
    let placed = |order| Command::ConvertPlaced { order_id: order_id(order) };
    let converted = |minutes| CartConverted { fence: 1, order_id: order_id(1), at: at(minutes).now };
    claimed().at(at(10)).when(placed(1)).then([converted(10).into()]);
    claimed().at(at(10)).and(Command::Clear).when(placed(1)).then([converted(10).into()]);
    claimed().and(Command::AbortCompletion { fence: 1 }).when(placed(1)).then([converted(0).into()]);
    let done = || claimed().at(at(10)).and(placed(1));
    done().when(placed(1)).then_nothing();
    done().when(convert(1, 1)).then_nothing();
    let refusal = || CartError::Closed { ending: EndingName::Converted, order_id: Some(order_id(1)) };
    done().when(placed(2)).then_refused(refusal());
    done().when(Command::Clear).then_refused(refusal());
}

#[test]
fn a_claim_that_has_not_lapsed_closes_the_cart_itself() {
    let refusal = CartError::CompletionInProgress { until: at(10).now };
    claimed().at(at(9)).when(Command::ConvertPlaced { order_id: order_id(1) }).then_refused(refusal);
}

#[test]
fn nothing_changes_a_cart_with_money() {
    let paid = || quoted().and(Command::AttachPayment { payment_id: payment_id(1) });
    for command in changes() {
        paid().when(command).then_refused(CartError::PaymentAttached);
    }
    paid().and(begin()).and(Command::AttachPayment { payment_id: payment_id(2) }).and(convert(1, 1));
}

#[test]
fn payments_come_and_go() {
    let attach = |n| Command::AttachPayment { payment_id: payment_id(n) };
    let detach = |n| Command::DetachPayment { payment_id: payment_id(n) };
    filled().and(attach(1)).when(attach(1)).then_nothing();
    filled().when(detach(1)).then_nothing();
    filled().and(attach(1)).and(detach(1)).and(add(3, "MOON", 1));
    let most = (0..16).fold(guest(), |cart, n| cart.and(attach(n)));
    most.when(attach(16)).then_refused(CartError::TooManyPayments { max: 16 });
}
