//! A hold ends without an order: let go, or its time is over.

use super::{
    Decision, StockItemState,
    error::{ReservationEnding, StockItemError},
    events::{ReleaseReason, ReservationReleased, UnknownReservationReleased},
    holds::Hold,
};
use crate::ids::ReservationId;
use chrono::{DateTime, Utc};

pub(super) fn release(state: &StockItemState, reservation_id: ReservationId) -> Decision {
    if let Some(hold) = state.holds.get(reservation_id) {
        return Ok(vec![released(reservation_id, hold, ReleaseReason::Released)]);
    }
    match state.ended.get(&reservation_id) {
        Some(&ReservationEnding::Allocated(order_id)) => {
            Err(StockItemError::ReservationAllocated { reservation_id, order_id })
        }
        Some(ReservationEnding::Released | ReservationEnding::Expired | ReservationEnding::ReleasedBeforehand) => {
            Ok(vec![])
        }
        // The reserve may still be on its way: what is recorded here makes it lose.
        None => Ok(vec![UnknownReservationReleased { reservation_id }.into()]),
    }
}

pub(super) fn expire(state: &StockItemState, reservation_id: ReservationId, now: DateTime<Utc>) -> Decision {
    // A timer may come late: whoever extended, ended or allocated the hold before it was right.
    Ok(match state.holds.get(reservation_id) {
        Some(hold) if hold.is_over(now) => vec![released(reservation_id, hold, ReleaseReason::Expired)],
        Some(_) | None => vec![],
    })
}

fn released(reservation_id: ReservationId, hold: Hold, reason: ReleaseReason) -> super::Event {
    ReservationReleased { reservation_id, quantity: hold.quantity, reason }.into()
}

#[cfg(test)]
mod tests {
    use super::super::samples::{
        allocate, allocated, at, ended, expire, ord, release as let_go, reserve, rsv, stocked,
    };
    use super::*;

    #[test]
    fn a_released_hold_frees_its_units() {
        stocked(5).and(reserve(1, 3, 15)).when(let_go(1)).then([ended(1, 3, ReleaseReason::Released)]);
        let state = stocked(5).and(reserve(1, 3, 15)).and(let_go(1)).state();
        assert_eq!((state.reserved(), state.available()), (0, 5));
    }

    #[test]
    fn a_hold_ends_once() {
        let released = stocked(5).and(reserve(1, 3, 15)).and(let_go(1));
        released.when(let_go(1)).then_nothing();
        let expired = stocked(5).and(reserve(1, 3, 15)).at(at(15)).and(expire(1));
        expired.when(let_go(1)).then_nothing();
    }

    #[test]
    fn the_release_of_an_unknown_hold_is_recorded_once() {
        let unknown = UnknownReservationReleased { reservation_id: rsv(1) };
        stocked(5).when(let_go(1)).then([unknown.into()]);
        stocked(5).and(let_go(1)).when(let_go(1)).then_nothing();
    }

    #[test]
    fn a_hold_that_became_a_promise_is_not_released() {
        let refusal = StockItemError::ReservationAllocated { reservation_id: rsv(1), order_id: ord(7) };
        let promised = stocked(5).and(reserve(1, 3, 15)).and(allocate(1, 7));
        promised.when(let_go(1)).then_refused(refusal);
    }

    #[test]
    fn a_hold_expires_at_its_end_and_not_before() {
        stocked(5).and(reserve(1, 3, 15)).at(at(14)).when(expire(1)).then_nothing();
        stocked(5).and(reserve(1, 3, 15)).at(at(15)).when(expire(1)).then([ended(1, 3, ReleaseReason::Expired)]);
    }

    #[test]
    fn expiry_loses_to_whatever_came_first() {
        stocked(5).at(at(20)).when(expire(1)).then_nothing();
        let held = || stocked(5).and(reserve(1, 3, 15)).at(at(20));
        held().when(allocate(1, 7)).then([allocated(1, 7, 3)]);
        held().and(allocate(1, 7)).when(expire(1)).then_nothing();
        held().and(let_go(1)).when(expire(1)).then_nothing();
        held().and(expire(1)).when(expire(1)).then_nothing();
    }
}
