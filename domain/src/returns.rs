//! Returns: goods of one order that a customer wants to send back, from the request to its outcome.
//!
//! The order counts which of its units are on their way back (see [`crate::order`]), so that several returns together
//! never exceed what was shipped; this aggregate keeps what becomes of one of them.
//!
//! **Invariant:** per line, received ≤ requested and accepted + refused ≤ received.
//! **Invariant:** the status only moves along [`status::ReturnStatus::can_become`].
//! **Invariant:** the window under which a return was requested stands in its first event; later policies do not touch it.

pub mod commands;
pub mod error;
pub mod events;
pub mod state;
pub mod status;

mod approve;
mod end;
mod lines;
mod receive;
mod request;
mod restock;

pub use error::ReturnError;
pub use restock::Restock;
pub use state::ReturnState;

use crate::aggregate::{Aggregate, Moment};
use commands::ReturnCommand;
use events::ReturnEvent;

/// The aggregate of one return; its stream's id is the UUID of its [`crate::ids::ReturnId`].
#[derive(Debug)]
pub struct Return;

impl Aggregate for Return {
    const CATEGORY: &'static str = "return";
    const STATE_VERSION: u16 = 2;
    type State = ReturnState;
    type Command = ReturnCommand;
    type Event = ReturnEvent;
    type Error = ReturnError;

    fn initial() -> ReturnState {
        ReturnState::New
    }

    fn decide(state: &ReturnState, command: &ReturnCommand, moment: &Moment) -> Result<Vec<ReturnEvent>, ReturnError> {
        match command {
            ReturnCommand::Request { order_id, lines, window } => {
                request::request(state, *order_id, lines, *window, moment)
            }
            ReturnCommand::Approve => approve::approve(state.known()?),
            ReturnCommand::Reject { reason } => approve::reject(state.known()?, reason),
            ReturnCommand::Receive { receipt_id, location, lines } => {
                receive::receive(state.known()?, *receipt_id, location.as_ref(), lines)
            }
            ReturnCommand::Inspect { lines } => receive::inspect(state.known()?, lines),
            ReturnCommand::Resolve { outcome, note } => end::resolve(state.known()?, *outcome, note),
            ReturnCommand::Cancel { reason } => end::cancel(state.known()?, reason),
        }
    }

    fn evolve(state: ReturnState, event: &ReturnEvent) -> ReturnState {
        state.evolve(event)
    }
}

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod properties;
