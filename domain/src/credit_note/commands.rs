//! What can be asked of a credit note.

use super::events::CreditLine;
use crate::{
    common::SourceDocument,
    ids::CustomerId,
    money::Currency,
    order::events::{RoundingPolicy, Tax},
    text::{Country, Note},
};
use serde::{Deserialize, Serialize};

/// The most lines of one credit note.
pub const LINES_MAX: usize = 2_000;
/// The most lines of orders that one credit line can be set against.
pub const MATCHES_MAX: usize = 10_000;

/// What a credit note says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditNoteContent {
    /// Who is owed.
    pub customer_id: Option<CustomerId>,
    /// The country of the note.
    pub country: Country,
    /// The currency of every amount.
    pub currency: Currency,
    /// The lines, numbered from 1; amounts must follow from quantity, price and rounding, matches must add up.
    pub lines: Vec<CreditLine>,
    /// What is said about tax.
    pub tax: Tax,
    /// How the amounts were rounded.
    pub rounding: RoundingPolicy,
    /// Why; possibly empty.
    pub reason: Note,
}

/// Commands on a credit note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CreditNoteCommand {
    /// Issue the note; an id is issued once. Every line must be matched in full with lines of orders.
    Issue {
        /// What it says.
        content: CreditNoteContent,
    },
    /// Import: a credit note of the past, possibly unmatched. Silent if the same document was recorded; refused if the
    /// document's digest differs.
    Record {
        /// What it says.
        content: CreditNoteContent,
        /// The document.
        source: SourceDocument,
    },
}
