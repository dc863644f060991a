//! Fulfillment: takes the money for a shipment before it leaves, and books its goods out of stock once it has. One instance
//! per shipment of a checkout's order.
//!
//! **Invariant:** the same money is captured for one shipment only, however many are planned at once.
//! **Invariant:** goods that left leave the stock, once, whatever became of the money.

pub mod vocabulary;
pub mod worker;

mod decide;
mod state;

pub use state::FulfillmentProcessState;
pub use vocabulary::{
    FulfillmentProcessAction, FulfillmentProcessAnswer, FulfillmentProcessFact, ShipmentNews, SkuUnits,
};
pub use worker::FulfillmentProcessWorker;

use crate::{
    process::{Input, Outbox, Process, Step},
    process_event,
};
use tillroll_domain::aggregate::Moment;

/// The process of one shipment; its instance is the UUID of the shipment's id.
#[derive(Debug, Clone, Copy)]
pub struct FulfillmentProcess;

process_event! {
    /// The history of a FulfillmentProcess.
    pub enum FulfillmentProcessEvent {
        FulfillmentProcessAdvanced = 1;
    } of FulfillmentProcess
}

impl Process for FulfillmentProcess {
    const CATEGORY: &'static str = "fulfillment_process";
    const STATE_VERSION: u16 = 1;
    type State = FulfillmentProcessState;
    type Fact = FulfillmentProcessFact;
    type Action = FulfillmentProcessAction;
    type Answer = FulfillmentProcessAnswer;
    type Trigger = ShipmentNews;
    type Policy = ();
    type Event = FulfillmentProcessEvent;

    fn initial() -> FulfillmentProcessState {
        FulfillmentProcessState::default()
    }

    fn evolve(state: FulfillmentProcessState, fact: &FulfillmentProcessFact) -> FulfillmentProcessState {
        state.evolve(fact)
    }

    fn decide(
        state: &FulfillmentProcessState,
        open: &Outbox<FulfillmentProcessAction>,
        input: &Input<Self>,
        (): &(),
        _: &Moment,
    ) -> Option<Step<Self>> {
        Some(decide::decide(state, open, input))
    }
}

#[cfg(test)]
mod tests;
