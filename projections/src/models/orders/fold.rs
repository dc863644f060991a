//! Folds an order's events into its rows.

use super::{
    axes,
    lines::{self, Count},
    pending::{self, Pending},
    tables::{OrderContactRow, OrderLineRow, OrderPaymentRow, OrderRow},
    timeline,
};
use crate::{
    models::{
        fold::{
            basis, difference, int, is_shown, json, known, position, revision, stated_tax, stream_uuid, sum, total,
        },
        query::text,
        source_documents::local_time,
    },
    personal::PersonalCell,
    projection::{ApplyError, Incoming, Tables, TablesExt},
};
use chrono::{DateTime, Utc};
use serde_json::json;
use tillroll_domain::{
    checkout::CapturePolicy,
    common::LineKind,
    ids::OrderId,
    order::{
        CancelCause,
        events::{OrderCancelled, OrderEvent, OrderPaymentChanged, OrderPlaced},
    },
};
use tillroll_infra::event::RecordedEvent;

/// No stock is held.
const NONE: &str = "none";
/// Stock is held or promised for all goods.
const RESERVED: &str = "reserved";

pub(super) async fn apply(incoming: &Incoming, tables: &mut dyn Tables) -> Result<(), ApplyError> {
    if !is_shown(incoming) {
        return Ok(());
    }
    let fact = incoming.decode::<OrderEvent>()?;
    let event = incoming.recorded();
    let order_id = OrderId::new(stream_uuid(event)?).to_string();
    let (entry, occurred_at) = timeline::row(&order_id, fact, event)?;
    let mut order = match fact {
        OrderEvent::OrderPlaced(placed) => order_row(&order_id, placed, event, occurred_at)?,
        _ => known(tables.get(vec![text(&order_id)]).await?, event)?,
    };
    let mut changed: Vec<OrderLineRow> = Vec::new();
    let mut payment = None;
    let mut contact = None;
    let mut pending = Pending::Stays;
    match fact {
        OrderEvent::OrderPlaced(placed) => {
            changed = lines::placed(&order_id, placed)?;
            contact = contact_row(&order_id, incoming)?;
        }
        OrderEvent::OrderStockReserved(_) => RESERVED.clone_into(&mut order.stock),
        OrderEvent::OrderConfirmed(_) | OrderEvent::OrderClosed(_) => {}
        OrderEvent::OrderLinesCancelled(cancelled) => {
            changed = lines::cancel(&mut order, &cancelled.lines, event, tables).await?;
        }
        OrderEvent::OrderCancelled(cancelled) => {
            changed = lines::cancel_all(&mut order, event, tables).await?;
            tell_cause(&mut order, cancelled)?;
        }
        OrderEvent::OrderPaymentChanged(change) => {
            payment = Some(payment_row(&mut order, change, event, tables).await?);
        }
        OrderEvent::OrderFulfillmentStarted(_) => order.fulfillment_started = true,
        OrderEvent::OrderFulfillmentPlanned(planned) => {
            changed = lines::add(Count::PLANNED, &mut order, &planned.lines, event, tables).await?;
            pending = Pending::begins(&order_id, planned.shipment_id, &planned.lines)?;
        }
        OrderEvent::OrderFulfillmentReleased(released) => {
            let waiting = pending::load(&order, released.shipment_id, tables).await?;
            changed = lines::remove(Count::PLANNED, &mut order, &waiting, event, tables).await?;
            pending = Pending::ends(released.shipment_id);
        }
        OrderEvent::OrderLinesShipped(shipped) => {
            let waiting = pending::load(&order, shipped.shipment_id, tables).await?;
            changed = lines::ship(&mut order, &shipped.lines, &waiting, event, tables).await?;
            pending = Pending::ends(shipped.shipment_id);
        }
        OrderEvent::OrderDelivered(delivered) => {
            order.delivered = true;
            order.delivered_on = delivered.business_date;
        }
        OrderEvent::OrderReturnRequested(requested) => {
            changed = lines::add(Count::RETURN_REQUESTED, &mut order, &requested.lines, event, tables).await?;
            pending = Pending::begins(&order_id, requested.return_id, &requested.lines)?;
        }
        OrderEvent::OrderReturnClosed(closed) => {
            let waiting = pending::load(&order, closed.return_id, tables).await?;
            changed = lines::remove(Count::RETURN_REQUESTED, &mut order, &waiting, event, tables).await?;
            pending = Pending::ends(closed.return_id);
        }
        OrderEvent::OrderLinesReturned(returned) => {
            changed = lines::add(Count::RETURNED, &mut order, &returned.lines, event, tables).await?;
        }
        OrderEvent::OrderLinesCredited(credited) => {
            changed = lines::credit(&mut order, &credited.lines, event, tables).await?;
        }
    }
    axes::settle(&mut order, fact);
    order.updated_at = event.recorded_at;
    order.revision = revision(event);
    order.position = position(event);
    // Nothing is written before everything is known.
    tables.put(&order);
    tables.put(&entry);
    changed.iter().for_each(|row| tables.put(row));
    if let Some(payment) = payment {
        tables.put(&payment);
    }
    if let Some(contact) = contact {
        tables.put(&contact);
    }
    pending.write(&order_id, tables);
    Ok(())
}

/// Says why nothing of the order will be delivered. Whoever undoes the order gives its stock back.
fn tell_cause(order: &mut OrderRow, cancelled: &OrderCancelled) -> Result<(), ApplyError> {
    NONE.clone_into(&mut order.stock);
    order.cancel_reason = Some(cancelled.reason.to_string());
    order.cancel_cause = cancelled.cause.as_ref().map(|cause| cause.as_str().to_owned());
    order.cancel_shortage = match &cancelled.cause {
        Some(CancelCause::InsufficientStock { sku, requested, available }) => {
            Some(json(&json!({ "sku": sku, "requested": requested, "available": available }))?)
        }
        Some(_) | None => None,
    };
    Ok(())
}

