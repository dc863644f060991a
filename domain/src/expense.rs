//! Expenses that history books beside its sales: marketplace fees, bank charges, charity, bad debt.
//!
//! **Invariant:** a recorded document never changes; the signs are the source's.

pub mod commands;
pub mod error;
pub mod events;
pub mod state;

mod record;

pub use error::ExpenseError;
pub use state::ExpenseState;

use crate::aggregate::{Aggregate, Moment};
use commands::ExpenseCommand;
use events::ExpenseEvent;

/// The aggregate of one expense document; its stream's id is the document's.
#[derive(Debug)]
pub struct Expense;

impl Aggregate for Expense {
    const CATEGORY: &'static str = "expense";
    const STATE_VERSION: u16 = 1;
    type State = ExpenseState;
    type Command = ExpenseCommand;
    type Event = ExpenseEvent;
    type Error = ExpenseError;

    fn initial() -> ExpenseState {
        ExpenseState::New
    }

    fn decide(
        state: &ExpenseState,
        command: &ExpenseCommand,
        moment: &Moment,
    ) -> Result<Vec<ExpenseEvent>, ExpenseError> {
        record::record(state, command, moment)
    }

    fn evolve(state: ExpenseState, event: &ExpenseEvent) -> ExpenseState {
        let ExpenseEvent::ExpenseRecorded(recorded) = event;
        debug_assert_eq!(state, ExpenseState::New, "an expense document is recorded once");
        ExpenseState::Recorded { source: (&recorded.source).into() }
    }
}

#[cfg(test)]
mod tests;
