//! Why a command on a credit note is refused.

use crate::document::{DocumentError, SourceConflict};
use thiserror::Error;

/// Why a command on a credit note is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CreditNoteError {
    /// A credit note stands under this id already.
    #[error("the credit note was issued before")]
    AlreadyIssued,
    /// The lines or sums contradict each other.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The id stands for another document, or the document has changed.
    #[error(transparent)]
    Source(#[from] SourceConflict),
    /// A line is set against too many lines of orders.
    #[error("line {line} has {given} matches; it may have {max}")]
    TooManyMatches {
        /// The line.
        line: u32,
        /// How many it has.
        given: usize,
        /// How many it may have.
        max: usize,
    },
    /// Matched and unmatched units are not the line's units.
    #[error("line {line} has {quantity} units, but {matched} matched and {unmatched} unmatched ones")]
    MatchesDoNotAddUp {
        /// The line.
        line: u32,
        /// The line's units.
        quantity: u32,
        /// The units of its matches.
        matched: u64,
        /// The units stated as unmatched.
        unmatched: u32,
    },
    /// The unmatched part of the amount is not what follows from the units.
    #[error("the unmatched amount of line {line} must be {expected_minor} minor units, not {given_minor}")]
    UnmatchedAmountMismatch {
        /// The line.
        line: u32,
        /// What follows by cumulative allocation, in minor units.
        expected_minor: i64,
        /// What was given, in minor units.
        given_minor: i64,
    },
    /// A note that is issued today must be matched in full.
    #[error("{unmatched} units of line {line} are not matched with an order")]
    Unmatched {
        /// The line.
        line: u32,
        /// How many units no order answers for.
        unmatched: u32,
    },
}
