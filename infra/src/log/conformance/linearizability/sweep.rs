//! Is there an order of the calls in which every answer is right? For histories of any length, with the help of
//! positions.
//!
//! Positions give the accepted appends their order, so a state of the log is a place on that line, and every answer
//! says at which places it would be right. One pass in the order of invocation gives every call the first such place
//! that is not before the places of the calls that precede it. Since calls push each other only forwards, an order
//! exists if and only if the pass finds one. Its time grows with the number of calls, but for sorting and searching.
//!
//! An append that nobody waited for may have been refused, or be the one that a heard repetition found standing. It is
//! taken for the beginning of its events only if no heard one can be, which takes another pass.

use super::{
    calls::{AppendAnswer, LogCall, Outcome, lengths_seen, number, outcome, revision},
    history::{Call, Taken},
    truth::Truth,
};
use crate::{
    event::RecordedEvent,
    log::{AppendReceipt, ExpectedRevision, LogPage},
    stream::{Position, Revision, StreamId},
};
use std::collections::{HashMap, HashSet};
use thiserror::Error;
use uuid::Uuid;

/// What no log may do. Calls are named by their indexes in the history.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Violation {
    /// Positions do not increase strictly.
    #[error("position {position} does not grow")]
    PositionsDoNotGrow {
        /// Which.
        position: Position,
    },
    /// A stream's revisions are not 0, 1, 2 …
    #[error("revision {revision} of {stream} is missing or there more than once")]
    Fork {
        /// The stream.
        stream: StreamId,
        /// The revision that is not where it belongs.
        revision: Revision,
    },
    /// One event stands in the log more than once.
    #[error("event {id} was appended twice")]
    Twice {
        /// Which.
        id: Uuid,
    },
    /// An event that nobody appended, or that stands there without the rest of its append.
    #[error("the event at {position} belongs to no whole append")]
    HalfOrUnknown {
        /// Where.
        position: Position,
    },
    /// An append that nobody can have made where it stands: it comes before others that were answered or taken in
    /// before it was sent, or was not expected there.
    #[error("nobody who sent it can have made the append that ends at {position}")]
    Misplaced {
        /// Where.
        position: Position,
    },
    /// A receipt names a place where the events of its append do not stand.
    #[error("the events of call {call} do not stand where its receipt says")]
    WrongReceipt {
        /// The call.
        call: usize,
    },
    /// A read that gives events which do not stand in the log, or not these.
    #[error("call {call} read what is not in the log")]
    WrongRead {
        /// The call.
        call: usize,
    },
    /// A conflict in a state in which the expectation was right, or which the stream never had.
    #[error("call {call} was refused in a state in which it is right")]
    WrongConflict {
        /// The call.
        call: usize,
    },
    /// An answer that was right before the call was made, or in the middle of an append, and never in between.
    #[error("the answer to call {call} was right at no moment between its beginning and its end")]
    NeverRight {
        /// The call.
        call: usize,
    },
}

/// Checks a history against the log as it stands in the end: all events behind the position where the history began.
/// All of the history's streams must have been empty then, and no append may join the events of two others.
///
/// # Errors
/// The first violation.
pub fn check(events: &[RecordedEvent], calls: &[Call<LogCall>]) -> Result<(), Violation> {
    let truth = Truth::new(events, calls)?;
    let mut by_invocation: Vec<usize> = (0..calls.len()).collect();
    by_invocation.sort_unstable_by_key(|&call| calls[call].invoked);
    // The unheard call that each append of the log is ascribed to, where one must be. More of them, and earlier ones,
    // hold more calls back and never fewer, so that this ends.
    let mut unheard = HashMap::new();
    loop {
        let begun = pass(&truth, calls, &by_invocation, &unheard)?;
        let mut is_settled = true;
        for append in truth.appends().filter(|append| !begun.heard.contains(append)) {
            // The latest holds the fewest other calls back.
            let Some(&call) = begun.unheard.get(&append) else {
                let position = truth.event_at(append.1).map_or(Position::START, |event| event.position);
                return Err(Violation::Misplaced { position });
            };
            is_settled &= unheard.insert(append, call) == Some(call);
        }
        if is_settled {
            return Ok(());
        }
    }
}

/// An append of the log, as the places between which it stands.
type Stretch = (usize, usize);

/// Who can have made the appends of the log.
#[derive(Default)]
struct Begun {
    heard: HashSet<Stretch>,
    /// The latest of those that nobody waited for.
    unheard: HashMap<Stretch, usize>,
}

fn pass(
    truth: &Truth<'_>,
    calls: &[Call<LogCall>],
    by_invocation: &[usize],
    unheard: &HashMap<Stretch, usize>,
) -> Result<Begun, Violation> {
    let mut floor = Floor::new(calls);
    let mut begun = Begun::default();
    for &call in by_invocation {
        let at_least = floor.for_call(&calls[call]);
        floor.places[call] = match &calls[call].what {
            LogCall::Append { stream, expected, ids, answer: AppendAnswer::Unheard } => {
                let stretch = truth.place_of(stream, ids).filter(|&(start, _)| {
                    let outcome_then = outcome(truth.ids_at(stream, start), *expected, ids);
                    at_least <= start && matches!(outcome_then, Outcome::Added(_))
                });
                if let Some(stretch) = stretch {
                    begun.unheard.insert(stretch, call);
                }
                match stretch {
                    Some(stretch) if unheard.get(&stretch) == Some(&call) => stretch.1,
                    _ => without_effect(truth, stream, *expected, ids, at_least),
                }
            }
            heard => place_of(truth, call, heard, at_least, &mut begun.heard)?,
        };
    }
    Ok(begun)
}

