//! A guest logs in: nothing is lost, nothing is there twice.

use super::super::{
    Cart,
    commands::CartCommand as Command,
    error::EndingName,
    events::{CartContactErased, CartEvent, CartMerged},
    line::{LineOption, LinePrice, SkuAvailability},
    samples::{
        add, at, available, cart_id, contents, customer, email_of, filled, guest, line, line_id, of_customer, option,
        price, prices, quote_for, subject, units,
    },
    state::CartEnding,
};
use super::*;
use crate::testing::{Given, When, given};

/// The guest's cart holds two hearts and three stars; everything is available.
fn absorb(strategy: MergeStrategy) -> Command {
    absorb_of(vec![line(11, "HEART", 2), line(12, "STAR", 3)], strategy, available(&[("HEART", 100), ("STAR", 100)]))
}

fn absorb_of(lines: Vec<CartLine>, strategy: MergeStrategy, available: Vec<SkuAvailability>) -> Command {
    let (from, currency) = (cart_id(2), "EUR".parse().unwrap());
    Command::Absorb { from, currency, lines, strategy, prices: vec![], available }
}

/// A customer's cart with five hearts and a moon.
fn theirs() -> Given<Cart> {
    of_customer().and(add(1, "HEART", 5)).and(add(2, "MOON", 1))
}

fn owned(contents: &[(&str, u32)]) -> Vec<(String, u32)> {
    contents.iter().map(|(sku, count)| ((*sku).to_owned(), *count)).collect()
}

fn absorbed(events: When<Cart>) -> CartAbsorbed {
    let state = events.then_state();
    let cart = state.open().unwrap();
    CartAbsorbed {
        from: cart_id(2),
        strategy: MergeStrategy::Sum,
        lines: cart.lines.clone(),
        left_out: vec![],
        at: at(0).now,
    }
}

/// Case 33: a guest's cart is frozen before its lines are anywhere else.
#[test]
fn a_guests_cart_is_closed_with_its_lines() {
    let begin = |n| Command::BeginMerge { into: cart_id(n) };
    let lines = || filled().state().open().unwrap().lines.clone();
    let merged = || CartMerged { into: cart_id(2), currency: "EUR".parse().unwrap(), lines: lines(), at: at(0).now };
    filled().when(begin(2)).then([merged().into()]);
    let done = || filled().and(begin(2));
    done().when(begin(2)).then_nothing();
    let refusal = || CartError::Closed { ending: EndingName::Merged, order_id: None };
    done().when(begin(3)).then_refused(refusal());
    done().when(add(3, "MOON", 1)).then_refused(refusal());
    let CartState::Closed(closed) = done().state() else { panic!("it is closed") };
    let (currency, country) = ("EUR".parse().unwrap(), "DE".parse().unwrap());
    let ending = CartEnding::Merged { into: cart_id(2), currency, country, lines: lines() };
    assert_eq!(closed.ending, ending, "whoever completes the merge finds the lines");
    theirs().when(begin(2)).then_refused(CartError::NotAGuest);
    filled().when(begin(1)).then_refused(CartError::MergeIntoItself);
    // The guest is a customer now, whose contact is known.
    let known = filled().and(Command::SetEmail { email: email_of(subject(), "a@b.no") });
    let erased: CartEvent = CartContactErased { subject: subject(), at: at(0).now }.into();
    known.when(begin(2)).then([merged().into(), erased]);
}

/// Case 33: lines whose new cart ended without them go elsewhere, and of two who say so at once one has its way.
#[test]
fn the_lines_of_a_merge_may_be_left_for_another_cart() {
    let begun = || filled().and(Command::BeginMerge { into: cart_id(2) });
    let redirect = |from: u128, to: u128| Command::RedirectMerge { instead_of: cart_id(from), into: cart_id(to) };
    let lines = filled().state().open().unwrap().lines.clone();
    let merged = CartMerged { into: cart_id(3), currency: "EUR".parse().unwrap(), lines: lines.clone(), at: at(0).now };
    begun().when(redirect(2, 3)).then([merged.into()]);
    let done = || begun().and(redirect(2, 3));
    done().when(redirect(2, 3)).then_nothing();
    done().when(redirect(2, 4)).then_refused(CartError::NotMergedInto { cart_id: cart_id(2) });
    let CartState::Closed(closed) = done().state() else { panic!("it is closed") };
    let CartEnding::Merged { into, lines: kept, .. } = closed.ending else { panic!("it is merged") };
    assert_eq!((into, kept), (cart_id(3), lines));
    begun().when(redirect(2, 1)).then_refused(CartError::MergeIntoItself);
    for other in [filled(), given([]), filled().and(Command::Clear)] {
        other.when(redirect(2, 3)).then_refused(CartError::NotMergedInto { cart_id: cart_id(2) });
    }
}

