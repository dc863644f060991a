//! Lets a `cqrs-es` aggregate run on a Tillroll log unchanged: an event repository over any store.
//!
//! ```
//! use cqrs_es::{CqrsFramework, persist::PersistedEventStore};
//! use std::sync::Arc;
//! use tillroll_infra::{ambient::Ambient, cqrs_es::EventLogRepository, log::MemoryLog};
//! # use cqrs_es::doc::{MyAggregate, MyService};
//!
//! let ambient = Ambient::system();
//! let log = Arc::new(MemoryLog::new(ambient.clock));
//! let repository = EventLogRepository::new(log, ambient.ids);
//! let store = PersistedEventStore::<_, MyAggregate>::new_event_store(repository);
//! let framework = CqrsFramework::new(store, vec![], MyService);
//! ```
//!
//! - **Streams.** An aggregate is one stream, `[tenant.]category-id`; see [`names`] for types and ids that a stream does
//!   not take as they are. The sequence that `cqrs-es` counts from 1 is the revision plus 1.
//! - **Order.** The events of one aggregate come in the order of their sequence, those of several in the order in which
//!   they were committed.
//! - **Durability.** `persist` answers when the events are as durable as the log makes them, all of them or none.
//! - **Conflicts.** The log decides: if another writer was first, the answer is
//!   [`PersistenceError::OptimisticLockError`], nothing was written, and the command may be executed again.
//! - **Lost answers.** If `persist` fails with [`PersistenceError::ConnectionError`], or the caller gave up waiting, the
//!   events may stand in the log all the same. Every call draws new event ids, so the log cannot know a repetition:
//!   persisting the same events again conflicts if the first call succeeded and never writes them twice at one sequence.
//!   But a *command* that is executed again is decided on the new state, and only the aggregate can tell that it has
//!   seen it before. (Ids derived from the content would be worse: of two writers with equal events at one sequence both
//!   would be told that theirs were written.)
//! - **Event-store mode only.** `PersistedEventStore::new_snapshot_store` and `new_aggregate_store` fail on their first
//!   load. An aggregate is folded from all its events, which `cqrs-es` wants in memory at once.
//! - **Not sealed.** Payload, metadata and ids are stored as they are; nothing here keeps personal data apart.

mod mapping;
pub mod names;

use crate::{
    ambient::IdSource,
    event::RecordedEvent,
    log::{Append, AppendError, EventFilter, EventLog, ExpectedRevision, ReadError, ReadFrom, append, is_last_page},
    stream::{DEFAULT_TENANT, Position, Revision, StreamId},
};
use ::cqrs_es::{
    Aggregate,
    persist::{
        PersistedEventRepository, PersistenceError, ReplayFeed, ReplayStream, SerializedEvent, SerializedSnapshot,
    },
};
use serde_json::Value;
use std::sync::Arc;
use thiserror::Error;

/// How many events a [`ReplayStream`] holds back for a slow reader unless said otherwise.
pub const STREAM_BUFFER_DEFAULT: usize = 200;
/// The most events that a [`ReplayStream`] may be told to hold back.
pub const STREAM_BUFFER_MAX: usize = 10_000;
/// Events of one page; a replay holds one page and its buffer in memory.
const PAGE: usize = 1_000;

/// An event repository for `cqrs-es` over a log. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct EventLogRepository {
    log: Arc<dyn EventLog>,
    ids: Arc<dyn IdSource>,
    tenant: Arc<str>,
    stream_buffer: usize,
}

/// A request that the log was not asked to carry out.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RequestError {
    /// The events of one call do not follow each other in one stream.
    #[error("events that are persisted together belong to one aggregate and have consecutive sequences from 1 on")]
    NotConsecutive,
    /// Metadata that is not what `cqrs-es` makes of its map.
    #[error("metadata is a flat object of strings")]
    Metadata,
    /// A payload with an object whose first name begins with a dollar sign; those are the engine's, see
    /// [`codec`](crate::codec).
    #[error("names of fields that begin with $ are reserved")]
    Reserved,
    /// `cqrs-es` runs in a mode with snapshots.
    #[error("this repository keeps no snapshots; build the store with PersistedEventStore::new_event_store")]
    Snapshots,
}

