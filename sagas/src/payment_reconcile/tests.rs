//! What PaymentReconcile does about each input, and each failure.

use super::{
    PaymentNews as News, PaymentReconcile, PaymentReconcileAction as Action, PaymentReconcileAnswer as Answer,
    state::{CUSTOMER_AWAITED, OVERDUE_AFTER, PATIENCE, UNDO_PATIENCE},
};
use crate::{
    process::Ending,
    testing::{Story, noon},
};
use chrono::TimeDelta;
use tillroll_domain::{ids::OperationId, money::Money, payment::events::OperationKind, text::Reference};
use tillroll_infra::payments::ProviderOutcome;
use uuid::Uuid;

const fn op(n: u128) -> OperationId {
    OperationId::new(Uuid::from_u128(n))
}

fn timer(n: u128) -> String {
    format!("operation:{}", op(n).uuid())
}

fn reference() -> Reference {
    "ch_1".parse().unwrap()
}

fn requested(n: u128, operation: OperationKind) -> News {
    News::Requested { operation_id: op(n), operation }
}

fn succeeded(n: u128) -> News {
    happened(n, OperationKind::Authorize)
}

fn happened(n: u128, operation: OperationKind) -> News {
    News::Succeeded { operation_id: op(n), operation, reference: Some(reference()) }
}

const fn failed(n: u128, operation: OperationKind) -> News {
    News::Failed { operation_id: op(n), operation }
}

const fn call(n: u128) -> Action {
    Action::Call { operation_id: op(n), captured: None }
}

const fn look_up(n: u128) -> Action {
    Action::LookUp { operation_id: op(n) }
}

fn success() -> ProviderOutcome {
    let amount = Money::new(1_000, "EUR".parse().unwrap());
    ProviderOutcome::Succeeded { provider_reference: reference(), amount, expires_at: None }
}

fn refusal() -> ProviderOutcome {
    ProviderOutcome::Failed { code: "card_declined".parse().unwrap(), note: "".parse().unwrap() }
}

fn question() -> ProviderOutcome {
    ProviderOutcome::ActionRequired { action_url: "/pay".parse().unwrap(), provider_reference: reference() }
}

const fn came(outcome: ProviderOutcome) -> Answer {
    Answer::Came { outcome }
}

const fn record(n: u128, outcome: ProviderOutcome) -> Action {
    Action::Record { operation_id: op(n), outcome }
}

fn claim() -> Action {
    Action::ClaimReference { reference: reference() }
}

fn alarmed(reason: &str) -> Ending {
    Ending::Alarmed { reason: reason.parse().unwrap() }
}

fn begun() -> Story<PaymentReconcile> {
    Story::begin(()).told(requested(1, OperationKind::Authorize)).sends([call(1)])
}

fn authorized() -> Story<PaymentReconcile> {
    begun()
        .answered(&call(1), came(success()))
        .sends([record(1, success())])
        .answered(&record(1, success()), Answer::Done)
        .told(succeeded(1))
        .sends([claim(), Action::MirrorToOrder])
        .answered(&claim(), Answer::Done)
        .answered(&Action::MirrorToOrder, Answer::Done)
}

fn cancelled() -> Story<PaymentReconcile> {
    authorized().told(News::Cancelled).sends([Action::Undo])
}

#[test]
fn an_operation_is_called_recorded_and_mirrored() {
    authorized().ends(&Ending::Completed).leaves_nothing();
}

#[test]
fn a_refusal_of_the_provider_is_recorded_and_moves_nothing() {
    begun()
        .answered(&call(1), came(refusal()))
        .sends([record(1, refusal())])
        .answered(&record(1, refusal()), Answer::Done)
        .told(failed(1, OperationKind::Authorize))
        .sends([])
        .ends(&Ending::Completed)
        .leaves_nothing();
}

/// F11: silence is looked into, later and later, and is not taken for a refusal.
#[test]
fn an_unanswered_call_is_looked_up() {
    let mut story = begun()
        .answered(&call(1), Answer::Unanswered)
        .sends([Action::RecordUnknown { operation_id: op(1) }])
        .answered(&Action::RecordUnknown { operation_id: op(1) }, Answer::Done);
    for _ in PATIENCE {
        story = story.due(timer(1)).sends([look_up(1)]).answered(&look_up(1), Answer::Unanswered).sends([]);
    }
    let now = story.now();
    story = story.waits_for([(timer(1), now + TimeDelta::hours(1))]);
    story.due(timer(1)).answered(&look_up(1), came(success())).sends([record(1, success())]).goes_on();
}

