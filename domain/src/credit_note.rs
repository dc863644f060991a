//! Credit notes: what a customer is owed back, document by document.
//!
//! **Invariant:** an issued note never changes.
//! **Invariant:** a credit that no known sale answers for is kept as unmatched; it is neither clamped nor dropped.

pub mod commands;
pub mod error;
pub mod events;
pub mod state;

mod issue;

pub use error::CreditNoteError;
pub use state::CreditNoteState;

use crate::aggregate::{Aggregate, Moment};
use commands::CreditNoteCommand;
use events::CreditNoteEvent;

/// The aggregate of one credit note; its stream's id is the note's.
#[derive(Debug)]
pub struct CreditNote;

impl Aggregate for CreditNote {
    const CATEGORY: &'static str = "credit_note";
    const STATE_VERSION: u16 = 1;
    type State = CreditNoteState;
    type Command = CreditNoteCommand;
    type Event = CreditNoteEvent;
    type Error = CreditNoteError;

    fn initial() -> CreditNoteState {
        CreditNoteState::New
    }

    fn decide(
        state: &CreditNoteState,
        command: &CreditNoteCommand,
        moment: &Moment,
    ) -> Result<Vec<CreditNoteEvent>, CreditNoteError> {
        match command {
            CreditNoteCommand::Issue { content } => issue::issue(state, content, moment),
            CreditNoteCommand::Record { content, source } => issue::record(state, content, source, moment),
        }
    }

    fn evolve(state: CreditNoteState, event: &CreditNoteEvent) -> CreditNoteState {
        let CreditNoteEvent::CreditNoteIssued(issued) = event;
        debug_assert_eq!(state, CreditNoteState::New, "a credit note is issued once");
        CreditNoteState::from(issued)
    }
}

#[cfg(test)]
mod tests;
