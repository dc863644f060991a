//! Carts and commands for the tests.

use super::{
    Cart,
    commands::{CartCommand as Command, IdleLimits},
    events::{CartEvent, CartOwner},
    line::{CartLine, LineOption, LinePrice, SkuAvailability},
    state::{CartState, OpenCart, guest_subject},
};
use crate::{
    aggregate::Moment,
    contact::{Address, Email},
    ids::{CartId, CartLineId, CustomerId, OrderId, PaymentId, SubjectId},
    money::Currency,
    personal::Personal,
    price::UnitPrice,
    pricing::{
        FlatTax, PriceReason, PricingLine, PricingRequest, Quote, SelectedPrice, TaxRate, ThresholdShipping,
        price as price_lines, shipping::ShippingTariff,
    },
    quantity::Quantity,
    testing::{Given, given, moment},
    text::{Country, Sku},
};
use chrono::TimeDelta;
use uuid::Uuid;

/// Some minutes after the moment at which tests decide.
pub(super) fn at(minutes: i64) -> Moment {
    Moment { now: moment().now + TimeDelta::minutes(minutes), ..moment() }
}

pub(super) fn cart_id(n: u128) -> CartId {
    CartId::new(Uuid::from_u128(n))
}

pub(super) fn line_id(n: u128) -> CartLineId {
    CartLineId::new(Uuid::from_u128(0x1000 + n))
}

pub(super) fn customer(n: u128) -> CustomerId {
    CustomerId::new(Uuid::from_u128(0x2000 + n))
}

pub(super) fn order_id(n: u128) -> OrderId {
    OrderId::new(Uuid::from_u128(0x3000 + n))
}

pub(super) fn payment_id(n: u128) -> PaymentId {
    PaymentId::new(Uuid::from_u128(0x4000 + n))
}

pub(super) fn sku(text: &str) -> Sku {
    text.parse().unwrap()
}

pub(super) fn currency(text: &str) -> Currency {
    text.parse().unwrap()
}

pub(super) fn country(text: &str) -> Country {
    text.parse().unwrap()
}

pub(super) fn price(text: &str) -> UnitPrice {
    text.parse().unwrap()
}

pub(super) fn units(count: u32) -> Quantity {
    Quantity::new(i64::from(count)).unwrap()
}

pub(super) fn option(name: &str, value: &str) -> LineOption {
    LineOption { name: name.parse().unwrap(), value: value.parse().unwrap() }
}

pub(super) fn prices(prices: &[(u128, &str)]) -> Vec<LinePrice> {
    prices.iter().map(|(line, text)| LinePrice { line_id: line_id(*line), unit_price: price(text) }).collect()
}

pub(super) fn available(facts: &[(&str, u32)]) -> Vec<SkuAvailability> {
    facts.iter().map(|(text, available)| SkuAvailability { sku: sku(text), available: *available }).collect()
}

pub(super) fn line(n: u128, text: &str, count: u32) -> CartLine {
    CartLine { line_id: line_id(n), sku: sku(text), options: vec![], quantity: units(count), unit_price: price("10") }
}

/// A week for guests, thirty days for customers, two days for carts without lines.
pub(super) fn limits() -> IdleLimits {
    IdleLimits { guest_seconds: 7 * 86_400, customer_seconds: 30 * 86_400, empty_seconds: 2 * 86_400 }
}

pub(super) fn create(owner: CartOwner) -> Command {
    Command::Create { cart_id: cart_id(1), owner, currency: currency("EUR"), country: country("DE") }
}

/// Asks for units at 10 euros, of which 100 are available.
pub(super) fn add(n: u128, text: &str, count: u32) -> Command {
    add_of(n, text, count, 100)
}

pub(super) fn add_of(n: u128, text: &str, count: u32, available: u32) -> Command {
    let (sku, quantity, unit_price) = (sku(text), units(count), price("10"));
    Command::AddLine { line_id: line_id(n), sku, options: vec![], quantity, unit_price, available }
}

