//! One payment and its provider: lost calls, lost answers, late answers, refusals, cancellations.

use crate::{
    provider::Mood,
    shop::{TOTAL, operation, order_id, payment_id},
    stage::{Stage, alarm},
};
use chrono::TimeDelta;
use tillroll_domain::{
    checkout::CapturePolicy::AtFulfillment,
    payment::{commands::PaymentCommand, events::OperationKind, state::OperationOutcome},
};
use tillroll_sagas::process::Ending;

const DAY: TimeDelta = TimeDelta::days(1);

async fn placed() -> Stage {
    let mut stage = Stage::new();
    stage.place(AtFulfillment).await;
    stage
}

async fn outcome(stage: &Stage, n: u128) -> OperationOutcome {
    stage.payment(payment_id()).await.operations()[&operation(n)].outcome
}

#[tokio::test]
async fn what_is_requested_is_carried_out_and_told_to_the_order() {
    let mut stage = placed().await;
    stage.authorize(operation(1)).await;
    stage.settle().await;
    assert_eq!(outcome(&stage, 1).await, OperationOutcome::Succeeded);
    assert_eq!(stage.order(order_id()).await.paid_minor(), TOTAL);
    assert_eq!(stage.endings("payment_reconcile").await, [Some(Ending::Completed)]);
    stage.on_payment(PaymentCommand::RequestCapture { operation_id: operation(2), amount_minor: 5_000 }).await;
    stage.settle().await;
    let amounts = stage.order(order_id()).await.payment_sums();
    assert_eq!((amounts.authorized_minor, amounts.captured_minor), (TOTAL - 5_000, 5_000));
    assert_eq!(stage.provider.counts(), (2, 0), "nobody asks about what was answered");
}

/// Case 41, F11: the money was set aside and the answer lost; it is found by our own reference.
#[tokio::test]
async fn a_lost_answer_is_looked_up_and_nothing_is_asked_for_twice() {
    let mut stage = placed().await;
    stage.provider.will([Mood::TimeoutAfter]);
    stage.authorize(operation(1)).await;
    stage.settle().await;
    assert_eq!(outcome(&stage, 1).await, OperationOutcome::Unknown);
    stage.pass(TimeDelta::seconds(1)).await;
    assert_eq!(outcome(&stage, 1).await, OperationOutcome::Succeeded);
    assert_eq!(stage.provider.counts(), (1, 1));
}

/// F11: the call was lost; the same operation is asked for again, under the same id.
#[tokio::test]
async fn a_lost_call_is_made_again_under_the_same_id() {
    let mut stage = placed().await;
    stage.provider.will([Mood::TimeoutBefore, Mood::TimeoutBefore]);
    stage.authorize(operation(1)).await;
    stage.pass(TimeDelta::seconds(1)).await;
    assert_eq!(outcome(&stage, 1).await, OperationOutcome::Unknown);
    stage.pass(TimeDelta::seconds(5)).await;
    assert_eq!(outcome(&stage, 1).await, OperationOutcome::Succeeded);
    assert_eq!(stage.provider.counts(), (3, 2));
    assert_eq!(stage.provider.asked(), [operation(1)].into());
}

/// F12: "later" is no outcome.
#[tokio::test]
async fn a_provider_that_says_later_is_asked_later() {
    let mut stage = placed().await;
    stage.provider.will([Mood::Unavailable, Mood::Unavailable]);
    stage.authorize(operation(1)).await;
    stage.settle().await;
    assert_eq!(outcome(&stage, 1).await, OperationOutcome::Pending);
    stage.pass(TimeDelta::seconds(6)).await;
    assert_eq!(outcome(&stage, 1).await, OperationOutcome::Succeeded);
    assert_eq!(stage.provider.counts(), (3, 0));
}

#[tokio::test]
async fn a_late_decision_is_looked_up() {
    let mut stage = placed().await;
    stage.provider.will([Mood::Late]);
    stage.authorize(operation(1)).await;
    stage.pass(TimeDelta::minutes(5)).await;
    assert_eq!(outcome(&stage, 1).await, OperationOutcome::Succeeded);
}

