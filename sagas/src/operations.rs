//! Operations on payments that processes request: their ids, which are derived from their cause, so that a request that is
//! repeated is the same request, here and at the provider; and how much is taken already.

use tillroll_domain::{
    ids::{OperationId, PaymentId},
    payment::{
        events::OperationKind,
        state::{CreatedPayment, Operation},
    },
};
use tillroll_infra::bus::context::derived_uuid;

/// The id of the operation on a payment that follows from a cause, named uniquely.
#[must_use]
pub fn operation_id(payment_id: PaymentId, cause: &str) -> OperationId {
    OperationId::new(derived_uuid("tillroll:payment-operation", &format!("{payment_id}/{cause}")))
}

/// What was captured of a payment and what captures without an outcome may capture, in minor units.
#[must_use]
pub fn taken_minor(payment: &CreatedPayment) -> i64 {
    let is_open = |one: &&Operation| one.kind == OperationKind::Capture && one.outcome.is_open();
    let open = payment.operations().values().filter(is_open).map(|one| one.amount_minor);
    payment.captured_minor() + open.sum::<i64>()
}
