//! The hands of Fulfillment.

use super::{
    FulfillmentProcess,
    vocabulary::{
        FulfillmentProcessAction as Action, FulfillmentProcessAnswer as Answer, ShipmentNews as News, SkuUnits,
    },
};
use crate::{
    operations::{operation_id, taken_minor},
    sending::{context, in_words, load, send, send_in},
    worker::{Routed, Sender, Worker, WorkerError},
};
use futures::future::{BoxFuture, FutureExt as _};
use std::collections::BTreeMap;
use tillroll_domain::{
    checkout::CapturePolicy,
    fulfillment::{Fulfillment, events::FulfillmentLine},
    ids::{OperationId, OrderId, PaymentId, ShipmentId},
    order::{Order, state::PlacedOrder},
    payment::{
        Payment, PaymentError,
        commands::PaymentCommand,
        events::{OperationKind, PaymentEvent},
    },
    quantity::Quantity,
    stock_item::{
        StockItem,
        commands::{StockItemCommand, stream_id},
    },
    text::{LocationId, Sku},
};
use tillroll_infra::{
    bus::{Bus, CommandContext, Loaded},
    event::RecordedEvent,
};
use uuid::Uuid;

/// Carries out what Fulfillment decides. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct FulfillmentProcessWorker {
    bus: Bus,
}

impl FulfillmentProcessWorker {
    /// Over a bus that takes commands of fulfillments, orders, payments and stock items.
    #[must_use]
    pub const fn new(bus: Bus) -> Self {
        Self { bus }
    }

    async fn route_event(&self, event: &RecordedEvent) -> Result<Vec<Routed<FulfillmentProcess>>, WorkerError> {
        let (tenant, instance) = (event.stream.tenant(), event.stream.id());
        if &*event.event_type == "PaymentOperationFailed" {
            return self.route_failure(event).await;
        }
        let fulfillment = load::<Fulfillment>(&self.bus, tenant, instance).await?;
        let Ok(known) = fulfillment.state.known() else { return Ok(vec![]) };
        let order = self.order(tenant, known.order_id).await?;
        // Of other orders neither payments nor stock move by themselves.
        let Some(terms) = order.state.placed().ok().and_then(PlacedOrder::checkout) else { return Ok(vec![]) };
        let trigger = match &*event.event_type {
            "FulfillmentCreated" => {
                let captures =
                    terms.payment.as_ref().is_some_and(|payment| payment.capture == CapturePolicy::AtFulfillment);
                captures.then_some(News::Planned { order_id: known.order_id })
            }
            _ => {
                let (order_id, location) = (known.order_id, known.location.clone());
                Some(News::Left { order_id, location, units: by_sku(&known.lines)? })
            }
        };
        let routed = |trigger| Routed { instance: instance.to_owned(), trigger, starts: true };
        Ok(trigger.map(routed).into_iter().collect())
    }

    /// Which shipment a capture that failed was for, if it was for one.
    async fn route_failure(&self, event: &RecordedEvent) -> Result<Vec<Routed<FulfillmentProcess>>, WorkerError> {
        let decoded = event.decode::<PaymentEvent>();
        let decoded =
            decoded.map_err(|error| WorkerError(format!("{} at {}: {error}", event.stream, event.position)))?;
        let PaymentEvent::PaymentOperationFailed(failed) = decoded else { return Ok(vec![]) };
        if failed.kind != OperationKind::Capture {
            return Ok(vec![]);
        }
        let payment = load::<Payment>(&self.bus, event.stream.tenant(), event.stream.id()).await?;
        let Ok(payment) = payment.state.created() else { return Ok(vec![]) };
        let order = self.order(event.stream.tenant(), payment.order_id()).await?;
        let Ok(order) = order.state.placed() else { return Ok(vec![]) };
        let uuid = Uuid::try_parse(event.stream.id()).map_err(|error| WorkerError(error.to_string()))?;
        let payment_id = PaymentId::new(uuid);
        let mut planned = order.plans().keys();
        let shipment = planned.find(|shipment| capture_id(payment_id, **shipment) == failed.operation_id);
        let routed = |shipment: &ShipmentId| Routed {
            instance: shipment.uuid().to_string(),
            trigger: News::CaptureFailed,
            starts: false,
        };
        Ok(shipment.map(routed).into_iter().collect())
    }

    async fn order(&self, tenant: &str, order_id: OrderId) -> Result<Loaded<Order>, WorkerError> {
        load::<Order>(&self.bus, tenant, &order_id.uuid().to_string()).await
    }

