//! Stock documents of imported history: write-offs and finds, as the source numbers them.

pub mod commands;
pub mod events;

mod record;

pub use record::StockDocumentError;

use crate::{
    aggregate::{Aggregate, Moment},
    text::Reference,
};
use commands::StockDocumentCommand;
use events::StockDocumentEvent;
use serde::{Deserialize, Serialize};

/// A stock document; its stream's id is the UUID of a [`crate::ids::StockDocumentId`].
#[derive(Debug, Clone, Copy)]
pub struct StockDocument;

/// Whether the document is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StockDocumentState {
    /// It is not.
    Absent,
    /// It is.
    Recorded {
        /// The document's number in its source.
        number: Reference,
        /// The digest of its content.
        digest: Reference,
    },
}

impl Aggregate for StockDocument {
    const CATEGORY: &'static str = "stock_document";
    const STATE_VERSION: u16 = 1;
    type State = StockDocumentState;
    type Command = StockDocumentCommand;
    type Event = StockDocumentEvent;
    type Error = StockDocumentError;

    fn initial() -> StockDocumentState {
        StockDocumentState::Absent
    }

    fn decide(
        state: &StockDocumentState,
        command: &StockDocumentCommand,
        moment: &Moment,
    ) -> Result<Vec<StockDocumentEvent>, StockDocumentError> {
        match command {
            StockDocumentCommand::Record { kind, country, currency, lines, source } => {
                let content = record::Content { kind: *kind, country, currency: *currency, lines, source };
                record::record(state, &content, moment.business_date)
            }
        }
    }

    fn evolve(_: StockDocumentState, event: &StockDocumentEvent) -> StockDocumentState {
        match event {
            StockDocumentEvent::StockDocumentRecorded(e) => {
                StockDocumentState::Recorded { number: e.source.number.clone(), digest: e.source.digest.clone() }
            }
        }
    }
}
