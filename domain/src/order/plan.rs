//! Planning which goods leave together, and giving such a plan up.

use super::{
    error::{LineAction, OrderError},
    events::{OrderEvent, OrderFulfillmentPlanned, OrderFulfillmentReleased, OrderFulfillmentStarted},
    lines::{check_available, in_order},
    ship::check_room,
    state::PlacedOrder,
};
use crate::{
    common::{Basis, LineQuantity},
    ids::ShipmentId,
};

/// Sets goods of a confirmed order aside for a shipment.
pub(super) fn plan_fulfillment(
    order: &PlacedOrder,
    shipment_id: ShipmentId,
    lines: &[LineQuantity],
) -> Result<Vec<OrderEvent>, OrderError> {
    let lines = in_order(lines)?;
    if order.released.contains(&shipment_id) {
        return Err(OrderError::ShipmentReleased { shipment_id });
    }
    if let Some(known) = order.plans.get(&shipment_id).or_else(|| order.shipments.get(&shipment_id)) {
        return if **known == *lines { Ok(vec![]) } else { Err(OrderError::ShipmentIdReused { shipment_id }) };
    }
    order.check_confirmed()?;
    check_room(order)?;
    check_available(order, &lines, LineAction::Plan)?;
    let mut events = Vec::with_capacity(2);
    if !order.fulfillment_started {
        events.push(OrderFulfillmentStarted { basis: Basis::Recorded }.into());
    }
    events.push(OrderFulfillmentPlanned { shipment_id, lines }.into());
    Ok(events)
}

/// Gives a plan up. Its id is kept as used up, so that a shipping that races with it loses for good.
pub(super) fn release_fulfillment(order: &PlacedOrder, shipment_id: ShipmentId) -> Result<Vec<OrderEvent>, OrderError> {
    if order.released.contains(&shipment_id) {
        return Ok(vec![]);
    }
    if order.shipments.contains_key(&shipment_id) {
        return Err(OrderError::ShipmentLeft { shipment_id });
    }
    if !order.plans.contains_key(&shipment_id) {
        return Err(OrderError::ShipmentNotPlanned { shipment_id });
    }
    Ok(vec![OrderFulfillmentReleased { shipment_id }.into()])
}

#[cfg(test)]
mod tests;
