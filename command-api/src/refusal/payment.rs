//! Refusals of payments.

use super::Refusal;
use crate::problems as kind;
use tillroll_domain::payment::PaymentError as E;
use tillroll_http::Problem;

impl Refusal for E {
    fn problem(&self) -> Problem {
        let of = |kind| Problem::of(kind).detail(self.to_string());
        match self {
            Self::NotCreated => Problem::not_found("such payment"),
            Self::AmountNotPositive { given_minor } => of(&kind::AMOUNT_NOT_POSITIVE).with("given_minor", given_minor),
            Self::TooManyOperations { max } => of(&kind::TOO_MANY_OPERATIONS).with("max", max),
            Self::TooManyAttempts { max } => of(&kind::TOO_MANY_ATTEMPTS).with("max", max),
            Self::OperationIdReused { operation_id } => of(&kind::OPERATION_DIFFERS).with("operation_id", operation_id),
            Self::Cancelled => of(&kind::PAYMENT_CANCELLED),
            Self::OperationOpen { operation_id, kind, outcome } => {
                let problem = of(&kind::OPERATION_OPEN).with("operation_id", operation_id);
                problem.with("kind", kind.as_str()).with("outcome", outcome.as_str())
            }
            Self::AlreadyAuthorized { authorized_minor } => {
                of(&kind::PAYMENT_AUTHORIZED).with("authorized_minor", authorized_minor)
            }
            Self::AlreadyCaptured { captured_minor } => {
                of(&kind::PAYMENT_CAPTURED).with("captured_minor", captured_minor)
            }
            Self::NothingAuthorized => of(&kind::NOTHING_AUTHORIZED),
            Self::CaptureExceedsAuthorized { requested_minor, available_minor } => {
                let problem = of(&kind::CAPTURE_EXCEEDS_AUTHORIZED).with("requested_minor", requested_minor);
                problem.with("available_minor", available_minor)
            }
            Self::RefundExceedsCaptured { requested_minor, available_minor } => {
                let problem = of(&kind::REFUND_EXCEEDS_CAPTURED).with("requested_minor", requested_minor);
                problem.with("available_minor", available_minor)
            }
            // No request makes payments, or tells what providers say.
            Self::AlreadyCreated
            | Self::Source(_)
            | Self::UnknownOperation { .. }
            | Self::NotRequested { .. }
            | Self::TooManyDisputes { .. }
            | Self::TooManyConflicts { .. }
            | Self::AmountMismatch { .. } => Problem::internal(),
        }
    }
}
