//! What the events of a product do to the tables.

use super::{
    listed,
    tables::{DetailRow, OfferedPricesRow, PriceRow, ProductRow, VariantRow},
};
use crate::{
    models::{
        fold::{basis, effective_at, is_shown, json, known, position, revision, stream_uuid},
        query::text,
    },
    projection::{ApplyError, Incoming, Tables, TablesExt},
};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use tillroll_domain::{
    ids::ProductId,
    product::events::{Media, ProductCreated, ProductDescribed, ProductEvent, VariantAdded},
};
use tillroll_infra::event::RecordedEvent;

/// The list prices of the variants on offer, by SKU and currency.
pub(super) type Offered = BTreeMap<String, BTreeMap<String, i64>>;

pub(super) async fn apply(incoming: &Incoming, tables: &mut dyn Tables) -> Result<(), ApplyError> {
    if !is_shown(incoming) {
        return Ok(());
    }
    let fact = incoming.decode::<ProductEvent>()?;
    let event = incoming.recorded();
    let product_id = ProductId::new(stream_uuid(event)?).to_string();
    let at = effective_at(event)?;
    if let ProductEvent::ProductCreated(created) = fact {
        let row = created_row(product_id, created, event, at);
        listed::show(tables, &row)?;
        tables.put(&row);
        return Ok(());
    }
    let before: ProductRow = known(tables.get(vec![text(&product_id)]).await?, event)?;
    let mut product = before.clone();
    // What the lists show of prices changes with three of the events alone.
    let offered_before: Offered = match tables.get::<OfferedPricesRow>(vec![text(&product_id)]).await? {
        Some(row) => read(&row.prices)?,
        None => Offered::new(),
    };
    let mut offered = offered_before.clone();
    match fact {
        ProductEvent::ProductCreated(_) | ProductEvent::ProductSlugClaimsEnded(_) => {}
        ProductEvent::ProductRenamed(renamed) => product.name = renamed.name.to_string(),
        ProductEvent::VariantAdded(added) => {
            product.variants += 1;
            offered.insert(added.sku.to_string(), BTreeMap::new());
            tables.put(&variant_row(product_id, added, at)?);
        }
        ProductEvent::VariantWithdrawn(withdrawn) => {
            let key = vec![text(&product_id), text(&withdrawn.sku)];
            let mut variant: VariantRow = known(tables.get(key).await?, event)?;
            product.variants -= 1;
            offered.remove(withdrawn.sku.as_str());
            variant.withdrawn = true;
            tables.put(&variant);
        }
        ProductEvent::VariantPriceSet(set) => {
            let currency = set.price.currency.to_string();
            if let Some(prices) = offered.get_mut(set.sku.as_str()) {
                prices.insert(currency.clone(), set.price.amount.micros());
            }
            tables.put(&PriceRow {
                product_id,
                sku: set.sku.to_string(),
                currency,
                amount: set.price.amount.to_string(),
                amount_micros: set.price.amount.micros(),
                set_at: at,
            });
        }
        ProductEvent::VariantPriceRemoved(removed) => {
            if let Some(prices) = offered.get_mut(removed.sku.as_str()) {
                prices.remove(&removed.currency.to_string());
            }
            tables.delete::<PriceRow>(vec![text(&product_id), text(&removed.sku), text(removed.currency)]);
        }
        ProductEvent::ProductPublished(_) => "published".clone_into(&mut product.status),
        ProductEvent::ProductUnpublished(_) => "draft".clone_into(&mut product.status),
        ProductEvent::ProductDiscontinued(_) => "discontinued".clone_into(&mut product.status),
        ProductEvent::ProductSlugSet(set) => product.slug = Some(set.slug.to_string()),
        ProductEvent::ProductDescribed(said) => describe(tables, &mut product, said).await?,
        ProductEvent::ProductMediaSet(set) => show_media(tables, &mut product, &set.media).await?,
        ProductEvent::ProductCategorized(put) => product.category_ids = json(&put.category_ids)?,
        ProductEvent::ProductFeatured(_) => product.featured = true,
        ProductEvent::ProductUnfeatured(_) => product.featured = false,
    }
    product.updated_at = event.recorded_at;
    product.revision = revision(event);
    product.position = position(event);
    if offered != offered_before {
        let prices = json(&offered)?;
        tables.put(&OfferedPricesRow { product_id: product.product_id.clone(), prices });
    }
    listed::change(tables, (&before, &offered_before), (&product, &offered))?;
    tables.put(&product);
    Ok(())
}

fn created_row(product_id: String, created: &ProductCreated, event: &RecordedEvent, at: DateTime<Utc>) -> ProductRow {
    ProductRow {
        product_id,
        name: created.name.to_string(),
        status: "draft".to_owned(),
        variants: 0,
        slug: None,
        brand: None,
        featured: false,
        short_description: String::new(),
        image_url: None,
        image_alt: None,
        category_ids: "[]".to_owned(),
        basis: basis(created.basis),
        created_at: at,
        updated_at: event.recorded_at,
        revision: revision(event),
        position: position(event),
    }
}

fn variant_row(product_id: String, added: &VariantAdded, at: DateTime<Utc>) -> Result<VariantRow, ApplyError> {
    Ok(VariantRow {
        product_id,
        sku: added.sku.to_string(),
        attributes: json(&added.attributes)?,
        withdrawn: false,
        basis: basis(added.basis),
        added_at: at,
    })
}

/// The product's row of details, or an empty one.
async fn detail(tables: &mut dyn Tables, product_id: &str) -> Result<DetailRow, ApplyError> {
    Ok(tables.get(vec![text(product_id)]).await?.unwrap_or_else(|| DetailRow {
        product_id: product_id.to_owned(),
        description: String::new(),
        meta_title: None,
        meta_description: None,
        media: "[]".to_owned(),
    }))
}

async fn describe(
    tables: &mut dyn Tables,
    product: &mut ProductRow,
    said: &ProductDescribed,
) -> Result<(), ApplyError> {
    let mut row = detail(tables, &product.product_id).await?;
    row.description = said.description.to_string();
    row.meta_title = said.meta_title.as_ref().map(ToString::to_string);
    row.meta_description = said.meta_description.as_ref().map(ToString::to_string);
    product.short_description = said.short_description.to_string();
    product.brand = said.brand.as_ref().map(ToString::to_string);
    tables.put(&row);
    Ok(())
}

async fn show_media(tables: &mut dyn Tables, product: &mut ProductRow, media: &[Media]) -> Result<(), ApplyError> {
    let mut row = detail(tables, &product.product_id).await?;
    row.media = json(&media)?;
    let primary = media.iter().find(|medium| medium.primary);
    product.image_url = primary.map(|medium| medium.url.to_string());
    product.image_alt = primary.map(|medium| medium.alt.to_string());
    tables.put(&row);
    Ok(())
}

/// What the fold itself wrote.
pub(super) fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, ApplyError> {
    serde_json::from_str(text).map_err(|error| ApplyError::Store(error.to_string()))
}
