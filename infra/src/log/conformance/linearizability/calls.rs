//! The calls of an event log, and what they answer when they are made one after the other. Knows nothing of positions.

use super::{
    super::{EventFilter, ExpectedRevision, Position, ReadFrom, RecordedEvent, Revision, StreamId},
    search::Model,
};
use crate::log::{AppendReceipt, LogPage, PAGE_MAX, is_last_page};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A call of an event log with its answer.
#[derive(Debug, Clone)]
pub enum LogCall {
    /// An append.
    Append {
        /// The stream.
        stream: StreamId,
        /// What was expected of it.
        expected: ExpectedRevision,
        /// The ids of the events.
        ids: Vec<Uuid>,
        /// What it came to.
        answer: AppendAnswer,
    },
    /// A page of one stream.
    ReadStream {
        /// The stream.
        stream: StreamId,
        /// From where, and which way.
        from: ReadFrom,
        /// The most events.
        limit: usize,
        /// The page.
        events: Vec<RecordedEvent>,
    },
    /// A page of the whole log.
    ReadAll {
        /// Behind which position.
        after: Position,
        /// Which events.
        filter: EventFilter,
        /// The page.
        page: LogPage,
    },
    /// The position of the last event.
    Head(Position),
}

/// What an append came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppendAnswer {
    /// It happened, now or before.
    Receipt(AppendReceipt),
    /// It was refused; the stream stood here.
    Conflict(Option<Revision>),
    /// Nobody waited for the answer.
    Unheard,
}

/// What the contract says of an append to a stream that holds these events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The events are added; the first gets this revision.
    Added(usize),
    /// They stand there already, from this revision on.
    StandsAlready(usize),
    /// The expectation is wrong.
    Conflict,
}

/// The contract of an append in its plainest words.
pub(super) fn outcome(standing: &[Uuid], expected: ExpectedRevision, ids: &[Uuid]) -> Outcome {
    let start = match expected {
        ExpectedRevision::Any => standing.len(),
        ExpectedRevision::NoStream => 0,
        ExpectedRevision::Exact(revision) => number(revision.0) + 1,
        ExpectedRevision::After { revision, event_id } => {
            let at = number(revision.0);
            if at + 1 == standing.len() && standing[at] != event_id {
                return Outcome::Conflict;
            }
            at + 1
        }
    };
    if start == standing.len() {
        Outcome::Added(start)
    } else if standing.get(start..start + ids.len()).is_some_and(|there| there == ids) {
        Outcome::StandsAlready(start)
    } else {
        Outcome::Conflict
    }
}

/// How many events a stream can have had when it gave a page: at least and at most. `None` if no stream gives such a
/// page. The revisions of the events are looked at, and nothing else of them.
pub(super) fn lengths_seen(events: &[RecordedEvent], from: ReadFrom, limit: usize) -> Option<(usize, Option<usize>)> {
    let revisions: Vec<usize> = events.iter().map(|event| number(event.revision.0)).collect();
    let is_last = is_last_page(events, limit);
    if revisions.len() > limit.min(PAGE_MAX) {
        return None;
    }
    if let ReadFrom::Forwards(from) = from {
        let from = number(from.0);
        let end = from + revisions.len();
        let in_order = revisions.iter().copied().eq(from..end);
        return match (in_order, is_last) {
            (false, _) => None,
            // Nothing at or behind the revision: the stream may be shorter still.
            (true, true) if revisions.is_empty() => Some((0, Some(from))),
            (true, true) => Some((end, Some(end))),
            (true, false) => Some((end, None)),
        };
    }
    let Some(&first) = revisions.first() else { return is_last.then_some((0, Some(0))) };
    let last = (first + 1).checked_sub(revisions.len())?;
    if !revisions.iter().copied().eq((last..=first).rev()) || (is_last && last != 0) {
        return None;
    }
    match from {
        ReadFrom::Backwards(from) if first > number(from.0) => None,
        ReadFrom::Backwards(from) if first == number(from.0) => Some((first + 1, None)),
        _ => Some((first + 1, Some(first + 1))),
    }
}

