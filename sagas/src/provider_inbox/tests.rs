//! What ProviderInbox does about each input.

use super::{
    ProviderInbox, ProviderInboxAction as Action, ProviderInboxAnswer as Answer, StoredMessage,
    state::{DAILY, HOURLY_FOR, PATIENCE, REMEMBERED},
};
use crate::{
    process::Ending,
    testing::{Story, noon},
};
use tillroll_domain::{
    ids::{PaymentId, ProviderMessageId},
    provider_message::{ProviderFact, ProviderFactKind},
};
use uuid::Uuid;

const fn payment() -> PaymentId {
    PaymentId::new(Uuid::from_u128(9))
}

fn message(kind: ProviderFactKind) -> StoredMessage {
    let id = ProviderMessageId::new(Uuid::from_u128(1));
    StoredMessage { id, provider: "simulated".parse().unwrap(), fact: ProviderFact::of(kind) }
}

fn apply() -> Action {
    Action::Apply { message: message(ProviderFactKind::Captured) }
}

fn came() -> Story<ProviderInbox> {
    Story::begin(()).told(message(ProviderFactKind::Captured)).sends([apply()])
}

fn conflict(reason: &str) -> Action {
    let message_id = message(ProviderFactKind::Captured).id;
    Action::RecordConflict { message_id, payment_id: payment(), reason: reason.parse().unwrap() }
}

fn alarmed(reason: &str) -> Ending {
    Ending::Alarmed { reason: reason.parse().unwrap() }
}

#[test]
fn a_message_is_brought_to_its_payment() {
    let applied = Answer::Applied { payment_id: payment() };
    came().answered(&apply(), applied).ends(&Ending::Completed).leaves_nothing();
}

#[test]
fn a_message_about_something_else_is_done_with() {
    Story::<ProviderInbox>::begin(()).told(message(ProviderFactKind::Other)).sends([]).ends(&Ending::Completed);
}

/// Case 9: what comes too early is tried again.
#[test]
fn a_message_that_comes_too_early_is_tried_again_later_and_later() {
    for answer in [Answer::Unmatched, Answer::TooEarly { payment_id: payment() }] {
        let mut story = came();
        for patience in PATIENCE {
            let due = story.now() + patience;
            story = story.answered(&apply(), answer.clone()).goes_on().waits_for([("try_again", due)]);
            story = story.due("try_again").sends([apply()]);
        }
        let due = story.now() + PATIENCE[4];
        story.answered(&apply(), answer.clone()).waits_for([("try_again", due)]);
    }
}

#[test]
fn a_message_without_a_payment_is_remembered_for_35_days() {
    let late = came().after(HOURLY_FOR).answered(&apply(), Answer::Unmatched);
    let due = noon().now + HOURLY_FOR + DAILY;
    late.waits_for([("try_again", due)]);
    came().after(REMEMBERED).answered(&apply(), Answer::Unmatched).ends(&alarmed("message_unmatched")).leaves_nothing();
}

/// Case 11: a conflict is recorded by itself.
#[test]
fn a_message_that_contradicts_its_payment_is_recorded_as_a_conflict() {
    let reason = "amount_mismatch".parse().unwrap();
    came()
        .answered(&apply(), Answer::Conflicting { payment_id: payment(), reason })
        .sends([conflict("amount_mismatch")])
        .goes_on()
        .answered(&conflict("amount_mismatch"), Answer::ConflictRecorded)
        .ends(&alarmed("provider_conflict"))
        .leaves_nothing();
}

#[test]
fn an_operation_that_is_never_requested_is_a_conflict() {
    came()
        .after(HOURLY_FOR)
        .answered(&apply(), Answer::TooEarly { payment_id: payment() })
        .sends([conflict("operation_not_requested")]);
}
