//! What the rules say of a command, given a state: has it been answered, may it still be carried out, what does it decide.

use super::{
    CommandContext, Core, ExecuteError, Executed, Fingerprint, Loaded, NOT_AFTER_AHEAD_MAX, Outcome, window::Answered,
};
use crate::stream::StreamId;
use chrono::{DateTime, Utc};
use tillroll_domain::aggregate::{Aggregate, Moment};

/// What the rules say.
pub(super) enum Judgment<A: Aggregate> {
    /// These events are to be appended.
    Append(Vec<A::Event>),
    /// The stream has answered the command before, in this way.
    Repeated(Answered),
    /// Does not depend on how new the state is.
    Certain(ExecuteError<A::Error>),
    /// Holds only if the state is as new as the command.
    IfFresh(Result<Executed, ExecuteError<A::Error>>),
}

/// Judges a command on a stream's state. Changes nothing.
pub(super) fn judge<A: Aggregate>(
    core: &Core,
    stream: &StreamId,
    tip: &Loaded<A>,
    command: &A::Command,
    context: &CommandContext,
    fingerprint: Fingerprint,
) -> Judgment<A> {
    if let Some(answered) = tip.window.get(context.command_id.uuid()) {
        return if answered.fingerprint.is_none_or(|known| known == fingerprint) {
            Judgment::Repeated(*answered)
        } else {
            Judgment::Certain(ExecuteError::CommandIdReused { command_id: context.command_id })
        };
    }
    let now = core.ambient.clock.now();
    if let Some(not_after) = context.not_after {
        // By a clock that was ahead, the stream's own time may be beyond what this one shows; then the command could not be
        // remembered for as long as it says that it is valid.
        if now > not_after || tip.window.is_beyond(not_after) {
            // Another node may have carried it out in time.
            return Judgment::IfFresh(Err(ExecuteError::TooLate { not_after }));
        }
        let latest = now.checked_add_signed(NOT_AFTER_AHEAD_MAX).unwrap_or(DateTime::<Utc>::MAX_UTC);
        if not_after > latest {
            return Judgment::IfFresh(Err(ExecuteError::NotAfterTooFar { not_after, latest }));
        }
    }
    if context.if_revision.is_some_and(|required| tip.revision != Some(required)) {
        return Judgment::IfFresh(Err(ExecuteError::RevisionMismatch { stream: stream.clone(), actual: tip.revision }));
    }
    let told = context.effective_at.unwrap_or(now);
    let local_date = || told.with_timezone(&core.zone).date_naive();
    let moment = Moment { now: told, business_date: context.business_date.unwrap_or_else(local_date) };
    match A::decide(&tip.state, command, &moment) {
        Err(refusal) => Judgment::IfFresh(Err(ExecuteError::Refused(refusal))),
        Ok(events) if events.is_empty() => Judgment::IfFresh(Ok(Executed {
            stream: stream.clone(),
            outcome: Outcome::NothingToDo,
            events: 0,
            revision: tip.revision,
            position: tip.position,
        })),
        Ok(_) if context.not_after.is_some() && !tip.window.has_room_for_timed(now) => {
            Judgment::IfFresh(Err(ExecuteError::TooManyTimed { stream: stream.clone() }))
        }
        Ok(events) => Judgment::Append(events),
    }
}
