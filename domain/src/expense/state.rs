//! What an expense document's decisions need to know of its past.

use crate::document::SourceKey;
use serde::{Deserialize, Serialize};

/// An expense document as its decisions see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExpenseState {
    /// Nothing was recorded.
    New,
    /// It was recorded.
    Recorded {
        /// The imported document it stands on.
        source: SourceKey,
    },
}
