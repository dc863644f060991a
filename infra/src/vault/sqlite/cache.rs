//! The keys that were used lately, bounded: two generations, of which the older is dropped when the younger is full.

use crate::vault::{Key, KeyState};
use std::{collections::HashMap, sync::Arc};
use tillroll_domain::ids::SubjectId;

type Slot = (Box<str>, SubjectId);

/// What is known for sure without asking the file: a key that is durable, or an erasure. That a key is missing is not kept.
#[derive(Debug, Clone)]
enum Known {
    Key(Arc<Key>),
    Erased,
}

impl From<Known> for KeyState {
    fn from(known: Known) -> Self {
        match known {
            Known::Key(key) => Self::Known(key),
            Known::Erased => Self::Erased,
        }
    }
}

/// The cache. A key that leaves it is overwritten in memory as soon as nobody uses it any more.
#[derive(Debug)]
pub(super) struct KeyCache {
    per_generation: usize,
    young: HashMap<Slot, Known>,
    old: HashMap<Slot, Known>,
}

impl KeyCache {
    /// Holds `entries_max` entries at most, and at least two.
    pub(super) fn new(entries_max: usize) -> Self {
        Self { per_generation: (entries_max / 2).max(1), young: HashMap::new(), old: HashMap::new() }
    }

    pub(super) fn get(&mut self, tenant: &str, subject: SubjectId) -> Option<KeyState> {
        let slot = (tenant.into(), subject);
        if let Some(known) = self.young.get(&slot) {
            return Some(known.clone().into());
        }
        let known = self.old.remove(&slot)?;
        self.insert(slot, known.clone());
        Some(known.into())
    }

    /// Takes note of what the file holds.
    pub(super) fn note(&mut self, tenant: &str, subject: SubjectId, state: &KeyState) {
        let slot = (tenant.into(), subject);
        match state {
            KeyState::Known(key) => self.insert(slot, Known::Key(key.clone())),
            KeyState::Erased => self.insert(slot, Known::Erased),
            KeyState::Missing => {}
        }
    }

    /// Drops what may no longer be true.
    pub(super) fn forget(&mut self, tenant: &str, subject: SubjectId) {
        let slot = (tenant.into(), subject);
        self.young.remove(&slot);
        self.old.remove(&slot);
    }

    fn insert(&mut self, slot: Slot, known: Known) {
        self.old.remove(&slot);
        if self.young.len() >= self.per_generation && !self.young.contains_key(&slot) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(slot, known);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ambient::Ambient, vault::conformance::subject};

    #[test]
    fn it_is_bounded_and_keeps_what_is_used() {
        let ambient = Ambient::system();
        let mut cache = KeyCache::new(10);
        for number in 0..1_000 {
            let key = KeyState::Known(Key::random(&*ambient.randomness));
            cache.note("default", subject(number), &key);
            assert!(cache.get("default", subject(0)).is_some(), "subject 0 is used all the time");
            assert!(cache.young.len() + cache.old.len() <= 10);
        }
        assert!(cache.get("default", subject(1)).is_none());
    }

    #[test]
    fn a_key_is_gone_once_it_is_forgotten() {
        let mut cache = KeyCache::new(2);
        let key = Key::random(&*Ambient::system().randomness);
        cache.note("default", subject(1), &KeyState::Known(key.clone()));
        cache.note("default", subject(2), &KeyState::Erased);
        cache.note("default", subject(3), &KeyState::Missing);
        assert!(matches!(cache.get("default", subject(2)), Some(KeyState::Erased)));
        assert!(cache.get("default", subject(3)).is_none());
        cache.note("default", subject(1), &KeyState::Known(key.clone()));
        cache.forget("default", subject(1));
        assert!(cache.get("default", subject(1)).is_none());
        assert_eq!(Arc::strong_count(&key), 1, "nobody else holds the key, so dropping it overwrites it");
    }
}
