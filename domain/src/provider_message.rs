//! Messages from payment providers, stored as they came before anybody answers for them.
//!
//! A message is one stream of one event: what the provider sent, word for word and sealed, and what it says in our words.
//! Which payment it belongs to, and what that makes of it, is decided later and elsewhere.
//!
//! **Invariant:** the first message under an id stands; providers send again until they are answered.

pub mod commands;
pub mod events;
pub mod fact;

mod raw;

pub use fact::{ProviderFact, ProviderFactKind};
pub use raw::{ParseRawMessageError, RAW_MESSAGE_BYTES_MAX, RawMessage};

use crate::{
    aggregate::{Aggregate, Moment},
    ids::{ProviderMessageId, SubjectId},
    personal::Personal,
};
use commands::ProviderMessageCommand;
use events::{ProviderMessageEvent, ProviderMessageReceived};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;

/// The aggregate of one message; its stream's id is the message's.
#[derive(Debug, Clone, Copy)]
pub struct ProviderMessage;

/// A message as its decisions see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProviderMessageState {
    /// It has not come yet.
    New,
    /// It is stored.
    Received,
}

/// Under whose key a message is sealed: each has one of its own, so that a single message could be erased. Nothing erases
/// messages so far: whom one is about is not known when it is stored, so the erasure of a person leaves it readable.
#[must_use]
pub const fn message_subject(id: ProviderMessageId) -> SubjectId {
    SubjectId::new(id.uuid())
}

/// The message's text as personal data.
#[must_use]
pub const fn sealed(id: ProviderMessageId, raw: RawMessage) -> Personal<RawMessage> {
    Personal::known(message_subject(id), raw)
}

impl Aggregate for ProviderMessage {
    const CATEGORY: &'static str = "provider_message";
    const STATE_VERSION: u16 = 1;
    type State = ProviderMessageState;
    type Command = ProviderMessageCommand;
    type Event = ProviderMessageEvent;
    type Error = Infallible;

    fn initial() -> ProviderMessageState {
        ProviderMessageState::New
    }

    fn decide(
        state: &ProviderMessageState,
        command: &ProviderMessageCommand,
        _: &Moment,
    ) -> Result<Vec<ProviderMessageEvent>, Infallible> {
        let ProviderMessageCommand::Receive { provider, message_id, raw, fact, signed_at } = command;
        Ok(match state {
            ProviderMessageState::Received => vec![],
            ProviderMessageState::New => {
                let received = ProviderMessageReceived {
                    provider: provider.clone(),
                    message_id: message_id.clone(),
                    raw: raw.clone(),
                    fact: fact.clone(),
                    signed_at: *signed_at,
                };
                vec![received.into()]
            }
        })
    }

    fn evolve(_: ProviderMessageState, event: &ProviderMessageEvent) -> ProviderMessageState {
        let ProviderMessageEvent::ProviderMessageReceived(_) = event;
        ProviderMessageState::Received
    }
}

#[cfg(test)]
mod tests;
