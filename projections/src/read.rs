//! Reading the read models: consistent snapshots, waiting for a position, and how the projections are doing.

use crate::{
    personal::{PersonalCell, PersonalCellError},
    runtime::progress::{Handle, Progress},
    store::{Due, ReadModelStore, Registration, StoreError, StoreSnapshot},
    table::{ColumnSpec, Row, RowError, Value},
};
use std::{sync::Arc, time::Duration};
use thiserror::Error;
use tillroll_domain::personal::{Personal, PersonalData};
use tillroll_infra::{
    codec::Codec,
    log::EventLog,
    stream::{Position, StreamId},
};

/// A handle for queries; cloning is cheap.
#[derive(Debug, Clone)]
pub struct ReadModels {
    store: Arc<dyn ReadModelStore>,
    log: Arc<dyn EventLog>,
    codec: Codec,
    handles: Arc<[Arc<Handle>]>,
}

/// Why a read model cannot be read.
#[derive(Debug, Clone, Error)]
pub enum ReadModelError {
    /// No projection has this name.
    #[error("there is no projection {0}")]
    Unknown(String),
    /// Its tables are of another version than the code, and new ones are being built.
    #[error("the read model {projection} is being rebuilt; try again later")]
    Rebuilding {
        /// The projection.
        projection: &'static str,
    },
    /// A row does not fit the type that it was read as.
    #[error("a row of a read model does not fit")]
    Row(#[from] RowError),
    /// Personal data cannot be opened.
    #[error("the personal data of a read model cannot be opened")]
    Personal(#[from] PersonalCellError),
    /// The database failed or could not answer.
    #[error("the read models could not be queried")]
    Store(#[from] StoreError),
}

/// Why a position was not waited for to the end.
#[derive(Debug, Clone, Error)]
pub enum WaitError {
    /// The time is over, or a projection has stopped and will not get there.
    #[error("the read models stand at position {at}")]
    Behind {
        /// Where the one that is farthest back stands.
        at: Position,
    },
    /// The log does not reach that far.
    #[error("the event log ends at position {head}")]
    BeyondHead {
        /// Where it ends.
        head: Position,
    },
    /// No projection has this name.
    #[error("there is no projection {0}")]
    Unknown(String),
    /// The log could not be asked.
    #[error("the event log is not available: {0}")]
    Unavailable(Arc<str>),
}

/// What a projection is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProjectionState {
    /// It follows the log.
    Live,
    /// New tables are being built beside the live ones.
    Rebuilding {
        /// How far the new ones have got.
        position: Position,
    },
    /// It does not go on before the cause is removed.
    Stopped {
        /// The cause, for operators.
        reason: Arc<str>,
    },
}

/// How a projection is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectionStatus {
    /// The projection.
    pub name: &'static str,
    /// The version of its code.
    pub version: u32,
    /// What its live tables show.
    pub position: Position,
    /// What it is doing.
    pub state: ProjectionState,
    /// How many events are parked.
    pub parked: usize,
}

impl ReadModels {
    pub(crate) fn new(
        store: Arc<dyn ReadModelStore>,
        log: Arc<dyn EventLog>,
        codec: Codec,
        handles: Arc<[Arc<Handle>]>,
    ) -> Self {
        Self { store, log, codec, handles }
    }

    fn handle(&self, name: &str) -> Option<&Arc<Handle>> {
        self.handles.iter().find(|handle| handle.name == name)
    }

    /// One consistent read (a read transaction) over the named projections. Keep it short: while it lives, the database
    /// keeps what it shows.
    ///
    /// # Errors
    /// [`ReadModelError::Rebuilding`] if one of them has no tables of the code's version yet.
    pub async fn snapshot(&self, projections: &[&'static str]) -> Result<Snapshot, ReadModelError> {
        for name in projections {
            if self.handle(name).is_none() {
                return Err(ReadModelError::Unknown((*name).to_owned()));
            }
        }
        let inner = self.store.snapshot().await?;
        let mut shown = Vec::with_capacity(projections.len());
        for &projection in projections {
            let handle = self.handle(projection).ok_or_else(|| ReadModelError::Unknown(projection.to_owned()))?;
            let live: Option<&Registration> = inner.live().iter().find(|live| live.projection == projection);
            match live {
                Some(live) if live.version == handle.version => {
                    shown.push(Shown { projection, version: live.version, position: live.checkpoint.position });
                }
                _ => return Err(ReadModelError::Rebuilding { projection }),
            }
        }
        Ok(Snapshot { inner, codec: self.codec.clone(), shown })
    }

    /// Waits until all of them have passed `position`. Several waits share nothing; a wait may be dropped at any time.
    ///
    /// # Errors
    /// [`WaitError::Behind`] after `timeout`, or at once if one of them has stopped; [`WaitError::BeyondHead`] at once if
    /// the log does not reach that far.
    pub async fn wait_for(
        &self,
        projections: &[&'static str],
        position: Position,
        timeout: Duration,
    ) -> Result<(), WaitError> {
        let mut receivers = Vec::with_capacity(projections.len());
        for name in projections {
            let handle = self.handle(name).ok_or_else(|| WaitError::Unknown((*name).to_owned()))?;
            receivers.push(handle.watch());
        }
        // Most reads find their position passed; they touch neither the log nor a timer.
        if receivers.iter().all(|receiver| receiver.borrow().position >= position) {
            return Ok(());
        }
        let head = self.log.head().await.map_err(|error| WaitError::Unavailable(error.to_string().into()))?;
        if position > head {
            return Err(WaitError::BeyondHead { head });
        }
        let all = async {
            for receiver in &mut receivers {
                let settled = |progress: &Progress| progress.position >= position || progress.stands_still();
                match receiver.wait_for(settled).await {
                    Ok(progress) if progress.position >= position => {}
                    _ => return false,
                }
            }
            true
        };
        if matches!(tokio::time::timeout(timeout, all).await, Ok(true)) {
            return Ok(());
        }
        let at = projections.iter().filter_map(|name| self.handle(name)).map(|handle| handle.progress().position).min();
        Err(WaitError::Behind { at: at.unwrap_or_default() })
    }

    /// How every projection is doing, in the order in which they were given.
    #[must_use]
    pub fn statuses(&self) -> Vec<ProjectionStatus> {
        self.handles.iter().map(|handle| handle.status()).collect()
    }
}

/// One projection as a snapshot shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shown {
    projection: &'static str,
    version: u32,
    position: Position,
}

/// A consistent read over some projections. Dropping it ends it.
#[derive(Debug)]
pub struct Snapshot {
    inner: Box<dyn StoreSnapshot>,
    codec: Codec,
    shown: Vec<Shown>,
}

impl Snapshot {
    /// What it shows: the lowest position of the named projections.
    #[must_use]
    pub fn position(&self) -> Position {
        self.shown.iter().map(|shown| shown.position).min().unwrap_or_default()
    }

