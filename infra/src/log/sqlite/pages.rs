//! Reading pages of events through one connection.

use super::{
    super::{EventFilter, LogPage, PAGE_BYTES_MAX, PAGE_MAX, ReadError, ReadFrom, SCAN_MAX},
    checksum::Checked,
    kinds::Kinds,
    names::Names,
    writer::DurableHead,
};
use crate::{
    event::RecordedEvent,
    stream::{Position, Revision, StreamId},
};
use chrono::{DateTime, Utc};
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row};
use std::sync::Arc;
use uuid::Uuid;

/// How many events a page has room for before it grows.
const EVENTS_AT_FIRST: usize = 1_024;

/// A connection that reads, and what it has learned.
#[derive(Debug)]
pub(super) struct Pages {
    connection: Connection,
    kinds: Kinds,
    names: Names,
    /// Where the writer in this process stands; `None` if the writer is another process.
    head: Option<Arc<DurableHead>>,
}

/// Why a page could not be read.
#[derive(Debug)]
pub(super) enum PageError {
    Sqlite(rusqlite::Error),
    Corrupt { position: Position, reason: String },
}

impl From<rusqlite::Error> for PageError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<PageError> for ReadError {
    fn from(error: PageError) -> Self {
        match error {
            PageError::Corrupt { position, reason } => Self::Corrupt { position, reason },
            PageError::Sqlite(error) => match error.sqlite_error_code() {
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                    Self::Unavailable(format!("its file is damaged: {error}").into())
                }
                _ => Self::Unavailable(error.to_string().into()),
            },
        }
    }
}

macro_rules! select {
    ($($rest:literal),+) => {
        concat!(
            "SELECT position, stream, revision, kind, schema_version, recorded_at, event_id, checksum, metadata, data
             FROM events WHERE ",
            $($rest),+
        )
    };
}
pub(super) const FORWARDS: &str = select!("stream = ?1 AND revision >= ?2 ORDER BY revision LIMIT ?3");
pub(super) const BACKWARDS: &str = select!("stream = ?1 AND revision <= ?2 ORDER BY revision DESC LIMIT ?3");

macro_rules! select_all {
    ($filter:literal) => {
        select!("position > ?1 AND position <= ?2 ", $filter, "ORDER BY position LIMIT ?3")
    };
    (kinds $filter:literal) => {
        select!(
            "position > ?1 AND position <= ?2 AND kind IN (SELECT value FROM json_each(?4)) ",
            $filter,
            "ORDER BY position LIMIT ?3"
        )
    };
}
pub(super) const ALL: &str = select_all!("");
pub(super) const ALL_OF_KINDS: &str = select_all!(kinds "");
// A search per event, as a scalar: as a join or IN, it would invite a plan that begins with all streams of the tenant.
pub(super) const ALL_OF_TENANT: &str = select_all!("AND (SELECT tenant FROM streams WHERE key = stream) = ?4 ");
pub(super) const ALL_OF_KINDS_AND_TENANT: &str =
    select_all!(kinds "AND (SELECT tenant FROM streams WHERE key = stream) = ?5 ");

impl Pages {
    pub(super) fn new(connection: Connection, head: Option<Arc<DurableHead>>) -> Self {
        Self { connection, kinds: Kinds::default(), names: Names::default(), head }
    }

    /// The last event that may be shown.
    pub(super) fn head(&self) -> Result<Position, PageError> {
        match &self.head {
            Some(head) => Ok(head.get()),
            None => {
                let mut statement = self.connection.prepare_cached("SELECT coalesce(max(position), 0) FROM events")?;
                Ok(Position(statement.query_row((), |row| row.get::<_, i64>(0))?.try_into().unwrap_or(0)))
            }
        }
    }

