//! What a checkout learns from an input; what follows from it is the course's.

use super::{
    CheckoutProcess, PAYMENT_DUE,
    course::Course,
    messages::{
        CheckoutAction as Action, CheckoutAnswer as Answer, CheckoutFact as Fact, CheckoutPolicy, CheckoutTrigger,
    },
    state::{Checkout, CheckoutState, HoldStatus, index},
};
use crate::process::{Input, Outbox, Step};
use chrono::{DateTime, Utc};

pub(super) fn decide(
    state: &CheckoutState,
    open: &Outbox<Action>,
    input: &Input<CheckoutProcess>,
    policy: &CheckoutPolicy,
    now: DateTime<Utc>,
) -> Option<Step<CheckoutProcess>> {
    match state {
        CheckoutState::Absent => begin(open, input, policy, now),
        CheckoutState::Begun(checkout) => {
            let mut course = Course::new(checkout, open, now);
            match input {
                Input::Told(trigger) => told(&mut course, trigger)?,
                Input::Answered { action, answer } => answered(&mut course, action, answer),
                Input::Due(timer) if timer == PAYMENT_DUE => course.payment_is_due(),
                Input::Due(_) => {}
            }
            Some(course.go_on())
        }
    }
}

fn begin(
    open: &Outbox<Action>,
    input: &Input<CheckoutProcess>,
    policy: &CheckoutPolicy,
    now: DateTime<Utc>,
) -> Option<Step<CheckoutProcess>> {
    let Input::Told(CheckoutTrigger::Began(began)) = input else { return None };
    let fact = Fact::Begun {
        began: began.clone(),
        locations: policy.locations.clone(),
        reserve_minutes: policy.reserve_minutes,
        payment_minutes: policy.payment_minutes,
    };
    let CheckoutState::Begun(checkout) = CheckoutState::Absent.apply(&fact) else { return None };
    let mut course = Course::new(&checkout, open, now);
    course.note(fact);
    course.send(Action::PlaceOrder { cart_id: began.cart_id, order_id: began.order_id });
    Some(course.go_on())
}

/// `None` if it is nothing to the checkout.
fn told(course: &mut Course, trigger: &CheckoutTrigger) -> Option<()> {
    let checkout = course.checkout();
    match trigger {
        // A cart begins the checkout of an order once.
        CheckoutTrigger::Began(_) => return None,
        CheckoutTrigger::PaymentChanged { payment_id, covered_minor } => {
            // Once it is confirmed, what becomes of its money is not the checkout's any more. Of an order that is undone only
            // matters that there is a payment, which has to be cancelled too.
            let is_known =
                if checkout.undoing { checkout.covered.contains_key(payment_id) } else { checkout.confirmed };
            if is_known {
                return None;
            }
            course.learn(Fact::PaymentChanged { payment_id: *payment_id, covered_minor: *covered_minor });
        }
        CheckoutTrigger::OrderConfirmed => {
            if checkout.confirmed || checkout.undoing {
                return None;
            }
            course.learn(Fact::OrderConfirmed {});
        }
        CheckoutTrigger::OrderCancelled { confirmed } => {
            // After the end everything stands as the order knows it, and the process of its cancellation gives it back.
            if course.has_completed() || (checkout.undoing && (checkout.confirmed || !confirmed)) {
                return None;
            }
            course.learn(Fact::OrderCancelled { confirmed: *confirmed });
        }
    }
    Some(())
}

