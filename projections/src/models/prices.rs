//! Prices: every row of every price schedule, and how list prices changed, so that past prices can be told.

use super::{
    fold::{effective_at, is_shown, known, position, revision},
    query::{Filters, Ordering, Slice, every, slice, text},
};
use crate::{
    projection::{ApplyError, Incoming, Projection, Tables, TablesExt},
    read::{ReadModelError, Snapshot},
    read_table,
    table::{Row, TableSpec, Value},
};
use chrono::{DateTime, Utc};
use futures::{FutureExt, future::BoxFuture};
use tillroll_domain::{
    ids::PriceRowId,
    money::Currency,
    price::UnitPrice,
    price_schedule::{PriceKey, PriceRow, events::PriceScheduleEvent},
    pricing::lowest_prior::ListPriceChange,
    product::events::ProductEvent,
    quantity::Quantity,
    text::Sku,
};

/// The name of the projection.
pub const NAME: &str = "prices";

/// The most rows, and the most changes of a list price, that are looked at to tell which prices applied: the newest.
pub const HISTORY_MAX: usize = 2_000;

read_table! {
    /// A price of a variant's schedule.
    pub struct PriceRowRow in "price_rows", key 2, indexes [
        "sku, valid_from, price_row_id", "sku, currency, valid_from, price_row_id"
    ] {
        /// The SKU.
        pub sku: String,
        /// Its typed id.
        pub price_row_id: String,
        /// ISO 4217 code.
        pub currency: String,
        /// The buyer's country; null for every country.
        pub country: Option<String>,
        /// From how many units bought together on.
        pub min_quantity: i64,
        /// Among prices that fit, the highest applies.
        pub priority: i64,
        /// Per unit in major units, as a decimal text.
        pub amount: String,
        /// Per unit, in millionths of the major unit.
        pub amount_micros: i64,
        /// The first instant at which it is valid.
        pub valid_from: DateTime<Utc>,
        /// The first instant at which it is not valid any more; null if no end is planned.
        pub valid_until: Option<DateTime<Utc>>,
        /// Whether it was taken back before it began.
        pub withdrawn: bool,
        /// When it was set.
        pub set_at: DateTime<Utc>,
        /// When its last event was recorded.
        pub updated_at: DateTime<Utc>,
        /// The schedule's revision of its last event.
        pub revision: i64,
        /// The log's position of its last event.
        pub position: i64,
    }
}

read_table! {
    /// A change of a variant's list price in one currency.
    pub struct ListPriceRow in "list_price_history", key 3, indexes [
        "sku, changed_at, position", "sku, currency, changed_at, position"
    ] {
        /// The SKU.
        pub sku: String,
        /// ISO 4217 code.
        pub currency: String,
        /// The log's position of the event.
        pub position: i64,
        /// Per unit in major units, as a decimal text; null where the price was removed.
        pub amount: Option<String>,
        /// Per unit, in millionths of the major unit; null where the price was removed.
        pub amount_micros: Option<i64>,
        /// The product.
        pub product_id: String,
        /// From when on, effectively.
        pub changed_at: DateTime<Utc>,
    }
}

/// The projection.
#[derive(Debug, Clone, Copy)]
pub struct Prices;

static TYPES: [&str; 5] = ["PriceSet", "PriceEnded", "PriceWithdrawn", "VariantPriceSet", "VariantPriceRemoved"];

impl Projection for Prices {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> Vec<TableSpec> {
        vec![PriceRowRow::TABLE, ListPriceRow::TABLE]
    }

    fn event_types(&self) -> &'static [&'static str] {
        &TYPES
    }

    fn apply<'a>(&'a self, event: &'a Incoming, tables: &'a mut dyn Tables) -> BoxFuture<'a, Result<(), ApplyError>> {
        async move {
            if !is_shown(event) {
                return Ok(());
            }
            match &*event.recorded().event_type {
                "VariantPriceSet" | "VariantPriceRemoved" => listed(event, tables),
                _ => scheduled(event, tables).await,
            }
        }
        .boxed()
    }
}