/// F11: what the provider never heard of is asked for again, as the same operation.
#[test]
fn an_unknown_operation_is_called_again_under_its_own_id() {
    begun()
        .answered(&call(1), Answer::Unanswered)
        .due(timer(1))
        .answered(&look_up(1), Answer::NotFound)
        .sends([call(1)])
        .answered(&call(1), Answer::Unanswered)
        .sends([])
        .waits_for([(timer(1), noon().now + PATIENCE[0] + PATIENCE[1])]);
}

/// F12: what was not sent is sent later, not before the provider wishes.
#[test]
fn a_call_that_was_not_sent_is_made_later() {
    begun()
        .answered(&call(1), Answer::NotSent { retry_after_ms: None })
        .sends([])
        .waits_for([(timer(1), noon().now + PATIENCE[0])])
        .due(timer(1))
        .sends([call(1)])
        .answered(&call(1), Answer::NotSent { retry_after_ms: Some(60_000) })
        .waits_for([(timer(1), noon().now + PATIENCE[0] + TimeDelta::minutes(1))]);
}

/// F11: a look-up that could not be made says nothing about the call before it.
#[test]
fn a_look_up_that_was_not_sent_is_made_again() {
    begun()
        .answered(&call(1), Answer::Unanswered)
        .due(timer(1))
        .answered(&look_up(1), Answer::NotSent { retry_after_ms: None })
        .due(timer(1))
        .sends([look_up(1)]);
}

#[test]
fn a_pending_operation_is_looked_up() {
    begun()
        .answered(&call(1), came(ProviderOutcome::Pending))
        .sends([])
        .due(timer(1))
        .sends([look_up(1)])
        .answered(&look_up(1), came(ProviderOutcome::Pending))
        .goes_on();
}

#[test]
fn a_message_may_tell_the_outcome_before_the_answer_does() {
    // The answer was lost, and the timer is armed.
    begun()
        .answered(&call(1), Answer::Unanswered)
        .told(succeeded(1))
        .waits_for::<String>([])
        .answered(&Action::RecordUnknown { operation_id: op(1) }, Answer::Refused { reason: "known".parse().unwrap() });
    // The answer is still on its way.
    begun().told(succeeded(1)).answered(&call(1), came(success())).sends([record(1, success())]);
    begun().told(succeeded(1)).answered(&call(1), came(refusal())).sends([]);
    begun().told(succeeded(1)).answered(&call(1), Answer::Unanswered).sends([]).waits_for::<String>([]);
    begun().told(failed(1, OperationKind::Authorize)).answered(&call(1), came(success())).sends([record(1, success())]);
}

/// Case 14: amounts that differ are never taken over.
#[test]
fn a_contradiction_alarms() {
    begun()
        .answered(&call(1), came(success()))
        .answered(&record(1, success()), Answer::Contradicted { reason: "amount_mismatch".parse().unwrap() })
        .ends(&alarmed("provider_contradicted"))
        .leaves_nothing();
    begun()
        .told(succeeded(1))
        .answered(&claim(), Answer::Contradicted { reason: "it belongs to another payment".parse().unwrap() })
        .ends(&alarmed("provider_contradicted"));
}

#[test]
fn the_order_is_told_once_more_if_the_amounts_changed_meanwhile() {
    authorized()
        .told(News::Changed)
        .sends([Action::MirrorToOrder])
        .told(News::Changed)
        .sends([])
        .told(News::Changed)
        .sends([])
        .answered(&Action::MirrorToOrder, Answer::Done)
        .sends([Action::MirrorToOrder])
        .answered(&Action::MirrorToOrder, Answer::Refused { reason: "the order went on".parse().unwrap() })
        .ends(&Ending::Completed);
}

#[test]
fn what_a_customer_has_to_do_is_recorded_once() {
    begun()
        .answered(&call(1), came(question()))
        .sends([record(1, question())])
        .due(timer(1))
        .answered(&look_up(1), came(question()))
        .sends([])
        .goes_on();
}

#[test]
fn a_customer_is_not_waited_for_after_the_cancellation() {
    let waiting = || begun().answered(&call(1), came(question())).answered(&record(1, question()), Answer::Done);
    waiting()
        .told(News::Cancelled)
        .answered(&Action::Undo, Answer::Done)
        .after(CUSTOMER_AWAITED)
        .due(timer(1))
        .sends([])
        .ends(&Ending::Compensated)
        .leaves_nothing();
    // Nobody else gives up.
    waiting().after(OVERDUE_AFTER).due(timer(1)).sends([look_up(1)]).goes_on();
}

