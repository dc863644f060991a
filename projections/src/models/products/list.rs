//! Lists of products: which ones, in which order, and which index serves that.
//!
//! A list is either *walked* or *picked*. Walked: every order is an index that begins with place and status, so the page
//! is read from it in order, and what does not pass the other filters is passed over. A brand is a place of its own, and so
//! is a category; one with those below it is as many such walks, whose heads are merged. Picked: where a filter leaves few
//! products (its own index says so after at most [`PICKED_MAX`] entries), these are looked up and sorted, since a walk would
//! pass over nearly everything. Before names are searched for a text, the first [`GLIMPSED`] products in the order asked for
//! are looked through: a text that many names contain fills the page from there.
//!
//! So a page costs in the number of its products and categories and not in that of all products, but for two: a search
//! for a text that few names contain reads all names (one index, in which the names stand beside each other), and filters
//! of which each leaves many products and all together few are walked to the end.
//!
//! What is in stock is asked of the table of stock: the locations that sell are settings, which no table of products knows.

mod sql;

use super::{
    super::query::{Ordering, Slice, every, text},
    tables::{ListedPriceRow, ListedRow, OfferedPricesRow, ProductRow},
};
use crate::{
    models::query::Filters,
    read::{ReadModelError, Snapshot},
    store::StoreError,
    table::{ColumnSpec, ColumnType, Row, TableSpec, Value},
};
use sql::Statement;
use std::collections::{BTreeMap, HashSet};
use tillroll_domain::{
    money::Currency,
    text::{LocationId, Sku},
};

/// The most products that are looked up one by one.
pub const PICKED_MAX: usize = 250;
/// How many products are looked through for a text before all names are.
pub const GLIMPSED: usize = 2_000;
/// Up to how many products a list is counted.
pub const COUNT_MAX: usize = 1_000;
/// How many walks one statement merges; SQLite takes at most 500.
const WALKS_MAX: usize = 100;

/// Which products to list; all conditions must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProductFilter {
    /// Only those with one of these statuses; with any if there is none.
    pub statuses: Vec<&'static str>,
    /// Only those right in one of these categories.
    pub categories: Option<Vec<String>>,
    /// Only those whose name contains this, whatever the case of its letters.
    pub contains: Option<String>,
    /// Only those with exactly this name.
    pub name: Option<String>,
    /// Only the one with this SKU.
    pub sku: Option<Sku>,
    /// Only those of exactly this brand.
    pub brand: Option<String>,
    /// Only those that the shop recommends, or does not.
    pub featured: Option<bool>,
    /// Only those whose lowest list price lies in a range.
    pub price: Option<PriceRange>,
    /// Only those of which a unit of a variant on offer is available at some locations, or is not.
    pub in_stock: Option<StockedAt>,
}

/// Whether something is available at one of these locations at least.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockedAt {
    /// Whether it is to be, or not to be.
    pub wanted: bool,
    /// The locations; at none, nothing is available.
    pub locations: Vec<LocationId>,
}

/// A range of list prices in one currency, ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceRange {
    /// The currency; what has no price in it is in no range.
    pub currency: Currency,
    /// At least this many millionths of the major unit.
    pub min_micros: Option<i64>,
    /// At most this many millionths of the major unit.
    pub max_micros: Option<i64>,
}

/// By what products are sorted; their ids decide between equals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortKey {
    /// The name, whatever the case of its letters.
    Name,
    /// The lowest list price in a currency; what has none is not listed.
    Price(Currency),
    /// When they came to be.
    CreatedAt,
    /// When they changed last.
    UpdatedAt,
}

/// The order of a list of products.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProductOrder {
    /// By what.
    pub key: SortKey,
    /// Whether the largest comes first.
    pub descending: bool,
}

impl ProductOrder {
    /// The columns of [`Self::table`] that order the list, for cursors.
    #[must_use]
    pub const fn ordering(self) -> Ordering {
        let columns: &[&str] = match self.key {
            SortKey::Name => &["name_key", "product_id"],
            SortKey::Price(_) => &["amount_micros", "product_id"],
            SortKey::CreatedAt => &["created_at", "product_id"],
            SortKey::UpdatedAt => &["updated_at", "product_id"],
        };
        Ordering { columns, descending: self.descending }
    }

