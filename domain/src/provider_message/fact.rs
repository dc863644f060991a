//! What a provider's message says, in words that are the same for all providers.

use crate::{
    ids::{OperationId, PaymentId},
    money::Money,
    text::{ActionUrl, Reference},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What a message says. What a provider does not state is absent; nothing here is personal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderFact {
    /// What happened.
    pub kind: ProviderFactKind,
    /// The payment by our own reference, if the provider gives it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_id: Option<PaymentId>,
    /// The operation by our own reference; absent for what we did not request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation_id: Option<OperationId>,
    /// The provider's name for what the message is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_reference: Option<Reference>,
    /// How much the provider names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// The provider's code for a refusal, or its word for a message that means nothing to us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Reference>,
    /// The provider's name for a dispute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispute: Option<Reference>,
    /// When an authorization ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// Where the customer goes to do what the provider asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_url: Option<ActionUrl>,
}

impl ProviderFact {
    /// A message of this kind that states nothing else yet.
    #[must_use]
    pub const fn of(kind: ProviderFactKind) -> Self {
        Self {
            kind,
            payment_id: None,
            operation_id: None,
            provider_reference: None,
            amount: None,
            code: None,
            dispute: None,
            expires_at: None,
            action_url: None,
        }
    }
}

/// What happened, as a provider tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderFactKind {
    /// Money was set aside.
    Authorized,
    /// The customer has to do something before money can be set aside.
    ActionRequired,
    /// An authorization or capture was refused.
    Failed,
    /// Money was taken.
    Captured,
    /// What was set aside is free again.
    Voided,
    /// Money was given back.
    Refunded,
    /// Giving money back was refused.
    RefundFailed,
    /// The authorization lapsed.
    AuthorizationExpired,
    /// The customer's bank asks money back.
    DisputeOpened,
    /// A dispute ended for the shop.
    DisputeWon,
    /// A dispute ended for the customer.
    DisputeLost,
    /// Something that changes no payment.
    Other,
}
