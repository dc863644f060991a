//! Folded states of streams that were used lately, of all aggregates together.
//!
//! A state is handed over whole and not copied: while a driver works on a stream, its state is not in here. A state that
//! was loaded before somebody was erased may hold that person's data and is not used any more, wherever it is.

use super::Loaded;
use crate::stream::StreamId;
use foldhash::fast::RandomState;
use parking_lot::Mutex;
use std::{
    any::Any,
    collections::HashMap,
    fmt,
    hash::BuildHasher,
    sync::atomic::{AtomicU64, Ordering},
};
use tillroll_domain::aggregate::Aggregate;

/// What a state takes at most by estimate, beside the commands that it remembers: states are bounded, histories are not.
const STATE_BYTES_MAX: usize = 256 << 10;
/// What an entry takes beside its state, by estimate.
const ENTRY_BYTES: usize = 512;
/// How many parts the cache has, so that streams rarely wait for each other.
const SHARDS: usize = 16;

/// A cache of folded states, bounded by their estimated bytes. A stream belongs to one aggregate, by its category.
///
/// What was used lately stays: each part has two generations, of which the young one becomes the old one when it holds half
/// of what the part may hold, and what is in the old one by then goes. Whatever is used enters the young one. That keeps
/// about what a list in the order of use would, for one search in a hash table. A state that alone exceeds a generation is
/// not kept.
pub(crate) struct StateCache {
    shards: [Mutex<Shard>; SHARDS],
    hasher: RandomState,
    /// How many bytes the young generation of a shard may hold by estimate.
    young_bytes_max: usize,
    /// How many persons were erased since the bus was built.
    erasures: AtomicU64,
}

type Generation = HashMap<StreamId, Entry, RandomState>;

#[derive(Default)]
struct Shard {
    young: Generation,
    young_bytes: usize,
    old: Generation,
}

struct Entry {
    bytes: usize,
    state: Box<dyn Any + Send>,
}

impl Shard {
    fn take(&mut self, stream: &StreamId) -> Option<Entry> {
        if let Some(entry) = self.young.remove(stream) {
            self.young_bytes -= entry.bytes;
            return Some(entry);
        }
        self.old.remove(stream)
    }

    /// Puts an entry in whose stream must not be in here. Answers what goes for it, to be dropped without the lock.
    fn put(&mut self, stream: StreamId, entry: Entry, young_bytes_max: usize) -> Generation {
        let mut gone = Generation::default();
        if entry.bytes > young_bytes_max {
            gone.insert(stream, entry);
            return gone;
        }
        if self.young_bytes + entry.bytes > young_bytes_max {
            gone = std::mem::replace(&mut self.old, std::mem::take(&mut self.young));
            self.young_bytes = 0;
        }
        self.young_bytes += entry.bytes;
        self.young.insert(stream, entry);
        gone
    }
}

impl StateCache {
    pub(super) fn new(bytes_max: u64) -> Self {
        let bytes_max = usize::try_from(bytes_max).unwrap_or(usize::MAX);
        Self {
            shards: Default::default(),
            hasher: RandomState::default(),
            young_bytes_max: bytes_max / (2 * SHARDS),
            erasures: AtomicU64::new(0),
        }
    }

    /// How many persons were erased. A state takes note of it before anything of it is read.
    pub(super) fn erasures(&self) -> u64 {
        self.erasures.load(Ordering::SeqCst)
    }

    /// Whether nobody was erased since a state was loaded.
    pub(super) fn is_current<A: Aggregate>(&self, loaded: &Loaded<A>) -> bool {
        loaded.erasures == self.erasures()
    }

    /// Somebody was erased: every state that was loaded before is forgotten, also one that somebody holds.
    pub(super) fn forget_all(&self) {
        self.erasures.fetch_add(1, Ordering::SeqCst);
        for shard in &self.shards {
            let forgotten = std::mem::take(&mut *shard.lock());
            drop(forgotten);
        }
    }

    /// Takes a state out.
    pub(super) fn take<A: Aggregate>(&self, stream: &StreamId) -> Option<Box<Loaded<A>>> {
        let entry = self.shard(stream).lock().take(stream)?;
        entry.state.downcast().ok().filter(|loaded| self.is_current(loaded))
    }

    /// A copy of a state; `None` also while a driver has it.
    pub(super) fn copy<A: Aggregate>(&self, stream: &StreamId) -> Option<Box<Loaded<A>>> {
        let mut shard = self.shard(stream).lock();
        let entry = shard.take(stream)?;
        let loaded: &Loaded<A> = entry.state.downcast_ref()?;
        let copy = self.is_current(loaded).then(|| Box::new(loaded.clone()))?;
        let gone = shard.put(stream.clone(), entry, self.young_bytes_max);
        drop(shard);
        drop(gone);
        Some(copy)
    }

    /// Puts a state in, unless somebody was erased since it was loaded.
    pub(super) fn put<A: Aggregate>(&self, stream: StreamId, loaded: Box<Loaded<A>>) {
        // Events fold into less than half of their size.
        let bytes = (loaded.folded_bytes / 2).min(STATE_BYTES_MAX) + loaded.window.bytes() + ENTRY_BYTES;
        let mut shard = self.shard(&stream).lock();
        // Under the lock, so that nobody who is erased meanwhile comes back.
        if self.is_current(&loaded) {
            let replaced = shard.take(&stream);
            let gone = shard.put(stream, Entry { bytes, state: loaded }, self.young_bytes_max);
            drop(shard);
            drop((replaced, gone));
        }
    }

    fn shard(&self, stream: &StreamId) -> &Mutex<Shard> {
        let hash = self.hasher.hash_one(stream.as_str());
        &self.shards[usize::try_from(hash >> 32).unwrap_or(0) % SHARDS]
    }
}

impl fmt::Debug for StateCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StateCache").field("young_bytes_max", &self.young_bytes_max).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(number: usize) -> StreamId {
        StreamId::new("order", &number.to_string()).unwrap()
    }

    fn entry(bytes: usize) -> Entry {
        Entry { bytes, state: Box::new(()) }
    }

    #[test]
    fn it_is_bounded_and_keeps_what_is_used() {
        let mut shard = Shard::default();
        shard.put(stream(0), entry(10), 100);
        for number in 1..1_000 {
            shard.put(stream(number), entry(10), 100);
            let used = shard.take(&stream(0)).unwrap_or_else(|| panic!("forgotten after {number}"));
            shard.put(stream(0), used, 100);
            assert!(shard.young.len() + shard.old.len() <= 20);
            assert_eq!(shard.young_bytes, shard.young.len() * 10);
        }
        assert!(shard.take(&stream(500)).is_none());
    }

    #[test]
    fn what_is_larger_than_the_room_is_not_kept() {
        let mut shard = Shard::default();
        shard.put(stream(0), entry(10), 100);
        for _ in 0..2 {
            shard.put(stream(1), entry(101), 100);
            assert!(shard.take(&stream(1)).is_none());
        }
        assert!(shard.take(&stream(0)).is_some(), "it costs the others nothing");
        shard.put(stream(2), entry(100), 100);
        assert!(shard.take(&stream(2)).is_some());
        assert_eq!(shard.young_bytes, 0);
    }
}
