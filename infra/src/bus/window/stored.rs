//! The form in which remembered commands are kept in a snapshot: rows without names, since there may be thousands.

use super::{Answered, COMMANDS_REMEMBERED, CommandWindow, TIMED_COMMANDS_MAX};
use crate::{
    bus::Fingerprint,
    stream::{Position, Revision},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use uuid::Uuid;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    time: DateTime<Utc>,
    /// Those with a `not_after` that are not among the newest any more, oldest first.
    held: Vec<Row>,
    /// Oldest first.
    newest: Vec<Row>,
}

#[derive(Serialize, Deserialize)]
struct Row(
    #[serde(with = "uuid::serde::simple")] Uuid,
    Option<Fingerprint>,
    usize,
    Revision,
    Option<Position>,
    Option<DateTime<Utc>>,
);

impl From<&Answered> for Row {
    fn from(answered: &Answered) -> Self {
        let Answered { command_id, fingerprint, events, last_revision, position, until } = *answered;
        Self(command_id, fingerprint, events, last_revision, position, until)
    }
}

impl From<Row> for Answered {
    fn from(Row(command_id, fingerprint, events, last_revision, position, until): Row) -> Self {
        Self { command_id, fingerprint, events, last_revision, position, until }
    }
}

impl Serialize for CommandWindow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let held = self.timed.as_ref().map_or_else(Vec::new, |timed| timed.all_held());
        let stored = Stored {
            time: self.time,
            held: held.iter().map(Row::from).collect(),
            newest: self.entries.iter().map(Row::from).collect(),
        };
        stored.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CommandWindow {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stored = Stored::deserialize(deserializer)?;
        if stored.newest.len() > COMMANDS_REMEMBERED || stored.held.len() > TIMED_COMMANDS_MAX {
            return Err(D::Error::custom("more commands than a stream remembers"));
        }
        let mut window = Self { time: stored.time, ..Self::default() };
        stored.held.into_iter().for_each(|row| window.restore_held(row.into()));
        stored.newest.into_iter().for_each(|row| window.push(row.into()));
        Ok(window)
    }
}
