//! What can have happened to a payment. Amounts are minor units of the payment's currency.

use crate::{
    common::{Basis, SourceDocument},
    events,
    ids::{OperationId, OrderId, ProviderMessageId},
    money::Money,
    pricing::QuoteHash,
    text::{ActionUrl, Note, Reference},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

events! {
    /// The history of a payment.
    pub enum PaymentEvent {
        PaymentCreated = 2, 1 => PaymentCreated;
        PaymentAttemptStarted = 2, 1 => PaymentAttemptStarted;
        PaymentOperationRequested = 2, 1 => PaymentOperationRequested;
        PaymentActionRequired = 1;
        PaymentAuthorized = 1;
        PaymentCaptured = 1;
        PaymentVoided = 1;
        PaymentRefunded = 1;
        PaymentOperationFailed = 1;
        PaymentOutcomeUnknown = 1;
        PaymentAuthorizationExpired = 2, 1 => PaymentAuthorizationExpired;
        PaymentOperationObserved = 1;
        PaymentCancelled = 1;
        PaymentDisputeOpened = 1;
        PaymentDisputeClosed = 1;
        PaymentProviderEventIgnored = 1;
    }
}

/// Somebody intends to pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentCreated {
    /// The order.
    pub order_id: OrderId,
    /// How much, more than zero.
    pub amount: Money,
    /// By what means, such as `card`, or `assumed_settled` where history does not say.
    pub method: Reference,
    /// The document it was inferred from.
    pub source: Option<SourceDocument>,
    /// How we know it.
    pub basis: Basis,
    /// What the customer agreed to. Absent in what version 1 wrote, and where there was no quote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote_hash: Option<QuoteHash>,
}

/// A new try, with a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentAttemptStarted {
    /// The attempt's number, from 1.
    pub attempt: u32,
    /// The provider.
    pub provider: Reference,
    /// What it is paid with: the provider's name for a card or an account, never its number. Absent in what version 1
    /// wrote and where the provider asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instrument: Option<Reference>,
}

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationKind {
    /// Set the money aside.
    Authorize,
    /// Take money that is set aside.
    Capture,
    /// Set it free.
    Void,
    /// Give captured money back.
    Refund,
}

/// An operation is about to be tried at the provider; recorded before the call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentOperationRequested {
    /// The operation; also the idempotency key at the provider.
    pub operation_id: OperationId,
    /// What it does.
    pub kind: OperationKind,
    /// The attempt it belongs to.
    pub attempt: u32,
    /// How much; for a void, what it sets free.
    pub amount_minor: i64,
    /// Why, where somebody said so; nothing personal. Absent in what version 1 wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Note>,
}

/// The customer has to do something at the provider before it goes on with an operation, which stays open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentActionRequired {
    /// The operation.
    pub operation_id: OperationId,
    /// Where the customer does it.
    pub action_url: ActionUrl,
    /// The provider's name for what waits.
    pub provider_reference: Reference,
}

/// The money is set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentAuthorized {
    /// The operation.
    pub operation_id: OperationId,
    /// How much.
    pub amount_minor: i64,
    /// The provider's name for it.
    pub provider_reference: Reference,
    /// When the provider sets it free by itself.
    pub expires_at: Option<DateTime<Utc>>,
}

/// The money was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentCaptured {
    /// The operation.
    pub operation_id: OperationId,
    /// How much.
    pub amount_minor: i64,
    /// The provider's name for it; absent where the capture is inferred.
    pub provider_reference: Option<Reference>,
    /// How we know it.
    pub basis: Basis,
}

/// What was set aside and not taken is free again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentVoided {
    /// The operation.
    pub operation_id: OperationId,
    /// How much.
    pub amount_minor: i64,
}

/// Money was given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentRefunded {
    /// The operation.
    pub operation_id: OperationId,
    /// How much.
    pub amount_minor: i64,
    /// The provider's name for it.
    pub provider_reference: Reference,
}

/// The provider refused an operation; nothing moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentOperationFailed {
    /// The operation.
    pub operation_id: OperationId,
    /// What it would have done.
    pub kind: OperationKind,
    /// The provider's code, such as `card_declined`.
    pub code: Reference,
    /// More about it, possibly empty; nothing personal.
    pub note: Note,
}

/// Nobody knows yet whether an operation happened; the provider must be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentOutcomeUnknown {
    /// The operation.
    pub operation_id: OperationId,
    /// What it may have done.
    pub kind: OperationKind,
}

/// The provider set the rest of an authorization free by itself.
///
/// It may be known before the authorization's own success is. Then nothing is set free yet, and the success is followed by
/// one of these that sets free what it set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentAuthorizationExpired {
    /// How much was set free; 0 if there was nothing left.
    pub amount_minor: i64,
    /// The authorization. Absent in what version 1 wrote, which means that of the newest attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation_id: Option<OperationId>,
}

/// Something happened at the provider that we did not request: somebody captured or refunded in the provider's own pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentOperationObserved {
    /// The id under which we keep it, derived from the provider's name for it.
    pub operation_id: OperationId,
    /// What it did: a capture or a refund.
    pub kind: OperationKind,
    /// How much.
    pub amount_minor: i64,
    /// The provider's name for it.
    pub provider_reference: Reference,
}

/// Nothing more is taken by this payment; what is set aside is to be set free, and what was taken to be given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentCancelled {
    /// Why, such as `order_cancelled`.
    pub reason: Reference,
}

/// The customer's bank asks money back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentDisputeOpened {
    /// The provider's name for the dispute.
    pub dispute: Reference,
    /// How much.
    pub amount_minor: i64,
}

/// A dispute ended. It may be told before the dispute was opened, as far as we know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentDisputeClosed {
    /// The provider's name for the dispute.
    pub dispute: Reference,
    /// How much it was about in the end.
    pub amount_minor: i64,
    /// How it ended.
    pub outcome: DisputeOutcome,
}

/// How a dispute ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeOutcome {
    /// For the shop: it keeps the money.
    Won,
    /// For the customer: the money is gone.
    Lost,
}

/// A provider's message says what cannot be, such as another amount than was requested. It changed nothing but is kept in
/// mind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentProviderEventIgnored {
    /// The message.
    pub message_id: ProviderMessageId,
    /// The code of the rule it broke, such as `amount_mismatch`.
    pub reason: Reference,
}
