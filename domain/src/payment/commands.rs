//! What can be asked of a payment. Amounts are minor units of the payment's currency, more than zero.

use super::{dispute::DisputeStatus, events::OperationKind};
use crate::{
    common::SourceDocument,
    ids::{OperationId, OrderId, ProviderMessageId},
    money::Money,
    pricing::QuoteHash,
    text::{ActionUrl, Note, Reference},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The most operations of one payment.
pub const OPERATIONS_MAX: usize = 1_000;
/// The most attempts of one payment, so that there is always room for what money needs: captures, voids and refunds.
pub const ATTEMPTS_MAX: u32 = 100;
/// The most disputes of one payment.
pub const DISPUTES_MAX: usize = 100;
/// The most messages that a payment remembers to have ignored.
pub const IGNORED_MESSAGES_MAX: usize = 100;
/// The method of payments of which history does not say how they were made.
pub const METHOD_ASSUMED_SETTLED: &str = "assumed_settled";

/// Commands on a payment.
///
/// Requests record that an operation is about to be tried; outcomes record what the provider said of it. Outcomes may come
/// in any order and more than once, and always end the same: an operation is pending, then unknown, then waits for the
/// customer, then failed, then succeeded, and only ever moves forward. News that is behind is silent, so a failure never
/// undoes a success, while a success after a failure is the truth that came late. The same request again is silent whatever
/// became of it; the same id for something else is refused.
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
        /// What the customer agreed to, where there is a quote.
        quote_hash: Option<QuoteHash>,
    },
    /// Request to set the whole amount aside, as a new attempt. Refused while another is pending, unknown or authorized,
    /// once money was captured, and once the payment is cancelled. One that waits for the customer may be left for another;
    /// should both succeed, [`CreatedPayment::void_due`](super::state::CreatedPayment::void_due) names the surplus.
    RequestAuthorization {
        /// The operation.
        operation_id: OperationId,
        /// The provider.
        provider: Reference,
        /// What to pay with: the provider's name for it. Absent where the provider asks for it.
        instrument: Option<Reference>,
    },
    /// Request to take money; with what was taken and is pending, at most what was authorized. Refused once the payment is
    /// cancelled.
    RequestCapture {
        /// The operation.
        operation_id: OperationId,
        /// How much.
        amount_minor: i64,
    },
    /// Request to set free what an attempt set aside and was not taken. Refused while a capture or another void of it has no
    /// outcome.
    RequestVoid {
        /// The operation.
        operation_id: OperationId,
        /// The attempt, from 1; the newest that has something set aside if it is not named.
        attempt: Option<u32>,
    },
    /// Request to give money back; with what was given, is pending and is disputed, at most what was captured.
    RequestRefund {
        /// The operation.
        operation_id: OperationId,
        /// How much.
        amount_minor: i64,
        /// Why, where somebody says so; nothing personal.
        reason: Option<Note>,
    },
    /// Take nothing more: what is set aside and what was taken is due to go back. Silent if cancelled.
    Cancel {
        /// Why, such as `order_cancelled`.
        reason: Reference,
    },
    /// The provider wants the customer to do something first. Silent if the operation failed or succeeded meanwhile.
    RecordActionRequired {
        /// The operation.
        operation_id: OperationId,
        /// Where the customer does it.
        action_url: ActionUrl,
        /// The provider's name for what waits.
        provider_reference: Reference,
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
    /// The provider says that a requested operation was refused. Silent if it succeeded.
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
    /// The provider set an authorization free by itself. Silent if that is known.
    ///
    /// What a capture without an outcome may still take stays aside until it has one; if it fails, the rest expires with it.
    /// A void that was on its way then sets nothing free. Where the authorization is named, this may come before its success.
    RecordAuthorizationExpired {
        /// The authorization; if it is not named, that of the newest attempt, and then silent if that has nothing set aside.
        operation_id: Option<OperationId>,
    },
    /// The provider tells of an operation that we did not request. It counts at once, in whatever order such news comes: a
    /// refund may be told before the capture that it gives back. Refused beyond what all attempts together can have moved, and
    /// for authorizations and voids: an authorization that somebody set free at the provider is told as lapsed.
    RecordObserved {
        /// An id derived from the provider's name for it.
        operation_id: OperationId,
        /// What it did: a capture or a refund.
        kind: OperationKind,
        /// How much.
        amount_minor: i64,
        /// The provider's name for it.
        provider_reference: Reference,
    },
    /// The provider tells of a dispute. Open comes before won, and won before lost; what is behind is silent.
    RecordDispute {
        /// The provider's name for the dispute.
        dispute: Reference,
        /// How much it is about.
        amount_minor: i64,
        /// How it stands.
        status: DisputeStatus,
    },
    /// A provider's message was refused by a rule. Silent for the same message.
    RecordConflict {
        /// The message.
        message_id: ProviderMessageId,
        /// The rule's code.
        reason: Reference,
    },
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
