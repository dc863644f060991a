//! What the log holds: the head documents, added up event by event.

use crate::import::{
    ImportError,
    document::DocumentClass,
    mapping::is_part_number,
    recorded,
    source::SourceIdentity,
    totals::{HeadFacts, Totals, sum},
};
use chrono::NaiveDate;
use std::collections::BTreeMap;
use tillroll_domain::{
    common::{DocumentForm, LineKind, SourceDocument},
    credit_note::events::CreditNoteEvent,
    expense::events::ExpenseEvent,
    money::Currency,
    order::events::OrderEvent,
    stock_document::events::{StockDocumentEvent, StockDocumentKind},
    text::Country,
};
use tillroll_infra::{event::RecordedEvent, log::EventLog, stream::Position};

/// The sums over the log.
#[derive(Debug, Default)]
pub(super) struct LogSums {
    /// Over the documents of one import.
    pub(super) import: Totals,
    /// The net amounts of all documents, wherever they came from.
    pub(super) all: SalesSums,
}

/// Net amounts as the sales figures have them: month or country, and currency. Nothing is kept for zero.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct SalesSums {
    by_month: BTreeMap<(String, String), i64>,
    by_country: BTreeMap<(String, String), i64>,
}

impl SalesSums {
    pub(super) fn add_to_month(&mut self, month: &str, currency: &str, minor: i64) -> Result<(), ImportError> {
        raise(&mut self.by_month, month, currency, minor)
    }

    pub(super) fn add_to_country(&mut self, country: &str, currency: &str, minor: i64) -> Result<(), ImportError> {
        raise(&mut self.by_country, country, currency, minor)
    }

    /// What differs, in words.
    pub(super) fn differences(&self, name: &str, other: &Self, other_name: &str) -> Vec<String> {
        let mut found = Vec::new();
        for (left, right) in [(&self.by_month, &other.by_month), (&self.by_country, &other.by_country)] {
            let keys = left.keys().chain(right.keys().filter(|key| !left.contains_key(key)));
            for key in keys {
                let amount = |side: &BTreeMap<(String, String), i64>| side.get(key).copied().unwrap_or(0);
                if amount(left) != amount(right) {
                    let (of, currency) = key;
                    let (left, right) = (amount(left), amount(right));
                    found.push(format!("all net_minor of {of} in {currency}: {name} {left}, {other_name} {right}"));
                }
            }
        }
        found
    }
}

fn raise(sums: &mut BTreeMap<(String, String), i64>, of: &str, currency: &str, minor: i64) -> Result<(), ImportError> {
    if minor != 0 {
        let so_far = sums.entry((of.to_owned(), currency.to_owned())).or_default();
        *so_far = so_far.checked_add(minor).ok_or(ImportError::TooLarge)?;
    }
    Ok(())
}

/// A head document as its event states it.
struct Head {
    source: Option<SourceDocument>,
    class: DocumentClass,
    date: NaiveDate,
    country: Country,
    currency: Currency,
    lines: usize,
    quantity: i64,
    net_minor: i64,
}

/// Adds up the log to a position. `tell` is told the lines and documents of the import so far, page by page.
pub(super) async fn sums(
    log: &dyn EventLog,
    identity: &SourceIdentity,
    to: Position,
    tell: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<LogSums, ImportError> {
    let filter = recorded::heads();
    let mut sums = LogSums::default();
    let mut after = Position::START;
    while after < to {
        let page = log.read_all(after, &filter, recorded::PAGE).await?;
        for event in page.events.iter().filter(|event| event.position <= to) {
            if let Some(head) = head_of(event)? {
                sums.add(&head, identity)?;
            }
        }
        tell(sums.import.rows, sums.import.numbers.values().sum());
        if page.at_end {
            break;
        }
        after = page.scanned_to;
    }
    Ok(sums)
}

impl LogSums {
    fn add(&mut self, head: &Head, identity: &SourceIdentity) -> Result<(), ImportError> {
        let month = head.date.format("%Y-%m").to_string();
        self.all.add_to_month(&month, head.currency.code(), head.net_minor)?;
        self.all.add_to_country(head.country.as_str(), head.currency.code(), head.net_minor)?;
        if let Some(source) = head.source.as_ref().filter(|source| source.system == identity.name) {
            self.import.add(&HeadFacts {
                form: source.form,
                class: head.class,
                counts_number: !is_part_number(source.number.as_str()),
                date: head.date,
                country: head.country.as_str(),
                lines: head.lines as u64,
                quantity: head.quantity,
                net_minor: head.net_minor,
            })?;
        }
        Ok(())
    }
}

/// Reads an event that holds a head document, whose lines it adds up itself rather than trusting the event's sums.
fn head_of(event: &RecordedEvent) -> Result<Option<Head>, ImportError> {
    let undecodable = |source| ImportError::Undecodable { position: event.position, source };
    Ok(Some(match &*event.event_type {
        "OrderPlaced" => {
            let OrderEvent::OrderPlaced(placed) = event.decode().map_err(undecodable)? else { return Ok(None) };
            let sign = |kind| if kind == LineKind::Discount { -1 } else { 1 };
            Head {
                class: DocumentClass::SalesOrder,
                date: placed.business_date,
                country: placed.country,
                currency: placed.currency,
                lines: placed.lines.len(),
                quantity: sum(placed.lines.iter().map(|line| sign(line.kind) * line.quantity.as_i64()))?,
                net_minor: sum(placed.lines.iter().map(|line| sign(line.kind) * line.amount_minor))?,
                source: placed.source,
            }
        }
        "CreditNoteIssued" => {
            let CreditNoteEvent::CreditNoteIssued(issued) = event.decode().map_err(undecodable)?;
            Head {
                class: DocumentClass::CreditNote,
                date: issued.business_date,
                country: issued.country,
                currency: issued.currency,
                lines: issued.lines.len(),
                quantity: sum(issued.lines.iter().map(|line| -line.quantity.as_i64()))?,
                net_minor: sum(issued.lines.iter().map(|line| -line.amount_minor))?,
                source: issued.source,
            }
        }
        "ExpenseRecorded" => {
            let ExpenseEvent::ExpenseRecorded(recorded) = event.decode().map_err(undecodable)?;
            Head {
                class: DocumentClass::Expense,
                date: recorded.business_date,
                country: recorded.country,
                currency: recorded.currency,
                lines: recorded.lines.len(),
                quantity: sum(recorded.lines.iter().map(|line| line.quantity))?,
                net_minor: sum(recorded.lines.iter().map(|line| line.amount_minor))?,
                source: Some(recorded.source),
            }
        }
        "StockDocumentRecorded" => {
            let StockDocumentEvent::StockDocumentRecorded(recorded) = event.decode().map_err(undecodable)?;
            Head {
                class: match recorded.kind {
                    StockDocumentKind::WriteOff => DocumentClass::StockWriteOff,
                    StockDocumentKind::Found => DocumentClass::StockFound,
                },
                date: recorded.business_date,
                country: recorded.country,
                currency: recorded.currency,
                lines: recorded.lines.len(),
                quantity: sum(recorded.lines.iter().map(|line| line.quantity))?,
                net_minor: 0,
                source: Some(recorded.source),
            }
        }
        _ => return Ok(None),
    }))
}

/// The forms of document numbers, by the words that read models have for them.
pub(super) fn form_of(word: &str) -> Option<DocumentForm> {
    serde_json::from_value(word.into()).ok()
}
