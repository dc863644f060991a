//! Folded states of streams that were used lately, of all aggregates together.
//!
//! A state is handed over whole and not copied: while a driver works on a stream, its state is not in here. A state with
//! personal data that was loaded before somebody was erased may hold that person's and is not used any more, wherever it
//! is. One without is not touched by erasures.

use super::Loaded;
use crate::stream::StreamId;
use foldhash::fast::RandomState;
use parking_lot::Mutex;
use std::{
    any::Any,
    collections::HashMap,
    fmt,
    hash::BuildHasher,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
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
    /// How many erasures have begun and not yet forgotten their states.
    erasing: AtomicUsize,
}

type Generation = HashMap<StreamId, Entry, RandomState>;

#[derive(Default)]
struct Shard {
    young: Generation,
    young_bytes: usize,
    old: Generation,
}

struct Entry {
    /// `None` while somebody has it; the place is kept for it.
    state: Option<Box<dyn Any + Send>>,
    bytes: usize,
    /// Whether the state holds personal data.
    is_personal: bool,
}

/// A state on its way into the cache.
struct Kept {
    state: Box<dyn Any + Send>,
    bytes: usize,
    is_personal: bool,
}

impl Shard {
    fn take(&mut self, stream: &StreamId) -> Option<Box<dyn Any + Send>> {
        let entry = self.young.get_mut(stream).or_else(|| self.old.get_mut(stream))?;
        entry.state.take()
    }

    /// The state, which counts as used.
    fn get(&mut self, stream: &StreamId) -> Option<&(dyn Any + Send)> {
        if !self.young.contains_key(stream) {
            let (stream, entry) = self.old.remove_entry(stream)?;
            // Its bytes were in a young generation before, so that there is no need to make room for it at once.
            self.young_bytes += entry.bytes;
            self.young.insert(stream, entry);
        }
        self.young.get(stream)?.state.as_deref()
    }

    /// Puts a state in. Answers what goes for it, to be dropped without the lock.
    fn put(&mut self, stream: &StreamId, kept: Kept, young_bytes_max: usize) -> Gone {
        let Kept { state, bytes, is_personal } = kept;
        let mut gone = Gone::default();
        if let Some(entry) = self.young.get_mut(stream) {
            self.young_bytes = self.young_bytes - entry.bytes + bytes;
            (entry.bytes, entry.is_personal) = (bytes, is_personal);
            gone.state = entry.state.replace(state);
        } else {
            let (stream, entry) = match self.old.remove_entry(stream) {
                Some((stream, entry)) => (stream, entry),
                None => (stream.clone(), Entry { state: None, bytes, is_personal }),
            };
            gone.state = entry.state;
            self.young_bytes += bytes;
            self.young.insert(stream, Entry { state: Some(state), bytes, is_personal });
        }
        if self.young_bytes > young_bytes_max {
            gone.generation = std::mem::replace(&mut self.old, std::mem::take(&mut self.young));
            self.young_bytes = 0;
        }
        gone
    }

    /// Takes all states with personal data out, to be dropped without the lock.
    fn forget_personal(&mut self) -> Vec<(StreamId, Entry)> {
        let mut gone: Vec<_> = self.young.extract_if(|_, entry| entry.is_personal).collect();
        self.young_bytes -= gone.iter().map(|(_, entry)| entry.bytes).sum::<usize>();
        gone.extend(self.old.extract_if(|_, entry| entry.is_personal));
        gone
    }
}

/// What leaves the cache.
#[derive(Default)]
struct Gone {
    state: Option<Box<dyn Any + Send>>,
    generation: Generation,
}

impl StateCache {
    pub(super) fn new(bytes_max: u64) -> Self {
        let bytes_max = usize::try_from(bytes_max).unwrap_or(usize::MAX);
        Self {
            shards: Default::default(),
            hasher: RandomState::default(),
            young_bytes_max: bytes_max / (2 * SHARDS),
            erasures: AtomicU64::new(0),
            erasing: AtomicUsize::new(0),
        }
    }

    /// How many persons were erased. A state takes note of it before any personal data of it is read or sealed.
    pub(super) fn erasures(&self) -> u64 {
        self.erasures.load(Ordering::SeqCst)
    }

    /// Whether a state holds no personal data, or nobody was erased since it was loaded.
    pub(super) fn is_current<A: Aggregate>(&self, loaded: &Loaded<A>) -> bool {
        !loaded.is_personal || loaded.erasures == self.erasures()
    }

