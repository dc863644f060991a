//! Where goods go, how, and in which currency.

use super::super::{
    commands::CartCommand as Command,
    samples::{at, country, currency, filled, guest, line_id, price, prices, quoted, ship_to, shippable, sku},
};
use super::*;

fn to(code: &str) -> Command {
    Command::SetCountry { country: country(code) }
}

fn by(method: &str) -> Command {
    Command::SelectShipping { method: method.parse().unwrap() }
}

fn into(code: &str, given: &[(u128, &str)]) -> Command {
    Command::ChangeCurrency { currency: currency(code), prices: prices(given) }
}

#[test]
fn the_country_can_be_said_until_an_address_says_it() {
    guest().when(to("FR")).then([CartCountryChanged { country: country("FR"), at: at(0).now }.into()]);
    guest().when(to("DE")).then_nothing();
    guest().and(ship_to("NO")).when(to("NO")).then_nothing();
    guest().and(ship_to("NO")).when(to("FR")).then_refused(CartError::CountryDiffers { country: country("NO") });
}

#[test]
fn a_shipping_method_is_selected_once() {
    let selected = CartShippingSelected { method: "standard".parse().unwrap(), at: at(0).now };
    filled().when(by("standard")).then([selected.into()]);
    shippable().when(by("standard")).then_nothing();
}

#[test]
fn another_currency_needs_a_price_for_every_line() {
    let refusal = CartError::NoPrice { sku: sku("STAR"), currency: currency("USD") };
    filled().when(into("USD", &[(1, "11")])).then_refused(refusal);
    filled().when(into("USD", &[(1, "11"), (2, "-1")])).then_refused(CartError::NegativePrice);
    filled().when(into("EUR", &[])).then_nothing();
    let changed =
        CartCurrencyChanged { currency: currency("USD"), prices: prices(&[(1, "11"), (2, "12")]), at: at(0).now };
    // Prices of lines that are not there are not kept.
    filled().when(into("USD", &[(2, "12"), (9, "1"), (1, "11")])).then([changed.into()]);
    let state = filled().and(into("USD", &[(1, "11"), (2, "12")])).state();
    let lines: Vec<_> = state.open().unwrap().lines.iter().map(|line| (line.line_id, line.unit_price)).collect();
    assert_eq!(lines, [(line_id(1), price("11")), (line_id(2), price("12"))]);
    assert_eq!(state.open().unwrap().currency, currency("USD"));
}

/// Case 32: a quote does not outlive what it was worked out from.
#[test]
fn other_terms_make_the_quote_void() {
    for command in [to("FR"), by("express"), into("USD", &[(1, "11"), (2, "12")])] {
        assert_eq!(quoted().when(command).then_state().open().unwrap().quote, None);
    }
}
