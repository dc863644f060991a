//! What can be asked of a message from a provider.

use super::{fact::ProviderFact, raw::RawMessage};
use crate::{personal::Personal, text::Reference};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Commands on a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ProviderMessageCommand {
    /// Store a message whose signature was checked. Silent if one is stored under this id, whatever it says: the first
    /// stands.
    Receive {
        /// Who sent it.
        provider: Reference,
        /// The provider's id of the message.
        message_id: Reference,
        /// What was sent, word for word, under [`super::message_subject`].
        raw: Personal<RawMessage>,
        /// What it says.
        fact: ProviderFact,
        /// When the provider signed it.
        signed_at: DateTime<Utc>,
    },
}
