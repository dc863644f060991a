//! ProviderInbox: brings a stored message of a payment provider to the payment that it is about. One instance per message.
//!
//! A message that comes too early (its payment is not known by that name yet, or the operation was not requested yet) is
//! tried again, later and later; what contradicts the payment is recorded there as a conflict, in an append of its own.
//!
//! **Invariant:** a message is lost in no state of the payment, and changes nothing twice.

pub mod state;
pub mod vocabulary;
pub mod worker;

mod applying;
mod decide;

pub use state::ProviderInboxState;
pub use vocabulary::{ProviderInboxAction, ProviderInboxAnswer, ProviderInboxFact, StoredMessage};
pub use worker::ProviderInboxWorker;

use crate::{
    process::{Input, Outbox, Process, Step},
    process_event,
};
use tillroll_domain::aggregate::Moment;

/// The process of one message; its instance is the UUID of the message's id.
#[derive(Debug, Clone, Copy)]
pub struct ProviderInbox;

process_event! {
    /// The history of a ProviderInbox.
    pub enum ProviderInboxEvent {
        ProviderInboxAdvanced = 1;
    } of ProviderInbox
}

impl Process for ProviderInbox {
    const CATEGORY: &'static str = "provider_inbox";
    const STATE_VERSION: u16 = 1;
    type State = ProviderInboxState;
    type Fact = ProviderInboxFact;
    type Action = ProviderInboxAction;
    type Answer = ProviderInboxAnswer;
    type Trigger = StoredMessage;
    type Policy = ();
    type Event = ProviderInboxEvent;

    fn initial() -> ProviderInboxState {
        ProviderInboxState::default()
    }

    fn evolve(state: ProviderInboxState, fact: &ProviderInboxFact) -> ProviderInboxState {
        state.evolve(fact)
    }

    fn decide(
        state: &ProviderInboxState,
        _: &Outbox<ProviderInboxAction>,
        input: &Input<Self>,
        (): &(),
        moment: &Moment,
    ) -> Option<Step<Self>> {
        decide::decide(state, input, moment)
    }
}

#[cfg(test)]
mod tests;
