//! A log in memory, for tests and simulations: the whole contract except that it ends with the process.
//!
//! It starts no task and no thread and reads no clock but the one it was given, so it runs under a paused clock and in a
//! seeded simulation. It grows without bound, as a log does.

use super::{
    Append, AppendError, AppendReceipt, AppendTicket, EventFilter, EventLog, LogPage, PAGE_BYTES_MAX, PAGE_MAX,
    ReadError, ReadFrom, SCAN_MAX,
    check::{Last, Verdict, judge, validate},
};
use crate::{
    ambient::Clock,
    event::RecordedEvent,
    stream::{Position, Revision, StreamId},
};
use chrono::{DateTime, Utc};
use futures::future::{BoxFuture, FutureExt, ready};
use parking_lot::Mutex;
use std::{collections::HashMap, sync::Arc};
use tokio::sync::watch;

/// A log in memory. An append is applied before `submit` returns, so its ticket is answered at once.
#[derive(Debug)]
pub struct MemoryLog {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    head: watch::Sender<Position>,
}

#[derive(Debug, Default)]
struct State {
    /// The event at position p stands at index p - 1.
    events: Vec<RecordedEvent>,
    /// Per stream the indexes of its events; the event of revision r stands at index r.
    streams: HashMap<StreamId, Vec<usize>>,
}

impl MemoryLog {
    /// An empty log whose `recorded_at` comes from `clock`.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, state: Mutex::default(), head: watch::Sender::new(Position::START) }
    }

    fn append(&self, append: Append) -> Result<AppendReceipt, AppendError> {
        let mut state = self.state.lock();
        // Read under the lock, so that times and positions have one order.
        let receipt = state.append(append, self.clock.now())?;
        // Told under the lock as well, so that the hint never moves back. A replayed append changes nothing.
        let head = state.head();
        self.head.send_if_modified(|told| std::mem::replace(told, head) != head);
        Ok(receipt)
    }
}

impl State {
    fn head(&self) -> Position {
        position_of(self.events.len())
    }

    fn append(&mut self, append: Append, now: DateTime<Utc>) -> Result<AppendReceipt, AppendError> {
        let count = append.events.len();
        let standing = self.streams.get(&append.stream).map_or(&[][..], Vec::as_slice);
        let last = standing.last().map(|&at| &self.events[at]);
        let actual = last.map(|event| Last { revision: event.revision, event_id: event.id });
        let conflict =
            || AppendError::Conflict { stream: append.stream.clone(), actual: actual.map(|last| last.revision) };
        match judge(append.expected, actual, count) {
            Verdict::Conflict => Err(conflict()),
            Verdict::Compare(first) => {
                let start = index_of(first.0);
                let standing = &standing[start..start + count];
                let same = standing.iter().zip(&append.events).all(|(at, event)| self.events[*at].id == event.id);
                let last = standing.last().filter(|_| same).ok_or_else(conflict)?;
                Ok(receipt(first, count, position_of(last + 1)))
            }
            Verdict::Append(first) => {
                let recorded_at = self.events.last().map_or(now, |last| last.recorded_at.max(now));
                let indexes = self.streams.entry(append.stream.clone()).or_default();
                let mut revision = first;
                for event in append.events {
                    indexes.push(self.events.len());
                    self.events.push(RecordedEvent {
                        position: position_of(self.events.len() + 1),
                        stream: append.stream.clone(),
                        revision,
                        id: event.id,
                        event_type: event.event_type,
                        schema_version: event.schema_version,
                        recorded_at,
                        metadata: event.metadata,
                        data: event.data,
                    });
                    revision = revision.next();
                }
                Ok(receipt(first, count, self.head()))
            }
        }
    }

    fn read_stream(&self, stream: &StreamId, from: ReadFrom, limit: usize) -> Vec<RecordedEvent> {
        let Some(indexes) = self.streams.get(stream) else { return Vec::new() };
        match from {
            ReadFrom::Forwards(from) => self.page(indexes.iter().skip(index_of(from.0)), limit),
            ReadFrom::Backwards(from) => {
                let end = index_of(from.0).saturating_add(1).min(indexes.len());
                self.page(indexes[..end].iter().rev(), limit)
            }
            ReadFrom::BackwardsFromEnd => self.page(indexes.iter().rev(), limit),
        }
    }

