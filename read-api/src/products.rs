//! Products with their variants and list prices. Storefronts see published products and offered variants alone.

use crate::{
    ReadApi,
    answer::{ListProblems, OneProblems, OneReadHeaders, ReadHeaders, ReadRequest, Tagged, failed},
    json::decode,
    paging::{Paging, sorts},
    problems::PRODUCT_NOT_FOUND,
};
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tillroll_domain::{aggregate::Aggregate, ids::ProductId, product::Product, text::Sku};
use tillroll_http::{Limit, Page, Path, Permission, Principal, Problem, Query, Role};
use tillroll_projections::models::products::{
    self, BY_CREATED_AT, BY_CREATED_AT_DESCENDING, BY_NAME, BY_NAME_DESCENDING, PriceRow, ProductDetail, ProductFilter,
    ProductRow, VariantRow,
};
use utoipa::{IntoParams, ToSchema};

sorts! {
    /// How to sort products.
    ProductSort {
        /// By name.
        Name = "name" => BY_NAME,
        /// By name, backwards.
        NameDescending = "-name" => BY_NAME_DESCENDING,
        /// The oldest first.
        CreatedAt = "created_at" => BY_CREATED_AT,
        /// The newest first.
        CreatedAtDescending = "-created_at" => BY_CREATED_AT_DESCENDING,
    }
}

/// Where a product stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ProductStatus {
    /// Shoppers do not see it yet.
    Draft,
    /// Shoppers see it.
    Published,
    /// It is offered no more.
    Discontinued,
}

impl ProductStatus {
    const fn text(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Discontinued => "discontinued",
        }
    }
}

/// Which products to list.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListProducts {
    /// Only those with this status.
    #[param(inline)]
    status: Option<ProductStatus>,
    /// Only those with exactly this name.
    name: Option<String>,
    /// Only the one with this SKU.
    #[param(value_type = Option<String>)]
    sku: Option<Sku>,
    /// The order; `name` by default.
    #[param(inline)]
    sort: Option<ProductSort>,
    /// How many at most: 1 to 100, by default 20.
    #[serde(skip_serializing)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100)]
    limit: Option<Limit>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing)]
    cursor: Option<String>,
}

/// A product in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProductSummary {
    #[schema(example = "prd_01980000-0000-7000-8000-000000000000")]
    id: String,
    name: String,
    /// `draft`, `published` or `discontinued`.
    status: String,
    /// How many of its variants are offered.
    variants: i64,
    /// `recorded`, or `inferred` from other documents.
    basis: String,
    /// When it came to be.
    created_at: DateTime<Utc>,
    /// When its last event was recorded.
    updated_at: DateTime<Utc>,
    /// The revision to name in `If-Match`.
    revision: i64,
}

/// A product with its variants and prices.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Product)]
pub(crate) struct ProductJson {
    #[serde(flatten)]
    product: ProductSummary,
    /// By SKU; withdrawn ones come too, except for storefronts.
    offers: Vec<Variant>,
}

/// A variant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Variant {
    sku: String,
    /// What tells it from its siblings.
    attributes: Vec<VariantAttributeJson>,
    /// Whether it is offered no more.
    withdrawn: bool,
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

impl From<ProductRow> for ProductSummary {
    fn from(row: ProductRow) -> Self {
        Self {
            id: row.product_id,
            name: row.name,
            status: row.status,
            variants: row.variants,
            basis: row.basis,
            created_at: row.created_at,
            updated_at: row.updated_at,
            revision: row.revision,
        }
    }
}

impl From<PriceRow> for ListPrice {
    fn from(row: PriceRow) -> Self {
        Self { amount: row.amount, currency: row.currency, set_at: row.set_at }
    }
}

fn product_json(detail: ProductDetail, withdrawn_too: bool) -> Result<ProductJson, Problem> {
    let ProductDetail { product, variants, prices } = detail;
    let shown = variants.into_iter().filter(|variant| withdrawn_too || !variant.withdrawn);
    let offers = shown.map(|row| {
        let VariantRow { sku, attributes, withdrawn, basis, added_at, .. } = row;
        let prices = prices.iter().filter(|price| price.sku == sku).cloned().map(ListPrice::from).collect();
        Ok(Variant { attributes: decode(&attributes)?, sku, withdrawn, basis, added_at, prices })
    });
    Ok(ProductJson { product: product.into(), offers: offers.collect::<Result<_, Problem>>()? })
}

/// List products.
///
/// Storefronts see published products alone.
#[utoipa::path(get, path = "/api/v1/products", tag = "products", params(ListProducts, ReadHeaders), responses(
    (status = 200, description = "Some products", body = Page<ProductSummary>), ListProblems))]
pub(crate) async fn list_products(
    State(api): State<ReadApi>,
    principal: Principal,
    Query(query): Query<ListProducts>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    principal.require(Permission::ReadCatalog)?;
    let published_only = principal.role == Role::Storefront;
    let order = query.sort.unwrap_or_default().ordering();
    let scope = (&query, published_only);
    let paging = Paging::new::<ProductRow>("products", &scope, order, query.cursor.as_deref(), query.limit)?;
    let filter = ProductFilter {
        status: query.status.map(|status| status.text().to_owned()),
        name: query.name,
        sku: query.sku,
        published_only,
    };
    let mut view = request.open(&api, &[products::NAME]).await?;
    let slice = products::list(&mut view.snapshot, &filter, order, paging.after.as_deref(), paging.limit).await;
    let slice = slice.map_err(failed)?;
    let data = slice.rows.into_iter().map(ProductSummary::from).collect();
    Ok(view.page(paging.page(data, slice.next.as_deref())))
}

/// Read one product with its variants and prices.
///
/// Storefronts see published products and offered variants alone.
#[utoipa::path(get, path = "/api/v1/products/{id}", tag = "products", params(("id" = String, Path), OneReadHeaders),
    responses((status = 200, description = "The product; `ETag` is its revision", body = ProductJson), OneProblems))]
pub(crate) async fn get_product(
    State(api): State<ReadApi>,
    principal: Principal,
    Path(id): Path<ProductId>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    principal.require(Permission::ReadCatalog)?;
    let is_shopper = principal.role == Role::Storefront;
    let mut view = request.open(&api, &[products::NAME]).await?;
    let found = products::get(&mut view.snapshot, id).await.map_err(failed)?;
    let found = found.filter(|found| !is_shopper || found.product.status == ProductStatus::Published.text());
    let tagged = match found {
        Some(found) => {
            // What a shopper sees is another representation, so it has another tag.
            let tag = found.product.revision.to_string() + if is_shopper { "-published" } else { "" };
            Some(Tagged { tag, body: product_json(found, !is_shopper)? })
        }
        None => None,
    };
    view.one((Product::CATEGORY, id.uuid().hyphenated()), tagged, &PRODUCT_NOT_FOUND).await
}
