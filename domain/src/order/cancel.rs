//! Cancelling units or the whole order, and closing what is over.

use super::{
    cause::CancelCause,
    error::{LineAction, OrderError},
    events::{OrderCancelled, OrderClosed, OrderEvent, OrderLinesCancelled},
    lines::{check_available, in_order},
    state::PlacedOrder,
    status::{Lifecycle, PaymentStatus},
};
use crate::{
    common::{LineKind, LineQuantity},
    text::Note,
};

/// Cancels units that did not leave. If thereby nothing of the order is ever delivered, the order is cancelled.
pub(super) fn cancel_lines(
    order: &PlacedOrder,
    lines: &[LineQuantity],
    reason: &Note,
) -> Result<Vec<OrderEvent>, OrderError> {
    match order.lifecycle {
        // What is being paid is the total that was agreed.
        Lifecycle::Placed if order.checkout.is_some() => return Err(OrderError::NotConfirmed),
        Lifecycle::Placed | Lifecycle::Confirmed => {}
        Lifecycle::Cancelled => return Err(OrderError::Cancelled),
        Lifecycle::Closed => return Err(OrderError::Closed),
    }
    let lines = in_order(lines)?;
    check_available(order, &lines, LineAction::Cancel)?;
    let cancels_order = leaves_nothing(order, &lines);
    let mut after = order.clone();
    after.add(&lines, |line| &mut line.cancelled);
    let value_minor = Some(order.due_minor() - after.due_minor());
    let mut events = vec![OrderLinesCancelled { lines, reason: reason.clone(), value_minor }.into()];
    if cancels_order {
        push_cancelled(order, reason, CancelCause::Staff, &mut events);
    }
    Ok(events)
}

/// Cancels an order of which nothing left.
pub(super) fn cancel(order: &PlacedOrder, reason: &Note) -> Result<Vec<OrderEvent>, OrderError> {
    cancel_all(order, reason, CancelCause::Staff)
}

fn cancel_all(order: &PlacedOrder, reason: &Note, cause: CancelCause) -> Result<Vec<OrderEvent>, OrderError> {
    if order.was_cancelled() {
        return Ok(vec![]);
    }
    let shipped = order.fulfillment_progress().shipped;
    if shipped > 0 {
        return Err(OrderError::AlreadyShipped { shipped });
    }
    let planned = order.planned();
    if planned > 0 {
        return Err(OrderError::UnitsPlanned { planned });
    }
    let mut events = Vec::with_capacity(2);
    push_cancelled(order, reason, cause, &mut events);
    Ok(events)
}

/// The buyer cancels an order that nobody has started to put together.
pub(super) fn cancel_by_buyer(order: &PlacedOrder, reason: &Note) -> Result<Vec<OrderEvent>, OrderError> {
    if order.fulfillment_started && !order.was_cancelled() {
        return Err(OrderError::FulfillmentStarted);
    }
    cancel_all(order, reason, CancelCause::Buyer)
}

/// Cancels an order for a cause that speaks for itself.
pub(super) fn cancel_for_cause(order: &PlacedOrder, cause: &CancelCause) -> Result<Vec<OrderEvent>, OrderError> {
    match cause {
        CancelCause::Buyer => return cancel_by_buyer(order, &cause.reason()),
        // A promised order was paid, whatever became of the money since.
        CancelCause::PaymentOverdue
            if !order.was_cancelled() && (order.lifecycle != Lifecycle::Placed || order.is_paid()) =>
        {
            return Err(OrderError::PaymentArrived);
        }
        CancelCause::PaymentOverdue
        | CancelCause::Staff
        | CancelCause::InsufficientStock { .. }
        | CancelCause::StockLost
        | CancelCause::Withdrawn => {}
    }
    cancel_all(order, &cause.reason(), cause.clone())
}

/// Closes a delivered or cancelled order.
pub(super) fn close(order: &PlacedOrder) -> Result<Vec<OrderEvent>, OrderError> {
    match order.lifecycle {
        Lifecycle::Closed => Ok(vec![]),
        Lifecycle::Cancelled => Ok(vec![OrderClosed {}.into()]),
        Lifecycle::Confirmed if order.delivered => Ok(vec![OrderClosed {}.into()]),
        Lifecycle::Placed | Lifecycle::Confirmed => {
            Err(OrderError::NotClosable { lifecycle: order.lifecycle, fulfillment: order.fulfillment_status() })
        }
    }
}

fn push_cancelled(order: &PlacedOrder, reason: &Note, cause: CancelCause, events: &mut Vec<OrderEvent>) {
    let confirmed = order.lifecycle != Lifecycle::Placed;
    events.push(OrderCancelled { reason: reason.clone(), cause: Some(cause), confirmed: Some(confirmed) }.into());
    if order.payment_status() == PaymentStatus::Refunded {
        events.push(OrderClosed {}.into());
    }
}

/// Whether, without these units, nothing was or will be delivered. Goods decide; an order without goods consists of its
/// other lines.
fn leaves_nothing(order: &PlacedOrder, cancelled: &[LineQuantity]) -> bool {
    let has_goods = order.goods().next().is_some();
    let mut cancelled = cancelled.iter().peekable();
    (1..).zip(&order.lines).all(|(number, line)| {
        let now = cancelled.next_if(|units| units.line == number).map_or(0, |units| units.quantity.get());
        let counts = !has_goods || line.kind == LineKind::Goods;
        !counts || (line.shipped == 0 && line.outstanding() == now)
    })
}

#[cfg(test)]
mod tests;
