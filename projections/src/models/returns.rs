//! Returns: what customers want to send back, what came of it, and what was decided.

use super::{
    fold::{int, is_shown, known, position, revision, stream_uuid, sum, total},
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
    ids::{OrderId, ReturnId},
    returns::{
        events::{InspectedLine, ReceivedLine, ReturnEvent, ReturnRequested},
        status::{GoodsCondition, ReturnStatus},
    },
};
use tillroll_infra::event::RecordedEvent;

/// The name of the projection.
pub const NAME: &str = "returns";

read_table! {
    /// A return.
    pub struct ReturnRow in "returns", key 1, indexes [
        "requested_at, return_id", "order_id, requested_at, return_id", "status, requested_at, return_id"
    ] {
        /// Its typed id.
        pub return_id: String,
        /// The order's typed id.
        pub order_id: String,
        /// `requested`, `approved`, `received`, `resolved`, `rejected` or `cancelled`.
        pub status: String,
        /// What was decided: `refund`, `replacement` or `none`.
        pub outcome: Option<String>,
        /// Why it was rejected or cancelled, or the remarks of the outcome.
        pub note: Option<String>,
        /// How many lines it has.
        pub lines: i64,
        /// Units asked for.
        pub requested: i64,
        /// Units that came and can be sold again.
        pub received_resellable: i64,
        /// Units that came and cannot.
        pub received_damaged: i64,
        /// Units taken back.
        pub accepted: i64,
        /// Units not taken back.
        pub refused: i64,
        /// How many parcels came.
        pub parcels: i64,
        /// The store's date on which the order was delivered, as far as it was.
        pub delivered_on: Option<NaiveDate>,
        /// The window that applied, in days.
        pub window_days: i64,
        /// The last day of the window, where it had begun to close.
        pub window_ends_on: Option<NaiveDate>,
        /// The store's date of the request.
        pub business_date: NaiveDate,
        /// When it was requested.
        pub requested_at: DateTime<Utc>,
        /// When its last event was recorded.
        pub updated_at: DateTime<Utc>,
        /// The stream's revision.
        pub revision: i64,
        /// The log's position of its last event.
        pub position: i64,
    }
}

read_table! {
    /// Some units of one line of the order that a customer wants to send back, and what came of them.
    pub struct ReturnLineRow in "return_lines", key 2, indexes ["sku"] {
        /// The return.
        pub return_id: String,
        /// The line's number in the order, from 1.
        pub line: i64,
        /// What it was.
        pub sku: String,
        /// Why it comes back.
        pub reason: String,
        /// Units asked for.
        pub requested: i64,
        /// Units that came and can be sold again.
        pub received_resellable: i64,
        /// Units that came and cannot.
        pub received_damaged: i64,
        /// Units taken back.
        pub accepted: i64,
        /// Units not taken back.
        pub refused: i64,
    }
}

/// The projection.
#[derive(Debug, Clone, Copy)]
pub struct Returns;

static TYPES: [&str; ReturnEvent::TYPES.len()] = super::fold::names(ReturnEvent::TYPES);

