//! Putting an order together, letting its goods leave, and hearing that they arrived.

use super::{
    commands::MOVEMENTS_MAX,
    error::{LineAction, OrderError},
    events::{OrderClosed, OrderDelivered, OrderEvent, OrderFulfillmentStarted, OrderLinesShipped},
    lines::{check_available, in_order},
    state::PlacedOrder,
    status::PaymentStatus,
};
use crate::{
    aggregate::Moment,
    common::{Basis, LineQuantity},
    ids::ShipmentId,
};

/// Starts to put a confirmed order together.
pub(super) fn start_fulfillment(order: &PlacedOrder) -> Result<Vec<OrderEvent>, OrderError> {
    order.check_confirmed()?;
    if order.fulfillment_started {
        return Ok(vec![]);
    }
    if order.fulfillment_progress().to_ship == 0 {
        return Err(OrderError::NothingToShip);
    }
    Ok(vec![OrderFulfillmentStarted { basis: Basis::Recorded }.into()])
}

/// Lets goods of a confirmed order leave.
pub(super) fn ship_lines(
    order: &PlacedOrder,
    shipment_id: ShipmentId,
    lines: &[LineQuantity],
) -> Result<Vec<OrderEvent>, OrderError> {
    let lines = in_order(lines)?;
    if let Some(known) = order.shipments.get(&shipment_id) {
        return if **known == *lines { Ok(vec![]) } else { Err(OrderError::ShipmentIdReused { shipment_id }) };
    }
    if order.released.contains(&shipment_id) {
        return Err(OrderError::ShipmentReleased { shipment_id });
    }
    order.check_confirmed()?;
    match order.plans.get(&shipment_id) {
        // The plan has counted its units already.
        Some(plan) if **plan == *lines => {}
        Some(_) => return Err(OrderError::ShipmentIdReused { shipment_id }),
        // What plans the shipment says where it leaves, so that stock and money can follow.
        None if order.checkout.is_some() => return Err(OrderError::ShipmentNotPlanned { shipment_id }),
        None => {
            check_room(order)?;
            check_available(order, &lines, LineAction::Ship)?;
        }
    }
    check_captured(order, &lines)?;
    let mut events = Vec::with_capacity(2);
    if !order.fulfillment_started {
        events.push(OrderFulfillmentStarted { basis: Basis::Recorded }.into());
    }
    events.push(OrderLinesShipped { shipment_id, lines, basis: Basis::Recorded }.into());
    Ok(events)
}

/// Succeeds if the money for what has left, these goods included, was captured; an authorization may lapse.
fn check_captured(order: &PlacedOrder, lines: &[LineQuantity]) -> Result<(), OrderError> {
    if order.payment_terms().is_none() {
        return Ok(());
    }
    let mut after = order.clone();
    after.add(lines, |line| &mut line.shipped);
    let (due_minor, captured_minor) = (after.captured_for(|line| line.shipped), order.payment_sums().captured_minor);
    if captured_minor < due_minor {
        return Err(OrderError::PaymentNotCaptured { due_minor, captured_minor });
    }
    Ok(())
}

/// Succeeds while the order can have one more shipment, planned, left or given up.
pub(super) fn check_room(order: &PlacedOrder) -> Result<(), OrderError> {
    if order.shipments.len() + order.plans.len() + order.released.len() >= MOVEMENTS_MAX {
        return Err(OrderError::TooManyMovements { max: MOVEMENTS_MAX });
    }
    Ok(())
}

/// Takes note that all that was shipped arrived. An order all of whose money was given back before is then closed.
pub(super) fn deliver(order: &PlacedOrder, moment: &Moment) -> Result<Vec<OrderEvent>, OrderError> {
    if order.delivered {
        return Ok(vec![]);
    }
    order.check_confirmed()?;
    let progress = order.fulfillment_progress();
    if progress.to_ship == 0 {
        return Err(OrderError::NothingToShip);
    }
    if progress.shipped < progress.to_ship {
        return Err(OrderError::NotFullyShipped { outstanding: progress.to_ship - progress.shipped });
    }
    let mut events = vec![OrderDelivered { business_date: Some(moment.business_date) }.into()];
    if order.payment_status() == PaymentStatus::Refunded {
        events.push(OrderClosed {}.into());
    }
    Ok(events)
}

#[cfg(test)]
mod tests;