    pub(super) fn read_stream(
        &mut self,
        stream: &StreamId,
        from: ReadFrom,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, PageError> {
        let limit = limit.min(PAGE_MAX);
        let key: Option<i64> = self
            .connection
            .prepare_cached("SELECT key FROM streams WHERE tenant = ?1 AND category = ?2 AND id = ?3")?
            .query_row((stream.tenant(), stream.category(), stream.id()), |row| row.get(0))
            .optional()?;
        let Some(key) = key.filter(|_| limit > 0) else { return Ok(Vec::new()) };
        let (sql, from, mut expected) = match from {
            ReadFrom::Forwards(from) => (FORWARDS, cursor(from.0), Some(from)),
            ReadFrom::Backwards(from) => (BACKWARDS, cursor(from.0), None),
            ReadFrom::BackwardsFromEnd => (BACKWARDS, i64::MAX, None),
        };
        let mut page = Page::with_room_for(limit);
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query((key, from, cursor_of(limit)))?;
        while page.bytes < PAGE_BYTES_MAX
            && let Some(row) = rows.next()?
        {
            load_kind(row, &mut self.kinds, &self.connection)?;
            page.push(row, stream.clone(), &self.kinds)?;
            let Some(event) = page.events.last() else { continue };
            if expected.is_some_and(|expected| expected != event.revision) {
                return Err(corrupt(event.position, "the stream has a gap next to it"));
            }
            expected = match sql {
                FORWARDS => Some(event.revision.next()),
                _ => event.revision.0.checked_sub(1).map(Revision),
            };
        }
        // The rows may be visible a moment before the writer has come to say so; who has seen them must find the head there.
        if let Some((head, last)) = self.head.as_ref().zip(page.events.iter().map(|event| event.position).max()) {
            head.raise(last);
        }
        Ok(page.events)
    }

    pub(super) fn read_all(
        &mut self,
        after: Position,
        filter: &EventFilter,
        limit: usize,
    ) -> Result<LogPage, PageError> {
        let limit = limit.min(PAGE_MAX);
        // Before the kinds are read, so that no event up to the head has a kind that is not known.
        let head = self.head()?;
        let scan = u64::try_from(SCAN_MAX).unwrap_or(u64::MAX);
        let end = Position(after.0.saturating_add(scan).min(head.0).max(after.0));
        if limit == 0 || end == after {
            return Ok(LogPage { events: Vec::new(), scanned_to: after, at_end: after >= head });
        }
        self.kinds.load_new(&self.connection)?;
        let kinds = self.kinds.matching(filter);
        if kinds.as_ref().is_some_and(Vec::is_empty) {
            // No event up to the head is of such a kind.
            return Ok(LogPage { events: Vec::new(), scanned_to: head, at_end: true });
        }
        let kinds = kinds.map(|keys| serde_json::json!(keys).to_string());
        let (from, to, count) = (cursor(after.0), cursor(end.0), cursor_of(limit));
        let connection = &self.connection;
        let mut statement;
        let mut rows = match (&kinds, &filter.tenant) {
            (None, None) => {
                statement = connection.prepare_cached(ALL)?;
                statement.query((from, to, count))?
            }
            (Some(kinds), None) => {
                statement = connection.prepare_cached(ALL_OF_KINDS)?;
                statement.query((from, to, count, kinds))?
            }
            (None, Some(tenant)) => {
                statement = connection.prepare_cached(ALL_OF_TENANT)?;
                statement.query((from, to, count, tenant))?
            }
            (Some(kinds), Some(tenant)) => {
                statement = connection.prepare_cached(ALL_OF_KINDS_AND_TENANT)?;
                statement.query((from, to, count, kinds, tenant))?
            }
        };
        let is_whole = kinds.is_none() && filter.tenant.is_none();
        let mut page = Page::with_room_for(limit);
        let is_cut = loop {
            if page.events.len() >= limit || page.bytes >= PAGE_BYTES_MAX {
                break true;
            }
            let Some(row) = rows.next()? else { break false };
            page.read_all_row(row, after, is_whole, &mut self.names, &self.kinds, connection)?;
        };
        let last = page.events.last().map_or(after, |event| event.position);
        if is_whole && !is_cut && last < end {
            return Err(corrupt(last.next(), "it is missing"));
        }
        let scanned_to = if is_cut { last } else { end };
        Ok(LogPage { events: page.events, scanned_to, at_end: scanned_to >= head })
    }
}

#[derive(Default)]
struct Page {
    events: Vec<RecordedEvent>,
    bytes: usize,
    /// The metadata of the event before; those of one command share theirs, so most need no memory of their own.
    metadata: Option<Arc<str>>,
    /// The time of the event before; those of one group share theirs.
    recorded_at: Option<(i64, DateTime<Utc>)>,
}

impl Page {
    fn with_room_for(limit: usize) -> Self {
        Self { events: Vec::with_capacity(limit.min(EVENTS_AT_FIRST)), ..Self::default() }
    }

