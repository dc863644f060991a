//! Products and commands for the tests.

use super::{
    Product,
    commands::ProductCommand as Command,
    events::{Media, ProductEvent, VariantAdded, VariantAttribute},
    state::ProductDetails,
};
use crate::{
    common::Basis,
    ids::CategoryId,
    price::Price,
    testing::{Given, given},
    text::{Name, Sku},
};
use uuid::Uuid;

pub(super) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub(super) fn sku(text: &str) -> Sku {
    text.parse().unwrap()
}

pub(super) fn price(amount: &str, currency: &str) -> Price {
    Price { amount: amount.parse().unwrap(), currency: currency.parse().unwrap() }
}

pub(super) fn nothing() -> Given<Product> {
    given([])
}

/// A draft called Heart, without variants.
pub(super) fn draft() -> Given<Product> {
    nothing().and(Command::Create { name: name("Heart") })
}

/// A draft with the variant A1 on offer.
pub(super) fn with_variant() -> Given<Product> {
    draft().and(add("A1", &[]))
}

/// The same with a price of 2.55 pounds, but discontinued.
pub(super) fn discontinued() -> Given<Product> {
    with_variant().and(set_price("A1", "2.55")).and(discontinue())
}

pub(super) fn attribute(name_text: &str, value: &str) -> VariantAttribute {
    VariantAttribute { name: name(name_text), value: name(value) }
}

pub(super) fn add(variant: &str, attributes: &[VariantAttribute]) -> Command {
    Command::AddVariant { sku: sku(variant), attributes: attributes.to_vec() }
}

pub(super) fn added(variant: &str, attributes: &[VariantAttribute]) -> ProductEvent {
    VariantAdded { sku: sku(variant), attributes: attributes.to_vec(), basis: Basis::Recorded }.into()
}

pub(super) fn withdraw(variant: &str) -> Command {
    Command::WithdrawVariant { sku: sku(variant) }
}

/// Sets a price in pounds.
pub(super) fn set_price(variant: &str, amount: &str) -> Command {
    Command::SetVariantPrice { sku: sku(variant), price: price(amount, "GBP") }
}

pub(super) fn discontinue() -> Command {
    Command::Discontinue { reason: "the maker closed".parse().unwrap() }
}

pub(super) fn set_slug(slug: &str, claim_round: u64) -> Command {
    Command::SetSlug { slug: slug.parse().unwrap(), claim_round }
}

pub(super) fn details(text: &str) -> ProductDetails {
    ProductDetails {
        short_description: text.parse().unwrap(),
        description: text.parse().unwrap(),
        brand: Some(name("Lumen")),
        meta_title: None,
        meta_description: None,
    }
}

pub(super) fn category(n: u32) -> CategoryId {
    CategoryId::new(Uuid::from_u128(u128::from(n)))
}

pub(super) fn medium(n: u32, primary: bool) -> Media {
    Media { url: format!("https://cdn.example/{n}.jpg").parse().unwrap(), alt: "A heart".parse().unwrap(), primary }
}
