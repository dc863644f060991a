//! Folded states of streams that were used lately, of all aggregates together.
//!
//! A state is handed over whole and not copied: while a driver works on a stream, its slot is empty.

use super::Loaded;
use crate::stream::StreamId;
use moka::sync::Cache;
use parking_lot::Mutex;
use std::{any::Any, sync::Arc};
use tillroll_domain::aggregate::Aggregate;

/// What a state takes at most by estimate, beside the commands that it remembers: states are bounded, histories are not.
const STATE_BYTES_MAX: usize = 256 << 10;
/// What a slot takes beside its state, by estimate.
const SLOT_BYTES: usize = 512;

/// A cache of folded states, bounded by their estimated bytes. A stream belongs to one aggregate, by its category.
#[derive(Debug)]
pub(crate) struct StateCache(Cache<StreamId, Slot>);

#[derive(Debug, Clone)]
struct Slot {
    bytes: u32,
    state: Arc<Mutex<Option<Box<dyn Any + Send>>>>,
}

impl StateCache {
    pub(super) fn new(bytes_max: u64) -> Self {
        Self(Cache::builder().max_capacity(bytes_max).weigher(|_, slot: &Slot| slot.bytes).build())
    }

    /// Takes a state out.
    pub(super) fn take<A: Aggregate>(&self, stream: &StreamId) -> Option<Loaded<A>> {
        let state = self.0.get(stream)?.state.lock().take()?;
        state.downcast().ok().map(|loaded| *loaded)
    }

    /// A copy of a state; `None` also while a driver has it.
    pub(super) fn copy<A: Aggregate>(&self, stream: &StreamId) -> Option<Loaded<A>> {
        self.0.get(stream)?.state.lock().as_ref()?.downcast_ref().cloned()
    }

    /// Puts a state in.
    pub(super) fn put<A: Aggregate>(&self, stream: StreamId, loaded: Loaded<A>) {
        // Events fold into less than half of their size.
        let bytes = (loaded.folded_bytes / 2).min(STATE_BYTES_MAX) + loaded.window.bytes() + SLOT_BYTES;
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.0.insert(stream, Slot { bytes, state: Arc::new(Mutex::new(Some(Box::new(loaded)))) });
    }
}