#[test]
fn an_outcome_that_is_overdue_alarms_once_and_is_looked_up_further() {
    begun()
        .answered(&call(1), Answer::Unanswered)
        .answered(&Action::RecordUnknown { operation_id: op(1) }, Answer::Done)
        .after(OVERDUE_AFTER)
        .due(timer(1))
        .sends([look_up(1)])
        .ends(&alarmed("outcome_overdue"))
        .answered(&look_up(1), Answer::Unanswered)
        .due(timer(1))
        .sends([look_up(1)])
        .goes_on()
        .answered(&look_up(1), came(success()))
        .answered(&record(1, success()), Answer::Done)
        .told(succeeded(1))
        .answered(&claim(), Answer::Done)
        .answered(&Action::MirrorToOrder, Answer::Done)
        .ends(&Ending::Completed);
}

/// Case 27: whatever becomes known of a cancelled payment is looked at for what is to be undone.
#[test]
fn a_cancelled_payment_is_undone_after_every_change() {
    cancelled()
        .told(requested(2, OperationKind::Void))
        .answered(&Action::Undo, Answer::Done)
        .answered(&call(2), came(success()))
        .answered(&record(2, success()), Answer::Done)
        .told(News::Succeeded { operation_id: op(2), operation: OperationKind::Void, reference: None })
        .sends([Action::MirrorToOrder, Action::Undo])
        .told(News::Changed)
        .sends([])
        .answered(&Action::Undo, Answer::Done)
        .sends([Action::Undo])
        .answered(&Action::Undo, Answer::Done)
        .answered(&Action::MirrorToOrder, Answer::Done)
        .sends([Action::MirrorToOrder])
        .answered(&Action::MirrorToOrder, Answer::Done)
        .ends(&Ending::Compensated)
        .leaves_nothing();
}

/// Case 27: a capture that failed leaves its money set aside.
#[test]
fn a_failed_capture_of_a_cancelled_payment_is_undone() {
    authorized()
        .told(requested(2, OperationKind::Capture))
        .told(News::Cancelled)
        .answered(&Action::Undo, Answer::Done)
        .told(failed(2, OperationKind::Capture))
        .sends([Action::Undo]);
}

#[test]
fn a_refused_undoing_is_repeated_later_and_at_last_alarms() {
    let mut story = cancelled().answered(&Action::Undo, Answer::Done);
    for (n, patience) in (2..).zip(UNDO_PATIENCE) {
        story = story.told(requested(n, OperationKind::Refund)).answered(&call(n), Answer::Settled);
        let due = story.now() + patience;
        story = story.told(failed(n, OperationKind::Refund)).sends([]).waits_for([("undo", due)]);
        story = story.due("undo").sends([Action::Undo]).answered(&Action::Undo, Answer::Done);
    }
    story
        .told(requested(20, OperationKind::Refund))
        .answered(&call(20), Answer::Settled)
        .told(failed(20, OperationKind::Refund))
        .ends(&alarmed("undo_refused"))
        .leaves_nothing();
}

/// Case 12: a second authorization may be too many.
#[test]
fn several_authorizations_are_looked_at_for_what_is_too_much() {
    begun()
        .answered(&call(1), came(question()))
        .answered(&record(1, question()), Answer::Done)
        .told(requested(2, OperationKind::Authorize))
        .answered(&call(2), came(success()))
        .told(succeeded(2))
        .sends([claim(), Action::MirrorToOrder, Action::Undo]);
    authorized().told(failed(9, OperationKind::Refund)).sends([]);
}

/// A refund says each time the same to the provider, however many captures there are by then.
#[test]
fn a_refund_names_the_first_capture_each_time() {
    let other: Reference = "ch_2".parse().unwrap();
    let refund = || Action::Call { operation_id: op(5), captured: Some(reference()) };
    authorized()
        .told(happened(2, OperationKind::Capture))
        .told(requested(5, OperationKind::Refund))
        .sends([refund()])
        .told(News::Succeeded { operation_id: op(3), operation: OperationKind::Capture, reference: Some(other) })
        .answered(&refund(), Answer::Unanswered)
        .due(timer(5))
        .answered(&look_up(5), Answer::NotFound)
        .sends([refund()]);
}
