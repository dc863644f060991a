//! The hands of CancelOrder: it reads the news for it, and sends its actions as commands.

mod news;
mod refund;
mod units;

use super::{
    CancelOrderProcess,
    messages::{
        CancelOrderAction as Action, CancelOrderAnswer as Answer, CancelOrderTrigger as Trigger, CancelledLines,
    },
};
use crate::{
    checkout::{CheckoutProcess, Demand, cancel_payment, release_hold},
    managed::Managed,
    sending::load,
    worker::{Routed, Sender, Worker, WorkerError},
};
use futures::future::{BoxFuture, FutureExt as _};
use std::collections::{BTreeMap, BTreeSet};
use tillroll_domain::{
    aggregate::Aggregate as _,
    ids::{OrderId, PaymentId},
    order::{
        Order, OrderState,
        events::{OrderEvent, OrderLinesCancelled},
        state::PlacedOrder,
        status::Lifecycle,
    },
    payment::{Payment, payment_of_order},
    quantity::Quantity,
    text::Sku,
};
use tillroll_infra::{bus::Bus, event::RecordedEvent};
use uuid::Uuid;

/// Carries out what CancelOrder decides. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct CancelOrderWorker {
    bus: Bus,
}

impl CancelOrderWorker {
    /// Over a bus that takes commands of orders, stock items and payments, and loads fulfillments and checkouts.
    #[must_use]
    pub const fn new(bus: Bus) -> Self {
        Self { bus }
    }

    async fn news(&self, event: &RecordedEvent) -> Result<Option<Trigger>, WorkerError> {
        let decoded = event.decode::<OrderEvent>();
        let decoded = decoded.map_err(|error| {
            WorkerError(format!("{} at {} cannot be decoded: {error}", event.event_type, event.position))
        })?;
        match decoded {
            OrderEvent::OrderCancelled(cancelled) if cancelled.confirmed == Some(true) => {
                let loaded = load::<Order>(&self.bus, event.stream.tenant(), event.stream.id()).await?;
                let Some(order) = of_checkout(&loaded.state) else { return Ok(None) };
                let order_id = order_of(event.stream.id())?;
                // That of the checkout too, which the order may not have heard of.
                let own = order.payment_terms().map(|_| payment_of_order(order_id));
                let payments: BTreeSet<PaymentId> = order.payments().keys().copied().chain(own).collect();
                Ok(Some(Trigger::OrderCancelled {
                    order_id,
                    holds: order.holds().to_vec(),
                    payments: payments.into_iter().collect(),
                }))
            }
            OrderEvent::OrderLinesCancelled(cancelled) => {
                let loaded = load::<Order>(&self.bus, event.stream.tenant(), event.stream.id()).await?;
                let Some(order) = of_checkout(&loaded.state) else { return Ok(None) };
                // If the whole order is cancelled by now, all of it is given back, which is told later.
                if is_cancelled(order) {
                    return Ok(None);
                }
                Ok(Some(Trigger::LinesCancelled(CancelledLines {
                    event_id: event.id,
                    order_id: order_of(event.stream.id())?,
                    units: units_of(order, &cancelled),
                    value_minor: cancelled.value_minor.unwrap_or(0),
                })))
            }
            _ => Ok(None),
        }
    }

    async fn carry_out(&self, action: &Action, sender: &Sender) -> Result<Answer, WorkerError> {
        let bus = &self.bus;
        match action {
            Action::ReleaseHold { order_id, sku, location, reservation_id } => {
                release_hold(bus, sender, sku, location, *reservation_id, Some(*order_id)).await?;
                Ok(Answer::Done {})
            }
            Action::CancelPayment { payment_id } => {
                cancel_payment(bus, sender, *payment_id).await?;
                Ok(Answer::Done {})
            }
            Action::FindUnits { order_id, skus, .. } => {
                self.check_checked_out(sender).await?;
                units::find(bus, sender, *order_id, skus).await
            }
            Action::ReleaseUnits { release, .. } => units::release(bus, sender, release).await,
            // What is captured later is told later, and counted then.
            &Action::RefundSurplus { order_id, value_minor, refused_minor, round } => {
                let count = refund::Count { order_id, value_minor, refused_minor, round };
                refund::surplus(bus, sender, count).await
            }
        }
    }

    /// Until the order's checkout has ended, what it holds may still move.
    async fn check_checked_out(&self, sender: &Sender) -> Result<(), WorkerError> {
        let checkout = load::<Managed<CheckoutProcess>>(&self.bus, &sender.tenant, &sender.instance).await?;
        if checkout.state.has_begun && checkout.state.ending.is_none() {
            return Err(WorkerError(format!("the checkout of {} has not ended", sender.instance)));
        }
        Ok(())
    }
}

impl Worker<CancelOrderProcess> for CancelOrderWorker {
    fn event_types(&self) -> &'static [&'static str] {
        &[
            "OrderCancelled",
            "OrderLinesCancelled",
            "PaymentCaptured",
            "PaymentOperationObserved",
            "PaymentRefunded",
            "PaymentOperationFailed",
        ]
    }

    fn route<'a>(
        &'a self,
        event: &'a RecordedEvent,
    ) -> BoxFuture<'a, Result<Vec<Routed<CancelOrderProcess>>, WorkerError>> {
        let routed = |trigger| Routed { instance: event.stream.id().to_owned(), trigger, starts: true };
        async move {
            let concerned = match event.stream.category() {
                Payment::CATEGORY => news::of_payment(&self.bus, event).await?,
                _ => self.news(event).await?.map(routed),
            };
            Ok(concerned.into_iter().collect())
        }
        .boxed()
    }

    fn perform<'a>(&'a self, action: &'a Action, sender: &'a Sender) -> BoxFuture<'a, Result<Answer, WorkerError>> {
        self.carry_out(action, sender).boxed()
    }

    fn policy(&self) {}
}

/// The order, if a checkout made it.
fn of_checkout(state: &OrderState) -> Option<&PlacedOrder> {
    state.placed().ok().filter(|order| order.checkout().is_some())
}

fn is_cancelled(order: &PlacedOrder) -> bool {
    order.lifecycle() == Lifecycle::Cancelled || order.cancel_cause().is_some()
}

fn order_of(stream_id: &str) -> Result<OrderId, WorkerError> {
    let uuid = Uuid::try_parse(stream_id);
    uuid.map(OrderId::new).map_err(|error| WorkerError(format!("{stream_id} is no order's id: {error}")))
}

/// The cancelled goods, each SKU once.
fn units_of(order: &PlacedOrder, cancelled: &OrderLinesCancelled) -> Vec<Demand> {
    let mut units: BTreeMap<&Sku, i64> = BTreeMap::new();
    for line in &cancelled.lines {
        if let Some(sku) = order.sku(line.line) {
            *units.entry(sku).or_default() += line.quantity.as_i64();
        }
    }
    // The sum over an order's lines of one SKU was held, so it is a quantity.
    let demand = units
        .into_iter()
        .filter_map(|(sku, units)| Some(Demand { sku: sku.clone(), quantity: Quantity::new(units).ok()? }));
    demand.collect()
}
