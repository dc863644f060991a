//! What PaymentReconcile is told, wants done, is answered and learns.

use super::state::Next;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tillroll_domain::{
    ids::OperationId,
    payment::events::OperationKind,
    text::{Note, Reference},
};
use tillroll_infra::payments::ProviderOutcome;

/// What the payment's stream tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PaymentNews {
    /// An operation is to be tried.
    Requested {
        /// The operation.
        operation_id: OperationId,
        /// What it does.
        operation: OperationKind,
    },
    /// An operation waits for the customer.
    ActionRequired {
        /// The provider's name of it.
        reference: Reference,
    },
    /// An operation happened, whoever found out, and whoever wanted it.
    Succeeded {
        /// The operation.
        operation_id: OperationId,
        /// What it did.
        operation: OperationKind,
        /// The provider's name of it, if it has one.
        reference: Option<Reference>,
    },
    /// An operation was refused by the provider.
    Failed {
        /// The operation.
        operation_id: OperationId,
        /// What it would have done.
        operation: OperationKind,
    },
    /// The amounts changed without an operation.
    Changed,
    /// Nothing more is to be taken, and what was is to be given back.
    Cancelled,
}

/// What PaymentReconcile wants done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum PaymentReconcileAction {
    /// Ask the provider to carry an operation out, under the operation's own id.
    Call {
        /// The operation.
        operation_id: OperationId,
        /// For a refund, the provider's name of the payment's first capture. It stands here, because a call that is repeated
        /// must say the same.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        captured: Option<Reference>,
    },
    /// Ask the provider what became of an operation.
    LookUp {
        /// The operation.
        operation_id: OperationId,
    },
    /// Record on the payment what the provider said.
    Record {
        /// The operation.
        operation_id: OperationId,
        /// What it said; success, refusal, or that the customer must act.
        outcome: ProviderOutcome,
    },
    /// Record on the payment that the provider said nothing.
    RecordUnknown {
        /// The operation.
        operation_id: OperationId,
    },
    /// Tell the order how the payment stands by then.
    MirrorToOrder,
    /// Make sure that the provider's name leads to this payment.
    ClaimReference {
        /// The provider's name of an operation.
        reference: Reference,
    },
    /// Request what is to be undone: of a cancelled payment all that is set aside or was taken, otherwise what was set aside
    /// or taken more than once.
    Undo,
}

/// What an action came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum PaymentReconcileAnswer {
    /// The provider said what became of the operation.
    Came {
        /// What.
        outcome: ProviderOutcome,
    },
    /// The provider was asked and did not answer.
    Unanswered,
    /// The provider was not reached; nothing happened.
    NotSent {
        /// How long to wait at least, in milliseconds, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u64>,
    },
    /// The provider never heard of the operation.
    NotFound,
    /// The operation has its outcome already.
    Settled,
    /// It is done.
    Done,
    /// The provider's words contradict what was requested. They were recorded as a conflict, and not taken over.
    Contradicted {
        /// Why, in words.
        reason: Note,
    },
    /// A rule refused it, which does no harm: somebody told newer, or nothing is left to do.
    Refused {
        /// Why, in words.
        reason: Note,
    },
}

/// What PaymentReconcile learns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum PaymentReconcileFact {
    /// An operation is pursued until it has an outcome.
    Pursued {
        /// The operation.
        operation_id: OperationId,
        /// What it does.
        operation: OperationKind,
        /// Since when.
        at: DateTime<Utc>,
    },
    /// It is asked again later.
    Postponed {
        /// The operation.
        operation_id: OperationId,
        /// What is done then.
        next: Next,
    },
    /// The provider did not answer; what happened is unknown until it is found out.
    OutcomeUnknown {
        /// The operation.
        operation_id: OperationId,
    },
    /// The customer must act first.
    AwaitsCustomer {
        /// The operation.
        operation_id: OperationId,
    },
    /// The operation has had no outcome for so long that somebody must look.
    Overdue {
        /// The operation.
        operation_id: OperationId,
    },
    /// The operation has its outcome.
    Settled {
        /// The operation.
        operation_id: OperationId,
    },
    /// A customer's part that has become superfluous is not asked about any longer.
    GaveUp {
        /// The operation.
        operation_id: OperationId,
    },
    /// The provider's words contradict what was requested; somebody must look.
    Contradicted {
        /// The operation.
        operation_id: OperationId,
    },
    /// A provider's name leads to another payment; somebody must look.
    ReferenceTaken {
        /// The provider's name.
        reference: Reference,
    },
    /// Money was taken for the first time.
    Captured {
        /// The provider's name of that.
        reference: Reference,
    },
    /// The payment was cancelled.
    Cancelled,
    /// The provider refused to void or refund what the payment must not keep.
    UndoRefused,
    /// The order is to be told once more.
    MirrorStale,
    /// The order is being told how it stands now.
    MirrorRenewed,
    /// What is left to undo is to be looked at once more.
    UndoStale,
    /// What is left to undo is being looked at.
    UndoRenewed,
}
