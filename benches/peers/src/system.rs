//! What every measured system can do: append one event to one stream, and read back everything.

use crate::workload::Event;
use futures::future::BoxFuture;
use std::collections::HashMap;
use tillroll_benches::Failure;
use uuid::Uuid;

/// The systems, in the order of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Tillroll's SQLite log, in process.
    Tillroll,
    /// The same log under the repository of `cqrs-es`.
    TillrollCqrsEs,
    /// `cqrs-es` with `postgres-es`.
    PostgresEs,
    /// UmaDB, a connection for each writer.
    UmaDb,
    /// UmaDB, one connection for all writers.
    UmaDbShared,
    /// `disintegrate` with `disintegrate-postgres`.
    Disintegrate,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Tillroll, Self::TillrollCqrsEs, Self::PostgresEs, Self::UmaDb, Self::UmaDbShared, Self::Disintegrate];

    /// The name on the command line and in the table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tillroll => "tillroll",
            Self::TillrollCqrsEs => "tillroll-cqrs-es",
            Self::PostgresEs => "postgres-es",
            Self::UmaDb => "umadb",
            Self::UmaDbShared => "umadb-shared",
            Self::Disintegrate => "disintegrate",
        }
    }
}

/// One writer. It appends the events of one stream after the other and knows where its stream stands.
pub trait Writer: Send {
    /// Appends the event with this number (from 0) to a stream and answers when it is durable. The system is told what
    /// the writer expects of the stream in the way that it offers. Answers how often it had to be tried again.
    fn append<'a>(&'a mut self, stream: Uuid, number: usize, event: &'a Event) -> BoxFuture<'a, Result<u64, Failure>>;
}

/// How many events each stream holds.
pub type Counts = HashMap<Uuid, usize>;

/// A system that is open and empty.
pub trait System: Send + Sync {
    /// Its versions and settings, as it tells them itself.
    fn about(&self) -> String;

    /// Connects this many writers.
    fn writers(&self, count: usize) -> BoxFuture<'_, Result<Vec<Box<dyn Writer>>, Failure>>;

    /// Reads everything back through the system's own interface, and checks that the events of each stream are numbered
    /// from the first without a gap where the system numbers them.
    fn counts(&self) -> BoxFuture<'_, Result<Counts, Failure>>;
}

/// Counts an event of a stream whose number, from 0, the system tells.
///
/// # Errors
/// Another number than the next one.
pub fn count_next(counts: &mut Counts, stream: Uuid, number: usize) -> Result<(), Failure> {
    let count = counts.entry(stream).or_default();
    if *count != number {
        return Err(format!("event {number} of a stream came as its event {count}").into());
    }
    *count += 1;
    Ok(())
}
