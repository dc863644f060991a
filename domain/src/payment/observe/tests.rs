//! What the provider tells without being asked.

use super::{
    super::{
        Payment,
        commands::PaymentCommand,
        fixtures::{
            AMOUNT, authorization, authorized, capture, captured, created, observed, operation_id, payment, refund,
            success,
        },
    },
    *,
};
use crate::{aggregate::Aggregate, testing::moment};
use uuid::Uuid;

fn seen(operation: u128, kind: OperationKind, amount_minor: i64) -> PaymentEvent {
    let provider_reference = format!("dash_{operation}").parse().unwrap();
    PaymentOperationObserved { operation_id: operation_id(operation), kind, amount_minor, provider_reference }.into()
}

fn message(number: u128) -> ProviderMessageId {
    ProviderMessageId::new(Uuid::from_u128(number))
}

fn refused_message(number: u128) -> PaymentCommand {
    PaymentCommand::RecordConflict { message_id: message(number), reason: "amount_mismatch".parse().unwrap() }
}

/// Case 24: captured and refunded in the provider's own pages.
#[test]
fn what_happened_at_the_provider_counts_before_anything_more_is_requested() {
    authorized().when(observed(8, OperationKind::Capture, 6_000)).then([seen(8, OperationKind::Capture, 6_000)]);
    let taken = authorized().and(observed(8, OperationKind::Capture, 6_000));
    let known = payment(&taken);
    assert_eq!((known.authorized_minor(), known.captured_minor(), known.refundable_minor()), (4_000, 6_000, 6_000));
    let refusal = PaymentError::CaptureExceedsAuthorized { requested_minor: 4_001, available_minor: 4_000 };
    authorized().and(observed(8, OperationKind::Capture, 6_000)).when(capture(2, 4_001)).then_refused(refusal);
    let partly = taken.and(observed(9, OperationKind::Refund, 1_000));
    let refusal = PaymentError::RefundExceedsCaptured { requested_minor: 6_000, available_minor: 5_000 };
    partly.when(refund(3, 6_000)).then_refused(refusal);
}

#[test]
fn a_refund_may_be_told_before_its_capture_and_a_capture_before_its_authorization() {
    let early = created().and(authorization(1)).and(observed(9, OperationKind::Refund, 1_000));
    assert_eq!((payment(&early).refunded_minor(), payment(&early).refundable_minor()), (0, 0));
    let taken = early.and(observed(8, OperationKind::Capture, 6_000));
    assert_eq!((payment(&taken).captured_minor(), payment(&taken).refunded_minor()), (6_000, 1_000));
    let all = payment(&taken.and(success(1, AMOUNT)));
    assert_eq!((all.authorized_minor(), all.refundable_minor()), (4_000, 5_000));
}

#[test]
fn the_same_news_again_is_silent_and_other_news_under_its_id_refused() {
    let known = || authorized().and(observed(8, OperationKind::Capture, 60));
    known().when(observed(8, OperationKind::Capture, 60)).then_nothing();
    let reused = PaymentError::OperationIdReused { operation_id: operation_id(8) };
    known().when(observed(8, OperationKind::Capture, 61)).then_refused(reused.clone());
    known().when(observed(8, OperationKind::Refund, 60)).then_refused(reused.clone());
    known().when(capture(8, 60)).then_refused(reused);
    let ours = PaymentError::OperationIdReused { operation_id: operation_id(2) };
    captured().when(observed(2, OperationKind::Capture, AMOUNT)).then_refused(ours);
}

#[test]
fn what_cannot_have_happened_is_refused() {
    for kind in [OperationKind::Authorize, OperationKind::Void] {
        let refusal = PaymentError::NotRequested { operation_id: operation_id(8), kind };
        authorized().when(observed(8, kind, AMOUNT)).then_refused(refusal);
    }
    let nothing = PaymentError::AmountNotPositive { given_minor: 0 };
    authorized().when(observed(8, OperationKind::Capture, 0)).then_refused(nothing);
    let refusal = PaymentError::CaptureExceedsAuthorized { requested_minor: 1, available_minor: 0 };
    captured().when(observed(8, OperationKind::Capture, 1)).then_refused(refusal);
    let refusal = PaymentError::RefundExceedsCaptured { requested_minor: AMOUNT + 1, available_minor: AMOUNT };
    captured().when(observed(8, OperationKind::Refund, AMOUNT + 1)).then_refused(refusal);
}

/// Case 11: a message that breaks a rule is remembered beside the amounts, which stay as they are.
#[test]
fn an_impossible_message_is_kept_in_mind_once() {
    let ignored = PaymentProviderEventIgnored { message_id: message(1), reason: "amount_mismatch".parse().unwrap() };
    captured().when(refused_message(1)).then([ignored.into()]);
    captured().and(refused_message(1)).when(refused_message(1)).then_nothing();
    assert_eq!(payment(&captured().and(refused_message(1))).captured_minor(), AMOUNT);
}

#[test]
fn a_payment_remembers_a_bounded_number_of_impossible_messages_and_operations() {
    let mut history = captured();
    for number in 1..=IGNORED_MESSAGES_MAX {
        history = history.and(refused_message(u128::try_from(number).unwrap()));
    }
    history.when(refused_message(1_000)).then_refused(PaymentError::TooManyConflicts { max: IGNORED_MESSAGES_MAX });
    let mut state = authorized().state();
    for operation in 2..=u128::try_from(OPERATIONS_MAX).unwrap() {
        state = Payment::evolve(state, &seen(operation, OperationKind::Capture, 1));
    }
    let answer = Payment::decide(&state, &observed(5_000, OperationKind::Capture, 1), &moment());
    assert_eq!(answer, Err(PaymentError::TooManyOperations { max: OPERATIONS_MAX }));
}
