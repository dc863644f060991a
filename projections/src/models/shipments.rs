//! Shipments: what leaves together, how far it has come, and its numbers at the carrier.

use super::{
    fold::{is_shown, known, position, revision, stream_uuid, total},
    query::{Filters, Ordering, Slice, every, one, slice, text},
};
use crate::{
    projection::{ApplyError, Incoming, Projection, Tables, TablesExt},
    read::{ReadModelError, Snapshot},
    read_table,
    table::{Row, TableSpec, Value},
};
use chrono::{DateTime, NaiveDate, Utc};
use futures::{FutureExt, future::BoxFuture};
use tillroll_domain::{
    aggregate::DomainEvent,
    fulfillment::{
        events::{FulfillmentCreated, FulfillmentEvent},
        status::ShipmentStatus,
        tracking::Tracking,
    },
    ids::{OrderId, ShipmentId},
};
use tillroll_infra::event::RecordedEvent;

/// The name of the projection.
pub const NAME: &str = "shipments";

read_table! {
    /// Goods of an order that leave together.
    pub struct ShipmentRow in "shipments", key 1, indexes [
        "order_id, created_at, shipment_id", "status, created_at, shipment_id"
    ] {
        /// Its typed id.
        pub shipment_id: String,
        /// The order's typed id.
        pub order_id: String,
        /// Where the goods are, or were.
        pub location: String,
        /// `created`, `packed`, `shipped`, `lost`, `delivered` or `cancelled`.
        pub status: String,
        /// Who carries it.
        pub carrier: Option<String>,
        /// How many lines it has.
        pub lines: i64,
        /// Units of all lines.
        pub quantity: i64,
        /// How many numbers it has at the carrier.
        pub tracking: i64,
        /// When it was planned.
        pub created_at: DateTime<Utc>,
        /// When it was packed.
        pub packed_at: Option<DateTime<Utc>>,
        /// When it left.
        pub shipped_at: Option<DateTime<Utc>>,
        /// The store's date on which it left.
        pub shipped_on: Option<NaiveDate>,
        /// When it was reported lost.
        pub lost_at: Option<DateTime<Utc>>,
        /// When it arrived.
        pub delivered_at: Option<DateTime<Utc>>,
        /// The store's date on which it arrived.
        pub delivered_on: Option<NaiveDate>,
        /// When it was given up.
        pub cancelled_at: Option<DateTime<Utc>>,
        /// Why it was given up, or what is known of its loss.
        pub note: Option<String>,
        /// When its last event was recorded.
        pub updated_at: DateTime<Utc>,
        /// The stream's revision.
        pub revision: i64,
        /// The log's position of its last event.
        pub position: i64,
    }
}

read_table! {
    /// Some units of one line of the order that leave with a shipment.
    pub struct ShipmentLineRow in "shipment_lines", key 2, indexes [] {
        /// The shipment.
        pub shipment_id: String,
        /// The line's number in the order, from 1.
        pub line: i64,
        /// What is taken from stock.
        pub sku: String,
        /// How many units.
        pub quantity: i64,
    }
}

read_table! {
    /// A shipment's number at the carrier.
    pub struct ShipmentTrackingRow in "shipment_tracking", key 2, indexes ["number"] {
        /// The shipment.
        pub shipment_id: String,
        /// Its place in the order in which the numbers became known, from 0.
        pub place: i64,
        /// The number.
        pub number: String,
        /// A page that follows the parcel.
        pub url: Option<String>,
    }
}

/// The projection.
#[derive(Debug, Clone, Copy)]
pub struct Shipments;

static TYPES: [&str; FulfillmentEvent::TYPES.len()] = super::fold::names(FulfillmentEvent::TYPES);

impl Projection for Shipments {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> Vec<TableSpec> {
        vec![ShipmentRow::TABLE, ShipmentLineRow::TABLE, ShipmentTrackingRow::TABLE]
    }