    /// Somebody is going to be erased: what this answers forgets the states when it is dropped.
    pub(super) fn erasing(&self) -> Erasing<'_> {
        self.erasing.fetch_add(1, Ordering::SeqCst);
        Erasing { cache: self, is_needed: true }
    }

    /// Somebody was erased: every state with personal data that was loaded before is forgotten, also one that somebody
    /// holds.
    fn forget_personal(&self) {
        self.erasures.fetch_add(1, Ordering::SeqCst);
        for shard in &self.shards {
            let forgotten = shard.lock().forget_personal();
            drop(forgotten);
        }
    }

    /// Takes a state out.
    pub(super) fn take<A: Aggregate>(&self, stream: &StreamId) -> Option<Box<Loaded<A>>> {
        let state = self.shard(stream).lock().take(stream)?;
        state.downcast().ok().filter(|loaded| self.is_current(loaded))
    }

    /// A copy of a state; `None` also while a driver has it.
    pub(super) fn copy<A: Aggregate>(&self, stream: &StreamId) -> Option<Box<Loaded<A>>> {
        let mut shard = self.shard(stream).lock();
        let loaded: &Loaded<A> = shard.get(stream)?.downcast_ref()?;
        self.is_current(loaded).then(|| Box::new(loaded.clone()))
    }

    /// Puts a state in, unless somebody was erased since it was loaded.
    pub(super) fn put<A: Aggregate>(&self, stream: &StreamId, loaded: Box<Loaded<A>>) {
        // Events fold into less than half of their size.
        let bytes = (loaded.folded_bytes / 2).min(STATE_BYTES_MAX) + loaded.window.bytes() + ENTRY_BYTES;
        if bytes > self.young_bytes_max {
            return;
        }
        let mut shard = self.shard(stream).lock();
        // Under the lock, so that nobody who is erased meanwhile comes back.
        if self.is_current(&loaded) {
            let kept = Kept { bytes, is_personal: loaded.is_personal, state: loaded };
            let gone = shard.put(stream, kept, self.young_bytes_max);
            drop(shard);
            drop(gone);
        }
    }

    fn shard(&self, stream: &StreamId) -> &Mutex<Shard> {
        let hash = self.hasher.hash_one(stream.as_str());
        &self.shards[usize::try_from(hash >> 32).unwrap_or(0) % SHARDS]
    }
}

/// An erasure that is under way.
pub(super) struct Erasing<'a> {
    cache: &'a StateCache,
    is_needed: bool,
}

impl Erasing<'_> {
    /// The person had been erased before this began, so that the states were forgotten then; unless another erasure is
    /// under way, which may be the one that has just erased the person and is yet to forget them.
    pub(super) fn not_needed(mut self) {
        self.is_needed = self.cache.erasing.load(Ordering::SeqCst) > 1;
    }
}

impl Drop for Erasing<'_> {
    fn drop(&mut self) {
        if self.is_needed {
            self.cache.forget_personal();
        }
        self.cache.erasing.fetch_sub(1, Ordering::SeqCst);
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

    fn plain(state: impl Any + Send, bytes: usize) -> Kept {
        Kept { state: Box::new(state), bytes, is_personal: false }
    }

    fn kept(shard: &Shard) -> usize {
        shard.young.len() + shard.old.len()
    }

    #[test]
    fn it_is_bounded_and_keeps_what_is_used() {
        let mut shard = Shard::default();
        shard.put(&stream(0), plain(0, 10), 100);
        for number in 1..1_000_usize {
            shard.put(&stream(number), plain(number, 10), 100);
            if number % 2 == 0 {
                let used = shard.take(&stream(0)).unwrap_or_else(|| panic!("forgotten after {number}"));
                assert!(shard.take(&stream(0)).is_none(), "it is with one at a time");
                shard.put(&stream(0), Kept { state: used, ..plain((), 10) }, 100);
            } else {
                assert!(shard.get(&stream(0)).is_some(), "forgotten after {number}");
            }
            assert!(kept(&shard) <= 24, "{}", kept(&shard));
            assert_eq!(shard.young_bytes, shard.young.len() * 10);
        }
        assert!(shard.take(&stream(500)).is_none());
        assert_eq!(shard.take(&stream(999)).unwrap().downcast_ref(), Some(&999_usize));
    }

    #[test]
    fn a_state_that_comes_back_later_than_its_place_is_there_is_kept() {
        let mut shard = Shard::default();
        shard.put(&stream(0), plain(0, 10), 100);
        let held = shard.take(&stream(0)).unwrap();
        (1..100).for_each(|number| drop(shard.put(&stream(number), plain((), 10), 100)));
        shard.put(&stream(0), Kept { state: held, ..plain((), 40) }, 100);
        assert!(shard.take(&stream(0)).is_some());
    }

    #[test]
    fn a_state_that_grows_counts_as_what_it_is() {
        let mut shard = Shard::default();
        for bytes in [10, 90, 20] {
            shard.put(&stream(0), plain(bytes, bytes), 100);
            assert_eq!(shard.young_bytes, bytes);
        }
        shard.put(&stream(1), plain((), 90), 100);
        assert_eq!((shard.young.len(), shard.old.len(), shard.young_bytes), (0, 2, 0));
    }

    #[test]
    fn only_states_with_personal_data_are_forgotten() {
        let mut shard = Shard::default();
        for number in 0..8 {
            // The first five are in the old generation by the end.
            shard.put(&stream(number), Kept { is_personal: number % 2 == 0, ..plain(number, 20) }, 80);
        }
        assert_eq!((shard.old.len(), shard.young.len()), (5, 3));
        let gone = shard.forget_personal();
        assert_eq!(gone.len(), 4);
        for number in 0..8 {
            assert_eq!(shard.take(&stream(number)).is_some(), number % 2 == 1, "{number}");
        }
        assert_eq!(shard.young_bytes, shard.young.len() * 20);
    }

    #[test]
    fn a_repeated_erasure_forgets_if_the_first_one_has_not_yet() {
        let cache = StateCache::new(1 << 20);
        let first = cache.erasing();
        cache.erasing().not_needed();
        assert_eq!(cache.erasures(), 1, "the first one may have destroyed the key and not forgotten the states");
        drop(first);
        assert_eq!(cache.erasures(), 2);
        cache.erasing().not_needed();
        assert_eq!(cache.erasures(), 2, "whoever was erased before this began is forgotten");
    }
}
