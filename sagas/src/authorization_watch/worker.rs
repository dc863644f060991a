//! The hands of AuthorizationWatch.

use super::{
    AuthorizationWatch,
    vocabulary::{
        AuthorizationNews as News, AuthorizationWatchAction as Action, AuthorizationWatchAnswer as Answer,
        AuthorizationWatchPolicy,
    },
};
use crate::{
    operations::{operation_id as derived, taken_minor},
    sending::{context, in_words, load, send, send_in},
    worker::{Routed, Sender, Worker, WorkerError},
};
use futures::future::{BoxFuture, FutureExt as _};
use tillroll_domain::{
    ids::{OperationId, PaymentId},
    order::{Order, status::Lifecycle},
    payment::{Payment, commands::PaymentCommand, events::PaymentEvent},
};
use tillroll_infra::{
    bus::{Bus, CommandContext},
    config::ExpiringAuthorization,
    event::RecordedEvent,
};
use uuid::Uuid;

/// Carries out what AuthorizationWatch decides. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct AuthorizationWatchWorker {
    bus: Bus,
    expiring: ExpiringAuthorization,
}

impl AuthorizationWatchWorker {
    /// Over a bus that takes commands of payments and orders.
    #[must_use]
    pub const fn new(bus: Bus, expiring: ExpiringAuthorization) -> Self {
        Self { bus, expiring }
    }

    async fn route_event(&self, event: &RecordedEvent) -> Result<Vec<Routed<AuthorizationWatch>>, WorkerError> {
        let decoded = event.decode::<PaymentEvent>();
        let decoded =
            decoded.map_err(|error| WorkerError(format!("{} at {}: {error}", event.stream, event.position)))?;
        let instance = event.stream.id().to_owned();
        let routed = |trigger, starts| vec![Routed { instance, trigger, starts }];
        match decoded {
            PaymentEvent::PaymentAuthorized(authorized) => Ok(match authorized.expires_at {
                Some(expires_at) => {
                    routed(News::Authorized { operation_id: authorized.operation_id, expires_at }, true)
                }
                None => vec![],
            }),
            _ => {
                // The payment may stand further on than this event; what is authorized later is told later.
                let payment = load::<Payment>(&self.bus, event.stream.tenant(), event.stream.id()).await?;
                let is_over = payment.state.created().is_ok_and(|payment| payment.authorized_minor() == 0);
                Ok(if is_over { routed(News::Over, false) } else { vec![] })
            }
        }
    }

    async fn capture_rest(&self, authorization: OperationId, sender: &Sender) -> Result<Answer, WorkerError> {
        let loaded = load::<Payment>(&self.bus, &sender.tenant, &sender.instance).await?;
        let payment = loaded.state.created().map_err(|refusal| WorkerError(refusal.to_string()))?;
        let operation_id = derived(payment_id(&sender.instance)?, &format!("expiring/{authorization}"));
        if let Some(requested) = payment.operations().get(&operation_id) {
            return Ok(Answer::Requested { amount_minor: requested.amount_minor });
        }
        let order = load::<Order>(&self.bus, &sender.tenant, &payment.order_id().uuid().to_string()).await?;
        let Ok(order) = order.state.placed() else { return Ok(Answer::NothingToCapture) };
        match order.lifecycle() {
            Lifecycle::Placed => return Ok(Answer::NotConfirmed),
            Lifecycle::Confirmed => {}
            Lifecycle::Cancelled | Lifecycle::Closed => return Ok(Answer::NothingToCapture),
        }
        let worth_minor = order.value_minor(|line| line.ordered.saturating_sub(line.cancelled));
        let amount_minor = (worth_minor - taken_minor(payment)).min(payment.capturable_minor());
        if amount_minor <= 0 {
            return Ok(Answer::NothingToCapture);
        }
        let command = PaymentCommand::RequestCapture { operation_id, amount_minor };
        let context = CommandContext { if_revision: loaded.revision, ..context(sender, "capture") };
        Ok(match send_in::<Payment>(&self.bus, &sender.instance, command, context).await? {
            Ok(_) => Answer::Requested { amount_minor },
            Err(refusal) => Answer::Refused { reason: in_words(&refusal) },
        })
    }

    async fn record_expired(&self, authorization: OperationId, sender: &Sender) -> Result<Answer, WorkerError> {
        let command = PaymentCommand::RecordAuthorizationExpired { operation_id: Some(authorization) };
        Ok(match send::<Payment>(&self.bus, &sender.instance, command, sender, "expired").await? {
            Ok(_) => Answer::Recorded,
            Err(refusal) => Answer::Refused { reason: in_words(&refusal) },
        })
    }
}

fn payment_id(instance: &str) -> Result<PaymentId, WorkerError> {
    let uuid = Uuid::try_parse(instance);
    uuid.map(PaymentId::new).map_err(|error| WorkerError(format!("{instance} is no payment's id: {error}")))
}

impl Worker<AuthorizationWatch> for AuthorizationWatchWorker {
    fn event_types(&self) -> &'static [&'static str] {
        &[
            "PaymentAuthorized",
            "PaymentCaptured",
            "PaymentVoided",
            "PaymentOperationObserved",
            "PaymentAuthorizationExpired",
        ]
    }

    fn route<'a>(
        &'a self,
        event: &'a RecordedEvent,
    ) -> BoxFuture<'a, Result<Vec<Routed<AuthorizationWatch>>, WorkerError>> {
        self.route_event(event).boxed()
    }

    fn perform<'a>(&'a self, action: &'a Action, sender: &'a Sender) -> BoxFuture<'a, Result<Answer, WorkerError>> {
        async move {
            match action {
                Action::CaptureRest { operation_id } => self.capture_rest(*operation_id, sender).await,
                Action::RecordExpired { operation_id } => self.record_expired(*operation_id, sender).await,
            }
        }
        .boxed()
    }

    fn policy(&self) -> AuthorizationWatchPolicy {
        let capture_expiring = match self.expiring {
            ExpiringAuthorization::Capture => true,
            ExpiringAuthorization::Hold => false,
        };
        AuthorizationWatchPolicy { capture_expiring }
    }
}