/// The address of a subject in Oslo, Norway, or in another country.
pub(super) fn address_of(subject: SubjectId, country_code: &str) -> Personal<Address> {
    let value = Address {
        recipient: "Anna Berg".parse().unwrap(),
        line1: "Torggata 1".parse().unwrap(),
        line2: None,
        city: "Oslo".parse().unwrap(),
        region: None,
        postal_code: None,
        country: country(country_code),
        phone: None,
    };
    Personal::known(subject, value)
}

pub(super) fn email_of(subject: SubjectId, text: &str) -> Personal<Email> {
    Personal::known(subject, text.parse().unwrap())
}

pub(super) fn subject() -> SubjectId {
    guest_subject(cart_id(1))
}

/// The guest writes where the goods go.
pub(super) fn ship_to(country_code: &str) -> Command {
    let address = address_of(subject(), country_code);
    Command::SetAddress { kind: super::AddressKind::Shipping, address, country: country(country_code) }
}

pub(super) fn nothing() -> Given<Cart> {
    given([])
}

/// A guest's empty cart in euros for Germany.
pub(super) fn guest() -> Given<Cart> {
    nothing().and(create(CartOwner::Guest))
}

/// A customer's empty cart in euros for Germany.
pub(super) fn of_customer() -> Given<Cart> {
    nothing().and(create(CartOwner::Customer(customer(1))))
}

/// A guest's cart with two hearts and three stars.
pub(super) fn filled() -> Given<Cart> {
    guest().and(add(1, "HEART", 2)).and(add(2, "STAR", 3))
}

/// The same, to be shipped the standard way.
pub(super) fn shippable() -> Given<Cart> {
    filled().and(Command::SelectShipping { method: "standard".parse().unwrap() })
}

/// The quote of an open cart at 10 per unit, made some minutes later and good for a quarter of an hour.
pub(super) fn quote_of(cart: &OpenCart, minutes: i64) -> Box<Quote> {
    let price = SelectedPrice { amount: price("10"), reason: PriceReason::ListPrice };
    let lines = cart.lines.iter().map(|line| PricingLine {
        line_id: line.line_id,
        sku: line.sku.clone(),
        description: "".parse().unwrap(),
        quantity: line.quantity,
        price,
    });
    let request = PricingRequest {
        currency: cart.currency,
        country: cart.country.clone(),
        lines: lines.collect(),
        shipping_method: "standard".parse().unwrap(),
        at: at(minutes).now,
        valid_for: TimeDelta::minutes(15),
    };
    let tariff = ShippingTariff { price_minor: 599, free_from_minor: 5_000 };
    let tariffs = ["EUR", "USD"].map(|code| (currency(code), tariff)).into();
    let tax = FlatTax { rate: TaxRate::from_millionths(80_000).unwrap() };
    Box::new(price_lines(&request, &tax, &ThresholdShipping { tariffs }).unwrap())
}

/// The quote of the cart that a history leads to, made at the moment at which tests decide.
pub(super) fn quote_for(cart: &Given<Cart>) -> Box<Quote> {
    quote_of(cart.state().open().unwrap(), 0)
}

/// [`shippable`] with a quote that holds until minute 15.
pub(super) fn quoted() -> Given<Cart> {
    let quote = quote_for(&shippable());
    shippable().and(Command::Quote { quote })
}

/// Claims a quoted cart for ten minutes.
pub(super) fn begin() -> Command {
    Command::BeginCompletion { quote_hash: quote_for(&shippable()).hash, lease_seconds: 600 }
}

/// [`quoted`], with a claim of fence 1 that lapses in minute 10.
pub(super) fn claimed() -> Given<Cart> {
    quoted().and(begin())
}

/// The lines of an open cart as SKU and units.
pub(super) fn contents(state: &CartState) -> Vec<(String, u32)> {
    let lines = &state.open().unwrap().lines;
    lines.iter().map(|line| (line.sku.to_string(), line.quantity.get())).collect()
}

/// The names of events.
pub(super) fn names(events: &[CartEvent]) -> Vec<&'static str> {
    use crate::aggregate::DomainEvent;
    events.iter().map(|event| event.event_type().name).collect()
}