impl EventLogRepository {
    /// A repository over `log` whose events get their ids from `ids`.
    #[must_use]
    pub fn new(log: Arc<dyn EventLog>, ids: Arc<dyn IdSource>) -> Self {
        Self { log, ids, tenant: DEFAULT_TENANT.into(), stream_buffer: STREAM_BUFFER_DEFAULT }
    }

    /// The tenant of all aggregates whose type names none; the default tenant unless said otherwise. A type that names
    /// another tenant is then refused.
    #[must_use]
    pub fn for_tenant(mut self, tenant: &str) -> Self {
        self.tenant = tenant.into();
        self
    }

    /// How many events a [`ReplayStream`] holds back for a slow reader, 1 to [`STREAM_BUFFER_MAX`]; reading pauses when
    /// they are not taken.
    #[must_use]
    pub fn stream_buffer(mut self, events: usize) -> Self {
        self.stream_buffer = events.clamp(1, STREAM_BUFFER_MAX);
        self
    }

    fn stream_of<A: Aggregate>(&self, aggregate_id: &str) -> Result<StreamId, PersistenceError> {
        names::stream_of(&self.tenant, A::TYPE, aggregate_id).map_err(unknown)
    }

    /// One page of an aggregate's events, and whether it is the last.
    async fn page(&self, stream: &StreamId, from: Revision) -> Result<(Vec<RecordedEvent>, bool), PersistenceError> {
        let events = self.log.read_stream(stream, ReadFrom::Forwards(from), PAGE).await.map_err(read_error)?;
        let is_last = is_last_page(&events, PAGE);
        Ok((events, is_last))
    }

    async fn events_from<A: Aggregate>(
        &self,
        aggregate_id: &str,
        mut from: Revision,
    ) -> Result<Vec<SerializedEvent>, PersistenceError> {
        let stream = self.stream_of::<A>(aggregate_id)?;
        let mut serialized = Vec::new();
        loop {
            let (events, is_last) = self.page(&stream, from).await?;
            from = events.last().map_or(from, |last| last.revision.next());
            for event in &events {
                serialized.push(mapping::to_serialized(event, A::TYPE, aggregate_id)?);
            }
            if is_last {
                return Ok(serialized);
            }
        }
    }

    /// Feeds one aggregate's events. Ends early if nobody takes them any more.
    async fn feed_stream(&self, stream: &StreamId, kind: &str, id: &str, feed: &mut ReplayFeed) {
        let mut from = Revision(0);
        loop {
            let (events, is_last) = match self.page(stream, from).await {
                Ok(page) => page,
                Err(error) => return finish(feed, error).await,
            };
            from = events.last().map_or(from, |last| last.revision.next());
            for event in &events {
                if feed.push(mapping::to_serialized(event, kind, id)).await.is_err() {
                    return;
                }
            }
            if is_last {
                return;
            }
        }
    }

    /// Feeds the events of all aggregates that the filter accepts, up to a position.
    async fn feed_all(&self, filter: &EventFilter, kind: &str, until: Position, feed: &mut ReplayFeed) {
        let mut after = Position::START;
        while after < until {
            let page = match self.log.read_all(after, filter, PAGE).await {
                Ok(page) => page,
                Err(error) => return finish(feed, read_error(error)).await,
            };
            for event in page.events.iter().take_while(|event| event.position <= until) {
                let serialized = names::aggregate_id_of(&event.stream)
                    .map_err(|error| PersistenceError::DeserializationError(Box::new(error)))
                    .and_then(|id| mapping::to_serialized(event, kind, &id));
                if feed.push(serialized).await.is_err() {
                    return;
                }
            }
            if page.scanned_to <= after {
                return;
            }
            after = page.scanned_to;
        }
    }
}

impl PersistedEventRepository for EventLogRepository {
    async fn get_events<A: Aggregate>(&self, aggregate_id: &str) -> Result<Vec<SerializedEvent>, PersistenceError> {
        self.events_from::<A>(aggregate_id, Revision(0)).await
    }

    /// The events behind a sequence.
    async fn get_last_events<A: Aggregate>(
        &self,
        aggregate_id: &str,
        last_sequence: usize,
    ) -> Result<Vec<SerializedEvent>, PersistenceError> {
        // The event behind sequence n has sequence n + 1, which is revision n.
        let from = u64::try_from(last_sequence).map_err(unknown)?;
        self.events_from::<A>(aggregate_id, Revision(from)).await
    }

