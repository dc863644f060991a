//! Outcomes: what the provider said of a requested operation, or that it said nothing.

use super::{
    error::PaymentError,
    events::{
        OperationKind, PaymentAuthorizationExpired, PaymentAuthorized, PaymentCaptured, PaymentEvent,
        PaymentOperationFailed, PaymentOutcomeUnknown, PaymentRefunded, PaymentVoided,
    },
    state::{CreatedPayment, Operation, OperationOutcome},
};
use crate::{
    common::Basis,
    ids::OperationId,
    text::{Note, Reference},
};
use chrono::{DateTime, Utc};

/// The operation happened.
pub(super) fn success(
    payment: &CreatedPayment,
    operation_id: OperationId,
    amount_minor: i64,
    provider_reference: &Reference,
    expires_at: Option<DateTime<Utc>>,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    let operation = find(payment, operation_id)?;
    if amount_minor != operation.amount_minor {
        let (requested_minor, given_minor) = (operation.amount_minor, amount_minor);
        return Err(PaymentError::AmountMismatch { operation_id, requested_minor, given_minor });
    }
    match operation.outcome {
        OperationOutcome::Pending | OperationOutcome::Unknown => {}
        OperationOutcome::Succeeded => return Ok(vec![]),
        OperationOutcome::Failed => {
            return Err(PaymentError::OutcomeStands { operation_id, outcome: operation.outcome });
        }
    }
    let provider_reference = provider_reference.clone();
    Ok(vec![match operation.kind {
        OperationKind::Authorize => {
            PaymentAuthorized { operation_id, amount_minor, provider_reference, expires_at }.into()
        }
        OperationKind::Capture => {
            let provider_reference = Some(provider_reference);
            PaymentCaptured { operation_id, amount_minor, provider_reference, basis: Basis::Recorded }.into()
        }
        OperationKind::Void => {
            // The authorization may have lapsed since the request; then the void itself sets nothing free.
            let is_current = operation.attempt == payment.attempt;
            let freed = if is_current { amount_minor.min(payment.authorized_minor) } else { 0 };
            PaymentVoided { operation_id, amount_minor: freed }.into()
        }
        OperationKind::Refund => PaymentRefunded { operation_id, amount_minor, provider_reference }.into(),
    }])
}

/// The provider refused the operation.
pub(super) fn failure(
    payment: &CreatedPayment,
    operation_id: OperationId,
    code: &Reference,
    note: &Note,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    let operation = find(payment, operation_id)?;
    match operation.outcome {
        OperationOutcome::Pending | OperationOutcome::Unknown => {}
        OperationOutcome::Failed => return Ok(vec![]),
        OperationOutcome::Succeeded => {
            return Err(PaymentError::OutcomeStands { operation_id, outcome: operation.outcome });
        }
    }
    let kind = operation.kind;
    let mut events = Vec::with_capacity(2);
    events.push(PaymentOperationFailed { operation_id, kind, code: code.clone(), note: note.clone() }.into());
    if payment.expired && kind == OperationKind::Capture && operation.attempt == payment.attempt {
        // What was kept aside for this capture when the authorization lapsed is free now.
        events.push(PaymentAuthorizationExpired { amount_minor: operation.amount_minor }.into());
    }
    Ok(events)
}

/// The provider did not answer. News older than the outcome is silent.
pub(super) fn unknown(payment: &CreatedPayment, operation_id: OperationId) -> Result<Vec<PaymentEvent>, PaymentError> {
    let operation = find(payment, operation_id)?;
    match operation.outcome {
        OperationOutcome::Pending => Ok(vec![PaymentOutcomeUnknown { operation_id, kind: operation.kind }.into()]),
        OperationOutcome::Unknown | OperationOutcome::Succeeded | OperationOutcome::Failed => Ok(vec![]),
    }
}

/// The authorization lapsed. What captures without an outcome may still take is kept aside until they have one.
pub(super) fn expired(payment: &CreatedPayment) -> Vec<PaymentEvent> {
    if payment.expired || payment.authorized_minor == 0 {
        return vec![];
    }
    let amount_minor = payment.authorized_minor - payment.open_minor(OperationKind::Capture);
    vec![PaymentAuthorizationExpired { amount_minor }.into()]
}

fn find(payment: &CreatedPayment, operation_id: OperationId) -> Result<&Operation, PaymentError> {
    payment.operations.get(&operation_id).ok_or(PaymentError::UnknownOperation { operation_id })
}

#[cfg(test)]
mod tests;
