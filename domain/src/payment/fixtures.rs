//! Payments and ids that the tests of several commands start from.

use super::{
    Payment,
    commands::PaymentCommand,
    dispute::DisputeStatus,
    events::OperationKind,
    state::{CreatedPayment, PaymentState},
};
use crate::{
    ids::{OperationId, OrderId},
    money::Money,
    pricing::QuoteHash,
    testing::{Given, given},
};
use uuid::Uuid;

pub(crate) const AMOUNT: i64 = 10_000;

pub(crate) fn operation_id(n: u128) -> OperationId {
    OperationId::new(Uuid::from_u128(n))
}

pub(crate) fn order_id() -> OrderId {
    OrderId::new(Uuid::from_u128(7))
}

pub(crate) fn amount(minor: i64) -> Money {
    Money::new(minor, "GBP".parse().unwrap())
}

pub(crate) fn quote_hash() -> QuoteHash {
    "0a".repeat(32).parse().unwrap()
}

pub(crate) fn creation(minor: i64) -> PaymentCommand {
    let method = "card".parse().unwrap();
    PaymentCommand::Create { order_id: order_id(), amount: amount(minor), method, quote_hash: Some(quote_hash()) }
}

pub(crate) fn authorization(operation: u128) -> PaymentCommand {
    PaymentCommand::RequestAuthorization {
        operation_id: operation_id(operation),
        provider: "simulator".parse().unwrap(),
        instrument: None,
    }
}

pub(crate) fn capture(operation: u128, amount_minor: i64) -> PaymentCommand {
    PaymentCommand::RequestCapture { operation_id: operation_id(operation), amount_minor }
}

pub(crate) fn void(operation: u128) -> PaymentCommand {
    PaymentCommand::RequestVoid { operation_id: operation_id(operation), attempt: None }
}

pub(crate) fn refund(operation: u128, amount_minor: i64) -> PaymentCommand {
    PaymentCommand::RequestRefund { operation_id: operation_id(operation), amount_minor, reason: None }
}

pub(crate) fn success(operation: u128, amount_minor: i64) -> PaymentCommand {
    PaymentCommand::RecordSuccess {
        operation_id: operation_id(operation),
        amount_minor,
        provider_reference: "sim_1".parse().unwrap(),
        expires_at: None,
    }
}

pub(crate) fn failure(operation: u128) -> PaymentCommand {
    PaymentCommand::RecordFailure {
        operation_id: operation_id(operation),
        code: "card_declined".parse().unwrap(),
        note: "".parse().unwrap(),
    }
}

pub(crate) fn unknown(operation: u128) -> PaymentCommand {
    PaymentCommand::RecordUnknownOutcome { operation_id: operation_id(operation) }
}

/// The newest authorization lapsed.
pub(crate) const EXPIRED: PaymentCommand = PaymentCommand::RecordAuthorizationExpired { operation_id: None };

pub(crate) fn expired(authorization: u128) -> PaymentCommand {
    PaymentCommand::RecordAuthorizationExpired { operation_id: Some(operation_id(authorization)) }
}

pub(crate) fn action_required(operation: u128) -> PaymentCommand {
    PaymentCommand::RecordActionRequired {
        operation_id: operation_id(operation),
        action_url: "/simulator/pay/1".parse().unwrap(),
        provider_reference: "sim_waiting".parse().unwrap(),
    }
}

pub(crate) fn observed(operation: u128, kind: OperationKind, amount_minor: i64) -> PaymentCommand {
    PaymentCommand::RecordObserved {
        operation_id: operation_id(operation),
        kind,
        amount_minor,
        provider_reference: format!("dash_{operation}").parse().unwrap(),
    }
}

pub(crate) fn dispute(name: &str, amount_minor: i64, status: DisputeStatus) -> PaymentCommand {
    PaymentCommand::RecordDispute { dispute: name.parse().unwrap(), amount_minor, status }
}

pub(crate) fn cancel() -> PaymentCommand {
    PaymentCommand::Cancel { reason: "order_cancelled".parse().unwrap() }
}

pub(crate) fn created() -> Given<Payment> {
    given::<Payment>([]).and(creation(AMOUNT))
}

/// Operation 1 set the whole amount aside.
pub(crate) fn authorized() -> Given<Payment> {
    created().and(authorization(1)).and(success(1, AMOUNT))
}

/// Operation 2 took the whole amount.
pub(crate) fn captured() -> Given<Payment> {
    authorized().and(capture(2, AMOUNT)).and(success(2, AMOUNT))
}

/// The payment that a history leads to.
#[track_caller]
pub(crate) fn payment(history: &Given<Payment>) -> CreatedPayment {
    match history.state() {
        PaymentState::Created(payment) => *payment,
        PaymentState::New => panic!("the payment was created"),
    }
}
