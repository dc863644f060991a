//! Which operations may be tried, and how much money each may move.

use super::super::{
    Payment,
    commands::PaymentCommand,
    fixtures::{
        AMOUNT, EXPIRED, action_required, authorization as authorize, authorized, cancel, capture as take, captured,
        created, expired, failure, operation_id, payment, refund as give_back, success, unknown, void as set_free,
    },
    state::OperationOutcome,
};
use super::*;
use crate::{aggregate::Aggregate, testing::moment};

fn request(operation: u128, kind: OperationKind, attempt: u32, amount_minor: i64) -> PaymentEvent {
    requested(operation_id(operation), kind, attempt, amount_minor, None)
}

fn open(operation: u128, kind: OperationKind, outcome: OperationOutcome) -> PaymentError {
    PaymentError::OperationOpen { operation_id: operation_id(operation), kind, outcome }
}

fn attempt(attempt: u32) -> PaymentEvent {
    PaymentAttemptStarted { attempt, provider: "simulator".parse().unwrap(), instrument: None }.into()
}

#[test]
fn an_authorization_is_requested_for_the_whole_amount_as_a_new_attempt() {
    created().when(authorize(1)).then([attempt(1), request(1, OperationKind::Authorize, 1, AMOUNT)]);
}

#[test]
fn a_declined_lapsed_or_voided_authorization_allows_a_new_attempt() {
    let declined = created().and(authorize(1)).and(failure(1));
    let lapsed = authorized().and(EXPIRED);
    let voided = authorized().and(set_free(2)).and(success(2, AMOUNT));
    for history in [declined, lapsed, voided] {
        history.when(authorize(3)).then([attempt(2), request(3, OperationKind::Authorize, 2, AMOUNT)]);
    }
}

/// Case 12: one live authorization at a time.
#[test]
fn an_authorization_is_refused_while_another_is_pending_unknown_or_stands() {
    let pending = || created().and(authorize(1));
    pending().when(authorize(2)).then_refused(open(1, OperationKind::Authorize, OperationOutcome::Pending));
    let unresolved = pending().and(unknown(1));
    unresolved.when(authorize(2)).then_refused(open(1, OperationKind::Authorize, OperationOutcome::Unknown));
    authorized().when(authorize(2)).then_refused(PaymentError::AlreadyAuthorized { authorized_minor: AMOUNT });
}

#[test]
fn an_authorization_is_refused_once_money_was_captured() {
    let partly = authorized().and(take(2, 1)).and(success(2, 1)).and(EXPIRED);
    partly.when(authorize(3)).then_refused(PaymentError::AlreadyCaptured { captured_minor: 1 });
}

#[test]
fn a_capture_takes_some_or_all_of_what_is_authorized() {
    authorized().when(take(2, 1)).then([request(2, OperationKind::Capture, 1, 1)]);
    authorized().when(take(2, AMOUNT)).then([request(2, OperationKind::Capture, 1, AMOUNT)]);
}

#[test]
fn captured_and_pending_never_exceed_what_is_authorized() {
    let refusal =
        |requested_minor, available_minor| PaymentError::CaptureExceedsAuthorized { requested_minor, available_minor };
    created().when(take(2, 1)).then_refused(refusal(1, 0));
    authorized().when(take(2, AMOUNT + 1)).then_refused(refusal(AMOUNT + 1, AMOUNT));
    let pending = || authorized().and(take(2, 6_000));
    pending().when(take(3, 4_001)).then_refused(refusal(4_001, 4_000));
    pending().and(unknown(2)).when(take(3, 4_001)).then_refused(refusal(4_001, 4_000));
    pending().and(success(2, 6_000)).when(take(3, 4_001)).then_refused(refusal(4_001, 4_000));
    pending().and(failure(2)).when(take(3, 4_001)).then([request(3, OperationKind::Capture, 1, 4_001)]);
    captured().when(take(3, 1)).then_refused(refusal(1, 0));
}

/// Case 28: what has lapsed is not captured.
#[test]
fn nothing_is_captured_while_the_rest_is_being_voided_or_once_it_lapsed() {
    let refusal = PaymentError::CaptureExceedsAuthorized { requested_minor: 1, available_minor: 0 };
    authorized().and(set_free(2)).when(take(3, 1)).then_refused(refusal.clone());
    authorized().and(EXPIRED).when(take(3, 1)).then_refused(refusal.clone());
    authorized().and(set_free(2)).and(EXPIRED).when(take(3, 1)).then_refused(refusal);
}

#[test]
fn a_void_sets_free_what_was_not_captured() {
    authorized().when(set_free(2)).then([request(2, OperationKind::Void, 1, AMOUNT)]);
    let partly = authorized().and(take(2, 6_000)).and(success(2, 6_000));
    partly.when(set_free(3)).then([request(3, OperationKind::Void, 1, 4_000)]);
}