    /// Requests what is missing from the order's payments, one after the other. Each request stands on the payment as it
    /// was counted; if that has changed meanwhile, everything is counted anew.
    async fn capture(&self, order_id: OrderId, sender: &Sender) -> Result<Answer, WorkerError> {
        let shipment_id = shipment_of(&sender.instance)?;
        let first = self.order(&sender.tenant, order_id).await?;
        let payment_ids: Vec<PaymentId> =
            first.state.placed().map(|order| order.payments().keys().copied().collect()).unwrap_or_default();
        let mut payments = Vec::with_capacity(payment_ids.len());
        for payment_id in payment_ids {
            let stream = payment_id.uuid().to_string();
            payments.push((payment_id, load::<Payment>(&self.bus, &sender.tenant, &stream).await?));
        }
        // After the payments, so that whoever counted before us, counted no more than is counted here.
        let order = self.order(&sender.tenant, order_id).await?;
        let due_minor = order.state.placed().map(PlacedOrder::capture_due_minor).unwrap_or_default();
        let created = || payments.iter().filter_map(|(id, loaded)| Some((*id, loaded, loaded.state.created().ok()?)));
        let mut lacking_minor = due_minor - created().map(|(_, _, payment)| taken_minor(payment)).sum::<i64>();
        let mut requested_minor = 0;
        for (payment_id, loaded, payment) in created() {
            let operation_id = capture_id(payment_id, shipment_id);
            if let Some(requested) = payment.operations().get(&operation_id) {
                requested_minor += requested.amount_minor;
                continue;
            }
            let amount_minor = lacking_minor.min(payment.capturable_minor());
            if amount_minor <= 0 {
                continue;
            }
            let command = PaymentCommand::RequestCapture { operation_id, amount_minor };
            let step = format!("capture/{payment_id}");
            let context = CommandContext { if_revision: loaded.revision, ..context(sender, &step) };
            match send_in::<Payment>(&self.bus, &payment_id.uuid().to_string(), command, context).await? {
                Ok(_) => {
                    (requested_minor, lacking_minor) = (requested_minor + amount_minor, lacking_minor - amount_minor);
                }
                Err(PaymentError::TooManyOperations { .. }) => {}
                // It was possible on the very state that it was decided on.
                Err(refusal) => return Err(WorkerError(refusal.to_string())),
            }
        }
        Ok(if lacking_minor > 0 {
            Answer::Short { requested_minor, lacking_minor }
        } else {
            Answer::Covered { requested_minor }
        })
    }

    async fn ship_stock(
        &self,
        order_id: OrderId,
        location: &LocationId,
        units: &[SkuUnits],
        sender: &Sender,
    ) -> Result<Answer, WorkerError> {
        let shipment_id = shipment_of(&sender.instance)?;
        let (mut skus, mut reason) = (Vec::new(), None);
        for SkuUnits { sku, quantity } in units {
            let command = StockItemCommand::Ship { shipment_id, order_id, quantity: *quantity };
            let step = format!("ship/{sku}");
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
}

/// The capture that a shipment requests of a payment.
fn capture_id(payment_id: PaymentId, shipment_id: ShipmentId) -> OperationId {
    operation_id(payment_id, &format!("shipment/{shipment_id}"))
}

/// The lines summed by SKU.
fn by_sku(lines: &[FulfillmentLine]) -> Result<Vec<SkuUnits>, WorkerError> {
    let mut units: BTreeMap<&Sku, i64> = BTreeMap::new();
    for line in lines {
        *units.entry(&line.sku).or_default() += i64::from(line.quantity.get());
    }
    let units = units.into_iter().map(|(sku, units)| {
        let quantity = Quantity::new(units).map_err(|error| WorkerError(format!("{sku}: {error}")))?;
        Ok(SkuUnits { sku: sku.clone(), quantity })
    });
    units.collect()
}

fn shipment_of(instance: &str) -> Result<ShipmentId, WorkerError> {
    let uuid = Uuid::try_parse(instance);
    uuid.map(ShipmentId::new).map_err(|error| WorkerError(format!("{instance} is no shipment's id: {error}")))
}

impl Worker<FulfillmentProcess> for FulfillmentProcessWorker {
    fn event_types(&self) -> &'static [&'static str] {
        &["FulfillmentCreated", "FulfillmentShipped", "PaymentOperationFailed"]
    }

    fn route<'a>(
        &'a self,
        event: &'a RecordedEvent,
    ) -> BoxFuture<'a, Result<Vec<Routed<FulfillmentProcess>>, WorkerError>> {
        self.route_event(event).boxed()
    }

    fn perform<'a>(&'a self, action: &'a Action, sender: &'a Sender) -> BoxFuture<'a, Result<Answer, WorkerError>> {
        async move {
            match action {
                Action::Capture { order_id } => self.capture(*order_id, sender).await,
                Action::ShipStock { order_id, location, units } => {
                    self.ship_stock(*order_id, location, units, sender).await
                }
            }
        }
        .boxed()
    }

    fn policy(&self) {}
}
