//! Products in lists. Shoppers see published products and offered variants alone.

pub(crate) mod asked;
pub(crate) mod page;

use crate::{
    ReadApi,
    answer::{ListProblems, OneProblems, ReadHeaders, ReadRequest, View, failed},
    categories::{CategoryRef, found_category},
    paging::{Paging, sorts},
    problems::CATEGORY_NOT_FOUND,
};
use asked::{Asked, CategoryProductsQuery, ProductsQuery};
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tillroll_domain::price::UnitPrice;
use tillroll_http::{Path, Permission, Principal, Problem, Query};
use tillroll_projections::models::{
    categories,
    products::{
        self, ListedPriceRow, ListedRow, ProductRow,
        list::{self, COUNT_MAX, ListedProduct, ProductOrder, SortKey},
    },
    query::{Ordering, Slice},
    stock,
};
use utoipa::ToSchema;

const fn order(key: SortKey, descending: bool) -> Ordering {
    ProductOrder { key, descending }.ordering()
}

sorts! {
    /// How to sort products.
    ProductSort {
        /// By name, whatever the case of its letters.
        Name = "name" => order(SortKey::Name, false),
        /// By name, backwards.
        NameDescending = "-name" => order(SortKey::Name, true),
        /// The cheapest first, by the lowest list price in `currency`; what has none is left out.
        Price = "price" => Ordering::ascending(&["amount_micros", "product_id"]),
        /// The dearest first.
        PriceDescending = "-price" => Ordering::descending(&["amount_micros", "product_id"]),
        /// The oldest first.
        CreatedAt = "created_at" => order(SortKey::CreatedAt, false),
        /// The newest first.
        CreatedAtDescending = "-created_at" => order(SortKey::CreatedAt, true),
        /// What has not changed for longest first.
        UpdatedAt = "updated_at" => order(SortKey::UpdatedAt, false),
        /// What changed last first.
        UpdatedAtDescending = "-updated_at" => order(SortKey::UpdatedAt, true),
    }
}

/// Where a product stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ProductStatus {
    /// Shoppers do not see it, not yet or not any more.
    Draft,
    /// Shoppers see it.
    Published,
    /// It is offered no more.
    Discontinued,
}

impl ProductStatus {
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Discontinued => "discontinued",
        }
    }
}

/// A product in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProductSummary {
    #[schema(example = "prd_01980000-0000-7000-8000-000000000000")]
    id: String,
    name: String,
    /// `draft`, `published` or `discontinued`.
    status: String,
    /// What stands for it in addresses.
    #[schema(example = "blue-mug")]
    slug: Option<String>,
    /// Who makes it.
    brand: Option<String>,
    /// Whether the shop recommends it.
    featured: bool,
    /// A sentence or two; may be empty.
    short_description: String,
    /// The picture or film that stands for it.
    image: Option<Image>,
    /// How many of its variants are offered.
    variants: i64,
    /// The lowest list price of its variants on offer, per currency.
    prices_from: Vec<PriceFrom>,
    /// `recorded`, or `inferred` from other documents.
    basis: String,
    /// When it came to be.
    created_at: DateTime<Utc>,
    /// When its last event was recorded.
    updated_at: DateTime<Utc>,
    /// The revision to name in `If-Match`.
    revision: i64,
}

/// The picture or film that stands for something.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Image {
    #[schema(example = "https://cdn.example/blue-mug.jpg")]
    url: String,
    /// What stands for it where it cannot be seen; may be empty.
    alt: String,
}

/// The lowest list price per unit in one currency, which may be finer than a minor unit.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PriceFrom {
    /// In major units.
    #[schema(example = "2.55")]
    amount: String,
    /// ISO 4217.
    #[schema(example = "EUR")]
    currency: String,
}

impl ProductSummary {
    pub(crate) fn new(row: ProductRow, lowest_prices: BTreeMap<String, i64>) -> Self {
        let price_from = |(currency, micros): (String, i64)| {
            UnitPrice::from_micros(micros).map(|amount| PriceFrom { amount: amount.to_string(), currency })
        };
        Self {
            id: row.product_id,
            name: row.name,
            status: row.status,
            slug: row.slug,
            brand: row.brand,
            featured: row.featured,
            short_description: row.short_description,
            image: row.image_url.map(|url| Image { url, alt: row.image_alt.unwrap_or_default() }),
            variants: row.variants,
            prices_from: lowest_prices.into_iter().filter_map(price_from).collect(),
            basis: row.basis,
            created_at: row.created_at,
            updated_at: row.updated_at,
            revision: row.revision,
        }
    }
}

/// Some products, and if it was asked for, how many there are in all.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProductPage {
    /// The products, in the order that `sort` asked for.
    data: Vec<ProductSummary>,
    /// Send it as `cursor` for the next page; `null` on the last one.
    next_cursor: Option<String>,
    /// How many products pass the filters, with `count=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<ProductCount>,
}

