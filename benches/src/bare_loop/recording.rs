//! What the engine wrote in a slice, as rows and groups, read back from its file.

use crate::Failure;
use rusqlite::{Connection, OpenFlags, Row};
use std::path::Path;

/// A row of `streams`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StreamRow {
    pub(super) tenant: Box<str>,
    pub(super) category: Box<str>,
    pub(super) id: Box<str>,
}

/// A row of `events`, and its stream's if it is the first of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct EventRow {
    pub(super) new_stream: Option<StreamRow>,
    pub(super) position: i64,
    pub(super) stream: i64,
    pub(super) revision: i64,
    pub(super) kind: i64,
    pub(super) schema_version: u16,
    pub(super) recorded_at: i64,
    pub(super) event_id: [u8; 16],
    pub(super) checksum: Option<i64>,
    pub(super) metadata: Box<str>,
    pub(super) data: Box<str>,
}

/// A row of `event_kinds`.
pub(super) type KindRow = (i64, String, String);

/// What was written in one slice.
#[derive(Debug)]
pub(crate) struct Recording {
    /// All kinds that there are.
    pub(super) kinds: Vec<KindRow>,
    /// The events in their order, one list per transaction.
    pub(crate) groups: Vec<Vec<EventRow>>,
}

impl Recording {
    /// How many events it holds.
    pub(crate) fn events(&self) -> usize {
        self.groups.iter().map(Vec::len).sum()
    }
}

/// Reads a log's file beside the log.
#[derive(Debug)]
pub(super) struct Recorder {
    connection: Connection,
    /// The last position that was read.
    read_to: i64,
}

impl Recorder {
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Ok(Self { connection: Connection::open_with_flags(path, flags)?, read_to: 0 })
    }

    /// What came since it was called last. A group's events share their time, and no two groups have the same one unless
    /// they were made in the same microsecond.
    pub(super) fn record_new(&mut self) -> Result<Recording, Failure> {
        let kinds = self
            .connection
            .prepare_cached("SELECT key, category, event_type FROM event_kinds ORDER BY key")?
            .query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<Result<_, _>>()?;
        let mut groups: Vec<Vec<EventRow>> = Vec::new();
        let mut statement = self.connection.prepare_cached(
            "SELECT position, stream, revision, kind, schema_version, recorded_at, event_id, checksum, metadata,
                    data, tenant, category, id
             FROM events LEFT JOIN streams ON key = stream AND revision = 0
             WHERE position > ?1 ORDER BY position",
        )?;
        let mut rows = statement.query([self.read_to])?;
        while let Some(row) = rows.next()? {
            let event = event(row)?;
            self.read_to = event.position;
            match groups.last_mut().filter(|group| group.last().is_some_and(|e| e.recorded_at == event.recorded_at)) {
                Some(group) => group.push(event),
                None => groups.push(vec![event]),
            }
        }
        Ok(Recording { kinds, groups })
    }
}

fn event(row: &Row<'_>) -> rusqlite::Result<EventRow> {
    let new_stream = match row.get(10)? {
        Some(tenant) => Some(StreamRow { tenant, category: row.get(11)?, id: row.get(12)? }),
        None => None,
    };
    Ok(EventRow {
        new_stream,
        position: row.get(0)?,
        stream: row.get(1)?,
        revision: row.get(2)?,
        kind: row.get(3)?,
        schema_version: row.get(4)?,
        recorded_at: row.get(5)?,
        event_id: row.get(6)?,
        checksum: row.get(7)?,
        metadata: row.get(8)?,
        data: row.get(9)?,
    })
}
