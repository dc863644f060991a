//! Payments: one intent to pay an order, with its attempts and operations at a provider.
//!
//! **Invariant:** no more is requested to be captured than is authorized, nor to be refunded than is captured and neither
//! given back, disputed nor pending.
//! **Invariant:** an operation that succeeded keeps that outcome for ever; a failure never undoes it.
//! **Invariant:** what a provider says ends in the same state in whatever order it comes, and however often.
//! **Invariant:** nothing here guesses what a provider did; an unknown outcome holds its money until it is resolved.

pub mod commands;
pub mod dispute;
pub mod error;
pub mod events;
pub mod state;

mod create;
mod observe;
mod outcome;
mod request;

pub use error::PaymentError;
pub use state::PaymentState;

use crate::{
    aggregate::{Aggregate, Moment},
    ids::{OrderId, PaymentId},
};
use commands::PaymentCommand;
use events::PaymentEvent;
use uuid::Uuid;

/// The payment of a checkout's order: its id is derived from the order's, so that everybody finds it and nobody makes two.
#[must_use]
pub fn payment_of_order(order_id: OrderId) -> PaymentId {
    PaymentId::new(Uuid::new_v5(&order_id.uuid(), b"payment"))
}

/// The aggregate of one payment; its stream's id is the payment's.
#[derive(Debug)]
pub struct Payment;

impl Aggregate for Payment {
    const CATEGORY: &'static str = "payment";
    const STATE_VERSION: u16 = 2;
    type State = PaymentState;
    type Command = PaymentCommand;
    type Event = PaymentEvent;
    type Error = PaymentError;

    fn initial() -> PaymentState {
        PaymentState::New
    }

    fn decide(state: &PaymentState, command: &PaymentCommand, _: &Moment) -> Result<Vec<PaymentEvent>, PaymentError> {
        match command {
            PaymentCommand::Create { order_id, amount, method, quote_hash } => {
                create::create(state, *order_id, *amount, method, *quote_hash)
            }
            PaymentCommand::RecordSettled { order_id, amount, operation_id, source } => {
                create::record_settled(state, *order_id, *amount, *operation_id, source)
            }
            PaymentCommand::RequestAuthorization { operation_id, provider, instrument } => {
                request::authorization(state.created()?, *operation_id, provider, instrument.as_ref())
            }
            PaymentCommand::RequestCapture { operation_id, amount_minor } => {
                request::capture(state.created()?, *operation_id, *amount_minor)
            }
            PaymentCommand::RequestVoid { operation_id, attempt } => {
                request::void(state.created()?, *operation_id, *attempt)
            }
            PaymentCommand::RequestRefund { operation_id, amount_minor, reason } => {
                request::refund(state.created()?, *operation_id, *amount_minor, reason.as_ref())
            }
            PaymentCommand::Cancel { reason } => Ok(request::cancel(state.created()?, reason)),
            PaymentCommand::RecordActionRequired { operation_id, action_url, provider_reference } => {
                outcome::action_required(state.created()?, *operation_id, action_url, provider_reference)
            }
            PaymentCommand::RecordSuccess { operation_id, amount_minor, provider_reference, expires_at } => {
                outcome::success(state.created()?, *operation_id, *amount_minor, provider_reference, *expires_at)
            }
            PaymentCommand::RecordFailure { operation_id, code, note } => {
                outcome::failure(state.created()?, *operation_id, code, note)
            }
            PaymentCommand::RecordUnknownOutcome { operation_id } => outcome::unknown(state.created()?, *operation_id),
            PaymentCommand::RecordAuthorizationExpired { operation_id } => {
                outcome::expired(state.created()?, *operation_id)
            }
            PaymentCommand::RecordObserved { operation_id, kind, amount_minor, provider_reference } => {
                observe::operation(state.created()?, *operation_id, *kind, *amount_minor, provider_reference)
            }
            PaymentCommand::RecordDispute { dispute, amount_minor, status } => {
                dispute::record(state.created()?, dispute, *amount_minor, *status)
            }
            PaymentCommand::RecordConflict { message_id, reason } => {
                observe::conflict(state.created()?, *message_id, reason)
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
