//! The projection runtime: follows the event log and keeps the read models in step with it.
//!
//! One scan of the log feeds all projections that stand at the same position; those that are behind have a scan of their
//! own until they catch up. A page of events is folded in memory to the last row per key and written together with the
//! checkpoints, so that an event that is delivered again changes nothing.
//!
//! **Invariant:** a checkpoint never stands ahead of its rows, and moves back only by a rebuild.

use crate::{
    projection::Projection,
    read::ReadModels,
    store::{
        ParkedEvent, ReadModelStore, StoreError,
        sqlite::{SqliteStore, SqliteStoreOptions},
    },
};
use std::{path::PathBuf, sync::Arc, time::Duration};
use thiserror::Error;
use tillroll_infra::{
    ambient::Clock,
    codec::Codec,
    log::{EventLog, PAGE_MAX, ReadError},
    stream::Position,
};
use tokio::{
    sync::{Mutex, Notify, watch},
    task::JoinHandle,
};

mod cache;
mod driver;
mod member;
mod open;
mod parked;
pub(crate) mod progress;
mod rebuild;
mod scan;

pub use parked::RetryError;
pub use rebuild::RebuildError;

use driver::{Driver, Turn};
use progress::Handle;

/// Where the read models are kept, and how much of everything there may be.
#[derive(Debug, Clone)]
pub struct RuntimeOptions {
    /// The SQLite file; its folder must exist.
    pub database: PathBuf,
    /// How many reads of the read models may go on at a time.
    pub readers_max: u32,
    /// Opens the personal data of events; by default nothing does, and a scan stops at the first event that holds some.
    pub codec: Codec,
    /// Bounds.
    pub limits: Limits,
}

impl RuntimeOptions {
    /// The defaults, on one file.
    #[must_use]
    pub fn new(database: impl Into<PathBuf>) -> Self {
        Self { database: database.into(), readers_max: 4, codec: Codec::without_vault(), limits: Limits::default() }
    }
}

/// Bounds of the runtime.
#[derive(Debug, Clone)]
pub struct Limits {
    /// A page begins with so many events and grows while there is more to read; default 500.
    pub page_events_min: usize,
    /// The most events of a page; default 5,000.
    pub page_events_max: usize,
    /// Pages shrink when their events together are larger than this; default 8 MiB.
    pub page_bytes_max: usize,
    /// Pages shrink when one takes longer than this by the clock; default 500 ms.
    pub page_time: Duration,
    /// Committed rows that are kept in memory, per projection; default 50,000.
    pub cache_rows_max: usize,
    /// Digests of keys that are kept while a projection is filled from nothing, per projection; default 2,000,000.
    pub known_keys_max: usize,
    /// Parked events beyond which a projection stops, since then it is the code that is wrong; default 10,000.
    pub parked_max: usize,
    /// How often in a row a page is tried before the projection stops; default 10.
    pub attempts_max: u32,
    /// The pause after the first failure, which doubles with each further one; default 50 ms.
    pub backoff_first: Duration,
    /// The longest pause; default 5 s.
    pub backoff_max: Duration,
    /// Looks into the log this often even if it does not announce anything; `None` relies on the announcement, and then
    /// following sets no timer; default 1 s.
    pub poll_interval: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            page_events_min: 500,
            page_events_max: 5_000,
            page_bytes_max: 8 << 20,
            page_time: Duration::from_millis(500),
            cache_rows_max: 50_000,
            known_keys_max: 2_000_000,
            parked_max: 10_000,
            attempts_max: 10,
            backoff_first: Duration::from_millis(50),
            backoff_max: Duration::from_secs(5),
            poll_interval: Some(Duration::from_secs(1)),
        }
    }
}

impl Limits {
    fn normalized(mut self) -> Self {
        self.page_events_max = self.page_events_max.clamp(1, PAGE_MAX);
        self.page_events_min = self.page_events_min.clamp(1, self.page_events_max);
        self.attempts_max = self.attempts_max.max(1);
        self
    }

    /// The pause after so many failures in a row.
    fn backoff(&self, attempts: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(attempts.saturating_sub(1));
        self.backoff_first.saturating_mul(doubled).min(self.backoff_max)
    }
}

