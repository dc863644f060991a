//! Which processes there are, since when, and how far each has read the log: one stream per process.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tillroll_domain::{
    aggregate::{Aggregate, Moment},
    events,
};

events! {
    /// The history of a process as a whole.
    pub enum ProcessRegistrationEvent {
        ProcessEnabled = 1;
        ProcessCheckpointed = 1;
    }
}

/// A process was enabled. What the log held until then does not concern it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessEnabled {
    /// Where the log ended.
    pub position: u64,
    /// When.
    pub at: DateTime<Utc>,
}

/// All events up to a position were handled: what they meant to instances of the process is in their streams.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessCheckpointed {
    /// The position.
    pub position: u64,
    /// When.
    pub at: DateTime<Utc>,
}

/// The aggregate; the id of its stream is the process's category.
#[derive(Debug)]
pub struct ProcessRegistration;

/// Where a process goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registered {
    /// Everything up to here was handled or came before the process; `None` if it was never enabled.
    pub position: Option<u64>,
}

/// Commands on a process as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RegistrationCommand {
    /// Enable it. Silent if it is.
    Enable {
        /// Where the log ends.
        position: u64,
    },
    /// Note how far it has got. Silent if it had got there before.
    Checkpoint {
        /// The position.
        position: u64,
    },
}

/// Why a command was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RegistrationError {
    /// The process was never enabled.
    #[error("the process was never enabled")]
    NotEnabled,
}

impl Aggregate for ProcessRegistration {
    const CATEGORY: &'static str = "process";
    const STATE_VERSION: u16 = 1;
    type State = Registered;
    type Command = RegistrationCommand;
    type Event = ProcessRegistrationEvent;
    type Error = RegistrationError;

    fn initial() -> Registered {
        Registered::default()
    }

    fn decide(
        state: &Registered,
        command: &RegistrationCommand,
        moment: &Moment,
    ) -> Result<Vec<ProcessRegistrationEvent>, RegistrationError> {
        let at = moment.now;
        match (command, state.position) {
            (RegistrationCommand::Enable { .. }, Some(_)) => Ok(vec![]),
            (RegistrationCommand::Enable { position }, None) => {
                Ok(vec![ProcessEnabled { position: *position, at }.into()])
            }
            (RegistrationCommand::Checkpoint { .. }, None) => Err(RegistrationError::NotEnabled),
            (RegistrationCommand::Checkpoint { position }, Some(known)) if *position <= known => Ok(vec![]),
            (RegistrationCommand::Checkpoint { position }, Some(_)) => {
                Ok(vec![ProcessCheckpointed { position: *position, at }.into()])
            }
        }
    }

    fn evolve(_: Registered, event: &ProcessRegistrationEvent) -> Registered {
        let position = match event {
            ProcessRegistrationEvent::ProcessEnabled(e) => e.position,
            ProcessRegistrationEvent::ProcessCheckpointed(e) => e.position,
        };
        Registered { position: Some(position) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(
        history: &[ProcessRegistrationEvent],
        command: &RegistrationCommand,
    ) -> Result<Vec<ProcessRegistrationEvent>, RegistrationError> {
        let now = DateTime::UNIX_EPOCH;
        let moment = Moment { now, business_date: now.date_naive() };
        ProcessRegistration::decide(&ProcessRegistration::fold(history), command, &moment)
    }

    fn enabled(position: u64) -> ProcessRegistrationEvent {
        ProcessEnabled { position, at: DateTime::UNIX_EPOCH }.into()
    }

    fn checkpointed(position: u64) -> ProcessRegistrationEvent {
        ProcessCheckpointed { position, at: DateTime::UNIX_EPOCH }.into()
    }

    #[test]
    fn a_process_is_enabled_once_and_stays_where_it_was() {
        let enable = |position| RegistrationCommand::Enable { position };
        assert_eq!(decide(&[], &enable(7)), Ok(vec![enabled(7)]));
        assert_eq!(decide(&[enabled(7)], &enable(9)), Ok(vec![]));
    }

    #[test]
    fn a_checkpoint_only_rises() {
        let checkpoint = |position| RegistrationCommand::Checkpoint { position };
        let history = [enabled(7), checkpointed(20)];
        assert_eq!(decide(&history, &checkpoint(21)), Ok(vec![checkpointed(21)]));
        assert_eq!(decide(&history, &checkpoint(20)), Ok(vec![]));
        assert_eq!(decide(&history, &checkpoint(3)), Ok(vec![]));
        assert_eq!(decide(&[enabled(7)], &checkpoint(6)), Ok(vec![]), "nor below where it was enabled");
    }

    #[test]
    fn what_was_never_enabled_has_no_checkpoint() {
        assert_eq!(decide(&[], &RegistrationCommand::Checkpoint { position: 1 }), Err(RegistrationError::NotEnabled));
    }
}
