//! Recording history: an order that was carried out in the past, and the credits that were later set against it.

use super::{
    commands::{MOVEMENTS_MAX, OrderSnapshot},
    error::{LineAction, OrderError},
    events::{
        CreditedLine, OrderConfirmed, OrderEvent, OrderFulfillmentStarted, OrderLinesCredited, OrderLinesShipped,
        OrderPlaced,
    },
    lines::{check_available, in_order},
    pay::changed,
    place::placed,
    state::{OrderState, PaymentAmounts, PlacedOrder},
};
use crate::{
    aggregate::Moment,
    common::{Basis, LineKind, LineQuantity, SourceDocument},
    ids::{CreditNoteId, PaymentId, ShipmentId},
};

/// Records an order of the past, together with what must have become of it.
pub(super) fn record(
    state: &OrderState,
    snapshot: &OrderSnapshot,
    source: &SourceDocument,
    payment_id: Option<PaymentId>,
    shipment_id: Option<ShipmentId>,
    moment: &Moment,
) -> Result<Vec<OrderEvent>, OrderError> {
    if let OrderState::Placed(order) = state {
        let recorded = order.source.as_ref().ok_or(OrderError::AlreadyPlaced)?;
        recorded.check_same(source)?;
        return Ok(vec![]);
    }
    let placed = placed(snapshot, Some(source), moment)?;
    let payment = inferred_payment(&placed, payment_id)?;
    let shipment = inferred_shipment(&placed, shipment_id)?;
    let mut events = Vec::with_capacity(5);
    events.push(placed.into());
    events.push(OrderConfirmed { basis: Basis::Inferred }.into());
    events.extend(payment);
    if let Some(shipment) = shipment {
        events.push(OrderFulfillmentStarted { basis: Basis::Inferred }.into());
        events.push(shipment.into());
    }
    Ok(events)
}

/// Sets a credit note of the past against an order, whatever became of the order.
pub(super) fn record_credit(
    order: &PlacedOrder,
    credit_note_id: CreditNoteId,
    lines: &[CreditedLine],
) -> Result<Vec<OrderEvent>, OrderError> {
    let lines = in_order(lines)?;
    if let Some(known) = order.credits.get(&credit_note_id) {
        return if **known == *lines { Ok(vec![]) } else { Err(OrderError::CreditNoteIdReused { credit_note_id }) };
    }
    if order.credits.len() >= MOVEMENTS_MAX {
        return Err(OrderError::TooManyMovements { max: MOVEMENTS_MAX });
    }
    if let Some(&CreditedLine { line, amount_minor, .. }) = lines.iter().find(|line| line.amount_minor < 0) {
        return Err(OrderError::NegativeCredit { line, amount_minor });
    }
    check_available(order, &lines, LineAction::Credit)?;
    // The credit note is a document; that it belongs to this order is a conclusion.
    Ok(vec![OrderLinesCredited { credit_note_id, lines, basis: Basis::Inferred }.into()])
}

fn inferred_payment(placed: &OrderPlaced, payment_id: Option<PaymentId>) -> Result<Option<OrderEvent>, OrderError> {
    let total_minor = placed.totals.total_minor;
    match (payment_id, total_minor) {
        (None, 0) => Ok(None),
        (Some(payment_id), 1..) => {
            let amounts = PaymentAmounts { captured_minor: total_minor, ..PaymentAmounts::default() };
            Ok(Some(changed(payment_id, amounts, Basis::Inferred).into()))
        }
        (None | Some(_), _) => Err(OrderError::PaymentIdMismatch { total_minor }),
    }
}

fn inferred_shipment(
    placed: &OrderPlaced,
    shipment_id: Option<ShipmentId>,
) -> Result<Option<OrderLinesShipped>, OrderError> {
    let goods = placed.lines.iter().filter(|line| line.kind == LineKind::Goods);
    let lines: Vec<_> = goods.map(|line| LineQuantity { line: line.line, quantity: line.quantity }).collect();
    match (shipment_id, lines.is_empty()) {
        (None, true) => Ok(None),
        (Some(shipment_id), false) => Ok(Some(OrderLinesShipped { shipment_id, lines, basis: Basis::Inferred })),
        (None, false) | (Some(_), true) => Err(OrderError::ShipmentIdMismatch { goods_lines: lines.len() }),
    }
}

#[cfg(test)]
mod tests;
