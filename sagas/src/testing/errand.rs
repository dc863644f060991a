//! A small process: whoever asks for things gets them fetched one beside the other, and complains if that takes too long.

#![expect(unreachable_pub, reason = "the macro that declares events makes them public")]

use crate::{
    process::{Ending, Input, Outbox, Process, Step},
    process_event,
};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use tillroll_domain::aggregate::Moment;

#[derive(Debug)]
pub(crate) struct Errand;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub(crate) struct ErrandState {
    pub(crate) wanted: u32,
    pub(crate) fetched: BTreeSet<u32>,
    pub(crate) refused: BTreeSet<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum ErrandFact {
    Asked { things: u32 },
    Fetched { thing: u32 },
    Refused { thing: u32 },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum ErrandAction {
    Fetch { thing: u32 },
    Complain,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum ErrandAnswer {
    Done,
    Refused,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) enum ErrandTrigger {
    /// So many more things are wanted.
    Asked(u32),
    /// Nothing to any errand.
    Idle,
}

/// How many minutes it may take.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ErrandPolicy {
    pub(crate) minutes: i64,
}

process_event! {
    /// Steps of errands.
    pub enum ErrandEvent { ErrandAdvanced = 1; } of Errand
}

pub(crate) const LATE: &str = "late";

impl Process for Errand {
    const CATEGORY: &'static str = "errand";
    const STATE_VERSION: u16 = 1;
    type State = ErrandState;
    type Fact = ErrandFact;
    type Action = ErrandAction;
    type Answer = ErrandAnswer;
    type Trigger = ErrandTrigger;
    type Policy = ErrandPolicy;
    type Event = ErrandEvent;

    fn initial() -> ErrandState {
        ErrandState::default()
    }

    fn evolve(mut state: ErrandState, fact: &ErrandFact) -> ErrandState {
        match fact {
            ErrandFact::Asked { things } => state.wanted += things,
            ErrandFact::Fetched { thing } => drop(state.fetched.insert(*thing)),
            ErrandFact::Refused { thing } => drop(state.refused.insert(*thing)),
        }
        state
    }

    fn decide(
        state: &ErrandState,
        open: &Outbox<ErrandAction>,
        input: &Input<Self>,
        policy: &ErrandPolicy,
        moment: &Moment,
    ) -> Option<Step<Self>> {
        match input {
            Input::Told(ErrandTrigger::Idle) => None,
            Input::Told(ErrandTrigger::Asked(things)) => {
                let wanted = state.wanted + 1..=state.wanted + things;
                let late = moment.now + TimeDelta::minutes(policy.minutes);
                let step = Step::new().fact(ErrandFact::Asked { things: *things }).arm(LATE, late);
                Some(step.send_all(wanted.map(|thing| ErrandAction::Fetch { thing })))
            }
            Input::Answered { action: ErrandAction::Complain, .. } => None,
            Input::Answered { action: ErrandAction::Fetch { thing }, answer } => {
                let step = match answer {
                    ErrandAnswer::Done => Step::new().fact(ErrandFact::Fetched { thing: *thing }),
                    ErrandAnswer::Refused => Step::new().fact(ErrandFact::Refused { thing: *thing }),
                };
                let is_last = !open.actions().any(|action| matches!(action, ErrandAction::Fetch { .. }));
                Some(if is_last { step.disarm(LATE).end(Ending::Completed) } else { step })
            }
            Input::Due(_) => {
                let reason = "takes_too_long".parse().expect("a reference");
                Some(Step::new().send(ErrandAction::Complain).end(Ending::Alarmed { reason }))
            }
        }
    }
}
