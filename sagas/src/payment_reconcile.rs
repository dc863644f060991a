//! PaymentReconcile: carries what is requested of a payment to its provider, finds out what became of it, and tells the
//! order. One instance per payment; the only one who calls the provider.
//!
//! **Invariant:** an operation is asked for under its own id and never under another, however often it is asked for.
//! **Invariant:** what has no answer is looked up; nothing is concluded from silence.
//! **Invariant:** amounts that contradict what was requested are recorded as a conflict and never taken over.
//! **Invariant:** of a cancelled payment everything is undone, whenever it becomes known.

pub mod state;
pub mod vocabulary;
pub mod worker;

mod calling;
mod decide;
mod news;
mod recording;
mod undoing;

pub use recording::claim_of;
pub use state::PaymentReconcileState;
pub use vocabulary::{PaymentNews, PaymentReconcileAction, PaymentReconcileAnswer, PaymentReconcileFact};
pub use worker::PaymentReconcileWorker;

use crate::{
    process::{Input, Outbox, Process, Step},
    process_event,
};
use tillroll_domain::aggregate::Moment;

/// The process of one payment; its instance is the UUID of the payment's id.
#[derive(Debug, Clone, Copy)]
pub struct PaymentReconcile;

process_event! {
    /// The history of a PaymentReconcile.
    pub enum PaymentReconcileEvent {
        PaymentReconcileAdvanced = 1;
    } of PaymentReconcile
}

impl Process for PaymentReconcile {
    const CATEGORY: &'static str = "payment_reconcile";
    const STATE_VERSION: u16 = 1;
    type State = PaymentReconcileState;
    type Fact = PaymentReconcileFact;
    type Action = PaymentReconcileAction;
    type Answer = PaymentReconcileAnswer;
    type Trigger = PaymentNews;
    type Policy = ();
    type Event = PaymentReconcileEvent;

    fn initial() -> PaymentReconcileState {
        PaymentReconcileState::default()
    }

    fn evolve(state: PaymentReconcileState, fact: &PaymentReconcileFact) -> PaymentReconcileState {
        state.evolve(fact)
    }

    fn decide(
        state: &PaymentReconcileState,
        open: &Outbox<PaymentReconcileAction>,
        input: &Input<Self>,
        (): &(),
        moment: &Moment,
    ) -> Option<Step<Self>> {
        Some(decide::decide(state, open, input, moment))
    }
}

#[cfg(test)]
mod tests;
