//! Which quote a cart takes.

use super::super::{
    commands::CartCommand as Command,
    samples::{add, at, filled, guest, of_customer, price, quote_for, quote_of, quoted, shippable, units},
};
use super::*;

fn record(quote: &Quote) -> Command {
    Command::Quote { quote: Box::new(quote.clone()) }
}

#[test]
fn a_cart_takes_the_quote_of_what_it_holds() {
    let quote = quote_for(&shippable());
    let recorded = CartQuoted { quote: quote.clone(), at: at(0).now };
    shippable().when(record(&quote)).then([recorded.into()]);
    quoted().when(record(&quote)).then_nothing();
    let later = quote_of(shippable().state().open().unwrap(), 5);
    assert_eq!(later.hash, quote.hash);
    quoted().at(at(5)).when(record(&later)).then([CartQuoted { quote: later.clone(), at: at(5).now }.into()]);
}

#[test]
fn a_cart_takes_no_quote_of_anything_else() {
    let good = quote_for(&shippable());
    let mut others = vec![];
    let mut other = |change: &dyn Fn(&mut Quote)| {
        let mut quote = good.clone();
        change(&mut quote);
        others.push(quote);
    };
    other(&|quote| quote.currency = "USD".parse().unwrap());
    other(&|quote| quote.country = "FR".parse().unwrap());
    other(&|quote| quote.shipping.method = "express".parse().unwrap());
    other(&|quote| quote.lines[0].quantity = units(1));
    other(&|quote| quote.lines[0].sku = "MOON".parse().unwrap());
    other(&|quote| quote.lines.reverse());
    other(&|quote| drop(quote.lines.pop()));
    for quote in others {
        shippable().when(record(&quote)).then_refused(CartError::Changed { current: None });
        quoted().when(record(&quote)).then_refused(CartError::Changed { current: Some(good.hash) });
    }
    // What the price is now is the quote's to say; the cart only remembers what it was.
    let mut dearer = good.clone();
    dearer.lines[0].unit_price = price("12");
    shippable().and(record(&dearer));
}

#[test]
fn nothing_costs_nothing() {
    let quote = quote_for(&shippable());
    guest().when(record(&quote)).then_refused(CartError::Empty);
    filled().when(record(&quote)).then_refused(CartError::ShippingNotSelected);
    of_customer().and(add(1, "HEART", 1)).when(record(&quote)).then_refused(CartError::ShippingNotSelected);
}

#[test]
fn a_quote_that_is_over_is_not_taken() {
    let quote = quote_for(&shippable());
    let refusal = CartError::QuoteExpired { expired_at: at(15).now };
    shippable().at(at(15)).when(record(&quote)).then_refused(refusal);
    shippable().at(at(14)).and(record(&quote));
}