async fn scheduled(incoming: &Incoming, tables: &mut dyn Tables) -> Result<(), ApplyError> {
    let fact = incoming.decode::<PriceScheduleEvent>()?;
    let event = incoming.recorded();
    let sku = event.stream.id();
    let row_id = match fact {
        PriceScheduleEvent::PriceSet(e) => e.row_id,
        PriceScheduleEvent::PriceEnded(e) => e.row_id,
        PriceScheduleEvent::PriceWithdrawn(e) => e.row_id,
    };
    let mut row = match fact {
        PriceScheduleEvent::PriceSet(set) => PriceRowRow {
            sku: sku.to_owned(),
            price_row_id: set.row_id.to_string(),
            currency: set.key.currency.to_string(),
            country: set.key.country.as_ref().map(ToString::to_string),
            min_quantity: set.key.min_quantity.as_i64(),
            priority: i64::from(set.priority),
            amount: set.amount.to_string(),
            amount_micros: set.amount.micros(),
            valid_from: set.valid_from,
            valid_until: set.valid_until,
            withdrawn: false,
            set_at: effective_at(event)?,
            updated_at: event.recorded_at,
            revision: 0,
            position: 0,
        },
        PriceScheduleEvent::PriceEnded(_) | PriceScheduleEvent::PriceWithdrawn(_) => {
            known(tables.get(vec![text(sku), text(row_id)]).await?, event)?
        }
    };
    match fact {
        PriceScheduleEvent::PriceSet(_) => {}
        PriceScheduleEvent::PriceEnded(ended) => row.valid_until = Some(ended.at),
        PriceScheduleEvent::PriceWithdrawn(_) => row.withdrawn = true,
    }
    row.updated_at = event.recorded_at;
    row.revision = revision(event);
    row.position = position(event);
    tables.put(&row);
    Ok(())
}

fn listed(incoming: &Incoming, tables: &mut dyn Tables) -> Result<(), ApplyError> {
    let event = incoming.recorded();
    let (sku, currency, amount) = match incoming.decode::<ProductEvent>()? {
        ProductEvent::VariantPriceSet(set) => (&set.sku, set.price.currency, Some(set.price.amount)),
        ProductEvent::VariantPriceRemoved(removed) => (&removed.sku, removed.currency, None),
        _ => return Ok(()),
    };
    tables.put(&ListPriceRow {
        sku: sku.to_string(),
        currency: currency.to_string(),
        position: position(event),
        amount: amount.map(|amount| amount.to_string()),
        amount_micros: amount.map(UnitPrice::micros),
        product_id: tillroll_domain::ids::ProductId::new(super::fold::stream_uuid(event)?).to_string(),
        changed_at: effective_at(event)?,
    });
    Ok(())
}

/// Those that begin first, first.
pub const BY_VALID_FROM: Ordering = Ordering::ascending(&["valid_from", "price_row_id"]);
/// Those that begin last, first.
pub const BY_VALID_FROM_DESCENDING: Ordering = Ordering::descending(&["valid_from", "price_row_id"]);
/// The oldest changes of list prices first.
pub const BY_CHANGED_AT: Ordering = Ordering::ascending(&["changed_at", "position"]);
/// The newest changes of list prices first.
pub const BY_CHANGED_AT_DESCENDING: Ordering = Ordering::descending(&["changed_at", "position"]);

/// Some rows of a variant's schedule, in order, withdrawn ones too; only those in a currency where one is named.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn rows(
    snapshot: &mut Snapshot,
    sku: &Sku,
    currency: Option<Currency>,
    order: Ordering,
    after: Option<&[Value]>,
    limit: usize,
) -> Result<Slice<PriceRowRow>, ReadModelError> {
    slice(snapshot, of(sku, currency), order, after, limit).await
}