#[test]
fn a_void_needs_something_to_set_free() {
    for history in [created(), created().and(authorize(1)), captured(), authorized().and(EXPIRED)] {
        history.when(set_free(3)).then_refused(PaymentError::NothingAuthorized);
    }
}

/// Case 27: a void never races a capture.
#[test]
fn a_void_waits_for_captures_and_other_voids() {
    let capturing = || authorized().and(take(2, 1));
    capturing().when(set_free(3)).then_refused(open(2, OperationKind::Capture, OperationOutcome::Pending));
    let unresolved = capturing().and(unknown(2));
    unresolved.when(set_free(3)).then_refused(open(2, OperationKind::Capture, OperationOutcome::Unknown));
    let voiding = authorized().and(set_free(2));
    voiding.when(set_free(3)).then_refused(open(2, OperationKind::Void, OperationOutcome::Pending));
}

#[test]
fn a_refund_gives_back_some_or_all_of_what_was_captured() {
    captured().when(give_back(3, 1)).then([request(3, OperationKind::Refund, 1, 1)]);
    captured().when(give_back(3, AMOUNT)).then([request(3, OperationKind::Refund, 1, AMOUNT)]);
}

/// Case 23: refunds beyond what was captured, or two at a time.
#[test]
fn refunded_and_pending_never_exceed_what_was_captured() {
    let refusal =
        |requested_minor, available_minor| PaymentError::RefundExceedsCaptured { requested_minor, available_minor };
    authorized().when(give_back(3, 1)).then_refused(refusal(1, 0));
    authorized().and(take(2, 1)).when(give_back(3, 1)).then_refused(refusal(1, 0));
    captured().when(give_back(3, AMOUNT + 1)).then_refused(refusal(AMOUNT + 1, AMOUNT));
    let pending = || captured().and(give_back(3, 6_000));
    pending().when(give_back(4, 4_001)).then_refused(refusal(4_001, 4_000));
    pending().and(unknown(3)).when(give_back(4, 4_001)).then_refused(refusal(4_001, 4_000));
    pending().and(success(3, 6_000)).when(give_back(4, 4_001)).then_refused(refusal(4_001, 4_000));
    pending().and(failure(3)).when(give_back(4, AMOUNT)).then([request(4, OperationKind::Refund, 1, AMOUNT)]);
}

#[test]
fn captures_and_refunds_are_of_more_than_nothing() {
    for given_minor in [0, -1] {
        let refusal = PaymentError::AmountNotPositive { given_minor };
        authorized().when(take(2, given_minor)).then_refused(refusal.clone());
        captured().when(give_back(3, given_minor)).then_refused(refusal);
    }
}

#[test]
fn the_same_request_again_is_silent_whatever_became_of_it() {
    created().and(authorize(1)).when(authorize(1)).then_nothing();
    authorized().when(authorize(1)).then_nothing();
    created().and(authorize(1)).and(failure(1)).when(authorize(1)).then_nothing();
    captured().when(take(2, AMOUNT)).then_nothing();
    authorized().and(set_free(2)).and(success(2, AMOUNT)).when(set_free(2)).then_nothing();
    captured().and(give_back(3, 5)).and(unknown(3)).when(give_back(3, 5)).then_nothing();
}

/// Case 41: the provider's own name for an operation may come late or never; ours is there before anything is sent.
#[test]
fn an_operation_without_an_answer_is_settled_by_our_own_reference() {
    let unanswered = || created().and(authorize(1)).and(unknown(1));
    unanswered().when(authorize(1)).then_nothing();
    unanswered().when(authorize(2)).then_refused(open(1, OperationKind::Authorize, OperationOutcome::Unknown));
    unanswered().and(success(1, AMOUNT)).when(take(2, AMOUNT)).then([request(2, OperationKind::Capture, 1, AMOUNT)]);
}

#[test]
fn an_operation_id_stands_for_its_request() {
    let refusal = |operation| PaymentError::OperationIdReused { operation_id: operation_id(operation) };
    captured().when(take(2, 1)).then_refused(refusal(2));
    captured().when(give_back(2, AMOUNT)).then_refused(refusal(2));
    captured().when(set_free(1)).then_refused(refusal(1));
    let with = |provider: &str, instrument: Option<&str>| PaymentCommand::RequestAuthorization {
        operation_id: operation_id(1),
        provider: provider.parse().unwrap(),
        instrument: instrument.map(|instrument| instrument.parse().unwrap()),
    };
    created().and(authorize(1)).when(with("stripe", None)).then_refused(refusal(1));
    created().and(authorize(1)).when(with("simulator", Some("tok_other"))).then_refused(refusal(1));
    created().and(with("simulator", Some("tok_1"))).when(with("simulator", Some("tok_1"))).then_nothing();
    let other_attempt = PaymentCommand::RequestVoid { operation_id: operation_id(2), attempt: Some(2) };
    authorized().and(set_free(2)).when(other_attempt).then_refused(refusal(2));
}

