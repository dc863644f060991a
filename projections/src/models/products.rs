//! Products with their variants and list prices.

use super::{
    fold::{basis, effective_at, is_shown, json, known, names, position, revision, stream_uuid},
    query::{Filters, Ordering, Slice, every, one, slice, text},
};
use crate::{
    projection::{ApplyError, Incoming, Projection, Tables, TablesExt},
    read::{ReadModelError, Snapshot},
    read_table,
    table::{Row, TableSpec, Value},
};
use chrono::{DateTime, Utc};
use futures::{FutureExt, future::BoxFuture};
use tillroll_domain::{aggregate::DomainEvent, ids::ProductId, product::events::ProductEvent, text::Sku};

/// The name of the projection.
pub const NAME: &str = "products";

read_table! {
    /// A product.
    pub struct ProductRow in "products", key 1, indexes ["name, product_id", "created_at, product_id", "status, name, product_id"] {
        /// Its typed id.
        pub product_id: String,
        /// What it is called.
        pub name: String,
        /// `draft`, `published` or `discontinued`.
        pub status: String,
        /// How many of its variants are offered.
        pub variants: i64,
        /// `recorded` or `inferred`.
        pub basis: String,
        /// When it came to be, effectively.
        pub created_at: DateTime<Utc>,
        /// When its last event was recorded.
        pub updated_at: DateTime<Utc>,
        /// The stream's revision.
        pub revision: i64,
        /// The log's position of its last event.
        pub position: i64,
    }
}

read_table! {
    /// A variant of a product, under a SKU of its own.
    pub struct VariantRow in "product_variants", key 2, indexes ["sku"] {
        /// The product.
        pub product_id: String,
        /// The SKU.
        pub sku: String,
        /// What tells it from its siblings: a JSON list of `{name, value}`.
        pub attributes: String,
        /// Whether it is offered no more.
        pub withdrawn: bool,
        /// `recorded` or `inferred`.
        pub basis: String,
        /// When it was added, effectively.
        pub added_at: DateTime<Utc>,
    }
}

read_table! {
    /// A list price of a variant in one currency.
    pub struct PriceRow in "product_prices", key 3, indexes ["sku, currency"] {
        /// The product.
        pub product_id: String,
        /// The SKU.
        pub sku: String,
        /// ISO 4217 code.
        pub currency: String,
        /// Per unit in major units, as a decimal text.
        pub amount: String,
        /// Per unit, in millionths of the major unit.
        pub amount_micros: i64,
        /// Since when, effectively.
        pub set_at: DateTime<Utc>,
    }
}

/// The projection.
#[derive(Debug, Clone, Copy)]
pub struct Products;

static TYPES: [&str; ProductEvent::TYPES.len()] = names(ProductEvent::TYPES);

impl Projection for Products {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> Vec<TableSpec> {
        vec![ProductRow::TABLE, VariantRow::TABLE, PriceRow::TABLE]
    }

    fn event_types(&self) -> &'static [&'static str] {
        &TYPES
    }

    fn apply<'a>(&'a self, event: &'a Incoming, tables: &'a mut dyn Tables) -> BoxFuture<'a, Result<(), ApplyError>> {
        apply(event, tables).boxed()
    }
}

