//! What the simulated provider's messages say of what happened.

use super::charge::{Charge, ChargeDispute, ChargeOperation, DisputeStatus, OperationStatus};
use tillroll_domain::{
    money::Money,
    payment::events::OperationKind,
    provider_message::{ProviderFact, ProviderFactKind},
};

/// What succeeded, in the words of messages.
const fn succeeded(kind: OperationKind) -> ProviderFactKind {
    match kind {
        OperationKind::Authorize => ProviderFactKind::Authorized,
        OperationKind::Capture => ProviderFactKind::Captured,
        OperationKind::Void => ProviderFactKind::Voided,
        OperationKind::Refund => ProviderFactKind::Refunded,
    }
}

impl Charge {
    /// What a message says of an operation; nothing while it is being worked on.
    pub(super) fn fact_of(&self, operation: &ChargeOperation) -> Option<ProviderFact> {
        let (kind, code) = match &operation.status {
            OperationStatus::Pending { .. } => return None,
            OperationStatus::Succeeded => (succeeded(operation.kind), None),
            OperationStatus::ActionRequired => (ProviderFactKind::ActionRequired, None),
            OperationStatus::Failed { code } if operation.kind == OperationKind::Refund => {
                (ProviderFactKind::RefundFailed, Some(code.clone()))
            }
            OperationStatus::Failed { code } => (ProviderFactKind::Failed, Some(code.clone())),
        };
        let is_authorized = kind == ProviderFactKind::Authorized;
        Some(ProviderFact {
            payment_id: Some(self.payment_id),
            operation_id: operation.operation_id,
            provider_reference: Some(operation.reference.clone()),
            amount: Some(Money::new(operation.amount_minor, self.currency)),
            code,
            expires_at: operation.expires_at.filter(|_| is_authorized),
            ..ProviderFact::of(kind)
        })
    }

    pub(super) fn fact_of_dispute(&self, dispute: &ChargeDispute) -> ProviderFact {
        let kind = match dispute.status {
            DisputeStatus::Open => ProviderFactKind::DisputeOpened,
            DisputeStatus::Won => ProviderFactKind::DisputeWon,
            DisputeStatus::Lost => ProviderFactKind::DisputeLost,
        };
        ProviderFact {
            payment_id: Some(self.payment_id),
            provider_reference: self.newest_capture().map(|capture| capture.reference.clone()),
            amount: Some(Money::new(dispute.amount_minor, self.currency)),
            dispute: Some(dispute.reference.clone()),
            ..ProviderFact::of(kind)
        }
    }
}
