//! Stock: one row per SKU and location with every sum that makes it up, and the holds that are alive.
//!
//! In every row `on_hand = opening + received + returned - damaged - shipped + adjusted` and
//! `available = on_hand - allocated - reserved`, and `reserved` is the sum of the row's holds, so that conservation can
//! be checked by SQL.

use super::{
    fold::{difference, int, is_shown, names, position, revision, sum},
    query::{Filters, Ordering, Slice, every, one, slice, text},
};
use crate::{
    projection::{ApplyError, Incoming, Projection, Tables, TablesExt},
    read::{ReadModelError, Snapshot},
    read_table,
    table::{Row, TableSpec, Value},
};
use chrono::{DateTime, Utc};
use futures::{FutureExt, future::BoxFuture};
use std::collections::BTreeMap;
use tillroll_domain::{
    aggregate::DomainEvent,
    stock_item::events::{ReturnCondition, StockItemEvent},
    text::{LocationId, Sku},
};

/// The name of the projection.
pub const NAME: &str = "stock";

/// From how few available units on to order again, where nobody set a level.
pub const REORDER_LEVEL_DEFAULT: i64 = 10;

read_table! {
    /// One SKU at one location. All counts are units.
    pub struct StockRow in "stock", key 2, indexes [
        "sku, location",
        "available, location, sku",
        "location, available, sku",
        "low, available, location, sku",
        "low, location, sku",
    ] {
        /// Where.
        pub location: String,
        /// What.
        pub sku: String,
        /// What is physically there and can be sold or is promised.
        pub on_hand: i64,
        /// Of it, promised to orders.
        pub allocated: i64,
        /// Of it, held for somebody who is about to buy; holds count until their end is recorded.
        pub reserved: i64,
        /// On hand less allocated and reserved.
        pub available: i64,
        /// Came back damaged, in all; they do not count as on hand.
        pub damaged: i64,
        /// Was there before the first document.
        pub opening: i64,
        /// Arrived, in all.
        pub received: i64,
        /// Left for orders, in all.
        pub shipped: i64,
        /// Came back, in all, damaged ones included.
        pub returned: i64,
        /// The balance of all corrections.
        pub adjusted: i64,
        /// From how few available units on to order again; [`REORDER_LEVEL_DEFAULT`] until one is set, and 0 means never.
        pub reorder_level: i64,
        /// Whether so few are available that it is time to order again.
        pub low: bool,
        /// The stream's revision.
        pub revision: i64,
        /// The log's position of its last event.
        pub position: i64,
        /// When its last event was recorded.
        pub updated_at: DateTime<Utc>,
    }
}

read_table! {
    /// A hold that has not ended. Its time may be over: it counts until its end is recorded.
    pub struct ReservationRow in "stock_reservations", key 3, indexes ["reservation_id", "expires_at"] {
        /// Where.
        pub location: String,
        /// What.
        pub sku: String,
        /// Its typed id.
        pub reservation_id: String,
        /// How many units.
        pub quantity: i64,
        /// When it may be ended.
        pub expires_at: DateTime<Utc>,
    }
}

/// The projection.
#[derive(Debug, Clone, Copy)]
pub struct Stock;

static TYPES: [&str; StockItemEvent::TYPES.len()] = names(StockItemEvent::TYPES);

impl Projection for Stock {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> u32 {
        2
    }

    fn tables(&self) -> Vec<TableSpec> {
        vec![StockRow::TABLE, ReservationRow::TABLE]
    }

    fn event_types(&self) -> &'static [&'static str] {
        &TYPES
    }

    fn apply<'a>(&'a self, event: &'a Incoming, tables: &'a mut dyn Tables) -> BoxFuture<'a, Result<(), ApplyError>> {
        apply(event, tables).boxed()
    }
}

