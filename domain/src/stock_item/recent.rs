//! A bounded memory of business ids, cheap to clone however long it is.
//!
//! Old entries stand in shared, sorted blocks that never change; only the newest block is copied with the state.

use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// Entries of one block: few, so that a clone copies little; not too few, since a lookup may search every block.
const BLOCK: usize = 512;

/// The newest ids with what is known of each: at least `MIN` of them once there were so many, and fewer than
/// `MIN` + 1,024.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(deserialize = "K: Ord + serde::de::DeserializeOwned, V: serde::de::DeserializeOwned"))]
pub(super) struct Recent<K, V, const MIN: usize> {
    /// Full blocks, oldest first, each sorted by id.
    full: VecDeque<Arc<[(K, V)]>>,
    newest: BTreeMap<K, V>,
}

impl<K, V, const MIN: usize> Default for Recent<K, V, MIN> {
    fn default() -> Self {
        Self { full: VecDeque::new(), newest: BTreeMap::new() }
    }
}

impl<K: Ord, V, const MIN: usize> Recent<K, V, MIN> {
    /// What is known of an id, if it is remembered.
    pub(super) fn get(&self, id: &K) -> Option<&V> {
        self.newest.get(id).or_else(|| {
            self.full.iter().rev().find_map(|block| {
                let index = block.binary_search_by(|(known, _)| known.cmp(id)).ok()?;
                block.get(index).map(|(_, value)| value)
            })
        })
    }

    /// Remembers an id, and forgets the oldest ones beyond the bound.
    pub(super) fn remember(&mut self, id: K, value: V) {
        self.newest.insert(id, value);
        if self.newest.len() < BLOCK {
            return;
        }
        self.full.push_back(std::mem::take(&mut self.newest).into_iter().collect());
        while self.full.len().saturating_sub(1) * BLOCK >= MIN {
            self.full.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIN: usize = 1_024;

    fn filled(count: u32) -> Recent<u32, u32, MIN> {
        let mut recent = Recent::default();
        // Not in order of the ids, as derived ids are not.
        (0..count).for_each(|n| recent.remember(n.reverse_bits(), n));
        recent
    }

    #[test]
    fn the_newest_ids_are_remembered_with_their_values() {
        let recent = filled(5_000);
        for n in 5_000 - u32::try_from(MIN).unwrap()..5_000 {
            assert_eq!(recent.get(&n.reverse_bits()), Some(&n), "{n}");
        }
        assert_eq!(recent.get(&5_000_u32.reverse_bits()), None);
    }

    #[test]
    fn the_memory_is_bounded() {
        for count in [0, 511, 512, 1_535, 1_536, 2_048, 5_000] {
            let recent = filled(count);
            let remembered = (0..count).filter(|n| recent.get(&n.reverse_bits()).is_some()).count();
            assert_eq!(remembered, recent.full.len() * BLOCK + recent.newest.len());
            assert!(remembered < MIN + 2 * BLOCK, "{remembered} of {count}");
            assert!(remembered >= MIN.min(usize::try_from(count).unwrap()), "{remembered} of {count}");
        }
    }

    #[test]
    fn the_memory_survives_storage() {
        for count in [0, 3, 512, 5_000] {
            let recent = filled(count);
            let stored = serde_json::to_string(&recent).unwrap();
            let read: Recent<u32, u32, MIN> = serde_json::from_str(&stored).unwrap();
            assert_eq!(read, recent);
        }
    }

    #[test]
    fn a_clone_shares_what_is_old() {
        let recent = filled(600);
        let clone = recent.clone();
        assert!(Arc::ptr_eq(&recent.full[0], &clone.full[0]));
    }
}
