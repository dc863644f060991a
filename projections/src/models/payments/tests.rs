//! Given events of a payment, these rows.

use super::*;
use crate::models::testing::{History, parse, recorded_at, shop};
use tillroll_domain::{
    common::DocumentForm,
    money::Money,
    payment::events::{
        PaymentAttemptStarted, PaymentAuthorizationExpired, PaymentAuthorized, PaymentCaptured, PaymentCreated,
        PaymentOperationFailed, PaymentOperationRequested, PaymentOutcomeUnknown, PaymentRefunded, PaymentVoided,
    },
};
use uuid::Uuid;

const STREAM: &str = "payment-01890000-0000-7000-8000-0000000000b1";

fn operation(number: u128) -> OperationId {
    OperationId::new(Uuid::from_u128(number))
}

fn requested(number: u128, kind: OperationKind, amount_minor: i64) -> PaymentEvent {
    PaymentOperationRequested { operation_id: operation(number), kind, attempt: 1, amount_minor }.into()
}

fn authorized(number: u128, amount_minor: i64) -> PaymentEvent {
    let operation_id = operation(number);
    PaymentAuthorized { operation_id, amount_minor, provider_reference: parse("auth-1"), expires_at: None }.into()
}

fn captured(number: u128, amount_minor: i64) -> PaymentEvent {
    let operation_id = operation(number);
    let provider_reference = Some(parse("capture-1"));
    PaymentCaptured { operation_id, amount_minor, provider_reference, basis: Basis::Recorded }.into()
}

fn refunded(number: u128, amount_minor: i64) -> PaymentEvent {
    let operation_id = operation(number);
    PaymentRefunded { operation_id, amount_minor, provider_reference: parse("refund-1") }.into()
}

fn history(events: impl IntoIterator<Item = PaymentEvent>) -> History<Payments> {
    let mut history = History::of(Payments);
    let created = PaymentCreated {
        order_id: parse(shop::ORDER_ID),
        amount: Money::new(1_000, parse("GBP")),
        method: parse("card"),
        source: None,
        basis: Basis::Recorded,
    };
    history.push::<PaymentEvent>(STREAM, created);
    events.into_iter().for_each(|event| history.push::<PaymentEvent>(STREAM, event));
    history
}

#[track_caller]
fn status(events: impl IntoIterator<Item = PaymentEvent>) -> String {
    history(events).tables.only::<PaymentRow>().status
}

#[test]
fn an_inferred_settlement_is_captured_without_a_request() {
    let mut history = History::of(Payments);
    let created = PaymentCreated {
        order_id: parse(shop::ORDER_ID),
        amount: Money::new(1_000, parse("GBP")),
        method: parse("assumed_settled"),
        source: Some(shop::source("536365", DocumentForm::Order)),
        basis: Basis::Inferred,
    };
    history.push::<PaymentEvent>(STREAM, created);
    let capture = PaymentCaptured {
        operation_id: operation(1),
        amount_minor: 1_000,
        provider_reference: None,
        basis: Basis::Inferred,
    };
    history.push::<PaymentEvent>(STREAM, capture);
    let payment: PaymentRow = history.tables.only();
    assert_eq!((payment.status.as_str(), payment.basis.as_str()), ("captured", "inferred"));
    assert_eq!((payment.authorized_minor, payment.captured_minor), (0, 1_000));
    assert_eq!(payment.source_number.as_deref(), Some("536365"));
    let operation: PaymentOperationRow = history.tables.only();
    assert_eq!((operation.kind.as_str(), operation.state.as_str(), operation.attempt), ("capture", "succeeded", 0));
}

#[test]
fn money_moves_from_authorized_to_captured_to_refunded() {
    use OperationKind::{Authorize, Capture, Refund};
    let history = history([
        PaymentAttemptStarted { attempt: 1, provider: parse("simulator") }.into(),
        requested(1, Authorize, 1_000),
        authorized(1, 1_000),
        requested(2, Capture, 600),
        captured(2, 600),
        requested(3, Refund, 100),
        refunded(3, 100),
    ]);
    let payment: PaymentRow = history.tables.only();
    assert_eq!((payment.authorized_minor, payment.captured_minor, payment.refunded_minor), (400, 600, 100));
    assert_eq!((payment.pending_operations, payment.succeeded_operations), (0, 3));
    assert_eq!((payment.attempts, payment.provider.as_deref()), (1, Some("simulator")));
    assert_eq!(payment.status, "partially_refunded");
    let operations: Vec<PaymentOperationRow> = history.tables.all();
    assert!(operations.iter().all(|operation| operation.state == "succeeded"), "{operations:?}");
    assert_eq!(operations[0].requested_at, recorded_at(3));
    assert_eq!(operations[0].updated_at, recorded_at(4));
}

#[test]
fn an_unknown_outcome_is_settled_by_the_providers_answer() {
    use OperationKind::Authorize;
    let unknown = || PaymentOutcomeUnknown { operation_id: operation(1), kind: Authorize }.into();
    let before = history([requested(1, Authorize, 1_000), unknown()]).tables.only::<PaymentRow>();
    assert_eq!((before.status.as_str(), before.unknown_operations), ("outcome_unknown", 1));
    let after = history([requested(1, Authorize, 1_000), unknown(), authorized(1, 1_000)]).tables.only::<PaymentRow>();
    assert_eq!((after.status.as_str(), after.unknown_operations, after.pending_operations), ("authorized", 0, 0));
}

#[test]
fn a_refusal_keeps_the_providers_code() {
    use OperationKind::Authorize;
    let failed = PaymentOperationFailed {
        operation_id: operation(1),
        kind: Authorize,
        code: parse("card_declined"),
        note: parse(""),
    };
    let history = history([requested(1, Authorize, 1_000), failed.into()]);
    assert_eq!(history.tables.only::<PaymentRow>().status, "failed");
    let operation: PaymentOperationRow = history.tables.only();
    assert_eq!((operation.state.as_str(), operation.failure_code.as_deref()), ("failed", Some("card_declined")));
}

#[test]
fn what_is_set_free_is_released() {
    use OperationKind::{Authorize, Void};
    let voided = PaymentVoided { operation_id: operation(2), amount_minor: 1_000 }.into();
    let events = [requested(1, Authorize, 1_000), authorized(1, 1_000), requested(2, Void, 1_000), voided];
    assert_eq!(status(events), "released");
    let expired = PaymentAuthorizationExpired { amount_minor: 1_000 }.into();
    let payment: PaymentRow = history([requested(1, Authorize, 1_000), authorized(1, 1_000), expired]).tables.only();
    assert_eq!((payment.status.as_str(), payment.authorized_minor, payment.released_minor), ("released", 0, 1_000));
}

#[test]
fn the_status_is_told_by_the_money_first() {
    use OperationKind::Authorize;
    assert_eq!(status([]), "created");
    assert_eq!(status([requested(1, Authorize, 1_000)]), "pending");
    assert_eq!(status([authorized(1, 1_000), captured(2, 400)]), "partially_captured");
    assert_eq!(status([authorized(1, 1_000), captured(2, 1_000)]), "captured");
    assert_eq!(status([authorized(1, 1_000), captured(2, 1_000), refunded(3, 1_000)]), "refunded");
}
