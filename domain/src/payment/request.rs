//! Requests: an operation is about to be tried at the provider.

use super::{
    commands::OPERATIONS_MAX,
    create::check_positive,
    error::PaymentError,
    events::{OperationKind, PaymentAttemptStarted, PaymentEvent, PaymentOperationRequested},
    state::CreatedPayment,
};
use crate::{ids::OperationId, text::Reference};

/// Requests to set the whole amount aside, as a new attempt.
pub(super) fn authorization(
    payment: &CreatedPayment,
    operation_id: OperationId,
    provider: &Reference,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    let same_amount = payment.amount.minor;
    if is_repeated(payment, operation_id, OperationKind::Authorize, Some(same_amount), Some(provider))? {
        return Ok(vec![]);
    }
    if payment.captured_minor > 0 {
        return Err(PaymentError::AlreadyCaptured { captured_minor: payment.captured_minor });
    }
    check_none_open(payment, &[OperationKind::Authorize])?;
    if payment.authorized_minor > 0 {
        return Err(PaymentError::AlreadyAuthorized { authorized_minor: payment.authorized_minor });
    }
    let attempt = payment.attempt + 1;
    let request = requested(operation_id, OperationKind::Authorize, attempt, payment.amount.minor);
    Ok(vec![PaymentAttemptStarted { attempt, provider: provider.clone() }.into(), request])
}

/// Requests to take money that is set aside.
pub(super) fn capture(
    payment: &CreatedPayment,
    operation_id: OperationId,
    amount_minor: i64,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    if is_repeated(payment, operation_id, OperationKind::Capture, Some(amount_minor), None)? {
        return Ok(vec![]);
    }
    check_positive(amount_minor)?;
    let available_minor = payment.capturable_minor();
    if amount_minor > available_minor {
        return Err(PaymentError::CaptureExceedsAuthorized { requested_minor: amount_minor, available_minor });
    }
    Ok(vec![requested(operation_id, OperationKind::Capture, payment.attempt, amount_minor)])
}

/// Requests to set free what was not taken.
pub(super) fn void(payment: &CreatedPayment, operation_id: OperationId) -> Result<Vec<PaymentEvent>, PaymentError> {
    if is_repeated(payment, operation_id, OperationKind::Void, None, None)? {
        return Ok(vec![]);
    }
    if payment.authorized_minor == 0 {
        return Err(PaymentError::NothingAuthorized);
    }
    check_none_open(payment, &[OperationKind::Capture, OperationKind::Void])?;
    Ok(vec![requested(operation_id, OperationKind::Void, payment.attempt, payment.authorized_minor)])
}

/// Requests to give money back.
pub(super) fn refund(
    payment: &CreatedPayment,
    operation_id: OperationId,
    amount_minor: i64,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    if is_repeated(payment, operation_id, OperationKind::Refund, Some(amount_minor), None)? {
        return Ok(vec![]);
    }
    check_positive(amount_minor)?;
    let available_minor = payment.refundable_minor();
    if amount_minor > available_minor {
        return Err(PaymentError::RefundExceedsCaptured { requested_minor: amount_minor, available_minor });
    }
    Ok(vec![requested(operation_id, OperationKind::Refund, payment.attempt, amount_minor)])
}

fn requested(operation_id: OperationId, kind: OperationKind, attempt: u32, amount_minor: i64) -> PaymentEvent {
    PaymentOperationRequested { operation_id, kind, attempt, amount_minor }.into()
}

/// Whether the very same was requested before, whatever became of it. What is `None` is not compared.
fn is_repeated(
    payment: &CreatedPayment,
    operation_id: OperationId,
    kind: OperationKind,
    amount_minor: Option<i64>,
    provider: Option<&Reference>,
) -> Result<bool, PaymentError> {
    let Some(known) = payment.operations.get(&operation_id) else {
        return if payment.operations.len() < OPERATIONS_MAX {
            Ok(false)
        } else {
            Err(PaymentError::TooManyOperations { max: OPERATIONS_MAX })
        };
    };
    let same_amount = amount_minor.is_none_or(|amount_minor| amount_minor == known.amount_minor);
    if known.kind == kind && same_amount && known.provider.as_ref() == provider {
        Ok(true)
    } else {
        Err(PaymentError::OperationIdReused { operation_id })
    }
}

fn check_none_open(payment: &CreatedPayment, kinds: &[OperationKind]) -> Result<(), PaymentError> {
    match payment.open_operation(kinds) {
        Some((operation_id, operation)) => {
            Err(PaymentError::OperationOpen { operation_id, kind: operation.kind, outcome: operation.outcome })
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
