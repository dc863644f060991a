//! The one place where refusals and failures become problems. Every match is exhaustive: a new refusal without a code
//! does not compile.

use crate::problems::{BUSY, IDEMPOTENCY_KEY_REUSED, PERSON_ERASED, STORAGE_FULL, TOO_LATE};
use tillroll_domain::ids::SubjectId;
use tillroll_http::Problem;
use tillroll_infra::{
    bus::ExecuteError,
    codec::CodecError,
    log::{AppendError, ReadError},
    vault::VaultError,
};

mod cart;
mod category_tree;
mod claim;
mod customer;
mod fulfillment;
mod order;
mod payment;
mod price_schedule;
mod pricing;
mod product;
mod returns;
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
        error @ ExecuteError::NotAfterTooFar { .. } => Problem::bad_value(error.to_string()),
        ExecuteError::TooManyTimed { .. } => {
            Problem::of(&BUSY).detail("too many commands with an end of validity are remembered; try again later")
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
        ExecuteError::SubjectErased { subject } => person_erased(subject),
        ExecuteError::PersonalData { source, .. } => match source {
            CodecError::Erased { subject } => person_erased(subject),
            CodecError::Vault(VaultError::Full) => {
                tracing::error!("the disk that holds the key vault is full");
                Problem::of(&STORAGE_FULL).detail("there is no room for the key of one more person; reads go on")
            }
            // Whoever runs the server repairs or restores the vault; then the same request goes through.
            CodecError::Vault(_) | CodecError::KeyMissing { .. } => {
                tracing::error!(error = %source, "the key vault is not available");
                Problem::unavailable("the key vault is not available")
            }
            CodecError::NotAuthentic { .. } | CodecError::Malformed { .. } => internal(&source),
        },
    }
}

/// The refusal of data of a person who was erased. 409 and not 410: what the request addresses may well be there.
fn person_erased(subject: SubjectId) -> Problem {
    Problem::of(&PERSON_ERASED)
        .detail("the person was erased; nothing is stored for it any more")
        .with("subject_id", subject)
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
