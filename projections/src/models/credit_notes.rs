//! Credit notes with their lines, and what each line was set against.

use super::{
    fold::{
        basis, effective_at, int, is_shown, json, line_kind, names, position, revision, stated_tax, stream_uuid, total,
    },
    query::{Filters, Ordering, Slice, every, one, slice, text},
    source_documents::local_time,
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
    credit_note::events::{CreditLine, CreditNoteEvent},
    ids::{CreditNoteId, CustomerId},
};

/// The name of the projection.
pub const NAME: &str = "credit_notes";

read_table! {
    /// A credit note. Amounts are positive minor units of its currency: this much is credited.
    pub struct CreditNoteRow in "credit_notes", key 1, indexes [
        "issued_at, credit_note_id", "total_minor, credit_note_id", "customer_id, issued_at, credit_note_id"
    ] {
        /// Its typed id.
        pub credit_note_id: String,
        /// Who is owed: a typed id.
        pub customer_id: Option<String>,
        /// The country of the note.
        pub country: String,
        /// ISO 4217 code.
        pub currency: String,
        /// The stated tax; none if nothing is stated.
        pub tax_minor: Option<i64>,
        /// What is owed, stated tax included.
        pub total_minor: i64,
        /// How many lines it has.
        pub lines: i64,
        /// How many units it credits.
        pub quantity: i64,
        /// How many of its lines have units that no known sale answers for.
        pub unmatched_lines: i64,
        /// How many such units there are.
        pub unmatched_quantity: i64,
        /// The part of the amount that belongs to them.
        pub unmatched_minor: i64,
        /// Why; possibly empty.
        pub reason: String,
        /// The store's date on which it is booked.
        pub business_date: NaiveDate,
        /// When it was issued, effectively.
        pub issued_at: DateTime<Utc>,
        /// When the log took it.
        pub recorded_at: DateTime<Utc>,
        /// `recorded` or `inferred`.
        pub basis: String,
        /// The import it came from.
        pub source_system: Option<String>,
        /// The document's number there.
        pub source_number: Option<String>,
        /// The wall-clock time that the document states.
        pub source_local_time: Option<String>,
        /// The stream's revision.
        pub revision: i64,
        /// The log's position of its last event.
        pub position: i64,
    }
}

read_table! {
    /// A line of a credit note.
    pub struct CreditNoteLineRow in "credit_note_lines", key 2, indexes [] {
        /// The credit note.
        pub credit_note_id: String,
        /// The line's number, from 1.
        pub line: i64,
        /// `goods`, `carriage` or `discount`.
        pub kind: String,
        /// The code as the source states it, or the SKU.
        pub code: String,
        /// What comes back to stock, for goods.
        pub sku: Option<String>,
        /// The line's text, possibly empty.
        pub description: String,
        /// How many units.
        pub quantity: i64,
        /// Per unit in major units, as a decimal text.
        pub unit_price: String,
        /// What is credited for the line.
        pub amount_minor: i64,
        /// The rounded less the exact amount, in millionths of the major unit; 0 if nothing was rounded.
        pub rounding_micros: i64,
        /// Units that were set against lines of orders.
        pub matched_quantity: i64,
        /// Units that no known sale answers for.
        pub unmatched_quantity: i64,
        /// The part of the amount that belongs to the unmatched units.
        pub unmatched_minor: i64,
        /// What the line was set against: a JSON list of `{order_id, line, quantity, same_price}`.
        pub matches: String,
    }
}

/// The projection.
#[derive(Debug, Clone, Copy)]
pub struct CreditNotes;

static TYPES: [&str; CreditNoteEvent::TYPES.len()] = names(CreditNoteEvent::TYPES);

impl Projection for CreditNotes {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> Vec<TableSpec> {
        vec![CreditNoteRow::TABLE, CreditNoteLineRow::TABLE]
    }

    fn event_types(&self) -> &'static [&'static str] {
        &TYPES
    }

    fn apply<'a>(&'a self, event: &'a Incoming, tables: &'a mut dyn Tables) -> BoxFuture<'a, Result<(), ApplyError>> {
        async move {
            if is_shown(event) {
                let (note, lines) = rows_of(event)?;
                tables.put(&note);
                lines.iter().for_each(|line| tables.put(line));
            }
            Ok(())
        }
        .boxed()
    }
}

