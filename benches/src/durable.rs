//! What rows that end in durable appends have in common: a log in a folder, callers on a runtime as the program has it, and
//! the bare loop that repeats what they did.

use crate::{
    Failure,
    bare_loop::BareLoop,
    cost::{Cost, per},
    harness::Slice,
};
use std::{future::Future, path::Path, sync::Arc};
use tempfile::TempDir;
use tillroll_infra::{
    ambient::Ambient,
    log::{SqliteLog, sqlite::SqliteLogOptions},
};
use tokio::{
    runtime::{Builder, Runtime},
    task::JoinSet,
};

/// The log, and its baseline.
pub(crate) struct Durable {
    pub(crate) runtime: Runtime,
    pub(crate) log: Arc<SqliteLog>,
    pub(crate) bare: BareLoop,
    pub(crate) cost: Cost,
    in_flight: usize,
    events_total: u64,
    commits_total: u64,
    /// Goes last, when nothing in it is open.
    folder: TempDir,
}

impl Durable {
    pub(crate) fn open(parent: &Path, in_flight: usize) -> Result<Self, Failure> {
        let folder = tempfile::tempdir_in(parent)?;
        // The log takes its folder's writer lock, so each file has a folder of its own.
        let [engine, baseline] = ["engine", "baseline"].map(|name| folder.path().join(name));
        std::fs::create_dir(&engine)?;
        std::fs::create_dir(&baseline)?;
        let path = engine.join("events.sqlite");
        let log = Arc::new(SqliteLog::open(&SqliteLogOptions::new(&path), Ambient::system().clock)?);
        Ok(Self {
            runtime: Builder::new_multi_thread().enable_all().build()?,
            log,
            bare: BareLoop::create(&path, &baseline)?,
            cost: Cost::default(),
            in_flight,
            events_total: 0,
            commits_total: 0,
            folder,
        })
    }

    /// Lets the baseline also write the same bytes to a plain file.
    pub(crate) fn with_raw(mut self) -> Result<Self, Failure> {
        self.bare = self.bare.with_raw(self.folder.path())?;
        Ok(self)
    }

    /// Lets the callers work, who come to `events` events; then the file tells what they did.
    pub(crate) fn engine<C>(&mut self, events: usize, callers: Vec<C>) -> Result<Slice, Failure>
    where
        C: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        let events = u64::try_from(events)?;
        let before = self.log.metrics().commits_total;
        let time = self.cost.of(events, || self.runtime.block_on(all(callers)).map(drop))?;
        let commits = self.log.metrics().commits_total - before;
        let slice = Slice { events, time };
        self.bare.record(slice, commits)?;
        self.events_total += events;
        self.commits_total += commits;
        Ok(slice)
    }

    /// How many syncs an event needed, in words.
    #[expect(clippy::cast_precision_loss, reason = "a few hundred callers")]
    pub(crate) fn syncs(&self) -> String {
        let needed = per(self.commits_total, self.events_total);
        // Groups settle at half the callers; a tenth is left for those that do not.
        let wanted = 1.0 / (0.45 * self.in_flight as f64);
        format!("{needed:.4} syncs per event, at most {wanted:.4} wanted")
    }

    #[cfg(test)]
    pub(crate) fn totals(&self) -> (u64, u64) {
        (self.events_total, self.commits_total)
    }

    /// All rows of the engine's file and of the baseline's, with all their columns.
    #[cfg(test)]
    pub(crate) fn contents(&self) -> [Vec<Vec<rusqlite::types::Value>>; 2] {
        ["engine", "baseline"].map(|name| {
            let path = self.folder.path().join(name).join("events.sqlite");
            let connection = rusqlite::Connection::open(path).unwrap();
            let tables = ["event_kinds", "streams", "events"].map(|table| {
                let mut statement = connection.prepare(&format!("SELECT * FROM {table} ORDER BY 1")).unwrap();
                let columns = statement.column_count();
                let rows = statement.query_map((), |row| (0..columns).map(|column| row.get(column)).collect());
                rows.unwrap().map(Result::unwrap).collect::<Vec<_>>()
            });
            tables.concat()
        })
    }

    /// How many events the engine's file holds.
    #[cfg(test)]
    pub(crate) fn events_there(&self) -> u64 {
        let head = self.runtime.block_on(tillroll_infra::log::EventLog::head(&*self.log));
        head.unwrap().0
    }
}

/// Runs all callers side by side to their ends, and answers what they answered, in any order.
pub(crate) async fn all<C, T>(callers: Vec<C>) -> Result<Vec<T>, Failure>
where
    C: Future<Output = Result<T, Failure>> + Send + 'static,
    T: Send + 'static,
{
    let mut running = JoinSet::new();
    for caller in callers {
        running.spawn(caller);
    }
    let mut answers = Vec::with_capacity(running.len());
    while let Some(answer) = running.join_next().await {
        answers.push(answer??);
    }
    Ok(answers)
}
