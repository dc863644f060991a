//! Customers: who they are, where they get mail and goods, what they agree to, and that they can be forgotten.
//!
//! That no two customers have one e-mail address is not a rule here; accounts claim theirs.

pub mod commands;
pub mod events;

mod addresses;
mod consent;
mod erase;
mod identity;
mod register;
mod standing;
mod state;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod samples;

pub use state::{Consent, CustomerError, CustomerState, DefaultAddresses, ErasedCustomer, KnownAddress, KnownCustomer};

use crate::aggregate::{Aggregate, Moment};
use commands::CustomerCommand;
use events::CustomerEvent;

/// The most addresses that a customer has at a time.
pub const ADDRESSES_MAX: usize = 50;

/// The most purposes that a customer has agreed to or not.
pub const CONSENTS_MAX: usize = 50;

/// A customer; its stream's id is the UUID of a [`crate::ids::CustomerId`].
#[derive(Debug, Clone, Copy)]
pub struct Customer;

impl Aggregate for Customer {
    const CATEGORY: &'static str = "customer";
    const STATE_VERSION: u16 = 2;
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
        moment: &Moment,
    ) -> Result<Vec<CustomerEvent>, CustomerError> {
        match command {
            CustomerCommand::Register { country, external_reference } => {
                register::register(state, country, external_reference.as_ref())
            }
            CustomerCommand::ChangeCountry { country } => standing::change_country(state, country),
            CustomerCommand::Deactivate { reason } => standing::deactivate(state, reason),
            CustomerCommand::Reactivate => standing::reactivate(state),
            CustomerCommand::SetProfile { profile } => identity::set_profile(state, profile),
            CustomerCommand::SetEmail { email } => identity::set_email(state, email),
            CustomerCommand::AddAddress { address_id, address, default_for } => {
                addresses::add(state, *address_id, address, default_for)
            }
            CustomerCommand::ChangeAddress { address_id, address } => addresses::change(state, *address_id, address),
            CustomerCommand::RemoveAddress { address_id } => addresses::remove(state, *address_id),
            CustomerCommand::SetDefaultAddress { address_id, kind } => {
                addresses::set_default(state, *address_id, *kind)
            }
            CustomerCommand::SetConsent { purpose, granted, source } => {
                consent::set(state, purpose, *granted, source, moment)
            }
            CustomerCommand::Erase { subject } => erase::erase(state, *subject),
            CustomerCommand::RecordCustomer { country, external_reference } => {
                register::record(state, country, external_reference)
            }
        }
    }

    fn evolve(state: CustomerState, event: &CustomerEvent) -> CustomerState {
        state.apply(event)
    }
}
