//! The hands of ReturnAndRefund.

use super::{
    ReturnAndRefund,
    finding::{ROUNDS_MAX, refund_id, restock, return_of},
    vocabulary::{
        RequestedRefund, RestockUnits, ReturnAndRefundAction as Action, ReturnAndRefundAnswer as Answer,
        ReturnNews as News,
    },
};
use crate::{
    sending::{context, in_words, load, send, send_in},
    worker::{Routed, Sender, Worker, WorkerError},
};
use futures::future::{BoxFuture, FutureExt as _};
use tillroll_domain::{
    aggregate::DomainEvent,
    ids::{OperationId, OrderId, PaymentId, ReturnId},
    order::{
        Order,
        commands::OrderCommand,
        events::{OrderEvent, OrderLinesReturned},
        state::PlacedOrder,
    },
    payment::{
        Payment, PaymentError,
        commands::PaymentCommand,
        events::{OperationKind, PaymentEvent},
        state::{CreatedPayment, OperationOutcome},
    },
    returns::{
        Return,
        status::{ReturnOutcome, ReturnStatus},
    },
    stock_item::{
        StockItem,
        commands::{StockItemCommand, stream_id},
        events::ReturnCondition,
    },
    text::Note,
};
use tillroll_infra::{
    bus::{Bus, CommandContext, Loaded, context::derived_uuid},
    event::RecordedEvent,
};
use uuid::Uuid;

/// Carries out what ReturnAndRefund decides. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct ReturnAndRefundWorker {
    bus: Bus,
}

impl ReturnAndRefundWorker {
    /// Over a bus that takes commands of returns, orders, payments and stock items.
    #[must_use]
    pub const fn new(bus: Bus) -> Self {
        Self { bus }
    }

    async fn route_event(&self, event: &RecordedEvent) -> Result<Vec<Routed<ReturnAndRefund>>, WorkerError> {
        match &*event.event_type {
            "OrderLinesReturned" => match decode(event)? {
                OrderEvent::OrderLinesReturned(returned) => self.route_return(event, &returned).await,
                _ => Ok(vec![]),
            },
            "ReturnResolved" | "ReturnRejected" | "ReturnCancelled" => self.route_end(event).await,
            _ => match decode(event)? {
                PaymentEvent::PaymentRefunded(refunded) => self.route_refund(event, refunded.operation_id, true).await,
                PaymentEvent::PaymentOperationFailed(failed) if failed.kind == OperationKind::Refund => {
                    self.route_refund(event, failed.operation_id, false).await
                }
                _ => Ok(vec![]),
            },
        }
    }

    async fn route_return(
        &self,
        event: &RecordedEvent,
        returned: &OrderLinesReturned,
    ) -> Result<Vec<Routed<ReturnAndRefund>>, WorkerError> {
        let (tenant, order_id) = (event.stream.tenant(), OrderId::new(uuid_of(event.stream.id())?));
        let order = self.order(tenant, order_id).await?;
        // Of other orders neither payments nor stock move by themselves.
        if order.state.placed().ok().and_then(PlacedOrder::checkout).is_none() {
            return Ok(vec![]);
        }
        let instance = returned.return_id.uuid().to_string();
        let known = load::<Return>(&self.bus, tenant, &instance).await?;
        let value_minor = returned.value_minor.unwrap_or(0);
        let (refund_minor, units) = match known.state.known() {
            Ok(known) => match known.outcome {
                Some(ReturnOutcome::Refund) => (value_minor, restock(known)?),
                Some(ReturnOutcome::Replacement | ReturnOutcome::None) | None => (0, restock(known)?),
            },
            // The order took goods back at once, without a return that could say more; whoever took them puts them away.
            Err(_) => (value_minor, vec![]),
        };
        let trigger = News::Returned { order_id, refund_minor, units };
        Ok(vec![Routed { instance, trigger, starts: true }])
    }

