//! What providers say, in whatever order, and what stands.

use super::super::{
    commands::PaymentCommand,
    fixtures::{
        AMOUNT, EXPIRED, authorization, authorized, capture, captured, created, failure as refusal_of, operation_id,
        payment, refund, success as success_of, unknown as silence_of, void,
    },
};
use super::*;
use crate::testing::moment;

fn reference() -> Reference {
    "sim_1".parse().unwrap()
}

fn failed(operation: u128, kind: OperationKind) -> PaymentEvent {
    let (code, note) = ("card_declined".parse().unwrap(), "".parse().unwrap());
    PaymentOperationFailed { operation_id: operation_id(operation), kind, code, note }.into()
}

fn lapsed(amount_minor: i64) -> PaymentEvent {
    PaymentAuthorizationExpired { amount_minor }.into()
}

fn voided(operation: u128, amount_minor: i64) -> PaymentEvent {
    PaymentVoided { operation_id: operation_id(operation), amount_minor }.into()
}

fn captured_now(operation: u128, amount_minor: i64) -> PaymentEvent {
    let (provider_reference, basis) = (Some(reference()), Basis::Recorded);
    PaymentCaptured { operation_id: operation_id(operation), amount_minor, provider_reference, basis }.into()
}

fn stands(operation: u128, outcome: OperationOutcome) -> PaymentError {
    PaymentError::OutcomeStands { operation_id: operation_id(operation), outcome }
}

#[test]
fn an_authorization_succeeds_with_its_end() {
    let expires_at = Some(moment().now);
    let command = PaymentCommand::RecordSuccess {
        operation_id: operation_id(1),
        amount_minor: AMOUNT,
        provider_reference: reference(),
        expires_at,
    };
    let expected = PaymentAuthorized {
        operation_id: operation_id(1),
        amount_minor: AMOUNT,
        provider_reference: reference(),
        expires_at,
    };
    created().and(authorization(1)).when(command).then([expected.into()]);
}

#[test]
fn a_capture_a_void_and_a_refund_succeed() {
    authorized().and(capture(2, 60)).when(success_of(2, 60)).then([captured_now(2, 60)]);
    authorized().and(void(2)).when(success_of(2, AMOUNT)).then([voided(2, AMOUNT)]);
    let expected = PaymentRefunded { operation_id: operation_id(3), amount_minor: 60, provider_reference: reference() };
    captured().and(refund(3, 60)).when(success_of(3, 60)).then([expected.into()]);
}

#[test]
fn amounts_move_with_each_success() {
    let amounts = |history| {
        let payment = payment(&history);
        (payment.authorized_minor(), payment.captured_minor(), payment.refunded_minor())
    };
    assert_eq!(amounts(authorized()), (AMOUNT, 0, 0));
    let partly = || authorized().and(capture(2, 6_000)).and(success_of(2, 6_000));
    assert_eq!(amounts(partly()), (4_000, 6_000, 0));
    assert_eq!(amounts(partly().and(void(3)).and(success_of(3, 4_000))), (0, 6_000, 0));
    assert_eq!(amounts(partly().and(refund(3, 1_000)).and(success_of(3, 1_000))), (4_000, 6_000, 1_000));
    assert_eq!(amounts(partly().and(EXPIRED)), (0, 6_000, 0));
}

#[test]
fn a_failure_moves_nothing() {
    created().and(authorization(1)).when(refusal_of(1)).then([failed(1, OperationKind::Authorize)]);
    let before = payment(&captured());
    let after = payment(&captured().and(refund(3, 60)).and(refusal_of(3)));
    assert_eq!(after.refundable_minor(), before.refundable_minor());
}

#[test]
fn no_answer_leaves_the_outcome_unknown() {
    let expected = PaymentOutcomeUnknown { operation_id: operation_id(2), kind: OperationKind::Capture };
    authorized().and(capture(2, 60)).when(silence_of(2)).then([expected.into()]);
}

