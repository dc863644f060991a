//! What can be asked of an import.

use crate::text::Reference;
use serde::{Deserialize, Serialize};

/// Commands on an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImportCommand {
    /// Begin with a file, or go on with another. Silent if the last start was of the same file; refused in another time
    /// zone once documents have entered.
    Start {
        /// SHA-256 of the file's rows, lower-case hex.
        file_digest: Reference,
        /// How many documents the file has.
        documents: u64,
        /// The IANA name of the source's time zone.
        time_zone: Reference,
    },
    /// Move the cursor. Silent if it stands there; refused backwards, beyond the file, and with another digest where it
    /// stands.
    Advance {
        /// How many documents have entered.
        documents: u64,
        /// SHA-256 over their digests in order, lower-case hex.
        digest: Reference,
    },
    /// Note that the cursor's documents were checked against file, log and read models. Silent if noted already; refused
    /// if noted with another amount.
    Complete {
        /// How many documents have entered; must be the cursor.
        documents: u64,
        /// Their net amount in minor units.
        net_minor: i64,
    },
}
