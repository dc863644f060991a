//! A way into the command path without queue, codec and log, for measurements of what it costs to decide. What runs is the
//! code of the bus itself; what is left out is left out by the caller's wish.

use super::{
    Bus, CommandContext, ExecuteError, Fingerprint, Loaded,
    judgment::{Judgment, judge},
};
use crate::stream::StreamId;
use chrono::DateTime;
use tillroll_domain::aggregate::Aggregate;

/// Carries a command out on the cached state of its stream and leaves the new state in the cache, as if its events had
/// become durable in that very moment; a stream without a cached state begins anew. Nothing is appended. Answers how many
/// events it decided: none too for a command that the stream has answered before.
///
/// The stream must not be used by other commands meanwhile, nor ever with a log that holds it.
///
/// # Errors
/// [`ExecuteError`] as the bus would answer it if the cached state were the newest.
pub fn decide_warm<A: Aggregate>(
    bus: &Bus,
    stream: &StreamId,
    command: &A::Command,
    context: &CommandContext,
) -> Result<usize, ExecuteError<A::Error>> {
    let core = &bus.core;
    let tip: Box<Loaded<A>> = core.cache.take(stream).unwrap_or_else(Loaded::initial);
    let fingerprint = context.fingerprint.unwrap_or_else(|| Fingerprint::of(command));
    let (tip, answer) = match judge(core, stream, &tip, command, context, fingerprint) {
        Judgment::Append(events) => {
            // Its time is that of the events' ids, which are made where they are encoded.
            let time = DateTime::UNIX_EPOCH;
            let mut tip = tip.apply_decided(&events, context.cause(fingerprint), time);
            tip.settle(context.command_id, tip.position.next());
            (tip, Ok(events.len()))
        }
        Judgment::Repeated(_) => (tip, Ok(0)),
        Judgment::Certain(error) => (tip, Err(error)),
        Judgment::IfFresh(answer) => (tip, answer.map(|executed| executed.events)),
    };
    core.cache.put(stream, tip);
    answer
}