async fn apply(incoming: &Incoming, tables: &mut dyn Tables) -> Result<(), ApplyError> {
    if !is_shown(incoming) {
        return Ok(());
    }
    let fact = incoming.decode::<ProductEvent>()?;
    let event = incoming.recorded();
    let product_id = ProductId::new(stream_uuid(event)?).to_string();
    let at = effective_at(event)?;
    if let ProductEvent::ProductCreated(created) = fact {
        tables.put(&ProductRow {
            product_id,
            name: created.name.to_string(),
            status: "draft".to_owned(),
            variants: 0,
            basis: basis(created.basis),
            created_at: at,
            updated_at: event.recorded_at,
            revision: revision(event),
            position: position(event),
        });
        return Ok(());
    }
    let mut product: ProductRow = known(tables.get(vec![text(&product_id)]).await?, event)?;
    match fact {
        ProductEvent::ProductCreated(_) => {}
        ProductEvent::ProductRenamed(renamed) => product.name = renamed.name.to_string(),
        ProductEvent::VariantAdded(added) => {
            product.variants += 1;
            tables.put(&VariantRow {
                product_id,
                sku: added.sku.to_string(),
                attributes: json(&added.attributes)?,
                withdrawn: false,
                basis: basis(added.basis),
                added_at: at,
            });
        }
        ProductEvent::VariantWithdrawn(withdrawn) => {
            let key = vec![text(&product_id), text(&withdrawn.sku)];
            let mut variant: VariantRow = known(tables.get(key).await?, event)?;
            product.variants -= 1;
            variant.withdrawn = true;
            tables.put(&variant);
        }
        ProductEvent::VariantPriceSet(set) => tables.put(&PriceRow {
            product_id,
            sku: set.sku.to_string(),
            currency: set.price.currency.to_string(),
            amount: set.price.amount.to_string(),
            amount_micros: set.price.amount.micros(),
            set_at: at,
        }),
        ProductEvent::VariantPriceRemoved(removed) => {
            tables.delete::<PriceRow>(vec![text(&product_id), text(&removed.sku), text(removed.currency)]);
        }
        ProductEvent::ProductPublished(_) => "published".clone_into(&mut product.status),
        ProductEvent::ProductUnpublished(_) => "draft".clone_into(&mut product.status),
        ProductEvent::ProductDiscontinued(_) => "discontinued".clone_into(&mut product.status),
    }
    product.updated_at = event.recorded_at;
    product.revision = revision(event);
    product.position = position(event);
    tables.put(&product);
    Ok(())
}

/// Which products to list.
#[derive(Debug, Clone, Default)]
pub struct ProductFilter {
    /// Only those with this status.
    pub status: Option<String>,
    /// Only those with exactly this name.
    pub name: Option<String>,
    /// Only the one with this SKU.
    pub sku: Option<Sku>,
    /// Only those that shoppers may see, whatever else is asked for.
    pub published_only: bool,
}

/// By name.
pub const BY_NAME: Ordering = Ordering::ascending(&["name", "product_id"]);
/// By name, backwards.
pub const BY_NAME_DESCENDING: Ordering = Ordering::descending(&["name", "product_id"]);
/// The oldest first.
pub const BY_CREATED_AT: Ordering = Ordering::ascending(&["created_at", "product_id"]);
/// The newest first.
pub const BY_CREATED_AT_DESCENDING: Ordering = Ordering::descending(&["created_at", "product_id"]);

/// Some products, in order.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn list(
    snapshot: &mut Snapshot,
    filter: &ProductFilter,
    order: Ordering,
    after: Option<&[Value]>,
    limit: usize,
) -> Result<Slice<ProductRow>, ReadModelError> {
    let mut filters = Filters::none()
        .and_some("status =", filter.status.as_ref().map(text))
        .and_some("name =", filter.name.as_ref().map(text));
    if filter.published_only {
        filters = filters.and("status =", text("published"));
    }
    if let Some(sku) = &filter.sku {
        // A SKU belongs to one product for good, so this is a list of one or none.
        let owners: Vec<VariantRow> = every(snapshot, Filters::none().and("sku =", text(sku)), VARIANT_ORDER).await?;
        filters = filters.among("product_id", owners.into_iter().map(|variant| text(variant.product_id)).collect());
    }
    slice(snapshot, filters, order, after, limit).await
}

const VARIANT_ORDER: Ordering = Ordering::ascending(&["product_id", "sku"]);

/// A product with all that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductDetail {
    /// The product.
    pub product: ProductRow,
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
    let mine = || Filters::none().and("product_id =", text(id));
    let Some(product) = one(snapshot, mine()).await? else { return Ok(None) };
    let variants = every(snapshot, mine(), VARIANT_ORDER).await?;
    let prices = every(snapshot, mine(), Ordering::ascending(&["product_id", "sku", "currency"])).await?;
    Ok(Some(ProductDetail { product, variants, prices }))
}

#[cfg(test)]
mod tests;
