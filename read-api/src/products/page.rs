//! The page of one product: what shoppers read and see, its variants with prices and availability, and its categories.

use super::{ProductStatus, ProductSummary};
use crate::{
    ReadApi,
    answer::{OneProblems, OneReadHeaders, ReadRequest, Tagged, View, failed},
    categories::CategoryStep,
    json::decode,
    problems::PRODUCT_NOT_FOUND,
};
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tillroll_domain::{
    aggregate::Aggregate,
    ids::ProductId,
    product::Product,
    text::{LocationId, Slug},
};
use tillroll_http::{Path, Permission, Principal, Problem, schema};
use tillroll_infra::bus::Fingerprint;
use tillroll_projections::{
    models::{
        categories,
        products::{self, DetailRow, PriceRow, ProductDetail, VariantRow},
        stock,
    },
    read::Snapshot,
};
use utoipa::ToSchema;

/// A product with all that its page shows.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Product)]
pub(crate) struct ProductJson {
    #[serde(flatten)]
    product: ProductSummary,
    /// All that shoppers read about it; may be empty, and may have several lines.
    description: String,
    /// The title of its page for search engines, where it is not the name.
    meta_title: Option<String>,
    /// The description of its page for search engines, where it is not the short description.
    meta_description: Option<String>,
    /// Its pictures and films, in the order in which to show them.
    media: Vec<Medium>,
    /// The categories that it is in, the one that it is shown under first. Shoppers do not see archived ones.
    categories: Vec<ProductCategory>,
    /// By SKU; withdrawn ones come too, except for shoppers.
    offers: Vec<Variant>,
}

/// A picture or film of a product.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Medium {
    #[schema(example = "https://cdn.example/blue-mug.jpg")]
    url: String,
    /// What stands for it where it cannot be seen; may be empty.
    alt: String,
    /// Whether it stands for the product in lists; exactly one does.
    primary: bool,
}

/// A category that a product is in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProductCategory {
    #[schema(example = "cat_01980000-0000-7000-8000-000000000000")]
    id: String,
    /// The way to it from the first level, itself at the end.
    path: Vec<CategoryStep>,
}

/// A variant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Variant {
    sku: String,
    /// What tells it from its siblings.
    attributes: Vec<VariantAttributeJson>,
    /// Whether it is offered no more.
    withdrawn: bool,
    /// How many units can be sold now, over the locations that the shop sells from.
    available: i64,
    /// `recorded`, or `inferred` from other documents.
    basis: String,
    /// When it was added.
    added_at: DateTime<Utc>,
    /// Its list prices, one per currency.
    prices: Vec<ListPrice>,
}

/// One property of a variant.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = VariantAttribute)]
pub(crate) struct VariantAttributeJson {
    name: String,
    value: String,
}

/// A list price per unit, which may be finer than a minor unit.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListPrice {
    /// In major units.
    #[schema(example = "2.55")]
    amount: String,
    /// ISO 4217.
    #[schema(example = "EUR")]
    currency: String,
    /// Since when.
    set_at: DateTime<Utc>,
}

impl From<PriceRow> for ListPrice {
    fn from(row: PriceRow) -> Self {
        Self { amount: row.amount, currency: row.currency, set_at: row.set_at }
    }
}

/// Read one product with all that its page shows.
///
/// Shoppers see published products and offered variants alone.
#[utoipa::path(get, path = "/api/v1/products/{id}", tag = "products",
    params(("id" = inline(schema::ProductId), Path), OneReadHeaders),
    responses((status = 200, description = "The product; `ETag` begins with its revision", body = ProductJson), OneProblems))]
pub(crate) async fn get_product(
    State(api): State<ReadApi>,
    principal: Principal,
    Path(id): Path<ProductId>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    principal.require(Permission::ReadCatalog)?;
    let mut view = request.open(&api, &SHOWN).await?;
    let found = products::get(&mut view.snapshot, id).await.map_err(failed)?;
    answer(&api, view, found, principal.role.is_shopper(), Some(id)).await
}

/// Read the product that has this slug now.
///
/// Shoppers see published products and offered variants alone.
#[utoipa::path(get, path = "/api/v1/products/by-slug/{slug}", tag = "products",
    params(("slug" = inline(schema::Slug), Path), OneReadHeaders),
    responses((status = 200, description = "The product; `ETag` begins with its revision", body = ProductJson), OneProblems))]