#[test]
fn a_payment_has_a_bounded_number_of_operations() {
    let mut state = captured().state();
    for operation in 3..=1_000 {
        state = Payment::evolve(state, &request(operation, OperationKind::Refund, 1, 1));
    }
    let refusal = Payment::decide(&state, &give_back(1_001, 1), &moment());
    assert_eq!(refusal, Err(PaymentError::TooManyOperations { max: 1_000 }));
    assert_eq!(Payment::decide(&state, &give_back(1_000, 1), &moment()), Ok(vec![]));
}

#[test]
fn a_payment_has_a_bounded_number_of_attempts_and_room_for_its_money_beyond_them() {
    let mut history = created();
    for operation in 1..=u128::from(ATTEMPTS_MAX) {
        history = history.and(authorize(operation)).and(failure(operation));
    }
    let late = history.and(success(1, AMOUNT)).and(EXPIRED).and(expired(1));
    late.when(authorize(200)).then_refused(PaymentError::TooManyAttempts { max: ATTEMPTS_MAX });
}

#[test]
fn an_attempt_says_what_it_pays_with() {
    let command = PaymentCommand::RequestAuthorization {
        operation_id: operation_id(1),
        provider: "simulator".parse().unwrap(),
        instrument: Some("tok_1".parse().unwrap()),
    };
    let started = PaymentAttemptStarted {
        attempt: 1,
        provider: "simulator".parse().unwrap(),
        instrument: Some("tok_1".parse().unwrap()),
    };
    created().when(command.clone()).then([started.into(), request(1, OperationKind::Authorize, 1, AMOUNT)]);
    let payment = payment(&created().and(command));
    assert_eq!(payment.instrument().map(Reference::as_str), Some("tok_1"));
    assert_eq!(payment.newest_attempt().unwrap().1.instrument.as_ref().map(Reference::as_str), Some("tok_1"));
    assert_eq!((payment.attempt(), payment.provider().map(Reference::as_str)), (1, Some("simulator")));
}

/// Case 6: who does not finish at the bank may pay with something else.
#[test]
fn an_attempt_that_waits_for_the_customer_may_be_left_for_another() {
    let waiting = created().and(authorize(1)).and(action_required(1));
    waiting.when(authorize(2)).then([attempt(2), request(2, OperationKind::Authorize, 2, AMOUNT)]);
}

#[test]
fn a_refund_says_why() {
    let reason = Some("arrived broken".parse().unwrap());
    let command =
        PaymentCommand::RequestRefund { operation_id: operation_id(3), amount_minor: 1, reason: reason.clone() };
    captured().when(command).then([requested(operation_id(3), OperationKind::Refund, 1, 1, reason)]);
}

#[test]
fn a_void_sets_free_what_the_named_attempt_has_set_aside() {
    let of = |attempt| PaymentCommand::RequestVoid { operation_id: operation_id(3), attempt: Some(attempt) };
    let two = || {
        let second = created().and(authorize(1)).and(failure(1)).and(authorize(2)).and(success(2, AMOUNT));
        second.and(success(1, AMOUNT))
    };
    two().when(of(1)).then([request(3, OperationKind::Void, 1, AMOUNT)]);
    two().when(set_free(3)).then([request(3, OperationKind::Void, 2, AMOUNT)]);
    two().when(of(3)).then_refused(PaymentError::NothingAuthorized);
}

/// Case 27: a cancelled payment takes nothing more, and still gives back.
#[test]
fn a_cancelled_payment_neither_authorizes_nor_captures() {
    let cancelled = PaymentCancelled { reason: "order_cancelled".parse().unwrap() };
    created().when(cancel()).then([cancelled.into()]);
    created().and(cancel()).when(cancel()).then_nothing();
    created().and(cancel()).when(authorize(1)).then_refused(PaymentError::Cancelled);
    authorized().and(cancel()).when(take(2, 1)).then_refused(PaymentError::Cancelled);
    assert_eq!(payment(&authorized().and(cancel())).capturable_minor(), 0);
    let void = request(2, OperationKind::Void, 1, AMOUNT);
    authorized().and(cancel()).when(set_free(2)).then([void]);
    let refund = request(3, OperationKind::Refund, 1, 1);
    captured().and(cancel()).when(give_back(3, 1)).then([refund]);
    // What was asked for before is answered as before.
    authorized().and(take(2, 1)).and(cancel()).when(take(2, 1)).then_nothing();
}

#[test]
fn what_can_be_captured_and_refunded_is_known() {
    let history = authorized().and(take(2, 6_000));
    assert_eq!((payment(&history).capturable_minor(), payment(&history).refundable_minor()), (4_000, 0));
    let history = history.and(success(2, 6_000)).and(give_back(3, 1_000));
    assert_eq!((payment(&history).capturable_minor(), payment(&history).refundable_minor()), (4_000, 5_000));
}