fn answered(course: &mut Course, action: &Action, answer: &Answer) {
    let is_wanted = !course.checkout().undoing;
    match (action, answer) {
        (Action::PlaceOrder { .. }, Answer::Refused { code }) => {
            course.learn(Fact::OrderRefused { code: code.clone() });
        }
        (Action::PlaceOrder { .. }, _) => course.learn(Fact::OrderPlaced {}),

        (
            Action::ReserveStock { place, .. } | Action::ExtendHold { place, .. } | Action::AllocateHold { place, .. },
            _,
        ) => {
            if let Some(fact) = of_hold(course.checkout(), action, place.hold, answer) {
                course.learn(fact);
            }
        }
        (Action::ReleaseHold { place, .. }, _) => course.learn(Fact::HoldReleased { hold: place.hold }),

        (Action::RecordStock { version, .. }, Answer::Done {}) => {
            course.learn(Fact::StockRecorded { version: *version });
        }
        // Whatever an authorization is refused for, the payment stands, and the buyer may try until the deadline.
        (Action::StartPayment { .. }, _) => course.learn(Fact::PaymentOpened {}),

        // It may have been told before.
        (Action::ConfirmOrder { .. }, _) if course.checkout().confirmed => {}
        (Action::ConfirmOrder { .. }, Answer::Done {}) => course.learn(Fact::OrderConfirmed {}),
        (Action::ConfirmOrder { changes, .. }, Answer::NotPaid {}) if is_wanted => {
            course.learn(Fact::ConfirmRefused { changes: *changes });
            course.look_again();
        }
        (Action::CancelOrder { .. }, Answer::Paid {}) if is_wanted => {
            course.learn(Fact::PaymentArrived {});
            course.look_again();
        }
        (
            Action::RecordStock { .. } | Action::ConfirmOrder { .. } | Action::CancelOrder { .. },
            Answer::Refused { code },
        ) if is_wanted => course.learn(Fact::Stuck { code: code.clone() }),
        (Action::CapturePayment { .. }, Answer::Refused { code }) if is_wanted => {
            course.learn(Fact::CaptureRefused { code: code.clone() });
        }
        // What follows is decided when it is told, for only that says whether the order had been confirmed.
        (Action::RecordStock { .. } | Action::ConfirmOrder { .. } | Action::CancelOrder { .. }, _)
        | (Action::CapturePayment { .. }, Answer::Cancelled {})
            if is_wanted =>
        {
            course.learn(Fact::CancellationSeen {});
        }
        // The order is undone, whatever its steps came to.
        (Action::RecordStock { .. } | Action::ConfirmOrder { .. } | Action::CancelOrder { .. }, _) => {}
        (Action::CapturePayment { .. }, _) => course.learn(Fact::CaptureRequested {}),
        (Action::CancelPayment { payment_id }, _) => course.learn(Fact::PaymentCancelled { payment_id: *payment_id }),

        (Action::EndCart { placed: true, .. }, Answer::Refused { code }) if is_wanted => {
            course.learn(Fact::CartRefused { code: code.clone() });
        }
        // A cart that is not claimed for this order any more is as free as it can be.
        (Action::EndCart { .. }, _) => course.learn(Fact::CartEnded {}),
    }
}

/// What the answer to an action on stock says about the hold; `None` if it says nothing new.
fn of_hold(checkout: &Checkout, action: &Action, hold: u32, answer: &Answer) -> Option<Fact> {
    let status = checkout.holds.get(index(hold))?.status;
    match (action, answer, status) {
        // It was let go meanwhile, after which nothing can bring it back.
        (_, _, HoldStatus::Released) => None,
        (Action::ReserveStock { .. }, Answer::Done {}, HoldStatus::Asked) => Some(Fact::HoldMade { hold }),
        (Action::ReserveStock { .. }, Answer::Short { available }, HoldStatus::Asked) => {
            Some(Fact::HoldRefused { hold, available: *available })
        }
        (Action::ExtendHold { .. }, Answer::Done {}, HoldStatus::Held) => Some(Fact::HoldExtended { hold }),
        (Action::AllocateHold { .. }, Answer::Done {}, HoldStatus::Held) => Some(Fact::HoldAllocated { hold }),
        (_, Answer::Gone {} | Answer::Refused { .. }, HoldStatus::Asked | HoldStatus::Held) => {
            Some(Fact::HoldLost { hold })
        }
        _ => None,
    }
}
