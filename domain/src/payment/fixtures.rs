//! Payments and ids that the tests of several commands start from.

use super::{
    Payment,
    commands::PaymentCommand,
    state::{CreatedPayment, PaymentState},
};
use crate::{
    ids::{OperationId, OrderId},
    money::Money,
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

pub(crate) fn creation(minor: i64) -> PaymentCommand {
    PaymentCommand::Create { order_id: order_id(), amount: amount(minor), method: "card".parse().unwrap() }
}

pub(crate) fn authorization(operation: u128) -> PaymentCommand {
    PaymentCommand::RequestAuthorization {
        operation_id: operation_id(operation),
        provider: "simulator".parse().unwrap(),
    }
}

pub(crate) fn capture(operation: u128, amount_minor: i64) -> PaymentCommand {
    PaymentCommand::RequestCapture { operation_id: operation_id(operation), amount_minor }
}

pub(crate) fn void(operation: u128) -> PaymentCommand {
    PaymentCommand::RequestVoid { operation_id: operation_id(operation) }
}

pub(crate) fn refund(operation: u128, amount_minor: i64) -> PaymentCommand {
    PaymentCommand::RequestRefund { operation_id: operation_id(operation), amount_minor }
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

pub(crate) const EXPIRED: PaymentCommand = PaymentCommand::RecordAuthorizationExpired;

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
