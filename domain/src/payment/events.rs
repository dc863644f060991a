//! What can have happened to a payment. Amounts are minor units of the payment's currency.

use crate::{
    common::{Basis, SourceDocument},
    events,
    ids::{OperationId, OrderId},
    money::Money,
    text::{Note, Reference},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

events! {
    /// The history of a payment.
    pub enum PaymentEvent {
        PaymentCreated = 1;
        PaymentAttemptStarted = 1;
        PaymentOperationRequested = 1;
        PaymentAuthorized = 1;
        PaymentCaptured = 1;
        PaymentVoided = 1;
        PaymentRefunded = 1;
        PaymentOperationFailed = 1;
        PaymentOutcomeUnknown = 1;
        PaymentAuthorizationExpired = 1;
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
}

/// A new try, with a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentAttemptStarted {
    /// The attempt's number, from 1.
    pub attempt: u32,
    /// The provider.
    pub provider: Reference,
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

/// The provider set the rest free by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentAuthorizationExpired {
    /// How much was set free.
    pub amount_minor: i64,
}
