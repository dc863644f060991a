//! Given events of a payment, these rows.

use super::*;
use crate::models::testing::{History, parse, recorded_at, shop};
use tillroll_domain::{
    common::{Basis, DocumentForm},
    ids::{OperationId, ProviderMessageId},
    money::Money,
    payment::events::{
        DisputeOutcome, OperationKind, PaymentActionRequired, PaymentAttemptStarted, PaymentAuthorizationExpired,
        PaymentAuthorized, PaymentCancelled, PaymentCaptured, PaymentCreated, PaymentDisputeClosed,
        PaymentDisputeOpened, PaymentOperationFailed, PaymentOperationObserved, PaymentOperationRequested,
        PaymentOutcomeUnknown, PaymentProviderEventIgnored, PaymentRefunded, PaymentVoided,
    },
};
use uuid::Uuid;

const STREAM: &str = "payment-01890000-0000-7000-8000-0000000000b1";

fn operation(number: u128) -> OperationId {
    OperationId::new(Uuid::from_u128(number))
}

fn requested(number: u128, kind: OperationKind, amount_minor: i64) -> PaymentEvent {
    PaymentOperationRequested { operation_id: operation(number), kind, attempt: 1, amount_minor, reason: None }.into()
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
        quote_hash: None,
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
        quote_hash: None,
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
        PaymentAttemptStarted { attempt: 1, provider: parse("simulator"), instrument: Some(parse("tok_1")) }.into(),
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
    let attempt: PaymentAttemptRow = history.tables.only();
    assert_eq!((attempt.attempt, attempt.instrument.as_deref()), (1, Some("tok_1")));
    assert_eq!((attempt.provider.as_str(), attempt.started_at), ("simulator", recorded_at(2)));
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
    let expired = PaymentAuthorizationExpired { amount_minor: 1_000, operation_id: Some(operation(1)) }.into();
    let payment: PaymentRow = history([requested(1, Authorize, 1_000), authorized(1, 1_000), expired]).tables.only();
    assert_eq!((payment.status.as_str(), payment.authorized_minor, payment.released_minor), ("released", 0, 1_000));
}

