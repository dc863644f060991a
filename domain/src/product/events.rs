//! What can have happened to a product.

use crate::{
    common::Basis,
    events,
    ids::CategoryId,
    money::Currency,
    price::Price,
    text::{Description, MediaUrl, Name, Note, Sku, Slug},
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
        ProductSlugSet = 1;
        ProductSlugClaimsEnded = 1;
        ProductDescribed = 1;
        ProductCategorized = 1;
        ProductMediaSet = 1;
        ProductFeatured = 1;
        ProductUnfeatured = 1;
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

/// The product has a slug, or another one. What it claimed in this round or an earlier one and does not use is given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductSlugSet {
    /// What stands for it in addresses, unique over all products through its claim.
    pub slug: Slug,
    /// The round in which it was claimed, from 0; the next one begins.
    pub claim_round: u64,
}

/// The product gave up all slugs that it claimed in this round or an earlier one and does not use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductSlugClaimsEnded {
    /// The round that is over; the next one begins.
    pub claim_round: u64,
}

/// Shoppers read this about the product now, and nothing that was said before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductDescribed {
    /// A sentence or two, for lists; may be empty.
    pub short_description: Note,
    /// All of it, for the product's page; may be empty.
    pub description: Description,
    /// Who makes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<Name>,
    /// The title of its page for search engines, where it is not the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta_title: Option<Note>,
    /// The description of its page for search engines, where it is not the short description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta_description: Option<Note>,
}

/// The product is in these categories now, and in no others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductCategorized {
    /// The categories; the first is the one that it is shown under.
    pub category_ids: Vec<CategoryId>,
}

/// A picture or film of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Media {
    /// Where it is.
    pub url: MediaUrl,
    /// What stands for it where it cannot be seen; may be empty.
    pub alt: Note,
    /// Whether it stands for the product in lists.
    pub primary: bool,
}

/// The product has these pictures and films now, and no others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductMediaSet {
    /// In the order in which they are shown; exactly one is primary, unless there are none.
    pub media: Vec<Media>,
}

/// The shop recommends the product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductFeatured {}

/// The shop does not recommend the product any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductUnfeatured {}