/// Some changes of a variant's list price, in order; only those in a currency where one is named.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn list_prices(
    snapshot: &mut Snapshot,
    sku: &Sku,
    currency: Option<Currency>,
    order: Ordering,
    after: Option<&[Value]>,
    limit: usize,
) -> Result<Slice<ListPriceRow>, ReadModelError> {
    slice(snapshot, of(sku, currency), order, after, limit).await
}

fn of(sku: &Sku, currency: Option<Currency>) -> Filters {
    Filters::none().and("sku =", text(sku)).and_some("currency =", currency.map(text))
}

/// What decides which prices of a variant applied in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceHistory {
    /// The newest [`HISTORY_MAX`] rows that were not withdrawn.
    pub rows: Vec<PriceRow>,
    /// The newest [`HISTORY_MAX`] changes of the list price, the oldest first.
    pub list_prices: Vec<ListPriceChange>,
}

impl PriceHistory {
    /// The list price at an instant.
    #[must_use]
    pub fn list_price(&self, at: DateTime<Utc>) -> Option<UnitPrice> {
        let changes = self.list_prices.partition_point(|change| change.at <= at);
        self.list_prices[..changes].last().and_then(|change| change.amount)
    }
}

/// The prices of a variant in one currency.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn history(snapshot: &mut Snapshot, sku: &Sku, currency: Currency) -> Result<PriceHistory, ReadModelError> {
    let filters = of(sku, Some(currency)).and("withdrawn =", Value::Bool(false));
    let newest: Slice<PriceRowRow> = slice(snapshot, filters, BY_VALID_FROM_DESCENDING, None, HISTORY_MAX).await?;
    let rows = newest.rows.into_iter().filter_map(priced).collect();
    let filters = of(sku, Some(currency));
    let newest: Slice<ListPriceRow> = slice(snapshot, filters, BY_CHANGED_AT_DESCENDING, None, HISTORY_MAX).await?;
    let change = |row: ListPriceRow| ListPriceChange {
        at: row.changed_at,
        amount: row.amount_micros.and_then(UnitPrice::from_micros),
    };
    Ok(PriceHistory { rows, list_prices: newest.rows.into_iter().rev().map(change).collect() })
}

/// A row as the domain knows it; `None` never happens, since the fold wrote it from there.
pub(super) fn priced(row: PriceRowRow) -> Option<PriceRow> {
    let key = PriceKey {
        currency: row.currency.parse().ok()?,
        country: row.country.map(|country| country.parse()).transpose().ok()?,
        min_quantity: Quantity::new(row.min_quantity).ok()?,
    };
    Some(PriceRow {
        row_id: row.price_row_id.parse::<PriceRowId>().ok()?,
        key,
        priority: i32::try_from(row.priority).ok()?,
        amount: UnitPrice::from_micros(row.amount_micros)?,
        valid_from: row.valid_from,
        valid_until: row.valid_until,
    })
}

/// A variant that shoppers can buy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// Its product.
    pub product_id: String,
    /// What the product is called.
    pub name: String,
}

/// The variant of a SKU if shoppers can buy it: its product is published and it was not withdrawn. Reads the tables of
/// [`super::products`].
///
/// # Errors
/// Whatever keeps the read models from answering.
pub async fn offered(snapshot: &mut Snapshot, sku: &Sku) -> Result<Option<Offered>, ReadModelError> {
    use super::products::{ProductRow, VariantRow};
    let filters = Filters::none().and("sku =", text(sku)).and("withdrawn =", Value::Bool(false));
    let variants: Vec<VariantRow> = every(snapshot, filters, Ordering::ascending(&["product_id"])).await?;
    let ids = variants.iter().map(|variant| text(&variant.product_id)).collect();
    let filters = Filters::none().among("product_id", ids).and("status =", text("published"));
    let product: Option<ProductRow> = super::query::one(snapshot, filters).await?;
    Ok(product.map(|product| Offered { product_id: product.product_id, name: product.name }))
}

#[cfg(test)]
mod tests;