    /// The table whose index gives the order.
    #[must_use]
    pub const fn table(self) -> TableSpec {
        match self.key {
            SortKey::Price(_) => ListedPriceRow::TABLE,
            SortKey::Name | SortKey::CreatedAt | SortKey::UpdatedAt => ListedRow::TABLE,
        }
    }

    const fn column(self) -> ColumnSpec {
        let (name, column_type) = match self.key {
            SortKey::Name => ("name_key", ColumnType::Text),
            SortKey::Price(_) => ("amount_micros", ColumnType::Int),
            SortKey::CreatedAt => ("created_at", ColumnType::Time),
            SortKey::UpdatedAt => ("updated_at", ColumnType::Time),
        };
        ColumnSpec { name, column_type, nullable: false }
    }
}

const PRODUCT_ID: ColumnSpec = ColumnSpec { name: "product_id", column_type: ColumnType::Text, nullable: false };
const CATEGORY_IDS: ColumnSpec = ColumnSpec { name: "category_ids", column_type: ColumnType::Text, nullable: false };

/// A product in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedProduct {
    /// The product.
    pub product: ProductRow,
    /// The lowest list price of its variants on offer, by currency, in millionths of the major unit.
    pub lowest_prices: BTreeMap<String, i64>,
}

/// Some products, in order. The snapshot covers stock as well if the filter asks for it.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn list(
    snapshot: &mut Snapshot,
    filter: &ProductFilter,
    order: ProductOrder,
    after: Option<&[Value]>,
    limit: usize,
) -> Result<Slice<ListedProduct>, ReadModelError> {
    list_within(snapshot, filter, order, after, limit, Bounds { glimpsed: GLIMPSED, picked: PICKED_MAX }).await
}

/// How many products are looked at before another way is taken.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    glimpsed: usize,
    picked: usize,
}

/// As [`list`], with other bounds.
async fn list_within(
    snapshot: &mut Snapshot,
    filter: &ProductFilter,
    order: ProductOrder,
    after: Option<&[Value]>,
    limit: usize,
    bounds: Bounds,
) -> Result<Slice<ListedProduct>, ReadModelError> {
    let wanted = limit.saturating_add(1);
    let mut keys = match glimpse(snapshot, filter, order, after, wanted, bounds.glimpsed).await? {
        Some(keys) => keys,
        None => keys(snapshot, filter, order, after, wanted, bounds.picked).await?,
    };
    let more = keys.len() > limit;
    keys.truncate(limit);
    let next = keys.last().filter(|_| more).map(|(product_id, key)| vec![key.clone(), text(product_id)]);
    let rows = products(snapshot, keys.into_iter().map(|(product_id, _)| product_id).collect()).await?;
    Ok(Slice { rows, next })
}

/// How many products pass the filter; [`COUNT_MAX`] + 1 if they are more than that.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn count(
    snapshot: &mut Snapshot,
    filter: &ProductFilter,
    order: ProductOrder,
) -> Result<usize, ReadModelError> {
    Ok(keys(snapshot, filter, order, None, COUNT_MAX.saturating_add(1), PICKED_MAX).await?.len())
}

/// A product's id with what it is sorted by.
type Key = (String, Value);

/// The first products if there are `wanted` ones that pass among the first `glimpsed` of one list that is searched for a
/// text.
async fn glimpse(
    snapshot: &mut Snapshot,
    filter: &ProductFilter,
    order: ProductOrder,
    after: Option<&[Value]>,
    wanted: usize,
    glimpsed: usize,
) -> Result<Option<Vec<Key>>, ReadModelError> {
    let (places, statuses) = (sql::places(filter), sql::statuses(filter));
    let ([place], [status], Some(_)) = (places.as_slice(), statuses.as_slice(), &filter.contains) else {
        return Ok(None);
    };
    let statement = sql::glimpsed(filter, order, (place, status), after, (glimpsed, wanted));
    let rows = run(snapshot, &statement, &[PRODUCT_ID, order.column()]).await?;
    if rows.len() < wanted {
        return Ok(None);
    }
    rows.into_iter().map(key_of).collect::<Result<_, _>>().map(Some)
}

