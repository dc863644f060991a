//! Which commands a stream has answered: folded from the metadata of its events, so that idempotency needs no table.
//!
//! Remembered are the newest commands, and those with a `not_after` until it has passed; see [`timed`].
//!
//! **Invariant:** what is remembered follows from the stream's events alone, so that all nodes and all replays agree.

mod stored;
mod timed;

pub use timed::{NOT_AFTER_AHEAD_MAX, NOT_AFTER_GRACE, TIMED_COMMANDS_MAX};

use super::Fingerprint;
use crate::stream::{Position, Revision};
use chrono::{DateTime, Utc};
use foldhash::fast::RandomState;
use std::collections::{HashMap, VecDeque};
use timed::TimedCommands;
use uuid::Uuid;

/// How many commands a stream remembers at least: the newest ones. Within this window a repeated command has one effect.
pub const COMMANDS_REMEMBERED: usize = 1_024;

/// Up to this many entries a search from the newest beats a hash table.
const SEARCHED_UP_TO: usize = 8;

/// What a remembered command did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answered {
    pub(crate) command_id: Uuid,
    /// Absent if the event's metadata names a command without one.
    pub(crate) fingerprint: Option<Fingerprint>,
    pub(crate) events: usize,
    pub(crate) last_revision: Revision,
    /// Unknown while its append is on its way.
    pub(crate) position: Option<Position>,
    /// Until when it is remembered even if it is not among the newest; only for a command with a `not_after`.
    pub(crate) until: Option<DateTime<Utc>>,
}

/// What the metadata of an event says of the command that caused it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cause {
    pub(crate) command_id: Uuid,
    pub(crate) fingerprint: Option<Fingerprint>,
    pub(crate) not_after: Option<DateTime<Utc>>,
}

/// The remembered commands of one stream.
#[derive(Debug, Clone, Default)]
pub(crate) struct CommandWindow {
    /// The newest commands, oldest first.
    entries: VecDeque<Answered>,
    /// How many entries were dropped at the front; an entry's number is its index plus this.
    dropped: u64,
    /// Entry numbers by command; kept only while there are many entries.
    index: HashMap<Uuid, u64, RandomState>,
    /// How far the stream's own time has come.
    time: DateTime<Utc>,
    /// The commands with a `not_after`; most streams have none.
    timed: Option<Box<TimedCommands>>,
}

impl CommandWindow {
    /// Lets the stream's time go on to that of its next event, and forgets what is over by then. Time never goes back.
    pub(crate) fn pass(&mut self, time: DateTime<Utc>) {
        self.time = self.time.max(time);
        if let Some(timed) = &mut self.timed {
            timed.forget_before(self.time);
            if timed.is_empty() {
                self.timed = None;
            }
        }
    }

    /// True if a command that is valid until then would be forgotten as soon as it was no more among the newest.
    pub(crate) fn is_beyond(&self, not_after: DateTime<Utc>) -> bool {
        timed::end_of_memory(not_after, self.time) < self.time
    }

    /// Takes note of one more event of a command; the events of one command stand together.
    pub(crate) fn note(&mut self, cause: Cause, revision: Revision, position: Position) {
        let Cause { command_id, fingerprint, not_after } = cause;
        match self.entries.back_mut() {
            Some(last) if last.command_id == command_id => {
                last.events += 1;
                last.last_revision = revision;
                last.position = Some(position);
            }
            _ => {
                let (position, until) = (Some(position), self.until(not_after));
                self.push(Answered { command_id, fingerprint, events: 1, last_revision: revision, position, until });
            }
        }
    }

    /// Until when a command that the stream answers now is remembered for its `not_after`.
    pub(crate) fn until(&self, not_after: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        not_after.map(|not_after| timed::end_of_memory(not_after, self.time))
    }

    /// Takes note of a command that the stream answers now.
    pub(crate) fn push(&mut self, answered: Answered) {
        if self.entries.len() == COMMANDS_REMEMBERED
            && let Some(oldest) = self.entries.pop_front()
        {
            // The command may have been sent again after it had left the window; then the index names the newer entry.
            if self.index.get(&oldest.command_id) == Some(&self.dropped) {
                self.index.remove(&oldest.command_id);
            }
            if let Some(timed) = &mut self.timed {
                timed.hold(self.dropped, oldest);
            }
            self.dropped += 1;
        }
        if let Some(until) = answered.until {
            let number = self.dropped + u64::try_from(self.entries.len()).unwrap_or(u64::MAX);
            self.timed.get_or_insert_default().add(until, number, answered.command_id);
        }
        self.entries.push_back(answered);
        if self.entries.len() > SEARCHED_UP_TO {
            if self.index.is_empty() {
                let numbers = self.dropped..;
                self.index.extend(self.entries.iter().map(|entry| entry.command_id).zip(numbers));
            } else {
                let number = self.dropped + u64::try_from(self.entries.len() - 1).unwrap_or(u64::MAX);
                self.index.insert(answered.command_id, number);
            }
        }
    }

    /// Takes a command back from a snapshot that was not among the newest any more, before any that was.
    fn restore_held(&mut self, answered: Answered) {
        if let Some(until) = answered.until {
            let timed = self.timed.get_or_insert_default();
            timed.add(until, self.dropped, answered.command_id);
            timed.hold(self.dropped, answered);
            self.dropped += 1;
        }
    }

    /// What it takes in memory, about.
    pub(crate) fn bytes(&self) -> usize {
        let timed = self.timed.as_ref().map_or(0, |timed| timed.bytes());
        self.entries.len() * size_of::<Answered>() + self.index.len() * 40 + timed
    }

    /// True if one more command with a `not_after` can be remembered at this time.
    pub(crate) fn has_room_for_timed(&self, now: DateTime<Utc>) -> bool {
        let live = self.timed.as_ref().map_or(0, |timed| timed.live_at(self.time.max(now)));
        live < TIMED_COMMANDS_MAX
    }

    /// The remembered command.
    pub(crate) fn get(&self, command_id: Uuid) -> Option<&Answered> {
        self.among_newest(command_id).or_else(|| self.timed.as_ref()?.held(command_id))
    }

    fn among_newest(&self, command_id: Uuid) -> Option<&Answered> {
        if self.entries.len() <= SEARCHED_UP_TO {
            return self.entries.iter().rev().find(|entry| entry.command_id == command_id);
        }
        let number = self.index.get(&command_id)?;
        self.entries.get(usize::try_from(number - self.dropped).ok()?)
    }

    /// Takes note of where a command's last event came to stand.
    pub(crate) fn settle(&mut self, command_id: Uuid, position: Position) {
        // The entry is among the newest, since the pipeline is far shorter than the window.
        if let Some(entry) = self.entries.iter_mut().rev().find(|entry| entry.command_id == command_id) {
            entry.position = Some(position);
        }
    }
}

#[cfg(test)]
mod tests;
