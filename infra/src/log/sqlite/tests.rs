//! What only the SQLite store promises; the contract itself is tested by the conformance suite.

use super::{OpenError, SqliteLog, SqliteLogOptions, schema};
use crate::{
    ambient::{Ambient, ManualClock},
    event::NewEvent,
    log::{Append, AppendReceipt, EventFilter, EventLog, ExpectedRevision, append, lock::WriterLock},
    stream::{Position, Revision, StreamId},
};
use chrono::DateTime;
use rusqlite::Connection;
use std::{fmt::Display, path::PathBuf, sync::Arc};
use tempfile::TempDir;

mod closing;
mod faults;
mod groups;
mod opening;
mod reading;

/// A folder for one log.
struct Place {
    folder: TempDir,
    ambient: Ambient,
    clock: Arc<ManualClock>,
}

impl Place {
    fn new() -> Self {
        let (ambient, clock) = Ambient::seeded(DateTime::UNIX_EPOCH, 7);
        Self { folder: tempfile::tempdir().unwrap(), ambient, clock }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("events.sqlite")
    }

    fn options(&self) -> SqliteLogOptions {
        SqliteLogOptions::new(self.path())
    }

    fn open(&self) -> SqliteLog {
        self.try_open().unwrap()
    }

    fn try_open(&self) -> Result<SqliteLog, OpenError> {
        SqliteLog::open(&self.options(), self.ambient.clock.clone())
    }

    /// Opens it with something else in the place of `COMMIT`.
    fn open_with_commit(&self, commit: impl Fn(&Connection) -> rusqlite::Result<()> + Send + 'static) -> SqliteLog {
        let options = self.options();
        let lock = WriterLock::acquire(self.folder.path()).unwrap();
        if !schema::inspect(&options.path).unwrap() {
            schema::create(&options.path).unwrap();
        }
        let connection = schema::connect_writer(&options).unwrap();
        let clock = self.ambient.clock.clone();
        SqliteLog::start(&options, connection, clock, lock, |tables| tables.with_commit(commit)).unwrap()
    }

    fn append(&self, id: impl Display, expected: ExpectedRevision, count: usize) -> Append {
        self.append_sized(id, expected, count, 100)
    }

    fn append_sized(&self, id: impl Display, expected: ExpectedRevision, count: usize, bytes: usize) -> Append {
        let event = || NewEvent {
            id: self.ambient.ids.next(),
            event_type: "OrderPlaced".into(),
            schema_version: 1,
            metadata: "{}".into(),
            data: format!("\"{}\"", "x".repeat(bytes)).into(),
        };
        Append { stream: order(id), expected, events: (0..count).map(|_| event()).collect() }
    }
}

fn order(id: impl Display) -> StreamId {
    StreamId::new("order", &format!("{id}")).unwrap()
}

fn exact(revision: u64) -> ExpectedRevision {
    ExpectedRevision::Exact(Revision(revision))
}

async fn appended(log: &SqliteLog, next: Append) -> AppendReceipt {
    append(log, next).await.unwrap()
}

async fn positions(log: &SqliteLog) -> Vec<u64> {
    let mut positions = Vec::new();
    let mut after = Position::START;
    loop {
        let page = log.read_all(after, &EventFilter::default(), 1_000).await.unwrap();
        positions.extend(page.events.iter().map(|event| event.position.0));
        after = page.scanned_to;
        if page.at_end {
            return positions;
        }
    }
}

fn sqlite_error(code: i32) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None)
}
