//! What Fulfillment does about each input.

use super::{
    FulfillmentProcess,
    state::FulfillmentProcessState,
    vocabulary::{
        FulfillmentProcessAction as Action, FulfillmentProcessAnswer as Answer, FulfillmentProcessFact as Fact,
        ShipmentNews as News,
    },
};
use crate::process::{Ending, Input, Outbox, Step as ProcessStep};

type Step = ProcessStep<FulfillmentProcess>;

/// The most SKUs that one action books, so that a step stays far below what an event may hold.
pub(super) const SKUS_PER_ACTION_MAX: usize = 100;

pub(super) fn decide(
    state: &FulfillmentProcessState,
    open: &Outbox<Action>,
    input: &Input<FulfillmentProcess>,
) -> Step {
    let step = match input {
        Input::Told(news) => told(state, news),
        Input::Answered { answer, .. } => answered(answer),
        Input::Due(_) => Step::new(),
    };
    let after = step.facts.iter().fold(*state, FulfillmentProcessState::evolve);
    if !step.send.is_empty() || !open.open.is_empty() {
        step
    } else if after.not_booked {
        step.end(alarmed("stock_not_booked"))
    } else if after.unpaid {
        step.end(alarmed("shipment_unpaid"))
    } else {
        // It may have been planned only; then it goes on once it has left.
        step.end(Ending::Completed)
    }
}

fn told(state: &FulfillmentProcessState, news: &News) -> Step {
    match news {
        News::Planned { .. } if state.planned => Step::new(),
        News::Planned { order_id } => Step::new().fact(Fact::Planned).send(Action::Capture { order_id: *order_id }),
        News::CaptureFailed if state.left => Step::new(),
        News::CaptureFailed => Step::new().fact(Fact::CaptureFailed),
        News::Left { .. } if state.left => Step::new(),
        News::Left { order_id, location, units } => {
            let book = |units: &[super::SkuUnits]| Action::ShipStock {
                order_id: *order_id,
                location: location.clone(),
                units: units.to_vec(),
            };
            Step::new().fact(Fact::Left).send_all(units.chunks(SKUS_PER_ACTION_MAX).map(book))
        }
    }
}

fn answered(answer: &Answer) -> Step {
    match answer {
        Answer::Covered { requested_minor } => Step::new().fact(Fact::Paid { requested_minor: *requested_minor }),
        Answer::Short { lacking_minor, .. } => Step::new().fact(Fact::Unpaid { lacking_minor: *lacking_minor }),
        Answer::Booked => Step::new(),
        Answer::NotBooked { skus, .. } => Step::new().fact(Fact::NotBooked { skus: skus.clone() }),
    }
}

fn alarmed(reason: &'static str) -> Ending {
    Ending::Alarmed { reason: reason.parse().expect("the codes are references") }
}
