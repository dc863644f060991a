//! Payments: one intent to pay an order, with its attempts and operations at a provider.
//!
//! **Invariant:** captured and pending captures ≤ authorized; refunded and pending refunds ≤ captured.
//! **Invariant:** an operation that succeeded or failed keeps that outcome for ever.
//! **Invariant:** nothing here guesses what a provider did; an unknown outcome holds its money until it is resolved.

pub mod commands;
pub mod error;
pub mod events;
pub mod state;

mod create;
mod outcome;
mod request;

pub use error::PaymentError;
pub use state::PaymentState;

use crate::aggregate::{Aggregate, Moment};
use commands::PaymentCommand;
use events::PaymentEvent;

/// The aggregate of one payment; its stream's id is the payment's.
#[derive(Debug)]
pub struct Payment;

impl Aggregate for Payment {
    const CATEGORY: &'static str = "payment";
    const STATE_VERSION: u16 = 1;
    type State = PaymentState;
    type Command = PaymentCommand;
    type Event = PaymentEvent;
    type Error = PaymentError;

    fn initial() -> PaymentState {
        PaymentState::New
    }

    fn decide(state: &PaymentState, command: &PaymentCommand, _: &Moment) -> Result<Vec<PaymentEvent>, PaymentError> {
        match command {
            PaymentCommand::Create { order_id, amount, method } => create::create(state, *order_id, *amount, method),
            PaymentCommand::RequestAuthorization { operation_id, provider } => {
                request::authorization(state.created()?, *operation_id, provider)
            }
            PaymentCommand::RequestCapture { operation_id, amount_minor } => {
                request::capture(state.created()?, *operation_id, *amount_minor)
            }
            PaymentCommand::RequestVoid { operation_id } => request::void(state.created()?, *operation_id),
            PaymentCommand::RequestRefund { operation_id, amount_minor } => {
                request::refund(state.created()?, *operation_id, *amount_minor)
            }
            PaymentCommand::RecordSuccess { operation_id, amount_minor, provider_reference, expires_at } => {
                outcome::success(state.created()?, *operation_id, *amount_minor, provider_reference, *expires_at)
            }
            PaymentCommand::RecordFailure { operation_id, code, note } => {
                outcome::failure(state.created()?, *operation_id, code, note)
            }
            PaymentCommand::RecordUnknownOutcome { operation_id } => outcome::unknown(state.created()?, *operation_id),
            PaymentCommand::RecordAuthorizationExpired => Ok(outcome::expired(state.created()?)),
            PaymentCommand::RecordSettled { order_id, amount, operation_id, source } => {
                create::record_settled(state, *order_id, *amount, *operation_id, source)
            }
        }
    }

    fn evolve(state: PaymentState, event: &PaymentEvent) -> PaymentState {
        state.evolve(event)
    }
}

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod properties;
