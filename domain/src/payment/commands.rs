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
/// The method of payments of which history does not say how they were made.
pub const METHOD_ASSUMED_SETTLED: &str = "assumed_settled";

/// Commands on a payment.
///
/// Requests record that an operation is about to be tried; outcomes record what the provider said of it. One outcome
/// stands: the same again is silent, a success or failure resolves an unknown outcome, and the other outcome is refused: a
/// failure never undoes a success. The same request again is silent whatever became of it; the same id for something else
/// is refused.
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
    /// Request to set the whole amount aside, as a new attempt. Refused while another is pending, unknown or authorized,
    /// and once money was captured.
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
    /// Request to set free what was not taken. Refused while a capture or another void is pending or unknown.
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
    /// The provider did not answer. Silent if the outcome is known already.
    RecordUnknownOutcome {
        /// The operation.
        operation_id: OperationId,
    },
    /// The provider set the authorization free by itself. Silent if nothing is set aside or that is known already.
    ///
    /// What a pending or unknown capture may still take stays aside until that has an outcome; if it fails, the rest
    /// expires with it. A void that was on its way then sets nothing free.
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

    /// The word in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authorize => "authorize",
            Self::Capture => "capture",
            Self::Void => "void",
            Self::Refund => "refund",
        }
    }
}
