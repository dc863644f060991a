//! Imports of history: the cursor that lets an import go on where it was killed.
//!
//! **Invariant:** the cursor never goes back.

pub mod commands;
pub mod events;

mod cursor;
mod error;
mod start;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod samples;

pub use error::ImportError;

use crate::{
    aggregate::{Aggregate, Moment},
    text::Reference,
};
use commands::ImportCommand;
use events::ImportEvent;
use serde::{Deserialize, Serialize};

/// An import; its stream's id is its name, such as `online-retail`.
#[derive(Debug, Clone, Copy)]
pub struct Import;

/// How far an import has got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportState {
    /// It has not begun.
    Absent,
    /// It has begun.
    Started(StartedImport),
}

/// An import that has begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartedImport {
    /// SHA-256 of the current file's rows, lower-case hex.
    pub file_digest: Reference,
    /// How many documents the current file has.
    pub file_documents: u64,
    /// The IANA name of the source's time zone.
    pub time_zone: Reference,
    /// How many documents have entered.
    pub cursor: u64,
    /// SHA-256 over the digests of these documents in order; absent before the first.
    pub cursor_digest: Option<Reference>,
    /// The last check that was noted.
    pub completed: Option<CompletedImport>,
}

/// A check of the documents that have entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompletedImport {
    /// How many documents had entered.
    pub documents: u64,
    /// Their net amount in minor units.
    pub net_minor: i64,
}

impl Aggregate for Import {
    const CATEGORY: &'static str = "import";
    const STATE_VERSION: u16 = 1;
    type State = ImportState;
    type Command = ImportCommand;
    type Event = ImportEvent;
    type Error = ImportError;

    fn initial() -> ImportState {
        ImportState::Absent
    }

    fn decide(state: &ImportState, command: &ImportCommand, _: &Moment) -> Result<Vec<ImportEvent>, ImportError> {
        match command {
            ImportCommand::Start { file_digest, documents, time_zone } => {
                start::start(state, file_digest, *documents, time_zone)
            }
            ImportCommand::Advance { documents, digest } => cursor::advance(state, *documents, digest),
            ImportCommand::Complete { documents, net_minor } => cursor::complete(state, *documents, *net_minor),
        }
    }

    fn evolve(state: ImportState, event: &ImportEvent) -> ImportState {
        state.apply(event)
    }
}

impl ImportState {
    /// The import, or the refusal that it has not begun.
    fn started(&self) -> Result<&StartedImport, ImportError> {
        match self {
            Self::Absent => Err(ImportError::NotStarted),
            Self::Started(import) => Ok(import),
        }
    }

    fn apply(self, event: &ImportEvent) -> Self {
        match (self, event) {
            (Self::Absent, ImportEvent::ImportStarted(e)) => Self::Started(StartedImport {
                file_digest: e.file_digest.clone(),
                file_documents: e.documents,
                time_zone: e.time_zone.clone(),
                cursor: 0,
                cursor_digest: None,
                completed: None,
            }),
            (Self::Started(import), ImportEvent::ImportStarted(e)) => Self::Started(StartedImport {
                file_digest: e.file_digest.clone(),
                file_documents: e.documents,
                time_zone: e.time_zone.clone(),
                ..import
            }),
            (Self::Started(import), ImportEvent::ImportAdvanced(e)) => {
                Self::Started(StartedImport { cursor: e.documents, cursor_digest: Some(e.digest.clone()), ..import })
            }
            (Self::Started(import), ImportEvent::ImportCompleted(e)) => {
                let completed = CompletedImport { documents: e.documents, net_minor: e.net_minor };
                Self::Started(StartedImport { completed: Some(completed), ..import })
            }
            (Self::Absent, ImportEvent::ImportAdvanced(_) | ImportEvent::ImportCompleted(_)) => {
                debug_assert!(false, "the first event starts the import");
                Self::Absent
            }
        }
    }
}
