//! What a message comes to on a payment: the command that tells it, and what that command's refusal means.

use super::vocabulary::StoredMessage;
use tillroll_domain::{
    ids::OperationId,
    payment::{
        PaymentError, commands::PaymentCommand as Command, dispute::DisputeStatus, events::OperationKind,
        state::CreatedPayment,
    },
    provider_message::{ProviderFact, ProviderFactKind as Kind},
    text::{Note, Reference},
};
use tillroll_infra::bus::context::derived_uuid;

/// What a message comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The payment is to be told this.
    Tell(Command),
    /// The payment does not know the operation, so far.
    TooEarly,
    /// The message cannot be true of the payment: a stable code.
    Conflict(&'static str),
    /// There is nothing to tell.
    Nothing,
}

/// What a message comes to on a payment.
pub(super) fn verdict(message: &StoredMessage, payment: &CreatedPayment) -> Verdict {
    let fact = &message.fact;
    let is_known_provider =
        payment.operations().values().any(|operation| operation.provider.as_ref() == Some(&message.provider));
    if !is_known_provider {
        // Before the first attempt nobody was asked, so it can only be somebody else's answer.
        return if payment.attempt() == 0 { Verdict::TooEarly } else { Verdict::Conflict("other_provider") };
    }
    if fact.amount.is_some_and(|amount| amount.currency != payment.amount().currency) {
        return Verdict::Conflict("currency_mismatch");
    }
    match fact.kind {
        Kind::Authorized => happened(message, payment, OperationKind::Authorize),
        Kind::Captured => happened(message, payment, OperationKind::Capture),
        Kind::Voided => happened(message, payment, OperationKind::Void),
        Kind::Refunded => happened(message, payment, OperationKind::Refund),
        Kind::Failed | Kind::RefundFailed => match operation_of(fact, payment, None) {
            Some(operation_id) => {
                let code = fact.code.clone().unwrap_or_else(|| "declined".parse().expect("the code is a reference"));
                Verdict::Tell(Command::RecordFailure { operation_id, code, note: no_note() })
            }
            None => superseded(fact),
        },
        Kind::ActionRequired => {
            let Some(operation_id) = operation_of(fact, payment, Some(OperationKind::Authorize)) else {
                return superseded(fact);
            };
            match (&fact.action_url, &fact.provider_reference) {
                (Some(action_url), Some(provider_reference)) => Verdict::Tell(Command::RecordActionRequired {
                    operation_id,
                    action_url: action_url.clone(),
                    provider_reference: provider_reference.clone(),
                }),
                _ => Verdict::Conflict("message_incomplete"),
            }
        }
        Kind::AuthorizationExpired => match operation_of(fact, payment, Some(OperationKind::Authorize)) {
            Some(operation_id) => {
                Verdict::Tell(Command::RecordAuthorizationExpired { operation_id: Some(operation_id) })
            }
            None => Verdict::TooEarly,
        },
        Kind::DisputeOpened => dispute(fact, DisputeStatus::Open),
        Kind::DisputeWon => dispute(fact, DisputeStatus::Won),
        Kind::DisputeLost => dispute(fact, DisputeStatus::Lost),
        Kind::Other => Verdict::Nothing,
    }
}

/// News of an operation that the payment does not have by the names in the message, and that moved nothing. If it names one
/// of ours, that was not requested, so far. The provider's name alone leads here if an operation once had it and has failed
/// since, or if we requested nothing; then nothing is left to tell.
fn superseded(fact: &ProviderFact) -> Verdict {
    if fact.operation_id.is_some() { Verdict::TooEarly } else { Verdict::Nothing }
}

/// An operation happened: one of ours, or one that somebody made in the provider's own pages.
fn happened(message: &StoredMessage, payment: &CreatedPayment, kind: OperationKind) -> Verdict {
    let fact = &message.fact;
    let known = operation_of(fact, payment, Some(kind));
    // A void frees what is left, whatever amount is named.
    let amount = match (fact.amount, known.and_then(|id| payment.operations().get(&id))) {
        (Some(amount), _) => amount.minor,
        (None, Some(operation)) if kind == OperationKind::Void => operation.amount_minor,
        (None, _) => return Verdict::Conflict("message_incomplete"),
    };
    let Some(provider_reference) = fact.provider_reference.clone() else {
        return Verdict::Conflict("message_incomplete");
    };
    match known {
        Some(operation_id) if payment.operations().get(&operation_id).is_some_and(|one| !one.is_observed) => {
            let expires_at = fact.expires_at;
            Verdict::Tell(Command::RecordSuccess { operation_id, amount_minor: amount, provider_reference, expires_at })
        }
        // It names an operation of ours that we have not requested, so far.
        None if fact.operation_id.is_some() => Verdict::TooEarly,
        _ => {
            let operation_id = observed(&message.provider, kind, &provider_reference);
            Verdict::Tell(Command::RecordObserved { operation_id, kind, amount_minor: amount, provider_reference })
        }
    }
}

fn dispute(fact: &ProviderFact, status: DisputeStatus) -> Verdict {
    match (&fact.dispute, fact.amount) {
        (Some(dispute), Some(amount)) => {
            Verdict::Tell(Command::RecordDispute { dispute: dispute.clone(), amount_minor: amount.minor, status })
        }
        _ => Verdict::Conflict("message_incomplete"),
    }
}

/// The operation that a message is about: by our own reference, else by the provider's name of it.
fn operation_of(fact: &ProviderFact, payment: &CreatedPayment, kind: Option<OperationKind>) -> Option<OperationId> {
    let is_meant = |found: OperationKind| kind.is_none_or(|kind| kind == found);
    if let Some(named) = fact.operation_id {
        return payment.operations().get(&named).filter(|one| is_meant(one.kind)).map(|_| named);
    }
    let reference = fact.provider_reference.as_ref()?;
    let mut operations = payment.operations().iter();
    let found = operations.find(|(_, one)| is_meant(one.kind) && one.provider_reference.as_ref() == Some(reference));
    found.map(|(id, _)| *id)
}

/// The id under which we keep an operation that we did not request.
fn observed(provider: &Reference, kind: OperationKind, reference: &Reference) -> OperationId {
    let name = format!("{provider}\n{}\n{reference}", kind.as_str());
    OperationId::new(derived_uuid("tillroll:observed-operation", &name))
}

/// What the payment's refusal of such a command means.
pub(super) fn refused(refusal: &PaymentError) -> Verdict {
    match refusal {
        PaymentError::NotCreated | PaymentError::UnknownOperation { .. } => Verdict::TooEarly,
        PaymentError::AmountMismatch { .. } => Verdict::Conflict("amount_mismatch"),
        PaymentError::AmountNotPositive { .. } => Verdict::Conflict("amount_not_positive"),
        PaymentError::CaptureExceedsAuthorized { .. } => Verdict::Conflict("capture_exceeds_authorized"),
        PaymentError::RefundExceedsCaptured { .. } => Verdict::Conflict("refund_exceeds_captured"),
        PaymentError::OperationIdReused { .. } => Verdict::Conflict("operation_differs"),
        PaymentError::NotRequested { .. } => Verdict::Conflict("operation_not_requested"),
        PaymentError::TooManyOperations { .. } | PaymentError::TooManyDisputes { .. } => {
            Verdict::Conflict("payment_full")
        }
        _ => Verdict::Conflict("refused"),
    }
}

fn no_note() -> Note {
    "".parse().expect("a note may be empty")
}