pub(crate) async fn get_product_by_slug(
    State(api): State<ReadApi>,
    principal: Principal,
    Path(slug): Path<Slug>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    principal.require(Permission::ReadCatalog)?;
    let mut view = request.open(&api, &SHOWN).await?;
    let found = products::get_by_slug(&mut view.snapshot, &slug).await.map_err(failed)?;
    answer(&api, view, found, principal.role.is_shopper(), None).await
}

/// What a page is made of.
const SHOWN: [&str; 3] = [products::NAME, categories::NAME, stock::NAME];

async fn answer(
    api: &ReadApi,
    mut view: View,
    found: Option<ProductDetail>,
    is_shopper: bool,
    id: Option<ProductId>,
) -> Result<Response, Problem> {
    let found = found.filter(|found| !is_shopper || found.product.status == ProductStatus::Published.text());
    let id = id.or_else(|| found.as_ref().and_then(|found| found.product.product_id.parse().ok()));
    let tagged = match found {
        Some(found) => {
            let revision = found.product.revision;
            let body = product_json(&mut view.snapshot, found, &api.locations, is_shopper).await?;
            // The product's revision, and whatever else the page shows: stock, categories, what the caller may see.
            let tag = format!("{revision}.{}", Fingerprint::of(&body));
            Some(Tagged { tag, body })
        }
        None => None,
    };
    match id {
        // To a shopper, a hidden product is as one that nobody has, so that nothing is told of its events.
        Some(id) if tagged.is_some() || !is_shopper => {
            view.one((Product::CATEGORY, id.uuid().hyphenated()), tagged, &PRODUCT_NOT_FOUND).await
        }
        // Without an id, nobody can say whose event with this slug may be parked.
        Some(_) | None => view.composite(tagged, &PRODUCT_NOT_FOUND),
    }
}

async fn product_json(
    snapshot: &mut Snapshot,
    found: ProductDetail,
    locations: &[LocationId],
    is_shopper: bool,
) -> Result<ProductJson, Problem> {
    let ProductDetail { product, detail, variants, prices } = found;
    let shown: Vec<VariantRow> = variants.into_iter().filter(|row| !is_shopper || !row.withdrawn).collect();
    let skus = shown.iter().map(|row| row.sku.clone()).collect();
    let available = stock::available_of(snapshot, skus, locations).await.map_err(failed)?;
    let mut lowest: BTreeMap<String, i64> = BTreeMap::new();
    for price in &prices {
        if shown.iter().any(|row| row.sku == price.sku && !row.withdrawn) {
            let least = lowest.entry(price.currency.clone()).or_insert(price.amount_micros);
            *least = price.amount_micros.min(*least);
        }
    }
    let offers = shown.into_iter().map(|row| {
        let VariantRow { sku, attributes, withdrawn, basis, added_at, .. } = row;
        let prices = prices.iter().filter(|price| price.sku == sku).cloned().map(ListPrice::from).collect();
        let available = available.get(&sku).copied().unwrap_or(0);
        Ok(Variant { attributes: decode(&attributes)?, sku, withdrawn, available, basis, added_at, prices })
    });
    let offers = offers.collect::<Result<_, Problem>>()?;
    let categories = categories_of(snapshot, &product.category_ids, is_shopper).await?;
    let (description, meta_title, meta_description, media) = match detail {
        Some(DetailRow { description, meta_title, meta_description, media, .. }) => {
            (description, meta_title, meta_description, decode(&media)?)
        }
        None => (String::new(), None, None, vec![]),
    };
    let product = ProductSummary::new(product, lowest);
    Ok(ProductJson { product, description, meta_title, meta_description, media, categories, offers })
}

async fn categories_of(
    snapshot: &mut Snapshot,
    category_ids: &str,
    is_shopper: bool,
) -> Result<Vec<ProductCategory>, Problem> {
    let ids: Vec<String> = decode(category_ids)?;
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        let path = categories::path(snapshot, &id).await.map_err(failed)?;
        // What is above an active category is active, so that the last one tells.
        let hidden = path.last().is_none_or(|row| is_shopper && row.archived);
        if !hidden {
            found.push(ProductCategory { id, path: path.into_iter().map(CategoryStep::from).collect() });
        }
    }
    Ok(found)
}