#[tokio::test]
async fn a_declined_payment_may_be_attempted_again() {
    let mut stage = placed().await;
    stage.provider.will([Mood::Decline]);
    stage.authorize(operation(1)).await;
    stage.settle().await;
    assert_eq!(outcome(&stage, 1).await, OperationOutcome::Failed);
    assert!(stage.is_quiet().await);
    stage.authorize(operation(2)).await;
    stage.settle().await;
    assert_eq!(stage.order(order_id()).await.paid_minor(), TOTAL);
}

/// Case 14: another amount than was asked for is never taken over.
#[tokio::test]
async fn another_amount_is_a_conflict() {
    let mut stage = placed().await;
    stage.provider.will([Mood::WrongAmount]);
    stage.authorize(operation(1)).await;
    stage.pass(DAY).await;
    let payment = stage.payment(payment_id()).await;
    assert_eq!((payment.authorized_minor(), payment.captured_minor()), (0, 0));
    assert!(stage.types("payment").await.contains(&"PaymentProviderEventIgnored".to_owned()));
    assert_eq!(stage.endings("payment_reconcile").await, [alarm("provider_contradicted")]);
}

/// Case 27: what is set aside for a cancelled payment is set free.
#[tokio::test]
async fn a_cancelled_payment_is_voided() {
    let mut stage = placed().await;
    stage.authorize(operation(1)).await;
    stage.settle().await;
    stage.cancel_payment().await;
    stage.settle().await;
    let charge = stage.provider.charge(payment_id()).unwrap();
    assert_eq!((charge.aside_minor(stage.now()), charge.captured_minor()), (0, 0));
    assert_eq!(stage.order(order_id()).await.paid_minor(), 0);
    assert_eq!(stage.endings("payment_reconcile").await, [Some(Ending::Compensated)]);
}

/// Case 27: what was taken, also late, is given back, and the rest set free.
#[tokio::test]
async fn what_a_cancelled_payment_has_taken_is_given_back() {
    for mood in [Mood::Approve, Mood::TimeoutAfter, Mood::TimeoutBefore, Mood::Late, Mood::Unavailable] {
        let mut stage = placed().await;
        stage.authorize(operation(1)).await;
        stage.settle().await;
        stage.provider.will([mood]);
        stage.on_payment(PaymentCommand::RequestCapture { operation_id: operation(2), amount_minor: 5_000 }).await;
        stage.cancel_payment().await;
        stage.pass(DAY).await;
        let charge = stage.provider.charge(payment_id()).unwrap();
        assert_eq!(charge.aside_minor(stage.now()), 0, "{mood:?}");
        assert_eq!((charge.captured_minor(), charge.refunded_minor()), (5_000, 5_000), "{mood:?}");
        let payment = stage.payment(payment_id()).await;
        assert_eq!((payment.captured_minor(), payment.refunded_minor()), (5_000, 5_000), "{mood:?}");
        assert_eq!(stage.endings("payment_reconcile").await, [Some(Ending::Compensated)], "{mood:?}");
    }
}

/// F11: a refund without an answer is the same refund when it is asked for again.
#[tokio::test]
async fn an_unknown_refund_is_never_requested_under_another_id() {
    let mut stage = placed().await;
    stage.authorize(operation(1)).await;
    stage.on_payment_settled(PaymentCommand::RequestCapture { operation_id: operation(2), amount_minor: TOTAL }).await;
    stage.provider.will([Mood::TimeoutAfter, Mood::TimeoutBefore]);
    stage.provider.answers_look_ups(false);
    stage.cancel_payment().await;
    stage.pass(DAY).await;
    stage.provider.answers_look_ups(true);
    stage.pass(DAY).await;
    let charge = stage.provider.charge(payment_id()).unwrap();
    assert_eq!((charge.captured_minor(), charge.refunded_minor()), (TOTAL, TOTAL));
    assert_eq!(stage.provider.asked().len(), 3, "one authorization, one capture, one refund");
}