#[test]
fn an_unknown_outcome_is_resolved_either_way() {
    let unresolved = || authorized().and(capture(2, 60)).and(silence_of(2));
    unresolved().when(success_of(2, 60)).then([captured_now(2, 60)]);
    unresolved().when(refusal_of(2)).then([failed(2, OperationKind::Capture)]);
}

/// Cases 11 and 13: the same news twice.
#[test]
fn the_same_outcome_again_is_silent() {
    captured().when(success_of(2, AMOUNT)).then_nothing();
    authorized().and(capture(2, 60)).and(refusal_of(2)).when(refusal_of(2)).then_nothing();
    authorized().and(capture(2, 60)).and(silence_of(2)).when(silence_of(2)).then_nothing();
}

/// Case 10: a late failure never undoes a success.
#[test]
fn a_final_outcome_stands() {
    captured().when(refusal_of(2)).then_refused(stands(2, OperationOutcome::Succeeded));
    let refused = authorized().and(capture(2, 60)).and(refusal_of(2));
    refused.when(success_of(2, 60)).then_refused(stands(2, OperationOutcome::Failed));
}

#[test]
fn a_timeout_that_comes_late_is_silent() {
    captured().when(silence_of(2)).then_nothing();
    authorized().and(capture(2, 60)).and(refusal_of(2)).when(silence_of(2)).then_nothing();
}

/// Cases 11 and 14: the provider names another amount, at first or again.
#[test]
fn a_success_with_another_amount_is_refused() {
    let mismatch =
        |given_minor| PaymentError::AmountMismatch { operation_id: operation_id(2), requested_minor: 60, given_minor };
    let pending = || authorized().and(capture(2, 60));
    pending().when(success_of(2, 61)).then_refused(mismatch(61));
    pending().when(success_of(2, 59)).then_refused(mismatch(59));
    pending().and(success_of(2, 60)).when(success_of(2, 61)).then_refused(mismatch(61));
}

/// Case 24: what nobody asked for is not guessed at.
#[test]
fn an_outcome_of_an_operation_that_was_not_requested_is_refused() {
    for command in [success_of(9, 1), refusal_of(9), silence_of(9)] {
        let refusal = PaymentError::UnknownOperation { operation_id: operation_id(9) };
        authorized().when(command).then_refused(refusal);
    }
}

#[test]
fn an_authorization_lapses_with_what_was_not_captured() {
    authorized().when(EXPIRED).then([lapsed(AMOUNT)]);
    let partly = authorized().and(capture(2, 6_000)).and(success_of(2, 6_000));
    partly.when(EXPIRED).then([lapsed(4_000)]);
}

#[test]
fn lapsing_is_silent_where_nothing_is_set_aside() {
    for history in [created(), created().and(authorization(1)), captured(), authorized().and(EXPIRED)] {
        history.when(EXPIRED).then_nothing();
    }
}

#[test]
fn a_capture_that_was_under_way_when_the_authorization_lapsed_may_still_succeed() {
    let history = || authorized().and(capture(2, 6_000)).and(EXPIRED);
    authorized().and(capture(2, 6_000)).when(EXPIRED).then([lapsed(4_000)]);
    history().when(EXPIRED).then_nothing();
    history().when(success_of(2, 6_000)).then([captured_now(2, 6_000)]);
    let payment = payment(&history().and(success_of(2, 6_000)));
    assert_eq!((payment.authorized_minor(), payment.captured_minor()), (0, 6_000));
}

#[test]
fn what_a_failed_capture_kept_aside_lapses_with_it() {
    let history = authorized().and(capture(2, 6_000)).and(EXPIRED);
    history.when(refusal_of(2)).then([failed(2, OperationKind::Capture), lapsed(6_000)]);
}

#[test]
fn an_authorization_that_lapsed_leaves_a_void_nothing_to_set_free() {
    let history = || authorized().and(void(2)).and(EXPIRED);
    history().when(success_of(2, AMOUNT)).then([voided(2, 0)]);
    let next_attempt = history().and(authorization(3)).and(success_of(3, AMOUNT));
    next_attempt.when(success_of(2, AMOUNT)).then([voided(2, 0)]);
}
