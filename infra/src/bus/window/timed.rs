//! Commands with a `not_after` are remembered until then, however many commands follow: whoever sent one may send it again
//! as long as it is valid.
//!
//! The clock that ends it is the stream's own: the newest time in the ids of its events, which are UUIDv7 and tell when
//! each was decided. So what is remembered follows from the stream alone, is known to the node that decides before the log
//! has answered, and is the same for every node and every replay.

use super::Answered;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// The most commands with a `not_after` that one stream remembers for it; a further one is refused.
pub const TIMED_COMMANDS_MAX: usize = 4_096;
/// How far ahead a `not_after` may be; a command with a later one is refused.
pub const NOT_AFTER_AHEAD_MAX: TimeDelta = TimeDelta::hours(48);
/// How much longer than its `not_after` a command is remembered. The clocks of the nodes must not be further apart: a node
/// whose clock is behind would otherwise take a command to be valid that another node's events have made forgotten.
pub const NOT_AFTER_GRACE: TimeDelta = TimeDelta::minutes(5);

/// The commands of one stream whose `not_after`, and the grace behind it, is not over.
#[derive(Debug, Clone, Default)]
pub(super) struct TimedCommands {
    /// All of them by the end of their memory and their number in the stream.
    ends: BTreeMap<(DateTime<Utc>, u64), Uuid>,
    /// Those that are not among the newest commands any more, with their number.
    held: HashMap<Uuid, (u64, Answered)>,
}

impl TimedCommands {
    /// Takes note of a command that has become the newest one.
    pub(super) fn add(&mut self, until: DateTime<Utc>, number: u64, command_id: Uuid) {
        self.ends.insert((until, number), command_id);
        // The bus takes no command beyond the bound; only a stream that another program wrote to comes here.
        if self.ends.len() > TIMED_COMMANDS_MAX {
            self.forget_first();
        }
    }

    /// Keeps a command that is no longer among the newest, if it is one of these.
    pub(super) fn hold(&mut self, number: u64, answered: Answered) {
        if answered.until.is_some_and(|until| self.ends.contains_key(&(until, number))) {
            self.held.insert(answered.command_id, (number, answered));
        }
    }

    /// Forgets what is over at a time.
    pub(super) fn forget_before(&mut self, now: DateTime<Utc>) {
        while self.ends.first_key_value().is_some_and(|(&(end, _), _)| end < now) {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        if let Some(((_, number), command_id)) = self.ends.pop_first()
            && self.held.get(&command_id).is_some_and(|&(held, _)| held == number)
        {
            self.held.remove(&command_id);
        }
    }
    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// A command that is kept though it is not among the newest.
    pub(super) fn held(&self, command_id: Uuid) -> Option<&Answered> {
        self.held.get(&command_id).map(|(_, answered)| answered)
    }

    /// The kept commands that are not among the newest, oldest first.
    pub(super) fn all_held(&self) -> Vec<Answered> {
        let mut held: Vec<_> = self.held.values().copied().collect();
        held.sort_unstable_by_key(|&(number, _)| number);
        held.into_iter().map(|(_, answered)| answered).collect()
    }

    /// How many are not over at a time.
    pub(super) fn live_at(&self, now: DateTime<Utc>) -> usize {
        // What is over and not yet forgotten is forgotten with the stream's next event, so that these are few.
        self.ends.len() - self.ends.keys().take_while(|&&(until, _)| until < now).count()
    }

    /// What it takes in memory, about.
    pub(super) fn bytes(&self) -> usize {
        self.ends.len() * 48 + self.held.len() * (size_of::<Answered>() + 40)
    }
}

/// Until when a command is remembered that was answered `now` by the stream's time. One that another program wrote is not
/// remembered for ever either.
pub(super) fn end_of_memory(not_after: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    let latest = now.checked_add_signed(NOT_AFTER_AHEAD_MAX + NOT_AFTER_GRACE).unwrap_or(DateTime::<Utc>::MAX_UTC);
    not_after.min(latest).checked_add_signed(NOT_AFTER_GRACE).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
