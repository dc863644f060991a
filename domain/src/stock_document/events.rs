//! What can have happened to a stock document.

use crate::{
    common::{Basis, SourceDocument},
    events,
    money::Currency,
    text::{Country, Note, Reference, Sku},
};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

events! {
    /// The history of a stock document.
    pub enum StockDocumentEvent {
        StockDocumentRecorded = 1;
    }
}

/// Which way a stock document corrects the count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StockDocumentKind {
    /// Fewer than the books had.
    WriteOff,
    /// More than the books had.
    Found,
}

/// One line of a stock document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StockDocumentLine {
    /// The line's number, from 1 without gaps.
    pub line: u32,
    /// The code as the source states it.
    pub code: Reference,
    /// What is corrected; absent for codes that have no stock, whose lines change no count.
    pub sku: Option<Sku>,
    /// The line's text, possibly empty.
    pub description: Note,
    /// Units, not zero, with the source's sign.
    pub quantity: i64,
}

/// A document corrected the stock of its lines; the stock items hold the corrections themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StockDocumentRecorded {
    /// Which way.
    pub kind: StockDocumentKind,
    /// The country of the document.
    pub country: Country,
    /// The currency of the books that the document belongs to; it has no amounts of its own.
    pub currency: Currency,
    /// The lines.
    pub lines: Vec<StockDocumentLine>,
    /// The store's date on which the document is booked.
    pub business_date: NaiveDate,
    /// The document it was imported from.
    pub source: SourceDocument,
    /// How we know it.
    pub basis: Basis,
}