fn empty(location: &str, sku: &str, at: DateTime<Utc>) -> StockRow {
    StockRow {
        location: location.to_owned(),
        sku: sku.to_owned(),
        on_hand: 0,
        allocated: 0,
        reserved: 0,
        available: 0,
        damaged: 0,
        opening: 0,
        received: 0,
        shipped: 0,
        returned: 0,
        adjusted: 0,
        reorder_level: REORDER_LEVEL_DEFAULT,
        low: true,
        revision: 0,
        position: 0,
        updated_at: at,
    }
}

async fn apply(incoming: &Incoming, tables: &mut dyn Tables) -> Result<(), ApplyError> {
    if !is_shown(incoming) {
        return Ok(());
    }
    let fact = incoming.decode::<StockItemEvent>()?;
    let event = incoming.recorded();
    let (location, sku) = event
        .stream
        .id()
        .split_once('.')
        .ok_or_else(|| ApplyError::Poison(format!("the stream {} names no location and SKU", event.stream)))?;
    let stored = if event.revision.0 == 0 { None } else { tables.get(vec![text(location), text(sku)]).await? };
    let mut row: StockRow = stored.unwrap_or_else(|| empty(location, sku, event.recorded_at));
    let hold = |id: &dyn std::fmt::Display| vec![text(location), text(sku), text(id)];
    let mut begun: Option<ReservationRow> = None;
    let mut ended: Option<Vec<Value>> = None;
    match fact {
        StockItemEvent::OpeningStockRecorded(opening) => {
            row.opening = sum(row.opening, opening.quantity.as_i64())?;
            row.on_hand = sum(row.on_hand, opening.quantity.as_i64())?;
        }
        StockItemEvent::StockReceived(received) => {
            row.received = sum(row.received, received.quantity.as_i64())?;
            row.on_hand = sum(row.on_hand, received.quantity.as_i64())?;
        }
        StockItemEvent::StockAdjusted(adjusted) => {
            row.adjusted = sum(row.adjusted, adjusted.delta)?;
            row.on_hand = sum(row.on_hand, adjusted.delta)?;
        }
        StockItemEvent::StockReserved(reserved) => {
            row.reserved = sum(row.reserved, reserved.quantity.as_i64())?;
            begun = Some(ReservationRow {
                location: location.to_owned(),
                sku: sku.to_owned(),
                reservation_id: reserved.reservation_id.to_string(),
                quantity: reserved.quantity.as_i64(),
                expires_at: reserved.expires_at,
            });
        }
        StockItemEvent::ReservationExtended(extended) => {
            let stored = tables.get(hold(&extended.reservation_id)).await?;
            let mut reservation: ReservationRow = super::fold::known(stored, event)?;
            reservation.expires_at = extended.expires_at;
            begun = Some(reservation);
        }
        StockItemEvent::ReservationReleased(released) => {
            row.reserved = difference(row.reserved, released.quantity.as_i64())?;
            ended = Some(hold(&released.reservation_id));
        }
        StockItemEvent::UnknownReservationReleased(_) | StockItemEvent::ReorderLevelReached(_) => {}
        StockItemEvent::StockAllocated(allocated) => {
            row.reserved = difference(row.reserved, allocated.quantity.as_i64())?;
            row.allocated = sum(row.allocated, allocated.quantity.as_i64())?;
            ended = Some(hold(&allocated.reservation_id));
        }
        StockItemEvent::AllocationReleased(released) => {
            row.allocated = difference(row.allocated, released.quantity.as_i64())?;
        }
        StockItemEvent::StockShipped(shipped) => {
            row.shipped = sum(row.shipped, shipped.quantity.as_i64())?;
            row.on_hand = difference(row.on_hand, shipped.quantity.as_i64())?;
            row.allocated = difference(row.allocated, i64::from(shipped.from_allocation))?;
        }
        StockItemEvent::StockReturned(returned) => {
            row.returned = sum(row.returned, returned.quantity.as_i64())?;
            match returned.condition {
                ReturnCondition::Resellable | ReturnCondition::NotStated => {
                    row.on_hand = sum(row.on_hand, returned.quantity.as_i64())?;
                }
                ReturnCondition::Damaged => row.damaged = sum(row.damaged, returned.quantity.as_i64())?,
            }
        }
        StockItemEvent::ReorderLevelSet(set) => row.reorder_level = int(set.level),
    }
    row.available = difference(row.on_hand, sum(row.allocated, row.reserved)?)?;
    row.low = row.reorder_level > 0 && row.available <= row.reorder_level;
    row.revision = revision(event);
    row.position = position(event);
    row.updated_at = event.recorded_at;
    tables.put(&row);
    if let Some(reservation) = begun {
        tables.put(&reservation);
    }
    if let Some(key) = ended {
        tables.delete::<ReservationRow>(key);
    }
    Ok(())
}

