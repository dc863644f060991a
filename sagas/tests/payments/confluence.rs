//! Whatever the order in which a provider's messages come, and however often: the payment ends the same, and as the provider
//! has it (I8).

use crate::{
    provider::Mood,
    shop::{TOTAL, operation, order_id, payment_id},
    stage::Stage,
};
use chrono::TimeDelta;
use std::collections::BTreeSet;
use tillroll_domain::{
    checkout::CapturePolicy::AtFulfillment,
    order::state::PaymentAmounts,
    payment::{commands::PaymentCommand, events::OperationKind, state::CreatedPayment},
    provider_message::ProviderFact,
};

/// All orders of so many things, as indices.
fn permutations(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![vec![]];
    }
    let shorter = permutations(count - 1);
    let with = |order: &Vec<usize>, at: usize| {
        let mut longer = order.clone();
        longer.insert(at, count - 1);
        longer
    };
    shorter.iter().flat_map(|order| (0..count).map(move |at| with(order, at))).collect()
}

/// How a run ended.
#[derive(Debug, PartialEq)]
struct End {
    payment: CreatedPayment,
    order: PaymentAmounts,
}

/// A payment whose authorization and captures had no answer, and what the provider says of it.
#[derive(Clone, Copy)]
enum Story {
    /// Only the authorization was requested; captures and a refund were made by hand.
    ByHand,
    /// Captures were requested, of which one was lost.
    Requested,
    /// The same, and no message about them names us.
    Stripped,
}

async fn begin(story: Story) -> (Stage, Vec<ProviderFact>) {
    let mut stage = Stage::new();
    stage.place(AtFulfillment).await;
    match story {
        Story::ByHand => {
            stage.provider.will([Mood::TimeoutAfter]);
            stage.provider.answers_look_ups(false);
            stage.authorize(operation(1)).await;
            stage.settle().await;
            assert!(stage.provider.by_hand(payment_id(), OperationKind::Capture, 5_000));
            assert!(stage.provider.by_hand(payment_id(), OperationKind::Capture, 3_000));
            assert!(stage.provider.by_hand(payment_id(), OperationKind::Refund, 2_000));
            assert!(stage.provider.dispute(payment_id(), 1_000));
        }
        Story::Requested | Story::Stripped => {
            stage.authorize(operation(1)).await;
            stage.settle().await;
            stage.provider.will([Mood::TimeoutAfter, Mood::TimeoutBefore]);
            stage.provider.answers_look_ups(false);
            stage.on_payment(PaymentCommand::RequestCapture { operation_id: operation(2), amount_minor: 5_000 }).await;
            stage.settle().await;
            stage.on_payment(PaymentCommand::RequestCapture { operation_id: operation(3), amount_minor: 3_000 }).await;
            stage.settle().await;
            assert!(stage.provider.by_hand(payment_id(), OperationKind::Refund, 2_000));
            assert!(stage.provider.dispute(payment_id(), 1_000));
        }
    }
    let mut facts = stage.provider.take_said();
    if matches!(story, Story::Stripped) {
        for fact in facts.iter_mut().filter(|fact| fact.operation_id.is_some()) {
            (fact.operation_id, fact.payment_id) = (None, None);
        }
    }
    // One comes twice.
    facts.insert(1, facts[1].clone());
    (stage, facts)
}

/// Delivers the messages in an order, each under the id of its content, and lets an hour pass.
async fn end(story: Story, order: &[usize]) -> End {
    let (mut stage, facts) = begin(story).await;
    for &index in order {
        let fact = facts[index].clone();
        let first = facts.iter().position(|other| *other == fact).unwrap();
        stage.receive(&format!("evt_{first}"), fact).await;
        stage.settle().await;
    }
    stage.provider.answers_look_ups(true);
    stage.pass(TimeDelta::hours(3)).await;
    let payment = stage.payment(payment_id()).await;
    let charge = stage.provider.charge(payment_id()).unwrap();
    assert_eq!(payment.captured_minor(), charge.captured_minor(), "{order:?}");
    assert_eq!(payment.refunded_minor(), charge.refunded_minor(), "{order:?}");
    assert_eq!(payment.disputed_minor(), charge.disputed_minor(), "{order:?}");
    assert_eq!(payment.authorized_minor(), charge.aside_minor(stage.now()), "{order:?}");
    assert!(stage.endings("provider_inbox").await.iter().all(Option::is_some), "{order:?}");
    assert_eq!(charge.reused_keys, 0);
    End { payment, order: stage.order(order_id()).await.payment_sums() }
}

async fn all_orders_end_the_same(story: Story) {
    let (_, facts) = begin(story).await;
    assert!(facts.len() <= 6);
    let expected = end(story, &(0..facts.len()).collect::<Vec<_>>()).await;
    let mut seen = BTreeSet::new();
    for order in permutations(facts.len()) {
        // The two copies are the same message.
        let content: Vec<usize> =
            order.iter().map(|&index| facts.iter().position(|fact| *fact == facts[index]).unwrap()).collect();
        if seen.insert(content) {
            assert_eq!(end(story, &order).await, expected, "{order:?}");
        }
    }
}

