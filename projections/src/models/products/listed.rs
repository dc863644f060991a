//! A product's rows in the lists: one in that of all products, one in that of its brand, and one in that of each category
//! which it is right in.

use super::{
    fold::{Offered, read},
    tables::{EVERYWHERE, ListedPriceRow, ListedRow, ProductRow, brand_place},
};
use crate::{
    models::query::text,
    projection::{ApplyError, Tables, TablesExt},
};
use std::collections::{BTreeMap, BTreeSet};

/// By what names are sorted and searched: letters in lower case.
pub(super) fn name_key(name: &str) -> String {
    name.to_lowercase()
}

/// The lists that the product is in.
fn places(product: &ProductRow) -> Result<BTreeSet<String>, ApplyError> {
    let mut places: BTreeSet<String> = read(&product.category_ids)?;
    places.insert(EVERYWHERE.to_owned());
    places.extend(product.brand.as_deref().map(brand_place));
    Ok(places)
}

/// The lowest price in each currency.
fn lowest(offered: &Offered) -> BTreeMap<&str, i64> {
    let mut lowest = BTreeMap::new();
    for (currency, &micros) in offered.values().flatten() {
        lowest.entry(currency.as_str()).and_modify(|least: &mut i64| *least = micros.min(*least)).or_insert(micros);
    }
    lowest
}

/// The lowest price in each currency of an [`super::OfferedPricesRow`]; `None` if it is not what the fold writes.
pub(super) fn lowest_of(prices: &str) -> Option<BTreeMap<String, i64>> {
    let offered: Offered = serde_json::from_str(prices).ok()?;
    Some(lowest(&offered).into_iter().map(|(currency, micros)| (currency.to_owned(), micros)).collect())
}

/// Writes the product's rows in its lists.
pub(super) fn show(tables: &mut dyn Tables, product: &ProductRow) -> Result<(), ApplyError> {
    for place in places(product)? {
        tables.put(&ListedRow {
            place,
            product_id: product.product_id.clone(),
            status: product.status.clone(),
            name_key: name_key(&product.name),
            brand: product.brand.clone().unwrap_or_default(),
            featured: product.featured,
            created_at: product.created_at,
            updated_at: product.updated_at,
        });
    }
    Ok(())
}

/// Brings the rows of lists from what they were to what they are.
pub(super) fn change(
    tables: &mut dyn Tables,
    before: (&ProductRow, &Offered),
    now: (&ProductRow, &Offered),
) -> Result<(), ApplyError> {
    let (product, offered) = now;
    let (places_before, places_now) = (places(before.0)?, places(product)?);
    let (prices_before, prices_now) = (lowest(before.1), lowest(offered));
    for gone in places_before.difference(&places_now) {
        tables.delete::<ListedRow>(vec![text(gone), text(&product.product_id)]);
    }
    for place in &places_before {
        for currency in prices_before.keys() {
            if !places_now.contains(place) || !prices_now.contains_key(currency) {
                tables.delete::<ListedPriceRow>(vec![text(place), text(currency), text(&product.product_id)]);
            }
        }
    }
    // Every event moves `updated_at`, so that the rows always change.
    show(tables, product)?;
    if prices_before == prices_now && places_before == places_now && before.0.status == product.status {
        return Ok(());
    }
    for place in &places_now {
        for (currency, &amount_micros) in &prices_now {
            tables.put(&ListedPriceRow {
                place: place.clone(),
                currency: (*currency).to_owned(),
                product_id: product.product_id.clone(),
                status: product.status.clone(),
                amount_micros,
            });
        }
    }
    Ok(())
}
