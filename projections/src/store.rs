//! The port to the database that holds the read models: generations of tables, pages of writes, consistent reads.
//!
//! It knows nothing of folds or of the log; it keeps rows, checkpoints and parked events, and moves them together.

use crate::table::{ColumnSpec, TableSpec, Value};
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use std::{fmt::Debug, sync::Arc};
use thiserror::Error;
use tillroll_infra::stream::{Position, StreamId};
use uuid::Uuid;

pub mod memory;
pub mod sqlite;

/// The values of a primary key.
pub type Key = Vec<Value>;

/// The values of a row in the order of the columns; shared between a cache and the writer.
pub type StoredRow = Arc<Vec<Value>>;

/// One generation of one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhysicalTable {
    /// What it looks like.
    pub spec: TableSpec,
    /// Which generation, from 1.
    pub generation: u32,
}

/// How far a generation has got: the last position it has looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Checkpoint {
    /// The position.
    pub position: Position,
    /// The id of the event there; `None` before the first event.
    pub event_id: Option<Uuid>,
}

/// Whether a generation is what readers see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GenerationState {
    /// Its tables are the ones behind the views.
    Live,
    /// It is being filled beside the live one.
    Building,
}

/// A generation of a projection as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The projection.
    pub projection: String,
    /// The version of the code that fills it.
    pub version: u32,
    /// The generation, from 1.
    pub generation: u32,
    /// How far it has got.
    pub checkpoint: Checkpoint,
    /// Whether readers see it.
    pub state: GenerationState,
}

/// A generation that is to be created, or made the live one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenerationSpec {
    /// The projection.
    pub projection: &'static str,
    /// The version of its code.
    pub version: u32,
    /// All its tables.
    pub tables: Vec<TableSpec>,
}

/// An event that a projection could not fold, or that stands behind such a one in its stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedEvent {
    /// The projection that lacks it.
    pub projection: String,
    /// Its stream, which is parked from here on.
    pub stream: StreamId,
    /// Where it stands in the log.
    pub position: Position,
    /// Its id.
    pub event_id: Uuid,
    /// Its name.
    pub event_type: String,
    /// Why it is parked.
    pub error: String,
}

/// What one page does to one table: the last row per key.
#[derive(Debug, Clone)]
pub struct TableWrite {
    /// The table.
    pub table: PhysicalTable,
    /// Rows to insert or to replace, in key order, each key once.
    pub upserts: Vec<StoredRow>,
    /// Keys of rows to delete, in key order; none of them is among the upserts.
    pub deletes: Vec<Key>,
}

/// The move of one checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointMove {
    /// The projection.
    pub projection: &'static str,
    /// Its generation.
    pub generation: u32,
    /// Where it must stand; otherwise somebody else wrote, and the page is refused.
    pub from: Position,
    /// Where it then stands.
    pub to: Checkpoint,
}

/// Everything that one page writes, all or nothing.
#[derive(Debug, Clone, Default)]
pub struct PageCommit {
    /// Rows.
    pub tables: Vec<TableWrite>,
    /// Checkpoints.
    pub checkpoints: Vec<CheckpointMove>,
    /// Events to park.
    pub park: Vec<ParkedEvent>,
    /// Projections and streams whose parked events are folded now.
    pub unpark: Vec<(&'static str, StreamId)>,
}

/// Why the store did not do as told. Nothing was written.
#[derive(Debug, Clone, Error)]
pub enum StoreError {
    /// The database failed; the same call may succeed later.
    #[error("the read-model database is not available: {0}")]
    Unavailable(Arc<str>),
    /// A checkpoint does not stand where the writer left it: somebody else writes to the same database.
    #[error("the checkpoint of {projection} was moved by another writer")]
    Fenced {
        /// The projection.
        projection: String,
    },
    /// The database holds something that this code never writes.
    #[error("the read-model database holds {0}")]
    Corrupt(String),
    /// The query is not one that this store or this table can answer.
    #[error("the query cannot be answered: {0}")]
    Query(String),
}

impl StoreError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unavailable(_) | Self::Fenced { .. } => true,
            Self::Corrupt(_) | Self::Query(_) => false,
        }
    }
}