    fn read_all_row(
        &mut self,
        row: &Row<'_>,
        after: Position,
        is_whole: bool,
        names: &mut Names,
        kinds: &Kinds,
        connection: &Connection,
    ) -> Result<(), PageError> {
        let stream = names.get(row.get(1)?, connection)?;
        let stream = stream.map_or_else(|| Err(corrupt(position_of(row)?, "its stream has no name")), Ok)?;
        let expected = self.events.last().map_or(after, |event| event.position).next();
        self.push(row, stream, kinds)?;
        match self.events.last() {
            Some(event) if is_whole && event.position != expected => Err(corrupt(expected, "it is missing")),
            _ => Ok(()),
        }
    }

    fn push(&mut self, row: &Row<'_>, stream: StreamId, kinds: &Kinds) -> Result<(), PageError> {
        let position = position_of(row)?;
        let bad = |reason: &str| corrupt(position, reason);
        let text = |index, name: &str| {
            row.get_ref(index)?.as_str().map_err(|error| corrupt(position, &format!("its {name} is not text: {error}")))
        };
        let (revision, recorded_at) = (row.get::<_, i64>(2)?, row.get::<_, i64>(5)?);
        let metadata = text(8, "metadata")?;
        let event = RecordedEvent {
            position,
            stream,
            revision: revision.try_into().map(Revision).map_err(|_| bad("its revision is negative"))?,
            id: row
                .get_ref(6)?
                .as_blob()
                .ok()
                .and_then(|bytes| Uuid::from_slice(bytes).ok())
                .ok_or_else(|| bad("its id does not have 16 bytes"))?,
            event_type: kinds.event_type(row.get(3)?).cloned().ok_or_else(|| bad("its kind is not known"))?,
            schema_version: u16::try_from(row.get::<_, i64>(4)?)
                .map_err(|_| bad("its schema version is out of range"))?,
            recorded_at: match self.recorded_at {
                Some((micros, time)) if micros == recorded_at => time,
                _ => {
                    let time = DateTime::from_timestamp_micros(recorded_at);
                    self.recorded_at.insert((recorded_at, time.ok_or_else(|| bad("its time is out of range"))?)).1
                }
            },
            metadata: match &self.metadata {
                Some(shared) if **shared == *metadata => shared.clone(),
                _ => self.metadata.insert(metadata.into()).clone(),
            },
            data: text(9, "data")?.into(),
        };
        if let Some(checksum) = row.get::<_, Option<i64>>(7)? {
            let checked = Checked {
                position: row.get(0)?,
                stream: &event.stream,
                revision,
                event_type: &event.event_type,
                schema_version: event.schema_version,
                recorded_at,
                event_id: &event.id,
                metadata: &event.metadata,
                data: &event.data,
            };
            if i64::from(checked.sum()) != checksum {
                return Err(bad("its checksum does not fit"));
            }
        }
        self.bytes += event.bytes();
        self.events.push(event);
        Ok(())
    }
}

/// Makes sure that the kind of a row is known. A stream read may find events beyond the head that was known when the
/// kinds were read.
fn load_kind(row: &Row<'_>, kinds: &mut Kinds, connection: &Connection) -> Result<(), PageError> {
    if kinds.event_type(row.get(3)?).is_none() {
        kinds.load_new(connection)?;
    }
    Ok(())
}

fn position_of(row: &Row<'_>) -> Result<Position, PageError> {
    let position: i64 = row.get(0)?;
    position.try_into().map(Position).map_err(|_| corrupt(Position::START, "there is an event at a negative position"))
}

fn corrupt(position: Position, reason: &str) -> PageError {
    PageError::Corrupt { position, reason: reason.to_owned() }
}

/// Places beyond what a row can hold stand behind every row.
fn cursor(place: u64) -> i64 {
    i64::try_from(place).unwrap_or(i64::MAX)
}

fn cursor_of(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
