//! What a projection is: a name, a version, tables, the events it wants, and a fold.

use crate::table::{Row, RowError, TableSpec, Value};
use futures::future::BoxFuture;
use std::{
    any::Any,
    borrow::Cow,
    fmt::{self, Debug},
    sync::OnceLock,
};
use thiserror::Error;
use tillroll_domain::aggregate::DomainEvent;
use tillroll_infra::{
    codec::{Codec, CodecError, Place},
    event::RecordedEvent,
};

/// Folds events into its tables.
///
/// The fold is deterministic: it depends on the events and the tables' rows alone.
pub trait Projection: Debug + Send + Sync + 'static {
    /// Its name, a plain SQL identifier.
    fn name(&self) -> &'static str;

    /// To be raised whenever tables or fold change; the projection is then rebuilt beside the old tables.
    fn version(&self) -> u32;

    /// Its tables, which no other projection writes.
    fn tables(&self) -> Vec<TableSpec>;

    /// The event types it wants; no other is brought to [`Self::apply`].
    fn event_types(&self) -> &[&'static str];

    /// Folds one event. Decode the event before touching a table: an event that cannot be decoded must leave no trace.
    ///
    /// # Errors
    /// [`ApplyError::Poison`] parks the event's stream for this projection; [`ApplyError::Store`] stops the page.
    fn apply<'a>(&'a self, event: &'a Incoming, tables: &'a mut dyn Tables) -> BoxFuture<'a, Result<(), ApplyError>>;
}

/// Why an event could not be folded.
#[derive(Debug, Clone, Error)]
pub enum ApplyError {
    /// The event cannot be understood, now or ever, by this code.
    #[error("the event cannot be folded: {0}")]
    Poison(String),
    /// The tables could not be read; the page is tried again.
    #[error("the read model cannot be reached: {0}")]
    Store(String),
}

impl From<RowError> for ApplyError {
    fn from(error: RowError) -> Self {
        Self::Store(error.to_string())
    }
}

/// An event on its way into several projections; it is decoded once for all of them.
pub struct Incoming {
    recorded: RecordedEvent,
    /// The payload with personal data opened, where that makes it another; or why no code will ever open it.
    opened: Result<Option<Box<str>>, String>,
    decoded: OnceLock<Result<Box<dyn Any + Send + Sync>, String>>,
}

/// As the log has it, personal data sealed.
impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming").field("recorded", &self.recorded).finish_non_exhaustive()
    }
}

impl Incoming {
    /// Wraps an event of the log that holds no personal data.
    #[must_use]
    pub fn new(recorded: RecordedEvent) -> Self {
        Self { recorded, opened: Ok(None), decoded: OnceLock::new() }
    }

    /// Wraps an event of the log and opens its personal data, so that folds see it, or see that it was erased.
    ///
    /// # Errors
    /// A key vault that does not work or is not the log's. An event that is itself wrong is poison to those who decode it.
    pub async fn open(recorded: RecordedEvent, codec: &Codec) -> Result<Self, CodecError> {
        let opened = match codec.open(Place::of(&recorded), &recorded.data).await {
            Ok(Cow::Borrowed(_)) => Ok(None),
            Ok(Cow::Owned(opened)) => Ok(Some(opened.into())),
            Err(error @ (CodecError::Vault(_) | CodecError::KeyMissing { .. })) => return Err(error),
            Err(
                error @ (CodecError::Malformed { .. } | CodecError::NotAuthentic { .. } | CodecError::Erased { .. }),
            ) => Err(error.to_string()),
        };
        Ok(Self { opened, ..Self::new(recorded) })
    }

    /// The event as the log has it, personal data sealed.
    #[must_use]
    pub fn recorded(&self) -> &RecordedEvent {
        &self.recorded
    }

    /// The event as one of the family `E`, which must be the family that its type belongs to.
    ///
    /// # Errors
    /// [`ApplyError::Poison`] if it cannot be decoded.
    pub fn decode<E: DomainEvent>(&self) -> Result<&E, ApplyError> {
        let decoded = self.decoded.get_or_init(|| {
            let data = self.opened.as_ref().map_err(Clone::clone)?.as_deref().unwrap_or(&self.recorded.data);
            match self.recorded.decode_opened::<E>(data) {
                Ok(event) => Ok(Box::new(event)),
                Err(error) => Err(error.to_string()),
            }
        });
        match decoded {
            Ok(event) => event.downcast_ref::<E>().ok_or_else(|| {
                ApplyError::Poison(format!("{} was decoded as another family", self.recorded.event_type))
            }),
            Err(error) => Err(ApplyError::Poison(error.clone())),
        }
    }
}

/// The rows that a fold may read and write, within the page's transaction. Use [`TablesExt`] for typed rows.
pub trait Tables: Send {
    /// The row of a key, as the page stands so far.
    fn load<'a>(
        &'a mut self,
        table: &'static TableSpec,
        key: Vec<Value>,
    ) -> BoxFuture<'a, Result<Option<Vec<Value>>, ApplyError>>;

    /// Writes a row; the last one per key and page is what reaches the database.
    fn store(&mut self, table: &'static TableSpec, row: Vec<Value>);

    /// Deletes the row of a key, if there is one.
    fn remove(&mut self, table: &'static TableSpec, key: Vec<Value>);
}

/// Typed access to [`Tables`].
pub trait TablesExt: Tables {
    /// The row of a key, as the page stands so far.
    fn get<'a, R: Row>(
        &'a mut self,
        key: Vec<Value>,
    ) -> impl Future<Output = Result<Option<R>, ApplyError>> + Send + 'a {
        async move {
            let values = self.load(const { &R::TABLE }, key).await?;
            Ok(values.map(R::from_values).transpose()?)
        }
    }

    /// Writes a row.
    fn put<R: Row>(&mut self, row: &R) {
        self.store(const { &R::TABLE }, row.to_values());
    }

    /// Deletes the row of a key, if there is one.
    fn delete<R: Row>(&mut self, key: Vec<Value>) {
        self.remove(const { &R::TABLE }, key);
    }
}

impl<T: Tables + ?Sized> TablesExt for T {}
