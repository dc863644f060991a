//! The documents of other systems that entered the log, one row each; what an import was is reconciled over these rows.

use super::{
    fold::{difference, document_form, int, is_shown, position, source_units, sum, total},
    query::{Filters, Ordering, Slice, one, slice, text},
};
use crate::{
    projection::{ApplyError, Incoming, Projection, Tables, TablesExt},
    read::{ReadModelError, Snapshot},
    read_table,
    table::{Row, TableSpec, Value},
};
use chrono::NaiveDate;
use futures::{FutureExt, future::BoxFuture};
use tillroll_domain::{
    common::SourceDocument,
    credit_note::events::CreditNoteEvent,
    expense::events::ExpenseEvent,
    order::events::OrderEvent,
    stock_document::events::{StockDocumentEvent, StockDocumentKind},
};

/// The name of the projection.
pub const NAME: &str = "source_documents";

read_table! {
    /// One document of another system.
    pub struct SourceDocumentRow in "source_documents", key 2, indexes ["business_date, system, number", "class, system, number"] {
        /// The import's name.
        pub system: String,
        /// The document's number there.
        pub number: String,
        /// What form the number has: `order`, `credit_note` or `adjustment`.
        pub form: String,
        /// What it was booked as: `sales_order`, `credit_note`, `expense`, `stock_write_off` or `stock_found`.
        pub class: String,
        /// The stream that holds it.
        pub stream: String,
        /// The store's date on which it is booked.
        pub business_date: NaiveDate,
        /// The wall-clock time that it states, such as `2010-12-01T08:26:00`.
        pub local_time: String,
        /// The IANA name of the zone of that clock.
        pub time_zone: String,
        /// Its country.
        pub country: String,
        /// Whom it names: a typed id.
        pub customer_id: Option<String>,
        /// ISO 4217 code.
        pub currency: String,
        /// How many lines it has.
        pub lines: i64,
        /// The sum of its lines' quantities with the source's signs: credited units and discounts count as negative.
        pub quantity: i64,
        /// The sum of its lines' amounts in minor units with the source's signs: credits and costs are negative; without tax.
        pub net_minor: i64,
        /// SHA-256 of its content, lower-case hex.
        pub digest: String,
        /// The log's position of the event that holds it.
        pub position: i64,
    }
}

/// The projection.
#[derive(Debug, Clone, Copy)]
pub struct SourceDocuments;

static TYPES: [&str; 4] = ["OrderPlaced", "CreditNoteIssued", "ExpenseRecorded", "StockDocumentRecorded"];

impl Projection for SourceDocuments {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> Vec<TableSpec> {
        vec![SourceDocumentRow::TABLE]
    }

    fn event_types(&self) -> &'static [&'static str] {
        &TYPES
    }

    fn apply<'a>(&'a self, event: &'a Incoming, tables: &'a mut dyn Tables) -> BoxFuture<'a, Result<(), ApplyError>> {
        async move {
            if is_shown(event) {
                // A document enters once, so its row is new.
                if let Some(row) = row_of(event)? {
                    tables.put(&row);
                }
            }
            Ok(())
        }
        .boxed()
    }
}

/// What the four events say about their document.
struct Facts<'a> {
    source: &'a SourceDocument,
    class: &'static str,
    business_date: NaiveDate,
    country: String,
    customer_id: Option<String>,
    currency: String,
    lines: usize,
    quantity: i64,
    net_minor: i64,
}

fn row_of(incoming: &Incoming) -> Result<Option<SourceDocumentRow>, ApplyError> {
    let event = incoming.recorded();
    let facts = match &*event.event_type {
        "OrderPlaced" => order(incoming)?,
        "CreditNoteIssued" => credit_note(incoming)?,
        "ExpenseRecorded" => Some(expense(incoming)?),
        _ => Some(stock_document(incoming)?),
    };
    Ok(facts.map(|facts| SourceDocumentRow {
        system: facts.source.system.to_string(),
        number: facts.source.number.to_string(),
        form: document_form(facts.source.form),
        class: facts.class.to_owned(),
        stream: event.stream.to_string(),
        business_date: facts.business_date,
        local_time: local_time(facts.source),
        time_zone: facts.source.time_zone.to_string(),
        country: facts.country,
        customer_id: facts.customer_id,
        currency: facts.currency,
        lines: int(facts.lines),
        quantity: facts.quantity,
        net_minor: facts.net_minor,
        digest: facts.source.digest.to_string(),
        position: position(event),
    }))
}

/// The wall-clock time of a document as a text.
pub(super) fn local_time(source: &SourceDocument) -> String {
    source.local_time.format("%Y-%m-%dT%H:%M:%S%.f").to_string()
}

