//! Claims: one stream per unique value, so that a value has one owner without any lookup table.
//!
//! **Invariant:** a value has at most one owner at a time.

pub mod commands;
pub mod events;

mod decide;

pub use decide::ClaimError;

use crate::{
    aggregate::{Aggregate, Moment},
    text::Reference,
};
use commands::ClaimCommand;
use events::ClaimEvent;
use serde::{Deserialize, Serialize};

/// One unique value of one kind; its stream's id is [`stream_id`].
#[derive(Debug, Clone, Copy)]
pub struct Claim;

/// The `id` part of the stream of a value: `kind.value`. A kind has no dot, so that two kinds never share a stream.
#[must_use]
pub fn stream_id(kind: &str, value: &str) -> String {
    debug_assert!(!kind.contains('.'), "a kind without a dot");
    format!("{kind}.{value}")
}

/// Who owns the value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimState {
    owner: Option<Reference>,
}

impl ClaimState {
    /// The owner, if there is one.
    #[must_use]
    pub fn owner(&self) -> Option<&Reference> {
        self.owner.as_ref()
    }
}

impl Aggregate for Claim {
    const CATEGORY: &'static str = "claim";
    const STATE_VERSION: u16 = 1;
    type State = ClaimState;
    type Command = ClaimCommand;
    type Event = ClaimEvent;
    type Error = ClaimError;

    fn initial() -> ClaimState {
        ClaimState::default()
    }

    fn decide(state: &ClaimState, command: &ClaimCommand, _: &Moment) -> Result<Vec<ClaimEvent>, ClaimError> {
        match command {
            ClaimCommand::Claim { owner } => decide::claim(state, owner),
            ClaimCommand::Release { owner } => decide::release(state, owner),
        }
    }

    fn evolve(_: ClaimState, event: &ClaimEvent) -> ClaimState {
        match event {
            ClaimEvent::ValueClaimed(e) => ClaimState { owner: Some(e.owner.clone()) },
            ClaimEvent::ClaimReleased(_) => ClaimState { owner: None },
        }
    }
}

#[cfg(test)]
mod properties {
    use super::*;
    use crate::testing::moment;
    use proptest::{collection::vec, prelude::*};

    proptest! {
        #[test]
        fn a_value_has_at_most_one_owner(steps in vec((any::<bool>(), 0..3_u8), 1..60)) {
            let mut state = Claim::initial();
            let mut owner: Option<Reference> = None;
            let mut history = vec![];
            for (take, who) in steps {
                let who: Reference = format!("prd_{who}").parse().unwrap();
                let command = if take {
                    ClaimCommand::Claim { owner: who.clone() }
                } else {
                    ClaimCommand::Release { owner: who.clone() }
                };
                let answer = Claim::decide(&state, &command, &moment());
                let mine = owner.as_ref().is_none_or(|owner| *owner == who);
                prop_assert_eq!(answer.is_ok(), mine, "only the owner and whoever finds the value free has a say");
                let events = answer.unwrap_or_default();
                state = events.iter().fold(state, Claim::evolve);
                if mine {
                    owner = take.then_some(who);
                }
                prop_assert_eq!(state.owner(), owner.as_ref());
                history.extend(events);
            }
            prop_assert_eq!(Claim::fold(&history), state);
            // Owners alternate with nobody: a value is never taken from one by another.
            for (index, event) in history.iter().enumerate() {
                prop_assert_eq!(matches!(event, ClaimEvent::ValueClaimed(_)), index % 2 == 0);
            }
        }
    }
}