/// Case 33: a cart that has ended still says what it took in, and takes nothing more.
#[test]
fn a_cart_that_has_ended_knows_what_it_took_in() {
    let limits = super::super::samples::limits();
    let ended = || theirs().and(absorb(MergeStrategy::Sum)).at(at(30 * 24 * 60)).and(Command::Expire { limits });
    ended().when(absorb(MergeStrategy::Sum)).then_nothing();
    assert!(ended().state().has_absorbed(cart_id(2)) && !ended().state().has_absorbed(cart_id(3)));
    let mut other = absorb(MergeStrategy::Sum);
    if let Command::Absorb { from, .. } = &mut other {
        *from = cart_id(3);
    }
    ended().when(other).then_refused(CartError::Closed { ending: EndingName::Expired, order_id: None });
}

/// Case 33: what comes out of a merge, by strategy.
#[test]
fn each_strategy_brings_the_lines_together_in_its_way() {
    for (strategy, expected) in [
        (MergeStrategy::Sum, owned(&[("HEART", 7), ("MOON", 1), ("STAR", 3)])),
        (MergeStrategy::Larger, owned(&[("HEART", 5), ("MOON", 1), ("STAR", 3)])),
        (MergeStrategy::GuestWins, owned(&[("HEART", 2), ("STAR", 3)])),
        (MergeStrategy::CustomerWins, owned(&[("HEART", 5), ("MOON", 1)])),
    ] {
        assert_eq!(contents(&theirs().when(absorb(strategy)).then_state()), expected, "{strategy:?}");
        // The other way round, the guest has more.
        let few = of_customer().and(add(1, "HEART", 1));
        let hearts = contents(&few.when(absorb(strategy)).then_state())[0].1;
        let more = [(MergeStrategy::Sum, 3), (MergeStrategy::CustomerWins, 1)];
        assert_eq!(hearts, more.into_iter().find(|(other, _)| *other == strategy).map_or(2, |(_, units)| units));
    }
    assert_eq!(MergeStrategy::default(), MergeStrategy::Larger);
}

/// Case 33: whichever strategy is named, an empty cart makes nobody lose anything.
#[test]
fn an_empty_cart_wins_over_nothing() {
    use MergeStrategy::{CustomerWins, GuestWins, Larger, Sum};
    for strategy in [Sum, Larger, GuestWins, CustomerWins] {
        let state = of_customer().when(absorb(strategy)).then_state();
        assert_eq!(contents(&state), owned(&[("HEART", 2), ("STAR", 3)]), "{strategy:?}");
        let state = theirs().when(absorb_of(vec![], strategy, vec![])).then_state();
        assert_eq!(contents(&state), owned(&[("HEART", 5), ("MOON", 1)]), "{strategy:?}");
    }
}

/// Case 33: a merge that is repeated happens once.
#[test]
fn a_cart_is_taken_in_once() {
    let once = || theirs().and(absorb(MergeStrategy::Sum));
    once().when(absorb(MergeStrategy::Sum)).then_nothing();
    once().when(absorb(MergeStrategy::GuestWins)).then_nothing();
    let itself = Command::Absorb {
        from: cart_id(1),
        currency: "EUR".parse().unwrap(),
        lines: vec![],
        strategy: MergeStrategy::Sum,
        prices: vec![],
        available: vec![],
    };
    theirs().when(itself).then_refused(CartError::MergeIntoItself);
}

/// Case 3: a merge asks for no more of a SKU than is available, and takes away nothing that was there.
#[test]
fn a_merge_takes_no_more_than_is_available() {
    let merge = |count, strategy| {
        let event = theirs().when(absorb_of(vec![line(11, "HEART", 4)], strategy, available(&[("HEART", count)])));
        absorbed(event).lines[0].quantity.get()
    };
    assert_eq!(merge(100, MergeStrategy::Sum), 9);
    assert_eq!(merge(6, MergeStrategy::Sum), 6);
    assert_eq!(merge(3, MergeStrategy::Sum), 5, "what was there before stays");
    assert_eq!(merge(0, MergeStrategy::Larger), 5);
    assert_eq!(merge(0, MergeStrategy::GuestWins), 4, "the cart asked for five before");
}

