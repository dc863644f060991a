//! Why a command on an expense document is refused.

use crate::document::{DocumentError, SourceConflict};
use thiserror::Error;

/// Why a command on an expense document is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ExpenseError {
    /// The lines or sums contradict each other.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The id stands for another document, or the document has changed.
    #[error(transparent)]
    Source(#[from] SourceConflict),
}
