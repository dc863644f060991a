//! The process that carries a checkout from the buyer's yes to a confirmed order, or back to an open cart.
//!
//! It is told that a checkout began; places the order and reserves the goods at the same time; asks for the money once the
//! goods are reserved; confirms the order once the money is there; then promises the goods to the order and closes the
//! cart. Whatever goes wrong before that cancels the order, and a cancelled order is undone: every hold that was ever tried
//! is let go, the payment is cancelled, the cart is free again.
//!
//! Each input is turned into facts (`decide`), and then one function looks at what is known and sends what is missing
//! (`course`). It looks at nothing else, so it does not matter in which order answers, news and timers come.
//!
//! **Invariant:** every reservation that was ever tried ends promised to the order, or released.
//! **Invariant:** nothing is given back blindly: whoever undoes cancels the payment, and that returns what was or is taken.
//! **Invariant:** while the money is awaited, a timer is armed or an action is open.

mod course;
mod decide;
mod messages;
mod state;
mod stock;
mod worker;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;

pub use messages::{
    Began, CheckoutAction, CheckoutAnswer, CheckoutFact, CheckoutPolicy, CheckoutTrigger, Demand, HoldPlace,
};
pub use state::{Checkout, CheckoutState, Hold, HoldStatus, Item};
pub use worker::CheckoutWorker;
pub(crate) use worker::{cancel_payment, release_hold};

use crate::process::{Input, Outbox, Process, Step};
use chrono::TimeDelta;
use tillroll_domain::aggregate::Moment;

/// How many actions on stock are open at a time; an order of more lines takes its stock in waves, so that a step stays far
/// below what an event may hold.
pub const WAVE_MAX: usize = 200;
/// How often units of a SKU are asked for at one location before it counts as having none.
pub const TRIES_MAX: u32 = 3;
/// How often the goods of one SKU are reserved anew because a hold was lost.
pub const ROUNDS_MAX: u32 = 16;
/// How much longer than until the payment's deadline the goods are held.
pub const HOLD_MARGIN: TimeDelta = TimeDelta::minutes(10);
/// After how long an order whose deadline is over is looked at again, if it could not be cancelled because money has come.
pub const RECHECK: TimeDelta = TimeDelta::minutes(1);

/// The timer until which the money must be there.
pub(crate) const PAYMENT_DUE: &str = "payment_due";

/// The process; an instance's id is the UUID of the order.
#[derive(Debug)]
pub struct CheckoutProcess;

crate::process_event! {
    /// The history of a checkout.
    pub enum CheckoutEvent {
        CheckoutAdvanced = 1;
    } of CheckoutProcess
}

impl Process for CheckoutProcess {
    const CATEGORY: &'static str = "checkout";
    const STATE_VERSION: u16 = 1;
    type State = CheckoutState;
    type Fact = CheckoutFact;
    type Action = CheckoutAction;
    type Answer = CheckoutAnswer;
    type Trigger = CheckoutTrigger;
    type Policy = CheckoutPolicy;
    type Event = CheckoutEvent;

    fn initial() -> CheckoutState {
        CheckoutState::Absent
    }

    fn evolve(state: CheckoutState, fact: &CheckoutFact) -> CheckoutState {
        state.apply(fact)
    }

    fn decide(
        state: &CheckoutState,
        open: &Outbox<CheckoutAction>,
        input: &Input<Self>,
        policy: &CheckoutPolicy,
        moment: &Moment,
    ) -> Option<Step<Self>> {
        decide::decide(state, open, input, policy, moment.now)
    }
}
