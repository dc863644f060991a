//! Which commands a stream has answered: folded from the metadata of its events, so that idempotency needs no table.

use super::Fingerprint;
use crate::stream::{Position, Revision};
use std::collections::{HashMap, VecDeque};
use uuid::Uuid;

/// How many commands a stream remembers: the newest ones. Within this window a repeated command has one effect.
pub const COMMANDS_REMEMBERED: usize = 1_024;

/// Up to this many entries a search from the newest beats a hash table.
const SEARCHED_UP_TO: usize = 24;

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
}

/// The newest commands of one stream, oldest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct CommandWindow {
    entries: VecDeque<Answered>,
    /// How many entries were dropped at the front; an entry's number is its index plus this.
    dropped: u64,
    /// Entry numbers by command; kept only while there are many entries.
    index: HashMap<Uuid, u64>,
}

impl CommandWindow {
    /// Takes note of one more event of a command; the events of one command stand together.
    pub(crate) fn note(
        &mut self,
        command_id: Uuid,
        fingerprint: Option<Fingerprint>,
        revision: Revision,
        position: Position,
    ) {
        match self.entries.back_mut() {
            Some(last) if last.command_id == command_id => {
                last.events += 1;
                last.last_revision = revision;
                last.position = Some(position);
            }
            _ => self.push(Answered {
                command_id,
                fingerprint,
                events: 1,
                last_revision: revision,
                position: Some(position),
            }),
        }
    }

    /// Takes note of a command whose events are on their way.
    pub(crate) fn push(&mut self, answered: Answered) {
        if self.entries.len() == COMMANDS_REMEMBERED
            && let Some(oldest) = self.entries.pop_front()
        {
            // The command may have been sent again after it had left the window; then the index names the newer entry.
            if self.index.get(&oldest.command_id) == Some(&self.dropped) {
                self.index.remove(&oldest.command_id);
            }
            self.dropped += 1;
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

    /// What it takes in memory, about.
    pub(crate) fn bytes(&self) -> usize {
        self.entries.len() * size_of::<Answered>() + self.index.len() * 40
    }

    /// The remembered command.
    pub(crate) fn get(&self, command_id: Uuid) -> Option<&Answered> {
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
mod tests {
    use super::*;

    fn id(number: usize) -> Uuid {
        Uuid::from_u128(u128::try_from(number).unwrap() + 1)
    }

    fn noted(commands: usize) -> CommandWindow {
        let mut window = CommandWindow::default();
        for number in 0..commands {
            let place = u64::try_from(number).unwrap();
            window.note(id(number), None, Revision(place), Position(place + 1));
        }
        window
    }

    #[test]
    fn every_command_within_the_window_is_found_and_none_beyond_it() {
        for commands in [1, SEARCHED_UP_TO, SEARCHED_UP_TO + 1, COMMANDS_REMEMBERED, COMMANDS_REMEMBERED * 2 + 7] {
            let window = noted(commands);
            for number in 0..commands {
                let expected = (number + COMMANDS_REMEMBERED >= commands).then(|| u64::try_from(number).unwrap());
                let found = window.get(id(number)).map(|entry| entry.last_revision.0);
                assert_eq!(found, expected, "command {number} of {commands}");
            }
            assert_eq!(window.get(id(commands)), None);
        }
    }

    #[test]
    fn events_of_one_command_are_one_entry() {
        let mut window = noted(1);
        window.note(id(0), None, Revision(1), Position(9));
        let entry = window.get(id(0)).unwrap();
        assert_eq!((entry.events, entry.last_revision, entry.position), (2, Revision(1), Some(Position(9))));
    }

    #[test]
    fn a_command_that_came_again_after_leaving_the_window_is_found_at_its_newer_place() {
        let mut window = noted(COMMANDS_REMEMBERED + 1);
        window.note(id(0), None, Revision(5_000), Position(5_001));
        for number in 0..10 {
            window.note(id(10_000 + number), None, Revision(6_000), Position(6_001));
        }
        assert_eq!(window.get(id(0)).map(|entry| entry.last_revision), Some(Revision(5_000)));
    }
}