/// Why the runtime cannot begin.
#[derive(Debug, Clone, Error)]
pub enum OpenError {
    /// A projection is declared in a way that cannot work.
    #[error("the projection {projection} {reason}")]
    Declaration {
        /// The projection.
        projection: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The read-model database failed.
    #[error("the read models could not be opened")]
    Store(#[from] StoreError),
    /// The log failed.
    #[error("the event log could not be compared with the read models")]
    Log(#[from] ReadError),
}

/// Why the projections did not get as far as was asked.
#[derive(Debug, Clone, Error)]
pub enum RunError {
    /// One of them has stopped.
    #[error("the projection {projection} has stopped: {reason}")]
    Stopped {
        /// The projection.
        projection: &'static str,
        /// Why.
        reason: Arc<str>,
    },
    /// The log does not reach that far.
    #[error("the event log ends at position {head}")]
    BeyondHead {
        /// Where it ends.
        head: Position,
    },
    /// The log failed.
    #[error("the event log could not be read")]
    Log(#[from] ReadError),
}

/// What everything in the runtime leans on.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) codec: Codec,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) store: Arc<dyn ReadModelStore>,
    pub(crate) limits: Limits,
}

/// The projections of one process. Cloning gives another handle to the same.
///
/// Dropping it at any moment is safe: what is not committed is folded again the next time.
#[derive(Debug, Clone)]
pub struct Runtime {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    context: Context,
    projections: Vec<Arc<dyn Projection>>,
    handles: Arc<[Arc<Handle>]>,
    driver: Mutex<Driver>,
    /// Wakes whoever follows, when something other than the log has changed.
    wake: Notify,
}

impl Runtime {
    /// Opens the read models in a SQLite file. Projections that are new begin at the first event; those whose version has
    /// changed are built anew beside their old tables; those that do not belong to this log are stopped. Nothing is folded
    /// yet.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open(
        log: Arc<dyn EventLog>,
        clock: Arc<dyn Clock>,
        options: RuntimeOptions,
        projections: Vec<Arc<dyn Projection>>,
    ) -> Result<Self, OpenError> {
        let RuntimeOptions { database, readers_max, codec, limits } = options;
        let store = SqliteStore::open(SqliteStoreOptions { readers_max, ..SqliteStoreOptions::new(database) }).await?;
        Self::open_with_store(log, codec, clock, Arc::new(store), limits, projections).await
    }

    /// Like [`Self::open`], on any store.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open_with_store(
        log: Arc<dyn EventLog>,
        codec: Codec,
        clock: Arc<dyn Clock>,
        store: Arc<dyn ReadModelStore>,
        limits: Limits,
        projections: Vec<Arc<dyn Projection>>,
    ) -> Result<Self, OpenError> {
        open::check(&projections)?;
        let context = Context { log, codec, clock, store, limits: limits.normalized() };
        let handles: Arc<[Arc<Handle>]> = projections
            .iter()
            .map(|projection| Arc::new(Handle::new(projection.name(), projection.version())))
            .collect();
        let scans = open::scans(&context, &projections, &handles).await?;
        let driver = Mutex::new(Driver::new(scans));
        Ok(Self { inner: Arc::new(Inner { context, projections, handles, driver, wake: Notify::new() }) })
    }

    /// A handle for queries.
    #[must_use]
    pub fn read_models(&self) -> ReadModels {
        let context = &self.inner.context;
        let (store, log, codec) = (context.store.clone(), context.log.clone(), context.codec.clone());
        ReadModels::new(store, log, codec, self.inner.handles.clone())
    }

    /// Follows the log in a task of the current tokio runtime.
    #[must_use = "dropping it ends the following"]
    pub fn start(&self) -> Follower {
        let (stop, stopped) = watch::channel(false);
        let runtime = self.clone();
        Follower { stop, task: tokio::spawn(async move { runtime.run(stopped).await }) }
    }

    /// Follows the log until `shutdown` holds true or its sender is gone, or the log closes. Then the page at hand is
    /// finished and committed.
    pub async fn run(&self, mut shutdown: watch::Receiver<bool>) {
        let context = &self.inner.context;
        let mut hint = context.log.watch();
        loop {
            if *shutdown.borrow_and_update() {
                break;
            }
            hint.borrow_and_update();
            let turn = self.inner.driver.lock().await.turn(context).await;
            match turn {
                Turn::Moved => {}
                Turn::Idle => {
                    let poll = async {
                        match context.limits.poll_interval {
                            Some(interval) => tokio::time::sleep(interval).await,
                            None => std::future::pending().await,
                        }
                    };
                    tokio::select! {
                        biased;
                        changed = hint.changed() => if changed.is_err() {
                            tracing::debug!("the event log was closed; the projections end");
                            break;
                        },
                        changed = shutdown.changed() => if changed.is_err() { break },
                        () = self.inner.wake.notified() => {}
                        () = poll => {}
                    }
                }
                Turn::Failed(pause) => {
                    tokio::select! {
                        biased;
                        () = tokio::time::sleep(pause) => {}
                        changed = shutdown.changed() => if changed.is_err() { break },
                    }
                }
            }
        }
        self.inner.driver.lock().await.flush(context).await;
    }

    /// Folds everything that the log holds and answers how far that was: the lowest of all positions.
    ///
    /// # Errors
    /// [`RunError::Stopped`] names the first projection that has stopped; the others have caught up.
    pub async fn catch_up(&self) -> Result<Position, RunError> {
        let context = &self.inner.context;
        loop {
            let turn = self.inner.driver.lock().await.turn(context).await;
            match turn {
                Turn::Moved => tokio::task::yield_now().await,
                Turn::Failed(pause) => tokio::time::sleep(pause).await,
                Turn::Idle => break,
            }
        }
        self.stopped()?;
        Ok(self.inner.handles.iter().map(|handle| handle.progress().position).min().unwrap_or_default())
    }

    /// Folds until all projections have passed a position.
    ///
    /// # Errors
    /// [`RunError::Stopped`] if one of them has stopped, [`RunError::BeyondHead`] if the log ends before.
    pub async fn run_until(&self, position: Position) -> Result<(), RunError> {
        let context = &self.inner.context;
        let arrived = || self.inner.handles.iter().all(|handle| handle.has_passed(position));
        while !arrived() {
            self.stopped()?;
            let turn = self.inner.driver.lock().await.turn(context).await;
            match turn {
                Turn::Moved => tokio::task::yield_now().await,
                Turn::Failed(pause) => tokio::time::sleep(pause).await,
                Turn::Idle => {
                    let head = context.log.head().await?;
                    if head < position {
                        return Err(RunError::BeyondHead { head });
                    }
                    // The log has grown since the turn.
                    tokio::task::yield_now().await;
                }
            }
        }
        Ok(())
    }

    /// Events that wait for [`Self::retry_parked`], in position order: of one projection or of all.
    ///
    /// # Errors
    /// A database that fails.
    pub async fn parked(&self, projection: Option<&str>) -> Result<Vec<ParkedEvent>, StoreError> {
        let limit = self.inner.context.limits.parked_max.saturating_mul(self.inner.handles.len().max(1));
        self.inner.context.store.parked(projection, None, limit).await
    }

    /// Closes the read models, once nobody follows or reads any more.
    pub async fn close(&self) {
        self.inner.context.store.close().await;
    }

    fn stopped(&self) -> Result<(), RunError> {
        let stopped = self.inner.handles.iter().find_map(|handle| Some((handle.name, handle.progress().stopped?)));
        stopped.map_or(Ok(()), |(projection, reason)| Err(RunError::Stopped { projection, reason }))
    }

    fn index(&self, projection: &str) -> Option<usize> {
        self.inner.handles.iter().position(|handle| handle.name == projection)
    }
}

/// The task that follows the log. Dropping it tells the task to end, without waiting for it.
#[derive(Debug)]
pub struct Follower {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Follower {
    /// Ends the following once the page at hand is committed.
    pub async fn shutdown(self) {
        self.stop.send_replace(true);
        // The task panics only if the runtime is wrong, and then the panic was reported where it happened.
        if self.task.await.is_err() {
            tracing::error!("the projections ended early");
        }
    }

    /// Whether it has ended, for whatever reason.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }
}