fn order(incoming: &Incoming) -> Result<Option<Facts<'_>>, ApplyError> {
    let OrderEvent::OrderPlaced(placed) = incoming.decode()? else { return Ok(None) };
    let Some(source) = &placed.source else { return Ok(None) };
    let charged = sum(placed.totals.goods_minor, placed.totals.carriage_minor)?;
    Ok(Some(Facts {
        source,
        class: "sales_order",
        business_date: placed.business_date,
        country: placed.country.to_string(),
        customer_id: placed.customer_id.map(|id| id.to_string()),
        currency: placed.currency.to_string(),
        lines: placed.lines.len(),
        quantity: total(placed.lines.iter().map(source_units))?,
        net_minor: difference(charged, placed.totals.discount_minor)?,
    }))
}

fn credit_note(incoming: &Incoming) -> Result<Option<Facts<'_>>, ApplyError> {
    let CreditNoteEvent::CreditNoteIssued(issued) = incoming.decode()?;
    let Some(source) = &issued.source else { return Ok(None) };
    Ok(Some(Facts {
        source,
        class: "credit_note",
        business_date: issued.business_date,
        country: issued.country.to_string(),
        customer_id: issued.customer_id.map(|id| id.to_string()),
        currency: issued.currency.to_string(),
        lines: issued.lines.len(),
        quantity: difference(0, total(issued.lines.iter().map(|line| line.quantity.as_i64()))?)?,
        net_minor: difference(0, total(issued.lines.iter().map(|line| line.amount_minor))?)?,
    }))
}

fn expense(incoming: &Incoming) -> Result<Facts<'_>, ApplyError> {
    let ExpenseEvent::ExpenseRecorded(recorded) = incoming.decode()?;
    Ok(Facts {
        source: &recorded.source,
        class: "expense",
        business_date: recorded.business_date,
        country: recorded.country.to_string(),
        customer_id: recorded.customer_id.map(|id| id.to_string()),
        currency: recorded.currency.to_string(),
        lines: recorded.lines.len(),
        quantity: total(recorded.lines.iter().map(|line| line.quantity))?,
        net_minor: recorded.total_minor,
    })
}

fn stock_document(incoming: &Incoming) -> Result<Facts<'_>, ApplyError> {
    let StockDocumentEvent::StockDocumentRecorded(recorded) = incoming.decode()?;
    Ok(Facts {
        source: &recorded.source,
        class: match recorded.kind {
            StockDocumentKind::WriteOff => "stock_write_off",
            StockDocumentKind::Found => "stock_found",
        },
        business_date: recorded.business_date,
        country: recorded.country.to_string(),
        customer_id: None,
        currency: recorded.currency.to_string(),
        lines: recorded.lines.len(),
        quantity: total(recorded.lines.iter().map(|line| line.quantity))?,
        net_minor: 0,
    })
}

/// Which documents to list.
#[derive(Debug, Clone, Default)]
pub struct SourceDocumentFilter {
    /// Only of this system.
    pub system: Option<String>,
    /// Only of this class.
    pub class: Option<String>,
    /// Only booked on this date or later.
    pub from: Option<NaiveDate>,
    /// Only booked on this date or earlier.
    pub to: Option<NaiveDate>,
}

/// By system and number.
pub const BY_NUMBER: Ordering = Ordering::ascending(&["system", "number"]);
/// By system and number, backwards.
pub const BY_NUMBER_DESCENDING: Ordering = Ordering::descending(&["system", "number"]);
/// The earliest first.
pub const BY_DATE: Ordering = Ordering::ascending(&["business_date", "system", "number"]);
/// The latest first.
pub const BY_DATE_DESCENDING: Ordering = Ordering::descending(&["business_date", "system", "number"]);

/// Some documents, in order.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn list(
    snapshot: &mut Snapshot,
    filter: &SourceDocumentFilter,
    order: Ordering,
    after: Option<&[Value]>,
    limit: usize,
) -> Result<Slice<SourceDocumentRow>, ReadModelError> {
    let filters = Filters::none()
        .and_some("system =", filter.system.as_ref().map(text))
        .and_some("class =", filter.class.as_ref().map(text))
        .and_some("business_date >=", filter.from.map(Value::Date))
        .and_some("business_date <=", filter.to.map(Value::Date));
    slice(snapshot, filters, order, after, limit).await
}

/// One document; `None` if it is not known.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn get(
    snapshot: &mut Snapshot,
    system: &str,
    number: &str,
) -> Result<Option<SourceDocumentRow>, ReadModelError> {
    one(snapshot, Filters::none().and("system =", text(system)).and("number =", text(number))).await
}

#[cfg(test)]
mod tests;