#[test]
fn an_authorization_ends_only_as_long_as_something_is_set_aside() {
    let expires_at = Some(recorded_at(99));
    let authorized = || {
        let (operation_id, provider_reference) = (operation(1), parse("auth-1"));
        PaymentAuthorized { operation_id, amount_minor: 1_000, provider_reference, expires_at }.into()
    };
    let end = |events: Vec<PaymentEvent>| history(events).tables.only::<PaymentRow>().authorization_expires_at;
    assert_eq!(end(vec![authorized()]), expires_at);
    assert_eq!(end(vec![authorized(), captured(2, 400)]), expires_at);
    assert_eq!(end(vec![authorized(), captured(2, 1_000)]), None);
    let voided = PaymentVoided { operation_id: operation(2), amount_minor: 1_000 }.into();
    assert_eq!(end(vec![authorized(), voided]), None);
    let expired = PaymentAuthorizationExpired { amount_minor: 1_000, operation_id: Some(operation(1)) }.into();
    assert_eq!(end(vec![authorized(), expired]), None);
    assert_eq!(end(vec![captured(2, 1_000), authorized()]), None, "told in another order");
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

#[test]
fn an_operation_that_waits_for_the_customer_says_where_to_go() {
    use OperationKind::Authorize;
    let waiting = PaymentActionRequired {
        operation_id: operation(1),
        action_url: parse("/simulator/pay/1"),
        provider_reference: parse("auth-1"),
    };
    let before = history([requested(1, Authorize, 1_000), waiting.clone().into()]);
    let payment: PaymentRow = before.tables.only();
    assert_eq!((payment.status.as_str(), payment.waiting_operations), ("action_required", 1));
    let one: PaymentOperationRow = before.tables.only();
    assert_eq!((one.state.as_str(), one.action_url.as_deref()), ("action_required", Some("/simulator/pay/1")));
    assert_eq!(one.provider_reference.as_deref(), Some("auth-1"));
    let after = history([requested(1, Authorize, 1_000), waiting.into(), authorized(1, 1_000)]);
    assert_eq!(after.tables.only::<PaymentOperationRow>().action_url, None);
    assert_eq!(after.tables.only::<PaymentRow>().waiting_operations, 0);
}

/// Cases 10 and 24: what follows from something may be told before it.
#[test]
fn sums_that_are_told_in_another_order_end_the_same() {
    use OperationKind::{Authorize, Capture, Refund};
    let observed = |number, kind, amount_minor| {
        let provider_reference = parse("dash-1");
        PaymentOperationObserved { operation_id: operation(number), kind, amount_minor, provider_reference }.into()
    };
    let early = [requested(1, Authorize, 1_000), observed(9, Refund, 100), observed(8, Capture, 600)];
    let sums = |payment: PaymentRow| (payment.authorized_minor, payment.captured_minor, payment.refunded_minor);
    assert_eq!(sums(history(early[..2].to_vec()).tables.only()), (0, 0, 0));
    assert_eq!(sums(history(early.clone()).tables.only()), (0, 600, 100));
    let mut told = early.to_vec();
    told.push(authorized(1, 1_000));
    let history = history(told);
    assert_eq!(sums(history.tables.only()), (400, 600, 100));
    let operations: Vec<PaymentOperationRow> = history.tables.all();
    assert_eq!(operations.iter().filter(|one| one.is_observed).count(), 2);
}

#[test]
fn a_surplus_authorization_is_not_shown_as_set_aside_for_the_payment() {
    let payment: PaymentRow = history([authorized(1, 1_000), authorized(2, 1_000), captured(3, 400)]).tables.only();
    assert_eq!((payment.authorized_minor, payment.captured_minor), (600, 400));
}

#[test]
fn a_cancelled_payment_says_why() {
    let cancelled = || PaymentCancelled { reason: parse("order_cancelled") }.into();
    let payment: PaymentRow = history([cancelled()]).tables.only();
    assert_eq!((payment.status.as_str(), payment.cancelled_because.as_deref()), ("cancelled", Some("order_cancelled")));
    assert_eq!(status([authorized(1, 1_000), cancelled()]), "authorized");
}

/// Case 29: chargebacks are recorded and counted.
#[test]
fn disputes_are_listed_and_counted_by_how_they_stand() {
    let opened = |name, amount_minor| PaymentDisputeOpened { dispute: parse(name), amount_minor }.into();
    let closed =
        |name, amount_minor, outcome| PaymentDisputeClosed { dispute: parse(name), amount_minor, outcome }.into();
    let history = history([
        captured(1, 1_000),
        opened("d1", 300),
        opened("d2", 200),
        closed("d1", 250, DisputeOutcome::Lost),
        closed("d2", 200, DisputeOutcome::Won),
        opened("d3", 50),
    ]);
    let payment: PaymentRow = history.tables.only();
    assert_eq!((payment.disputed_minor, payment.has_disputes), (300, true));
    let disputes: Vec<PaymentDisputeRow> = history.tables.all();
    let shown: Vec<_> =
        disputes.iter().map(|one| (one.dispute.as_str(), one.status.as_str(), one.amount_minor)).collect();
    assert_eq!(shown, [("d1", "lost", 250), ("d2", "won", 200), ("d3", "open", 50)]);
    assert_eq!((disputes[0].opened_at, disputes[0].closed_at), (recorded_at(3), Some(recorded_at(5))));
    assert_eq!((disputes[2].closed_at, disputes[2].order_id.as_str()), (None, shop::ORDER_ID));
    let totals: Vec<DisputeTotalRow> = history.tables.all();
    let counted: Vec<_> =
        totals.iter().map(|one| (one.currency.as_str(), one.status.as_str(), one.disputes, one.amount_minor)).collect();
    assert_eq!(counted, [("GBP", "lost", 1, 250), ("GBP", "open", 1, 50), ("GBP", "won", 1, 200)]);
}

/// Case 11: a message that cannot be true leaves a row beside the amounts.
#[test]
fn ignored_messages_are_listed() {
    let message_id = ProviderMessageId::new(Uuid::from_u128(5));
    let ignored = PaymentProviderEventIgnored { message_id, reason: parse("amount_mismatch") };
    let history = history([ignored.into()]);
    assert_eq!(history.tables.only::<PaymentRow>().ignored_events, 1);
    let row: IgnoredProviderEventRow = history.tables.only();
    assert_eq!((row.message_id, row.reason.as_str()), (message_id.to_string(), "amount_mismatch"));
    assert_eq!(row.ignored_at, recorded_at(2));
}
