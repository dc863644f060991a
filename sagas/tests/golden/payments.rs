//! The stored form of the steps of the processes around payments: of each one that learns, sends and times everything that
//! there is.

use crate::{Sample, time, today};
use serde::Serialize;
use tillroll_domain::{
    ids::{OperationId, OrderId, PaymentId, ProviderMessageId},
    money::Money,
    payment::events::OperationKind,
    provider_message::{ProviderFact, ProviderFactKind},
    quantity::Quantity,
    stock_item::events::ReturnCondition,
    text::{Note, Reference, Sku},
};
use tillroll_infra::payments::ProviderOutcome;
use tillroll_sagas::{
    authorization_watch::{
        AuthorizationWatchAction, AuthorizationWatchAdvanced, AuthorizationWatchAnswer, AuthorizationWatchEvent,
        AuthorizationWatchFact,
    },
    fulfillment::{
        FulfillmentProcessAction, FulfillmentProcessAdvanced, FulfillmentProcessAnswer, FulfillmentProcessEvent,
        FulfillmentProcessFact, SkuUnits,
    },
    payment_reconcile::{
        PaymentReconcileAction, PaymentReconcileAdvanced, PaymentReconcileAnswer, PaymentReconcileEvent,
        PaymentReconcileFact, state::Next,
    },
    process::{Advanced, Armed, Consumed, Ending, Queued},
    provider_inbox::{
        ProviderInboxAction, ProviderInboxAdvanced, ProviderInboxAnswer, ProviderInboxEvent, ProviderInboxFact,
        StoredMessage,
    },
    return_and_refund::{
        RequestedRefund, RestockUnits, ReturnAndRefundAction, ReturnAndRefundAdvanced, ReturnAndRefundAnswer,
        ReturnAndRefundEvent, ReturnAndRefundFact,
    },
};
use uuid::Uuid;

const fn operation_id() -> OperationId {
    OperationId::new(Uuid::from_u128(1))
}

const fn order_id() -> OrderId {
    OrderId::new(Uuid::from_u128(2))
}

const fn payment_id() -> PaymentId {
    PaymentId::new(Uuid::from_u128(3))
}

fn reference() -> Reference {
    "ch_1".parse().unwrap()
}

fn words() -> Note {
    "some words".parse().unwrap()
}

fn sku() -> Sku {
    "MUG".parse().unwrap()
}

fn units() -> Quantity {
    Quantity::new(2).unwrap()
}

fn euros() -> Money {
    Money::new(1_234, "EUR".parse().unwrap())
}

fn succeeded() -> ProviderOutcome {
    let expires_at = Some(time("2026-03-08T09:30:00Z"));
    ProviderOutcome::Succeeded { provider_reference: reference(), amount: euros(), expires_at }
}

/// A step that answers an action, with these facts and actions.
fn step<F: Serialize, A: Serialize, R>(answer: R, facts: Vec<F>, actions: Vec<A>) -> Advanced<F, A, R> {
    Advanced {
        at: time("2026-03-01T09:30:00.000042Z"),
        input: Consumed::Answered { no: 1, answer },
        facts,
        send: (2..).zip(actions).map(|(no, action)| Queued { no, action }).collect(),
        disarm: vec!["before".into()],
        arm: vec![Armed { timer: "later".into(), due: time("2026-03-01T10:30:00Z") }],
        ending: Some(Ending::Alarmed { reason: "somebody_must_look".parse().unwrap() }),
    }
}

pub(crate) fn payment_reconcile() -> Vec<Sample<PaymentReconcileEvent>> {
    let (operation_id, reference) = (operation_id(), reference());
    let outcomes = [
        succeeded(),
        ProviderOutcome::ActionRequired {
            action_url: "/simulator/pay/1".parse().unwrap(),
            provider_reference: reference.clone(),
        },
        ProviderOutcome::Failed { code: "card_declined".parse().unwrap(), note: words() },
        ProviderOutcome::Pending,
    ];
    let facts = vec![
        PaymentReconcileFact::Pursued {
            operation_id,
            operation: OperationKind::Authorize,
            at: time("2026-03-01T09:30:00Z"),
        },
        PaymentReconcileFact::Postponed { operation_id, next: Next::Call },
        PaymentReconcileFact::Postponed { operation_id, next: Next::LookUp },
        PaymentReconcileFact::OutcomeUnknown { operation_id },
        PaymentReconcileFact::AwaitsCustomer { operation_id },
        PaymentReconcileFact::Overdue { operation_id },
        PaymentReconcileFact::Settled { operation_id },
        PaymentReconcileFact::GaveUp { operation_id },
        PaymentReconcileFact::Contradicted { operation_id },
        PaymentReconcileFact::ReferenceTaken { reference: reference.clone() },
        PaymentReconcileFact::Captured { reference: reference.clone() },
        PaymentReconcileFact::Cancelled,
        PaymentReconcileFact::UndoRefused,
        PaymentReconcileFact::MirrorStale,
        PaymentReconcileFact::MirrorRenewed,
        PaymentReconcileFact::UndoStale,
        PaymentReconcileFact::UndoRenewed,
    ];
    let mut actions = vec![
        PaymentReconcileAction::Call { operation_id, captured: Some(reference.clone()) },
        PaymentReconcileAction::LookUp { operation_id },
        PaymentReconcileAction::RecordUnknown { operation_id },
        PaymentReconcileAction::MirrorToOrder,
        PaymentReconcileAction::ClaimReference { reference },
        PaymentReconcileAction::Undo,
    ];
    actions.extend(outcomes.map(|outcome| PaymentReconcileAction::Record { operation_id, outcome }));
    let event: PaymentReconcileAdvanced = step(PaymentReconcileAnswer::Came { outcome: succeeded() }, facts, actions);
    vec![today(event)]
}

