//! What the lines of a cart cost and whether they can be had now: facts of other read models, for many SKUs at once.

use super::CartLineRow;
use crate::{
    models::{
        prices::{PriceRowRow, priced},
        products::{PriceRow, ProductRow, VariantRow},
        query::{Filters, Ordering, every, text},
        stock::available_of,
    },
    read::{ReadModelError, Snapshot},
    table::Value,
};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use tillroll_domain::{
    money::Currency,
    price::UnitPrice,
    pricing::select::{PriceQuery, select},
    quantity::Quantity,
    text::{Country, LocationId},
};

/// The projections whose tables [`now`] reads.
pub const READS: [&str; 3] = [crate::models::products::NAME, crate::models::prices::NAME, crate::models::stock::NAME];

/// What is known of a SKU at an instant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SkuNow {
    /// What its product is called; `None` if shoppers cannot buy it.
    pub name: Option<String>,
    /// Its product; `None` if shoppers cannot buy it.
    pub product_id: Option<String>,
    /// What a unit costs if so many are bought together as the lines ask for; `None` if it has no price in the currency.
    pub unit_price: Option<UnitPrice>,
    /// Units that are available at all given locations together.
    pub available: i64,
    /// Units that the lines ask for together.
    pub demand: i64,
}

impl SkuNow {
    /// Whether shoppers can buy as much of it as the lines ask for.
    #[must_use]
    pub fn is_available(&self) -> bool {
        self.name.is_some() && self.unit_price.is_some() && self.demand <= self.available
    }
}

/// Where and when lines are priced.
#[derive(Debug, Clone, Copy)]
pub struct Market<'a> {
    /// The currency.
    pub currency: Currency,
    /// The buyer's country.
    pub country: &'a Country,
    /// The locations whose stock is sold.
    pub locations: &'a [LocationId],
    /// The instant.
    pub at: DateTime<Utc>,
}

/// What is known of the SKUs of some lines, by SKU. Reads the tables of [`READS`], each once.
///
/// # Errors
/// Whatever keeps the read models from answering.
pub async fn now(
    snapshot: &mut Snapshot,
    lines: &[CartLineRow],
    market: Market<'_>,
) -> Result<BTreeMap<String, SkuNow>, ReadModelError> {
    let mut known: BTreeMap<String, SkuNow> = BTreeMap::new();
    for line in lines {
        let sku = known.entry(line.sku.clone()).or_default();
        sku.demand = sku.demand.saturating_add(line.quantity);
    }
    if known.is_empty() {
        return Ok(known);
    }
    name(snapshot, &mut known).await?;
    for (sku, units) in available_of(snapshot, known.keys().cloned().collect(), market.locations).await? {
        known.entry(sku).or_default().available = units;
    }
    price(snapshot, &mut known, market).await?;
    Ok(known)
}

fn of_skus(known: &BTreeMap<String, SkuNow>) -> Filters {
    Filters::none().among("sku", known.keys().map(text).collect())
}

async fn name(snapshot: &mut Snapshot, known: &mut BTreeMap<String, SkuNow>) -> Result<(), ReadModelError> {
    let offered = of_skus(known).and("withdrawn =", Value::Bool(false));
    let variants: Vec<VariantRow> = every(snapshot, offered, Ordering::ascending(&["sku"])).await?;
    let ids = variants.iter().map(|variant| text(&variant.product_id)).collect();
    let published = Filters::none().among("product_id", ids).and("status =", text("published"));
    let products: Vec<ProductRow> = every(snapshot, published, Ordering::ascending(&["product_id"])).await?;
    for variant in variants {
        let product = products.iter().find(|product| product.product_id == variant.product_id);
        if let (Some(product), Some(sku)) = (product, known.get_mut(&variant.sku)) {
            sku.name = Some(product.name.clone());
            sku.product_id = Some(variant.product_id);
        }
    }
    Ok(())
}

async fn price(
    snapshot: &mut Snapshot,
    known: &mut BTreeMap<String, SkuNow>,
    market: Market<'_>,
) -> Result<(), ReadModelError> {
    let filters = || of_skus(known).and("currency =", text(market.currency));
    let listed: Vec<PriceRow> = every(snapshot, filters(), Ordering::ascending(&["sku"])).await?;
    let mut rows: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for row in scheduled(snapshot, filters(), market.at).await? {
        let sku = row.sku.clone();
        rows.entry(sku).or_default().extend(priced(row));
    }
    for (name, sku) in known {
        let listed = listed.iter().find(|price| price.sku == *name);
        let list_price = listed.and_then(|price| UnitPrice::from_micros(price.amount_micros));
        let Ok(quantity) = Quantity::new(sku.demand) else { continue };
        let query = PriceQuery { currency: market.currency, country: Some(market.country.clone()), quantity };
        let selected = select(rows.get(name).map_or(&[][..], Vec::as_slice), list_price, &query, market.at);
        sku.unit_price = selected.map(|selected| selected.amount);
    }
    Ok(())
}

/// The rows of schedules that are valid at an instant. Those that ended are left where they are: a schedule is never
/// rewritten, so that it has many more of them.
async fn scheduled(
    snapshot: &mut Snapshot,
    of: Filters,
    at: DateTime<Utc>,
) -> Result<Vec<PriceRowRow>, ReadModelError> {
    let valid = of.and("withdrawn =", Value::Bool(false)).and("valid_from <=", Value::Time(at));
    let valid = valid.and_open("valid_until", Value::Time(at));
    every(snapshot, valid, Ordering::ascending(&["sku", "price_row_id"])).await
}

#[cfg(test)]
mod tests;