/// A refund that is refused is requested anew, later and later, and at last somebody must look.
#[tokio::test]
async fn a_refused_undoing_is_tried_again_and_then_alarms() {
    let mut stage = placed().await;
    stage.authorize(operation(1)).await;
    stage.on_payment_settled(PaymentCommand::RequestCapture { operation_id: operation(2), amount_minor: TOTAL }).await;
    stage.provider.will([Mood::Decline; 3]);
    stage.cancel_payment().await;
    stage.settle().await;
    let (calls, _) = stage.provider.counts();
    assert_eq!(calls, 3, "it is not asked for at once again");
    stage.pass(DAY).await;
    assert_eq!(stage.payment(payment_id()).await.refunded_minor(), TOTAL);
    assert_eq!(stage.endings("payment_reconcile").await, [Some(Ending::Compensated)]);

    let mut stage = placed().await;
    stage.authorize(operation(1)).await;
    stage.on_payment_settled(PaymentCommand::RequestCapture { operation_id: operation(2), amount_minor: TOTAL }).await;
    stage.provider.will([Mood::Decline; 50]);
    stage.cancel_payment().await;
    stage.pass(TimeDelta::days(30)).await;
    assert_eq!(stage.endings("payment_reconcile").await, [alarm("undo_refused")]);
    assert!(stage.is_quiet().await);
}

#[tokio::test]
async fn a_customer_who_acts_is_found_out_without_a_message() {
    let mut stage = placed().await;
    stage.provider.will([Mood::AskCustomer]);
    stage.authorize(operation(1)).await;
    stage.settle().await;
    assert_eq!(outcome(&stage, 1).await, OperationOutcome::ActionRequired);
    stage.pass(TimeDelta::minutes(3)).await;
    assert!(stage.provider.complete_action(payment_id(), true));
    stage.pass(TimeDelta::minutes(20)).await;
    assert_eq!(stage.order(order_id()).await.paid_minor(), TOTAL);
}

#[tokio::test]
async fn a_customer_who_never_acts_is_given_up_once_the_payment_is_cancelled() {
    let mut stage = placed().await;
    stage.provider.will([Mood::AskCustomer]);
    stage.authorize(operation(1)).await;
    stage.pass(TimeDelta::minutes(30)).await;
    stage.cancel_payment().await;
    stage.pass(TimeDelta::days(2)).await;
    assert!(stage.is_quiet().await);
    assert_eq!(stage.endings("payment_reconcile").await, [Some(Ending::Compensated)]);
    // Even then the customer may act, and gets everything back once that is told.
    assert!(stage.provider.complete_action(payment_id(), true));
    for (n, fact) in stage.provider.take_said().into_iter().enumerate() {
        stage.receive(&format!("evt_{n}"), fact).await;
    }
    stage.settle().await;
    assert_eq!(stage.provider.charge(payment_id()).unwrap().aside_minor(stage.now()), 0);
}

/// Case 12: two attempts that both succeed leave the money of one set aside.
#[tokio::test]
async fn of_two_authorizations_one_is_set_free() {
    let mut stage = placed().await;
    stage.provider.will([Mood::AskCustomer]);
    stage.authorize(operation(1)).await;
    stage.settle().await;
    stage.authorize(operation(2)).await;
    stage.settle().await;
    assert!(stage.provider.complete_action(payment_id(), true));
    stage.pass(TimeDelta::hours(3)).await;
    let charge = stage.provider.charge(payment_id()).unwrap();
    assert_eq!(charge.aside_minor(stage.now()), TOTAL);
    assert_eq!(stage.order(order_id()).await.paid_minor(), TOTAL);
    assert!(charge.operations.iter().any(|operation| operation.kind == OperationKind::Void));
}

#[tokio::test]
async fn an_outcome_that_nobody_learns_alarms_and_is_asked_about_further() {
    let mut stage = placed().await;
    stage.provider.will([Mood::TimeoutAfter]);
    stage.provider.answers_look_ups(false);
    stage.authorize(operation(1)).await;
    stage.pass(TimeDelta::days(8)).await;
    assert_eq!(stage.endings("payment_reconcile").await, [alarm("outcome_overdue")]);
    stage.provider.answers_look_ups(true);
    stage.pass(TimeDelta::hours(2)).await;
    assert!(!outcome(&stage, 1).await.is_open());
    assert_eq!(stage.endings("payment_reconcile").await, [Some(Ending::Completed)]);
}

impl Stage {
    async fn on_payment_settled(&mut self, command: PaymentCommand) {
        self.settle().await;
        self.on_payment(command).await;
        self.settle().await;
    }
}