    fn page<'a>(&self, indexes: impl Iterator<Item = &'a usize>, limit: usize) -> Vec<RecordedEvent> {
        let mut bytes = 0;
        indexes
            .map(|index| &self.events[*index])
            .take(limit.min(PAGE_MAX))
            .take_while(|event| {
                let room = bytes < PAGE_BYTES_MAX;
                bytes += event.bytes();
                room
            })
            .cloned()
            .collect()
    }

    fn read_all(&self, after: Position, filter: &EventFilter, limit: usize) -> LogPage {
        let limit = limit.min(PAGE_MAX);
        let start = index_of(after.0).min(self.events.len());
        let mut page = LogPage { events: Vec::new(), scanned_to: after, at_end: false };
        let mut bytes = 0;
        for event in self.events[start..].iter().take(SCAN_MAX) {
            if page.events.len() >= limit || bytes >= PAGE_BYTES_MAX {
                break;
            }
            page.scanned_to = event.position;
            if filter.accepts(&event.stream, &event.event_type) {
                bytes += event.bytes();
                page.events.push(event.clone());
            }
        }
        page.at_end = page.scanned_to >= self.head();
        page
    }
}

impl EventLog for MemoryLog {
    fn submit(&self, append: Append) -> BoxFuture<'_, Result<AppendTicket, AppendError>> {
        // Applied when the future runs, not when it is made: a future that is dropped unpolled must append nothing.
        async move {
            validate(&append)?;
            let (answer, ticket) = AppendTicket::new();
            // The receiving end is in our hands, so sending cannot fail.
            let _ = answer.send(self.append(append));
            Ok(ticket)
        }
        .boxed()
    }

    fn read_stream<'a>(
        &'a self,
        stream: &'a StreamId,
        from: ReadFrom,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<RecordedEvent>, ReadError>> {
        async move { Ok(self.state.lock().read_stream(stream, from, limit)) }.boxed()
    }

    fn read_all<'a>(
        &'a self,
        after: Position,
        filter: &'a EventFilter,
        limit: usize,
    ) -> BoxFuture<'a, Result<LogPage, ReadError>> {
        async move { Ok(self.state.lock().read_all(after, filter, limit)) }.boxed()
    }

    fn head(&self) -> BoxFuture<'_, Result<Position, ReadError>> {
        ready(Ok(self.state.lock().head())).boxed()
    }

    fn watch(&self) -> watch::Receiver<Position> {
        self.head.subscribe()
    }
}

fn receipt(first: Revision, count: usize, last_position: Position) -> AppendReceipt {
    AppendReceipt {
        first_revision: first,
        // At least one event was appended; `validate` saw to it.
        last_revision: Revision(first.0 + revision_of(count).0 - 1),
        last_position,
    }
}

fn revision_of(index: usize) -> Revision {
    Revision(u64::try_from(index).unwrap_or(u64::MAX))
}

fn position_of(events: usize) -> Position {
    Position(u64::try_from(events).unwrap_or(u64::MAX))
}

/// Places beyond the address space stand behind every event, which is what a cut-off index says as well.
fn index_of(place: u64) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ambient::Ambient, event::NewEvent, log::ExpectedRevision};
    use std::time::Duration;

    fn log_and_append() -> (MemoryLog, Append) {
        let (ambient, _) = Ambient::seeded(DateTime::UNIX_EPOCH, 1);
        let event = NewEvent {
            id: ambient.ids.next(),
            event_type: "OrderPlaced".into(),
            schema_version: 1,
            metadata: "{}".into(),
            data: "1".into(),
        };
        let stream = StreamId::new("order", "1").unwrap();
        let append = Append { stream, expected: ExpectedRevision::NoStream, events: vec![event] };
        (MemoryLog::new(ambient.clock), append)
    }

    #[tokio::test(start_paused = true)]
    async fn it_answers_at_once_under_a_paused_clock() {
        let (log, append) = log_and_append();
        let started = tokio::time::Instant::now();
        let ticket = log.submit(append).now_or_never().unwrap().unwrap();
        assert_eq!(ticket.now_or_never().unwrap().unwrap().last_position, Position(1));
        assert_eq!(log.head().now_or_never().unwrap().unwrap(), Position(1));
        assert_eq!(started.elapsed(), Duration::ZERO);
    }

    #[tokio::test]
    async fn an_append_that_is_never_polled_does_not_happen() {
        let (log, append) = log_and_append();
        drop(log.submit(append.clone()));
        assert_eq!(log.head().await.unwrap(), Position::START);
        log.submit(append).await.unwrap().await.unwrap();
        assert_eq!(log.head().await.unwrap(), Position(1));
    }
}
