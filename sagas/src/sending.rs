//! How a worker loads aggregates and sends commands: a rule's refusal comes back as data, everything else is tried again.

use crate::worker::{Sender, WorkerError};
use tillroll_domain::{aggregate::Aggregate, text::Note};
use tillroll_infra::bus::{Bus, CommandContext, ExecuteError, Executed, Fingerprint, Loaded};

/// What a command came to: carried out (or silent), or refused by a rule.
pub type Sent<A> = Result<Executed, <A as Aggregate>::Error>;

/// The context of a command of an action, as [`Sender::command`] makes it. Which command it is, is told by the action and
/// the step alone: facts that were gathered anew for a repetition do not make it look like another one.
#[must_use]
pub fn context(sender: &Sender, step: &str) -> CommandContext {
    CommandContext { fingerprint: Some(Fingerprint::of_bytes(step.as_bytes())), ..sender.command(step) }
}

/// Sends a command of an action; `step` tells several commands of one action apart.
///
/// # Errors
/// Whatever is no rule's refusal, to be tried again.
pub async fn send<A: Aggregate>(
    bus: &Bus,
    id: &str,
    command: A::Command,
    sender: &Sender,
    step: &str,
) -> Result<Sent<A>, WorkerError> {
    send_in::<A>(bus, id, command, context(sender, step)).await
}

/// Like [`send`], in a context that was changed, such as by a revision that is required. A stream that has gone on from
/// there is an error, so that the action is performed anew on what is there then.
///
/// # Errors
/// Whatever is no rule's refusal, to be tried again.
pub async fn send_in<A: Aggregate>(
    bus: &Bus,
    id: &str,
    command: A::Command,
    context: CommandContext,
) -> Result<Sent<A>, WorkerError> {
    match bus.execute::<A>(id, command, context).await {
        Ok(executed) => Ok(Ok(executed)),
        Err(ExecuteError::Refused(refusal)) => Ok(Err(refusal)),
        Err(error) => Err(passing::<A>(id, &error)),
    }
}

/// Loads an aggregate.
///
/// # Errors
/// A log or vault that cannot be read, to be tried again.
pub async fn load<A: Aggregate>(bus: &Bus, tenant: &str, id: &str) -> Result<Loaded<A>, WorkerError> {
    bus.load::<A>(tenant, id).await.map_err(|error| passing::<A>(id, &error))
}

/// A rule's refusal in words, for whoever reads the log; nothing is decided by it.
#[must_use]
pub fn in_words(refusal: &impl std::error::Error) -> Note {
    let printable = refusal.to_string().chars().filter(|c| !c.is_control()).take(Note::MAX_CHARS).collect::<String>();
    printable.parse().expect("printable text of at most that length is a note")
}

fn passing<A: Aggregate>(id: &str, error: &ExecuteError<A::Error>) -> WorkerError {
    let source = std::error::Error::source(error).map(|source| format!(": {source}")).unwrap_or_default();
    WorkerError(format!("{}-{id}: {error}{source}", A::CATEGORY))
}
