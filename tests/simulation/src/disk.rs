//! What of the log is on the disk and what is on its way there: the part of the event log that outlives a crash.

use chrono::{DateTime, Utc};
use std::collections::HashMap;
use tillroll_faults::rng::Rng;
use tillroll_infra::{
    event::RecordedEvent,
    log::{
        Append, AppendError, AppendReceipt, EventFilter, ExpectedRevision, LogPage, PAGE_BYTES_MAX, PAGE_MAX, ReadFrom,
        SCAN_MAX,
    },
    stream::{Position, Revision, StreamId},
};

/// The events of a log in their order. Those up to a position are durable; the rest is lost in a crash, or a part of it.
#[derive(Debug, Default)]
pub struct Disk {
    /// The event at position p stands at index p - 1.
    events: Vec<RecordedEvent>,
    /// Per stream the indexes of its events; the event of revision r stands at index r. Only ever looked up by stream.
    streams: HashMap<StreamId, Vec<usize>>,
    /// How many events are durable.
    durable: usize,
    /// Where the appends behind the durable ones end, in order.
    on_the_way: Vec<usize>,
}

impl Disk {
    /// The durable events.
    #[must_use]
    pub fn durable(&self) -> &[RecordedEvent] {
        &self.events[..self.durable]
    }

    /// Where the log ends, what is on its way included.
    #[must_use]
    pub fn end(&self) -> Position {
        position_of(self.events.len())
    }

    /// The position of the last durable event.
    #[must_use]
    pub fn head(&self) -> Position {
        position_of(self.durable)
    }

    /// Takes an append in.
    ///
    /// # Errors
    /// [`AppendError::Conflict`], and [`AppendError::Invalid`] for an append without events.
    pub fn take(&mut self, append: Append, now: DateTime<Utc>) -> Result<AppendReceipt, AppendError> {
        if append.events.is_empty() {
            return Err(AppendError::Invalid("it holds no events"));
        }
        let standing = self.streams.get(&append.stream).map_or(&[][..], Vec::as_slice);
        let next = standing.len();
        let conflict = || AppendError::Conflict {
            stream: append.stream.clone(),
            actual: next.checked_sub(1).map(|last| Revision(number(last))),
        };
        let (first, follows) = match append.expected {
            ExpectedRevision::Any => (next, None),
            ExpectedRevision::NoStream => (0, None),
            ExpectedRevision::Exact(last) => (after(last).ok_or_else(conflict)?, None),
            ExpectedRevision::After { revision, event_id } => (after(revision).ok_or_else(conflict)?, Some(event_id)),
        };
        let count = append.events.len();
        if first < next {
            let replayed = standing.get(first..first.saturating_add(count)).ok_or_else(conflict)?;
            if replayed.iter().zip(&append.events).any(|(&at, event)| self.events[at].id != event.id) {
                return Err(conflict());
            }
            return Ok(receipt(first, count, replayed[count - 1] + 1));
        }
        let last_id = standing.last().map(|&at| self.events[at].id);
        if first > next || follows.is_some_and(|id| last_id != Some(id)) {
            return Err(conflict());
        }
        let recorded_at = self.events.last().map_or(now, |last| last.recorded_at.max(now));
        let indexes = self.streams.entry(append.stream.clone()).or_default();
        for event in append.events {
            let revision = Revision(number(indexes.len()));
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
        }
        self.on_the_way.push(self.events.len());
        Ok(receipt(first, count, self.events.len()))
    }

    /// Makes everything up to a position durable.
    pub fn sync(&mut self, end: Position) {
        self.durable = self.durable.max(index(end.0).min(self.events.len()));
        let durable = self.durable;
        self.on_the_way.retain(|&end| end > durable);
    }

    /// The machine stops. Of the appends on their way the first few may have become durable, and the rest is lost; how many
    /// were kept and how many lost.
    pub fn crash(&mut self, rng: &mut Rng) -> (usize, usize) {
        let appends = self.on_the_way.len();
        let kept = rng.between(0, appends);
        if let Some(end) = kept.checked_sub(1).map(|last| self.on_the_way[last]) {
            self.durable = end;
        }
        self.on_the_way.clear();
        for lost in self.events.drain(self.durable..) {
            let is_empty = self.streams.get_mut(&lost.stream).is_some_and(|indexes| {
                indexes.retain(|&at| at < self.durable);
                indexes.is_empty()
            });
            if is_empty {
                self.streams.remove(&lost.stream);
            }
        }
        (kept, appends - kept)
    }

    /// Durable events of a stream; see [`tillroll_infra::log::EventLog::read_stream`].
    #[must_use]
    pub fn read_stream(&self, stream: &StreamId, from: ReadFrom, limit: usize) -> Vec<RecordedEvent> {
        let Some(indexes) = self.streams.get(stream) else { return Vec::new() };
        let indexes = &indexes[..indexes.partition_point(|&at| at < self.durable)];
        match from {
            ReadFrom::Forwards(from) => self.page(indexes.iter().skip(index(from.0)), limit),
            ReadFrom::Backwards(from) => {
                let end = index(from.0).saturating_add(1).min(indexes.len());
                self.page(indexes[..end].iter().rev(), limit)
            }
            ReadFrom::BackwardsFromEnd => self.page(indexes.iter().rev(), limit),
        }
    }

    fn page<'a>(&self, indexes: impl Iterator<Item = &'a usize>, limit: usize) -> Vec<RecordedEvent> {
        let mut bytes = 0;
        indexes
            .map(|&at| &self.events[at])
            .take(limit.min(PAGE_MAX))
            .take_while(|event| {
                let has_room = bytes < PAGE_BYTES_MAX;
                bytes += event.bytes();
                has_room
            })
            .cloned()
            .collect()
    }

    /// Durable events of the whole log; see [`tillroll_infra::log::EventLog::read_all`].
    #[must_use]
    pub fn read_all(&self, after: Position, filter: &EventFilter, limit: usize) -> LogPage {
        let limit = limit.min(PAGE_MAX);
        let start = index(after.0).min(self.durable);
        let mut page = LogPage { events: Vec::new(), scanned_to: after, at_end: false };
        let mut bytes = 0;
        for event in self.events[start..self.durable].iter().take(SCAN_MAX) {
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

fn after(last: Revision) -> Option<usize> {
    index(last.0).checked_add(1)
}

fn receipt(first: usize, count: usize, end: usize) -> AppendReceipt {
    AppendReceipt {
        first_revision: Revision(number(first)),
        last_revision: Revision(number(first + count - 1)),
        last_position: position_of(end),
    }
}

fn number(index: usize) -> u64 {
    u64::try_from(index).unwrap_or(u64::MAX)
}

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The position of the last of so many events.
fn position_of(events: usize) -> Position {
    Position(number(events))
}
