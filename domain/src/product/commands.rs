//! What can be asked of a product.

use super::{
    events::{Media, VariantAttribute},
    state::ProductDetails,
};
use crate::{
    ids::CategoryId,
    money::Currency,
    price::Price,
    text::{Name, Note, Sku, Slug},
};
use serde::{Deserialize, Serialize};

/// Commands on a product.
///
/// Whoever sends [`Self::AddVariant`] or [`Self::RecordProduct`] has claimed the SKU for this product first, and whoever
/// sends [`Self::SetSlug`] the slug; see [`super::SlugClaim`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProductCommand {
    /// Create a draft. Refused if it exists under another name, silent under the same.
    Create {
        /// What it is called.
        name: Name,
    },
    /// Call it something else.
    Rename {
        /// The new name.
        name: Name,
    },
    /// Add a variant, at most [`super::commands::VARIANTS_MAX`].
    AddVariant {
        /// The SKU.
        sku: Sku,
        /// What tells it from its siblings, at most [`ATTRIBUTES_MAX`].
        attributes: Vec<VariantAttribute>,
    },
    /// Stop offering a variant.
    WithdrawVariant {
        /// The SKU.
        sku: Sku,
    },
    /// Set a variant's list price in the price's currency.
    SetVariantPrice {
        /// The SKU.
        sku: Sku,
        /// The price, not negative.
        price: Price,
    },
    /// Remove a variant's list price in one currency.
    RemoveVariantPrice {
        /// The SKU.
        sku: Sku,
        /// The currency.
        currency: Currency,
    },
    /// Show it to shoppers; it needs a variant that is offered.
    Publish,
    /// Hide it from shoppers until it is published again. Silent for a draft; refused once it is discontinued.
    Unpublish,
    /// Offer it no more.
    Discontinue {
        /// Why.
        reason: Note,
    },
    /// Give it a slug, or another one. Silent if it has it; refused if the claim's round is over.
    SetSlug {
        /// What stands for it in addresses.
        slug: Slug,
        /// The round in which the slug was claimed.
        claim_round: u64,
    },
    /// End the round, so that claims of slugs that were made in it and are not in use count no more. Silent if it is over.
    EndSlugClaims {
        /// The round.
        claim_round: u64,
    },
    /// Say what shoppers read about it; replaces all that was said before.
    Describe {
        /// What they read.
        details: ProductDetails,
    },
    /// Put it into these categories and no others, at most [`CATEGORIES_MAX`]; the first is the one that it is shown under.
    Categorize {
        /// The categories, none twice; whoever sends it has seen that they are there and active.
        category_ids: Vec<CategoryId>,
    },
    /// Show these pictures and films and no others, at most [`MEDIA_MAX`].
    SetMedia {
        /// In the order in which to show them, no address twice, at most one of them primary.
        media: Vec<Media>,
    },
    /// Show it where the shop shows what it recommends.
    Feature,
    /// Recommend it no more.
    Unfeature,
    /// Import: a product with one variant that a source document names. Silent if the variant is there already.
    RecordProduct {
        /// The first name that a sale gave it, or its code.
        name: Name,
        /// The SKU.
        sku: Sku,
    },
}

/// The most variants of one product, withdrawn ones included.
pub const VARIANTS_MAX: usize = 250;
/// The most attributes of one variant.
pub const ATTRIBUTES_MAX: usize = 16;
/// The most categories of one product.
pub const CATEGORIES_MAX: usize = 20;
/// The most pictures and films of one product.
pub const MEDIA_MAX: usize = 20;
