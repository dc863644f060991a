//! The event log: the only source of truth, in one global order. One contract, several stores, one conformance suite.
//!
//! **Invariant:** nothing here updates or deletes an event.

use crate::{
    event::{NewEvent, RecordedEvent},
    stream::{Position, Revision, StreamId},
};
use futures::future::BoxFuture;
use std::{
    fmt::Debug,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use thiserror::Error;
use tokio::sync::{oneshot, watch};
use uuid::Uuid;

mod check;
#[cfg(feature = "testing")]
pub mod conformance;
#[cfg(feature = "testing")]
pub mod controlled;
pub mod lock;
pub mod memory;
pub mod sqlite;
pub mod subscription;

pub use memory::MemoryLog;
pub use sqlite::SqliteLog;
pub use subscription::{Subscription, SubscriptionMessage};

/// What the caller believes about the stream it appends to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpectedRevision {
    /// The stream does not exist.
    NoStream,
    /// The last event stands at this revision.
    Exact(Revision),
    /// The last event stands at this revision and is this one. What the bus asks for: an append that was decided on a
    /// predecessor's events must not follow somebody else's that came to stand at the same revision.
    After {
        /// Where the last event stands.
        revision: Revision,
        /// Which event it is.
        event_id: Uuid,
    },
    /// Anything. Promises no idempotency; the engine itself never uses it.
    Any,
}

/// Events for one stream, all or nothing.
#[derive(Debug, Clone)]
pub struct Append {
    /// The stream.
    pub stream: StreamId,
    /// What must be true of it.
    pub expected: ExpectedRevision,
    /// 1 to [`EVENTS_PER_APPEND_MAX`] events.
    pub events: Vec<NewEvent>,
}

/// The most events of one append.
pub const EVENTS_PER_APPEND_MAX: usize = 1_000;
/// The most bytes of one event's data and metadata together.
pub const EVENT_BYTES_MAX: usize = 1 << 20;
/// The most bytes of one append's data and metadata together.
pub const APPEND_BYTES_MAX: usize = 8 << 20;
/// The most bytes of an event's name.
pub const EVENT_TYPE_BYTES_MAX: usize = 100;
/// The most events of one page.
pub const PAGE_MAX: usize = 10_000;
/// A page takes no more events once its data and metadata reach this many bytes; it may exceed it by one event.
pub const PAGE_BYTES_MAX: usize = 16 << 20;
/// The most events one filtered page looks at, so that a rare event type cannot make one call scan the whole log.
pub const SCAN_MAX: usize = 65_536;

/// Where the events of an append stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppendReceipt {
    /// Revision of the first.
    pub first_revision: Revision,
    /// Revision of the last.
    pub last_revision: Revision,
    /// Global position of the last; they stand next to each other.
    pub last_position: Position,
}

/// Why an append did not happen.
#[derive(Debug, Clone, Error)]
pub enum AppendError {
    /// The expectation was wrong. Nothing was appended.
    #[error("the stream {stream} stands at {actual:?}, not where the append expected it")]
    Conflict {
        /// The stream.
        stream: StreamId,
        /// Where its last event stands; `None` if it does not exist.
        actual: Option<Revision>,
    },
    /// The append itself is malformed: no events, too many, too large, or not JSON. Nothing was appended.
    #[error("the append is malformed: {0}")]
    Invalid(&'static str),
    /// There is no room for more. Nothing was appended; reads go on, and appends will once there is room.
    #[error("the disk that holds the event log is full; free some space and try again")]
    Full,
    /// The log failed or is closing; whether the append happened is unknown until the log is opened again. The same
    /// append may be sent again then.
    #[error("the event log is not available: {0}")]
    Unavailable(Arc<str>),
}

/// Why a read failed.
#[derive(Debug, Clone, Error)]
pub enum ReadError {
    /// The log failed or is closing.
    #[error("the event log is not available: {0}")]
    Unavailable(Arc<str>),
    /// A row that the log must not contain.
    #[error("the event at position {position} is corrupt: {reason}")]
    Corrupt {
        /// Where.
        position: Position,
        /// What is wrong with it.
        reason: String,
    },
}

/// An append that the log has taken in, in this order, and will answer when its group is durable.
#[derive(Debug)]
pub struct AppendTicket(oneshot::Receiver<Result<AppendReceipt, AppendError>>);

impl AppendTicket {
    /// A ticket and the end through which the store answers it.
    #[must_use]
    pub fn new() -> (oneshot::Sender<Result<AppendReceipt, AppendError>>, Self) {
        let (sender, receiver) = oneshot::channel();
        (sender, Self(receiver))
    }
}

impl Future for AppendTicket {
    type Output = Result<AppendReceipt, AppendError>;
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx).map(|answer| {
            answer.unwrap_or_else(|_| Err(AppendError::Unavailable("the log closed before it answered".into())))
        })
    }
}

