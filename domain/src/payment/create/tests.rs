//! How payments come to be, live and from history.

use super::super::{
    Payment,
    commands::PaymentCommand,
    fixtures::{
        AMOUNT, EXPIRED, amount, authorization, capture, created, creation, failure, operation_id, order_id, payment,
        quote_hash, refund, success, unknown, void,
    },
};
use super::*;
use crate::{document::SourceConflict, order::fixtures::source, testing::given};

fn settlement(minor: i64, digest: &str) -> PaymentCommand {
    PaymentCommand::RecordSettled {
        order_id: order_id(),
        amount: amount(minor),
        operation_id: operation_id(9),
        source: source("536365", digest),
    }
}

#[test]
fn a_payment_is_created() {
    let expected = PaymentCreated {
        order_id: order_id(),
        amount: amount(AMOUNT),
        method: "card".parse().unwrap(),
        source: None,
        basis: Basis::Recorded,
        quote_hash: Some(quote_hash()),
    };
    given::<Payment>([]).when(creation(AMOUNT)).then([expected.into()]);
}

/// Case 14: whoever asks the provider for the money can say what the customer agreed to.
#[test]
fn a_payment_remembers_what_the_customer_agreed_to() {
    assert_eq!(payment(&created()).quote_hash(), Some(quote_hash()));
    let inferred = given::<Payment>([]).and(settlement(AMOUNT, "aa"));
    assert_eq!(payment(&inferred).quote_hash(), None);
}

#[test]
fn a_payment_is_created_once() {
    created().when(creation(AMOUNT)).then_refused(PaymentError::AlreadyCreated);
}

/// Case 31: nothing is paid for an order that is free.
#[test]
fn a_payment_is_of_more_than_nothing() {
    for given_minor in [0, -1] {
        let refusal = PaymentError::AmountNotPositive { given_minor };
        given::<Payment>([]).when(creation(given_minor)).then_refused(refusal.clone());
        given::<Payment>([]).when(settlement(given_minor, "aa")).then_refused(refusal);
    }
}

#[test]
fn nothing_can_be_asked_of_a_payment_that_was_not_created() {
    let commands =
        [authorization(1), capture(1, 1), void(1), refund(1, 1), success(1, 1), failure(1), unknown(1), EXPIRED];
    for command in commands {
        given::<Payment>([]).when(command).then_refused(PaymentError::NotCreated);
    }
}

#[test]
fn a_payment_of_the_past_is_inferred_as_captured() {
    let created = PaymentCreated {
        order_id: order_id(),
        amount: amount(AMOUNT),
        method: "assumed_settled".parse().unwrap(),
        source: Some(source("536365", "aa")),
        basis: Basis::Inferred,
        quote_hash: None,
    };
    let captured = PaymentCaptured {
        operation_id: operation_id(9),
        amount_minor: AMOUNT,
        provider_reference: None,
        basis: Basis::Inferred,
    };
    given::<Payment>([]).when(settlement(AMOUNT, "aa")).then([created.into(), captured.into()]);
    let settled = payment(&given::<Payment>([]).and(settlement(AMOUNT, "aa")));
    assert_eq!((settled.authorized_minor(), settled.captured_minor(), settled.refunded_minor()), (0, AMOUNT, 0));
}

#[test]
fn the_same_document_again_is_silent() {
    given::<Payment>([]).and(settlement(AMOUNT, "aa")).when(settlement(AMOUNT, "aa")).then_nothing();
}

#[test]
fn a_changed_document_is_refused_with_both_digests() {
    let refusal = SourceConflict::Changed {
        number: "536365".parse().unwrap(),
        recorded_digest: "aa".parse().unwrap(),
        given_digest: "bb".parse().unwrap(),
    };
    given::<Payment>([]).and(settlement(AMOUNT, "aa")).when(settlement(AMOUNT, "bb")).then_refused(refusal.into());
}

#[test]
fn a_live_payment_is_not_recorded() {
    created().when(settlement(AMOUNT, "aa")).then_refused(PaymentError::AlreadyCreated);
}

#[test]
fn a_settled_payment_can_be_refunded_but_not_authorized_again() {
    let settled = || given::<Payment>([]).and(settlement(AMOUNT, "aa"));
    let refusal = PaymentError::AlreadyCaptured { captured_minor: AMOUNT };
    settled().when(authorization(1)).then_refused(refusal);
    assert_eq!(payment(&settled().and(refund(1, 40)).and(success(1, 40))).refundable_minor(), AMOUNT - 40);
}
