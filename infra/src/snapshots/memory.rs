//! Snapshots in memory, for tests and simulations: they end with the process.

use super::{SNAPSHOT_BYTES_MAX, Snapshot, SnapshotStore};
use crate::stream::StreamId;
use futures::future::{BoxFuture, FutureExt, ready};
use parking_lot::Mutex;
use std::collections::HashMap;

/// The most streams whose snapshots are kept; more are not.
const STREAMS_MAX: usize = 65_536;

/// Snapshots in memory. Starts no task and reads no clock, so it runs in a seeded simulation.
#[derive(Debug, Default)]
pub struct MemorySnapshots(Mutex<HashMap<StreamId, Snapshot>>);

impl MemorySnapshots {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The snapshot of a stream.
    #[must_use]
    pub fn get(&self, stream: &StreamId) -> Option<Snapshot> {
        self.0.lock().get(stream).cloned()
    }

    /// Forgets the snapshot of a stream.
    pub fn remove(&self, stream: &StreamId) {
        self.0.lock().remove(stream);
    }
}

impl SnapshotStore for MemorySnapshots {
    fn load<'a>(&'a self, stream: &'a StreamId) -> BoxFuture<'a, Option<Snapshot>> {
        ready(self.get(stream)).boxed()
    }

    fn save(&self, snapshot: Snapshot) {
        let mut snapshots = self.0.lock();
        let has_room = snapshots.len() < STREAMS_MAX || snapshots.contains_key(&snapshot.stream);
        if has_room && snapshot.body.len() <= SNAPSHOT_BYTES_MAX {
            snapshots.insert(snapshot.stream.clone(), snapshot);
        }
    }
}
