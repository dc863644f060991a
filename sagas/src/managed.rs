//! A process as an aggregate, so that its instances live on the ordinary command bus.

use crate::process::{Advanced, AdvancedOf, Armed, Consumed, Ending, Input, Outbox, Process, Queued, Step, TimerName};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, marker::PhantomData};
use thiserror::Error;
use tillroll_domain::aggregate::{Aggregate, Moment};
use uuid::Uuid;

/// The aggregate of a process's instances.
#[derive(Debug)]
pub struct Managed<P>(PhantomData<fn() -> P>);

/// An instance: what the process knows, and what it waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instance<S, A> {
    /// What the process knows.
    pub process: S,
    /// What it waits for by itself.
    #[serde(bound(deserialize = "A: Deserialize<'de>"))]
    pub outbox: Outbox<A>,
    /// When each of the open actions was recorded.
    pub queued_at: BTreeMap<u32, DateTime<Utc>>,
    /// The highest position that it was told and that concerned it; 0 before the first.
    pub told: u64,
    /// Whether it ever advanced.
    pub has_begun: bool,
    /// How it ended, if it did.
    pub ending: Option<Ending>,
}

/// An input on its way to an instance, with the settings of the moment.
#[derive(Debug, Clone, Serialize)]
pub enum Deliver<T, R, Y> {
    /// Something happened. Positions rise from delivery to delivery; what is not behind the last one is silent.
    Told {
        /// What.
        trigger: T,
        /// Where the event stands in the log.
        position: u64,
        /// The event.
        event_id: Uuid,
        /// Whether this begins an instance that does not exist yet.
        starts: bool,
        /// The settings.
        policy: Y,
    },
    /// What an action came to. Silent if that is known.
    Answered {
        /// The action's number.
        no: u32,
        /// What it came to.
        answer: R,
        /// The settings.
        policy: Y,
    },
    /// The time of a timer has come. Silent unless it is armed for that time.
    Due {
        /// The timer.
        timer: TimerName,
        /// What it was armed for.
        due: DateTime<Utc>,
        /// The settings.
        policy: Y,
    },
}

/// A process refuses no input; there is no such error.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NeverRefused {}

impl<P: Process> Aggregate for Managed<P> {
    const CATEGORY: &'static str = P::CATEGORY;
    const STATE_VERSION: u16 = P::STATE_VERSION;
    type State = Instance<P::State, P::Action>;
    type Command = Deliver<P::Trigger, P::Answer, P::Policy>;
    type Event = P::Event;
    type Error = NeverRefused;

    fn initial() -> Self::State {
        Instance {
            process: P::initial(),
            outbox: Outbox::default(),
            queued_at: BTreeMap::new(),
            told: 0,
            has_begun: false,
            ending: None,
        }
    }

    fn decide(state: &Self::State, command: &Self::Command, moment: &Moment) -> Result<Vec<P::Event>, NeverRefused> {
        Ok(step::<P>(state, command, moment).map(P::Event::from).into_iter().collect())
    }

    fn evolve(state: Self::State, event: &P::Event) -> Self::State {
        let advanced = event.as_ref();
        let Instance { process, mut outbox, mut queued_at, mut told, ending, .. } = state;
        match &advanced.input {
            Consumed::Told { position, .. } => told = *position,
            Consumed::Answered { no, .. } => {
                outbox.open.remove(no);
                queued_at.remove(no);
            }
            Consumed::Due { timer } => {
                outbox.timers.remove(timer);
            }
        }
        for timer in &advanced.disarm {
            outbox.timers.remove(timer);
        }
        for Armed { timer, due } in &advanced.arm {
            outbox.timers.insert(timer.clone(), *due);
        }
        for Queued { no, action } in &advanced.send {
            outbox.sent = outbox.sent.max(*no);
            outbox.open.insert(*no, action.clone());
            queued_at.insert(*no, advanced.at);
        }
        let process = advanced.facts.iter().fold(process, P::evolve);
        let ending = advanced.ending.clone().or(ending);
        Instance { process, outbox, queued_at, told, has_begun: true, ending }
    }
}

/// What an input makes happen; `None` if it is known already or nothing to the instance.
fn step<P: Process>(
    state: &Instance<P::State, P::Action>,
    command: &Deliver<P::Trigger, P::Answer, P::Policy>,
    moment: &Moment,
) -> Option<AdvancedOf<P>> {
    match command {
        Deliver::Told { trigger, position, event_id, starts, policy } => {
            if *position <= state.told || !(state.has_begun || *starts) {
                return None;
            }
            let input = Input::Told(trigger.clone());
            let step = P::decide(&state.process, &state.outbox, &input, policy, moment)?;
            Some(advanced(moment, state.outbox.sent, Consumed::Told { position: *position, event_id: *event_id }, step))
        }
        Deliver::Answered { no, answer, policy } => {
            let mut open = state.outbox.clone();
            let action = open.open.remove(no)?;
            let input = Input::Answered { action, answer: answer.clone() };
            let step = P::decide(&state.process, &open, &input, policy, moment).unwrap_or_default();
            Some(advanced(moment, open.sent, Consumed::Answered { no: *no, answer: answer.clone() }, step))
        }
        Deliver::Due { timer, due, policy } => {
            let mut open = state.outbox.clone();
            if open.timers.remove(timer) != Some(*due) {
                return None;
            }
            let step = P::decide(&state.process, &open, &Input::Due(timer.clone()), policy, moment).unwrap_or_default();
            Some(advanced(moment, open.sent, Consumed::Due { timer: timer.clone() }, step))
        }
    }
}

fn advanced<P: Process>(moment: &Moment, sent: u32, input: Consumed<P::Answer>, step: Step<P>) -> AdvancedOf<P> {
    let Step { facts, send, arm, disarm, ending } = step;
    let send = (sent + 1..).zip(send).map(|(no, action)| Queued { no, action }).collect();
    let arm = arm.into_iter().map(|(timer, due)| Armed { timer, due }).collect();
    Advanced { at: moment.now, input, facts, send, disarm, arm, ending }
}

#[cfg(test)]
mod tests;
