//! The simulated provider as the engine calls it.

use super::{
    LOST_MAX, Simulator, is_kept, message,
    script::Behavior,
    signature,
    truth::{Standing, Verdict, charge::OperationStatus},
};
use crate::payments::{
    LookUp, OperationAnswer, OperationRequest, ParsedWebhook, PaymentProvider, ProviderError, ProviderOutcome,
    WebhookError, WebhookHeaders,
};
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::{BoxFuture, FutureExt};
use std::time::Duration;
use tillroll_domain::{
    ids::{OperationId, PaymentId},
    money::Money,
    payment::events::OperationKind,
    text::{Note, Reference},
};
use tokio::time::sleep;

/// The longest that an answer is held back until a late decision; of a later one, look-ups and messages tell. A call that
/// waited for it would keep one of the few that the engine makes at a time.
const HELD_BACK_MAX: Duration = Duration::from_secs(5);

impl Simulator {
    /// One operation arrives from the engine.
    async fn perform(&self, kind: OperationKind, request: &OperationRequest) -> OperationAnswer {
        let (behavior, answer, kept) = {
            let now = self.ambient.clock.now();
            let mut state = self.settled();
            let state = &mut *state;
            let is_known = state.truth.operation(request.payment_id, request.operation_id).is_some();
            let was_lost = state.lost.remove(&request.operation_id);
            // Rules count how often they were followed.
            state.script_changed |= !is_known && !state.script.rules.is_empty();
            // What was answered once is answered again, whatever the script says by now.
            let behavior = if is_known { Behavior::Approve } else { state.script.treat(kind, request) };
            let verdict = match &behavior {
                Behavior::Unavailable => {
                    // Should this be lost, a rule is followed once more.
                    drop(self.keep(state));
                    return Err(ProviderError::not_sent("429: later"));
                }
                Behavior::TimeoutBefore { .. } if !was_lost => {
                    if state.lost.len() >= LOST_MAX {
                        state.lost.pop_first();
                    }
                    state.lost.insert(request.operation_id);
                    None
                }
                Behavior::Approve | Behavior::TimeoutBefore { .. } | Behavior::TimeoutAfter { .. } => {
                    Some(Verdict::Approve)
                }
                Behavior::Decline { code } => Some(Verdict::Decline(code.clone())),
                Behavior::ActionRequired => Some(Verdict::AskCustomer),
                Behavior::Late { seconds } => Some(Verdict::Later(now + TimeDelta::seconds((*seconds).into()))),
            };
            let answer = verdict.map(|verdict| {
                let lifetime = TimeDelta::seconds(state.script.authorization_seconds.into());
                let (standing, said) = state.truth.request(kind, request, verdict, lifetime, now);
                self.tell(state, said, now);
                self.outcome(request.payment_id, request.amount, &standing)
            });
            (behavior, answer, self.keep(state))
        };
        is_kept(kept).await.map_err(ProviderError::unknown)?;
        match (behavior, answer) {
            (Behavior::TimeoutBefore { hang_seconds } | Behavior::TimeoutAfter { hang_seconds }, None)
            | (Behavior::TimeoutAfter { hang_seconds }, Some(_)) => {
                sleep(Duration::from_secs(hang_seconds.into())).await;
                Err(ProviderError::unknown("the connection broke"))
            }
            (Behavior::Late { seconds }, Some(_)) if Duration::from_secs(seconds.into()) <= HELD_BACK_MAX => {
                sleep(Duration::from_secs(seconds.into())).await;
                match self.find(request.payment_id, request.operation_id).await? {
                    LookUp::Found(outcome) => Ok(outcome),
                    LookUp::NotFound => Err(ProviderError::unknown("the connection broke")),
                }
            }
            (_, Some(outcome)) => Ok(outcome),
            (_, None) => Err(ProviderError::unknown("the connection broke")),
        }
    }

    async fn find(&self, payment_id: PaymentId, operation_id: OperationId) -> Result<LookUp, ProviderError> {
        let found = {
            let state = self.settled();
            let charge = state.truth.charge(payment_id);
            let found = charge.and_then(|charge| Some((charge.currency, charge.operation(operation_id)?.clone())));
            found.map_or(LookUp::NotFound, |(currency, operation)| {
                let amount = Money::new(operation.amount_minor, currency);
                LookUp::Found(self.outcome(payment_id, amount, &Standing::Known(operation)))
            })
        };
        // What is told must not be forgotten.
        self.durable().await.map_err(ProviderError::unknown)?;
        Ok(found)
    }

    fn outcome(&self, payment_id: PaymentId, amount: Money, standing: &Standing) -> ProviderOutcome {
        let failed = |code: &Reference| ProviderOutcome::Failed { code: code.clone(), note: no_note() };
        let operation = match standing {
            Standing::Known(operation) => operation,
            Standing::Refused(code) => return failed(code),
        };
        let provider_reference = operation.reference.clone();
        match &operation.status {
            OperationStatus::Succeeded => {
                ProviderOutcome::Succeeded { provider_reference, amount, expires_at: operation.expires_at }
            }
            OperationStatus::Failed { code } => failed(code),
            OperationStatus::Pending { .. } => ProviderOutcome::Pending,
            OperationStatus::ActionRequired => match operation.operation_id {
                Some(id) => {
                    ProviderOutcome::ActionRequired { action_url: self.action_url(payment_id, id), provider_reference }
                }
                None => ProviderOutcome::Pending,
            },
        }
    }
}

fn no_note() -> Note {
    "".parse().expect("a note may be empty")
}

impl PaymentProvider for Simulator {
    fn name(&self) -> &Reference {
        &self.name
    }

    fn is_simulated(&self) -> bool {
        true
    }

    fn authorize<'a>(&'a self, request: &'a OperationRequest) -> BoxFuture<'a, OperationAnswer> {
        self.perform(OperationKind::Authorize, request).boxed()
    }

    fn capture<'a>(&'a self, request: &'a OperationRequest) -> BoxFuture<'a, OperationAnswer> {
        self.perform(OperationKind::Capture, request).boxed()
    }

    fn void<'a>(&'a self, request: &'a OperationRequest) -> BoxFuture<'a, OperationAnswer> {
        self.perform(OperationKind::Void, request).boxed()
    }

    fn refund<'a>(&'a self, request: &'a OperationRequest) -> BoxFuture<'a, OperationAnswer> {
        self.perform(OperationKind::Refund, request).boxed()
    }

    fn look_up<'a>(
        &'a self,
        payment_id: PaymentId,
        operation_id: OperationId,
    ) -> BoxFuture<'a, Result<LookUp, ProviderError>> {
        self.find(payment_id, operation_id).boxed()
    }

    fn parse_webhook(
        &self,
        headers: &WebhookHeaders,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<ParsedWebhook, WebhookError> {
        let signed_at = signature::verify(&self.secret, headers, body, now)?;
        message::read(body, signed_at)
    }
}