    /// A return that is over, if its order still counts its goods as on their way back.
    async fn route_end(&self, event: &RecordedEvent) -> Result<Vec<Routed<ReturnAndRefund>>, WorkerError> {
        let (tenant, instance) = (event.stream.tenant(), event.stream.id());
        let known = load::<Return>(&self.bus, tenant, instance).await?;
        let Ok(known) = known.state.known() else { return Ok(vec![]) };
        let (order_id, return_id) = (known.order_id, ReturnId::new(uuid_of(instance)?));
        let order = self.order(tenant, order_id).await?;
        let Ok(order) = order.state.placed() else { return Ok(vec![]) };
        if order.checkout().is_none() || !order.awaits_return(return_id) {
            return Ok(vec![]);
        }
        Ok(vec![Routed { instance: instance.to_owned(), trigger: News::Ended { order_id }, starts: true }])
    }

    /// Which return a refund was for, if it was for one.
    async fn route_refund(
        &self,
        event: &RecordedEvent,
        operation_id: OperationId,
        succeeded: bool,
    ) -> Result<Vec<Routed<ReturnAndRefund>>, WorkerError> {
        let (tenant, payment_id) = (event.stream.tenant(), PaymentId::new(uuid_of(event.stream.id())?));
        let payment = load::<Payment>(&self.bus, tenant, event.stream.id()).await?;
        let Ok(payment) = payment.state.created() else { return Ok(vec![]) };
        let order = self.order(tenant, payment.order_id()).await?;
        let Ok(order) = order.state.placed() else { return Ok(vec![]) };
        let found = return_of(payment_id, operation_id, order.returns().keys().copied());
        let routed = |return_id: ReturnId| Routed {
            instance: return_id.uuid().to_string(),
            trigger: News::RefundSettled { operation_id, succeeded },
            starts: false,
        };
        Ok(found.map(routed).into_iter().collect())
    }

    async fn order(&self, tenant: &str, order_id: OrderId) -> Result<Loaded<Order>, WorkerError> {
        load::<Order>(&self.bus, tenant, &order_id.uuid().to_string()).await
    }

    /// Books the goods back. Those that can be sold again are booked under the return's own id, so that they count once if
    /// somebody booked them by hand; the others, which need an id of their own, under a derived one.
    async fn restock(&self, order_id: OrderId, units: &[RestockUnits], sender: &Sender) -> Result<Answer, WorkerError> {
        let return_id = ReturnId::new(uuid_of(&sender.instance)?);
        let damaged = ReturnId::new(derived_uuid("tillroll:damaged-return", &return_id.to_string()));
        let (mut skus, mut reason) = (Vec::new(), None);
        for RestockUnits { location, sku, condition, quantity } in units {
            let command = StockItemCommand::Return {
                return_id: if *condition == ReturnCondition::Damaged { damaged } else { return_id },
                order_id: Some(order_id),
                quantity: *quantity,
                condition: *condition,
            };
            let step = format!("restock/{sku}/{condition:?}");
            let sent = send::<StockItem>(&self.bus, &stream_id(location, sku), command, sender, &step).await?;
            if let Err(refusal) = sent {
                skus.push(sku.clone());
                reason.get_or_insert_with(|| in_words(&refusal));
            }
        }
        Ok(match reason {
            None => Answer::Booked,
            Some(reason) => Answer::NotBooked { skus, reason },
        })
    }

    /// Tells the order what was accepted of a return that was resolved, or that nothing comes.
    async fn tell_order(&self, order_id: OrderId, sender: &Sender) -> Result<Answer, WorkerError> {
        let return_id = ReturnId::new(uuid_of(&sender.instance)?);
        let known = load::<Return>(&self.bus, &sender.tenant, &sender.instance).await?;
        let known = known.state.known().map_err(|refusal| WorkerError(refusal.to_string()))?;
        let lines = if known.status == ReturnStatus::Resolved { known.accepted() } else { vec![] };
        let command = match lines.is_empty() {
            true => OrderCommand::CloseReturn { return_id },
            false => OrderCommand::ReturnLines { return_id, lines },
        };
        Ok(match send::<Order>(&self.bus, &order_id.uuid().to_string(), command, sender, "order").await? {
            Ok(_) => Answer::OrderTold,
            Err(refusal) => Answer::OrderRefused { reason: in_words(&refusal) },
        })
    }

