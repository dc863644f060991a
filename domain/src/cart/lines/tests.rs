//! What may be in a cart, and how much of it.

use super::super::{
    Cart,
    commands::CartCommand as Command,
    line::{OPTION_CHARS_MAX, OPTIONS_MAX},
    samples::{add, add_of, at, contents, filled, guest, line_id, option, price, quoted, sku, units},
};
use super::*;
use crate::testing::Given;

fn added(n: u128, text: &str, count: u32) -> CartEvent {
    CartLineAdded {
        line_id: line_id(n),
        sku: sku(text),
        options: vec![],
        quantity: units(count),
        unit_price: price("10"),
        at: at(0).now,
    }
    .into()
}

fn changed(n: u128, count: u32) -> CartEvent {
    CartLineQuantityChanged { line_id: line_id(n), quantity: units(count), at: at(0).now }.into()
}

fn with_options(n: u128, count: u32, options: &[LineOption], available: u32) -> Command {
    Command::AddLine {
        line_id: line_id(n),
        sku: sku("HEART"),
        options: options.to_vec(),
        quantity: units(count),
        unit_price: price("10"),
        available,
    }
}

fn set(n: u128, quantity: u32, available: u32) -> Command {
    Command::SetQuantity { line_id: line_id(n), quantity, available }
}

fn insufficient(requested: u32, available: u32) -> CartError {
    CartError::InsufficientStock { sku: sku("HEART"), requested, available }
}

#[test]
fn a_line_remembers_the_price_at_which_it_was_added() {
    guest().when(add(1, "HEART", 2)).then([added(1, "HEART", 2)]);
    let dearer = Command::AddLine {
        line_id: line_id(2),
        sku: sku("HEART"),
        options: vec![],
        quantity: units(1),
        unit_price: price("12"),
        available: 100,
    };
    let state = guest().and(add(1, "HEART", 2)).when(dearer).then_state();
    assert_eq!(state.open().unwrap().lines[0].unit_price, price("10"));
}

#[test]
fn units_of_the_same_line_are_added_to_it() {
    filled().when(add(3, "HEART", 5)).then([changed(1, 7)]);
    filled().when(add(1, "HEART", 2)).then_nothing();
    filled().when(add(1, "MOON", 2)).then_refused(CartError::LineIdReused { line_id: line_id(1) });
}

#[test]
fn other_options_make_another_line_and_their_order_does_not() {
    let (red, big) = (option("color", "red"), option("size", "big"));
    let cart = || guest().and(with_options(1, 1, &[big.clone(), red.clone()], 10));
    cart().when(with_options(2, 1, &[red.clone(), big.clone()], 10)).then([changed(1, 2)]);
    let state = cart().when(with_options(2, 1, std::slice::from_ref(&red), 10)).then_state();
    assert_eq!(state.open().unwrap().lines.len(), 2);
    assert_eq!(state.open().unwrap().lines[0].options, [red, big]);
}

#[test]
fn options_are_few_short_and_named_once() {
    let many: Vec<_> = (0..=OPTIONS_MAX).map(|n| option(&format!("option {n}"), "x")).collect();
    guest().when(with_options(1, 1, &many, 9)).then_refused(CartError::TooManyOptions { max: OPTIONS_MAX });
    guest().and(with_options(1, 1, &many[1..], 9));
    let long: Vec<_> = ["a", "b", "c"].map(|name| option(name, &"x".repeat(180))).into();
    guest().when(with_options(1, 1, &long, 9)).then_refused(CartError::OptionsTooLong { max: OPTION_CHARS_MAX });
    guest().and(with_options(1, 1, &long[1..], 9));
    let twice = [option("color", "red"), option("color", "blue")];
    let name = "color".parse().unwrap();
    guest().when(with_options(1, 1, &twice, 9)).then_refused(CartError::DuplicateOption { name });
}

/// Case 3: two lines of one SKU are checked together, not each for itself.
#[test]
fn demand_is_summed_over_all_lines_of_a_sku() {
    let red = [option("color", "red")];
    let cart = || guest().and(with_options(1, 4, &red, 6));
    cart().when(with_options(2, 3, &[], 6)).then_refused(insufficient(7, 6));
    let both = || cart().and(with_options(2, 2, &[], 6));
    both().when(set(1, 5, 6)).then_refused(insufficient(7, 6));
    both().when(with_options(3, 1, &red, 6)).then_refused(insufficient(7, 6));
    both().when(set(1, 5, 7)).then([changed(1, 5)]);
    // What is of another SKU does not count.
    both().and(add_of(4, "STAR", 6, 6));
}

