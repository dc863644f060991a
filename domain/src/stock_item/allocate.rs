//! A hold becomes a promise to an order, and a promise is taken back.

use super::{
    Decision, StockItemState,
    commands::OPEN_HOLDS_MAX,
    error::StockItemError,
    events::{AllocationReleased, StockAllocated},
    reserve::live,
    state::ReleaseBooked,
};
use crate::{
    ids::{OrderId, ReleaseId, ReservationId},
    quantity::Quantity,
};

/// A hold whose time is over but that nobody ended yet can still be promised: expiry loses.
pub(super) fn allocate(state: &StockItemState, reservation_id: ReservationId, order_id: OrderId) -> Decision {
    let hold = match live(state, reservation_id) {
        Err(StockItemError::ReservationAllocated { order_id: promised_to, .. }) if promised_to == order_id => {
            return Ok(vec![]);
        }
        answer => answer?,
    };
    let promised = state.allocations.get(&order_id);
    if promised.is_none() && state.allocations.len() >= OPEN_HOLDS_MAX {
        return Err(StockItemError::TooManyAllocations { max: OPEN_HOLDS_MAX });
    }
    if Quantity::new(i64::from(state.allocated_to(order_id)) + hold.quantity.as_i64()).is_err() {
        return Err(StockItemError::AllocationTooLarge { order_id });
    }
    Ok(vec![StockAllocated { reservation_id, order_id, quantity: hold.quantity }.into()])
}

pub(super) fn release(state: &StockItemState, order_id: OrderId) -> Decision {
    let promised = state.allocations.get(&order_id);
    let released = |&quantity| AllocationReleased { order_id, quantity, release_id: None }.into();
    Ok(promised.map(released).into_iter().collect())
}

/// Part of the order is not delivered any more, and the rest is.
pub(super) fn release_units(
    state: &StockItemState,
    release_id: ReleaseId,
    order_id: OrderId,
    quantity: Quantity,
) -> Decision {
    match state.releases.get(&release_id) {
        Some(booked) if *booked == (ReleaseBooked { order_id, quantity }) => return Ok(vec![]),
        Some(&ReleaseBooked { order_id, quantity }) => {
            return Err(StockItemError::ReleaseDiffers { release_id, order_id, quantity });
        }
        None => {}
    }
    let (requested, allocated) = (quantity.get(), state.allocated_to(order_id));
    if allocated < requested {
        return Err(StockItemError::InsufficientAllocation { order_id, requested, allocated });
    }
    Ok(vec![AllocationReleased { order_id, quantity, release_id: Some(release_id) }.into()])
}

#[cfg(test)]
mod tests {
    use super::super::{
        ReservationEnding, StockItem, StockItemState,
        commands::StockItemCommand as Command,
        samples::{
            allocate, allocated, at, expire, ord, promised, q, received, rel, reserve, reserved, rsv, ship, stocked,
        },
    };
    use super::*;
    use crate::aggregate::Aggregate;

    #[test]
    fn a_hold_becomes_a_promise() {
        stocked(5).and(reserve(1, 3, 15)).when(allocate(1, 7)).then([allocated(1, 7, 3)]);
        let state = stocked(5).and(reserve(1, 3, 15)).and(allocate(1, 7)).state();
        assert_eq!((state.reserved(), state.allocated(), state.available()), (0, 3, 2));
    }

    #[test]
    fn several_holds_can_be_promised_to_one_order() {
        let state =
            stocked(5).and(reserve(1, 3, 15)).and(reserve(2, 1, 15)).and(allocate(1, 7)).and(allocate(2, 7)).state();
        assert_eq!((state.allocated(), state.allocated_to(ord(7))), (4, 4));
    }

    #[test]
    fn a_hold_is_promised_once() {
        promised().when(allocate(1, 1)).then_nothing();
        promised().and(ship(1, 1, 4)).when(allocate(1, 1)).then_nothing();
        promised()
            .when(allocate(1, 2))
            .then_refused(StockItemError::ReservationAllocated { reservation_id: rsv(1), order_id: ord(1) });
    }

    /// Edge case 5: payment came through although the time was over.
    #[test]
    fn a_hold_whose_time_is_over_can_be_promised_until_somebody_ends_it() {
        stocked(5).and(reserve(1, 3, 15)).at(at(20)).when(allocate(1, 7)).then([allocated(1, 7, 3)]);
        let refusal = StockItemError::ReservationEnded { reservation_id: rsv(1), ending: ReservationEnding::Expired };
        stocked(5).and(reserve(1, 3, 15)).at(at(20)).and(expire(1)).when(allocate(1, 7)).then_refused(refusal);
    }

