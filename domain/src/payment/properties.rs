//! What holds for every payment, whatever is asked of it and whatever the provider says, in whatever order.

use super::{
    Payment,
    commands::PaymentCommand,
    dispute::DisputeStatus,
    events::{OperationKind, PaymentEvent},
    fixtures::{
        AMOUNT, EXPIRED, action_required, authorization, cancel, capture, creation, dispute, expired, failure,
        observed, refund, success, unknown, void,
    },
    state::{CreatedPayment, OperationOutcome, PaymentState},
};
use crate::{
    aggregate::Aggregate,
    ids::OperationId,
    testing::{decide, moment},
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn any_command() -> impl Strategy<Value = PaymentCommand> {
    let operation = || 1_u128..8;
    let amount = || prop::sample::select(vec![0, 3_000, 4_000, 5_000, 6_000, AMOUNT, AMOUNT + 1]);
    prop_oneof![
        2 => operation().prop_map(authorization),
        4 => (operation(), amount()).prop_map(|(operation, amount)| capture(operation, amount)),
        1 => operation().prop_map(void),
        3 => (operation(), amount()).prop_map(|(operation, amount)| refund(operation, amount)),
        6 => (operation(), amount()).prop_map(|(operation, amount)| success(operation, amount)),
        2 => operation().prop_map(failure),
        2 => operation().prop_map(unknown),
        1 => operation().prop_map(action_required),
        1 => Just(EXPIRED),
        1 => operation().prop_map(expired),
        1 => Just(cancel()),
        1 => any_observation(),
        1 => (0..2, amount(), any_status()).prop_map(|(name, minor, status)| dispute(&format!("d{name}"), minor, status)),
    ]
}

fn any_status() -> impl Strategy<Value = DisputeStatus> {
    prop::sample::select(vec![DisputeStatus::Open, DisputeStatus::Won, DisputeStatus::Lost])
}

fn any_observation() -> impl Strategy<Value = PaymentCommand> {
    let kind = prop::sample::select(vec![OperationKind::Capture, OperationKind::Refund]);
    (20_u128..23, kind, 1..AMOUNT).prop_map(|(operation, kind, minor)| observed(operation, kind, minor))
}

fn open(payment: &CreatedPayment, kind: OperationKind) -> i64 {
    let operations = payment.operations().values();
    operations.filter(|one| one.kind == kind && one.outcome.is_open()).map(|one| one.amount_minor).sum()
}

fn check_invariants(payment: &CreatedPayment) {
    let (authorized, captured) = (payment.authorized_minor(), payment.captured_minor());
    assert!(authorized >= 0, "{payment:?}");
    let amount = payment.amount().minor;
    assert!(captured > amount || captured + authorized <= amount, "never more than was intended: {payment:?}");
    assert!(payment.refunded_minor() <= captured, "{payment:?}");
    assert!(payment.capturable_minor() >= 0 && payment.refundable_minor() >= 0, "{payment:?}");
    assert!(payment.refundable_minor() <= captured - payment.refunded_minor(), "{payment:?}");
    assert!((0..=payment.refundable_minor()).contains(&payment.refund_due_minor()), "{payment:?}");
    if let Some((attempt, minor)) = payment.void_due() {
        assert!(minor > 0 && attempt <= payment.attempt(), "{payment:?}");
    }
}

/// What is requested is covered at that moment, by what we know.
fn check_request(command: &PaymentCommand, before: &CreatedPayment, payment: &CreatedPayment) {
    let is_new = before.operations().len() < payment.operations().len();
    match command {
        PaymentCommand::RequestCapture { .. } if is_new => {
            let taken = payment.captured_minor() + open(payment, OperationKind::Capture);
            assert!(taken <= payment.amount().minor, "captures are covered: {payment:?}");
            assert!(open(payment, OperationKind::Capture) <= payment.authorized_minor(), "{payment:?}");
        }
        PaymentCommand::RequestRefund { .. } if is_new => {
            let gone = payment.refunded_minor() + open(payment, OperationKind::Refund) + payment.disputed_minor();
            assert!(gone <= payment.captured_minor(), "refunds are covered: {payment:?}");
        }
        PaymentCommand::RequestCapture { .. }
        | PaymentCommand::RequestRefund { .. }
        | PaymentCommand::Create { .. }
        | PaymentCommand::RequestAuthorization { .. }
        | PaymentCommand::RequestVoid { .. }
        | PaymentCommand::Cancel { .. }
        | PaymentCommand::RecordActionRequired { .. }
        | PaymentCommand::RecordSuccess { .. }
        | PaymentCommand::RecordFailure { .. }
        | PaymentCommand::RecordUnknownOutcome { .. }
        | PaymentCommand::RecordAuthorizationExpired { .. }
        | PaymentCommand::RecordObserved { .. }
        | PaymentCommand::RecordDispute { .. }
        | PaymentCommand::RecordConflict { .. }
        | PaymentCommand::RecordSettled { .. } => {}
    }
}

/// What readers sum up from the events alone, without knowing of attempts, is what the payment says.
fn check_sums(history: &[PaymentEvent], payment: &CreatedPayment) {
    let (mut set_aside, mut taken, mut given_back) = (0, 0, 0);
    for event in history {
        match event {
            PaymentEvent::PaymentAuthorized(event) => set_aside += event.amount_minor,
            PaymentEvent::PaymentCaptured(event) => {
                taken += event.amount_minor;
                set_aside -= event.amount_minor;
            }
            PaymentEvent::PaymentVoided(event) => set_aside -= event.amount_minor,
            PaymentEvent::PaymentAuthorizationExpired(event) => set_aside -= event.amount_minor,
            PaymentEvent::PaymentRefunded(event) => given_back += event.amount_minor,
            PaymentEvent::PaymentOperationObserved(event) => match event.kind {
                OperationKind::Authorize | OperationKind::Void => {}
                OperationKind::Capture => {
                    taken += event.amount_minor;
                    set_aside -= event.amount_minor;
                }
                OperationKind::Refund => given_back += event.amount_minor,
            },
            PaymentEvent::PaymentCreated(_)
            | PaymentEvent::PaymentAttemptStarted(_)
            | PaymentEvent::PaymentOperationRequested(_)
            | PaymentEvent::PaymentActionRequired(_)
            | PaymentEvent::PaymentOperationFailed(_)
            | PaymentEvent::PaymentOutcomeUnknown(_)
            | PaymentEvent::PaymentCancelled(_)
            | PaymentEvent::PaymentDisputeOpened(_)
            | PaymentEvent::PaymentDisputeClosed(_)
            | PaymentEvent::PaymentProviderEventIgnored(_) => {}
        }
    }
    let lacking = (payment.amount().minor - taken).max(0);
    // A capture that comes to succeed after it failed takes what was told to be free; the sum is short of that until the
    // other captures of a lapsed authorization have their outcomes.
    if open(payment, OperationKind::Capture) == 0 {
        assert_eq!(set_aside.clamp(0, lacking), payment.authorized_minor(), "{history:#?}");
    }
    assert_eq!(taken, payment.captured_minor());
    assert_eq!(given_back.min(taken), payment.refunded_minor());
}

fn outcomes(payment: &CreatedPayment) -> BTreeMap<OperationId, OperationOutcome> {
    payment.operations().iter().map(|(id, one)| (*id, one.outcome)).collect()
}

/// What happens in a payment whose provider tells all kinds of things, after the requests: each in words of its own.
fn messages() -> Vec<PaymentCommand> {
    vec![
        success(1, AMOUNT),
        failure(1),
        success(2, AMOUNT),
        action_required(2),
        success(3, 6_000),
        failure(3),
        unknown(3),
        failure(4),
        success(5, 1_000),
        expired(1),
        expired(2),
        observed(20, OperationKind::Refund, 500),
        observed(21, OperationKind::Capture, 2_000),
        observed(22, OperationKind::Capture, 3_000),
        dispute("d1", 700, DisputeStatus::Open),
        dispute("d1", 700, DisputeStatus::Lost),
        dispute("d2", 300, DisputeStatus::Won),
        dispute("d2", 300, DisputeStatus::Open),
    ]
}

/// The requests, told as they were appended: at a time when the answers to the first were known.
fn requested() -> PaymentState {
    let commands = [
        creation(AMOUNT),
        authorization(1),
        failure(1),
        authorization(2),
        success(2, AMOUNT),
        capture(3, 6_000),
        capture(4, 3_000),
        capture(5, 1_000),
    ];
    let mut history = Vec::new();
    for command in &commands {
        history.extend(decide::<Payment>(&history, command, &moment()).unwrap());
    }
    // The answers may come again, as every message may.
    history
        .retain(|event| !matches!(event, PaymentEvent::PaymentAuthorized(_) | PaymentEvent::PaymentOperationFailed(_)));
    Payment::fold(&history)
}

fn told<'a>(requested: &PaymentState, messages: impl IntoIterator<Item = &'a PaymentCommand>) -> PaymentState {
    let mut state = requested.clone();
    for message in messages {
        let events = Payment::decide(&state, message, &moment());
        let events = events.unwrap_or_else(|refusal| panic!("{message:?} must never be refused: {refusal}"));
        state = events.iter().fold(state, Payment::evolve);
    }
    state
}

