//! Which streams have a snapshot, in memory, so that those without one are told at once.

use parking_lot::RwLock;
use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
};

/// The hashes of the streams that have a snapshot, and perhaps of some that have none any more. As large as the table's
/// bound, at 8 bytes a stream.
#[derive(Debug, Default)]
pub(super) struct Index {
    hashes: RwLock<HashSet<u64>>,
    hasher: RandomState,
}

impl Index {
    /// False only for a stream without a snapshot.
    pub(super) fn may_hold(&self, stream: &str) -> bool {
        self.hashes.read().contains(&self.hasher.hash_one(stream))
    }

    pub(super) fn add(&self, stream: &str) {
        self.hashes.write().insert(self.hasher.hash_one(stream));
    }

    pub(super) fn remove(&self, stream: &str) {
        self.hashes.write().remove(&self.hasher.hash_one(stream));
    }

    pub(super) fn clear(&self) {
        self.hashes.write().clear();
    }

    pub(super) fn len(&self) -> usize {
        self.hashes.read().len()
    }
}
