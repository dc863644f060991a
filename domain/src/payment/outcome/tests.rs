//! What providers say, in whatever order, and what stands.

use super::super::{
    commands::PaymentCommand,
    fixtures::{
        AMOUNT, EXPIRED, action_required, authorization, authorized, cancel, capture, captured, created,
        expired as expired_of, failure as refusal_of, operation_id, payment, refund, success as success_of,
        unknown as silence_of, void,
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

fn lapsed_of(authorization: u128, amount_minor: i64) -> PaymentEvent {
    PaymentAuthorizationExpired { amount_minor, operation_id: Some(operation_id(authorization)) }.into()
}

fn lapsed(amount_minor: i64) -> PaymentEvent {
    lapsed_of(1, amount_minor)
}

fn voided(operation: u128, amount_minor: i64) -> PaymentEvent {
    PaymentVoided { operation_id: operation_id(operation), amount_minor }.into()
}

fn captured_now(operation: u128, amount_minor: i64) -> PaymentEvent {
    let (provider_reference, basis) = (Some(reference()), Basis::Recorded);
    PaymentCaptured { operation_id: operation_id(operation), amount_minor, provider_reference, basis }.into()
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

/// Case 10: a late failure never undoes a success, and a success that comes late is still true.
#[test]
fn a_failure_never_undoes_a_success_and_a_late_success_counts() {
    captured().when(refusal_of(2)).then_nothing();
    let refused = || authorized().and(capture(2, 60)).and(refusal_of(2));
    refused().when(success_of(2, 60)).then([captured_now(2, 60)]);
    assert_eq!(payment(&refused().and(success_of(2, 60))).captured_minor(), 60);
    let declined = created().and(authorization(1)).and(refusal_of(1));
    assert_eq!(payment(&declined.and(success_of(1, AMOUNT))).authorized_minor(), AMOUNT);
}

#[test]
fn an_operation_waits_for_the_customer_and_stays_open() {
    let expected = PaymentActionRequired {
        operation_id: operation_id(1),
        action_url: "/simulator/pay/1".parse().unwrap(),
        provider_reference: "sim_waiting".parse().unwrap(),
    };
    let asked = || created().and(authorization(1));
    asked().when(action_required(1)).then([expected.clone().into()]);
    asked().and(silence_of(1)).when(action_required(1)).then([expected.into()]);
    let waiting = payment(&asked().and(action_required(1)));
    let (id, operation) = waiting.newest_attempt().unwrap();
    assert_eq!((id, operation.outcome), (operation_id(1), OperationOutcome::ActionRequired));
    assert_eq!(operation.action_url.as_ref().map(ActionUrl::as_str), Some("/simulator/pay/1"));
    assert_eq!(operation.provider_reference.as_ref().map(Reference::as_str), Some("sim_waiting"));
    assert_eq!(waiting.open_operations().map(|(id, _)| id).collect::<Vec<_>>(), [operation_id(1)]);
}

#[test]
fn what_the_customer_was_asked_to_do_is_forgotten_with_the_outcome() {
    let waiting = || created().and(authorization(1)).and(action_required(1));
    waiting().when(action_required(1)).then_nothing();
    waiting().when(silence_of(1)).then_nothing();
    for (history, code, reference) in [
        (waiting().and(refusal_of(1)), Some("card_declined"), None),
        (waiting().and(success_of(1, AMOUNT)), None, Some("sim_1")),
    ] {
        let payment = payment(&history);
        let (_, operation) = payment.newest_attempt().unwrap();
        assert_eq!(operation.action_url, None);
        assert_eq!(operation.failure_code.as_ref().map(Reference::as_str), code);
        assert_eq!(operation.provider_reference.as_ref().map(Reference::as_str), reference);
        history.when(action_required(1)).then_nothing();
    }
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
    for command in [success_of(9, 1), refusal_of(9), silence_of(9), action_required(9), expired_of(9)] {
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

#[test]
fn that_an_authorization_lapsed_may_be_known_before_its_success() {
    let early = || created().and(authorization(1)).and(expired_of(1));
    created().and(authorization(1)).when(expired_of(1)).then([lapsed(0)]);
    early().when(expired_of(1)).then_nothing();
    let authorized_now = PaymentAuthorized {
        operation_id: operation_id(1),
        amount_minor: AMOUNT,
        provider_reference: reference(),
        expires_at: None,
    };
    early().when(success_of(1, AMOUNT)).then([authorized_now.into(), lapsed(AMOUNT)]);
    assert_eq!(payment(&early().and(success_of(1, AMOUNT))), payment(&authorized().and(expired_of(1))));
}

#[test]
fn only_an_authorization_lapses() {
    let refusal = PaymentError::UnknownOperation { operation_id: operation_id(2) };
    captured().when(expired_of(2)).then_refused(refusal);
}

#[test]
fn an_older_authorization_lapses_without_the_newer_one() {
    let two = || created().and(authorization(1)).and(refusal_of(1)).and(authorization(2)).and(success_of(2, AMOUNT));
    let both = two().and(success_of(1, AMOUNT)).and(expired_of(1));
    assert_eq!(payment(&both).authorized_minor(), AMOUNT);
    assert_eq!(payment(&both).void_due(), None);
}

/// Case 12: two authorizations of one payment.
#[test]
fn an_authorization_too_many_is_to_be_voided_the_older_first() {
    let two = created().and(authorization(1)).and(refusal_of(1)).and(authorization(2)).and(success_of(2, AMOUNT));
    assert_eq!(payment(&two).void_due(), None);
    let two = two.and(success_of(1, AMOUNT));
    assert_eq!((payment(&two).authorized_minor(), payment(&two).void_due()), (AMOUNT, Some((1, AMOUNT))));
    let voiding = two.and(PaymentCommand::RequestVoid { operation_id: operation_id(3), attempt: Some(1) });
    assert_eq!(payment(&voiding).void_due(), None);
    let voided = voiding.and(success_of(3, AMOUNT));
    assert_eq!((payment(&voided).authorized_minor(), payment(&voided).void_due()), (AMOUNT, None));
}

/// Case 12: the surplus is no more needed once the other authorization is captured.
#[test]
fn what_remains_beside_a_full_capture_is_to_be_voided() {
    let two = created().and(authorization(1)).and(action_required(1)).and(authorization(2)).and(success_of(2, AMOUNT));
    let paid = two.and(capture(3, AMOUNT)).and(success_of(3, AMOUNT)).and(success_of(1, AMOUNT));
    let payment = payment(&paid);
    assert_eq!((payment.authorized_minor(), payment.capturable_minor()), (0, 0));
    assert_eq!(payment.void_due(), Some((1, AMOUNT)));
}

/// Cases 7 and 27: what a cancelled payment has set aside is voided, and what it takes late is given back.
#[test]
fn a_cancelled_payment_gives_everything_back() {
    let cancelled = payment(&authorized().and(cancel()));
    assert_eq!((cancelled.void_due(), cancelled.refund_due_minor()), (Some((1, AMOUNT)), 0));
    let capturing = authorized().and(capture(2, 6_000)).and(cancel());
    assert_eq!(payment(&capturing).void_due(), None, "the capture may still take it");
    let late = payment(&capturing.and(success_of(2, 6_000)));
    assert_eq!((late.void_due(), late.refund_due_minor()), (Some((1, 4_000)), 6_000));
    let done = captured().and(cancel()).and(refund(3, AMOUNT));
    assert_eq!(payment(&done).refund_due_minor(), 0);
}

/// Case 12: the provider took the amount twice.
#[test]
fn what_was_taken_beyond_the_amount_is_to_be_refunded() {
    let again = authorized().and(capture(2, AMOUNT)).and(refusal_of(2)).and(capture(3, AMOUNT));
    let twice = again.and(success_of(3, AMOUNT)).and(success_of(2, AMOUNT));
    assert_eq!(payment(&twice).refund_due_minor(), AMOUNT);
    let given_back = twice.and(refund(4, AMOUNT));
    assert_eq!(payment(&given_back).refund_due_minor(), 0);
    assert_eq!(payment(&given_back.and(success_of(4, AMOUNT))).refund_due_minor(), 0);
}
