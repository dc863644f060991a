//! Outcomes: what the provider said of a requested operation, or that it said nothing.
//!
//! **Invariant:** how a payment ends depends on what was said and not on the order in which it was, nor on how often.

use super::{
    error::PaymentError,
    events::{
        OperationKind, PaymentActionRequired, PaymentAuthorizationExpired, PaymentAuthorized, PaymentCaptured,
        PaymentEvent, PaymentOperationFailed, PaymentOutcomeUnknown, PaymentRefunded, PaymentVoided,
    },
    state::{CreatedPayment, Operation, OperationOutcome},
};
use crate::{
    common::Basis,
    ids::OperationId,
    text::{ActionUrl, Note, Reference},
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
    if operation.outcome >= OperationOutcome::Succeeded {
        return Ok(vec![]);
    }
    let provider_reference = provider_reference.clone();
    let event = match operation.kind {
        OperationKind::Authorize => {
            PaymentAuthorized { operation_id, amount_minor, provider_reference, expires_at }.into()
        }
        OperationKind::Capture => {
            let provider_reference = Some(provider_reference);
            PaymentCaptured { operation_id, amount_minor, provider_reference, basis: Basis::Recorded }.into()
        }
        OperationKind::Void => {
            // The authorization may have lapsed since the request; then the void itself sets nothing free.
            let freed = payment.set_aside_minor() - payment.after(&void(operation_id, amount_minor)).set_aside_minor();
            void(operation_id, freed)
        }
        OperationKind::Refund => PaymentRefunded { operation_id, amount_minor, provider_reference }.into(),
    };
    let mut events = vec![event];
    if operation.kind == OperationKind::Authorize && payment.expired.contains(&operation.attempt) {
        // That it lapsed was known before it was known to have succeeded.
        let kept = payment.after(&events[0]).set_aside_minor() - payment.set_aside_minor();
        events.push(lapsed(amount_minor - kept, operation_id));
    }
    Ok(events)
}

/// The provider refused the operation. News older than the outcome is silent.
pub(super) fn failure(
    payment: &CreatedPayment,
    operation_id: OperationId,
    code: &Reference,
    note: &Note,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    let operation = find(payment, operation_id)?;
    if operation.outcome >= OperationOutcome::Failed {
        return Ok(vec![]);
    }
    let kind = operation.kind;
    let mut events = vec![PaymentOperationFailed { operation_id, kind, code: code.clone(), note: note.clone() }.into()];
    // What was kept aside for this capture when the authorization lapsed is free now.
    let freed = payment.set_aside_minor() - payment.after(&events[0]).set_aside_minor();
    if let (true, Some((authorization, _))) = (freed > 0, payment.authorization(operation.attempt)) {
        events.push(lapsed(freed, authorization));
    }
    Ok(events)
}

/// The customer has to do something first. News older than the outcome is silent.
pub(super) fn action_required(
    payment: &CreatedPayment,
    operation_id: OperationId,
    action_url: &ActionUrl,
    provider_reference: &Reference,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    if find(payment, operation_id)?.outcome >= OperationOutcome::ActionRequired {
        return Ok(vec![]);
    }
    let (action_url, provider_reference) = (action_url.clone(), provider_reference.clone());
    Ok(vec![PaymentActionRequired { operation_id, action_url, provider_reference }.into()])
}

/// The provider did not answer. News older than the outcome is silent.
pub(super) fn unknown(payment: &CreatedPayment, operation_id: OperationId) -> Result<Vec<PaymentEvent>, PaymentError> {
    let operation = find(payment, operation_id)?;
    if operation.outcome >= OperationOutcome::Unknown {
        return Ok(vec![]);
    }
    Ok(vec![PaymentOutcomeUnknown { operation_id, kind: operation.kind }.into()])
}

/// An authorization lapsed. What captures without an outcome may still take is kept aside until they have one.
pub(super) fn expired(
    payment: &CreatedPayment,
    operation_id: Option<OperationId>,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    let (authorization, operation) = match operation_id {
        Some(operation_id) => {
            let operation = find(payment, operation_id)?;
            if operation.kind != OperationKind::Authorize {
                return Err(PaymentError::UnknownOperation { operation_id });
            }
            (operation_id, operation)
        }
        None => match payment.authorization(payment.attempt) {
            Some(newest) if payment.set_aside().iter().any(|(attempt, _)| *attempt == payment.attempt) => newest,
            Some(_) | None => return Ok(vec![]),
        },
    };
    if payment.expired.contains(&operation.attempt) {
        return Ok(vec![]);
    }
    let freed = payment.set_aside_minor() - payment.after(&lapsed(0, authorization)).set_aside_minor();
    Ok(vec![lapsed(freed, authorization)])
}

fn lapsed(amount_minor: i64, authorization: OperationId) -> PaymentEvent {
    PaymentAuthorizationExpired { amount_minor, operation_id: Some(authorization) }.into()
}

fn void(operation_id: OperationId, amount_minor: i64) -> PaymentEvent {
    PaymentVoided { operation_id, amount_minor }.into()
}

fn find(payment: &CreatedPayment, operation_id: OperationId) -> Result<&Operation, PaymentError> {
    payment.operations.get(&operation_id).ok_or(PaymentError::UnknownOperation { operation_id })
}

#[cfg(test)]
mod tests;
