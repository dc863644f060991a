//! The thread that keeps the snapshots. Whatever goes wrong here, the answer is "none" and a line in the log.

use super::{
    super::Snapshot,
    SqliteSnapshotsOptions, file,
    index::Index,
    queue::{Queue, Turn},
    rows::{self, Row},
};
use crate::stream::StreamId;
use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use std::sync::Arc;

/// How often a damaged file is begun anew before the disk is left in peace until the next start.
const NEW_FILES_MAX: u32 = 3;
/// How many snapshots go at once when there is no room: one in this many.
const EVICTED_SHARE: usize = 8;

#[derive(Debug)]
pub(super) struct Worker {
    options: SqliteSnapshotsOptions,
    /// `None` once there are no snapshots until the next start.
    connection: Option<Connection>,
    index: Arc<Index>,
    new_files: u32,
    has_warned: bool,
}

impl Worker {
    pub(super) fn new(options: SqliteSnapshotsOptions, connection: Connection, index: Arc<Index>) -> Self {
        let mut worker = Self { options, connection: Some(connection), index, new_files: 0, has_warned: false };
        worker.fill_index();
        worker
    }

    pub(super) fn run(mut self, queue: &Queue) {
        /// Should the thread end by a panic, nobody waits for an answer that never comes.
        struct CloseOnDrop<'a>(&'a Queue);
        impl Drop for CloseOnDrop<'_> {
            fn drop(&mut self) {
                self.0.close();
            }
        }
        let _closes = CloseOnDrop(queue);
        while let Some(turn) = queue.next() {
            match turn {
                Turn::Load(load) => {
                    let found = self.load(&load.stream);
                    // The caller may have gone.
                    let _ = load.answer.send(found);
                }
                Turn::Save(snapshots) => self.save(&snapshots),
            }
        }
    }

    fn fill_index(&mut self) {
        let Some(connection) = &self.connection else { return };
        match rows::streams(connection) {
            Ok(streams) => streams.iter().for_each(|stream| self.index.add(stream)),
            Err(error) => self.failed(&error),
        }
    }

    fn load(&mut self, stream: &StreamId) -> Option<Snapshot> {
        let connection = self.connection.as_ref()?;
        match rows::load(connection, stream) {
            Ok(Row::Whole(snapshot)) => return Some(*snapshot),
            Ok(Row::None) => {}
            Ok(Row::Damaged) => {
                self.warn("a snapshot is damaged and is passed over", None);
                let removed = self.connection.as_ref().map(|connection| rows::remove(connection, stream));
                if let Some(Err(error)) = removed {
                    self.failed(&error);
                }
            }
            Err(error) => self.failed(&error),
        }
        self.index.remove(stream.as_str());
        None
    }

    fn save(&mut self, snapshots: &[Snapshot]) {
        // Somebody may have deleted the file; what is written into a file without a name is lost with this process.
        if self.connection.is_some() && !self.options.path.exists() {
            self.begin_anew();
        }
        let mut written = self.write(snapshots);
        if written.as_ref().is_err_and(|error| error.sqlite_error_code() == Some(ErrorCode::DiskFull)) {
            written = self.evict().and_then(|()| self.write(snapshots));
        }
        match written {
            Ok(()) => snapshots.iter().for_each(|snapshot| self.index.add(snapshot.stream.as_str())),
            Err(error) => self.failed(&error),
        }
        if self.index.len() > self.options.streams_max
            && let Err(error) = self.evict()
        {
            self.failed(&error);
        }
    }

    fn write(&mut self, snapshots: &[Snapshot]) -> rusqlite::Result<()> {
        let Some(connection) = &mut self.connection else { return Ok(()) };
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for snapshot in snapshots {
            rows::save(&transaction, snapshot)?;
        }
        transaction.commit()
    }

    /// Makes room: the snapshots that were saved longest ago go.
    fn evict(&mut self) -> rusqlite::Result<()> {
        let Some(connection) = &self.connection else { return Ok(()) };
        let count = self.index.len().div_ceil(EVICTED_SHARE).max(1);
        let removed = rows::remove_oldest(connection, count)?;
        removed.iter().for_each(|stream| self.index.remove(stream));
        Ok(())
    }

    fn failed(&mut self, error: &rusqlite::Error) {
        let is_damage = match error.sqlite_error_code() {
            // `Unknown` among them: a table or column that is not there.
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::ReadOnly | ErrorCode::Unknown) => {
                true
            }
            Some(_) => false,
            None => true,
        };
        self.warn("the snapshots cannot be read or written as they should", Some(error));
        if is_damage {
            self.new_files += 1;
            if self.new_files <= NEW_FILES_MAX {
                self.begin_anew();
            } else {
                self.connection = None;
                self.index.clear();
            }
        }
    }

    fn begin_anew(&mut self) {
        self.index.clear();
        // Closed first: it would otherwise tidy up what is then the new file's.
        self.connection = None;
        match file::create(&self.options) {
            Ok(connection) => self.connection = Some(connection),
            Err(error) => tracing::warn!(%error, "there are no snapshots until the next start"),
        }
    }

    /// Once, since a damaged disk has much to say.
    fn warn(&mut self, message: &'static str, error: Option<&rusqlite::Error>) {
        if !std::mem::replace(&mut self.has_warned, true) {
            let error = error.map(ToString::to_string);
            tracing::warn!(error, "{message}");
        }
    }
}
