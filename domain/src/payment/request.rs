//! Requests: an operation is about to be tried at the provider; and the end of such requests.

use super::{
    commands::{ATTEMPTS_MAX, OPERATIONS_MAX},
    create::check_positive,
    error::PaymentError,
    events::{OperationKind, PaymentAttemptStarted, PaymentCancelled, PaymentEvent, PaymentOperationRequested},
    state::{CreatedPayment, Operation, OperationOutcome},
};
use crate::{
    ids::OperationId,
    text::{Note, Reference},
};

/// Requests to set the whole amount aside, as a new attempt.
pub(super) fn authorization(
    payment: &CreatedPayment,
    operation_id: OperationId,
    provider: &Reference,
    instrument: Option<&Reference>,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    let is_same = |known: &Operation| {
        (known.provider.as_ref(), known.instrument.as_ref()) == (Some(provider), instrument)
            && known.amount_minor == payment.amount.minor
    };
    if is_repeated(payment, operation_id, OperationKind::Authorize, is_same)? {
        return Ok(vec![]);
    }
    check_not_cancelled(payment)?;
    let captured_minor = payment.captured_minor();
    if captured_minor > 0 {
        return Err(PaymentError::AlreadyCaptured { captured_minor });
    }
    check_none_open(payment, |known| {
        // Nobody waits for a customer who chose to pay in another way.
        known.kind == OperationKind::Authorize && known.outcome != OperationOutcome::ActionRequired
    })?;
    let authorized_minor = payment.authorized_minor();
    if authorized_minor > 0 {
        return Err(PaymentError::AlreadyAuthorized { authorized_minor });
    }
    if payment.attempt >= ATTEMPTS_MAX {
        return Err(PaymentError::TooManyAttempts { max: ATTEMPTS_MAX });
    }
    let attempt = payment.attempt + 1;
    let started = PaymentAttemptStarted { attempt, provider: provider.clone(), instrument: instrument.cloned() };
    let request = requested(operation_id, OperationKind::Authorize, attempt, payment.amount.minor, None);
    Ok(vec![started.into(), request])
}

/// Requests to take money that is set aside.
pub(super) fn capture(
    payment: &CreatedPayment,
    operation_id: OperationId,
    amount_minor: i64,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    if is_repeated(payment, operation_id, OperationKind::Capture, |known| known.amount_minor == amount_minor)? {
        return Ok(vec![]);
    }
    check_positive(amount_minor)?;
    check_not_cancelled(payment)?;
    let (attempt, available_minor) = payment.capturable().unwrap_or((payment.attempt, 0));
    if amount_minor > available_minor {
        return Err(PaymentError::CaptureExceedsAuthorized { requested_minor: amount_minor, available_minor });
    }
    Ok(vec![requested(operation_id, OperationKind::Capture, attempt, amount_minor, None)])
}

/// Requests to set free what an attempt set aside and was not taken.
pub(super) fn void(
    payment: &CreatedPayment,
    operation_id: OperationId,
    attempt: Option<u32>,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    let is_same = |known: &Operation| attempt.is_none_or(|attempt| attempt == known.attempt);
    if is_repeated(payment, operation_id, OperationKind::Void, is_same)? {
        return Ok(vec![]);
    }
    let set_aside = payment.set_aside();
    let mut candidates = set_aside.into_iter().filter(|(of, _)| attempt.is_none_or(|attempt| attempt == *of));
    let (attempt, amount_minor) = candidates.next().ok_or(PaymentError::NothingAuthorized)?;
    check_none_open(payment, |known| {
        known.attempt == attempt && matches!(known.kind, OperationKind::Capture | OperationKind::Void)
    })?;
    Ok(vec![requested(operation_id, OperationKind::Void, attempt, amount_minor, None)])
}

/// Requests to give money back.
pub(super) fn refund(
    payment: &CreatedPayment,
    operation_id: OperationId,
    amount_minor: i64,
    reason: Option<&Note>,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    if is_repeated(payment, operation_id, OperationKind::Refund, |known| known.amount_minor == amount_minor)? {
        return Ok(vec![]);
    }
    check_positive(amount_minor)?;
    let available_minor = payment.refundable_minor();
    if amount_minor > available_minor {
        return Err(PaymentError::RefundExceedsCaptured { requested_minor: amount_minor, available_minor });
    }
    Ok(vec![requested(operation_id, OperationKind::Refund, payment.attempt, amount_minor, reason.cloned())])
}

/// Takes nothing more.
pub(super) fn cancel(payment: &CreatedPayment, reason: &Reference) -> Vec<PaymentEvent> {
    if payment.cancelled { vec![] } else { vec![PaymentCancelled { reason: reason.clone() }.into()] }
}

fn requested(
    operation_id: OperationId,
    kind: OperationKind,
    attempt: u32,
    amount_minor: i64,
    reason: Option<Note>,
) -> PaymentEvent {
    PaymentOperationRequested { operation_id, kind, attempt, amount_minor, reason }.into()
}

/// Whether the very same was requested before, whatever became of it.
fn is_repeated(
    payment: &CreatedPayment,
    operation_id: OperationId,
    kind: OperationKind,
    is_same: impl FnOnce(&Operation) -> bool,
) -> Result<bool, PaymentError> {
    let Some(known) = payment.operations.get(&operation_id) else {
        return if payment.operations.len() < OPERATIONS_MAX {
            Ok(false)
        } else {
            Err(PaymentError::TooManyOperations { max: OPERATIONS_MAX })
        };
    };
    if known.kind == kind && !known.is_observed && is_same(known) {
        Ok(true)
    } else {
        Err(PaymentError::OperationIdReused { operation_id })
    }
}

fn check_not_cancelled(payment: &CreatedPayment) -> Result<(), PaymentError> {
    if payment.cancelled { Err(PaymentError::Cancelled) } else { Ok(()) }
}

fn check_none_open(payment: &CreatedPayment, matters: impl Fn(&Operation) -> bool) -> Result<(), PaymentError> {
    match payment.open_operations().find(|(_, operation)| matters(operation)) {
        Some((operation_id, operation)) => {
            Err(PaymentError::OperationOpen { operation_id, kind: operation.kind, outcome: operation.outcome })
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
