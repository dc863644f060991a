//! A small aggregate with a value that is read, compared and written, and what a bus over it does in one order.

#![expect(unreachable_pub, reason = "a family of events is declared as public")]

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use thiserror::Error;
use tillroll_domain::{
    aggregate::{Aggregate, Moment},
    events,
    ids::CommandId,
};
use tillroll_infra::{
    bus::{Executed, Fingerprint, Outcome},
    log::conformance::linearizability::search::Model,
    stream::{Position, Revision},
};

/// Holds a number.
#[derive(Debug)]
pub(crate) struct Register;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Value(pub(crate) i64);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum RegisterCommand {
    /// Writes a value if the register holds another one.
    SetIf { holds: i64, value: i64 },
    /// Adds one so many times, each an event.
    Add { times: u32 },
}

events! {
    /// The history of a register.
    pub enum RegisterEvent {
        ValueSet = 1;
        OneAdded = 1;
    }
}

/// It holds this now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ValueSet {
    value: i64,
}

/// It holds one more now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OneAdded {}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("it holds {0}")]
pub(crate) struct HoldsOther(pub(crate) i64);

impl Aggregate for Register {
    const CATEGORY: &'static str = "register";
    const STATE_VERSION: u16 = 1;
    type State = Value;
    type Command = RegisterCommand;
    type Event = RegisterEvent;
    type Error = HoldsOther;

    fn initial() -> Value {
        Value(0)
    }

    fn decide(state: &Value, command: &RegisterCommand, _: &Moment) -> Result<Vec<RegisterEvent>, HoldsOther> {
        match *command {
            RegisterCommand::SetIf { holds, .. } if holds != state.0 => Err(HoldsOther(state.0)),
            RegisterCommand::SetIf { holds, value } if holds == value => Ok(vec![]),
            RegisterCommand::SetIf { value, .. } => Ok(vec![ValueSet { value }.into()]),
            RegisterCommand::Add { times } => Ok((0..times).map(|_| OneAdded {}.into()).collect()),
        }
    }

    fn evolve(state: Value, event: &RegisterEvent) -> Value {
        match event {
            RegisterEvent::ValueSet(set) => Value(set.value),
            RegisterEvent::OneAdded(_) => Value(state.0 + 1),
        }
    }
}

/// A call of the bus with its answer.
#[derive(Debug, Clone)]
pub(crate) enum BusCall {
    Execute { id: CommandId, command: RegisterCommand, if_revision: Option<Revision>, answer: Answer },
    Load { value: Value, revision: Option<Revision>, position: Position },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    Executed(Executed),
    Refused(HoldsOther),
    Reused,
    Mismatch(Option<Revision>),
    /// Other writers were faster too many times; promises nothing but that there was no effect.
    GaveUp,
    /// Nobody waited for it.
    Unheard,
}

/// A register as the bus shows it: the aggregate's own functions, and the commands that it has answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BusModel;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct BusState {
    value: Value,
    events: u64,
    answered: BTreeMap<CommandId, (Fingerprint, usize, Option<Revision>)>,
}

impl BusState {
    fn revision(&self) -> Option<Revision> {
        self.events.checked_sub(1).map(Revision)
    }
}

impl Model for BusModel {
    type What = BusCall;
    type State = BusState;

    fn initial(&self) -> BusState {
        BusState { value: Register::initial(), events: 0, answered: BTreeMap::new() }
    }

    fn apply(&self, state: &BusState, call: &BusCall) -> Option<BusState> {
        match call {
            BusCall::Load { value, revision, .. } => {
                (*value == state.value && *revision == state.revision()).then(|| state.clone())
            }
            BusCall::Execute { answer: Answer::GaveUp, .. } => Some(state.clone()),
            BusCall::Execute { id, command, if_revision, answer } => {
                let (expected, behind) = execute(state, *id, command, *if_revision);
                (*answer == Answer::Unheard || is_same(answer, &expected)).then_some(behind)
            }
        }
    }
}

/// The answer is the expected one, wherever it came to stand in the whole log.
fn is_same(answer: &Answer, expected: &Answer) -> bool {
    match (answer, expected) {
        (Answer::Executed(one), Answer::Executed(other)) => {
            (one.outcome, one.events, one.revision) == (other.outcome, other.events, other.revision)
        }
        _ => answer == expected,
    }
}

fn execute(
    state: &BusState,
    id: CommandId,
    command: &RegisterCommand,
    if_revision: Option<Revision>,
) -> (Answer, BusState) {
    let fingerprint = Fingerprint::of(command);
    let executed = |outcome, events, revision| {
        let stream = tillroll_infra::stream::StreamId::new(Register::CATEGORY, "any").expect("a valid name");
        Answer::Executed(Executed { stream, outcome, events, revision, position: Position::START })
    };
    let answer = match state.answered.get(&id) {
        Some((other, ..)) if *other != fingerprint => Answer::Reused,
        Some((_, events, revision)) => executed(Outcome::AlreadyAnswered, *events, *revision),
        None if if_revision.is_some() && if_revision != state.revision() => Answer::Mismatch(state.revision()),
        None => match Register::decide(&state.value, command, &no_moment()) {
            Err(refusal) => Answer::Refused(refusal),
            Ok(events) if events.is_empty() => executed(Outcome::NothingToDo, 0, state.revision()),
            Ok(events) => {
                let mut behind = state.clone();
                behind.value = events.iter().fold(behind.value, Register::evolve);
                behind.events += u64::try_from(events.len()).expect("a small number");
                let revision = behind.revision();
                behind.answered.insert(id, (fingerprint, events.len(), revision));
                return (executed(Outcome::Appended, events.len(), revision), behind);
            }
        },
    };
    (answer, state.clone())
}

/// Decisions of a register do not look at it.
fn no_moment() -> Moment {
    Moment { now: DateTime::<Utc>::UNIX_EPOCH, business_date: DateTime::<Utc>::UNIX_EPOCH.date_naive() }
}