pub(crate) fn provider_inbox() -> Vec<Sample<ProviderInboxEvent>> {
    let (message_id, payment_id) = (ProviderMessageId::new(Uuid::from_u128(4)), payment_id());
    let fact = ProviderFact {
        payment_id: Some(payment_id),
        operation_id: Some(operation_id()),
        provider_reference: Some(reference()),
        amount: Some(euros()),
        ..ProviderFact::of(ProviderFactKind::Captured)
    };
    let message = StoredMessage { id: message_id, provider: "simulated".parse().unwrap(), fact };
    let reason: Reference = "amount_mismatch".parse().unwrap();
    let facts = vec![
        ProviderInboxFact::Received { message: message.clone(), at: time("2026-03-01T09:30:00Z") },
        ProviderInboxFact::Unrelated,
        ProviderInboxFact::Postponed,
        ProviderInboxFact::Applied { payment_id },
        ProviderInboxFact::Contradicted { payment_id, reason: reason.clone() },
        ProviderInboxFact::GivenUp,
    ];
    let actions = vec![
        ProviderInboxAction::Apply { message },
        ProviderInboxAction::RecordConflict { message_id, payment_id, reason: reason.clone() },
    ];
    let event: ProviderInboxAdvanced = step(ProviderInboxAnswer::Conflicting { payment_id, reason }, facts, actions);
    vec![today(event)]
}

pub(crate) fn authorization_watch() -> Vec<Sample<AuthorizationWatchEvent>> {
    let operation_id = operation_id();
    let facts = vec![
        AuthorizationWatchFact::Watching { operation_id, expires_at: time("2026-03-08T09:30:00Z") },
        AuthorizationWatchFact::Stopped { operation_id },
    ];
    let actions = vec![
        AuthorizationWatchAction::CaptureRest { operation_id },
        AuthorizationWatchAction::RecordExpired { operation_id },
    ];
    let event: AuthorizationWatchAdvanced =
        step(AuthorizationWatchAnswer::Requested { amount_minor: 1_234 }, facts, actions);
    vec![today(event)]
}

pub(crate) fn fulfillment() -> Vec<Sample<FulfillmentProcessEvent>> {
    let facts = vec![
        FulfillmentProcessFact::Planned,
        FulfillmentProcessFact::Paid { requested_minor: 1_000 },
        FulfillmentProcessFact::Unpaid { lacking_minor: 234 },
        FulfillmentProcessFact::CaptureFailed,
        FulfillmentProcessFact::Left,
        FulfillmentProcessFact::NotBooked { skus: vec![sku()] },
    ];
    let actions = vec![
        FulfillmentProcessAction::Capture { order_id: order_id() },
        FulfillmentProcessAction::ShipStock {
            order_id: order_id(),
            location: "main".parse().unwrap(),
            units: vec![SkuUnits { sku: sku(), quantity: units() }],
        },
    ];
    let answer = FulfillmentProcessAnswer::Short { requested_minor: 1_000, lacking_minor: 234 };
    let event: FulfillmentProcessAdvanced = step(answer, facts, actions);
    vec![today(event)]
}

