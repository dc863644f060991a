//! News that answers no request: operations made in the provider's own pages, and messages that cannot be true.

use super::{
    commands::{IGNORED_MESSAGES_MAX, OPERATIONS_MAX},
    create::check_positive,
    error::PaymentError,
    events::{OperationKind, PaymentEvent, PaymentOperationObserved, PaymentProviderEventIgnored},
    state::CreatedPayment,
};
use crate::{
    ids::{OperationId, ProviderMessageId},
    text::Reference,
};

/// The provider tells of an operation that we did not request.
///
/// It is not held against what we know of captures and authorizations, since news of those may still be on its way; only
/// against what can be at all, so that the order of the news changes nothing.
pub(super) fn operation(
    payment: &CreatedPayment,
    operation_id: OperationId,
    kind: OperationKind,
    amount_minor: i64,
    provider_reference: &Reference,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    if let Some(known) = payment.operations.get(&operation_id) {
        let is_same = known.is_observed
            && (known.kind, known.amount_minor) == (kind, amount_minor)
            && known.provider_reference.as_ref() == Some(provider_reference);
        return if is_same { Ok(vec![]) } else { Err(PaymentError::OperationIdReused { operation_id }) };
    }
    check_positive(amount_minor)?;
    let requested_minor = amount_minor;
    let available_minor = payment.possible_minor() - payment.succeeded_minor(kind);
    let is_possible = requested_minor <= available_minor;
    match kind {
        OperationKind::Authorize | OperationKind::Void => {
            return Err(PaymentError::NotRequested { operation_id, kind });
        }
        OperationKind::Capture if !is_possible => {
            return Err(PaymentError::CaptureExceedsAuthorized { requested_minor, available_minor });
        }
        OperationKind::Refund if !is_possible => {
            return Err(PaymentError::RefundExceedsCaptured { requested_minor, available_minor });
        }
        OperationKind::Capture | OperationKind::Refund => {}
    }
    if payment.operations.len() >= OPERATIONS_MAX {
        return Err(PaymentError::TooManyOperations { max: OPERATIONS_MAX });
    }
    let provider_reference = provider_reference.clone();
    Ok(vec![PaymentOperationObserved { operation_id, kind, amount_minor, provider_reference }.into()])
}

/// A message was refused by a rule.
pub(super) fn conflict(
    payment: &CreatedPayment,
    message_id: ProviderMessageId,
    reason: &Reference,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    if payment.ignored.contains(&message_id) {
        return Ok(vec![]);
    }
    if payment.ignored.len() >= IGNORED_MESSAGES_MAX {
        return Err(PaymentError::TooManyConflicts { max: IGNORED_MESSAGES_MAX });
    }
    Ok(vec![PaymentProviderEventIgnored { message_id, reason: reason.clone() }.into()])
}

#[cfg(test)]
mod tests;
