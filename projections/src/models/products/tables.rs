//! The tables of products.

use crate::read_table;
use chrono::{DateTime, Utc};

read_table! {
    /// A product.
    pub struct ProductRow in "products", key 1, indexes ["slug, product_id", "name, product_id"] {
        /// Its typed id.
        pub product_id: String,
        /// What it is called.
        pub name: String,
        /// `draft`, `published` or `discontinued`.
        pub status: String,
        /// How many of its variants are offered.
        pub variants: i64,
        /// What stands for it in addresses.
        pub slug: Option<String>,
        /// Who makes it.
        pub brand: Option<String>,
        /// Whether the shop recommends it.
        pub featured: bool,
        /// A sentence or two; may be empty.
        pub short_description: String,
        /// The picture or film that stands for it.
        pub image_url: Option<String>,
        /// What stands for the picture where it cannot be seen.
        pub image_alt: Option<String>,
        /// The categories that it is in: a JSON list of ids, the one that it is shown under first.
        pub category_ids: String,
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
    /// What a product's page shows and lists do not; no row while nothing was said and shown.
    pub struct DetailRow in "product_details", key 1, indexes [] {
        /// The product.
        pub product_id: String,
        /// All that shoppers read about it; may be empty.
        pub description: String,
        /// The title of its page for search engines, where it is not the name.
        pub meta_title: Option<String>,
        /// The description of its page for search engines, where it is not the short description.
        pub meta_description: Option<String>,
        /// Its pictures and films in order: a JSON list of `{url, alt, primary}`.
        pub media: String,
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

read_table! {
    /// The list prices of a product's variants on offer in one place: what the fold needs for the lowest of each currency.
    pub struct OfferedPricesRow in "product_offered_prices", key 1, indexes [] {
        /// The product.
        pub product_id: String,
        /// JSON: by SKU and currency, millionths of the major unit. A variant without a price has an empty entry.
        pub prices: String,
    }
}

/// The place of every product in the tables of lists.
pub const EVERYWHERE: &str = "";

/// The place of a brand's products in the tables of lists. No category's id looks like it.
#[must_use]
pub fn brand_place(brand: &str) -> String {
    format!("brand:{brand}")
}

read_table! {
    /// A product in one list: that of a category which it is right in, of its brand, or of all products. It holds what lists are filtered
    /// and sorted by, so that each order is an index that begins with the list.
    pub struct ListedRow in "product_list", key 2, indexes [
        "place, status, name_key, product_id",
        "place, status, created_at, product_id",
        "place, status, updated_at, product_id",
        "place, featured, product_id",
    ] {
        /// A category's id, a [`brand_place`], or nothing for the list of all products.
        pub place: String,
        /// The product.
        pub product_id: String,
        /// As in `products`.
        pub status: String,
        /// Its name in lower case.
        pub name_key: String,
        /// Who makes it; empty if nobody says so.
        pub brand: String,
        /// As in `products`.
        pub featured: bool,
        /// As in `products`.
        pub created_at: DateTime<Utc>,
        /// As in `products`.
        pub updated_at: DateTime<Utc>,
    }
}

read_table! {
    /// The lowest list price of a product's variants on offer in one currency, in one list.
    pub struct ListedPriceRow in "product_list_prices", key 3, indexes ["place, currency, status, amount_micros, product_id"] {
        /// A category's id, a [`brand_place`], or nothing for the list of all products.
        pub place: String,
        /// ISO 4217 code.
        pub currency: String,
        /// The product.
        pub product_id: String,
        /// As in `products`.
        pub status: String,
        /// Per unit, in millionths of the major unit.
        pub amount_micros: i64,
    }
}
