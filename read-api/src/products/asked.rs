//! What a list of products may be asked.

use super::{ProductSort, ProductStatus};
use crate::categories::CategoryRef;
use serde::{Deserialize, Serialize};
use tillroll_domain::{
    money::Currency,
    price::UnitPrice,
    text::{LocationId, Name, ParseTextError, Sku},
};
use tillroll_http::{Limit, Problem, schema};
use tillroll_projections::models::products::list::{PriceRange, ProductFilter, ProductOrder, SortKey, StockedAt};
use utoipa::IntoParams;

/// A text to search names for: 1 to 100 characters, not blank.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct SearchText(Name);

/// The most characters of a text to search for.
const SEARCH_CHARS_MAX: usize = 100;

impl TryFrom<String> for SearchText {
    type Error = ParseTextError;
    fn try_from(text: String) -> Result<Self, ParseTextError> {
        if text.chars().count() > SEARCH_CHARS_MAX {
            return Err(ParseTextError::TooLong { max: SEARCH_CHARS_MAX });
        }
        text.parse().map(Self)
    }
}

impl From<SearchText> for String {
    fn from(text: SearchText) -> Self {
        text.0.to_string()
    }
}

/// Declares the query of a list of products. Lists differ in what their address says already.
macro_rules! product_queries {
    ($($(#[$meta:meta])* $query:ident { $($(#[$fmeta:meta])* $field:ident: $type:ty,)* } in $category:expr;)+) => {$(
        $(#[$meta])*
        #[derive(Debug, Deserialize, IntoParams)]
        #[serde(deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        pub(crate) struct $query {
            $($(#[$fmeta])* $field: $type,)*
            /// Only those with this status; shoppers see published ones whatever they ask for.
            #[param(value_type = ProductStatus, inline, required = false)]
            status: Option<ProductStatus>,
            /// Only those with exactly this name.
            #[param(value_type = schema::Name, inline, required = false)]
            name: Option<Name>,
            /// Only the one with this SKU.
            #[param(value_type = schema::Sku, inline, required = false)]
            sku: Option<Sku>,
            /// Only those whose name contains this, whatever the case of its letters.
            #[param(value_type = String, required = false, min_length = 1, max_length = 100, pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x1f\x7f-\x9f\s\x85\xa0][^\x00-\x1f\x7f-\x9f]*$")]
            q: Option<SearchText>,
            /// Only those of exactly this brand.
            #[param(value_type = schema::Name, inline, required = false)]
            brand: Option<Name>,
            /// Only those that the shop recommends, or does not.
            #[param(value_type = bool, required = false)]
            featured: Option<bool>,
            /// The currency (ISO 4217) of `price[gte]`, `price[lte]` and `sort=price`, which need it; alone it asks for
            /// what has a list price in it.
            #[param(value_type = schema::Currency, inline, required = false)]
            currency: Option<Currency>,
            /// Only those whose lowest list price in `currency` is at least this.
            #[serde(rename = "price[gte]")]
            #[param(rename = "price[gte]", value_type = schema::PositiveDecimal, inline, required = false)]
            price_min: Option<UnitPrice>,
            /// Only those whose lowest list price in `currency` is at most this.
            #[serde(rename = "price[lte]")]
            #[param(rename = "price[lte]", value_type = schema::PositiveDecimal, inline, required = false)]
            price_max: Option<UnitPrice>,
            /// Only those of which a unit can be had where the shop sells from, or of which none can.
            #[param(value_type = bool, required = false)]
            in_stock: Option<bool>,
            /// The order; `name` by default. Equal ones are in the order of their ids.
            #[param(value_type = ProductSort, inline, required = false)]
            sort: Option<ProductSort>,
            /// Whether to count what passes the filters, up to 1,000.
            #[param(value_type = bool, required = false)]
            count: Option<bool>,
            /// How many at most: 1 to 100, by default 20.
            #[param(value_type = u16, minimum = 1, maximum = 100, required = false)]
            limit: Option<Limit>,
            /// `next_cursor` of the page before.
            #[param(value_type = schema::Cursor, inline, required = false)]
            cursor: Option<String>,
        }

        impl From<$query> for Asked {
            fn from(query: $query) -> Self {
                let $query {
                    $($field,)* status, name, sku, q, brand, featured, currency, price_min, price_max, in_stock, sort, count,
                    limit, cursor,
                } = query;
                Self {
                    category: $category, status, name, sku, q, brand, featured, currency, price_min, price_max, in_stock, sort,
                    count: count.unwrap_or(false), limit, cursor,
                }
            }
        }
    )+};
}

product_queries! {
    /// Which products to list.
    ProductsQuery {
        /// Only those in this category or below it, by id or slug; none if there is no such category.
        #[param(value_type = CategoryRef, inline, required = false)]
        category: Option<CategoryRef>,
    } in category;
    /// Which products of a category to list.
    CategoryProductsQuery {} in None;
}

/// What was asked. Whatever decides order and membership is serialized: a cursor works only where that is the same.
#[derive(Debug, Serialize)]
pub(crate) struct Asked {
    pub(super) category: Option<CategoryRef>,
    pub(super) status: Option<ProductStatus>,
    name: Option<Name>,
    sku: Option<Sku>,
    q: Option<SearchText>,
    brand: Option<Name>,
    featured: Option<bool>,
    currency: Option<Currency>,
    price_min: Option<UnitPrice>,
    price_max: Option<UnitPrice>,
    pub(super) in_stock: Option<bool>,
    pub(super) sort: Option<ProductSort>,
    #[serde(skip)]
    pub(super) count: bool,
    #[serde(skip)]
    pub(super) limit: Option<Limit>,
    #[serde(skip)]
    pub(super) cursor: Option<String>,
}

impl Asked {
    /// Refuses prices without a currency.
    pub(super) fn checked(self) -> Result<Self, Problem> {
        self.order(self.sort.unwrap_or_default())?;
        if self.currency.is_none() && (self.price_min.is_some() || self.price_max.is_some()) {
            return Err(needs_currency("price[gte] and price[lte]"));
        }
        Ok(self)
    }

    /// The order that was asked for.
    pub(super) fn order(&self, sort: ProductSort) -> Result<ProductOrder, Problem> {
        let (key, descending) = match sort {
            ProductSort::Name => (SortKey::Name, false),
            ProductSort::NameDescending => (SortKey::Name, true),
            ProductSort::CreatedAt => (SortKey::CreatedAt, false),
            ProductSort::CreatedAtDescending => (SortKey::CreatedAt, true),
            ProductSort::UpdatedAt => (SortKey::UpdatedAt, false),
            ProductSort::UpdatedAtDescending => (SortKey::UpdatedAt, true),
            ProductSort::Price | ProductSort::PriceDescending => {
                let currency = self.currency.ok_or_else(|| needs_currency("sort=price"))?;
                (SortKey::Price(currency), matches!(sort, ProductSort::PriceDescending))
            }
        };
        Ok(ProductOrder { key, descending })
    }

    /// The filter; `categories` are all that products may be in, if it matters, and `locations` those that sell.
    pub(super) fn filter(
        &self,
        categories: Option<Vec<String>>,
        locations: &[LocationId],
        is_shopper: bool,
    ) -> ProductFilter {
        let status = if is_shopper { Some(ProductStatus::Published) } else { self.status };
        ProductFilter {
            statuses: status.map(ProductStatus::text).into_iter().collect(),
            categories,
            contains: self.q.clone().map(String::from),
            name: self.name.as_ref().map(ToString::to_string),
            sku: self.sku.clone(),
            brand: self.brand.as_ref().map(ToString::to_string),
            featured: self.featured,
            price: self.currency.map(|currency| PriceRange {
                currency,
                min_micros: self.price_min.map(UnitPrice::micros),
                max_micros: self.price_max.map(UnitPrice::micros),
            }),
            in_stock: self.in_stock.map(|wanted| StockedAt { wanted, locations: locations.to_vec() }),
        }
    }
}

fn needs_currency(what: &str) -> Problem {
    Problem::malformed(format!("{what} needs a currency, such as currency=EUR"))
}
