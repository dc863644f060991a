//! The checkers themselves: histories made by hand, histories that were tampered with, and logs with planted mistakes.

use super::{
    calls::{AppendAnswer, LogCall, LogModel},
    history::{Call, Taken},
    search::{NotLinearizable, linearize},
    sweep::{Violation, check},
};
use crate::{
    ambient::Ambient,
    event::RecordedEvent,
    log::{AppendReceipt, EventFilter, ExpectedRevision, LogPage, ReadFrom},
    stream::{Position, Revision, StreamId},
};
use chrono::DateTime;
use uuid::Uuid;

mod accepted;
mod found;
mod mistakes;
mod tampering;

/// What each checker says of a history.
fn verdicts(
    events: &[RecordedEvent],
    calls: &[Call<LogCall>],
) -> (Result<Vec<usize>, NotLinearizable>, Result<(), Violation>) {
    (linearize(&LogModel, calls), check(events, calls))
}

fn order(id: u64) -> StreamId {
    StreamId::new("order", &id.to_string()).unwrap()
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn event(position: u64, stream: u64, revision: u64, number: u128) -> RecordedEvent {
    RecordedEvent {
        position: Position(position),
        stream: order(stream),
        revision: Revision(revision),
        id: id(number),
        event_type: "OrderPlaced".into(),
        schema_version: 1,
        recorded_at: DateTime::UNIX_EPOCH,
        metadata: "{}".into(),
        data: "1".into(),
    }
}

fn call(interval: (u64, u64), what: LogCall) -> Call<LogCall> {
    Call { invoked: interval.0, taken: None, answered: Some(interval.1), what }
}

fn unheard(invoked: u64, what: LogCall) -> Call<LogCall> {
    Call { invoked, taken: None, answered: None, what }
}

fn taken(at: u64, call: Call<LogCall>) -> Call<LogCall> {
    Call { taken: Some(Taken { queue: 0, at }), ..call }
}

fn exact(revision: u64) -> ExpectedRevision {
    ExpectedRevision::Exact(Revision(revision))
}

fn append(stream: u64, expected: ExpectedRevision, numbers: &[u128], answer: AppendAnswer) -> LogCall {
    let ids = numbers.iter().copied().map(id).collect();
    LogCall::Append { stream: order(stream), expected, ids, answer }
}

fn receipt(first: u64, last: u64, position: u64) -> AppendAnswer {
    AppendAnswer::Receipt(AppendReceipt {
        first_revision: Revision(first),
        last_revision: Revision(last),
        last_position: Position(position),
    })
}

fn conflict(actual: Option<u64>) -> AppendAnswer {
    AppendAnswer::Conflict(actual.map(Revision))
}

fn read(stream: u64, events: &[RecordedEvent]) -> LogCall {
    LogCall::ReadStream {
        stream: order(stream),
        from: ReadFrom::Forwards(Revision(0)),
        limit: 10,
        events: events.to_vec(),
    }
}

fn read_all(events: &[RecordedEvent]) -> LogCall {
    let scanned_to = events.last().map_or(Position::START, |event| event.position);
    let page = LogPage { events: events.to_vec(), scanned_to, at_end: true };
    LogCall::ReadAll { after: Position::START, filter: EventFilter::default(), page }
}
