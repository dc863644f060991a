//! ReturnAndRefund: books the goods of a return back into stock and gives the money for them back. One instance per return of
//! a checkout's order.
//!
//! **Invariant:** what is given back for a return is at most what its units are worth, in however many refunds.
//! **Invariant:** no refund exceeds what its payment can still give back; disputes count.
//! **Invariant:** a refund without an outcome is never requested anew; only one that was refused is.

pub mod state;
pub mod vocabulary;
pub mod worker;

mod decide;
mod finding;

pub use state::ReturnAndRefundState;
pub use vocabulary::{
    RequestedRefund, RestockUnits, ReturnAndRefundAction, ReturnAndRefundAnswer, ReturnAndRefundFact, ReturnNews,
};
pub use worker::ReturnAndRefundWorker;

use crate::{
    process::{Input, Outbox, Process, Step},
    process_event,
};
use tillroll_domain::aggregate::Moment;

/// The process of one return; its instance is the UUID of the return's id.
#[derive(Debug, Clone, Copy)]
pub struct ReturnAndRefund;

process_event! {
    /// The history of a ReturnAndRefund.
    pub enum ReturnAndRefundEvent {
        ReturnAndRefundAdvanced = 1;
    } of ReturnAndRefund
}

impl Process for ReturnAndRefund {
    const CATEGORY: &'static str = "return_and_refund";
    const STATE_VERSION: u16 = 1;
    type State = ReturnAndRefundState;
    type Fact = ReturnAndRefundFact;
    type Action = ReturnAndRefundAction;
    type Answer = ReturnAndRefundAnswer;
    type Trigger = ReturnNews;
    type Policy = ();
    type Event = ReturnAndRefundEvent;

    fn initial() -> ReturnAndRefundState {
        ReturnAndRefundState::default()
    }

    fn evolve(state: ReturnAndRefundState, fact: &ReturnAndRefundFact) -> ReturnAndRefundState {
        state.evolve(fact)
    }

    fn decide(
        state: &ReturnAndRefundState,
        open: &Outbox<ReturnAndRefundAction>,
        input: &Input<Self>,
        (): &(),
        moment: &Moment,
    ) -> Option<Step<Self>> {
        Some(decide::decide(state, open, input, moment))
    }
}

#[cfg(test)]
mod tests;
