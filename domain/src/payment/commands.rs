//! What can be asked of a payment. Amounts are minor units of the payment's currency, more than zero.

use super::events::OperationKind;
use crate::{
    common::SourceDocument,
    ids::{OperationId, OrderId},
    money::Money,
    text::{Note, Reference},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The most operations of one payment.
pub const OPERATIONS_MAX: usize = 1_000;

/// Commands on a payment.
///
/// Requests record that an operation is about to be tried; outcomes record what the provider said of it. One outcome
/// stands: the same again is silent, a success after an unknown outcome resolves it, a failure never undoes a success.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PaymentCommand {
    /// Intend to pay.
    Create {
        /// The order.
        order_id: OrderId,
        /// How much, more than zero.
        amount: Money,
        /// By what means.
        method: Reference,
    },
    /// Request to set the whole amount aside, as a new attempt. Refused while another is pending, unknown or authorized.
    RequestAuthorization {
        /// The operation.
        operation_id: OperationId,
        /// The provider.
        provider: Reference,
    },
    /// Request to take money; with what was taken and is pending, at most what was authorized.
    RequestCapture {
        /// The operation.
        operation_id: OperationId,
        /// How much.
        amount_minor: i64,
    },
    /// Request to set free what was not taken. Refused while a capture is pending or unknown.
    RequestVoid {
        /// The operation.
        operation_id: OperationId,
    },
    /// Request to give money back; with what was given and is pending, at most what was captured.
    RequestRefund {
        /// The operation.
        operation_id: OperationId,
        /// How much.
        amount_minor: i64,
    },
    /// The provider says that a requested operation happened.
    RecordSuccess {
        /// The operation.
        operation_id: OperationId,
        /// The amount the provider names; refused if it is not the requested one.
        amount_minor: i64,
        /// The provider's name for it.
        provider_reference: Reference,
        /// For an authorization, when it ends.
        expires_at: Option<DateTime<Utc>>,
    },
    /// The provider says that a requested operation was refused.
    RecordFailure {
        /// The operation.
        operation_id: OperationId,
        /// The provider's code.
        code: Reference,
        /// More about it, possibly empty; nothing personal.
        note: Note,
    },
    /// The provider did not answer.
    RecordUnknownOutcome {
        /// The operation.
        operation_id: OperationId,
    },
    /// The provider set the authorization free by itself. Silent if nothing is set aside.
    RecordAuthorizationExpired,
    /// Import: a payment that is assumed to have been settled. Silent if recorded from the same document.
    RecordSettled {
        /// The order.
        order_id: OrderId,
        /// How much, more than zero.
        amount: Money,
        /// A derived id for the capture.
        operation_id: OperationId,
        /// The document it is inferred from.
        source: SourceDocument,
    },
}

impl OperationKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Authorize, Self::Capture, Self::Void, Self::Refund];
}
