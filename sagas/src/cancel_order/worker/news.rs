//! What becomes known of an order's payments that concerns its cancelled lines.

use super::{Trigger, is_cancelled, of_checkout, refund::refund_id};
use crate::{
    cancel_order::CancelOrderProcess,
    managed::Managed,
    sending::load,
    worker::{Routed, WorkerError},
};
use tillroll_domain::{
    ids::{OperationId, PaymentId},
    order::Order,
    payment::{
        Payment,
        events::{OperationKind, PaymentEvent},
    },
};
use tillroll_infra::{bus::Bus, event::RecordedEvent};
use uuid::Uuid;

/// Whom something about a payment concerns. It begins nothing: whoever has not heard of cancelled lines yet counts what is
/// captured by then.
pub(super) async fn of_payment(
    bus: &Bus,
    event: &RecordedEvent,
) -> Result<Option<Routed<CancelOrderProcess>>, WorkerError> {
    let failed =
        |error: &dyn std::fmt::Display| WorkerError(format!("{} at {}: {error}", event.stream, event.position));
    let decoded = event.decode::<PaymentEvent>().map_err(|error| failed(&error))?;
    let uuid = Uuid::try_parse(event.stream.id()).map_err(|error| failed(&error))?;
    match decoded {
        PaymentEvent::PaymentCaptured(_) => captured(bus, event).await,
        PaymentEvent::PaymentOperationObserved(observed) if observed.kind == OperationKind::Capture => {
            captured(bus, event).await
        }
        PaymentEvent::PaymentRefunded(refunded) => {
            settled(bus, event, PaymentId::new(uuid), refunded.operation_id, true).await
        }
        PaymentEvent::PaymentOperationFailed(failed) if failed.kind == OperationKind::Refund => {
            settled(bus, event, PaymentId::new(uuid), failed.operation_id, false).await
        }
        _ => Ok(None),
    }
}

async fn captured(bus: &Bus, event: &RecordedEvent) -> Result<Option<Routed<CancelOrderProcess>>, WorkerError> {
    let Some(instance) = order_of(bus, event).await? else { return Ok(None) };
    let order = load::<Order>(bus, event.stream.tenant(), &instance).await?;
    let Some(order) = of_checkout(&order.state).filter(|order| !is_cancelled(order)) else { return Ok(None) };
    let is_cut = order.lines().iter().any(|line| line.cancelled > 0);
    Ok(is_cut.then_some(Routed { instance, trigger: Trigger::MoneyCaptured, starts: false }))
}

/// Whether a refund was for cancelled lines is told by its id, which is that of one of the counts so far.
async fn settled(
    bus: &Bus,
    event: &RecordedEvent,
    payment_id: PaymentId,
    operation_id: OperationId,
    succeeded: bool,
) -> Result<Option<Routed<CancelOrderProcess>>, WorkerError> {
    let Some(instance) = order_of(bus, event).await? else { return Ok(None) };
    let process = load::<Managed<CancelOrderProcess>>(bus, event.stream.tenant(), &instance).await?;
    let state = &process.state.process;
    let is_ours =
        !state.cuts.is_empty() && (0..=state.surplus.round).any(|round| refund_id(payment_id, round) == operation_id);
    let trigger = Trigger::RefundSettled { operation_id, succeeded };
    Ok(is_ours.then_some(Routed { instance, trigger, starts: false }))
}

/// The instance of the order that the payment of an event pays.
async fn order_of(bus: &Bus, event: &RecordedEvent) -> Result<Option<String>, WorkerError> {
    let payment = load::<Payment>(bus, event.stream.tenant(), event.stream.id()).await?;
    Ok(payment.state.created().ok().map(|payment| payment.order_id().uuid().to_string()))
}