/// How many products pass the filters of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProductCount {
    /// How many; they are counted up to 1,000.
    #[schema(minimum = 0, maximum = 1_000)]
    value: usize,
    /// Whether these are all of them.
    exact: bool,
}

/// List products.
///
/// Shoppers see published products alone.
#[utoipa::path(get, path = "/api/v1/products", tag = "products", params(ProductsQuery, ReadHeaders), responses(
    (status = 200, description = "Some products", body = ProductPage), ListProblems))]
pub(crate) async fn list_products(
    State(api): State<ReadApi>,
    principal: Principal,
    Query(query): Query<ProductsQuery>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    principal.require(Permission::ReadCatalog)?;
    let asked = Asked::from(query).checked()?;
    let is_shopper = principal.role.is_shopper();
    let mut view = open(request, &api, &asked, asked.category.is_some()).await?;
    let categories = match &asked.category {
        None => None,
        Some(category) => {
            let found = found_category(&mut view.snapshot, category, is_shopper).await?;
            Some(found.map(|row| row.category_id))
        }
    };
    let place = match categories {
        None => Place::Everywhere,
        Some(None) => Place::Nowhere,
        Some(Some(category_id)) => Place::Category(category_id),
    };
    answer(&api, view, asked, place, is_shopper).await
}

/// List the products of a category and of all below it.
///
/// Shoppers see active categories and published products alone.
#[utoipa::path(get, path = "/api/v1/categories/{id}/products", tag = "categories",
    params(("id" = inline(CategoryRef), Path, description = "The category's id or slug"), CategoryProductsQuery, ReadHeaders),
    responses((status = 200, description = "Some products", body = ProductPage), OneProblems))]
pub(crate) async fn list_category_products(
    State(api): State<ReadApi>,
    principal: Principal,
    Path(category): Path<CategoryRef>,
    Query(query): Query<CategoryProductsQuery>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    principal.require(Permission::ReadCatalog)?;
    let mut asked = Asked::from(query).checked()?;
    let is_shopper = principal.role.is_shopper();
    let mut view = open(request, &api, &asked, true).await?;
    let Some(found) = found_category(&mut view.snapshot, &category, is_shopper).await? else {
        return view.composite::<ProductPage>(None, &CATEGORY_NOT_FOUND);
    };
    asked.category = Some(category);
    answer(&api, view, asked, Place::Category(found.category_id), is_shopper).await
}

/// Where products are looked for.
enum Place {
    Everywhere,
    /// In a category and in all below it.
    Category(String),
    /// In a category that is not there.
    Nowhere,
}

/// A view of everything that the answer rests on, and no more: what is not asked need not be waited for.
async fn open(request: ReadRequest, api: &ReadApi, asked: &Asked, in_category: bool) -> Result<View, Problem> {
    let mut projections = vec![products::NAME];
    if in_category {
        projections.push(categories::NAME);
    }
    if asked.in_stock.is_some() {
        projections.push(stock::NAME);
    }
    request.open(api, &projections).await
}

async fn answer(
    api: &ReadApi,
    mut view: View,
    asked: Asked,
    place: Place,
    is_shopper: bool,
) -> Result<Response, Problem> {
    let sort = asked.sort.unwrap_or_default();
    let order = asked.order(sort)?;
    let (scope, ordering) = ((&asked, is_shopper), sort.ordering());
    let paging = match order.key {
        SortKey::Price(_) => {
            Paging::new::<ListedPriceRow>("products", &scope, ordering, asked.cursor.as_deref(), asked.limit)?
        }
        SortKey::Name | SortKey::CreatedAt | SortKey::UpdatedAt => {
            Paging::new::<ListedRow>("products", &scope, ordering, asked.cursor.as_deref(), asked.limit)?
        }
    };
    let hidden = is_shopper && asked.status.is_some_and(|status| status != ProductStatus::Published);
    let categories = match place {
        Place::Everywhere => None,
        Place::Nowhere => Some(vec![]),
        Place::Category(id) => {
            Some(categories::with_all_below(&mut view.snapshot, &id, !is_shopper).await.map_err(failed)?)
        }
    };
    let nothing = hidden || categories.as_ref().is_some_and(Vec::is_empty);
    let (slice, count) = if nothing {
        (Slice { rows: vec![], next: None }, asked.count.then_some(0))
    } else {
        let filter = asked.filter(categories, &api.locations, is_shopper);
        let slice = list::list(&mut view.snapshot, &filter, order, paging.after.as_deref(), paging.limit).await;
        let count = match asked.count {
            true => Some(list::count(&mut view.snapshot, &filter, order).await.map_err(failed)?),
            false => None,
        };
        (slice.map_err(failed)?, count)
    };
    let data = slice.rows.into_iter();
    let data = data.map(|ListedProduct { product, lowest_prices }| ProductSummary::new(product, lowest_prices));
    let page = paging.page(data.collect(), slice.next.as_deref());
    let count = count.map(|count| ProductCount { value: count.min(COUNT_MAX), exact: count <= COUNT_MAX });
    Ok(view.list(ProductPage { data: page.data, next_cursor: page.next_cursor, count }))
}
