//! The vocabulary that every source of history is read into: documents, their parts and lines, and rejected rows.
//!
//! Nothing here knows a file format, and nothing here knows commands.

use chrono::{NaiveDate, NaiveDateTime};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fmt;
use tillroll_domain::{
    common::DocumentForm,
    expense::events::ExpenseKind,
    price::UnitPrice,
    text::{Country, Note, Reference, Sku},
};

/// A document of another system, whole: all its rows are here, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryDocument {
    /// Its number, unique in its source.
    pub number: Reference,
    /// What form the number has.
    pub form: DocumentForm,
    /// The number of the customer it names.
    pub customer: Option<Reference>,
    /// The country it names.
    pub country: Country,
    /// The wall-clock time of its first row; the document is booked on its date.
    pub local_time: NaiveDateTime,
    /// Of the rows that were not rejected.
    pub digest: ContentDigest,
    /// What becomes of it. Nearly always one part; more where a document mixes what the engine keeps apart; none if
    /// every row was rejected. No two parts have the same class.
    pub parts: Vec<DocumentPart>,
    /// Its rows that can be no line of any part.
    pub rejected: Vec<RejectedRow>,
}

impl HistoryDocument {
    /// The date on which the document is booked.
    #[must_use]
    pub fn date(&self) -> NaiveDate {
        self.local_time.date()
    }

    /// The lines of all parts.
    pub fn lines(&self) -> impl Iterator<Item = &HistoryLine> {
        self.parts.iter().flat_map(|part| &part.lines)
    }
}

/// The lines of a document that become one head document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentPart {
    /// Which kind of head.
    pub class: DocumentClass,
    /// Its lines, at least one, in the order of the rows.
    pub lines: Vec<HistoryLine>,
}

/// What a document, or a part of one, becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentClass {
    /// Goods and carriage for a customer, paid or free.
    SalesOrder,
    /// Money owed back to a customer.
    CreditNote,
    /// Costs of the shop, or their reversal.
    Expense,
    /// Goods taken off the books.
    StockWriteOff,
    /// Goods that the books did not have.
    StockFound,
}

/// One row of a document. Signs are the source's: what lowers the shop's takings is negative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryLine {
    /// The code as the source states it.
    pub code: Reference,
    /// What the line stands for.
    pub kind: HistoryLineKind,
    /// The text as the source states it, possibly empty.
    pub description: Note,
    /// Units, not zero; at most a thousand million either way.
    pub quantity: i64,
    /// Per unit in major units.
    pub unit_price: UnitPrice,
    /// Quantity times unit price in minor units, rounded once, half away from zero.
    pub amount_minor: i64,
    /// The rounded less the exact amount, in millionths of the major unit.
    pub rounding_micros: i64,
}

/// What a line stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HistoryLineKind {
    /// Goods that are counted.
    Goods(Sku),
    /// Carriage; no stock.
    Carriage,
    /// A discount as a line of its own; no stock.
    Discount,
    /// A cost of the shop.
    Expense(ExpenseKind),
}

impl HistoryLineKind {
    /// What is counted, for goods.
    #[must_use]
    pub fn sku(&self) -> Option<&Sku> {
        match self {
            Self::Goods(sku) => Some(sku),
            Self::Carriage | Self::Discount | Self::Expense(_) => None,
        }
    }
}

/// A row that becomes no event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RejectedRow {
    /// The line of the file at which the row begins, from 1; the header is line 1.
    pub line: u64,
    /// The number of its document, where it has a legible one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// What is wrong with it; never quotes what may be personal.
    pub reason: String,
}

impl fmt::Display for RejectedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.document {
            Some(document) => write!(f, "line {} (document {document}): {}", self.line, self.reason),
            None => write!(f, "line {}: {}", self.line, self.reason),
        }
    }
}

/// SHA-256 of a document's content, or of the digests of many documents in their order; in text lower-case hex.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentDigest([u8; 32]);

impl ContentDigest {
    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// As events keep it.
    #[must_use]
    pub fn reference(&self) -> Reference {
        self.to_string().parse().expect("64 hex digits are a reference")
    }
}

impl fmt::Display for ContentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ContentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Digests a document field by field; a length before each field keeps neighbors apart.
#[derive(Debug, Clone, Default)]
pub struct ContentHasher(Sha256);

impl ContentHasher {
    /// Adds a field.
    pub fn field(&mut self, text: &str) {
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text.as_bytes());
    }

    /// The digest of all fields.
    #[must_use]
    pub fn finish(self) -> ContentDigest {
        ContentDigest(self.0.finalize().into())
    }
}

/// Digests the digests of documents in their order; can be asked at any document.
#[derive(Debug, Clone, Default)]
pub struct RollingDigest(Sha256);

impl RollingDigest {
    /// Adds the next document.
    pub fn add(&mut self, document: &ContentDigest) {
        self.0.update(document.0);
    }

    /// The digest of all documents so far.
    #[must_use]
    pub fn value(&self) -> ContentDigest {
        ContentDigest(self.0.clone().finalize().into())
    }
}
