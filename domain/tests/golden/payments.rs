//! Samples of the events of payments and of the messages of their providers.

use crate::{
    Sample,
    helpers::{source, text, time, uuid},
    older, today,
};
use tillroll_domain::{
    aggregate::DomainEvent,
    common::{Basis, DocumentForm},
    ids::{OperationId, OrderId, PaymentId, ProviderMessageId},
    money::Money,
    payment::events::{
        DisputeOutcome, OperationKind, PaymentActionRequired, PaymentAttemptStarted, PaymentAuthorizationExpired,
        PaymentAuthorized, PaymentCancelled, PaymentCaptured, PaymentCreated, PaymentDisputeClosed,
        PaymentDisputeOpened, PaymentEvent, PaymentOperationFailed, PaymentOperationObserved,
        PaymentOperationRequested, PaymentOutcomeUnknown, PaymentProviderEventIgnored, PaymentRefunded, PaymentVoided,
    },
    provider_message::{
        ProviderFact, ProviderFactKind,
        events::{ProviderMessageEvent, ProviderMessageReceived},
        sealed,
    },
};

pub(crate) fn payment() -> Vec<Sample<PaymentEvent>> {
    let operation_id = OperationId::new(uuid(7));
    vec![
        older(
            1,
            PaymentCreated {
                order_id: OrderId::new(uuid(2)),
                amount: Money::new(2_553, text("GBP")),
                method: text("assumed_settled"),
                source: Some(source("536365", DocumentForm::Order)),
                basis: Basis::Inferred,
                quote_hash: None,
            },
        ),
        today(PaymentCreated {
            order_id: OrderId::new(uuid(2)),
            amount: Money::new(2_553, text("GBP")),
            method: text("card"),
            source: Some(source("536365", DocumentForm::Order)),
            basis: Basis::Recorded,
            quote_hash: Some(text("96a41dbf55bf8604cb19400be19ee0818676694b56d42c1069832b714c784edd")),
        }),
        older(1, PaymentAttemptStarted { attempt: 1, provider: text("simulator"), instrument: None }),
        today(PaymentAttemptStarted { attempt: 1, provider: text("simulated"), instrument: Some(text("tok_approve")) }),
        older(
            1,
            PaymentOperationRequested {
                operation_id,
                kind: OperationKind::Authorize,
                attempt: 1,
                amount_minor: 2_553,
                reason: None,
            },
        ),
        today(PaymentOperationRequested {
            operation_id,
            kind: OperationKind::Refund,
            attempt: 1,
            amount_minor: 255,
            reason: Some(text("Arrived broken")),
        }),
        today(PaymentActionRequired {
            operation_id,
            action_url: text("/simulator/pay/17"),
            provider_reference: text("auth_17"),
        }),
        today(PaymentAuthorized {
            operation_id,
            amount_minor: 2_553,
            provider_reference: text("auth_17"),
            expires_at: Some(time("2024-03-08T12:00:00Z")),
        }),
        today(PaymentCaptured {
            operation_id,
            amount_minor: 2_553,
            provider_reference: Some(text("capture_17")),
            basis: Basis::Recorded,
        }),
        today(PaymentVoided { operation_id, amount_minor: 2_553 }),
        today(PaymentRefunded { operation_id, amount_minor: 255, provider_reference: text("refund_17") }),
        today(PaymentOperationFailed {
            operation_id,
            kind: OperationKind::Authorize,
            code: text("card_declined"),
            note: text("The bank said no"),
        }),
        today(PaymentOutcomeUnknown { operation_id, kind: OperationKind::Capture }),
        older(1, PaymentAuthorizationExpired { amount_minor: 2_553, operation_id: None }),
        today(PaymentAuthorizationExpired { amount_minor: 2_553, operation_id: Some(operation_id) }),
        today(PaymentOperationObserved {
            operation_id: OperationId::new(uuid(8)),
            kind: OperationKind::Refund,
            amount_minor: 255,
            provider_reference: text("dashboard_17"),
        }),
        today(PaymentCancelled { reason: text("order_cancelled") }),
        today(PaymentDisputeOpened { dispute: text("dispute_17"), amount_minor: 2_553 }),
        today(PaymentDisputeClosed { dispute: text("dispute_17"), amount_minor: 2_553, outcome: DisputeOutcome::Lost }),
        today(PaymentProviderEventIgnored {
            message_id: ProviderMessageId::new(uuid(9)),
            reason: text("amount_mismatch"),
        }),
    ]
}