    fn event_types(&self) -> &'static [&'static str] {
        &TYPES
    }

    fn apply<'a>(&'a self, event: &'a Incoming, tables: &'a mut dyn Tables) -> BoxFuture<'a, Result<(), ApplyError>> {
        apply(event, tables).boxed()
    }
}

async fn apply(incoming: &Incoming, tables: &mut dyn Tables) -> Result<(), ApplyError> {
    if !is_shown(incoming) {
        return Ok(());
    }
    let fact = incoming.decode::<FulfillmentEvent>()?;
    let event = incoming.recorded();
    let shipment_id = ShipmentId::new(stream_uuid(event)?).to_string();
    let at = event.recorded_at;
    let mut shipment = match fact {
        FulfillmentEvent::FulfillmentCreated(created) => row(&shipment_id, created, event)?,
        _ => known(tables.get(vec![text(&shipment_id)]).await?, event)?,
    };
    let mut lines = Vec::new();
    let mut numbers = Vec::new();
    let status = match fact {
        FulfillmentEvent::FulfillmentCreated(created) => {
            lines = line_rows(&shipment_id, created);
            ShipmentStatus::Created
        }
        FulfillmentEvent::FulfillmentPacked(_) => {
            shipment.packed_at = Some(at);
            ShipmentStatus::Packed
        }
        FulfillmentEvent::FulfillmentShipped(shipped) => {
            shipment.carrier = shipped.carrier.as_ref().map(ToString::to_string);
            (shipment.shipped_at, shipment.shipped_on) = (Some(at), Some(shipped.business_date));
            numbers = tracking_rows(&mut shipment, &shipped.tracking);
            ShipmentStatus::Shipped
        }
        FulfillmentEvent::FulfillmentTrackingAdded(added) => {
            numbers = tracking_rows(&mut shipment, &added.tracking);
            // Rows hold only words that this function wrote.
            shipment.status.parse().unwrap_or(ShipmentStatus::Created)
        }
        FulfillmentEvent::FulfillmentDelivered(delivered) => {
            (shipment.delivered_at, shipment.delivered_on) = (Some(at), Some(delivered.business_date));
            ShipmentStatus::Delivered
        }
        FulfillmentEvent::FulfillmentCancelled(cancelled) => {
            (shipment.cancelled_at, shipment.note) = (Some(at), Some(cancelled.reason.to_string()));
            ShipmentStatus::Cancelled
        }
        FulfillmentEvent::FulfillmentLost(lost) => {
            (shipment.lost_at, shipment.note) = (Some(at), Some(lost.note.to_string()));
            ShipmentStatus::Lost
        }
    };
    status.as_str().clone_into(&mut shipment.status);
    shipment.updated_at = at;
    shipment.revision = revision(event);
    shipment.position = position(event);
    tables.put(&shipment);
    lines.iter().for_each(|row| tables.put(row));
    numbers.iter().for_each(|row| tables.put(row));
    Ok(())
}

fn row(shipment_id: &str, created: &FulfillmentCreated, event: &RecordedEvent) -> Result<ShipmentRow, ApplyError> {
    Ok(ShipmentRow {
        shipment_id: shipment_id.to_owned(),
        order_id: created.order_id.to_string(),
        location: created.location.to_string(),
        status: String::new(),
        carrier: None,
        lines: super::fold::int(created.lines.len()),
        quantity: total(created.lines.iter().map(|line| line.quantity.as_i64()))?,
        tracking: 0,
        created_at: event.recorded_at,
        packed_at: None,
        shipped_at: None,
        shipped_on: None,
        lost_at: None,
        delivered_at: None,
        delivered_on: None,
        cancelled_at: None,
        note: None,
        updated_at: event.recorded_at,
        revision: 0,
        position: 0,
    })
}

