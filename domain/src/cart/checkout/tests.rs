//! One checkout at a time, which lasts until it is ended, and nothing that moves meanwhile.

use super::super::{
    Cart,
    commands::CartCommand as Command,
    error::EndingName,
    samples::{
        add, at, begin, claimed, currency, email_of, filled, limits, order_id, payment_id, price, quote_of, quoted,
        ship_to, shippable, subject,
    },
};
use super::*;
use crate::{
    checkout::{CapturePolicy, PaymentTerms},
    pricing::{
        FlatTax, PriceReason, PricingLine, PricingRequest, Quote, QuoteHash, SelectedPrice, TaxRate, ThresholdShipping,
        price as price_lines, shipping::ShippingTariff,
    },
    testing::Given,
    text::Reference,
};
use chrono::TimeDelta;

fn terms(capture: CapturePolicy) -> CheckoutTerms {
    let (method, provider) = ("card".parse().unwrap(), "simulated".parse().unwrap());
    CheckoutTerms { payment: Some(PaymentTerms { method, provider, capture }) }
}

fn card() -> Option<Reference> {
    Some("tok_approve".parse().unwrap())
}

fn hash_of(cart: &Given<Cart>) -> QuoteHash {
    cart.state().open().unwrap().quote.as_ref().unwrap().hash
}

fn hash() -> QuoteHash {
    hash_of(&quoted())
}

fn check_out_as(order: u128, terms: CheckoutTerms, instrument: Option<Reference>) -> Command {
    Command::BeginCheckout { order_id: order_id(order), quote_hash: hash(), terms, instrument }
}

fn check_out(order: u128) -> Command {
    check_out_as(order, terms(CapturePolicy::AtOnce), card())
}

fn end(order: u128, placed: bool) -> Command {
    Command::EndCheckout { order_id: order_id(order), placed }
}

fn began(fence: u64, order: u128, minutes: i64) -> CartCheckoutBegan {
    CartCheckoutBegan {
        fence,
        order_id: order_id(order),
        quote_hash: hash(),
        terms: terms(CapturePolicy::AtOnce),
        instrument: card(),
        at: at(minutes).now,
    }
}

fn released(fence: u64, cause: ReleaseCause, minutes: i64) -> CartCompletionReleased {
    CartCompletionReleased { fence, cause, at: at(minutes).now }
}

/// A quoted cart of which order 1 is being made since minute 0.
fn running() -> Given<Cart> {
    quoted().and(check_out(1))
}

/// A cart that costs nothing, with the hash of its quote.
fn free() -> (Given<Cart>, QuoteHash) {
    let cart = shippable();
    let state = cart.state();
    let open = state.open().unwrap();
    let lines = open.lines.iter().map(|line| PricingLine {
        line_id: line.line_id,
        sku: line.sku.clone(),
        description: "".parse().unwrap(),
        quantity: line.quantity,
        price: SelectedPrice { amount: price("0"), reason: PriceReason::ListPrice },
    });
    let request = PricingRequest {
        currency: open.currency,
        country: open.country.clone(),
        lines: lines.collect(),
        shipping_method: "standard".parse().unwrap(),
        at: at(0).now,
        valid_for: TimeDelta::minutes(15),
    };
    let tariffs = [(currency("EUR"), ShippingTariff { price_minor: 0, free_from_minor: 0 })].into();
    let tax = FlatTax { rate: TaxRate::from_millionths(80_000).unwrap() };
    let quote: Quote = price_lines(&request, &tax, &ThresholdShipping { tariffs }).unwrap();
    let hash = quote.hash;
    (cart.and(Command::Quote { quote: Box::new(quote) }), hash)
}

#[test]
fn a_checkout_begins_with_one_event_that_says_what_was_agreed() {
    quoted().when(check_out(1)).then([began(1, 1, 0).into()]);
    let state = running().state();
    let checkout = state.open().unwrap().running_checkout().unwrap();
    assert_eq!((checkout.order_id, checkout.quote_hash, &checkout.instrument), (order_id(1), hash(), &card()));
}

/// Case 14: only what was shown and still holds is checked out.
#[test]
fn only_the_current_quote_is_checked_out() {
    shippable().when(check_out(1)).then_refused(CartError::Changed { current: None });
    let expired_at = at(15).now;
    quoted().at(at(15)).when(check_out(1)).then_refused(CartError::QuoteExpired { expired_at });
    let other = Command::BeginCheckout {
        order_id: order_id(1),
        quote_hash: "0".repeat(64).parse().unwrap(),
        terms: terms(CapturePolicy::AtOnce),
        instrument: None,
    };
    quoted().when(other).then_refused(CartError::Changed { current: Some(hash()) });
}

#[test]
fn what_has_a_price_needs_terms_of_payment() {
    let total_minor = quoted().state().open().unwrap().quote.as_ref().unwrap().total_minor;
    let unpaid = check_out_as(1, CheckoutTerms { payment: None }, None);
    quoted().when(unpaid).then_refused(CartError::PaymentRequired { total_minor });
}

