//! The loop's file, and the statements that fill it.

use super::recording::Recording;
use crate::Failure;
use rusqlite::{Connection, OpenFlags};
use std::{
    path::Path,
    time::{Duration, Instant},
};
use tillroll_infra::{
    ambient::Ambient,
    log::{SqliteLog, sqlite::SqliteLogOptions},
};

/// What the log's writer sets; a test compares it with the store's own source.
const PRAGMAS: &str = "
    PRAGMA synchronous = FULL;
    PRAGMA fullfsync = ON;
    PRAGMA journal_size_limit = 67108864;
    PRAGMA cache_size = -32768;
    PRAGMA temp_store = MEMORY;
    PRAGMA foreign_keys = OFF;
    PRAGMA trusted_schema = OFF;";

/// A file with the log's schema and a connection that writes to it.
#[derive(Debug)]
pub(super) struct Bare {
    connection: Connection,
}

impl Bare {
    pub(super) fn create(path: &Path) -> Result<Self, Failure> {
        // The log itself makes the file, so the schema and the journal's mode, which stay in it, are its own.
        let options = SqliteLogOptions::new(path);
        SqliteLog::open(&options, Ambient::system().clock)?.close();
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.execute_batch(PRAGMAS)?;
        connection.pragma_update(None, "wal_autocheckpoint", options.checkpoint_pages)?;
        Ok(Self { connection })
    }

    /// Inserts the recording's rows, group by group, and answers how long that took.
    pub(super) fn repeat(&mut self, recording: &Recording) -> Result<Duration, Failure> {
        for kind in &recording.kinds {
            self.connection
                .execute("INSERT OR IGNORE INTO event_kinds VALUES (?1, ?2, ?3)", (kind.0, &kind.1, &kind.2))?;
        }
        let start = Instant::now();
        let mut begin = self.connection.prepare_cached("BEGIN IMMEDIATE")?;
        let mut commit = self.connection.prepare_cached("COMMIT")?;
        let mut insert_stream = self
            .connection
            .prepare_cached("INSERT INTO streams (key, tenant, category, id) VALUES (?1, ?2, ?3, ?4)")?;
        let mut insert_event = self.connection.prepare_cached(
            "INSERT INTO events
             (position, stream, revision, kind, schema_version, recorded_at, event_id, checksum, metadata, data)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?;
        for group in &recording.groups {
            begin.execute(())?;
            for row in group {
                if let Some(stream) = &row.new_stream {
                    insert_stream.execute((row.stream, &stream.tenant, &stream.category, &stream.id))?;
                }
                insert_event.execute((
                    row.position,
                    row.stream,
                    row.revision,
                    row.kind,
                    row.schema_version,
                    row.recorded_at,
                    &row.event_id[..],
                    row.checksum,
                    &row.metadata,
                    &row.data,
                ))?;
            }
            commit.execute(())?;
        }
        Ok(start.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        text.split_whitespace().collect()
    }

    #[test]
    fn its_pragmas_are_those_of_the_logs_writer() {
        let store = include_str!("../../../infra/src/log/sqlite/schema.rs");
        let writer = store.split("pub(super) fn connect_writer").nth(1).unwrap();
        let batch = writer.split('"').find(|text| text.starts_with("PRAGMA")).unwrap();
        assert_eq!(words(PRAGMAS), words(batch));
    }

    #[test]
    fn its_file_has_the_journal_of_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let bare = Bare::create(&folder.path().join("events.sqlite")).unwrap();
        let mode: String = bare.connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
    }
}
