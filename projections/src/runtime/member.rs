//! One generation of one projection as it is being filled: its fold, its rows, its parked streams.

use super::{
    Limits,
    cache::{Lookup, RowCache, Undo},
    progress::Handle,
};
use crate::{
    projection::{ApplyError, Incoming, Projection, Tables},
    store::{
        Checkpoint, CheckpointMove, GenerationSpec, Key, PageCommit, ParkedEvent, PhysicalTable, ReadModelStore,
        StoreError,
    },
    table::{TableSpec, Value},
};
use futures::{
    FutureExt,
    future::{BoxFuture, ready},
};
use std::{any::Any, collections::HashSet, panic::AssertUnwindSafe, sync::Arc};
use thiserror::Error;
use tillroll_infra::{
    event::RecordedEvent,
    stream::{Position, StreamId},
};

/// What a generation is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Readers see it. Poison parks a stream.
    Live,
    /// It is built beside the live one. Poison ends it.
    Building,
}

/// Why a generation cannot be filled further.
#[derive(Debug, Clone, Error)]
pub(crate) enum Fall {
    #[error("the event at position {position} of {stream} cannot be folded: {error}")]
    Poison { stream: StreamId, position: Position, error: String },
    #[error("{0}")]
    Broken(String),
}

/// Why one event was not folded.
#[derive(Debug)]
pub(crate) enum Halt {
    /// This generation does not go on.
    Fall(Fall),
    /// The page is tried again.
    Store(StoreError),
}

/// One generation of one projection as it is being filled.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) handle: Arc<Handle>,
    pub(crate) spec: GenerationSpec,
    pub(crate) generation: u32,
    pub(crate) mode: Mode,
    /// Whether the secondary indexes are there.
    pub(crate) indexed: bool,
    projection: Arc<dyn Projection>,
    wanted: HashSet<&'static str>,
    cache: RowCache,
    parked: HashSet<StreamId>,
    parked_events: usize,
    parked_max: usize,
    /// Parked by the page that is being folded.
    page_parked: Vec<ParkedEvent>,
}

impl Member {
    /// A generation that stands at `at`.
    pub(crate) fn new(
        projection: Arc<dyn Projection>,
        handle: Arc<Handle>,
        generation: u32,
        mode: Mode,
        at: Position,
        limits: &Limits,
    ) -> Self {
        let spec = generation_spec(projection.as_ref());
        let wanted = projection.event_types().iter().copied().collect();
        let tables: Vec<PhysicalTable> = physical(&spec, generation);
        let known = (at == Position::START).then_some(limits.known_keys_max);
        Self {
            cache: RowCache::new(&tables, limits.cache_rows_max, known),
            handle,
            spec,
            generation,
            mode,
            indexed: false,
            projection,
            wanted,
            parked: HashSet::new(),
            parked_events: 0,
            parked_max: limits.parked_max,
            page_parked: Vec::new(),
        }
    }

    pub(crate) fn wanted(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.wanted.iter().copied()
    }

    pub(crate) fn tables(&self) -> Vec<PhysicalTable> {
        physical(&self.spec, self.generation)
    }

    /// Folds an event, or parks it.
    pub(crate) async fn fold(&mut self, event: &Incoming, store: &dyn ReadModelStore) -> Result<(), Halt> {
        let recorded = event.recorded();
        if !self.wanted.contains(recorded.event_type.as_ref()) {
            return Ok(());
        }
        if self.parked.contains(&recorded.stream) {
            return self.park(recorded, "stands behind a parked event of its stream".to_owned());
        }
        match self.apply(event, store).await {
            Err(Halt::Fall(Fall::Poison { error, .. })) if self.mode == Mode::Live => {
                tracing::warn!(
                    projection = self.handle.name,
                    stream = %recorded.stream,
                    position = recorded.position.0,
                    error,
                    "event parked"
                );
                self.park(recorded, error)
            }
            other => other,
        }
    }

    /// Folds events that were parked. All or nothing: what was folded before a failure must be undone by [`Self::reset`].
    pub(crate) async fn fold_parked(&mut self, events: &[Incoming], store: &dyn ReadModelStore) -> Result<(), Halt> {
        for event in events {
            self.apply(event, store).await?;
        }
        Ok(())
    }

    async fn apply(&mut self, event: &Incoming, store: &dyn ReadModelStore) -> Result<(), Halt> {
        let mut tables = PageTables { cache: &mut self.cache, store, undo: Vec::new(), misuse: None };
        // A fold that panics is as poisonous as one that refuses, and must not take the others with it.
        let applied = AssertUnwindSafe(async { self.projection.apply(event, &mut tables).await }).catch_unwind().await;
        let PageTables { undo, misuse, .. } = tables;
        let halt = match (applied, misuse) {
            (Ok(Ok(())), None) => return Ok(()),
            (Ok(Err(ApplyError::Store(error))), _) => Halt::Store(StoreError::Unavailable(error.into())),
            (_, Some(misuse)) => Halt::Fall(Fall::Broken(misuse)),
            (Ok(Err(ApplyError::Poison(error))), None) => poison(event.recorded(), error),
            (Err(panic), None) => poison(event.recorded(), panic_text(panic.as_ref())),
        };
        self.cache.undo(undo.into_iter());
        Err(halt)
    }

