//! The one place where refusals and failures become problems. Every match is exhaustive: a new refusal without a code
//! does not compile.

use crate::problems::{BUSY, IDEMPOTENCY_KEY_REUSED, STORAGE_FULL, TOO_LATE};
use tillroll_http::Problem;
use tillroll_infra::{
    bus::ExecuteError,
    log::{AppendError, ReadError},
};

mod claim;
mod customer;
mod order;
mod product;
mod stock_item;

/// Why an aggregate refuses a command, as a problem. The texts of the domain's errors are meant for clients.
pub(crate) trait Refusal: std::error::Error + 'static {
    fn problem(&self) -> Problem;
}

/// Why a command was not carried out, as a problem. What only concerns operators is logged here and left out there.
pub(crate) fn problem_of<E: Refusal>(error: ExecuteError<E>) -> Problem {
    match error {
        ExecuteError::Refused(refusal) => refusal.problem(),
        ExecuteError::CommandIdReused { .. } => key_reused(),
        ExecuteError::RevisionMismatch { actual, .. } => {
            let problem = Problem::precondition_failed("the resource stands at another revision than If-Match names");
            problem.with("revision", actual)
        }
        ExecuteError::TooLate { not_after } => {
            Problem::of(&TOO_LATE).detail("the command came too late").with("not_after", not_after)
        }
        ExecuteError::Busy { .. } | ExecuteError::Contended { .. } => {
            Problem::of(&BUSY).detail("too many writes to this resource; try again in a moment")
        }
        ExecuteError::StreamName { source, .. } => Problem::bad_value(source.to_string()),
        ExecuteError::Append(AppendError::Full) => {
            tracing::error!("the disk that holds the event log is full");
            Problem::of(&STORAGE_FULL).detail("there is no room for more events; reads go on")
        }
        ExecuteError::Append(error @ AppendError::Unavailable(_)) => unavailable(&error),
        ExecuteError::Read(error @ ReadError::Unavailable(_)) => unavailable(&error),
        ExecuteError::Append(error @ (AppendError::Conflict { .. } | AppendError::Invalid(_))) => internal(&error),
        ExecuteError::Read(error @ ReadError::Corrupt { .. }) => internal(&error),
        error @ ExecuteError::Undecodable { .. } => internal(&error),
    }
}

/// The refusal of an idempotency key that came with another request.
pub(crate) fn key_reused() -> Problem {
    Problem::of(&IDEMPOTENCY_KEY_REUSED).detail("the key was sent before with another method, address or body")
}

fn unavailable(error: &dyn std::error::Error) -> Problem {
    tracing::error!(%error, "the event log is not available");
    Problem::unavailable("the event log is not available")
}

fn internal(error: &dyn std::error::Error) -> Problem {
    let cause = error.source().map(ToString::to_string);
    tracing::error!(%error, cause, "a command failed");
    Problem::internal()
}
