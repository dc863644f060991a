//! The process that gives back what a promised order held, once it is cancelled as a whole or in part.
//!
//! Of an order that is cancelled as a whole, every hold and promise of stock is let go and every payment is cancelled. Of one
//! that goes on, the cancelled units are taken out of what is promised to it, and what was captured beyond what is still due
//! is given back. An order that was cancelled before it was promised is undone by its checkout.
//!
//! **Invariant:** units that a shipment counts on are never taken back.
//! **Invariant:** for cancelled units no more is given back than they were worth, nor than was captured of that; returns and
//! refunds that somebody else made have no part in it.
//! **Invariant:** a refund without an outcome is never requested anew; only one that was refused is.

mod decide;
mod messages;
mod state;
mod surplus;
mod worker;

#[cfg(test)]
mod tests;

pub use messages::{
    CancelOrderAction, CancelOrderAnswer, CancelOrderFact, CancelOrderTrigger, CancelledLines, SurplusRefund, UnitsAt,
    UnitsToRelease,
};
pub use state::{CancelOrderState, Cut};
pub use surplus::Surplus;
pub use worker::CancelOrderWorker;

use crate::process::{Input, Outbox, Process, Step};
use chrono::TimeDelta;
use tillroll_domain::aggregate::Moment;

/// How many actions on stock are open at a time.
pub const WAVE_MAX: usize = 200;
/// How often the units of one cancellation are looked for, if they are gone from where they were found.
pub const SEARCHES_MAX: u32 = 5;
/// How long to wait before what the provider refused to give back is requested anew, by how often it was; after the last,
/// somebody must look.
pub const PATIENCE: [TimeDelta; 3] = [TimeDelta::minutes(10), TimeDelta::hours(6), TimeDelta::days(1)];

/// The timer after which refunds that were refused are requested anew.
pub const REFUND_AGAIN: &str = "refund_again";

/// The process; an instance's id is the UUID of the order.
#[derive(Debug)]
pub struct CancelOrderProcess;

crate::process_event! {
    /// The history of the cancellations of an order.
    pub enum CancelOrderEvent {
        CancelOrderAdvanced = 1;
    } of CancelOrderProcess
}

impl Process for CancelOrderProcess {
    const CATEGORY: &'static str = "cancel_order";
    const STATE_VERSION: u16 = 1;
    type State = CancelOrderState;
    type Fact = CancelOrderFact;
    type Action = CancelOrderAction;
    type Answer = CancelOrderAnswer;
    type Trigger = CancelOrderTrigger;
    type Policy = ();
    type Event = CancelOrderEvent;

    fn initial() -> CancelOrderState {
        CancelOrderState::default()
    }

    fn evolve(state: CancelOrderState, fact: &CancelOrderFact) -> CancelOrderState {
        state.apply(fact)
    }

    fn decide(
        state: &CancelOrderState,
        open: &Outbox<CancelOrderAction>,
        input: &Input<Self>,
        (): &(),
        moment: &Moment,
    ) -> Option<Step<Self>> {
        decide::decide(state, open, input, moment)
    }
}