impl Projection for Returns {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> Vec<TableSpec> {
        vec![ReturnRow::TABLE, ReturnLineRow::TABLE]
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
    let fact = incoming.decode::<ReturnEvent>()?;
    let event = incoming.recorded();
    let return_id = ReturnId::new(stream_uuid(event)?).to_string();
    let mut returned: ReturnRow = match fact {
        ReturnEvent::ReturnRequested(requested) => row(&return_id, requested, event)?,
        _ => known(tables.get(vec![text(&return_id)]).await?, event)?,
    };
    let mut lines = Vec::new();
    // An inspection does not change the status.
    let mut status = None;
    match fact {
        ReturnEvent::ReturnRequested(requested) => {
            lines = line_rows(&return_id, requested);
            status = Some(ReturnStatus::Requested);
        }
        ReturnEvent::ReturnApproved(_) => status = Some(ReturnStatus::Approved),
        ReturnEvent::ReturnRejected(rejected) => {
            returned.note = Some(rejected.reason.to_string());
            status = Some(ReturnStatus::Rejected);
        }
        ReturnEvent::ReturnReceived(received) => {
            lines = receive(&mut returned, &received.lines, event, tables).await?;
            returned.parcels += 1;
            status = Some(ReturnStatus::Received);
        }
        ReturnEvent::ReturnInspected(inspected) => {
            lines = inspect(&mut returned, &inspected.lines, event, tables).await?;
        }
        ReturnEvent::ReturnResolved(resolved) => {
            returned.outcome = Some(resolved.outcome.to_string());
            returned.note = Some(resolved.note.to_string()).filter(|note| !note.is_empty());
            status = Some(ReturnStatus::Resolved);
        }
        ReturnEvent::ReturnCancelled(cancelled) => {
            returned.note = Some(cancelled.reason.to_string());
            status = Some(ReturnStatus::Cancelled);
        }
    }
    if let Some(status) = status {
        status.as_str().clone_into(&mut returned.status);
    }
    returned.updated_at = event.recorded_at;
    returned.revision = revision(event);
    returned.position = position(event);
    tables.put(&returned);
    lines.iter().for_each(|row| tables.put(row));
    Ok(())
}

fn row(return_id: &str, requested: &ReturnRequested, event: &RecordedEvent) -> Result<ReturnRow, ApplyError> {
    Ok(ReturnRow {
        return_id: return_id.to_owned(),
        order_id: requested.order_id.to_string(),
        status: String::new(),
        outcome: None,
        note: None,
        lines: int(requested.lines.len()),
        requested: total(requested.lines.iter().map(|line| line.quantity.as_i64()))?,
        received_resellable: 0,
        received_damaged: 0,
        accepted: 0,
        refused: 0,
        parcels: 0,
        delivered_on: requested.delivered_on,
        window_days: requested.window_days.into(),
        window_ends_on: requested.window_ends_on,
        business_date: requested.business_date,
        requested_at: event.recorded_at,
        updated_at: event.recorded_at,
        revision: 0,
        position: 0,
    })
}

fn line_rows(return_id: &str, requested: &ReturnRequested) -> Vec<ReturnLineRow> {
    let row = |line: &tillroll_domain::returns::events::ReturnLine| ReturnLineRow {
        return_id: return_id.to_owned(),
        line: line.line.into(),
        sku: line.sku.to_string(),
        reason: line.reason.to_string(),
        requested: line.quantity.as_i64(),
        received_resellable: 0,
        received_damaged: 0,
        accepted: 0,
        refused: 0,
    };
    requested.lines.iter().map(row).collect()
}

/// Goods came; a line may come in both conditions.
async fn receive(
    returned: &mut ReturnRow,
    received: &[ReceivedLine],
    event: &RecordedEvent,
    tables: &mut dyn Tables,
) -> Result<Vec<ReturnLineRow>, ApplyError> {
    let mut changed: Vec<ReturnLineRow> = Vec::new();
    for ReceivedLine { line, quantity, condition } in received {
        // The same line stands next to itself, since the lines of a parcel are in order.
        let mut row = match changed.pop_if(|row| row.line == i64::from(*line)) {
            Some(row) => row,
            None => load(returned, *line, event, tables).await?,
        };
        let (of_row, of_all) = match condition {
            GoodsCondition::Resellable => (&mut row.received_resellable, &mut returned.received_resellable),
            GoodsCondition::Damaged => (&mut row.received_damaged, &mut returned.received_damaged),
        };
        *of_row = sum(*of_row, quantity.as_i64())?;
        *of_all = sum(*of_all, quantity.as_i64())?;
        changed.push(row);
    }
    Ok(changed)
}

/// Goods were looked at; the event states the totals of each line so far.
async fn inspect(
    returned: &mut ReturnRow,
    inspected: &[InspectedLine],
    event: &RecordedEvent,
    tables: &mut dyn Tables,
) -> Result<Vec<ReturnLineRow>, ApplyError> {
    let mut changed = Vec::with_capacity(inspected.len());
    for InspectedLine { line, accepted, refused } in inspected {
        let mut row = load(returned, *line, event, tables).await?;
        returned.accepted = sum(returned.accepted, i64::from(*accepted) - row.accepted)?;
        returned.refused = sum(returned.refused, i64::from(*refused) - row.refused)?;
        (row.accepted, row.refused) = (i64::from(*accepted), i64::from(*refused));
        changed.push(row);
    }
    Ok(changed)
}

async fn load(
    returned: &ReturnRow,
    line: u32,
    event: &RecordedEvent,
    tables: &mut dyn Tables,
) -> Result<ReturnLineRow, ApplyError> {
    known(tables.get(vec![text(&returned.return_id), Value::Int(line.into())]).await?, event)
}

/// A return with its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnDetail {
    /// The return.
    pub returned: ReturnRow,
    /// Its lines by number.
    pub lines: Vec<ReturnLineRow>,
}

/// The oldest first.
pub const BY_REQUESTED_AT: Ordering = Ordering::ascending(&["requested_at", "return_id"]);
/// The newest first.
pub const BY_REQUESTED_AT_DESCENDING: Ordering = Ordering::descending(&["requested_at", "return_id"]);

const LINES_IN_ORDER: Ordering = Ordering::ascending(&["return_id", "line"]);

/// Which returns to list.
#[derive(Debug, Clone, Default)]
pub struct ReturnFilter {
    /// Only of this order.
    pub order: Option<OrderId>,
    /// Only with this status.
    pub status: Option<String>,
}

/// Some returns, in order, each with its lines.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn list(
    snapshot: &mut Snapshot,
    filter: &ReturnFilter,
    order: Ordering,
    after: Option<&[Value]>,
    limit: usize,
) -> Result<Slice<ReturnDetail>, ReadModelError> {
    let filters = Filters::none()
        .and_some("order_id =", filter.order.map(text))
        .and_some("status =", filter.status.as_ref().map(text));
    let Slice { rows, next } = slice::<ReturnRow>(snapshot, filters, order, after, limit).await?;
    let ids = rows.iter().map(|row: &ReturnRow| text(&row.return_id)).collect();
    let lines: Vec<ReturnLineRow> = every(snapshot, Filters::none().among("return_id", ids), LINES_IN_ORDER).await?;
    let detail = |returned: ReturnRow| ReturnDetail {
        lines: lines.iter().filter(|line| line.return_id == returned.return_id).cloned().collect(),
        returned,
    };
    Ok(Slice { rows: rows.into_iter().map(detail).collect(), next })
}

/// One return; `None` if there is none.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn get(snapshot: &mut Snapshot, id: ReturnId) -> Result<Option<ReturnDetail>, ReadModelError> {
    let mine = || Filters::none().and("return_id =", text(id));
    let Some(returned) = one(snapshot, mine()).await? else { return Ok(None) };
    let lines = every(snapshot, mine(), LINES_IN_ORDER).await?;
    Ok(Some(ReturnDetail { returned, lines }))
}

#[cfg(test)]
mod tests;