/// The contact as the event has it, sealed; nothing if the event has none.
fn contact_row(order_id: &str, incoming: &Incoming) -> Result<Option<OrderContactRow>, ApplyError> {
    let row = OrderContactRow {
        order_id: order_id.to_owned(),
        email: PersonalCell::take(incoming, "email")?,
        shipping_address: PersonalCell::take(incoming, "shipping_address")?,
        billing_address: PersonalCell::take(incoming, "billing_address")?,
    };
    let is_known = row.email.is_some() || row.shipping_address.is_some() || row.billing_address.is_some();
    Ok(is_known.then_some(row))
}

fn order_row(
    order_id: &str,
    placed: &OrderPlaced,
    event: &RecordedEvent,
    placed_at: DateTime<Utc>,
) -> Result<OrderRow, ApplyError> {
    let goods = placed.lines.iter().filter(|line| line.kind == LineKind::Goods);
    let source = placed.source.as_ref();
    let quote = placed.quote.as_deref();
    let payment = placed.checkout.as_deref().and_then(|terms| terms.payment.as_ref());
    Ok(OrderRow {
        order_id: order_id.to_owned(),
        status: String::new(),
        lifecycle: String::new(),
        payment_status: String::new(),
        fulfillment_status: String::new(),
        return_status: String::new(),
        stock: NONE.to_owned(),
        cancel_cause: None,
        cancel_reason: None,
        cancel_shortage: None,
        is_checkout: placed.checkout.is_some(),
        payment_method: payment.map(|terms| terms.method.to_string()),
        payment_provider: payment.map(|terms| terms.provider.to_string()),
        payment_capture: payment.map(|terms| capture(terms.capture).to_owned()),
        customer_id: placed.customer_id.map(|id| id.to_string()),
        cart_id: placed.cart_id.map(|id| id.to_string()),
        quote_hash: quote.map(|quote| quote.hash.to_string()),
        tax_policy: quote.map(|quote| quote.tax_policy.name.to_string()),
        tax_policy_version: quote.map(|quote| quote.tax_policy.version.into()),
        shipping_policy: quote.map(|quote| quote.shipping_policy.name.to_string()),
        shipping_policy_version: quote.map(|quote| quote.shipping_policy.version.into()),
        shipping_method: quote.map(|quote| quote.shipping_method.to_string()),
        country: placed.country.to_string(),
        currency: placed.currency.to_string(),
        goods_minor: placed.totals.goods_minor,
        carriage_minor: placed.totals.carriage_minor,
        discount_minor: placed.totals.discount_minor,
        tax_minor: stated_tax(placed.totals.tax),
        total_minor: placed.totals.total_minor,
        cancelled_minor: 0,
        credited_minor: 0,
        authorized_minor: 0,
        captured_minor: 0,
        refunded_minor: 0,
        disputed_minor: 0,
        lines: int(placed.lines.len()),
        quantity: total(placed.lines.iter().map(|line| line.quantity.as_i64()))?,
        goods_quantity: total(goods.map(|line| line.quantity.as_i64()))?,
        goods_cancelled: 0,
        planned: 0,
        shipped: 0,
        return_requested: 0,
        returned: 0,
        fulfillment_started: false,
        delivered: false,
        delivered_on: None,
        business_date: placed.business_date,
        placed_at,
        recorded_at: event.recorded_at,
        updated_at: event.recorded_at,
        basis: basis(placed.basis),
        source_system: source.map(|source| source.system.to_string()),
        source_number: source.map(|source| source.number.to_string()),
        source_local_time: source.map(local_time),
        source_time_zone: source.map(|source| source.time_zone.to_string()),
        revision: 0,
        position: 0,
    })
}

const fn capture(policy: CapturePolicy) -> &'static str {
    match policy {
        CapturePolicy::AtOnce => "at_once",
        CapturePolicy::AtFulfillment => "at_fulfillment",
    }
}

/// The payment's row as it stands now; the order's sums lose what it had and gain what it has.
async fn payment_row(
    order: &mut OrderRow,
    change: &OrderPaymentChanged,
    event: &RecordedEvent,
    tables: &mut dyn Tables,
) -> Result<OrderPaymentRow, ApplyError> {
    let key = vec![text(&order.order_id), text(change.payment_id)];
    let before: Option<OrderPaymentRow> = tables.get(key).await?;
    let now = OrderPaymentRow {
        order_id: order.order_id.clone(),
        payment_id: change.payment_id.to_string(),
        authorized_minor: change.authorized_minor,
        captured_minor: change.captured_minor,
        refunded_minor: change.refunded_minor,
        disputed_minor: change.disputed_minor,
        basis: basis(change.basis),
        updated_at: event.recorded_at,
    };
    let moved = |so_far: i64, of: fn(&OrderPaymentRow) -> i64| {
        sum(difference(so_far, before.as_ref().map_or(0, of))?, of(&now))
    };
    order.authorized_minor = moved(order.authorized_minor, |row| row.authorized_minor)?;
    order.captured_minor = moved(order.captured_minor, |row| row.captured_minor)?;
    order.refunded_minor = moved(order.refunded_minor, |row| row.refunded_minor)?;
    order.disputed_minor = moved(order.disputed_minor, |row| row.disputed_minor)?;
    Ok(now)
}
