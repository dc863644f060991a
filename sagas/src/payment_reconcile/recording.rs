//! Recording on the payment what the provider said of an operation.

use super::{vocabulary::PaymentReconcileAnswer as Answer, worker::answer_of};
use crate::{
    sending::{in_words, send},
    worker::{Sender, WorkerError},
};
use tillroll_domain::{
    claim,
    ids::{OperationId, ProviderMessageId},
    payment::{Payment, PaymentError, commands::PaymentCommand, state::CreatedPayment},
    text::Reference,
};
use tillroll_infra::{
    bus::{Bus, context::derived_uuid},
    payments::ProviderOutcome,
};

/// The stream of the claim that leads from a provider's name of an operation to its payment. Names may be longer than a
/// stream's and have blanks in them, so a digest stands for them.
#[must_use]
pub fn claim_of(provider: &Reference, reference: &Reference) -> String {
    // No reference has a line feed in it.
    let name = derived_uuid("tillroll:provider-reference", &format!("{provider}\n{reference}"));
    claim::stream_id("provider_reference", &name.to_string())
}

/// Records on one payment.
pub(super) struct Recorder<'a> {
    pub(super) bus: &'a Bus,
    pub(super) sender: &'a Sender,
    pub(super) payment: &'a CreatedPayment,
}

impl Recorder<'_> {
    /// What the provider said.
    pub(super) async fn record(
        &self,
        operation_id: OperationId,
        outcome: &ProviderOutcome,
    ) -> Result<Answer, WorkerError> {
        let command = match outcome.clone() {
            ProviderOutcome::Succeeded { amount, .. } if amount.currency != self.payment.amount().currency => {
                return self.conflict(operation_id, "currency_mismatch").await;
            }
            ProviderOutcome::Succeeded { provider_reference, amount, expires_at } => PaymentCommand::RecordSuccess {
                operation_id,
                amount_minor: amount.minor,
                provider_reference,
                expires_at,
            },
            ProviderOutcome::ActionRequired { action_url, provider_reference } => {
                PaymentCommand::RecordActionRequired { operation_id, action_url, provider_reference }
            }
            ProviderOutcome::Failed { code, note } => PaymentCommand::RecordFailure { operation_id, code, note },
            ProviderOutcome::Pending => return Ok(Answer::Done),
        };
        match send::<Payment>(self.bus, &self.sender.instance, command, self.sender, "record").await? {
            Err(PaymentError::AmountMismatch { .. }) => self.conflict(operation_id, "amount_mismatch").await,
            Err(refusal) => Ok(Answer::Contradicted { reason: in_words(&refusal) }),
            Ok(_) => Ok(Answer::Done),
        }
    }

    /// That the provider said nothing.
    pub(super) async fn record_unknown(&self, operation_id: OperationId) -> Result<Answer, WorkerError> {
        let command = PaymentCommand::RecordUnknownOutcome { operation_id };
        Ok(answer_of(send::<Payment>(self.bus, &self.sender.instance, command, self.sender, "record").await?))
    }

    /// What it said cannot be. That is recorded by itself, whatever else is refused.
    async fn conflict(&self, operation_id: OperationId, reason: &'static str) -> Result<Answer, WorkerError> {
        let answer = derived_uuid("tillroll:provider-answer", &operation_id.to_string());
        let reason: Reference = reason.parse().expect("the codes are references");
        let words = in_words(&Conflict(reason.clone()));
        let command = PaymentCommand::RecordConflict { message_id: ProviderMessageId::new(answer), reason };
        // Beyond the conflicts that a payment keeps, it is left at the alarm.
        let _refusal = send::<Payment>(self.bus, &self.sender.instance, command, self.sender, "conflict").await?;
        Ok(Answer::Contradicted { reason: words })
    }
}

/// What the provider said cannot be.
#[derive(Debug, thiserror::Error)]
#[error("the provider's answer cannot be: {0}")]
struct Conflict(Reference);
