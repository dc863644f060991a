//! What ReturnAndRefund does about each input.

use super::{
    ReturnAndRefund,
    state::ReturnAndRefundState as State,
    vocabulary::{
        ReturnAndRefundAction as Action, ReturnAndRefundAnswer as Answer, ReturnAndRefundFact as Fact,
        ReturnNews as News,
    },
};
use crate::process::{Ending, Input, Outbox, Step as ProcessStep};
use chrono::{DateTime, TimeDelta, Utc};
use tillroll_domain::aggregate::Moment;

type Step = ProcessStep<ReturnAndRefund>;

/// The most bookings of one action, so that a step stays far below what an event may hold.
pub(super) const UNITS_PER_ACTION_MAX: usize = 100;
/// How long to wait before what the provider refused to give back is requested anew, by how often it was; after the last,
/// somebody must look.
pub(super) const PATIENCE: [TimeDelta; 3] = [TimeDelta::minutes(10), TimeDelta::hours(6), TimeDelta::days(1)];

/// The timer after which a refund that was refused is requested anew.
pub(super) const REFUND_AGAIN: &str = "refund_again";

pub(super) fn decide(state: &State, open: &Outbox<Action>, input: &Input<ReturnAndRefund>, moment: &Moment) -> Step {
    let step = match input {
        Input::Told(News::Returned { .. }) if state.order_id.is_some() => Step::new(),
        Input::Told(news @ News::Returned { .. }) => begin(news),
        Input::Told(News::RefundSettled { operation_id, succeeded }) => {
            let fact = Fact::RefundSettled { operation_id: *operation_id, succeeded: *succeeded };
            refused_again(state, open, Step::new().fact(fact), moment.now)
        }
        Input::Told(News::Ended { .. }) if state.ended || state.order_id.is_some() => Step::new(),
        Input::Told(News::Ended { order_id }) => {
            Step::new().fact(Fact::Ended).send(Action::TellOrder { order_id: *order_id })
        }
        Input::Answered { answer: Answer::Booked | Answer::OrderTold, .. } => Step::new(),
        Input::Answered { answer: Answer::OrderRefused { .. }, .. } => Step::new().fact(Fact::OrderRefused),
        Input::Answered { answer: Answer::NotBooked { skus, .. }, .. } => {
            Step::new().fact(Fact::NotBooked { skus: skus.clone() })
        }
        Input::Answered { answer: Answer::Requested { refunds, lacking_minor }, .. } => {
            let step = Step::new().fact(Fact::RefundsRequested { refunds: refunds.clone() });
            let step = match *lacking_minor {
                0 => step,
                lacking_minor => step.fact(Fact::Short { lacking_minor }),
            };
            refused_again(state, open, step, moment.now)
        }
        Input::Due(_) => renew(state),
    };
    conclude(state, open, step)
}

fn begin(news: &News) -> Step {
    let News::Returned { order_id, refund_minor, units } = news else { return Step::new() };
    let (order_id, amount_minor) = (*order_id, *refund_minor);
    let step = Step::new().fact(Fact::Returned { order_id, refund_minor: amount_minor });
    let restock = |units: &[super::RestockUnits]| Action::Restock { order_id, units: units.to_vec() };
    let step = step.send_all(units.chunks(UNITS_PER_ACTION_MAX).map(restock));
    if amount_minor > 0 { step.send(Action::Refund { order_id, amount_minor, round: 0 }) } else { step }
}

/// Arms the timer if a step has made known that the provider refuses to give something back, and disarms it if it has given
/// it back after all.
fn refused_again(state: &State, open: &Outbox<Action>, step: Step, now: DateTime<Utc>) -> Step {
    let after = step.facts.iter().fold(state.clone(), State::evolve);
    if after.refused.is_empty() {
        return if open.timers.contains_key(REFUND_AGAIN) { step.disarm(REFUND_AGAIN) } else { step };
    }
    let is_new = after.refused.keys().any(|refund| !state.refused.contains_key(refund));
    match usize::try_from(after.round).ok().and_then(|round| PATIENCE.get(round)) {
        Some(patience) if is_new => step.arm(REFUND_AGAIN, now + *patience),
        _ => step,
    }
}

fn renew(state: &State) -> Step {
    match state.order_id {
        Some(order_id) if !state.refused.is_empty() => Step::new().fact(Fact::RefundRenewed).send(Action::Refund {
            order_id,
            amount_minor: state.refund_minor,
            round: state.round + 1,
        }),
        _ => Step::new(),
    }
}

fn conclude(state: &State, open: &Outbox<Action>, step: Step) -> Step {
    let after = step.facts.iter().fold(state.clone(), State::evolve);
    let is_idle = step.send.is_empty()
        && step.arm.is_empty()
        && open.open.is_empty()
        && open.timers.keys().all(|timer| step.disarm.contains(timer))
        && after.waiting.is_empty();
    if !is_idle || (after.order_id.is_none() && !after.ended) {
        step
    } else if after.order_refused && after.order_id.is_none() {
        step.end(alarmed("return_not_told"))
    } else if after.not_booked {
        step.end(alarmed("return_not_booked"))
    } else if after.given_minor > after.refund_minor {
        step.end(alarmed("refund_exceeded"))
    } else if !after.refused.is_empty() {
        step.end(alarmed("refund_refused"))
    } else if after.lacking_minor > 0 {
        step.end(alarmed("refund_short"))
    } else {
        step.end(Ending::Completed)
    }
}

fn alarmed(reason: &'static str) -> Ending {
    Ending::Alarmed { reason: reason.parse().expect("the codes are references") }
}
