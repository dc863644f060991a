//! What can be asked of a stock document.

use super::events::{StockDocumentKind, StockDocumentLine};
use crate::{common::SourceDocument, money::Currency, text::Country};
use serde::{Deserialize, Serialize};

/// The most lines of one stock document.
pub const LINES_MAX: usize = 2_000;

/// Commands on a stock document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum StockDocumentCommand {
    /// Import: a stock document. Silent if the same document was recorded; refused if the document's digest differs.
    Record {
        /// Which way it corrects.
        kind: StockDocumentKind,
        /// The country of the document.
        country: Country,
        /// The currency of the books that the document belongs to.
        currency: Currency,
        /// The lines, numbered from 1, with signs that fit the kind.
        lines: Vec<StockDocumentLine>,
        /// The document.
        source: SourceDocument,
    },
}
