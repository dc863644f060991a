//! Fulfillments: goods of one order that leave one location together, from the picking list to the customer's door.
//!
//! An order that is sent in parts has several. The order decides which of its units may leave and under which shipment
//! (see [`crate::order`]); this aggregate keeps what happens to the parcel. Stock is booked on the stock items.
//!
//! **Invariant:** the status only moves along [`status::ShipmentStatus::can_become`]; late or repeated messages change nothing.
//! **Invariant:** a tracking number that was noted is never lost or changed.

pub mod commands;
pub mod error;
pub mod events;
pub mod state;
pub mod status;
pub mod tracking;

mod create;
mod progress;
mod track;

pub use error::FulfillmentError;
pub use state::FulfillmentState;

use crate::aggregate::{Aggregate, Moment};
use commands::FulfillmentCommand;
use events::FulfillmentEvent;

/// The aggregate of one fulfillment; its stream's id is the UUID of its [`crate::ids::ShipmentId`].
#[derive(Debug)]
pub struct Fulfillment;

impl Aggregate for Fulfillment {
    const CATEGORY: &'static str = "fulfillment";
    const STATE_VERSION: u16 = 1;
    type State = FulfillmentState;
    type Command = FulfillmentCommand;
    type Event = FulfillmentEvent;
    type Error = FulfillmentError;

    fn initial() -> FulfillmentState {
        FulfillmentState::New
    }

    fn decide(
        state: &FulfillmentState,
        command: &FulfillmentCommand,
        moment: &Moment,
    ) -> Result<Vec<FulfillmentEvent>, FulfillmentError> {
        match command {
            FulfillmentCommand::Create { order_id, location, lines } => {
                create::create(state, *order_id, location, lines)
            }
            FulfillmentCommand::Pack => progress::pack(state.known()?),
            FulfillmentCommand::Ship { carrier, tracking } => {
                progress::ship(state.known()?, carrier.as_ref(), tracking, moment)
            }
            FulfillmentCommand::AddTracking { tracking } => track::add_tracking(state.known()?, tracking),
            FulfillmentCommand::Deliver => progress::deliver(state.known()?, moment),
            FulfillmentCommand::Cancel { reason } => progress::cancel(state.known()?, reason),
            FulfillmentCommand::ReportLost { note } => progress::report_lost(state.known()?, note),
        }
    }

    fn evolve(state: FulfillmentState, event: &FulfillmentEvent) -> FulfillmentState {
        state.evolve(event)
    }
}

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod properties;
