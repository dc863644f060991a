//! The price schedule of a variant: prices per currency, country and quantity with their validity.
//!
//! **Invariant:** of one key at most one row is valid at any instant.
//! **Invariant:** what applied before the present never changes: a row begins in the present or later, one that has begun
//! only ends, and not in the past.

pub mod commands;
pub mod events;

mod error;
mod row;
mod set;
mod state;
mod stop;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod samples;

pub use error::PriceScheduleError;
pub use row::{PriceKey, PriceRow};
pub use state::PriceScheduleState;

use crate::aggregate::{Aggregate, Moment};
use commands::PriceScheduleCommand as Command;
use events::PriceScheduleEvent;

/// The price schedule of a variant; its stream's id is the SKU.
#[derive(Debug, Clone, Copy)]
pub struct PriceSchedule;

/// What a command makes happen, or why not.
type Decision = Result<Vec<PriceScheduleEvent>, PriceScheduleError>;

impl Aggregate for PriceSchedule {
    const CATEGORY: &'static str = "price_schedule";
    const STATE_VERSION: u16 = 1;
    type State = PriceScheduleState;
    type Command = Command;
    type Event = PriceScheduleEvent;
    type Error = PriceScheduleError;

    fn initial() -> PriceScheduleState {
        PriceScheduleState::default()
    }

    fn decide(state: &PriceScheduleState, command: &Command, moment: &Moment) -> Decision {
        match command {
            Command::SetPrice(row) => set::set(state, row, moment.now),
            Command::EndPrice { row_id, at } => stop::end(state, *row_id, *at, moment.now),
            Command::WithdrawPrice { row_id } => stop::withdraw(state, *row_id, moment.now),
        }
    }

    fn evolve(state: PriceScheduleState, event: &PriceScheduleEvent) -> PriceScheduleState {
        state.apply(event)
    }
}
