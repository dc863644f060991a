//! Customers: an id and a country. Personal data does not enter an event before events can be sealed.

pub mod commands;
pub mod events;

mod register;
mod standing;
mod state;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod samples;

pub use state::{CustomerError, CustomerState, KnownCustomer};

use crate::aggregate::{Aggregate, Moment};
use commands::CustomerCommand;
use events::CustomerEvent;

/// A customer; its stream's id is the UUID of a [`crate::ids::CustomerId`].
#[derive(Debug, Clone, Copy)]
pub struct Customer;

impl Aggregate for Customer {
    const CATEGORY: &'static str = "customer";
    const STATE_VERSION: u16 = 1;
    type State = CustomerState;
    type Command = CustomerCommand;
    type Event = CustomerEvent;
    type Error = CustomerError;

    fn initial() -> CustomerState {
        CustomerState::Unknown
    }

    fn decide(
        state: &CustomerState,
        command: &CustomerCommand,
        _: &Moment,
    ) -> Result<Vec<CustomerEvent>, CustomerError> {
        match command {
            CustomerCommand::Register { country, external_reference } => {
                register::register(state, country, external_reference.as_ref())
            }
            CustomerCommand::ChangeCountry { country } => standing::change_country(state, country),
            CustomerCommand::Deactivate { reason } => standing::deactivate(state, reason),
            CustomerCommand::Reactivate => standing::reactivate(state),
            CustomerCommand::RecordCustomer { country, external_reference } => {
                register::record(state, country, external_reference)
            }
        }
    }

    fn evolve(state: CustomerState, event: &CustomerEvent) -> CustomerState {
        state.apply(event)
    }
}
