//! What can be asked of an expense document.

use super::events::ExpenseLine;
use crate::{common::SourceDocument, ids::CustomerId, money::Currency, order::events::RoundingPolicy, text::Country};
use serde::{Deserialize, Serialize};

/// The most lines of one expense document.
pub const LINES_MAX: usize = 2_000;

/// Commands on an expense document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExpenseCommand {
    /// Import: an expense document. Silent if the same document was recorded; refused if the document's digest differs.
    Record {
        /// Whom the document names.
        customer_id: Option<CustomerId>,
        /// The country of the document.
        country: Country,
        /// The currency of every amount.
        currency: Currency,
        /// The lines, numbered from 1; amounts must follow from quantity, price and rounding.
        lines: Vec<ExpenseLine>,
        /// How the amounts were rounded.
        rounding: RoundingPolicy,
        /// The document.
        source: SourceDocument,
    },
}
