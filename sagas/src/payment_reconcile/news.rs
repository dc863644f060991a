//! What an event of a payment means for its reconciliation.

use super::vocabulary::PaymentNews;
use tillroll_domain::{
    common::Basis,
    ids::OperationId,
    payment::events::{OperationKind, PaymentEvent},
    text::Reference,
};

/// The events that mean something.
pub(super) const EVENT_TYPES: &[&str] = &[
    "PaymentOperationRequested",
    "PaymentActionRequired",
    "PaymentAuthorized",
    "PaymentCaptured",
    "PaymentVoided",
    "PaymentRefunded",
    "PaymentOperationFailed",
    "PaymentAuthorizationExpired",
    "PaymentOperationObserved",
    "PaymentCancelled",
    "PaymentDisputeOpened",
    "PaymentDisputeClosed",
];

/// What an event means, if it means anything.
pub(super) fn news_of(event: &PaymentEvent) -> Option<PaymentNews> {
    Some(match event {
        PaymentEvent::PaymentOperationRequested(requested) => {
            PaymentNews::Requested { operation_id: requested.operation_id, operation: requested.kind }
        }
        PaymentEvent::PaymentActionRequired(required) => {
            PaymentNews::ActionRequired { reference: required.provider_reference.clone() }
        }
        PaymentEvent::PaymentAuthorized(done) => {
            succeeded(done.operation_id, OperationKind::Authorize, Some(&done.provider_reference))
        }
        PaymentEvent::PaymentCaptured(done) if done.basis == Basis::Recorded => {
            succeeded(done.operation_id, OperationKind::Capture, done.provider_reference.as_ref())
        }
        PaymentEvent::PaymentVoided(done) => succeeded(done.operation_id, OperationKind::Void, None),
        PaymentEvent::PaymentRefunded(done) => {
            succeeded(done.operation_id, OperationKind::Refund, Some(&done.provider_reference))
        }
        PaymentEvent::PaymentOperationObserved(done) => {
            succeeded(done.operation_id, done.kind, Some(&done.provider_reference))
        }
        PaymentEvent::PaymentOperationFailed(failed) => {
            PaymentNews::Failed { operation_id: failed.operation_id, operation: failed.kind }
        }
        PaymentEvent::PaymentAuthorizationExpired(_)
        | PaymentEvent::PaymentDisputeOpened(_)
        | PaymentEvent::PaymentDisputeClosed(_) => PaymentNews::Changed,
        PaymentEvent::PaymentCancelled(_) => PaymentNews::Cancelled,
        PaymentEvent::PaymentCreated(_)
        | PaymentEvent::PaymentAttemptStarted(_)
        | PaymentEvent::PaymentCaptured(_)
        | PaymentEvent::PaymentOutcomeUnknown(_)
        | PaymentEvent::PaymentProviderEventIgnored(_) => return None,
    })
}

fn succeeded(operation_id: OperationId, operation: OperationKind, reference: Option<&Reference>) -> PaymentNews {
    PaymentNews::Succeeded { operation_id, operation, reference: reference.cloned() }
}