/// Cases 9, 24, F10: captured and refunded in the provider's own pages, told before the authorization is known.
#[tokio::test]
async fn messages_about_what_was_done_by_hand_end_the_same_in_any_order() {
    all_orders_end_the_same(Story::ByHand).await;
}

/// Cases 7, 10, 11, F10: the answers are lost and the messages come as they like.
#[tokio::test]
async fn messages_about_what_was_requested_end_the_same_in_any_order() {
    all_orders_end_the_same(Story::Requested).await;
}

/// Cases 9, 41: the provider's name of an operation becomes known only by asking for it.
#[tokio::test]
async fn messages_that_do_not_name_us_end_the_same_in_any_order() {
    all_orders_end_the_same(Story::Stripped).await;
}

/// F10: messages are delayed for up to three days, and the authorization has lapsed since.
#[tokio::test]
async fn a_message_is_never_too_late() {
    let (mut stage, facts) = begin(Story::ByHand).await;
    for (n, fact) in facts.into_iter().enumerate().rev() {
        stage.receive(&format!("evt_{n}"), fact).await;
        stage.pass(TimeDelta::hours(72)).await;
    }
    stage.provider.answers_look_ups(true);
    stage.pass(TimeDelta::days(3)).await;
    let payment = stage.payment(payment_id()).await;
    let charge = stage.provider.charge(payment_id()).unwrap();
    assert_eq!((payment.captured_minor(), payment.refunded_minor()), (8_000, 2_000));
    assert_eq!((charge.captured_minor(), charge.refunded_minor()), (8_000, 2_000));
    assert_eq!(payment.authorized_minor(), charge.aside_minor(stage.now()));
}

/// Case 11: a message that names another amount changes nothing, and is kept in mind.
#[tokio::test]
async fn a_contradicting_message_is_recorded_and_never_taken_over() {
    let (mut stage, facts) = begin(Story::Requested).await;
    let mut wrong = facts.into_iter().find(|fact| fact.operation_id == Some(operation(2))).unwrap();
    wrong.amount = wrong.amount.map(|amount| crate::shop::euros(amount.minor + 1));
    for _ in 0..2 {
        stage.receive("evt_wrong", wrong.clone()).await;
        stage.settle().await;
    }
    let payment = stage.payment(payment_id()).await;
    assert_eq!((payment.authorized_minor(), payment.captured_minor()), (TOTAL, 0));
    let ignored = stage.types("payment").await.into_iter().filter(|name| name == "PaymentProviderEventIgnored");
    assert_eq!(ignored.count(), 1);
    assert_eq!(stage.endings("provider_inbox").await, [crate::stage::alarm("provider_conflict")]);
}

/// Case 9: a message about an operation that is requested only afterwards, as after a restore of the log.
#[tokio::test]
async fn a_message_may_be_ahead_of_its_operation() {
    let (mut stage, facts) = begin(Story::Requested).await;
    let mut early = facts.into_iter().find(|fact| fact.operation_id == Some(operation(2))).unwrap();
    early.operation_id = Some(operation(7));
    early.provider_reference = Some("sim_early".parse().unwrap());
    early.amount = Some(crate::shop::euros(1_000));
    stage.receive("evt_early", early).await;
    stage.pass(TimeDelta::minutes(1)).await;
    assert_eq!(stage.payment(payment_id()).await.captured_minor(), 0);
    stage.provider.will([Mood::TimeoutBefore]);
    stage.on_payment(PaymentCommand::RequestCapture { operation_id: operation(7), amount_minor: 1_000 }).await;
    stage.pass(TimeDelta::minutes(10)).await;
    assert_eq!(stage.payment(payment_id()).await.captured_minor(), 1_000);
}

/// Case 9: a message that belongs to no payment is kept for 35 days, and then somebody must look.
#[tokio::test]
async fn a_message_without_a_payment_waits_for_35_days() {
    let mut stage = Stage::new();
    let (_, facts) = begin(Story::Stripped).await;
    let mut fact = facts[0].clone();
    fact.provider_reference = Some("ch_unknown".parse().unwrap());
    stage.receive("evt_foreign", fact).await;
    stage.pass(TimeDelta::days(34)).await;
    assert_eq!(stage.endings("provider_inbox").await, [None]);
    stage.pass(TimeDelta::days(2)).await;
    assert_eq!(stage.endings("provider_inbox").await, [crate::stage::alarm("message_unmatched")]);
    assert!(stage.is_quiet().await);
}

/// F8: the whole log is told again, and every message is received again.
#[tokio::test]
async fn telling_everything_again_changes_nothing() {
    let (mut stage, facts) = begin(Story::Requested).await;
    for round in 0..2 {
        for (n, fact) in facts.iter().enumerate() {
            stage.receive(&format!("evt_{n}"), fact.clone()).await;
        }
        stage.settle().await;
        stage.provider.answers_look_ups(true);
        stage.pass(TimeDelta::hours(3)).await;
        let (before, calls) = (stage.bus.log().head().await.unwrap(), stage.provider.counts());
        if round == 1 {
            stage.actors.iter_mut().for_each(|actor| actor.forget_position());
            stage.settle().await;
            assert_eq!(stage.bus.log().head().await.unwrap(), before);
            assert_eq!(stage.provider.counts(), calls);
        }
    }
}
