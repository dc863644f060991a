//! AuthorizationWatch: sees to it that money which was set aside is taken before the provider sets it free by itself, or
//! that the payment knows that it is free. One instance per payment.
//!
//! **Invariant:** nothing is captured for an order that is not confirmed, and no more than its goods are worth.
//! **Invariant:** after an authorization's end the payment counts nothing as set aside by it; so nothing leaves unpaid.

pub mod vocabulary;
pub mod worker;

mod decide;
mod state;

pub use state::AuthorizationWatchState;
pub use vocabulary::{
    AuthorizationNews, AuthorizationWatchAction, AuthorizationWatchAnswer, AuthorizationWatchFact,
    AuthorizationWatchPolicy,
};
pub use worker::AuthorizationWatchWorker;

use crate::{
    process::{Input, Outbox, Process, Step},
    process_event,
};
use tillroll_domain::aggregate::Moment;

/// The process of one payment; its instance is the UUID of the payment's id.
#[derive(Debug, Clone, Copy)]
pub struct AuthorizationWatch;

process_event! {
    /// The history of an AuthorizationWatch.
    pub enum AuthorizationWatchEvent {
        AuthorizationWatchAdvanced = 1;
    } of AuthorizationWatch
}

impl Process for AuthorizationWatch {
    const CATEGORY: &'static str = "authorization_watch";
    const STATE_VERSION: u16 = 1;
    type State = AuthorizationWatchState;
    type Fact = AuthorizationWatchFact;
    type Action = AuthorizationWatchAction;
    type Answer = AuthorizationWatchAnswer;
    type Trigger = AuthorizationNews;
    type Policy = AuthorizationWatchPolicy;
    type Event = AuthorizationWatchEvent;

    fn initial() -> AuthorizationWatchState {
        AuthorizationWatchState::default()
    }

    fn evolve(state: AuthorizationWatchState, fact: &AuthorizationWatchFact) -> AuthorizationWatchState {
        state.evolve(fact)
    }

    fn decide(
        state: &AuthorizationWatchState,
        open: &Outbox<AuthorizationWatchAction>,
        input: &Input<Self>,
        policy: &AuthorizationWatchPolicy,
        moment: &Moment,
    ) -> Option<Step<Self>> {
        decide::decide(state, open, input, policy, moment)
    }
}

#[cfg(test)]
mod tests;
