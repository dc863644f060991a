//! Asking the provider: what it is told of an operation, and what its answer means.

use super::vocabulary::PaymentReconcileAnswer as Answer;
use crate::worker::WorkerError;
use std::sync::Arc;
use tillroll_domain::{
    ids::{OperationId, PaymentId},
    money::Money,
    payment::{
        events::OperationKind,
        state::{CreatedPayment, Operation},
    },
    text::Reference,
};
use tillroll_infra::payments::{LookUp, OperationRequest, PaymentProvider, ProviderError, Providers};

/// A call that is about to be made.
pub(super) struct Call {
    provider: Arc<dyn PaymentProvider>,
    kind: OperationKind,
    request: OperationRequest,
}

/// The call for an operation; `None` if that has its outcome already.
///
/// # Errors
/// A provider that is not connected, so that nobody can be asked until it is.
pub(super) fn prepare(
    providers: &Providers,
    payment_id: PaymentId,
    payment: &CreatedPayment,
    operation_id: OperationId,
    captured: Option<&Reference>,
) -> Result<Option<Call>, WorkerError> {
    let Some(operation) = payment.operations().get(&operation_id).filter(|one| one.outcome.is_open()) else {
        return Ok(None);
    };
    let authorization = authorization_of(payment, operation, captured);
    let name = authorization.and_then(|authorization| authorization.provider.as_ref()).or_else(|| payment.provider());
    let provider = name.and_then(|name| providers.get(name));
    let provider = provider.ok_or_else(|| WorkerError(format!("no provider {name:?} is connected")))?.clone();
    let request = OperationRequest {
        payment_id,
        operation_id,
        order_id: payment.order_id(),
        amount: Money { minor: operation.amount_minor, currency: payment.amount().currency },
        instrument: operation.instrument.clone(),
        authorization: authorization.and_then(|authorization| authorization.provider_reference.clone()),
        captured: captured.cloned(),
        quote_hash: payment.quote_hash(),
    };
    Ok(Some(Call { provider, kind: operation.kind, request }))
}

/// The authorization that an operation is about. A refund names the newest attempt, but gives back what another may have
/// taken; so it goes where the money went.
fn authorization_of<'a>(
    payment: &'a CreatedPayment,
    operation: &'a Operation,
    captured: Option<&Reference>,
) -> Option<&'a Operation> {
    let is_it = |one: &&Operation| one.kind == OperationKind::Capture && one.provider_reference.as_ref() == captured;
    let capture = captured.and_then(|_| payment.operations().values().find(is_it));
    // What was captured by hand belongs to no attempt of ours.
    let attempt = capture.map(|capture| capture.attempt).filter(|attempt| *attempt > 0).unwrap_or(operation.attempt);
    payment.authorization(attempt).map(|(_, authorization)| authorization)
}

impl Call {
    /// Asks the provider to carry it out.
    pub(super) async fn carry_out(&self) -> Answer {
        let called = match self.kind {
            OperationKind::Authorize => self.provider.authorize(&self.request),
            OperationKind::Capture => self.provider.capture(&self.request),
            OperationKind::Void => self.provider.void(&self.request),
            OperationKind::Refund => self.provider.refund(&self.request),
        };
        match called.await {
            Ok(outcome) => Answer::Came { outcome },
            Err(error) => no_answer(&error),
        }
    }

    /// Asks the provider what became of it.
    pub(super) async fn look_up(&self) -> Answer {
        match self.provider.look_up(self.request.payment_id, self.request.operation_id).await {
            Ok(LookUp::Found(outcome)) => Answer::Came { outcome },
            Ok(LookUp::NotFound) => Answer::NotFound,
            Err(error) => no_answer(&error),
        }
    }
}

fn no_answer(error: &ProviderError) -> Answer {
    match error {
        ProviderError::Unknown { .. } => Answer::Unanswered,
        ProviderError::NotSent { retry_after, .. } => {
            let retry_after_ms = retry_after.map(|after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX));
            Answer::NotSent { retry_after_ms }
        }
    }
}