/// Which rows to list.
#[derive(Debug, Clone, Default)]
pub struct StockFilter {
    /// Only at this location.
    pub location: Option<LocationId>,
    /// Only this SKU.
    pub sku: Option<Sku>,
    /// Only rows with at most this many available units.
    pub available_max: Option<i64>,
    /// Only rows of which it is time to order again, or is not.
    pub low: Option<bool>,
}

/// By location and SKU.
pub const BY_PLACE: Ordering = Ordering::ascending(&["location", "sku"]);
/// By location and SKU, backwards.
pub const BY_PLACE_DESCENDING: Ordering = Ordering::descending(&["location", "sku"]);
/// The scarcest first.
pub const BY_AVAILABLE: Ordering = Ordering::ascending(&["available", "location", "sku"]);
/// The most plentiful first.
pub const BY_AVAILABLE_DESCENDING: Ordering = Ordering::descending(&["available", "location", "sku"]);

/// Some rows, in order.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn list(
    snapshot: &mut Snapshot,
    filter: &StockFilter,
    order: Ordering,
    after: Option<&[Value]>,
    limit: usize,
) -> Result<Slice<StockRow>, ReadModelError> {
    let filters = Filters::none()
        .and_some("location =", filter.location.as_ref().map(text))
        .and_some("sku =", filter.sku.as_ref().map(text))
        .and_some("available <=", filter.available_max.map(Value::Int))
        .and_some("low =", filter.low.map(Value::Bool));
    slice(snapshot, filters, order, after, limit).await
}

/// One SKU at one location; `None` if it has no history there.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn get(
    snapshot: &mut Snapshot,
    location: &LocationId,
    sku: &Sku,
) -> Result<Option<StockRow>, ReadModelError> {
    one(snapshot, Filters::none().and("location =", text(location)).and("sku =", text(sku))).await
}

/// How many units of each of these SKUs can be sold, over these locations together; nothing for those without history
/// there. There should be no more SKUs than one product has.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn available_of(
    snapshot: &mut Snapshot,
    skus: Vec<String>,
    locations: &[LocationId],
) -> Result<BTreeMap<String, i64>, ReadModelError> {
    if skus.is_empty() {
        return Ok(BTreeMap::new());
    }
    let these = Filters::none().among("sku", skus.into_iter().map(text).collect());
    let these = these.among("location", locations.iter().map(text).collect());
    let rows: Vec<StockRow> = every(snapshot, these, Ordering::ascending(&["sku", "location"])).await?;
    let mut available = BTreeMap::new();
    for row in rows {
        // What one location owes is not taken from what another has.
        let units: &mut i64 = available.entry(row.sku).or_default();
        *units = units.saturating_add(row.available.max(0));
    }
    Ok(available)
}

/// At most `limit` holds on one SKU at one location, the first to end first.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn reservations(
    snapshot: &mut Snapshot,
    location: &LocationId,
    sku: &Sku,
    limit: usize,
) -> Result<Vec<ReservationRow>, ReadModelError> {
    let filters = Filters::none().and("location =", text(location)).and("sku =", text(sku));
    let order = Ordering::ascending(&["expires_at", "reservation_id"]);
    Ok(slice(snapshot, filters, order, None, limit).await?.rows)
}

#[cfg(test)]
mod tests;