/// Calls with every order of the items.
fn permute<T: Clone>(items: &mut Vec<T>, from: usize, each: &mut impl FnMut(&[T])) {
    if from == items.len() {
        return each(items);
    }
    for index in from..items.len() {
        items.swap(from, index);
        permute(items, from + 1, each);
        items.swap(from, index);
    }
}

/// Property I8, all of it up to five messages and one that comes twice: whichever of them come, every order of them ends
/// the same.
#[test]
fn every_permutation_of_up_to_six_messages_with_a_duplicate_ends_in_the_same_state() {
    let (requested, all) = (requested(), messages());
    let mut orders = 0_usize;
    for first in 0..all.len() {
        // Windows over the list in two strides meet each kind beside each other.
        for stride in [1, 5, 7] {
            let mut chosen: Vec<PaymentCommand> =
                (0..5).map(|step| all[(first + step * stride) % all.len()].clone()).collect();
            chosen.push(chosen[0].clone());
            let expected = told(&requested, &chosen);
            permute(&mut chosen, 0, &mut |order| {
                orders += 1;
                assert_eq!(told(&requested, order), expected, "{order:#?}");
            });
        }
    }
    assert_eq!(orders, all.len() * 3 * 720);
}

proptest! {
    #[test]
    fn every_history_keeps_the_invariants(commands in prop::collection::vec(any_command(), 0..60)) {
        let mut history = decide::<Payment>(&[], &creation(AMOUNT), &moment()).unwrap();
        let mut state = Payment::fold(&history);
        let mut known = BTreeMap::new();
        for command in &commands {
            let Ok(events) = decide::<Payment>(&history, command, &moment()) else { continue };
            let before = state.created().unwrap().clone();
            for event in events {
                state = Payment::evolve(state, &event);
                history.push(event);
            }
            let payment = state.created().unwrap();
            check_invariants(payment);
            check_request(command, &before, payment);
            check_sums(&history, payment);
            let now = outcomes(payment);
            prop_assert!(known.iter().all(|(id, outcome)| now.get(id) >= Some(outcome)), "outcomes only move forward");
            known = now;
            prop_assert_eq!(decide::<Payment>(&history, command, &moment()), Ok(vec![]), "{:?} counts once", command);
        }
        prop_assert_eq!(state, Payment::fold(&history));
    }

    /// Property I8: the order in which a payment's messages come does not change how it ends, nor does how often they come.
    #[test]
    fn messages_may_come_in_any_order_and_more_than_once(
        chosen in prop::collection::btree_set(0_usize..18, 1..18),
        repeats in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        shuffles in prop::collection::vec(any::<u64>(), 30),
    ) {
        let (requested, all) = (requested(), messages());
        let chosen: Vec<usize> = chosen.into_iter().collect();
        let expected = told(&requested, chosen.iter().map(|&index| &all[index]));
        let again = repeats.iter().map(|index| chosen[index.index(chosen.len())]);
        let mut order: Vec<(u64, usize)> = shuffles.iter().copied().zip(chosen.iter().copied().chain(again)).collect();
        order.sort_unstable();
        prop_assert_eq!(order.iter().map(|(_, index)| *index).collect::<BTreeSet<_>>().len(), chosen.len());
        prop_assert_eq!(told(&requested, order.iter().map(|(_, index)| &all[*index])), expected);
    }
}
