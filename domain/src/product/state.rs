//! What decisions on a product need to know about its past.

use super::{
    error::ProductError,
    events::{Media, ProductDescribed, ProductEvent, VariantAttribute},
};
use crate::{
    ids::CategoryId,
    money::Currency,
    price::UnitPrice,
    text::{Description, Name, Note, Sku, Slug},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A product, or none yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductState {
    /// Nobody created it.
    Absent,
    /// It was created.
    Existing(ExistingProduct),
}

/// How far a product is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductStage {
    /// Shoppers do not see it, not yet or not any more.
    Draft,
    /// Shoppers see it.
    Published,
    /// It is offered no more, for good.
    Discontinued,
}

/// A product that was created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExistingProduct {
    /// What it is called.
    pub name: Name,
    /// How far it is in its life.
    pub stage: ProductStage,
    /// Its variants, withdrawn ones included.
    pub variants: BTreeMap<Sku, Variant>,
    /// What stands for it in addresses.
    pub slug: Option<HeldSlug>,
    /// The round in which it may claim slugs; see [`super::SlugClaim`].
    pub claim_round: u64,
    /// What shoppers read about it; nothing until something is said. A box, since most products that decisions need are
    /// needed for their prices.
    pub details: Option<Box<ProductDetails>>,
    /// The categories that it is in.
    pub category_ids: Vec<CategoryId>,
    /// Its pictures and films.
    pub media: Vec<Media>,
    /// Whether the shop recommends it.
    pub featured: bool,
}

/// A slug in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldSlug {
    /// The slug.
    pub slug: Slug,
    /// The round in which it was claimed.
    pub claim_round: u64,
}

/// What shoppers read about a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductDetails {
    /// A sentence or two, for lists; may be empty.
    pub short_description: Note,
    /// All of it, for the product's page; may be empty.
    pub description: Description,
    /// Who makes it.
    pub brand: Option<Name>,
    /// The title of its page for search engines, where it is not the name.
    pub meta_title: Option<Note>,
    /// The description of its page for search engines, where it is not the short description.
    pub meta_description: Option<Note>,
}

impl From<ProductDetails> for ProductDescribed {
    fn from(details: ProductDetails) -> Self {
        let ProductDetails { short_description, description, brand, meta_title, meta_description } = details;
        Self { short_description, description, brand, meta_title, meta_description }
    }
}

impl From<ProductDescribed> for ProductDetails {
    fn from(event: ProductDescribed) -> Self {
        let ProductDescribed { short_description, description, brand, meta_title, meta_description } = event;
        Self { short_description, description, brand, meta_title, meta_description }
    }
}

/// A variant of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// Whether it is offered, that is, was not withdrawn.
    pub offered: bool,
    /// What tells it from its siblings.
    pub attributes: Vec<VariantAttribute>,
    /// Its list prices.
    pub prices: BTreeMap<Currency, UnitPrice>,
}

impl ProductState {
    /// The product, or the refusal that there is none.
    pub(super) fn existing(&self) -> Result<&ExistingProduct, ProductError> {
        match self {
            Self::Absent => Err(ProductError::NotFound),
            Self::Existing(product) => Ok(product),
        }
    }

    pub(super) fn apply(self, event: &ProductEvent) -> Self {
        if let ProductEvent::ProductCreated(e) = event {
            debug_assert!(self == Self::Absent, "a product is created once");
            return Self::Existing(ExistingProduct {
                name: e.name.clone(),
                stage: ProductStage::Draft,
                variants: BTreeMap::new(),
                slug: None,
                claim_round: 0,
                details: None,
                category_ids: vec![],
                media: vec![],
                featured: false,
            });
        }
        match self {
            Self::Existing(product) => Self::Existing(product.apply(event)),
            Self::Absent => {
                debug_assert!(false, "the first event creates the product");
                Self::Absent
            }
        }
    }
}

impl ExistingProduct {
    /// The variant of a SKU, or the refusal that there is none.
    pub(super) fn variant(&self, sku: &Sku) -> Result<&Variant, ProductError> {
        self.variants.get(sku).ok_or_else(|| ProductError::VariantNotFound { sku: sku.clone() })
    }

    /// Refuses whatever would change a discontinued product.
    pub(super) fn changeable(&self) -> Result<(), ProductError> {
        match self.stage {
            ProductStage::Draft | ProductStage::Published => Ok(()),
            ProductStage::Discontinued => Err(ProductError::Discontinued),
        }
    }

    fn apply(mut self, event: &ProductEvent) -> Self {
        match event {
            ProductEvent::ProductCreated(e) => self.name = e.name.clone(),
            ProductEvent::ProductRenamed(e) => self.name = e.name.clone(),
            ProductEvent::VariantAdded(e) => {
                let variant = Variant { offered: true, attributes: e.attributes.clone(), prices: BTreeMap::new() };
                self.variants.insert(e.sku.clone(), variant);
            }
            ProductEvent::VariantWithdrawn(e) => self.change(&e.sku, |variant| variant.offered = false),
            ProductEvent::VariantPriceSet(e) => self.change(&e.sku, |variant| {
                variant.prices.insert(e.price.currency, e.price.amount);
            }),
            ProductEvent::VariantPriceRemoved(e) => self.change(&e.sku, |variant| {
                variant.prices.remove(&e.currency);
            }),
            ProductEvent::ProductPublished(_) => self.stage = ProductStage::Published,
            ProductEvent::ProductUnpublished(_) => self.stage = ProductStage::Draft,
            ProductEvent::ProductDiscontinued(_) => self.stage = ProductStage::Discontinued,
            ProductEvent::ProductSlugSet(e) => {
                self.slug = Some(HeldSlug { slug: e.slug.clone(), claim_round: e.claim_round });
                self.claim_round = e.claim_round.saturating_add(1);
            }
            ProductEvent::ProductSlugClaimsEnded(e) => self.claim_round = e.claim_round.saturating_add(1),
            ProductEvent::ProductDescribed(e) => self.details = Some(Box::new(e.clone().into())),
            ProductEvent::ProductCategorized(e) => self.category_ids.clone_from(&e.category_ids),
            ProductEvent::ProductMediaSet(e) => self.media.clone_from(&e.media),
            ProductEvent::ProductFeatured(_) => self.featured = true,
            ProductEvent::ProductUnfeatured(_) => self.featured = false,
        }
        self
    }

    fn change(&mut self, sku: &Sku, change: impl FnOnce(&mut Variant)) {
        let variant = self.variants.get_mut(sku);
        debug_assert!(variant.is_some(), "only a variant that was added changes");
        if let Some(variant) = variant {
            change(variant);
        }
    }
}