    /// Refuses: only the modes with snapshots ask, and they would decide on what is not there.
    async fn get_snapshot<A: Aggregate>(
        &self,
        _aggregate_id: &str,
    ) -> Result<Option<SerializedSnapshot>, PersistenceError> {
        Err(unknown(RequestError::Snapshots))
    }

    /// Answers when the events are durable; see the module about conflicts and lost answers. No events are no work.
    async fn persist<A: Aggregate>(
        &self,
        events: &[SerializedEvent],
        snapshot_update: Option<(String, Value, usize)>,
    ) -> Result<(), PersistenceError> {
        if snapshot_update.is_some() {
            return Err(unknown(RequestError::Snapshots));
        }
        let Some(first) = events.first() else { return Ok(()) };
        let stream = self.stream_of::<A>(&first.aggregate_id)?;
        let expected = expected(events).ok_or_else(|| unknown(RequestError::NotConsecutive))?;
        let events = mapping::to_new(events, &*self.ids)?;
        append(&*self.log, Append { stream, expected, events }).await.map(|_| ()).map_err(append_error)
    }

    /// Reads a page at a time, only as fast as the events are taken, to the end of the stream. A failure comes as the
    /// last item; `QueryReplay` passes it over unless it was given an error handler.
    async fn stream_events<A: Aggregate>(&self, aggregate_id: &str) -> Result<ReplayStream, PersistenceError> {
        let stream = self.stream_of::<A>(aggregate_id)?;
        let (mut feed, replay) = ReplayStream::new(self.stream_buffer);
        let (this, id) = (self.clone(), aggregate_id.to_owned());
        tokio::spawn(async move { this.feed_stream(&stream, A::TYPE, &id, &mut feed).await });
        Ok(replay)
    }

    /// The events of all aggregates of the type that were durable when it was called, in the order in which they were
    /// committed. Otherwise as `stream_events`; an event that cannot be read comes as an error in its place.
    async fn stream_all_events<A: Aggregate>(&self) -> Result<ReplayStream, PersistenceError> {
        let (tenant, category) = names::tenant_and_category(&self.tenant, A::TYPE).map_err(unknown)?;
        let filter = EventFilter { tenant: Some(tenant), categories: vec![category], event_types: Vec::new() };
        let until = self.log.head().await.map_err(read_error)?;
        let (mut feed, replay) = ReplayStream::new(self.stream_buffer);
        let this = self.clone();
        tokio::spawn(async move { this.feed_all(&filter, A::TYPE, until, &mut feed).await });
        Ok(replay)
    }
}

/// Where the stream must stand for these events; `None` unless they follow each other in it.
fn expected(events: &[SerializedEvent]) -> Option<ExpectedRevision> {
    let first = events.first()?;
    let follow = events
        .iter()
        .zip(first.sequence..)
        .all(|(event, sequence)| event.sequence == sequence && event.aggregate_id == first.aggregate_id);
    match u64::try_from(first.sequence).ok().filter(|_| follow)? {
        0 => None,
        1 => Some(ExpectedRevision::NoStream),
        sequence => Some(ExpectedRevision::Exact(Revision(sequence - 2))),
    }
}

async fn finish(feed: &mut ReplayFeed, error: PersistenceError) {
    // If nobody listens any more, nobody misses it.
    let _ = feed.push(Err(error)).await;
}

fn unknown(error: impl std::error::Error + Send + Sync + 'static) -> PersistenceError {
    PersistenceError::UnknownError(Box::new(error))
}

fn append_error(error: AppendError) -> PersistenceError {
    match error {
        AppendError::Conflict { .. } => PersistenceError::OptimisticLockError,
        AppendError::Full | AppendError::Unavailable(_) => PersistenceError::ConnectionError(Box::new(error)),
        AppendError::Invalid(_) => unknown(error),
    }
}

fn read_error(error: ReadError) -> PersistenceError {
    match error {
        ReadError::Unavailable(_) => PersistenceError::ConnectionError(Box::new(error)),
        ReadError::Corrupt { .. } => unknown(error),
    }
}
