//! Goods come back.

use super::{
    Decision, StockItemState,
    error::StockItemError,
    events::{ReturnCondition, StockReturned},
    receive::fits,
    state::{ReturnBooked, units_on_hand},
};
use crate::{
    common::Basis,
    ids::{OrderId, ReturnId},
    quantity::Quantity,
};

pub(super) fn take_back(
    state: &StockItemState,
    return_id: ReturnId,
    order_id: Option<OrderId>,
    quantity: Quantity,
    condition: ReturnCondition,
) -> Decision {
    returned(state, return_id, ReturnBooked { order_id, quantity, condition }, Basis::Recorded)
}

/// Books a return once; the same id with other content is refused.
pub(super) fn returned(state: &StockItemState, return_id: ReturnId, wanted: ReturnBooked, basis: Basis) -> Decision {
    match state.returns.get(&return_id) {
        Some(booked) if *booked == wanted => return Ok(vec![]),
        Some(&ReturnBooked { order_id, quantity, condition }) => {
            return Err(StockItemError::ReturnDiffers { return_id, order_id, quantity, condition });
        }
        None => {}
    }
    let ReturnBooked { order_id, quantity, condition } = wanted;
    fits(state, units_on_hand(quantity, condition))?;
    Ok(vec![StockReturned { return_id, order_id, quantity, condition, basis }.into()])
}

#[cfg(test)]
mod tests {
    use super::super::{
        commands::StockItemCommand as Command,
        samples::{ord, q, ret, stocked},
    };
    use super::*;

    fn take_back(n: u128, units: i64, condition: ReturnCondition) -> Command {
        Command::Return { return_id: ret(n), order_id: Some(ord(1)), quantity: q(units), condition }
    }

    #[test]
    fn goods_that_come_back_are_on_hand() {
        let event = StockReturned {
            return_id: ret(1),
            order_id: Some(ord(1)),
            quantity: q(2),
            condition: ReturnCondition::Resellable,
            basis: Basis::Recorded,
        };
        stocked(5).when(take_back(1, 2, ReturnCondition::Resellable)).then([event.into()]);
        for condition in [ReturnCondition::Resellable, ReturnCondition::NotStated] {
            let state = stocked(5).and(take_back(1, 2, condition)).state();
            assert_eq!((state.on_hand(), state.available()), (7, 7), "{condition:?}");
        }
    }

    #[test]
    fn damaged_goods_that_come_back_are_not_on_hand() {
        let state = stocked(5).and(take_back(1, 2, ReturnCondition::Damaged)).state();
        assert_eq!((state.on_hand(), state.available()), (5, 5));
    }

    #[test]
    fn a_return_counts_once() {
        let condition = ReturnCondition::Resellable;
        stocked(5).and(take_back(1, 2, condition)).when(take_back(1, 2, condition)).then_nothing();
    }

    #[test]
    fn a_return_does_not_change() {
        let refusal = || StockItemError::ReturnDiffers {
            return_id: ret(1),
            order_id: Some(ord(1)),
            quantity: q(2),
            condition: ReturnCondition::Resellable,
        };
        let returned = || stocked(5).and(take_back(1, 2, ReturnCondition::Resellable));
        returned().when(take_back(1, 3, ReturnCondition::Resellable)).then_refused(refusal());
        returned().when(take_back(1, 2, ReturnCondition::Damaged)).then_refused(refusal());
        let of_nobody = Command::Return {
            return_id: ret(1),
            order_id: None,
            quantity: q(2),
            condition: ReturnCondition::Resellable,
        };
        returned().when(of_nobody).then_refused(refusal());
    }
}
