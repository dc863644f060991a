//! The SQLite log with a count of how often a stream is read.

use futures::future::{BoxFuture, FutureExt};
use std::sync::atomic::{AtomicU64, Ordering};
use tillroll_infra::{
    event::RecordedEvent,
    log::{Append, AppendError, AppendTicket, EventFilter, EventLog, LogPage, ReadError, ReadFrom, SqliteLog},
    stream::{Position, StreamId},
};
use tokio::sync::watch;

/// Hands everything through.
#[derive(Debug)]
pub(super) struct CountingLog {
    log: SqliteLog,
    stream_reads: AtomicU64,
    events_read: AtomicU64,
}

impl CountingLog {
    pub(super) fn new(log: SqliteLog) -> Self {
        Self { log, stream_reads: AtomicU64::new(0), events_read: AtomicU64::new(0) }
    }

    /// How often a page of a stream was read.
    pub(super) fn stream_reads(&self) -> u64 {
        self.stream_reads.load(Ordering::Relaxed)
    }

    /// How many events such pages held.
    #[cfg(test)]
    pub(super) fn events_read(&self) -> u64 {
        self.events_read.load(Ordering::Relaxed)
    }
}

impl EventLog for CountingLog {
    fn submit(&self, append: Append) -> BoxFuture<'_, Result<AppendTicket, AppendError>> {
        self.log.submit(append)
    }

    fn read_stream<'a>(
        &'a self,
        stream: &'a StreamId,
        from: ReadFrom,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<RecordedEvent>, ReadError>> {
        self.stream_reads.fetch_add(1, Ordering::Relaxed);
        let read = self.log.read_stream(stream, from, limit);
        async move {
            let events = read.await?;
            self.events_read.fetch_add(u64::try_from(events.len()).unwrap_or(0), Ordering::Relaxed);
            Ok(events)
        }
        .boxed()
    }

    fn read_all<'a>(
        &'a self,
        after: Position,
        filter: &'a EventFilter,
        limit: usize,
    ) -> BoxFuture<'a, Result<LogPage, ReadError>> {
        self.log.read_all(after, filter, limit)
    }

    fn head(&self) -> BoxFuture<'_, Result<Position, ReadError>> {
        self.log.head()
    }

    fn watch(&self) -> watch::Receiver<Position> {
        self.log.watch()
    }
}