pub(crate) fn return_and_refund() -> Vec<Sample<ReturnAndRefundEvent>> {
    let (order_id, operation_id) = (order_id(), operation_id());
    let refunds = vec![RequestedRefund { operation_id, amount_minor: 1_234 }];
    let conditions = [ReturnCondition::Resellable, ReturnCondition::Damaged];
    let restock = conditions.map(|condition| RestockUnits {
        location: "main".parse().unwrap(),
        sku: sku(),
        condition,
        quantity: units(),
    });
    let facts = vec![
        ReturnAndRefundFact::Returned { order_id, refund_minor: 1_234 },
        ReturnAndRefundFact::NotBooked { skus: vec![sku()] },
        ReturnAndRefundFact::RefundsRequested { refunds: refunds.clone() },
        ReturnAndRefundFact::Short { lacking_minor: 5 },
        ReturnAndRefundFact::RefundSettled { operation_id, succeeded: true },
        ReturnAndRefundFact::RefundRenewed,
        ReturnAndRefundFact::Ended,
        ReturnAndRefundFact::OrderRefused,
    ];
    let actions = vec![
        ReturnAndRefundAction::Restock { order_id, units: restock.to_vec() },
        ReturnAndRefundAction::Refund { order_id, amount_minor: 1_234, round: 1 },
        ReturnAndRefundAction::TellOrder { order_id },
    ];
    let answer = ReturnAndRefundAnswer::Requested { refunds, lacking_minor: 5 };
    let event: ReturnAndRefundAdvanced = step(answer, facts, actions);
    vec![today(event)]
}

/// What actions came to, as it stands in the events that consume it.
fn assert_stored<T>(samples: impl IntoIterator<Item = (T, &'static str)>)
where
    T: Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
{
    for (answer, stored) in samples {
        assert_eq!(serde_json::to_string(&answer).unwrap(), stored);
        assert_eq!(serde_json::from_str::<T>(stored).unwrap(), answer);
    }
}

#[test]
fn what_a_reconciliations_actions_came_to_is_stored_as_ever() {
    let words = r#"{"kind":"contradicted","reason":"some words"}"#;
    assert_stored([
        (
            PaymentReconcileAnswer::Came { outcome: ProviderOutcome::Pending },
            r#"{"kind":"came","outcome":{"kind":"pending"}}"#,
        ),
        (PaymentReconcileAnswer::Unanswered, r#"{"kind":"unanswered"}"#),
        (PaymentReconcileAnswer::NotSent { retry_after_ms: None }, r#"{"kind":"not_sent"}"#),
        (PaymentReconcileAnswer::NotSent { retry_after_ms: Some(9) }, r#"{"kind":"not_sent","retry_after_ms":9}"#),
        (PaymentReconcileAnswer::NotFound, r#"{"kind":"not_found"}"#),
        (PaymentReconcileAnswer::Settled, r#"{"kind":"settled"}"#),
        (PaymentReconcileAnswer::Done, r#"{"kind":"done"}"#),
        (PaymentReconcileAnswer::Contradicted { reason: self::words() }, words),
        (PaymentReconcileAnswer::Refused { reason: self::words() }, r#"{"kind":"refused","reason":"some words"}"#),
    ]);
}

#[test]
fn what_an_inboxs_actions_came_to_is_stored_as_ever() {
    let payment_id = payment_id();
    assert_stored([
        (
            ProviderInboxAnswer::Applied { payment_id },
            r#"{"kind":"applied","payment_id":"pay_00000000-0000-0000-0000-000000000003"}"#,
        ),
        (ProviderInboxAnswer::Unmatched, r#"{"kind":"unmatched"}"#),
        (
            ProviderInboxAnswer::TooEarly { payment_id },
            r#"{"kind":"too_early","payment_id":"pay_00000000-0000-0000-0000-000000000003"}"#,
        ),
        (ProviderInboxAnswer::ConflictRecorded, r#"{"kind":"conflict_recorded"}"#),
    ]);
}

#[test]
fn what_the_other_processes_actions_came_to_is_stored_as_ever() {
    assert_stored([
        (AuthorizationWatchAnswer::NothingToCapture, r#"{"kind":"nothing_to_capture"}"#),
        (AuthorizationWatchAnswer::NotConfirmed, r#"{"kind":"not_confirmed"}"#),
        (AuthorizationWatchAnswer::Recorded, r#"{"kind":"recorded"}"#),
        (AuthorizationWatchAnswer::Refused { reason: words() }, r#"{"kind":"refused","reason":"some words"}"#),
    ]);
    assert_stored([
        (FulfillmentProcessAnswer::Covered { requested_minor: 5 }, r#"{"kind":"covered","requested_minor":5}"#),
        (FulfillmentProcessAnswer::Booked, r#"{"kind":"booked"}"#),
        (
            FulfillmentProcessAnswer::NotBooked { skus: vec![sku()], reason: words() },
            r#"{"kind":"not_booked","skus":["MUG"],"reason":"some words"}"#,
        ),
    ]);
    assert_stored([
        (ReturnAndRefundAnswer::Booked, r#"{"kind":"booked"}"#),
        (ReturnAndRefundAnswer::OrderTold, r#"{"kind":"order_told"}"#),
        (ReturnAndRefundAnswer::OrderRefused { reason: words() }, r#"{"kind":"order_refused","reason":"some words"}"#),
        (
            ReturnAndRefundAnswer::NotBooked { skus: vec![sku()], reason: words() },
            r#"{"kind":"not_booked","skus":["MUG"],"reason":"some words"}"#,
        ),
    ]);
}
