//! An aggregate that counts.

use chrono::{NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tillroll_domain::{
    aggregate::{Aggregate, Moment},
    events,
};

/// Counts up to a limit.
#[derive(Debug)]
pub(crate) struct Counter;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct CounterState {
    pub(crate) sum: i64,
    pub(crate) limit: i64,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) enum CounterCommand {
    Add { amount: i64 },
    SetLimit { limit: i64 },
    NoteTime,
    Panic,
}

events! {
    /// The history of a counter.
    pub enum CounterEvent {
        Added = 1;
        LimitSet = 1;
        TimeNoted = 1;
    }
}

/// The sum grew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Added {
    pub(crate) amount: i64,
    sum: i64,
}

/// The limit moved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct LimitSet {
    limit: i64,
}

/// What a decision was told of the time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TimeNoted {
    now: chrono::DateTime<Utc>,
    business_date: NaiveDate,
}

#[derive(Debug, Clone, PartialEq, Error)]
pub(crate) enum CounterError {
    #[error("{sum} is beyond {limit}")]
    BeyondLimit { sum: i64, limit: i64 },
}

impl Aggregate for Counter {
    const CATEGORY: &'static str = "counter";
    const STATE_VERSION: u16 = 1;
    type State = CounterState;
    type Command = CounterCommand;
    type Event = CounterEvent;
    type Error = CounterError;

    fn initial() -> CounterState {
        CounterState { sum: 0, limit: 1_000_000 }
    }

    fn decide(
        state: &CounterState,
        command: &CounterCommand,
        moment: &Moment,
    ) -> Result<Vec<CounterEvent>, CounterError> {
        match *command {
            CounterCommand::Add { amount: 0 } => Ok(vec![]),
            CounterCommand::Add { amount } if state.sum + amount > state.limit => {
                Err(CounterError::BeyondLimit { sum: state.sum + amount, limit: state.limit })
            }
            CounterCommand::Add { amount } => Ok(vec![Added { amount, sum: state.sum + amount }.into()]),
            CounterCommand::SetLimit { limit } => Ok(vec![LimitSet { limit }.into()]),
            CounterCommand::NoteTime => {
                Ok(vec![TimeNoted { now: moment.now, business_date: moment.business_date }.into()])
            }
            CounterCommand::Panic => panic!("a planted mistake in a decision"),
        }
    }

    fn evolve(state: CounterState, event: &CounterEvent) -> CounterState {
        match event {
            CounterEvent::Added(added) => CounterState { sum: state.sum + added.amount, ..state },
            CounterEvent::LimitSet(set) => CounterState { limit: set.limit, ..state },
            CounterEvent::TimeNoted(_) => state,
        }
    }
}

/// The command that adds one.
pub(crate) const ADD_1: CounterCommand = CounterCommand::Add { amount: 1 };
