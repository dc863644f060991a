//! Where streams end, for the streams that were written to lately.

use super::super::check::Last;
use crate::stream::StreamId;
use foldhash::fast::RandomState;
use std::collections::HashMap;

/// A stream as the writer needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// Its key in the file.
    pub(super) key: i64,
    /// Its last event.
    pub(super) last: Option<Last>,
}

/// A bounded cache in two generations: when the young one is full it becomes the old one, and the old one goes. That keeps
/// what was used lately about as well as a list in order of use, at the cost of one hash map.
#[derive(Debug)]
pub(super) struct Heads {
    young: HashMap<StreamId, Head, RandomState>,
    old: HashMap<StreamId, Head, RandomState>,
    generation_max: usize,
}

impl Heads {
    /// Holds at most twice `generation_max` streams.
    pub(super) fn new(generation_max: usize) -> Self {
        Self { young: HashMap::default(), old: HashMap::default(), generation_max: generation_max.max(1) }
    }

    pub(super) fn get(&mut self, stream: &StreamId) -> Option<Head> {
        if let Some(head) = self.young.get(stream) {
            return Some(*head);
        }
        let (stream, head) = self.old.remove_entry(stream)?;
        self.remember(stream, head);
        Some(head)
    }

    pub(super) fn insert(&mut self, stream: &StreamId, head: Head) {
        if let Some(known) = self.young.get_mut(stream) {
            *known = head;
        } else {
            self.remember(stream.clone(), head);
        }
    }

    /// The stream must not be among the young ones.
    fn remember(&mut self, stream: StreamId, head: Head) {
        if self.young.len() >= self.generation_max {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(stream, head);
    }

    /// Forgets all, after a transaction whose heads did not come true.
    pub(super) fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::Revision;
    use uuid::Uuid;

    fn stream(number: i64) -> StreamId {
        StreamId::new("order", &number.to_string()).unwrap()
    }

    fn last(revision: u64) -> Option<Last> {
        Some(Last { revision: Revision(revision), event_id: Uuid::from_u128(u128::from(revision)) })
    }

    fn head(key: i64) -> Head {
        Head { key, last: last(0) }
    }

    #[test]
    fn it_is_bounded_and_keeps_what_is_used() {
        let mut heads = Heads::new(10);
        heads.insert(&stream(0), head(0));
        for number in 1..1_000 {
            heads.insert(&stream(number), head(number));
            assert_eq!(heads.get(&stream(0)), Some(head(0)), "after {number}");
            assert_eq!(heads.get(&stream(number)), Some(head(number)));
            assert!(heads.young.len() + heads.old.len() <= 20);
        }
        assert_eq!(heads.get(&stream(500)), None);
    }

    #[test]
    fn the_newest_head_wins_over_the_old_generation() {
        let mut heads = Heads::new(1);
        heads.insert(&stream(1), head(1));
        heads.insert(&stream(2), head(2));
        heads.insert(&stream(1), Head { key: 1, last: last(7) });
        assert_eq!(heads.get(&stream(1)).unwrap().last, last(7));
        heads.clear();
        assert_eq!(heads.get(&stream(1)), None);
    }
}
