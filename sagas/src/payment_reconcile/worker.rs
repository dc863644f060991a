//! The hands of PaymentReconcile: the payment's events, the provider, the payment, its order.

use super::{
    PaymentReconcile, calling, news,
    recording::{self, Recorder},
    undoing,
    vocabulary::{PaymentReconcileAction as Action, PaymentReconcileAnswer as Answer},
};
use crate::{
    sending::{in_words, load, send},
    worker::{Routed, Sender, Worker, WorkerError},
};
use futures::future::{BoxFuture, FutureExt as _};
use tillroll_domain::{
    claim::{Claim, ClaimError, commands::ClaimCommand},
    ids::{OperationId, PaymentId},
    order::{Order, commands::OrderCommand},
    payment::{Payment, events::PaymentEvent, state::CreatedPayment},
    text::Reference,
};
use tillroll_infra::{
    bus::{Bus, Loaded},
    event::RecordedEvent,
    payments::Providers,
};
use uuid::Uuid;

/// Carries out what PaymentReconcile decides. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct PaymentReconcileWorker {
    bus: Bus,
    providers: Providers,
}

impl PaymentReconcileWorker {
    /// Over a bus that takes commands of payments, orders and claims.
    #[must_use]
    pub const fn new(bus: Bus, providers: Providers) -> Self {
        Self { bus, providers }
    }

    async fn carry_out(&self, action: &Action, sender: &Sender) -> Result<Answer, WorkerError> {
        let payment_id = payment_of(&sender.instance)?;
        let loaded = load::<Payment>(&self.bus, &sender.tenant, &sender.instance).await?;
        let payment = created(&loaded)?;
        let recorder = Recorder { bus: &self.bus, sender, payment };
        match action {
            Action::Call { operation_id, captured } => {
                self.call(payment_id, payment, *operation_id, captured.as_ref()).await
            }
            Action::LookUp { operation_id } => self.look_up(payment_id, payment, *operation_id).await,
            Action::Record { operation_id, outcome } => recorder.record(*operation_id, outcome).await,
            Action::RecordUnknown { operation_id } => recorder.record_unknown(*operation_id).await,
            Action::MirrorToOrder => self.mirror(payment_id, payment, sender).await,
            Action::ClaimReference { reference } => self.claim(payment_id, payment, reference, sender).await,
            Action::Undo => undoing::undo(&self.bus, sender, payment_id, payment).await,
        }
    }

    async fn call(
        &self,
        payment_id: PaymentId,
        payment: &CreatedPayment,
        operation_id: OperationId,
        captured: Option<&Reference>,
    ) -> Result<Answer, WorkerError> {
        match calling::prepare(&self.providers, payment_id, payment, operation_id, captured)? {
            Some(call) => Ok(call.carry_out().await),
            None => Ok(Answer::Settled),
        }
    }

    async fn look_up(
        &self,
        payment_id: PaymentId,
        payment: &CreatedPayment,
        operation_id: OperationId,
    ) -> Result<Answer, WorkerError> {
        match calling::prepare(&self.providers, payment_id, payment, operation_id, None)? {
            Some(call) => Ok(call.look_up().await),
            None => Ok(Answer::Settled),
        }
    }

    async fn mirror(
        &self,
        payment_id: PaymentId,
        payment: &CreatedPayment,
        sender: &Sender,
    ) -> Result<Answer, WorkerError> {
        let (captured_minor, refunded_minor) = (payment.captured_minor(), payment.refunded_minor());
        let command = OrderCommand::UpdatePayment {
            payment_id,
            authorized_minor: payment.authorized_minor(),
            captured_minor,
            refunded_minor,
            // The bank takes no more than is left, whatever it asks for.
            disputed_minor: payment.disputed_minor().min(captured_minor - refunded_minor),
        };
        let order = payment.order_id().uuid().to_string();
        Ok(answer_of(send::<Order>(&self.bus, &order, command, sender, "mirror").await?))
    }

    async fn claim(
        &self,
        payment_id: PaymentId,
        payment: &CreatedPayment,
        reference: &Reference,
        sender: &Sender,
    ) -> Result<Answer, WorkerError> {
        let Some(provider) = payment.provider() else { return Ok(Answer::Done) };
        let owner = payment_id.to_string().parse().expect("an id is a reference");
        let stream = recording::claim_of(provider, reference);
        Ok(match send::<Claim>(&self.bus, &stream, ClaimCommand::Claim { owner }, sender, "claim").await? {
            Ok(_) => Answer::Done,
            Err(refusal @ ClaimError::OwnedByAnother { .. }) => Answer::Contradicted { reason: in_words(&refusal) },
        })
    }
}

impl Worker<PaymentReconcile> for PaymentReconcileWorker {
    fn event_types(&self) -> &'static [&'static str] {
        news::EVENT_TYPES
    }

    fn route<'a>(
        &'a self,
        event: &'a RecordedEvent,
    ) -> BoxFuture<'a, Result<Vec<Routed<PaymentReconcile>>, WorkerError>> {
        let route = || {
            let decoded = event.decode::<PaymentEvent>().map_err(|error| unreadable(event, &error))?;
            let instance = event.stream.id().to_owned();
            let news = news::news_of(&decoded);
            Ok(news.map(|trigger| Routed { instance, trigger, starts: true }).into_iter().collect())
        };
        std::future::ready(route()).boxed()
    }

    fn perform<'a>(&'a self, action: &'a Action, sender: &'a Sender) -> BoxFuture<'a, Result<Answer, WorkerError>> {
        self.carry_out(action, sender).boxed()
    }

    fn policy(&self) {}
}

/// Done, or refused.
pub(super) fn answer_of<T, E: std::error::Error>(sent: Result<T, E>) -> Answer {
    match sent {
        Ok(_) => Answer::Done,
        Err(refusal) => Answer::Refused { reason: in_words(&refusal) },
    }
}

fn payment_of(instance: &str) -> Result<PaymentId, WorkerError> {
    let uuid = Uuid::try_parse(instance);
    uuid.map(PaymentId::new).map_err(|error| WorkerError(format!("{instance} is no payment's id: {error}")))
}

fn created(loaded: &Loaded<Payment>) -> Result<&CreatedPayment, WorkerError> {
    loaded.state.created().map_err(|refusal| WorkerError(refusal.to_string()))
}

fn unreadable(event: &RecordedEvent, error: &serde_json::Error) -> WorkerError {
    WorkerError(format!("{} at {} cannot be decoded: {error}", event.event_type, event.position))
}
