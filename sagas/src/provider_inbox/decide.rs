//! What ProviderInbox does about each input.

use super::{
    ProviderInbox,
    state::{HOURLY_FOR, ProviderInboxState, REMEMBERED, WaitingMessage},
    vocabulary::{
        ProviderInboxAction as Action, ProviderInboxAnswer as Answer, ProviderInboxFact as Fact, StoredMessage,
    },
};
use crate::process::{Ending, Input, Step as ProcessStep};
use chrono::{DateTime, Utc};
use tillroll_domain::{aggregate::Moment, ids::PaymentId, provider_message::ProviderFactKind, text::Reference};

type Step = ProcessStep<ProviderInbox>;

/// The timer after which a message that came too early is tried again.
const TRY_AGAIN: &str = "try_again";

pub(super) fn decide(state: &ProviderInboxState, input: &Input<ProviderInbox>, moment: &Moment) -> Option<Step> {
    match input {
        Input::Told(message) => state.waiting.is_none().then(|| received(message, moment.now)),
        Input::Answered { action: Action::RecordConflict { .. }, .. } => {
            Some(Step::new().end(alarmed("provider_conflict")))
        }
        Input::Answered { action: Action::Apply { .. }, answer } => {
            state.waiting.as_ref().map(|waiting| applied(waiting, answer, moment.now))
        }
        Input::Due(_) => state.waiting.as_ref().map(|waiting| apply(Step::new(), &waiting.message)),
    }
}

fn received(message: &StoredMessage, now: DateTime<Utc>) -> Step {
    let step = Step::new().fact(Fact::Received { message: message.clone(), at: now });
    match message.fact.kind {
        ProviderFactKind::Other => step.fact(Fact::Unrelated).end(Ending::Completed),
        _ => apply(step, message),
    }
}

fn apply(step: Step, message: &StoredMessage) -> Step {
    step.send(Action::Apply { message: message.clone() })
}

fn applied(waiting: &WaitingMessage, answer: &Answer, now: DateTime<Utc>) -> Step {
    let age = now - waiting.since;
    match answer {
        Answer::Applied { payment_id } => {
            Step::new().fact(Fact::Applied { payment_id: *payment_id }).end(Ending::Completed)
        }
        Answer::Conflicting { payment_id, reason } => contradicted(waiting, *payment_id, reason.clone()),
        // Whatever was to become known has become known by then.
        Answer::TooEarly { payment_id } if age >= HOURLY_FOR => {
            contradicted(waiting, *payment_id, code("operation_not_requested"))
        }
        Answer::Unmatched if age >= REMEMBERED => Step::new().fact(Fact::GivenUp).end(alarmed("message_unmatched")),
        Answer::TooEarly { .. } | Answer::Unmatched | Answer::ConflictRecorded => {
            Step::new().fact(Fact::Postponed).arm(TRY_AGAIN, now + waiting.patience(now))
        }
    }
}

fn contradicted(waiting: &WaitingMessage, payment_id: PaymentId, reason: Reference) -> Step {
    let message_id = waiting.message.id;
    Step::new().fact(Fact::Contradicted { payment_id, reason: reason.clone() }).send(Action::RecordConflict {
        message_id,
        payment_id,
        reason,
    })
}

fn alarmed(reason: &'static str) -> Ending {
    Ending::Alarmed { reason: code(reason) }
}

fn code(code: &'static str) -> Reference {
    code.parse().expect("the codes are references")
}
