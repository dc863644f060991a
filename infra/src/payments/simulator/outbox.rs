//! The messages that the simulated provider has yet to deliver. Pure: time comes from the caller.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use tillroll_domain::text::Reference;

/// The most messages that wait; beyond that the oldest is given up.
const MESSAGES_MAX: usize = 100_000;
/// How long to wait after the first failed delivery; twice as long after each further one.
const RETRY_FIRST: TimeDelta = TimeDelta::seconds(1);
/// How long to wait at most.
const RETRY_LAST: TimeDelta = TimeDelta::minutes(5);

/// One delivery of a message. A message that is sent several times has several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Outgoing {
    /// Its number in the outbox.
    pub(super) no: u64,
    /// The provider's id of the message.
    pub(super) message_id: Reference,
    /// What is signed anew for each attempt.
    pub(super) body: String,
    /// When it is sent, or sent again.
    pub(super) due_at: DateTime<Utc>,
    /// How often that failed.
    #[serde(default)]
    attempts: u32,
}

/// The deliveries in the order of their numbers, and by when they are due.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    next_no: u64,
    messages: BTreeMap<u64, Outgoing>,
    due: BTreeSet<(DateTime<Utc>, u64)>,
    /// Numbers that were added or changed since they were last taken.
    changed: BTreeSet<u64>,
}

impl Outbox {
    /// What was not delivered before. It is due when it was; a failed attempt of another life counts no more.
    pub(super) fn restored(messages: impl IntoIterator<Item = Outgoing>) -> Self {
        let mut outbox = Self::default();
        for message in messages {
            outbox.next_no = outbox.next_no.max(message.no + 1);
            outbox.insert(Outgoing { attempts: 0, ..message });
        }
        outbox
    }

    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    pub(super) fn add(&mut self, message_id: Reference, body: String, due_at: DateTime<Utc>) {
        if self.messages.len() >= MESSAGES_MAX
            && let Some((&oldest, _)) = self.messages.first_key_value()
        {
            tracing::warn!(messages_max = MESSAGES_MAX, "the simulated provider gives its oldest message up");
            self.acknowledged(oldest);
        }
        let no = self.next_no;
        self.next_no += 1;
        self.changed.insert(no);
        self.insert(Outgoing { no, message_id, body, due_at, attempts: 0 });
    }

    fn insert(&mut self, message: Outgoing) {
        self.due.insert((message.due_at, message.no));
        self.messages.insert(message.no, message);
    }

    /// What is due by then and not among the busy ones, the longest due first.
    pub(super) fn due(&self, now: DateTime<Utc>, busy: &BTreeSet<u64>, max: usize) -> Vec<Outgoing> {
        let due = self.due.iter().take_while(|(at, _)| *at <= now).filter(|(_, no)| !busy.contains(no));
        due.take(max).filter_map(|(_, no)| self.messages.get(no).cloned()).collect()
    }

    /// When the next one that is not busy is due.
    pub(super) fn next_due(&self, busy: &BTreeSet<u64>) -> Option<DateTime<Utc>> {
        self.due.iter().find(|(_, no)| !busy.contains(no)).map(|(at, _)| *at)
    }

    /// It arrived; it is not sent again.
    pub(super) fn acknowledged(&mut self, no: u64) {
        if let Some(message) = self.messages.remove(&no) {
            self.due.remove(&(message.due_at, no));
            self.changed.insert(no);
        }
    }

    /// It did not arrive, or nobody said so; it is sent again later.
    pub(super) fn refused(&mut self, no: u64, now: DateTime<Utc>) {
        let Some(mut message) = self.messages.remove(&no) else { return };
        self.due.remove(&(message.due_at, no));
        let wait = RETRY_FIRST.checked_mul(1 << message.attempts.min(16)).unwrap_or(RETRY_LAST).min(RETRY_LAST);
        message.attempts = message.attempts.saturating_add(1);
        message.due_at = now + wait;
        self.insert(message);
    }

    /// What became of each number since this was last asked: the delivery, or `None` once it is done.
    pub(super) fn take_changed(&mut self) -> Vec<(u64, Option<Outgoing>)> {
        let changed = std::mem::take(&mut self.changed);
        changed.into_iter().map(|no| (no, self.messages.get(&no).cloned())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn outbox(due: &[i64]) -> Outbox {
        let mut outbox = Outbox::default();
        for (index, seconds) in due.iter().enumerate() {
            outbox.add(format!("e{index}").parse().unwrap(), String::new(), at(*seconds));
        }
        outbox
    }

    fn due(outbox: &Outbox, now: i64) -> Vec<u64> {
        outbox.due(at(now), &BTreeSet::new(), 10).iter().map(|message| message.no).collect()
    }

    #[test]
    fn what_is_due_longest_goes_first() {
        let outbox = outbox(&[30, 10, 20, 40]);
        assert_eq!(due(&outbox, 9), [0_u64; 0]);
        assert_eq!(due(&outbox, 30), [1, 2, 0]);
        assert_eq!(outbox.next_due(&BTreeSet::new()), Some(at(10)));
        assert_eq!(outbox.next_due(&BTreeSet::from([1, 2])), Some(at(30)));
        let some = outbox.due(at(100), &BTreeSet::from([1]), 2);
        assert_eq!(some.iter().map(|message| message.no).collect::<Vec<_>>(), [2, 0]);
    }

    #[test]
    fn a_delivery_is_repeated_later_and_later_until_it_is_acknowledged() {
        let mut outbox = outbox(&[0]);
        let mut now = 0;
        for wait in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
            outbox.refused(0, at(now));
            assert_eq!(outbox.next_due(&BTreeSet::new()), Some(at(now + wait)));
            now += wait;
        }
        outbox.acknowledged(0);
        assert_eq!((outbox.len(), outbox.next_due(&BTreeSet::new())), (0, None));
        outbox.refused(0, at(now));
        assert_eq!(outbox.len(), 0, "what arrived is not sent again");
    }

    #[test]
    fn changes_are_taken_once() {
        let mut outbox = outbox(&[0, 0]);
        outbox.acknowledged(0);
        let changed = outbox.take_changed();
        assert_eq!(changed.iter().map(|(no, left)| (*no, left.is_some())).collect::<Vec<_>>(), [(0, false), (1, true)]);
        assert!(outbox.take_changed().is_empty());
    }

    #[test]
    fn what_was_restored_keeps_its_number_and_new_ones_follow() {
        let mut first = outbox(&[5, 6, 7]);
        first.acknowledged(0);
        first.refused(1, at(100));
        let kept: Vec<_> = first.take_changed().into_iter().filter_map(|(_, message)| message).collect();
        let mut restored = Outbox::restored(kept);
        assert_eq!(due(&restored, 200), [2, 1]);
        restored.add("e9".parse().unwrap(), String::new(), at(300));
        assert_eq!(due(&restored, 300), [2, 1, 3]);
    }
}
