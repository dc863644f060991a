//! What can be asked of a product.

use super::events::VariantAttribute;
use crate::{
    money::Currency,
    price::Price,
    text::{Name, Note, Sku},
};
use serde::{Deserialize, Serialize};

/// Commands on a product.
///
/// Whoever sends [`Self::AddVariant`] or [`Self::RecordProduct`] has claimed the SKU for this product first.
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
