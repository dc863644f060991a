//! What can have happened to a product.

use crate::{
    common::Basis,
    events,
    money::Currency,
    price::Price,
    text::{Name, Note, Sku},
};
use serde::{Deserialize, Serialize};

events! {
    /// The history of a product.
    pub enum ProductEvent {
        ProductCreated = 1;
        ProductRenamed = 1;
        VariantAdded = 1;
        VariantWithdrawn = 1;
        VariantPriceSet = 1;
        VariantPriceRemoved = 1;
        ProductPublished = 1;
        ProductUnpublished = 1;
        ProductDiscontinued = 1;
    }
}

/// One property that tells a variant from its siblings, such as color: red.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VariantAttribute {
    /// The property.
    pub name: Name,
    /// Its value.
    pub value: Name,
}

/// The product exists, as a draft without variants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductCreated {
    /// What it is called.
    pub name: Name,
    /// How we know it.
    pub basis: Basis,
}

/// The product is called something else now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductRenamed {
    /// The new name.
    pub name: Name,
}

/// A variant can be stocked and sold under a SKU of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VariantAdded {
    /// The SKU, unique over all products through its claim.
    pub sku: Sku,
    /// What tells it from its siblings, in the order given.
    pub attributes: Vec<VariantAttribute>,
    /// How we know it.
    pub basis: Basis,
}

/// A variant is no longer offered; its SKU stays claimed, since history names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VariantWithdrawn {
    /// The SKU.
    pub sku: Sku,
}

/// A variant has a list price in one currency; an earlier one in that currency is replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VariantPriceSet {
    /// The SKU.
    pub sku: Sku,
    /// The price, never negative.
    pub price: Price,
}

/// A variant has no list price in one currency any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VariantPriceRemoved {
    /// The SKU.
    pub sku: Sku,
    /// The currency.
    pub currency: Currency,
}

/// Shoppers can see the product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductPublished {}

/// Shoppers cannot see the product any more, until it is published again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductUnpublished {}

/// The product is offered no more, for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductDiscontinued {
    /// Why.
    pub reason: Note,
}
