//! Why a command on an import is refused.

use crate::text::Reference;
use thiserror::Error;

/// Why an import refused a command.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ImportError {
    /// The import has not begun.
    #[error("the import has not been started")]
    NotStarted,
    /// The days of the documents that have entered were reckoned in another zone.
    #[error("documents have entered in the time zone {current}, so it cannot become {given}")]
    TimeZoneChanged {
        /// The zone of the documents that have entered.
        current: Reference,
        /// The zone that was given.
        given: Reference,
    },
    /// The cursor would go back.
    #[error("{cursor} documents have entered; the cursor cannot go back to {given}")]
    Backwards {
        /// Where the cursor stands.
        cursor: u64,
        /// Where it was to go.
        given: u64,
    },
    /// The cursor would leave the file.
    #[error("the file has {file_documents} documents; the cursor cannot go to {given}")]
    BeyondFile {
        /// How many documents the file has.
        file_documents: u64,
        /// Where the cursor was to go.
        given: u64,
    },
    /// The cursor stands there, but over other documents.
    #[error("the first {documents} documents have the digest {recorded}, not {given}")]
    DigestDiffers {
        /// Where the cursor stands.
        documents: u64,
        /// The digest of the documents that have entered.
        recorded: Reference,
        /// The digest that was given.
        given: Reference,
    },
    /// Documents were checked that are not those that have entered.
    #[error("{cursor} documents have entered, but {given} were checked")]
    NotAtCursor {
        /// Where the cursor stands.
        cursor: u64,
        /// How many documents were checked.
        given: u64,
    },
    /// The documents were checked before, with another amount.
    #[error("the first {documents} documents amount to {recorded} minor units, not {given}")]
    AmountDiffers {
        /// How many documents were checked.
        documents: u64,
        /// The amount that was noted, in minor units.
        recorded: i64,
        /// The amount that was given, in minor units.
        given: i64,
    },
}
