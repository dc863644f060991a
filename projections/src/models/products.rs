//! Products with their variants, list prices and what shoppers read and see; and the lists in which they are found.
//!
//! - [`tables`]: what is kept.
//! - [`list`]: which products, in which order, and which index serves that.

use super::{
    fold::names,
    query::{Filters, Ordering, every, one, text},
};
use crate::{
    projection::{ApplyError, Incoming, Projection, Tables},
    read::{ReadModelError, Snapshot},
    table::{Row, TableSpec},
};
use futures::{FutureExt, future::BoxFuture};
use tillroll_domain::{aggregate::DomainEvent, ids::ProductId, product::events::ProductEvent, text::Slug};

pub mod list;
pub mod tables;

mod fold;
mod listed;

pub use tables::{DetailRow, ListedPriceRow, ListedRow, OfferedPricesRow, PriceRow, ProductRow, VariantRow};

/// The name of the projection.
pub const NAME: &str = "products";

/// The projection.
#[derive(Debug, Clone, Copy)]
pub struct Products;

static TYPES: [&str; ProductEvent::TYPES.len()] = names(ProductEvent::TYPES);

impl Projection for Products {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> u32 {
        2
    }

    fn tables(&self) -> Vec<TableSpec> {
        vec![
            ProductRow::TABLE,
            DetailRow::TABLE,
            VariantRow::TABLE,
            PriceRow::TABLE,
            OfferedPricesRow::TABLE,
            ListedRow::TABLE,
            ListedPriceRow::TABLE,
        ]
    }

    fn event_types(&self) -> &'static [&'static str] {
        &TYPES
    }

    fn apply<'a>(&'a self, event: &'a Incoming, tables: &'a mut dyn Tables) -> BoxFuture<'a, Result<(), ApplyError>> {
        fold::apply(event, tables).boxed()
    }
}

/// A product with all that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductDetail {
    /// The product.
    pub product: ProductRow,
    /// What its page shows besides.
    pub detail: Option<DetailRow>,
    /// Its variants by SKU, withdrawn ones too.
    pub variants: Vec<VariantRow>,
    /// Their prices by SKU and currency.
    pub prices: Vec<PriceRow>,
}

/// One product; `None` if there is none.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn get(snapshot: &mut Snapshot, id: ProductId) -> Result<Option<ProductDetail>, ReadModelError> {
    let product = one(snapshot, Filters::none().and("product_id =", text(id))).await?;
    with_all(snapshot, product).await
}

/// The product that has the slug now; `None` if none has it.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn get_by_slug(snapshot: &mut Snapshot, slug: &Slug) -> Result<Option<ProductDetail>, ReadModelError> {
    // A slug changes hands only after its product gave it up, so that two never have it at once; a product that is parked
    // may still show the one that it gave up. The lower id then wins, so that answers agree.
    let filters = Filters::none().and("slug =", text(slug));
    let found: Vec<ProductRow> = every(snapshot, filters, Ordering::ascending(&["slug", "product_id"])).await?;
    with_all(snapshot, found.into_iter().next()).await
}

async fn with_all(
    snapshot: &mut Snapshot,
    product: Option<ProductRow>,
) -> Result<Option<ProductDetail>, ReadModelError> {
    let Some(product) = product else { return Ok(None) };
    let mine = || Filters::none().and("product_id =", text(&product.product_id));
    let detail = one(snapshot, mine()).await?;
    let variants = every(snapshot, mine(), Ordering::ascending(&["product_id", "sku"])).await?;
    let prices = every(snapshot, mine(), Ordering::ascending(&["product_id", "sku", "currency"])).await?;
    Ok(Some(ProductDetail { product, detail, variants, prices }))
}

#[cfg(test)]
mod tests;
