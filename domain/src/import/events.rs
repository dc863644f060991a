//! What can have happened to an import.

use crate::{events, text::Reference};
use serde::{Deserialize, Serialize};

events! {
    /// The history of one import, by its name.
    pub enum ImportEvent {
        ImportStarted = 1;
        ImportAdvanced = 1;
        ImportCompleted = 1;
    }
}

/// Documents of a file are about to enter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportStarted {
    /// SHA-256 of the file's rows, lower-case hex.
    pub file_digest: Reference,
    /// How many documents the file has.
    pub documents: u64,
    /// The IANA name of the source's time zone, in which its days and months are reckoned.
    pub time_zone: Reference,
}

/// The first documents of the file have entered, with all that follows from them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportAdvanced {
    /// How many.
    pub documents: u64,
    /// SHA-256 over the digests of these documents in order, lower-case hex.
    pub digest: Reference,
}

/// All documents that were asked for have entered, and file, log and read models agreed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportCompleted {
    /// How many documents of the file have entered.
    pub documents: u64,
    /// Their net amount in minor units.
    pub net_minor: i64,
}
