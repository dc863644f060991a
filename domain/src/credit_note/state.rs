//! What a credit note's decisions need to know of its past.

use super::events::CreditNoteIssued;
use crate::{document::SourceKey, money::Money};
use serde::{Deserialize, Serialize};

/// A credit note as its decisions see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CreditNoteState {
    /// Nothing was issued.
    New,
    /// It was issued.
    Issued {
        /// What is owed.
        total: Money,
        /// The imported document it stands on.
        source: Option<SourceKey>,
    },
}

impl From<&CreditNoteIssued> for CreditNoteState {
    fn from(issued: &CreditNoteIssued) -> Self {
        Self::Issued {
            total: Money::new(issued.total_minor, issued.currency),
            source: issued.source.as_ref().map(SourceKey::from),
        }
    }
}