    #[test]
    fn a_hold_that_is_not_there_cannot_be_promised() {
        let refusal = StockItemError::ReservationNotFound { reservation_id: rsv(1) };
        stocked(5).when(allocate(1, 7)).then_refused(refusal);
    }

    #[test]
    fn the_promises_to_one_order_fit_a_quantity() {
        let most = i64::from(Quantity::MAX);
        let full = stocked(most).and(Command::Receive {
            receipt_id: super::super::samples::rcp(1),
            quantity: q(1),
            reference: None,
        });
        full.and(reserve(1, most, 15))
            .and(reserve(2, 1, 15))
            .and(allocate(1, 7))
            .when(allocate(2, 7))
            .then_refused(StockItemError::AllocationTooLarge { order_id: ord(7) });
    }

    #[test]
    fn the_number_of_promised_orders_is_bounded() {
        let mut history = vec![received(0, 1_000_000)];
        for n in 1..=u128::try_from(OPEN_HOLDS_MAX).unwrap() {
            history.extend([reserved(n, 1, 15), allocated(n, n, 1)]);
        }
        history.push(reserved(0, 1, 15));
        let state: StockItemState = StockItem::fold(&history);
        let refusal = StockItemError::TooManyAllocations { max: OPEN_HOLDS_MAX };
        assert_eq!(StockItem::decide(&state, &allocate(0, 0), &at(0)), Err(refusal));
        assert_eq!(StockItem::decide(&state, &allocate(0, 1), &at(0)), Ok(vec![allocated(0, 1, 1)]), "a known order");
    }

    fn take_back(order: u128) -> Command {
        Command::ReleaseAllocation { order_id: ord(order) }
    }

    #[test]
    fn a_promise_that_is_taken_back_frees_its_units() {
        promised()
            .when(take_back(1))
            .then([AllocationReleased { order_id: ord(1), quantity: q(4), release_id: None }.into()]);
        let state = promised().and(take_back(1)).state();
        assert_eq!((state.allocated(), state.available()), (0, 10));
    }

    #[test]
    fn only_what_has_not_left_is_taken_back() {
        let left = AllocationReleased { order_id: ord(1), quantity: q(1), release_id: None };
        promised().and(ship(1, 1, 3)).when(take_back(1)).then([left.into()]);
        promised().and(ship(1, 1, 4)).when(take_back(1)).then_nothing();
    }

    fn take_units(release: u128, order: u128, units: i64) -> Command {
        Command::ReleaseAllocatedUnits { release_id: rel(release), order_id: ord(order), quantity: q(units) }
    }

    /// Case 25: part of a promised order is cancelled.
    #[test]
    fn part_of_a_promise_is_taken_back_once() {
        let event = |release, units| AllocationReleased {
            order_id: ord(1),
            quantity: q(units),
            release_id: Some(rel(release)),
        };
        promised().when(take_units(1, 1, 3)).then([event(1, 3).into()]);
        let state = promised().and(take_units(1, 1, 3)).state();
        assert_eq!((state.allocated(), state.available(), state.allocated_to(ord(1))), (1, 9, 1));
        promised().and(take_units(1, 1, 3)).when(take_units(1, 1, 3)).then_nothing();
        promised().and(take_units(1, 1, 3)).when(take_units(2, 1, 1)).then([event(2, 1).into()]);
        promised().and(take_units(1, 1, 4)).and(take_back(1)).when(take_units(1, 1, 4)).then_nothing();
    }

    #[test]
    fn a_taking_back_does_not_change() {
        let refusal = || StockItemError::ReleaseDiffers { release_id: rel(1), order_id: ord(1), quantity: q(3) };
        promised().and(take_units(1, 1, 3)).when(take_units(1, 1, 1)).then_refused(refusal());
        promised().and(take_units(1, 1, 3)).when(take_units(1, 2, 3)).then_refused(refusal());
    }

    /// Case 4: no more is taken back than is promised.
    #[test]
    fn no_more_is_taken_back_than_was_promised_and_has_not_left() {
        let refusal = |order, requested, allocated| {
            let order_id = ord(order);
            StockItemError::InsufficientAllocation { order_id, requested, allocated }
        };
        promised().when(take_units(1, 1, 5)).then_refused(refusal(1, 5, 4));
        promised().when(take_units(1, 2, 1)).then_refused(refusal(2, 1, 0));
        promised().and(ship(1, 1, 3)).when(take_units(1, 1, 2)).then_refused(refusal(1, 2, 1));
    }

    #[test]
    fn without_a_promise_there_is_nothing_to_take_back() {
        promised().when(take_back(2)).then_nothing();
        promised().and(take_back(1)).when(take_back(1)).then_nothing();
    }
}
