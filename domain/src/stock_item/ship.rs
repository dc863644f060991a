//! Goods leave for an order, out of what was promised to it.

use super::{Decision, StockItemState, error::StockItemError, events::StockShipped, state::ShipmentBooked};
use crate::{
    common::Basis,
    ids::{OrderId, ShipmentId},
    quantity::Quantity,
};

pub(super) fn ship(state: &StockItemState, shipment_id: ShipmentId, order_id: OrderId, quantity: Quantity) -> Decision {
    if is_booked(state, shipment_id, order_id, quantity)? {
        return Ok(vec![]);
    }
    let (requested, allocated) = (quantity.get(), state.allocated_to(order_id));
    if allocated < requested {
        return Err(StockItemError::InsufficientAllocation { order_id, requested, allocated });
    }
    let from_allocation = requested;
    Ok(vec![StockShipped { shipment_id, order_id, quantity, from_allocation, basis: Basis::Recorded }.into()])
}

/// Whether the shipment counted already; the same id with other content is refused.
pub(super) fn is_booked(
    state: &StockItemState,
    shipment_id: ShipmentId,
    order_id: OrderId,
    quantity: Quantity,
) -> Result<bool, StockItemError> {
    match state.shipments.get(&shipment_id) {
        None => Ok(false),
        Some(booked) if *booked == (ShipmentBooked { order_id, quantity }) => Ok(true),
        Some(&ShipmentBooked { order_id, quantity }) => {
            Err(StockItemError::ShipmentDiffers { shipment_id, order_id, quantity })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{ord, promised, q, ship as leave, shipped, shp, stocked};
    use super::*;

    #[test]
    fn goods_leave_out_of_the_promise() {
        promised().when(leave(1, 1, 3)).then([shipped(1, 1, 3)]);
        let state = promised().and(leave(1, 1, 3)).state();
        assert_eq!((state.on_hand(), state.allocated(), state.available()), (7, 1, 6));
    }

    #[test]
    fn no_more_leaves_than_was_promised() {
        let refusal = |order, requested, allocated| {
            let order_id = ord(order);
            StockItemError::InsufficientAllocation { order_id, requested, allocated }
        };
        promised().when(leave(1, 1, 5)).then_refused(refusal(1, 5, 4));
        promised().and(leave(1, 1, 3)).when(leave(2, 1, 2)).then_refused(refusal(1, 2, 1));
        // Free units are not enough: they may be another shopper's in a moment.
        stocked(5).when(leave(1, 1, 1)).then_refused(refusal(1, 1, 0));
    }

    #[test]
    fn a_shipment_counts_once() {
        promised().and(leave(1, 1, 3)).when(leave(1, 1, 3)).then_nothing();
        promised().and(leave(1, 1, 4)).when(leave(1, 1, 4)).then_nothing();
    }

    #[test]
    fn a_shipment_does_not_change() {
        let refusal = || StockItemError::ShipmentDiffers { shipment_id: shp(1), order_id: ord(1), quantity: q(3) };
        promised().and(leave(1, 1, 3)).when(leave(1, 1, 1)).then_refused(refusal());
        promised().and(leave(1, 1, 3)).when(leave(1, 2, 3)).then_refused(refusal());
    }
}