/// The first place not before `at_least` at which an append has no effect; behind the end of the log if it always has
/// one.
fn without_effect(
    truth: &Truth<'_>,
    stream: &StreamId,
    expected: ExpectedRevision,
    ids: &[Uuid],
    at_least: usize,
) -> usize {
    let standing = truth.ids_at(stream, at_least);
    if !matches!(outcome(standing, expected, ids), Outcome::Added(_)) {
        return at_least;
    }
    // It would follow the last event; so it comes behind whatever did follow.
    let next = truth.while_length(stream, standing.len() + 1, None);
    next.and_then(|(first, _)| truth.whole_at(first)).unwrap_or(truth.len() + 1)
}

/// The place below which a call cannot be: that of the calls which precede it.
struct Floor {
    places: Vec<usize>,
    /// Moments from which on a call counts, with the call, latest first; for everyone, and for each queue.
    answered: Vec<(u64, usize)>,
    taken: HashMap<usize, Vec<(u64, usize)>>,
    reached: usize,
    reached_in: HashMap<usize, usize>,
}

impl Floor {
    fn new(calls: &[Call<LogCall>]) -> Self {
        let mut answered = Vec::new();
        let mut taken: HashMap<usize, Vec<(u64, usize)>> = HashMap::new();
        for (index, call) in calls.iter().enumerate() {
            answered.extend(call.answered.map(|answered| (answered, index)));
            if let Some(Taken { queue, at }) = call.taken {
                taken.entry(queue).or_default().push((at, index));
            }
        }
        for moments in taken.values_mut().chain([&mut answered]) {
            moments.sort_unstable_by(|one, next| next.cmp(one));
        }
        Self { places: vec![0; calls.len()], answered, taken, reached: 0, reached_in: HashMap::new() }
    }

    /// Calls must be asked for in the order of invocation, and their places be set before the next is asked for.
    fn for_call(&mut self, call: &Call<LogCall>) -> usize {
        raise(&mut self.reached, &mut self.answered, &self.places, call.invoked);
        let Some(Taken { queue, .. }) = call.taken else { return self.reached };
        let in_queue = self.reached_in.entry(queue).or_default();
        if let Some(moments) = self.taken.get_mut(&queue) {
            raise(in_queue, moments, &self.places, call.invoked);
        }
        self.reached.max(*in_queue)
    }
}

fn raise(reached: &mut usize, moments: &mut Vec<(u64, usize)>, places: &[usize], before: u64) {
    while let Some((_, call)) = moments.pop_if(|(moment, _)| *moment < before) {
        *reached = places[call].max(*reached);
    }
}

/// The first place not before `at_least` at which the answer of a call is right.
fn place_of(
    truth: &Truth<'_>,
    call: usize,
    what: &LogCall,
    at_least: usize,
    begun: &mut HashSet<Stretch>,
) -> Result<usize, Violation> {
    let within = |first: usize, last: usize| {
        truth.whole_at(first.max(at_least)).filter(|place| *place <= last).ok_or(Violation::NeverRight { call })
    };
    match what {
        LogCall::Append { stream, expected, ids, answer } => match answer {
            AppendAnswer::Receipt(receipt) => {
                let (start, end) = truth
                    .place_of(stream, ids)
                    .filter(|(_, end)| is_receipt_of(receipt, ids, truth.event_at(*end)))
                    .ok_or(Violation::WrongReceipt { call })?;
                let fits = |place, want: fn(usize) -> Outcome| {
                    let standing = truth.ids_at(stream, place);
                    outcome(standing, *expected, ids) == want(number(receipt.first_revision.0))
                };
                let (begins, repeats) = (fits(start, Outcome::Added), fits(end, Outcome::StandsAlready));
                if begins && at_least <= start {
                    begun.insert((start, end));
                } else if !repeats {
                    return Err(if begins { Violation::NeverRight { call } } else { Violation::WrongReceipt { call } });
                }
                within(end, truth.len())
            }
            AppendAnswer::Unheard => Ok(at_least),
            AppendAnswer::Conflict(actual) => {
                let length = actual.map_or(0, |actual| number(actual.0) + 1);
                let (first, last) = truth
                    .ids(stream, length)
                    .filter(|standing| outcome(standing, *expected, ids) == Outcome::Conflict)
                    .and_then(|_| truth.while_length(stream, length, Some(length)))
                    .ok_or(Violation::WrongConflict { call })?;
                within(first, last)
            }
        },
        LogCall::ReadStream { stream, from, limit, events } => {
            let (first, last) = lengths_seen(events, *from, *limit)
                .filter(|_| events.iter().all(|event| event.stream == *stream && truth.holds(event)))
                .and_then(|(least, most)| truth.while_length(stream, least, most))
                .ok_or(Violation::WrongRead { call })?;
            within(first, last)
        }
        LogCall::ReadAll { after, filter, page } => {
            let LogPage { events, scanned_to, at_end } = page;
            if !truth.between(*after, *scanned_to, filter).eq(events) || scanned_to < after {
                return Err(Violation::WrongRead { call });
            }
            let seen = truth.place_at(*scanned_to);
            within(seen, if *at_end { seen } else { truth.len() })
        }
        LogCall::Head(position) => {
            let seen = truth.place_at(*position);
            within(seen, seen)
        }
    }
}

fn is_receipt_of(receipt: &AppendReceipt, ids: &[Uuid], last: Option<&RecordedEvent>) -> bool {
    let count = revision(ids.len());
    last.is_some_and(|last| {
        last.position == receipt.last_position
            && last.revision == receipt.last_revision
            && Some(receipt.first_revision.0) == (last.revision.0 + 1).checked_sub(count.0)
    })
}