fn rows_of(incoming: &Incoming) -> Result<(CreditNoteRow, Vec<CreditNoteLineRow>), ApplyError> {
    let CreditNoteEvent::CreditNoteIssued(issued) = incoming.decode()?;
    let event = incoming.recorded();
    let id = CreditNoteId::new(stream_uuid(event)?).to_string();
    let lines = issued.lines.iter().map(|line| line_row(&id, line)).collect::<Result<Vec<_>, _>>()?;
    let source = issued.source.as_ref();
    let note = CreditNoteRow {
        customer_id: issued.customer_id.map(|id| id.to_string()),
        country: issued.country.to_string(),
        currency: issued.currency.to_string(),
        tax_minor: stated_tax(issued.tax),
        total_minor: issued.total_minor,
        lines: int(issued.lines.len()),
        quantity: total(issued.lines.iter().map(|line| line.quantity.as_i64()))?,
        unmatched_lines: int(issued.lines.iter().filter(|line| line.unmatched > 0).count()),
        unmatched_quantity: total(issued.lines.iter().map(|line| i64::from(line.unmatched)))?,
        unmatched_minor: total(issued.lines.iter().map(|line| line.unmatched_minor))?,
        reason: issued.reason.to_string(),
        business_date: issued.business_date,
        issued_at: effective_at(event)?,
        recorded_at: event.recorded_at,
        basis: basis(issued.basis),
        source_system: source.map(|source| source.system.to_string()),
        source_number: source.map(|source| source.number.to_string()),
        source_local_time: source.map(local_time),
        revision: revision(event),
        position: position(event),
        credit_note_id: id,
    };
    Ok((note, lines))
}

fn line_row(id: &str, line: &CreditLine) -> Result<CreditNoteLineRow, ApplyError> {
    Ok(CreditNoteLineRow {
        credit_note_id: id.to_owned(),
        line: i64::from(line.line),
        kind: line_kind(line.kind),
        code: line.code.to_string(),
        sku: line.sku.as_ref().map(ToString::to_string),
        description: line.description.to_string(),
        quantity: line.quantity.as_i64(),
        unit_price: line.unit_price.to_string(),
        amount_minor: line.amount_minor,
        rounding_micros: line.rounding_micros.unwrap_or(0),
        matched_quantity: total(line.matches.iter().map(|found| found.quantity.as_i64()))?,
        unmatched_quantity: i64::from(line.unmatched),
        unmatched_minor: line.unmatched_minor,
        matches: json(&line.matches)?,
    })
}

/// Which credit notes to list.
#[derive(Debug, Clone, Default)]
pub struct CreditNoteFilter {
    /// Only of this customer.
    pub customer: Option<CustomerId>,
    /// Only with this country.
    pub country: Option<String>,
    /// Only booked on this date or later.
    pub from: Option<NaiveDate>,
    /// Only booked on this date or earlier.
    pub to: Option<NaiveDate>,
    /// Only those with, or without, units that no known sale answers for.
    pub unmatched: Option<bool>,
}

/// The oldest first.
pub const BY_ISSUED_AT: Ordering = Ordering::ascending(&["issued_at", "credit_note_id"]);
/// The newest first.
pub const BY_ISSUED_AT_DESCENDING: Ordering = Ordering::descending(&["issued_at", "credit_note_id"]);
/// The smallest first.
pub const BY_TOTAL: Ordering = Ordering::ascending(&["total_minor", "credit_note_id"]);
/// The largest first.
pub const BY_TOTAL_DESCENDING: Ordering = Ordering::descending(&["total_minor", "credit_note_id"]);

/// Some credit notes, in order.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn list(
    snapshot: &mut Snapshot,
    filter: &CreditNoteFilter,
    order: Ordering,
    after: Option<&[Value]>,
    limit: usize,
) -> Result<Slice<CreditNoteRow>, ReadModelError> {
    let filters = Filters::none()
        .and_some("customer_id =", filter.customer.map(text))
        .and_some("country =", filter.country.as_ref().map(text))
        .and_some("business_date >=", filter.from.map(Value::Date))
        .and_some("business_date <=", filter.to.map(Value::Date));
    let filters = match filter.unmatched {
        Some(true) => filters.and("unmatched_lines >", Value::Int(0)),
        Some(false) => filters.and("unmatched_lines =", Value::Int(0)),
        None => filters,
    };
    slice(snapshot, filters, order, after, limit).await
}

/// One credit note with its lines; `None` if there is none.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn get(
    snapshot: &mut Snapshot,
    id: CreditNoteId,
) -> Result<Option<(CreditNoteRow, Vec<CreditNoteLineRow>)>, ReadModelError> {
    let mine = || Filters::none().and("credit_note_id =", text(id));
    let Some(note) = one(snapshot, mine()).await? else { return Ok(None) };
    let lines = every(snapshot, mine(), Ordering::ascending(&["credit_note_id", "line"])).await?;
    Ok(Some((note, lines)))
}

#[cfg(test)]
mod tests;
