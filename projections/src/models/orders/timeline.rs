//! One row of the timeline for one event: short machine-readable details, whatever the number of its lines.

use super::tables::OrderTimelineRow;
use crate::{
    models::fold::{basis, int, json, metadata, position, revision, total},
    projection::ApplyError,
};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use tillroll_domain::{
    common::{Basis, LineQuantity},
    order::{CancelCause, events::OrderEvent},
};
use tillroll_infra::event::RecordedEvent;

/// The row of an event, and when the event took effect.
pub(super) fn row(
    order_id: &str,
    fact: &OrderEvent,
    event: &RecordedEvent,
) -> Result<(OrderTimelineRow, DateTime<Utc>), ApplyError> {
    let metadata = metadata(event)?;
    let occurred_at = metadata.effective_at.unwrap_or(event.recorded_at);
    let (known_by, details) = describe(fact)?;
    let row = OrderTimelineRow {
        order_id: order_id.to_owned(),
        revision: revision(event),
        occurred_at,
        recorded_at: event.recorded_at,
        event_type: event.event_type.to_string(),
        actor: metadata.actor,
        origin: metadata.origin,
        basis: basis(known_by),
        details: json(&details)?,
        position: position(event),
    };
    Ok((row, occurred_at))
}

/// How the event is known, and what it says. Events that state no basis were seen by the engine.
fn describe(fact: &OrderEvent) -> Result<(Basis, Value), ApplyError> {
    let nothing = || Value::Object(Map::new());
    Ok(match fact {
        OrderEvent::OrderPlaced(placed) => {
            let details = json!({
                "lines": placed.lines.len(),
                "total_minor": placed.totals.total_minor,
                "currency": placed.currency.code(),
            });
            (placed.basis, details)
        }
        OrderEvent::OrderStockReserved(reserved) => {
            let details = json!({
                "holds": reserved.holds.len(),
                "quantity": total(reserved.holds.iter().map(|hold| hold.quantity.as_i64()))?,
            });
            (Basis::Recorded, details)
        }
        OrderEvent::OrderConfirmed(confirmed) => (confirmed.basis, nothing()),
        OrderEvent::OrderLinesCancelled(cancelled) => {
            let mut details = counts(&cancelled.lines)?;
            details.insert("reason".to_owned(), json!(cancelled.reason));
            add_value(&mut details, cancelled.value_minor);
            (Basis::Recorded, Value::Object(details))
        }
        OrderEvent::OrderCancelled(cancelled) => {
            let mut details = Map::from_iter([("reason".to_owned(), json!(cancelled.reason))]);
            details.extend(cancelled.cause.as_ref().map(|cause| ("cause".to_owned(), json!(cause.as_str()))));
            if let Some(CancelCause::InsufficientStock { sku, requested, available }) = &cancelled.cause {
                details.extend([
                    ("sku".to_owned(), json!(sku)),
                    ("requested".to_owned(), json!(requested)),
                    ("available".to_owned(), json!(available)),
                ]);
            }
            (Basis::Recorded, Value::Object(details))
        }
        OrderEvent::OrderPaymentChanged(changed) => {
            let details = json!({
                "payment_id": changed.payment_id,
                "authorized_minor": changed.authorized_minor,
                "captured_minor": changed.captured_minor,
                "refunded_minor": changed.refunded_minor,
                "disputed_minor": changed.disputed_minor,
            });
            (changed.basis, details)
        }
        OrderEvent::OrderFulfillmentStarted(started) => (started.basis, nothing()),
        OrderEvent::OrderFulfillmentPlanned(planned) => {
            let mut details = counts(&planned.lines)?;
            details.insert("shipment_id".to_owned(), json!(planned.shipment_id));
            (Basis::Recorded, Value::Object(details))
        }
        OrderEvent::OrderFulfillmentReleased(released) => {
            (Basis::Recorded, json!({ "shipment_id": released.shipment_id }))
        }
        OrderEvent::OrderLinesShipped(shipped) => {
            let mut details = counts(&shipped.lines)?;
            details.insert("shipment_id".to_owned(), json!(shipped.shipment_id));
            (shipped.basis, Value::Object(details))
        }
        OrderEvent::OrderDelivered(_) | OrderEvent::OrderClosed(_) => (Basis::Recorded, nothing()),
        OrderEvent::OrderReturnRequested(requested) => {
            let mut details = counts(&requested.lines)?;
            details.insert("return_id".to_owned(), json!(requested.return_id));
            (Basis::Recorded, Value::Object(details))
        }
        OrderEvent::OrderReturnClosed(closed) => (Basis::Recorded, json!({ "return_id": closed.return_id })),
        OrderEvent::OrderLinesReturned(returned) => {
            let mut details = counts(&returned.lines)?;
            details.insert("return_id".to_owned(), json!(returned.return_id));
            add_value(&mut details, returned.value_minor);
            (returned.basis, Value::Object(details))
        }
        OrderEvent::OrderLinesCredited(credited) => {
            let details = json!({
                "credit_note_id": credited.credit_note_id,
                "lines": credited.lines.len(),
                "quantity": total(credited.lines.iter().map(|line| line.quantity.as_i64()))?,
                "amount_minor": total(credited.lines.iter().map(|line| line.amount_minor))?,
            });
            (credited.basis, details)
        }
    })
}

fn add_value(details: &mut Map<String, Value>, value_minor: Option<i64>) {
    details.extend(value_minor.map(|minor| ("value_minor".to_owned(), json!(minor))));
}

fn counts(lines: &[LineQuantity]) -> Result<Map<String, Value>, ApplyError> {
    let quantity = total(lines.iter().map(|line| line.quantity.as_i64()))?;
    Ok(Map::from_iter([("lines".to_owned(), int(lines.len()).into()), ("quantity".to_owned(), quantity.into())]))
}