#[test]
fn fewer_units_need_no_stock() {
    filled().when(set(1, 1, 0)).then([changed(1, 1)]);
    filled().when(set(1, 2, 0)).then_nothing();
    filled().when(set(1, 3, 2)).then_refused(insufficient(3, 2));
}

#[test]
fn no_units_are_no_line() {
    let removed = || CartLineRemoved { line_id: line_id(1), at: at(0).now };
    filled().when(set(1, 0, 0)).then([removed().into()]);
    filled().when(Command::RemoveLine { line_id: line_id(1) }).then([removed().into()]);
    filled().when(Command::RemoveLine { line_id: line_id(9) }).then_nothing();
    filled().when(set(9, 1, 5)).then_refused(CartError::LineNotFound { line_id: line_id(9) });
    filled().when(set(9, 0, 5)).then_nothing();
}

#[test]
fn a_cart_is_cleared_of_all_lines() {
    filled().when(Command::Clear).then([CartCleared { at: at(0).now }.into()]);
    filled().and(Command::Clear).when(Command::Clear).then_nothing();
    assert_eq!(contents(&filled().and(Command::Clear).and(add(3, "MOON", 1)).state()), [("MOON".to_owned(), 1)]);
}

#[test]
fn lines_and_units_are_bounded() {
    let too_many = |requested, max| CartError::TooManyUnits { sku: sku("HEART"), requested, max };
    guest().when(add_of(1, "HEART", 1_000, 5_000)).then_refused(too_many(1_000, LINE_UNITS_MAX));
    let full = || guest().and(add_of(1, "HEART", 999, 5_000));
    full().when(add_of(2, "HEART", 1, 5_000)).then_refused(too_many(1_000, LINE_UNITS_MAX));
    full().when(set(1, u32::MAX, u32::MAX)).then_refused(too_many(u32::MAX, LINE_UNITS_MAX));
    full().when(with_options(2, 1, &[option("color", "red")], 5_000)).then_refused(too_many(1_000, SKU_UNITS_MAX));
    let most = (0..200).fold(guest(), |cart, n| cart.and(add(n, &format!("SKU{n}"), 1)));
    let most = most.and(add(1_000, "SKU7", 1));
    most.when(add(1_001, "MOON", 1)).then_refused(CartError::TooManyLines { max: LINES_MAX });
}

#[test]
fn a_price_below_zero_is_refused() {
    let (sku, quantity, unit_price) = (sku("HEART"), units(1), price("-0.01"));
    let below = Command::AddLine { line_id: line_id(1), sku, options: vec![], quantity, unit_price, available: 9 };
    guest().when(below).then_refused(CartError::NegativePrice);
}

/// Case 32: a quote does not outlive what it was worked out from.
#[test]
fn a_change_of_lines_makes_the_quote_void() {
    assert!(quoted().state().open().unwrap().quote.is_some());
    let remove = Command::RemoveLine { line_id: line_id(1) };
    for command in [add(3, "MOON", 1), add(3, "HEART", 1), set(1, 1, 9), remove, Command::Clear] {
        assert_eq!(quoted().when(command).then_state().open().unwrap().quote, None);
    }
}

/// Case 19: adding is commutative, so that adds from two devices lose nothing in whatever order they come.
#[test]
fn adds_lose_nothing_in_whatever_order_they_come() {
    let one = guest().and(add(1, "HEART", 2)).and(add(2, "HEART", 3)).and(add(3, "STAR", 1));
    let other = guest().and(add(3, "STAR", 1)).and(add(2, "HEART", 3)).and(add(1, "HEART", 2));
    let sorted = |cart: Given<Cart>| {
        let mut contents = contents(&cart.state());
        contents.sort();
        contents
    };
    assert_eq!(sorted(one), [("HEART".to_owned(), 5), ("STAR".to_owned(), 1)]);
    assert_eq!(sorted(other), [("HEART".to_owned(), 5), ("STAR".to_owned(), 1)]);
}
