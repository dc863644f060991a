//! What a request of several steps checks before its first one, so that it does not stop in the middle for a reason that
//! was known.

use crate::{
    CommandApi,
    refusal::{Refusal, key_reused},
    request::Write,
};
use tillroll_domain::{
    aggregate::{Aggregate, Moment},
    ids::CommandId,
};
use tillroll_http::Problem;
use tillroll_infra::bus::{Loaded, PastAnswer};

/// What the stream answered to this command of the request before, if it did.
///
/// # Errors
/// 422 if the key came with another request.
pub(crate) fn past_answer<A: Aggregate>(
    loaded: &Loaded<A>,
    command_id: CommandId,
    write: &Write,
) -> Result<Option<PastAnswer>, Problem> {
    let answer = loaded.answer_to(command_id);
    let fingerprint = answer.as_ref().and_then(|answer| answer.fingerprint);
    if fingerprint.is_some_and(|fingerprint| fingerprint != write.fingerprint) { Err(key_reused()) } else { Ok(answer) }
}

/// Whether the stream that takes the request's own command has answered it before.
///
/// # Errors
/// 422 if the key came with another request, 412 if `If-Match` names another revision of what was not answered yet.
pub(crate) fn answered<A: Aggregate>(loaded: &Loaded<A>, write: &Write) -> Result<bool, Problem> {
    if past_answer(loaded, write.command_id(), write)?.is_some() {
        return Ok(true);
    }
    if write.if_revision.is_some_and(|required| loaded.revision != Some(required)) {
        let problem = Problem::precondition_failed("the resource stands at another revision than If-Match names");
        return Err(problem.with("revision", loaded.revision));
    }
    Ok(false)
}

/// Succeeds if the aggregate, as it stands, would not refuse the command. It is asked again when it counts.
///
/// # Errors
/// The refusal.
pub(crate) fn rehearse<A: Aggregate>(api: &CommandApi, state: &A::State, command: &A::Command) -> Result<(), Problem>
where
    A::Error: Refusal,
{
    let now = api.bus.ambient().clock.now();
    let moment = Moment { now, business_date: api.store.date_of(now) };
    A::decide(state, command, &moment).map(drop).map_err(|refusal| refusal.problem())
}
