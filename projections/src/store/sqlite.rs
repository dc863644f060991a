//! Read models in one SQLite file, through `sqlx`: one connection writes, one loads rows for folds, a few serve readers.
//!
//! WAL with `synchronous=NORMAL`: after a power cut the last pages may be gone, rows and checkpoint together, and are
//! folded again from the event log, which is the durable one. A sync per page would buy nothing.

use super::{
    GenerationSpec, GenerationState, Key, PageCommit, ParkedEvent, PhysicalTable, ReadModelStore, Registration,
    StoreError, StoreSnapshot,
};
use crate::{
    store::sqlite::{sql::safe, write::Writer},
    table::Value,
};
use futures::future::BoxFuture;
use sqlx::{
    ConnectOptions, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{path::PathBuf, sync::Arc, time::Duration};
use tillroll_infra::stream::StreamId;
use tokio::sync::Mutex;

mod registry;
mod snapshot;
mod sql;
mod value;
mod write;

/// Statements that stay prepared on the writing connection: six per table and generation.
const WRITE_STATEMENTS_MAX: usize = 512;
/// Statements that stay prepared on each other connection.
const READ_STATEMENTS_MAX: usize = 128;

/// How a read-model file is opened.
#[derive(Debug, Clone)]
pub struct SqliteStoreOptions {
    /// The file, made if it is not there; its folder must be.
    pub path: PathBuf,
    /// The most reads at a time; more of them wait.
    pub readers_max: u32,
    /// How long a read waits for its turn.
    pub reader_wait: Duration,
    /// The page cache of the writing connection, in KiB.
    pub cache_kib: u32,
}

impl SqliteStoreOptions {
    /// The defaults: 4 readers, who wait for 5 s, and 64 MiB of cache.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), readers_max: 4, reader_wait: Duration::from_secs(5), cache_kib: 64 * 1024 }
    }
}

/// Read models in one SQLite file. Needs a tokio runtime.
#[derive(Debug)]
pub struct SqliteStore {
    writer: Arc<Mutex<Writer>>,
    loader: SqlitePool,
    readers: SqlitePool,
}

impl SqliteStore {
    /// Opens the file and makes the registry's tables if they are not there.
    ///
    /// # Errors
    /// A file that cannot be opened or is no SQLite database.
    pub async fn open(options: SqliteStoreOptions) -> Result<Self, StoreError> {
        let base = SqliteConnectOptions::new()
            .filename(&options.path)
            .busy_timeout(Duration::from_secs(5))
            .foreign_keys(false)
            .disable_statement_logging();
        let write = base
            .clone()
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .pragma("cache_size", format!("-{}", options.cache_kib))
            // Pages of a rebuild are large; a checkpoint per page would write the hot tree pages again each time.
            .pragma("wal_autocheckpoint", "8192")
            .pragma("journal_size_limit", "67108864")
            .pragma("temp_store", "MEMORY")
            .statement_cache_capacity(WRITE_STATEMENTS_MAX);
        let mut writer = Writer::new(write);
        // The writer comes first: read-only connections cannot make the file or its journal.
        writer.prepare().await?;
        let read = base.read_only(true).statement_cache_capacity(READ_STATEMENTS_MAX);
        let loader_options = read.clone().pragma("cache_size", "-16384");
        let reader_options = read.pragma("cache_size", "-8192");
        let loader = SqlitePoolOptions::new()
            .max_connections(1)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_lazy_with(loader_options);
        let readers = SqlitePoolOptions::new()
            .max_connections(options.readers_max.max(1))
            .acquire_timeout(options.reader_wait)
            .test_before_acquire(false)
            .connect_lazy_with(reader_options);
        Ok(Self { writer: Arc::new(Mutex::new(writer)), loader, readers })
    }
}

impl ReadModelStore for SqliteStore {
    fn registrations(&self) -> BoxFuture<'_, Result<Vec<Registration>, StoreError>> {
        // Through the writer: it has seen every commit, also one whose caller is gone.
        Box::pin(async move { registry::registrations(self.writer.lock().await.connection().await?).await })
    }

    fn create(&self, spec: GenerationSpec, state: GenerationState) -> BoxFuture<'_, Result<u32, StoreError>> {
        Box::pin(async move { registry::create(self.writer.lock().await.connection().await?, &spec, state).await })
    }

    fn discard(&self, projection: &'static str, generation: u32) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let mut writer = self.writer.lock().await;
            registry::discard(writer.connection().await?, projection, generation).await?;
            writer.forget();
            Ok(())
        })
    }

    fn index(&self, tables: Vec<PhysicalTable>) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            // One transaction per index, so that live pages get their turn between two of them.
            for text in tables.iter().flat_map(sql::create_indexes) {
                let mut writer = self.writer.lock().await;
                sqlx::query(safe(text)).persistent(false).execute(writer.connection().await?).await.map_err(failed)?;
            }
            Ok(())
        })
    }

    fn switch(&self, generations: Vec<(GenerationSpec, u32)>) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let mut writer = self.writer.lock().await;
            registry::switch(writer.connection().await?, &generations).await?;
            writer.forget();
            Ok(())
        })
    }

    fn load(&self, table: PhysicalTable, key: Key) -> BoxFuture<'_, Result<Option<Vec<Value>>, StoreError>> {
        Box::pin(async move {
            let row = sqlx::query_with(safe(sql::select_by_key(&table)), value::bind_all(&key)?)
                .fetch_optional(&self.loader)
                .await
                .map_err(failed)?;
            row.map(|row| value::read_row(&row, table.spec.columns)).transpose()
        })
    }

    fn commit(&self, page: PageCommit) -> BoxFuture<'static, Result<(), StoreError>> {
        let writer = self.writer.clone();
        let work = tokio::spawn(async move { writer.lock_owned().await.write(&page).await });
        Box::pin(async move {
            work.await.unwrap_or_else(|_| Err(StoreError::Unavailable("the writing task ended early".into())))
        })
    }

    fn parked<'a>(
        &'a self,
        projection: Option<&'a str>,
        stream: Option<&'a StreamId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<ParkedEvent>, StoreError>> {
        Box::pin(async move {
            registry::parked(self.writer.lock().await.connection().await?, projection, stream, limit).await
        })
    }

    fn snapshot(&self) -> BoxFuture<'_, Result<Box<dyn StoreSnapshot>, StoreError>> {
        Box::pin(snapshot::begin(&self.readers))
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            // Readers first: SQLite tidies up when its last connection closes, which must be one that can write.
            self.readers.close().await;
            self.loader.close().await;
            self.writer.lock().await.close().await;
        })
    }
}

/// What the driver says, without the values it was given.
fn failed(error: sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::PoolTimedOut => StoreError::Unavailable("too many reads wait; try again in a moment".into()),
        error => StoreError::Unavailable(error.to_string().into()),
    }
}
