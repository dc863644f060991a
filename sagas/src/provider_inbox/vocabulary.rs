//! What ProviderInbox is told, wants done, is answered and learns.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tillroll_domain::{
    ids::{PaymentId, ProviderMessageId},
    provider_message::ProviderFact,
    text::Reference,
};

/// A message as it was stored, without its raw text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredMessage {
    /// The message.
    pub id: ProviderMessageId,
    /// Who sent it.
    pub provider: Reference,
    /// What it says.
    pub fact: ProviderFact,
}

/// What ProviderInbox wants done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ProviderInboxAction {
    /// Find the payment and tell it what the message says.
    Apply {
        /// The message.
        message: StoredMessage,
    },
    /// Record on the payment that the message contradicts it.
    RecordConflict {
        /// The message.
        message_id: ProviderMessageId,
        /// The payment.
        payment_id: PaymentId,
        /// Why: a stable code.
        reason: Reference,
    },
}

/// What an action came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ProviderInboxAnswer {
    /// The payment knows what the message says.
    Applied {
        /// The payment.
        payment_id: PaymentId,
    },
    /// No payment is known by the names in the message, so far.
    Unmatched,
    /// The payment does not know the operation, so far.
    TooEarly {
        /// The payment.
        payment_id: PaymentId,
    },
    /// The message cannot be true of the payment.
    Conflicting {
        /// The payment.
        payment_id: PaymentId,
        /// Why: a stable code.
        reason: Reference,
    },
    /// The conflict is recorded, or the payment keeps no more of them.
    ConflictRecorded,
}

/// What ProviderInbox learns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ProviderInboxFact {
    /// A message came.
    Received {
        /// The message.
        message: StoredMessage,
        /// When.
        at: DateTime<Utc>,
    },
    /// It says nothing about payments.
    Unrelated,
    /// It came too early and is tried again later.
    Postponed,
    /// The payment knows what it says.
    Applied {
        /// The payment.
        payment_id: PaymentId,
    },
    /// It contradicts the payment.
    Contradicted {
        /// The payment.
        payment_id: PaymentId,
        /// Why: a stable code.
        reason: Reference,
    },
    /// No payment has become known by its names for so long that none will.
    GivenUp,
}
