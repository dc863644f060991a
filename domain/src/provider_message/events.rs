//! What can have happened to a message from a provider.

use super::{fact::ProviderFact, raw::RawMessage};
use crate::{events, personal::Personal, text::Reference};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

events! {
    /// The history of a message: that it came.
    pub enum ProviderMessageEvent {
        ProviderMessageReceived = 1;
    }
}

/// A message came and its signature was right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderMessageReceived {
    /// Who sent it.
    pub provider: Reference,
    /// The provider's id of the message; the same message sent again has the same.
    pub message_id: Reference,
    /// What was sent, word for word.
    pub raw: Personal<RawMessage>,
    /// What it says.
    pub fact: ProviderFact,
    /// When the provider signed it.
    pub signed_at: DateTime<Utc>,
}