pub(super) fn number(place: u64) -> usize {
    usize::try_from(place).expect("a place in a small log")
}

pub(super) fn revision(index: usize) -> Revision {
    Revision(u64::try_from(index).expect("a place in a small log"))
}

/// The revision of the last of so many events.
pub(super) fn last_revision(length: usize) -> Option<Revision> {
    length.checked_sub(1).map(revision)
}

/// An event log as a map of streams to the ids of their events, from an empty one on. Reads of the whole log are
/// compared stream by stream; they must begin where the history began.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogModel;

impl Model for LogModel {
    type What = LogCall;
    type State = BTreeMap<StreamId, Vec<Uuid>>;

    fn initial(&self) -> Self::State {
        BTreeMap::new()
    }

    fn apply(&self, state: &Self::State, call: &LogCall) -> Option<Self::State> {
        match call {
            LogCall::Append { stream, expected, ids, answer } => {
                append(state, stream, outcome(events_of(state, stream), *expected, ids), ids, *answer)
            }
            LogCall::ReadStream { stream, from, limit, events } => {
                let standing = events_of(state, stream);
                let (least, most) = lengths_seen(events, *from, *limit)?;
                let right_length = least <= standing.len() && most.is_none_or(|most| standing.len() <= most);
                let stands = |event: &RecordedEvent| {
                    event.stream == *stream && standing.get(number(event.revision.0)) == Some(&event.id)
                };
                (right_length && events.iter().all(stands)).then(|| state.clone())
            }
            LogCall::ReadAll { filter, page, .. } => shows(state, filter, page).then(|| state.clone()),
            LogCall::Head(_) => Some(state.clone()),
        }
    }
}

fn events_of<'a>(state: &'a BTreeMap<StreamId, Vec<Uuid>>, stream: &StreamId) -> &'a [Uuid] {
    state.get(stream).map_or(&[], Vec::as_slice)
}

fn append(
    state: &BTreeMap<StreamId, Vec<Uuid>>,
    stream: &StreamId,
    outcome: Outcome,
    ids: &[Uuid],
    answer: AppendAnswer,
) -> Option<BTreeMap<StreamId, Vec<Uuid>>> {
    let is_right = match (answer, outcome) {
        (AppendAnswer::Unheard, _) => true,
        (AppendAnswer::Receipt(receipt), Outcome::Added(first) | Outcome::StandsAlready(first)) => {
            receipt.first_revision == revision(first) && receipt.last_revision == revision(first + ids.len() - 1)
        }
        (AppendAnswer::Conflict(actual), Outcome::Conflict) => actual == last_revision(events_of(state, stream).len()),
        (AppendAnswer::Receipt(_), Outcome::Conflict) | (AppendAnswer::Conflict(_), _) => false,
    };
    is_right.then(|| {
        let mut state = state.clone();
        if let Outcome::Added(_) = outcome {
            state.entry(stream.clone()).or_default().extend(ids);
        }
        state
    })
}

/// True if a page shows the streams as they stand: all of them if it reached the end, and their beginnings otherwise.
fn shows(state: &BTreeMap<StreamId, Vec<Uuid>>, filter: &EventFilter, page: &LogPage) -> bool {
    let mut shown: BTreeMap<&StreamId, Vec<Uuid>> = BTreeMap::new();
    for event in &page.events {
        let ids = shown.entry(&event.stream).or_default();
        if event.revision != revision(ids.len()) || !filter.accepts(&event.stream, &event.event_type) {
            return false;
        }
        ids.push(event.id);
    }
    // The model keeps no event types, so filters name categories alone.
    let expected = state.iter().filter(|(stream, _)| {
        filter.categories.is_empty() || filter.categories.iter().any(|category| category == stream.category())
    });
    if page.at_end {
        expected.eq(shown.iter().map(|(stream, ids)| (*stream, ids)))
    } else {
        shown.iter().all(|(stream, ids)| events_of(state, stream).starts_with(ids))
    }
}