    /// Requests what is due of one payment after the other, each request on the payment as it was counted. What other rounds
    /// requested counts as given, unless it is known to be refused: the provider may find out later that a refund that it
    /// called refused was carried out.
    async fn refund(
        &self,
        order_id: OrderId,
        amount_minor: i64,
        round: u32,
        sender: &Sender,
    ) -> Result<Answer, WorkerError> {
        let return_id = ReturnId::new(uuid_of(&sender.instance)?);
        let order = self.order(&sender.tenant, order_id).await?;
        let payment_ids: Vec<PaymentId> =
            order.state.placed().map(|order| order.payments().keys().copied().collect()).unwrap_or_default();
        let (mut lacking_minor, mut refunds, mut payments) = (amount_minor, Vec::new(), Vec::new());
        for payment_id in payment_ids {
            let loaded = load::<Payment>(&self.bus, &sender.tenant, &payment_id.uuid().to_string()).await?;
            if let Ok(payment) = loaded.state.created() {
                lacking_minor -= given_in_other_rounds(payment_id, payment, return_id, round);
            }
            payments.push((payment_id, loaded));
        }
        for (payment_id, loaded) in payments {
            let stream = payment_id.uuid().to_string();
            let Ok(payment) = loaded.state.created() else { continue };
            let operation_id = refund_id(payment_id, return_id, round);
            if let Some(requested) = payment.operations().get(&operation_id) {
                lacking_minor -= requested.amount_minor;
                refunds.push(RequestedRefund { operation_id, amount_minor: requested.amount_minor });
                continue;
            }
            let amount_minor = lacking_minor.min(payment.refundable_minor());
            if amount_minor <= 0 {
                continue;
            }
            let command =
                PaymentCommand::RequestRefund { operation_id, amount_minor, reason: Some(reason_of(return_id)) };
            let step = format!("refund/{payment_id}");
            let context = CommandContext { if_revision: loaded.revision, ..context(sender, &step) };
            match send_in::<Payment>(&self.bus, &stream, command, context).await? {
                Ok(_) => {
                    lacking_minor -= amount_minor;
                    refunds.push(RequestedRefund { operation_id, amount_minor });
                }
                Err(PaymentError::TooManyOperations { .. }) => {}
                // It was possible on the very state that it was decided on.
                Err(refusal) => return Err(WorkerError(refusal.to_string())),
            }
        }
        Ok(Answer::Requested { refunds, lacking_minor: lacking_minor.max(0) })
    }
}

/// What the other rounds of a return gave back of a payment or still may, in minor units.
fn given_in_other_rounds(payment_id: PaymentId, payment: &CreatedPayment, return_id: ReturnId, round: u32) -> i64 {
    let others = (0..ROUNDS_MAX).filter(|other| *other != round);
    let refunds = others.filter_map(|other| payment.operations().get(&refund_id(payment_id, return_id, other)));
    refunds.filter(|refund| refund.outcome != OperationOutcome::Failed).map(|refund| refund.amount_minor).sum()
}

fn reason_of(return_id: ReturnId) -> Note {
    format!("return {return_id}").parse().expect("an id and a word are a note")
}

fn decode<E: DomainEvent>(event: &RecordedEvent) -> Result<E, WorkerError> {
    event.decode::<E>().map_err(|error| WorkerError(format!("{} at {}: {error}", event.stream, event.position)))
}

fn uuid_of(instance: &str) -> Result<Uuid, WorkerError> {
    Uuid::try_parse(instance).map_err(|error| WorkerError(format!("{instance} is no UUID: {error}")))
}

impl Worker<ReturnAndRefund> for ReturnAndRefundWorker {
    fn event_types(&self) -> &'static [&'static str] {
        &[
            "OrderLinesReturned",
            "PaymentRefunded",
            "PaymentOperationFailed",
            "ReturnResolved",
            "ReturnRejected",
            "ReturnCancelled",
        ]
    }

    fn route<'a>(
        &'a self,
        event: &'a RecordedEvent,
    ) -> BoxFuture<'a, Result<Vec<Routed<ReturnAndRefund>>, WorkerError>> {
        self.route_event(event).boxed()
    }

    fn perform<'a>(&'a self, action: &'a Action, sender: &'a Sender) -> BoxFuture<'a, Result<Answer, WorkerError>> {
        async move {
            match action {
                Action::Restock { order_id, units } => self.restock(*order_id, units, sender).await,
                Action::Refund { order_id, amount_minor, round } => {
                    self.refund(*order_id, *amount_minor, *round, sender).await
                }
                Action::TellOrder { order_id } => self.tell_order(*order_id, sender).await,
            }
        }
        .boxed()
    }

    fn policy(&self) {}
}
