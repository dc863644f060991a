//! What holds for every payment, whatever is asked of it and whatever the provider says, in whatever order.

use super::{
    Payment,
    commands::PaymentCommand,
    events::{OperationKind, PaymentEvent},
    fixtures::{AMOUNT, EXPIRED, authorization, capture, creation, failure, refund, success, unknown, void},
    state::{CreatedPayment, OperationOutcome, PaymentState},
};
use crate::{
    aggregate::Aggregate,
    ids::OperationId,
    testing::{decide, moment},
};
use proptest::prelude::*;
use std::collections::BTreeMap;

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
        1 => Just(EXPIRED),
    ]
}

fn open(payment: &CreatedPayment, kind: OperationKind) -> i64 {
    let operations = payment.operations().values();
    operations.filter(|one| one.kind == kind && one.outcome.is_open()).map(|one| one.amount_minor).sum()
}

fn check_invariants(payment: &CreatedPayment) {
    let (authorized, captured) = (payment.authorized_minor(), payment.captured_minor());
    assert!(authorized >= 0, "{payment:?}");
    assert!(open(payment, OperationKind::Capture) <= authorized, "pending captures are covered: {payment:?}");
    assert!(captured + authorized <= payment.amount().minor, "never more than was intended: {payment:?}");
    let refunded = payment.refunded_minor() + open(payment, OperationKind::Refund);
    assert!(refunded <= captured, "refunds are covered: {payment:?}");
    assert!(payment.capturable_minor() >= 0 && payment.refundable_minor() >= 0, "{payment:?}");
}

/// Every amount of money that an event moves is accounted for: what was set aside was taken, set free, or still is.
fn check_conserved(history: &[PaymentEvent], payment: &CreatedPayment) {
    let (mut set_aside, mut taken, mut freed, mut given_back) = (0, 0, 0, 0);
    for event in history {
        match event {
            PaymentEvent::PaymentAuthorized(event) => set_aside += event.amount_minor,
            PaymentEvent::PaymentCaptured(event) => taken += event.amount_minor,
            PaymentEvent::PaymentVoided(event) => freed += event.amount_minor,
            PaymentEvent::PaymentAuthorizationExpired(event) => freed += event.amount_minor,
            PaymentEvent::PaymentRefunded(event) => given_back += event.amount_minor,
            PaymentEvent::PaymentCreated(_)
            | PaymentEvent::PaymentAttemptStarted(_)
            | PaymentEvent::PaymentOperationRequested(_)
            | PaymentEvent::PaymentOperationFailed(_)
            | PaymentEvent::PaymentOutcomeUnknown(_) => {}
        }
    }
    assert_eq!(set_aside, taken + freed + payment.authorized_minor());
    assert_eq!(taken, payment.captured_minor());
    assert_eq!(given_back, payment.refunded_minor());
}

fn final_outcomes(payment: &CreatedPayment) -> BTreeMap<OperationId, OperationOutcome> {
    let operations = payment.operations().iter();
    operations.filter(|(_, one)| !one.outcome.is_open()).map(|(id, one)| (*id, one.outcome)).collect()
}

proptest! {
    #[test]
    fn every_history_keeps_the_invariants(commands in prop::collection::vec(any_command(), 0..60)) {
        let mut history = decide::<Payment>(&[], &creation(AMOUNT), &moment()).unwrap();
        let mut state = Payment::fold(&history);
        let mut outcomes = BTreeMap::new();
        for command in &commands {
            let Ok(events) = decide::<Payment>(&history, command, &moment()) else { continue };
            for event in events {
                state = Payment::evolve(state, &event);
                history.push(event);
            }
            let PaymentState::Created(payment) = &state else { return Err(TestCaseError::fail("it was created")) };
            check_invariants(payment);
            check_conserved(&history, payment);
            let now = final_outcomes(payment);
            prop_assert!(outcomes.iter().all(|(id, outcome)| now.get(id) == Some(outcome)), "a final outcome stands");
            outcomes = now;
            prop_assert_eq!(decide::<Payment>(&history, command, &moment()), Ok(vec![]), "{:?} counts once", command);
        }
        prop_assert_eq!(state, Payment::fold(&history));
    }

    /// Property I8: the order in which outcomes are reported does not change how the payment ends.
    #[test]
    fn outcomes_may_be_reported_in_any_order_and_more_than_once(
        reports in prop::collection::vec(0_usize..3, 0..6),
        order in Just(vec![0_usize, 1, 2]).prop_shuffle(),
    ) {
        let outcome = |index: usize| match index {
            0 => success(2, 6_000),
            1 => failure(3),
            _ => success(4, 1_000),
        };
        let requests = [
            creation(AMOUNT), authorization(1), success(1, AMOUNT), capture(2, 6_000), capture(3, 3_000),
            capture(4, 1_000),
        ];
        let end = |indices: Vec<usize>| {
            let commands = requests.iter().cloned().chain(indices.into_iter().map(outcome));
            let mut history = Vec::new();
            for command in commands {
                history.extend(decide::<Payment>(&history, &command, &moment()).unwrap());
            }
            Payment::fold(&history)
        };
        let shuffled = end(reports.into_iter().chain(order).collect());
        prop_assert_eq!(shuffled, end(vec![0, 1, 2]));
    }
}
