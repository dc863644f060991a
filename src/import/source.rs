//! What a source of history is: whole documents in a fixed order, which can be read again from the beginning.

use super::{
    ImportError,
    document::{HistoryDocument, RejectedRow},
};
use chrono_tz::Tz;
use std::fmt::Debug;
use tillroll_domain::{money::Currency, text::Reference};

/// The documents of a source, in order.
pub type DocumentStream<'a> = Box<dyn Iterator<Item = Result<HistoryDocument, ImportError>> + Send + 'a>;

/// What is known of a source beside its documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceIdentity {
    /// The import's name, such as `online-retail`; also the `system` of its documents and the id of its stream.
    pub name: Reference,
    /// The zone of its wall clock.
    pub time_zone: Tz,
    /// The currency of every amount.
    pub currency: Currency,
}

impl SourceIdentity {
    /// The origin of the events that it brings.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("import:{}", self.name)
    }
}

/// A source of history.
///
/// Reading it twice gives the same documents in the same order, by the time of their first rows; each of them is whole.
pub trait HistorySource: Debug + Send + Sync {
    /// What is known of it.
    fn identity(&self) -> &SourceIdentity;

    /// How many rows and documents it has at most; rows that a document rejects are counted.
    fn size(&self) -> (u64, u64);

    /// Rows that belong to no document, in the order of the file.
    fn rejected(&self) -> &[RejectedRow];

    /// Reads it from the beginning.
    ///
    /// # Errors
    /// Whatever keeps the source from being read; the stream itself says so too, and then ends.
    fn documents(&self) -> Result<DocumentStream<'_>, ImportError>;
}
