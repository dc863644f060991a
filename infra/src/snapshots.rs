//! Snapshots of folded streams: a cache beside the log, so that a long stream need not be read from its beginning.
//!
//! The log alone is the truth. A snapshot that is lost, old or wrong costs a longer read and nothing else: the bus checks
//! each against the log before it goes on from it, and stores answer "none" instead of failing.
//!
//! **Invariant:** nothing here keeps a command from being carried out.

pub mod memory;
pub mod sqlite;

pub use memory::MemorySnapshots;
pub use sqlite::{OpenSnapshotsError, SqliteSnapshots, SqliteSnapshotsOptions};

use crate::stream::{Position, Revision, StreamId};
use futures::future::BoxFuture;
use std::fmt::Debug;
use uuid::Uuid;

/// A stream as it was folded up to one of its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The stream.
    pub stream: StreamId,
    /// [`STATE_VERSION`](tillroll_domain::aggregate::Aggregate::STATE_VERSION) of the aggregate that folded it.
    pub state_version: u16,
    /// The revision of the last event folded in.
    pub revision: Revision,
    /// The position of that event.
    pub position: Position,
    /// The id of that event. A log that holds another one there is not the log that the snapshot was taken of.
    pub last_event: Uuid,
    /// State and remembered commands as JSON text, personal data sealed; only the bus reads it.
    pub body: Box<str>,
}

/// The most bytes of a snapshot's body; a larger one is not kept.
pub const SNAPSHOT_BYTES_MAX: usize = 8 << 20;

/// Keeps the newest snapshot of each stream, as well as it can.
pub trait SnapshotStore: Debug + Send + Sync + 'static {
    /// The snapshot of a stream; `None` if there is none, and if it cannot be had for whatever reason.
    fn load<'a>(&'a self, stream: &'a StreamId) -> BoxFuture<'a, Option<Snapshot>>;

    /// Keeps a snapshot in place of the stream's earlier one. Never waits, and may keep nothing: when it is busy, when it
    /// has no room, or when the body exceeds [`SNAPSHOT_BYTES_MAX`].
    fn save(&self, snapshot: Snapshot);
}