/// Case 31: what costs nothing is not paid.
#[test]
fn terms_of_payment_are_dropped_where_there_is_nothing_to_pay() {
    let (cart, quote_hash) = free();
    let (order_id, instrument) = (order_id(1), card());
    let check_out = Command::BeginCheckout { order_id, quote_hash, terms: terms(CapturePolicy::AtOnce), instrument };
    let terms = CheckoutTerms { payment: None };
    let (fence, at, instrument) = (1, at(0).now, None);
    let event = CartCheckoutBegan { fence, order_id, quote_hash, terms, instrument, at };
    let (again, _) = free();
    cart.when(check_out.clone()).then([event.into()]);
    again.and(check_out.clone()).when(check_out).then_nothing();
}

/// Case 13: asking again for what happens already is answered, not refused.
#[test]
fn a_checkout_that_runs_is_begun_once() {
    running().when(check_out(1)).then_nothing();
    let refusal = || CartError::CheckoutInProgress { order_id: order_id(1) };
    running().when(check_out(2)).then_refused(refusal());
    // Under the same id, other terms are another checkout.
    running().when(check_out_as(1, terms(CapturePolicy::AtFulfillment), card())).then_refused(refusal());
    running().when(check_out_as(1, terms(CapturePolicy::AtOnce), None)).then_refused(refusal());
}

#[test]
fn there_is_one_claim_at_a_time_whoever_holds_it() {
    let until = at(10).now;
    claimed().at(at(9)).when(check_out(1)).then_refused(CartError::CompletionInProgress { until });
    let lapsed = released(1, ReleaseCause::Lapsed, 10);
    claimed().at(at(10)).when(check_out(1)).then([lapsed.into(), began(2, 1, 10).into()]);
    running().when(begin()).then_refused(CartError::CheckoutInProgress { order_id: order_id(1) });
}

/// Cases 5 and 14: however long stock and money take, the cart is what was agreed.
#[test]
fn nothing_but_its_end_ends_a_checkout() {
    let later = at(40 * 24 * 60);
    let commands = [
        add(3, "MOON", 1),
        Command::Clear,
        ship_to("DE"),
        Command::SetEmail { email: email_of(subject(), "a@b.no") },
        Command::Quote { quote: quote_of(shippable().state().open().unwrap(), 9) },
        begin(),
        Command::AbortCompletion { fence: 1 },
        Command::Convert { fence: 1, order_id: order_id(1) },
        Command::ConvertPlaced { order_id: order_id(1) },
        Command::Expire { limits: limits() },
        Command::EraseContact,
    ];
    for command in commands {
        let refusal = CartError::CheckoutInProgress { order_id: order_id(1) };
        running().at(later).when(command).then_refused(refusal);
    }
    running().at(later).and(Command::AttachPayment { payment_id: payment_id(1) });
}

#[test]
fn a_checkout_whose_order_is_promised_closes_the_cart() {
    let converted = CartConverted { fence: 1, order_id: order_id(1), at: at(60).now };
    running().at(at(60)).when(end(1, true)).then([converted.into()]);
    let done = || running().and(end(1, true));
    done().when(end(1, true)).then_nothing();
    done().when(check_out(1)).then_nothing();
    let refusal = || CartError::Closed { ending: EndingName::Converted, order_id: Some(order_id(1)) };
    done().when(check_out(2)).then_refused(refusal());
    done().when(end(1, false)).then_refused(refusal());
    done().when(end(2, true)).then_refused(refusal());
}

/// Case 4: a checkout that comes to nothing leaves nothing behind.
#[test]
fn a_checkout_that_came_to_nothing_frees_the_cart() {
    running().at(at(60)).when(end(1, false)).then([released(1, ReleaseCause::CheckoutFailed, 60).into()]);
    let freed = || running().and(end(1, false));
    freed().when(end(1, false)).then_nothing();
    freed().and(add(3, "MOON", 1));
    freed().when(check_out(2)).then([began(2, 2, 0).into()]);
    freed().when(end(1, true)).then_refused(CartError::CheckoutNotRunning { order_id: order_id(1) });
}

/// What became of the order, the order says; no process begins the checkout of an order twice.
#[test]
fn the_checkout_of_an_order_that_came_to_nothing_is_not_begun_again() {
    let freed = || running().and(end(1, false));
    freed().when(check_out(1)).then_nothing();
    freed().and(check_out(2)).when(check_out(1)).then_nothing();
    freed().and(check_out(2)).when(end(1, false)).then_nothing();
}

#[test]
fn only_the_checkout_that_runs_is_ended() {
    let refusal = |order| CartError::CheckoutNotRunning { order_id: order_id(order) };
    for placed in [true, false] {
        running().when(end(2, placed)).then_refused(refusal(2));
        filled().when(end(1, placed)).then_refused(refusal(1));
        claimed().when(end(1, placed)).then_refused(refusal(1));
    }
}

#[test]
fn the_number_of_checkouts_that_come_to_nothing_is_bounded() {
    let most = (1..=256).fold(quoted(), |cart, order| cart.and(check_out(order)).and(end(order, false)));
    most.when(check_out(257)).then_refused(CartError::TooManyCheckouts { max: CHECKOUTS_MAX });
}