    fn park(&mut self, event: &RecordedEvent, error: String) -> Result<(), Halt> {
        self.parked_events += 1;
        if self.parked_events > self.parked_max {
            let reason = format!("more than {} events would be parked; the last one because: {error}", self.parked_max);
            return Err(Halt::Fall(Fall::Broken(reason)));
        }
        self.parked.insert(event.stream.clone());
        self.page_parked.push(ParkedEvent {
            projection: self.spec.projection.to_owned(),
            stream: event.stream.clone(),
            position: event.position,
            event_id: event.id,
            event_type: event.event_type.to_string(),
            error,
        });
        Ok(())
    }

    /// Puts the page into what is to be committed.
    pub(crate) fn launch(&mut self, page: &mut PageCommit, from: Position, to: Checkpoint) {
        page.tables.append(&mut self.cache.launch());
        page.park.append(&mut self.page_parked);
        page.checkpoints.push(CheckpointMove {
            projection: self.spec.projection,
            generation: self.generation,
            from,
            to,
        });
    }

    /// The page is committed.
    pub(crate) fn landed(&mut self, at: Position) {
        self.cache.landed();
        self.announce(at);
    }

    /// Tells readers where it stands.
    pub(crate) fn announce(&self, at: Position) {
        match self.mode {
            Mode::Live => {
                self.handle.set_parked(self.parked_events);
                self.handle.update(|progress| progress.position = at);
            }
            Mode::Building => self.handle.update(|progress| progress.building = Some(at)),
        }
    }

    /// Forgets all that is not committed.
    pub(crate) async fn reset(&mut self, store: &dyn ReadModelStore) -> Result<(), StoreError> {
        self.cache.reset();
        self.page_parked.clear();
        self.parked.clear();
        self.parked_events = 0;
        // What is being built parks nothing; what is parked belongs to the live generation.
        if self.mode == Mode::Live {
            let parked = store.parked(Some(self.spec.projection), None, self.parked_max).await?;
            self.parked_events = parked.len();
            self.parked = parked.into_iter().map(|event| event.stream).collect();
            self.handle.set_parked(self.parked_events);
        }
        Ok(())
    }

    /// The stream's events are folded after all.
    pub(crate) fn unpark(&mut self, stream: &StreamId, events: usize) {
        self.parked.remove(stream);
        self.parked_events = self.parked_events.saturating_sub(events);
    }

    /// Goes on with a live generation that another writer has left.
    pub(crate) fn adopt(&mut self, generation: u32, limits: &Limits) {
        self.generation = generation;
        self.mode = Mode::Live;
        self.indexed = false;
        self.cache = RowCache::new(&self.tables(), limits.cache_rows_max, None);
        self.handle.update(|progress| progress.building = None);
    }

    /// Another writer was here: what the keys' digests say is no longer true.
    pub(crate) fn distrust(&mut self) {
        self.cache.forget_keys();
    }
}

/// What the code says about a projection's tables.
pub(crate) fn generation_spec(projection: &dyn Projection) -> GenerationSpec {
    GenerationSpec { projection: projection.name(), version: projection.version(), tables: projection.tables() }
}

fn physical(spec: &GenerationSpec, generation: u32) -> Vec<PhysicalTable> {
    spec.tables.iter().map(|&spec| PhysicalTable { spec, generation }).collect()
}

fn poison(event: &RecordedEvent, error: String) -> Halt {
    Halt::Fall(Fall::Poison { stream: event.stream.clone(), position: event.position, error })
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    format!("the fold panicked: {}", text.unwrap_or_else(|| "without saying why".to_owned()))
}

/// The rows as one event's fold sees and writes them.
#[derive(Debug)]
struct PageTables<'a> {
    cache: &'a mut RowCache,
    store: &'a dyn ReadModelStore,
    undo: Vec<Undo>,
    /// What the fold did that no fold may do.
    misuse: Option<String>,
}

impl PageTables<'_> {
    fn table(&mut self, spec: &TableSpec) -> Option<usize> {
        let table = self.cache.table(spec);
        if table.is_none() {
            self.misuse = Some(format!("the projection does not declare the table {}", spec.name));
        }
        table
    }

    fn write(&mut self, table: usize, key: Key, row: Option<Arc<Vec<Value>>>) {
        self.undo.extend(self.cache.write(table, key, row));
    }
}

impl Tables for PageTables<'_> {
    fn load<'a>(
        &'a mut self,
        table: &'static TableSpec,
        key: Vec<Value>,
    ) -> BoxFuture<'a, Result<Option<Vec<Value>>, ApplyError>> {
        let Some(number) = self.table(table) else { return Box::pin(ready(Ok(None))) };
        match self.cache.get(number, &key) {
            Lookup::Row(row) => return Box::pin(ready(Ok(Some(row.as_ref().clone())))),
            Lookup::Absent => return Box::pin(ready(Ok(None))),
            Lookup::Unknown => {}
        }
        let Some(physical) = self.cache.physical(number) else { return Box::pin(ready(Ok(None))) };
        Box::pin(async move {
            let loaded = self.store.load(physical, key.clone()).await;
            let row = loaded.map_err(|error| ApplyError::Store(error.to_string()))?.map(Arc::new);
            self.cache.keep(number, key, row.clone());
            Ok(row.map(|row| row.as_ref().clone()))
        })
    }

    fn store(&mut self, table: &'static TableSpec, row: Vec<Value>) {
        let Some(number) = self.table(table) else { return };
        if !self.cache.fits(number, &row) {
            self.misuse = Some(format!("a row does not fit the columns of the table {}", table.name));
            return;
        }
        let key = row.iter().take(table.key_columns).cloned().collect();
        self.write(number, key, Some(Arc::new(row)));
    }

    fn remove(&mut self, table: &'static TableSpec, key: Vec<Value>) {
        if let Some(number) = self.table(table) {
            self.write(number, key, None);
        }
    }
}
