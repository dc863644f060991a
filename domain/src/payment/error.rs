//! Why a command on a payment is refused.

use super::{events::OperationKind, state::OperationOutcome};
use crate::{document::SourceConflict, ids::OperationId};
use thiserror::Error;

/// Why a command on a payment is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PaymentError {
    /// There is no payment under this id.
    #[error("the payment was not created")]
    NotCreated,
    /// A payment stands under this id already.
    #[error("the payment was created before")]
    AlreadyCreated,
    /// An amount is zero or less.
    #[error("the amount must be more than zero, not {given_minor} minor units")]
    AmountNotPositive {
        /// What was given, in minor units.
        given_minor: i64,
    },
    /// The id stands for another document, or the document has changed.
    #[error(transparent)]
    Source(#[from] SourceConflict),
    /// The payment has as many operations as it can have.
    #[error("a payment has at most {max} operations")]
    TooManyOperations {
        /// How many it may have.
        max: usize,
    },
    /// The payment has as many attempts as it can have.
    #[error("a payment has at most {max} attempts")]
    TooManyAttempts {
        /// How many it may have.
        max: u32,
    },
    /// The operation was requested with other content.
    #[error("operation {operation_id} was requested with other content")]
    OperationIdReused {
        /// The operation.
        operation_id: OperationId,
    },
    /// No operation was requested under this id.
    #[error("operation {operation_id} was not requested")]
    UnknownOperation {
        /// The operation.
        operation_id: OperationId,
    },
    /// The payment is cancelled; nothing more is set aside or taken.
    #[error("the payment is cancelled")]
    Cancelled,
    /// An authorization or void that nobody requested; only captures and refunds count without a request.
    #[error("{} {operation_id} was not requested", kind.as_str())]
    NotRequested {
        /// The id under which it was told.
        operation_id: OperationId,
        /// What it is said to have done.
        kind: OperationKind,
    },
    /// The payment has as many disputes as it can have.
    #[error("a payment has at most {max} disputes")]
    TooManyDisputes {
        /// How many it may have.
        max: usize,
    },
    /// The payment remembers as many ignored messages as it can.
    #[error("a payment remembers at most {max} ignored messages")]
    TooManyConflicts {
        /// How many it may have.
        max: usize,
    },
    /// Another operation must have its outcome first.
    #[error("{} {operation_id} has no final outcome yet", kind.as_str())]
    OperationOpen {
        /// The other operation.
        operation_id: OperationId,
        /// What it does.
        kind: OperationKind,
        /// How it stands: pending, unknown or waiting for the customer.
        outcome: OperationOutcome,
    },
    /// Money is set aside already.
    #[error("{authorized_minor} minor units are authorized already")]
    AlreadyAuthorized {
        /// Set aside and not taken, in minor units.
        authorized_minor: i64,
    },
    /// Money was taken already, so the whole amount cannot be set aside again.
    #[error("{captured_minor} minor units were captured already")]
    AlreadyCaptured {
        /// Taken, in minor units.
        captured_minor: i64,
    },
    /// No money is set aside that could be set free.
    #[error("nothing is authorized")]
    NothingAuthorized,
    /// More than what is set aside and not promised to other operations; for what the provider tells of by itself, more than
    /// all attempts can have set aside.
    #[error("{requested_minor} minor units cannot be captured, only {available_minor}")]
    CaptureExceedsAuthorized {
        /// What was asked for, in minor units.
        requested_minor: i64,
        /// What can be taken, in minor units.
        available_minor: i64,
    },
    /// More than what was taken and neither given back, disputed nor promised to be given back; for what the provider tells
    /// of by itself, more than all attempts can have taken.
    #[error("{requested_minor} minor units cannot be refunded, only {available_minor}")]
    RefundExceedsCaptured {
        /// What was asked for, in minor units.
        requested_minor: i64,
        /// What can be given back, in minor units.
        available_minor: i64,
    },
    /// The provider names another amount than was requested.
    #[error("operation {operation_id} was requested for {requested_minor} minor units, not {given_minor}")]
    AmountMismatch {
        /// The operation.
        operation_id: OperationId,
        /// What was requested, in minor units.
        requested_minor: i64,
        /// What the provider names, in minor units.
        given_minor: i64,
    },
}

impl PaymentError {
    /// The rule's stable code, as [`PaymentCommand::RecordConflict`](super::commands::PaymentCommand::RecordConflict) keeps
    /// it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotCreated => "payment_not_created",
            Self::AlreadyCreated => "payment_already_created",
            Self::AmountNotPositive { .. } => "amount_not_positive",
            Self::Source(_) => "source_conflict",
            Self::TooManyOperations { .. } => "too_many_operations",
            Self::TooManyAttempts { .. } => "too_many_attempts",
            Self::OperationIdReused { .. } => "operation_id_reused",
            Self::UnknownOperation { .. } => "unknown_operation",
            Self::Cancelled => "payment_cancelled",
            Self::NotRequested { .. } => "operation_not_requested",
            Self::TooManyDisputes { .. } => "too_many_disputes",
            Self::TooManyConflicts { .. } => "too_many_conflicts",
            Self::OperationOpen { .. } => "operation_open",
            Self::AlreadyAuthorized { .. } => "already_authorized",
            Self::AlreadyCaptured { .. } => "already_captured",
            Self::NothingAuthorized => "nothing_authorized",
            Self::CaptureExceedsAuthorized { .. } => "capture_exceeds_authorized",
            Self::RefundExceedsCaptured { .. } => "refund_exceeds_captured",
            Self::AmountMismatch { .. } => "amount_mismatch",
        }
    }
}