    /// The named projections with their positions, in the order in which they were named.
    pub fn positions(&self) -> impl Iterator<Item = (&'static str, Position)> + '_ {
        self.shown.iter().map(|shown| (shown.projection, shown.position))
    }

    /// The named projections with their versions, in the order in which they were named; for ETags.
    pub fn versions(&self) -> impl Iterator<Item = (&'static str, u32)> + '_ {
        self.shown.iter().map(|shown| (shown.projection, shown.version))
    }

    /// Rows of one table: `tail` is static SQL behind `SELECT <columns> FROM <table>`, with $1.. placeholders.
    ///
    /// **Invariant:** the text never holds a user's data; that travels in `values`.
    ///
    /// # Errors
    /// SQL that the database refuses, values that do not fit the row type, or a database that fails.
    pub async fn select<R: Row>(&mut self, tail: &str, values: &[Value]) -> Result<Vec<R>, ReadModelError> {
        let table = R::TABLE;
        let mut sql = String::with_capacity(64 + tail.len());
        sql.push_str("SELECT ");
        for (index, column) in table.columns.iter().enumerate() {
            if index > 0 {
                sql.push_str(", ");
            }
            sql.push_str(column.name);
        }
        sql.push_str(" FROM ");
        sql.push_str(table.name);
        sql.push(' ');
        sql.push_str(tail);
        let rows = self.inner.query(&sql, table.columns, values).await?;
        Ok(rows.into_iter().map(R::from_values).collect::<Result<_, _>>()?)
    }

    /// Any other SELECT (sums, groups); `columns` says what each result column holds.
    ///
    /// **Invariant:** the text never holds a user's data; that travels in `values`.
    ///
    /// # Errors
    /// SQL that the database refuses, values that do not fit the columns, or a database that fails.
    pub async fn query(
        &mut self,
        sql: &str,
        columns: &[ColumnSpec],
        values: &[Value],
    ) -> Result<Vec<Vec<Value>>, ReadModelError> {
        Ok(self.inner.query(sql, columns, values).await?)
    }

    /// All rows of one table in key order, on every store; for small tables, checks and simulations.
    ///
    /// # Errors
    /// Values that do not fit the row type, or a database that fails.
    pub async fn rows<R: Row>(&mut self) -> Result<Vec<R>, ReadModelError> {
        let rows = self.inner.rows(R::TABLE).await?;
        Ok(rows.into_iter().map(R::from_values).collect::<Result<_, _>>()?)
    }

    /// The rows of one table that are due, on every store. The table is that of the row type, whatever `due` says.
    ///
    /// # Errors
    /// Columns that the table does not have, values that do not fit the row type, or a database that fails.
    pub async fn due<R: Row>(&mut self, due: Due<'_>) -> Result<Vec<R>, ReadModelError> {
        let rows = self.inner.due(Due { table: R::TABLE, ..due }).await?;
        Ok(rows.into_iter().map(R::from_values).collect::<Result<_, _>>()?)
    }

    /// Opens the personal data of a row. It is erased as soon as the key is destroyed, whatever the snapshot shows.
    ///
    /// # Errors
    /// See [`PersonalCell::open`].
    pub async fn reveal<T: PersonalData>(&mut self, cell: &PersonalCell<T>) -> Result<Personal<T>, ReadModelError> {
        Ok(cell.open(&self.codec).await?)
    }

    /// As [`Self::reveal`] if there is a value; `None` as well if it was erased.
    ///
    /// # Errors
    /// See [`PersonalCell::open`].
    pub async fn reveal_known<T: PersonalData>(
        &mut self,
        cell: Option<&PersonalCell<T>>,
    ) -> Result<Option<T>, ReadModelError> {
        match cell {
            Some(cell) => Ok(self.reveal(cell).await?.into_value()),
            None => Ok(None),
        }
    }

    /// True if the stream is parked in one of the named projections.
    ///
    /// # Errors
    /// A database that fails.
    pub async fn is_parked(&mut self, stream: &StreamId) -> Result<bool, ReadModelError> {
        for shown in &self.shown {
            if self.inner.is_parked(shown.projection, stream).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
