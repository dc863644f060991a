//! The hands of ProviderInbox: finding a message's payment, and telling it.

use super::{
    ProviderInbox,
    applying::{self, Verdict},
    vocabulary::{ProviderInboxAction as Action, ProviderInboxAnswer as Answer, StoredMessage},
};
use crate::{
    payment_reconcile::claim_of,
    sending::{load, send},
    worker::{Routed, Sender, Worker, WorkerError},
};
use futures::future::{BoxFuture, FutureExt as _};
use tillroll_domain::{
    claim::Claim,
    ids::{PaymentId, ProviderMessageId},
    payment::{Payment, commands::PaymentCommand},
    provider_message::events::ProviderMessageEvent,
    text::Reference,
};
use tillroll_infra::{bus::Bus, codec::Place, event::RecordedEvent};
use uuid::Uuid;

/// Carries out what ProviderInbox decides. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct ProviderInboxWorker {
    bus: Bus,
}

impl ProviderInboxWorker {
    /// Over a bus that takes commands of payments and claims.
    #[must_use]
    pub const fn new(bus: Bus) -> Self {
        Self { bus }
    }

    /// The payment that a message is about: by our own reference, else by the provider's name.
    async fn payment_of(&self, message: &StoredMessage, tenant: &str) -> Result<Option<PaymentId>, WorkerError> {
        if message.fact.payment_id.is_some() {
            return Ok(message.fact.payment_id);
        }
        let Some(reference) = &message.fact.provider_reference else { return Ok(None) };
        let claim = load::<Claim>(&self.bus, tenant, &claim_of(&message.provider, reference)).await?;
        Ok(claim.state.owner().and_then(|owner| owner.as_str().parse().ok()))
    }

    async fn apply(&self, message: &StoredMessage, sender: &Sender) -> Result<Answer, WorkerError> {
        let Some(payment_id) = self.payment_of(message, &sender.tenant).await? else { return Ok(Answer::Unmatched) };
        let stream = payment_id.uuid().to_string();
        let loaded = load::<Payment>(&self.bus, &sender.tenant, &stream).await?;
        let Ok(payment) = loaded.state.created() else { return Ok(Answer::Unmatched) };
        let verdict = match applying::verdict(message, payment) {
            Verdict::Tell(command) => match send::<Payment>(&self.bus, &stream, command, sender, "apply").await? {
                Ok(_) => Verdict::Nothing,
                Err(refusal) => applying::refused(&refusal),
            },
            verdict => verdict,
        };
        Ok(match verdict {
            Verdict::Nothing | Verdict::Tell(_) => Answer::Applied { payment_id },

            Verdict::TooEarly => Answer::TooEarly { payment_id },
            Verdict::Conflict(reason) => {
                Answer::Conflicting { payment_id, reason: reason.parse().expect("the codes are references") }
            }
        })
    }

    async fn record_conflict(
        &self,
        message_id: ProviderMessageId,
        payment_id: PaymentId,
        reason: &Reference,
        sender: &Sender,
    ) -> Result<Answer, WorkerError> {
        let command = PaymentCommand::RecordConflict { message_id, reason: reason.clone() };
        // Beyond the conflicts that a payment keeps, it is left at the alarm and the stored message.
        let _refusal = send::<Payment>(&self.bus, &payment_id.uuid().to_string(), command, sender, "conflict").await?;
        Ok(Answer::ConflictRecorded)
    }

    async fn route_message(&self, event: &RecordedEvent) -> Result<Vec<Routed<ProviderInbox>>, WorkerError> {
        let unreadable = |why: &dyn std::fmt::Display| WorkerError(format!("{}: {why}", event.stream));
        let opened = self.bus.codec().open(Place::of(event), &event.data).await.map_err(|error| unreadable(&error))?;
        let decoded = event.decode_opened::<ProviderMessageEvent>(&opened).map_err(|error| unreadable(&error))?;
        let ProviderMessageEvent::ProviderMessageReceived(received) = decoded;
        let instance = event.stream.id().to_owned();
        let id = ProviderMessageId::new(Uuid::try_parse(&instance).map_err(|error| unreadable(&error))?);
        let trigger = StoredMessage { id, provider: received.provider, fact: received.fact };
        Ok(vec![Routed { instance, trigger, starts: true }])
    }
}

impl Worker<ProviderInbox> for ProviderInboxWorker {
    fn event_types(&self) -> &'static [&'static str] {
        &["ProviderMessageReceived"]
    }

    fn route<'a>(&'a self, event: &'a RecordedEvent) -> BoxFuture<'a, Result<Vec<Routed<ProviderInbox>>, WorkerError>> {
        self.route_message(event).boxed()
    }

    fn perform<'a>(&'a self, action: &'a Action, sender: &'a Sender) -> BoxFuture<'a, Result<Answer, WorkerError>> {
        async move {
            match action {
                Action::Apply { message } => self.apply(message, sender).await,
                Action::RecordConflict { message_id, payment_id, reason } => {
                    self.record_conflict(*message_id, *payment_id, reason, sender).await
                }
            }
        }
        .boxed()
    }

    fn policy(&self) {}
}