/// A database of read models.
///
/// **Invariant:** rows, checkpoints and parked events of a page become visible together or not at all.
pub trait ReadModelStore: Debug + Send + Sync + 'static {
    /// All generations, by projection and generation.
    fn registrations(&self) -> BoxFuture<'_, Result<Vec<Registration>, StoreError>>;

    /// Creates empty tables without secondary indexes, at position 0, and answers the generation's number. The views
    /// show a live one at once; a projection has at most one.
    fn create(&self, spec: GenerationSpec, state: GenerationState) -> BoxFuture<'_, Result<u32, StoreError>>;

    /// Drops a generation that is being built. Nothing happens if there is none.
    fn discard(&self, projection: &'static str, generation: u32) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Creates the secondary indexes that are still missing.
    fn index(&self, tables: Vec<PhysicalTable>) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Makes generations live: the views change over, what was live before is dropped, and so are the projections' parked
    /// events, since a rebuild that got here has folded them. One transaction.
    fn switch(&self, generations: Vec<(GenerationSpec, u32)>) -> BoxFuture<'_, Result<(), StoreError>>;

    /// The row of a key as last committed.
    fn load(&self, table: PhysicalTable, key: Key) -> BoxFuture<'_, Result<Option<Vec<Value>>, StoreError>>;

    /// Writes a page. The work starts with the call, goes on while the caller does other things, and is not undone by
    /// dropping the future, which only waits for it. Pages are written in the order of the calls.
    fn commit(&self, page: PageCommit) -> BoxFuture<'static, Result<(), StoreError>>;

    /// Parked events in position order, at most `limit`: of one projection or of all, of one stream or of all.
    fn parked<'a>(
        &'a self,
        projection: Option<&'a str>,
        stream: Option<&'a StreamId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<ParkedEvent>, StoreError>>;

    /// Begins a consistent read, which shows what is committed now and nothing that is committed later.
    fn snapshot(&self) -> BoxFuture<'_, Result<Box<dyn StoreSnapshot>, StoreError>>;

    /// Ends: what was committed is all in one place, and nothing is held open. Later calls fail.
    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// Which rows of a table are meant, by the time that one of their columns shows: those that are due. What is found comes in
/// the order of that column, and then of the key. On a database the table needs an index on the scope, if there is one, and
/// the column.
#[derive(Debug, Clone, Copy)]
pub struct Due<'a> {
    /// The table.
    pub table: TableSpec,
    /// Only rows that have this value in this column.
    pub scope: Option<(&'static str, &'a Value)>,
    /// The column with the time. Rows that have none there are never due.
    pub column: &'static str,
    /// Only rows whose time is not later than this; `None` means all.
    pub up_to: Option<DateTime<Utc>>,
    /// Only rows behind this one: to go on where the last call ended.
    pub after: Option<&'a [Value]>,
    /// The most rows.
    pub limit: usize,
}

impl Due<'_> {
    /// The place of a column in the table's rows.
    fn place(&self, name: &str) -> Result<usize, StoreError> {
        let place = self.table.columns.iter().position(|column| column.name == name);
        place.ok_or_else(|| StoreError::Query(format!("{} has no column {name}", self.table.name)))
    }

    /// What the rows are sorted by, taken out of one of them: the time, then the key.
    fn order_of<'r>(&self, column: usize, row: &'r [Value]) -> Vec<&'r Value> {
        row.get(column).into_iter().chain(row.iter().take(self.table.key_columns)).collect()
    }
}

/// A consistent read of the live generations.
pub trait StoreSnapshot: Debug + Send {
    /// The live generations, as of this read.
    fn live(&self) -> &[Registration];

    /// The rows that a SELECT gives; `columns` says what each result column holds. The text names views.
    fn query<'a>(
        &'a mut self,
        sql: &'a str,
        columns: &'a [ColumnSpec],
        values: &'a [Value],
    ) -> BoxFuture<'a, Result<Vec<Vec<Value>>, StoreError>>;

    /// All rows of a live table in key order.
    fn rows(&mut self, table: TableSpec) -> BoxFuture<'_, Result<Vec<Vec<Value>>, StoreError>>;

    /// The rows of a live table that are due.
    fn due<'a>(&'a mut self, due: Due<'a>) -> BoxFuture<'a, Result<Vec<Vec<Value>>, StoreError>>;

    /// Whether a projection has parked a stream.
    fn is_parked<'a>(
        &'a mut self,
        projection: &'a str,
        stream: &'a StreamId,
    ) -> BoxFuture<'a, Result<bool, StoreError>>;
}