/// A message in which the provider states everything that a message can state.
pub(crate) fn provider_message() -> Vec<Sample<ProviderMessageEvent>> {
    vec![today(ProviderMessageReceived {
        provider: text("simulated"),
        message_id: text("evt_17"),
        raw: sealed(ProviderMessageId::new(uuid(9)), text(r#"{"type":"payment.captured"}"#)),
        fact: ProviderFact {
            kind: ProviderFactKind::Captured,
            payment_id: Some(PaymentId::new(uuid(6))),
            operation_id: Some(OperationId::new(uuid(7))),
            provider_reference: Some(text("capture_17")),
            amount: Some(Money::new(2_553, text("GBP"))),
            code: Some(text("ok")),
            dispute: Some(text("dispute_17")),
            expires_at: Some(time("2024-03-08T12:00:00Z")),
            action_url: Some(text("https://bank.example/17")),
        },
        signed_at: time("2024-03-01T12:00:00Z"),
    })]
}

/// A payment that was authorized, paid and partly refunded; one that was voided; a declined one; a lapsed one; one that waits
/// for the customer in its second attempt; and one that was cancelled, observed and disputed.
pub(crate) fn histories() -> Vec<Vec<PaymentEvent>> {
    let id = |number| OperationId::new(uuid(number));
    let all = payment();
    let samples = |names: &[&str]| -> Vec<PaymentEvent> {
        let newest = |name: &&str| {
            let mut found = all.iter().filter(|sample| sample.event.event_type().name == *name);
            found.next_back().unwrap().event.clone()
        };
        names.iter().map(newest).collect()
    };
    let requested = |number, kind, attempt, amount_minor| {
        let operation_id = id(number);
        PaymentEvent::from(PaymentOperationRequested { operation_id, kind, attempt, amount_minor, reason: None })
    };
    let authorizing = |number, attempt| requested(number, OperationKind::Authorize, attempt, 2_553);
    let begun = |then: &[&str]| {
        let mut history = samples(&["PaymentCreated", "PaymentAttemptStarted"]);
        history.push(authorizing(7, 1));
        history.extend(samples(then));
        history
    };
    let mut paid = begun(&["PaymentOutcomeUnknown", "PaymentAuthorized"]);
    let taken = PaymentCaptured {
        operation_id: id(8),
        amount_minor: 2_553,
        provider_reference: Some(text("capture_17")),
        basis: Basis::Recorded,
    };
    let given_back = PaymentRefunded { operation_id: id(9), amount_minor: 255, provider_reference: text("refund_17") };
    paid.extend([
        requested(8, OperationKind::Capture, 1, 2_553),
        taken.into(),
        requested(9, OperationKind::Refund, 1, 255),
        given_back.into(),
        requested(10, OperationKind::Refund, 1, 100),
    ]);
    let mut voided = begun(&["PaymentAuthorized"]);
    voided.push(requested(11, OperationKind::Void, 1, 2_553));
    voided.push(PaymentVoided { operation_id: id(11), amount_minor: 2_553 }.into());
    let mut waiting = begun(&["PaymentOperationFailed"]);
    waiting.push(PaymentAttemptStarted { attempt: 2, provider: text("simulated"), instrument: None }.into());
    waiting.push(authorizing(12, 2));
    let action = PaymentActionRequired {
        operation_id: id(12),
        action_url: text("/simulator/pay/17"),
        provider_reference: text("auth_18"),
    };
    waiting.push(action.into());
    let disputed = begun(&[
        "PaymentAuthorized",
        "PaymentOperationObserved",
        "PaymentCancelled",
        "PaymentDisputeOpened",
        "PaymentDisputeClosed",
        "PaymentProviderEventIgnored",
    ]);
    vec![
        paid,
        voided,
        begun(&["PaymentOperationFailed"]),
        begun(&["PaymentAuthorized", "PaymentAuthorizationExpired"]),
        waiting,
        disputed,
    ]
}