fn line_rows(shipment_id: &str, created: &FulfillmentCreated) -> Vec<ShipmentLineRow> {
    let row = |line: &tillroll_domain::fulfillment::events::FulfillmentLine| ShipmentLineRow {
        shipment_id: shipment_id.to_owned(),
        line: line.line.into(),
        sku: line.sku.to_string(),
        quantity: line.quantity.as_i64(),
    };
    created.lines.iter().map(row).collect()
}

/// The rows of numbers behind those that are known; the shipment counts them.
fn tracking_rows(shipment: &mut ShipmentRow, tracking: &[Tracking]) -> Vec<ShipmentTrackingRow> {
    let first = shipment.tracking;
    let rows: Vec<_> = (first..)
        .zip(tracking)
        .map(|(place, tracking)| ShipmentTrackingRow {
            shipment_id: shipment.shipment_id.clone(),
            place,
            number: tracking.number.to_string(),
            url: tracking.url.as_ref().map(ToString::to_string),
        })
        .collect();
    shipment.tracking += super::fold::int(rows.len());
    rows
}

/// A shipment with all that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShipmentDetail {
    /// The shipment.
    pub shipment: ShipmentRow,
    /// Its lines by number.
    pub lines: Vec<ShipmentLineRow>,
    /// Its numbers at the carrier, in the order in which they became known.
    pub tracking: Vec<ShipmentTrackingRow>,
}

/// The oldest first.
pub const BY_CREATED_AT: Ordering = Ordering::ascending(&["created_at", "shipment_id"]);
/// The newest first.
pub const BY_CREATED_AT_DESCENDING: Ordering = Ordering::descending(&["created_at", "shipment_id"]);

/// Which shipments to list.
#[derive(Debug, Clone, Default)]
pub struct ShipmentFilter {
    /// Only of this order.
    pub order: Option<OrderId>,
    /// Only with this status.
    pub status: Option<String>,
}

/// Some shipments, in order, each with its lines and numbers.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn list(
    snapshot: &mut Snapshot,
    filter: &ShipmentFilter,
    order: Ordering,
    after: Option<&[Value]>,
    limit: usize,
) -> Result<Slice<ShipmentDetail>, ReadModelError> {
    let filters = Filters::none()
        .and_some("order_id =", filter.order.map(text))
        .and_some("status =", filter.status.as_ref().map(text));
    let Slice { rows, next } = slice::<ShipmentRow>(snapshot, filters, order, after, limit).await?;
    let ids = || rows.iter().map(|row: &ShipmentRow| text(&row.shipment_id)).collect();
    let lines: Vec<ShipmentLineRow> =
        every(snapshot, Filters::none().among("shipment_id", ids()), LINES_IN_ORDER).await?;
    let tracking: Vec<ShipmentTrackingRow> =
        every(snapshot, Filters::none().among("shipment_id", ids()), TRACKING_IN_ORDER).await?;
    let detail = |shipment: ShipmentRow| ShipmentDetail {
        lines: lines.iter().filter(|line| line.shipment_id == shipment.shipment_id).cloned().collect(),
        tracking: tracking.iter().filter(|number| number.shipment_id == shipment.shipment_id).cloned().collect(),
        shipment,
    };
    Ok(Slice { rows: rows.into_iter().map(detail).collect(), next })
}

const LINES_IN_ORDER: Ordering = Ordering::ascending(&["shipment_id", "line"]);
const TRACKING_IN_ORDER: Ordering = Ordering::ascending(&["shipment_id", "place"]);

/// One shipment; `None` if there is none.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn get(snapshot: &mut Snapshot, id: ShipmentId) -> Result<Option<ShipmentDetail>, ReadModelError> {
    let mine = || Filters::none().and("shipment_id =", text(id));
    let Some(shipment) = one(snapshot, mine()).await? else { return Ok(None) };
    let lines = every(snapshot, mine(), LINES_IN_ORDER).await?;
    let tracking = every(snapshot, mine(), TRACKING_IN_ORDER).await?;
    Ok(Some(ShipmentDetail { shipment, lines, tracking }))
}

#[cfg(test)]
mod tests;