async fn keys(
    snapshot: &mut Snapshot,
    filter: &ProductFilter,
    order: ProductOrder,
    after: Option<&[Value]>,
    limit: usize,
    picked_max: usize,
) -> Result<Vec<Key>, ReadModelError> {
    if let Some(picked) = pick(snapshot, filter, order, picked_max).await? {
        let statement = sql::picked(filter, order, &picked, after, limit);
        let rows = run(snapshot, &statement, &[PRODUCT_ID, order.column(), CATEGORY_IDS]).await?;
        let wanted: Option<HashSet<&str>> =
            filter.categories.as_ref().map(|ids| ids.iter().map(String::as_str).collect());
        let keys = rows.into_iter().filter(|row| match (&wanted, row.as_slice()) {
            (Some(wanted), [_, _, Value::Text(ids)]) => is_in_one_of(ids, wanted),
            _ => true,
        });
        return keys.take(limit).map(key_of).collect();
    }
    let mut keys: Vec<Key> = Vec::new();
    let places = sql::places(filter);
    let statuses = sql::statuses(filter);
    let chunks = places.chunks(WALKS_MAX / statuses.len());
    let merges = chunks.len() > 1;
    for places in chunks {
        let statement = sql::walked(filter, order, places, after, limit);
        let rows = run(snapshot, &statement, &[PRODUCT_ID, order.column()]).await?;
        for row in rows {
            keys.push(key_of(row)?);
        }
    }
    if merges {
        keys.sort_by(|a, b| (&a.1, &a.0).cmp(&(&b.1, &b.0)));
        if order.descending {
            keys.reverse();
        }
        // The same product may be in several of the categories, with the same key.
        keys.dedup();
        keys.truncate(limit);
    }
    Ok(keys)
}

/// The products that one of the filters leaves, if it leaves few.
async fn pick(
    snapshot: &mut Snapshot,
    filter: &ProductFilter,
    order: ProductOrder,
    picked_max: usize,
) -> Result<Option<Vec<String>>, ReadModelError> {
    for statement in sql::pickers(filter, order, picked_max.saturating_add(1)) {
        let rows = run(snapshot, &statement, &[PRODUCT_ID]).await?;
        if rows.len() <= picked_max {
            let id = |row: Vec<Value>| match row.into_iter().next() {
                Some(Value::Text(id)) => Some(id),
                _ => None,
            };
            return Ok(Some(rows.into_iter().filter_map(id).collect()));
        }
    }
    Ok(None)
}

async fn run(
    snapshot: &mut Snapshot,
    statement: &Statement,
    columns: &[ColumnSpec],
) -> Result<Vec<Vec<Value>>, ReadModelError> {
    snapshot.query(&statement.text, columns, &statement.values).await
}

fn key_of(row: Vec<Value>) -> Result<Key, ReadModelError> {
    let mut values = row.into_iter();
    match (values.next(), values.next()) {
        (Some(Value::Text(product_id)), Some(key)) => Ok((product_id, key)),
        _ => Err(StoreError::Corrupt("a product in a list without an id".to_owned()).into()),
    }
}

fn is_in_one_of(category_ids: &str, wanted: &HashSet<&str>) -> bool {
    let ids: Vec<String> = serde_json::from_str(category_ids).unwrap_or_default();
    ids.iter().any(|id| wanted.contains(id.as_str()))
}

/// The products of these ids in this order.
async fn products(snapshot: &mut Snapshot, ids: Vec<String>) -> Result<Vec<ListedProduct>, ReadModelError> {
    if ids.is_empty() {
        return Ok(vec![]);
    }
    let these = || Filters::none().among("product_id", ids.iter().map(text).collect());
    let by_id = Ordering::ascending(&["product_id"]);
    let products: Vec<ProductRow> = every(snapshot, these(), by_id).await?;
    let prices: Vec<OfferedPricesRow> = every(snapshot, these(), by_id).await?;
    let mut products: BTreeMap<String, ProductRow> =
        products.into_iter().map(|row| (row.product_id.clone(), row)).collect();
    let mut prices: BTreeMap<String, String> = prices.into_iter().map(|row| (row.product_id, row.prices)).collect();
    let mut listed = Vec::with_capacity(ids.len());
    for id in &ids {
        let Some(product) = products.remove(id) else { continue };
        let lowest_prices = match prices.remove(id) {
            Some(offered) => super::listed::lowest_of(&offered)
                .ok_or_else(|| StoreError::Corrupt("offered prices that are not JSON".to_owned()))?,
            None => BTreeMap::new(),
        };
        listed.push(ListedProduct { product, lowest_prices });
    }
    Ok(listed)
}

#[cfg(test)]
mod tests;
