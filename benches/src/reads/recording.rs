//! A store of read models that can tell which SQL a read came to.

use futures::future::BoxFuture;
use parking_lot::Mutex;
use std::{mem, sync::Arc};
use tillroll_infra::stream::StreamId;
use tillroll_projections::{
    store::{
        Due, GenerationSpec, GenerationState, Key, PageCommit, ParkedEvent, PhysicalTable, ReadModelStore,
        Registration, StoreError, StoreSnapshot, sqlite::SqliteStore,
    },
    table::{ColumnSpec, TableSpec, Value},
};

/// A query, with what it answered in figures.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Statement {
    /// The text.
    pub(super) sql: String,
    /// The values of its placeholders.
    pub(super) values: Vec<Value>,
    /// How many rows it gave.
    pub(super) rows: usize,
}

/// Where statements are written down while somebody wants them.
#[derive(Debug, Clone, Default)]
pub(super) struct Recorder(Arc<Mutex<Option<Vec<Statement>>>>);

impl Recorder {
    /// Writes down from now on.
    pub(super) fn start(&self) {
        *self.0.lock() = Some(Vec::new());
    }

    /// What was written down since the last call.
    pub(super) fn take(&self) -> Vec<Statement> {
        self.0.lock().as_mut().map(mem::take).unwrap_or_default()
    }

    /// Ends it; from here on it costs a look at a lock.
    pub(super) fn stop(&self) {
        *self.0.lock() = None;
    }

    fn note(&self, sql: &str, values: &[Value], rows: usize) {
        if let Some(statements) = self.0.lock().as_mut() {
            statements.push(Statement { sql: sql.to_owned(), values: values.to_vec(), rows });
        }
    }
}

/// The program's own store, watched.
#[derive(Debug)]
pub(super) struct RecordingStore {
    pub(super) inner: SqliteStore,
    pub(super) recorder: Recorder,
}

impl ReadModelStore for RecordingStore {
    fn registrations(&self) -> BoxFuture<'_, Result<Vec<Registration>, StoreError>> {
        self.inner.registrations()
    }

    fn create(&self, spec: GenerationSpec, state: GenerationState) -> BoxFuture<'_, Result<u32, StoreError>> {
        self.inner.create(spec, state)
    }

    fn discard(&self, projection: &'static str, generation: u32) -> BoxFuture<'_, Result<(), StoreError>> {
        self.inner.discard(projection, generation)
    }

    fn index(&self, tables: Vec<PhysicalTable>) -> BoxFuture<'_, Result<(), StoreError>> {
        self.inner.index(tables)
    }

    fn switch(&self, generations: Vec<(GenerationSpec, u32)>) -> BoxFuture<'_, Result<(), StoreError>> {
        self.inner.switch(generations)
    }

    fn load(&self, table: PhysicalTable, key: Key) -> BoxFuture<'_, Result<Option<Vec<Value>>, StoreError>> {
        self.inner.load(table, key)
    }

    fn commit(&self, page: PageCommit) -> BoxFuture<'static, Result<(), StoreError>> {
        self.inner.commit(page)
    }

    fn parked<'a>(
        &'a self,
        projection: Option<&'a str>,
        stream: Option<&'a StreamId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<ParkedEvent>, StoreError>> {
        self.inner.parked(projection, stream, limit)
    }

    fn snapshot(&self) -> BoxFuture<'_, Result<Box<dyn StoreSnapshot>, StoreError>> {
        Box::pin(async {
            let inner = self.inner.snapshot().await?;
            Ok(Box::new(RecordingSnapshot { inner, recorder: self.recorder.clone() }) as Box<dyn StoreSnapshot>)
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.inner.close()
    }
}

#[derive(Debug)]
struct RecordingSnapshot {
    inner: Box<dyn StoreSnapshot>,
    recorder: Recorder,
}

impl StoreSnapshot for RecordingSnapshot {
    fn live(&self) -> &[Registration] {
        self.inner.live()
    }

    fn query<'a>(
        &'a mut self,
        sql: &'a str,
        columns: &'a [ColumnSpec],
        values: &'a [Value],
    ) -> BoxFuture<'a, Result<Vec<Vec<Value>>, StoreError>> {
        Box::pin(async move {
            let rows = self.inner.query(sql, columns, values).await?;
            self.recorder.note(sql, values, rows.len());
            Ok(rows)
        })
    }

    fn rows(&mut self, table: TableSpec) -> BoxFuture<'_, Result<Vec<Vec<Value>>, StoreError>> {
        self.inner.rows(table)
    }

    fn due<'a>(&'a mut self, due: Due<'a>) -> BoxFuture<'a, Result<Vec<Vec<Value>>, StoreError>> {
        self.inner.due(due)
    }

    fn is_parked<'a>(
        &'a mut self,
        projection: &'a str,
        stream: &'a StreamId,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        self.inner.is_parked(projection, stream)
    }
}