#[test]
fn what_finds_no_room_is_named() {
    let red = vec![option("color", "red")];
    let colored = CartLine { options: red, ..line(12, "HEART", 4) };
    let lines = vec![line(11, "HEART", 4), colored, line(13, "SUN", 2)];
    let facts = available(&[("HEART", 8)]);
    let result = |n: u128, options: Vec<LineOption>, count| CartLine { options, ..line(n, "HEART", count) };
    let left =
        |n, text: &str, count| LeftOut { line_id: line_id(n), sku: text.parse().unwrap(), quantity: units(count) };
    let event = CartAbsorbed {
        from: cart_id(2),
        strategy: MergeStrategy::Sum,
        lines: vec![result(1, vec![], 8), line(2, "MOON", 1)],
        left_out: vec![left(1, "HEART", 1), left(12, "HEART", 4), left(13, "SUN", 2)],
        at: at(0).now,
    };
    theirs().when(absorb_of(lines, MergeStrategy::Sum, facts)).then([event.into()]);
}

#[test]
fn a_merge_stays_within_the_bounds_of_a_cart() {
    let full = (0..LINES_MAX as u128).fold(of_customer(), |cart, n| cart.and(add(n, &format!("SKU{n}"), 1)));
    let more = vec![line(1_000, "SUN", 1), CartLine { quantity: units(999), ..line(1_001, "SKU7", 1) }];
    let state = full.when(absorb_of(more, MergeStrategy::Sum, available(&[("SUN", 9), ("SKU7", 5_000)]))).then_state();
    let cart = state.open().unwrap();
    assert_eq!(cart.lines.len(), LINES_MAX);
    assert_eq!(cart.lines[7].quantity.get(), LINE_UNITS_MAX);
}

#[test]
fn a_line_keeps_its_price_or_gets_one_in_the_carts_currency() {
    let guests = CartLine { unit_price: price("8"), ..line(11, "SUN", 1) };
    let facts = || available(&[("SUN", 9)]);
    let merged = |currency: &str, prices: Vec<LinePrice>| {
        let command = Command::Absorb {
            from: cart_id(2),
            currency: currency.parse().unwrap(),
            lines: vec![guests.clone()],
            strategy: MergeStrategy::Sum,
            prices,
            available: facts(),
        };
        of_customer().when(command).then_state().open().unwrap().lines.first().map(|line| line.unit_price)
    };
    assert_eq!(merged("EUR", prices(&[(11, "9")])), Some(price("8")), "the memory of the price goes along");
    assert_eq!(merged("USD", prices(&[(11, "9")])), Some(price("9")));
    assert_eq!(merged("USD", vec![]), None);
}

/// Case 32: a quote does not outlive what it was worked out from.
#[test]
fn a_merge_makes_the_quote_void_unless_nothing_changed() {
    let shipped = theirs().and(Command::SelectShipping { method: "standard".parse().unwrap() });
    let quote = quote_for(&shipped);
    let quoted = || {
        theirs()
            .and(Command::SelectShipping { method: "standard".parse().unwrap() })
            .and(Command::Quote { quote: quote.clone() })
    };
    let kept = |strategy| quoted().when(absorb(strategy)).then_state().open().unwrap().quote.is_some();
    assert!(!kept(MergeStrategy::Larger));
    assert!(kept(MergeStrategy::CustomerWins));
}

#[test]
fn a_cart_takes_in_so_many_carts_and_no_more() {
    let take = |n: usize| Command::Absorb {
        from: cart_id(100 + n as u128),
        currency: "EUR".parse().unwrap(),
        lines: vec![],
        strategy: MergeStrategy::Sum,
        prices: vec![],
        available: vec![],
    };
    let full = (0..ABSORBED_MAX).fold(of_customer(), |cart, n| cart.and(take(n)));
    full.when(take(ABSORBED_MAX)).then_refused(CartError::TooManyMerges { max: ABSORBED_MAX });
}

#[test]
fn a_guest_is_assigned_where_there_is_nothing_to_merge_with() {
    let assigned = guest().and(add(1, "HEART", 2)).and(Command::AssignCustomer { customer_id: customer(1) });
    assert_eq!(contents(&assigned.state()), owned(&[("HEART", 2)]));
}
