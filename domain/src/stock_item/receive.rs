//! Goods arrive.

use super::{Decision, StockItemState, error::StockItemError, events::StockReceived};
use crate::{common::Basis, ids::ReceiptId, quantity::Quantity, text::Reference};

pub(super) fn receive(
    state: &StockItemState,
    receipt_id: ReceiptId,
    quantity: Quantity,
    reference: Option<&Reference>,
) -> Decision {
    if let Some(&booked) = state.receipts.get(&receipt_id) {
        return if booked == quantity {
            Ok(vec![])
        } else {
            Err(StockItemError::ReceiptDiffers { receipt_id, booked, requested: quantity })
        };
    }
    fits(state, quantity.as_i64())?;
    Ok(vec![StockReceived { receipt_id, quantity, reference: reference.cloned(), basis: Basis::Recorded }.into()])
}

/// Refuses a count that would not fit.
pub(super) fn fits(state: &StockItemState, more: i64) -> Result<(), StockItemError> {
    state.on_hand().checked_add(more).map(|_| ()).ok_or(StockItemError::CountTooLarge)
}

#[cfg(test)]
mod tests {
    use super::super::{
        commands::StockItemCommand as Command,
        samples::{given, q, rcp, received, stocked},
    };
    use super::*;

    fn receive(n: u128, units: i64) -> Command {
        Command::Receive { receipt_id: rcp(n), quantity: q(units), reference: None }
    }

    #[test]
    fn goods_that_arrive_are_on_hand() {
        given([]).when(receive(1, 5)).then([received(1, 5)]);
        let state = stocked(5).and(receive(2, 3)).state();
        assert_eq!((state.on_hand(), state.available()), (8, 8));
    }

    #[test]
    fn the_reference_of_the_delivery_is_kept() {
        let reference: Reference = "DN 17".parse().unwrap();
        let command = Command::Receive { receipt_id: rcp(1), quantity: q(5), reference: Some(reference.clone()) };
        let event =
            StockReceived { receipt_id: rcp(1), quantity: q(5), reference: Some(reference), basis: Basis::Recorded };
        given([]).when(command).then([event.into()]);
    }

    #[test]
    fn a_receipt_counts_once() {
        given([received(1, 5)]).when(receive(1, 5)).then_nothing();
    }

    #[test]
    fn a_receipt_does_not_change_its_quantity() {
        given([received(1, 5)]).when(receive(1, 6)).then_refused(StockItemError::ReceiptDiffers {
            receipt_id: rcp(1),
            booked: q(5),
            requested: q(6),
        });
    }
}
