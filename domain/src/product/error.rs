//! Why a command on a product is refused.

use crate::{
    ids::CategoryId,
    price::UnitPrice,
    text::{MediaUrl, Name, Sku},
};
use thiserror::Error;

/// Why a product refused a command; nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProductError {
    /// Nobody created the product.
    #[error("the product does not exist")]
    NotFound,
    /// The product exists under another name.
    #[error("the product exists as {name}")]
    ExistsAs {
        /// What it is called.
        name: Name,
    },
    /// The product is offered no more and never changes again.
    #[error("the product is discontinued")]
    Discontinued,
    /// The product has no variant of this SKU.
    #[error("the product has no variant {sku}")]
    VariantNotFound {
        /// The SKU.
        sku: Sku,
    },
    /// The product has a variant of this SKU with other attributes.
    #[error("the product has a variant {sku} with other attributes")]
    VariantDiffers {
        /// The SKU.
        sku: Sku,
    },
    /// The variant is no longer offered.
    #[error("the variant {sku} was withdrawn")]
    VariantWithdrawn {
        /// The SKU.
        sku: Sku,
    },
    /// The product has as many variants as it may have.
    #[error("a product has at most {max} variants, withdrawn ones included")]
    TooManyVariants {
        /// The bound.
        max: usize,
    },
    /// The variant would have more attributes than it may have.
    #[error("a variant has at most {max} attributes")]
    TooManyAttributes {
        /// The bound.
        max: usize,
    },
    /// An attribute is named twice.
    #[error("the attribute {name} is given twice")]
    DuplicateAttribute {
        /// The attribute.
        name: Name,
    },
    /// A price below zero.
    #[error("a list price must not be negative, but {amount} is")]
    NegativePrice {
        /// The price.
        amount: UnitPrice,
    },
    /// No variant is offered, so that there is nothing to show.
    #[error("a product without a variant on offer cannot be published")]
    NothingOffered,
    /// The round in which the slug was claimed is over: another slug was set meanwhile, or another product took this one.
    #[error("the slug was claimed in round {claim_round}, which is over")]
    SlugClaimEnded {
        /// The round.
        claim_round: u64,
    },
    /// The product would be in more categories than it may be.
    #[error("a product is in at most {max} categories")]
    TooManyCategories {
        /// The bound.
        max: usize,
    },
    /// A category is named twice.
    #[error("the category {category_id} is given twice")]
    DuplicateCategory {
        /// The category.
        category_id: CategoryId,
    },
    /// The product would have more pictures and films than it may have.
    #[error("a product has at most {max} media")]
    TooManyMedia {
        /// The bound.
        max: usize,
    },
    /// An address is given twice.
    #[error("the medium {url} is given twice")]
    DuplicateMedia {
        /// The address.
        url: MediaUrl,
    },
    /// Several pictures or films are to stand for the product.
    #[error("only one of the media can be primary")]
    SeveralPrimaryMedia,
}