/// Which way to read a stream, and from where (inclusive).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadFrom {
    /// Forwards from a revision.
    Forwards(Revision),
    /// Backwards from a revision.
    Backwards(Revision),
    /// Backwards from the last event.
    BackwardsFromEnd,
}

/// Which events of the whole log to read. Empty lists mean all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventFilter {
    /// The tenant; `None` means all.
    pub tenant: Option<String>,
    /// Categories, any of which will do.
    pub categories: Vec<String>,
    /// Event types, any of which will do.
    pub event_types: Vec<String>,
}

impl EventFilter {
    /// True if events of this stream and type pass.
    #[must_use]
    pub fn accepts(&self, stream: &StreamId, event_type: &str) -> bool {
        let is_among = |names: &[String], name: &str| names.is_empty() || names.iter().any(|among| among == name);
        self.tenant.as_deref().is_none_or(|tenant| tenant == stream.tenant())
            && is_among(&self.categories, stream.category())
            && is_among(&self.event_types, event_type)
    }
}

/// Some events of the whole log, in position order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPage {
    /// The events that passed the filter.
    pub events: Vec<RecordedEvent>,
    /// All positions up to here have been looked at; the next page begins after it. Never below where the page began.
    pub scanned_to: Position,
    /// True if the page reached the end of the log as it stood when it was read.
    pub at_end: bool,
}

/// A store of events.
///
/// Every implementation passes `infra`'s conformance suite unchanged. Positions are strictly increasing in commit order:
/// a reader that has seen one will never later find an event below it.
pub trait EventLog: Debug + Send + Sync + 'static {
    /// Takes an append in, waiting for room in the bounded queue. Appends enter the log in the order in which their
    /// `submit` calls completed. The ticket answers when the events are durable, or why they were refused.
    ///
    /// Under `NoStream`, `Exact` and `After`, appending events whose ids already stand at exactly those revisions answers the
    /// original receipt; a partial overlap is a conflict.
    fn submit(&self, append: Append) -> BoxFuture<'_, Result<AppendTicket, AppendError>>;

    /// Up to `limit` events of one stream (at most [`PAGE_MAX`]); none if there is no such stream. A page of fewer events
    /// than `limit` is the last one, unless its events hold [`PAGE_BYTES_MAX`] bytes or more: see [`is_last_page`].
    fn read_stream<'a>(
        &'a self,
        stream: &'a StreamId,
        from: ReadFrom,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<RecordedEvent>, ReadError>>;

    /// Up to `limit` events (at most [`PAGE_MAX`]) of the whole log behind a position. A page may hold fewer events than
    /// fit, or none, and still not be the last: `scanned_to` tells where to go on.
    fn read_all<'a>(
        &'a self,
        after: Position,
        filter: &'a EventFilter,
        limit: usize,
    ) -> BoxFuture<'a, Result<LogPage, ReadError>>;

    /// The position of the last durable event; 0 for an empty log.
    fn head(&self) -> BoxFuture<'_, Result<Position, ReadError>>;

    /// Changes when there may be something new behind the position it shows. A hint, not a promise.
    fn watch(&self) -> watch::Receiver<Position>;
}

/// True if a page that [`EventLog::read_stream`] gave for this limit reached the end of the stream in that direction.
#[must_use]
pub fn is_last_page(events: &[RecordedEvent], limit: usize) -> bool {
    events.len() < limit.min(PAGE_MAX) && events.iter().map(RecordedEvent::bytes).sum::<usize>() < PAGE_BYTES_MAX
}

/// Submits an append and waits until it is durable.
///
/// # Errors
/// See [`AppendError`].
pub async fn append(log: &dyn EventLog, append: Append) -> Result<AppendReceipt, AppendError> {
    log.submit(append).await?.await
}
