//! Units are held for somebody who is about to buy, and held longer.

use super::{
    Decision, StockItemState,
    commands::OPEN_HOLDS_MAX,
    error::{ReservationEnding, StockItemError},
    events::{ReleaseReason, ReservationExtended, ReservationReleased, StockReserved},
    holds::Hold,
};
use crate::{ids::ReservationId, quantity::Quantity};
use chrono::{DateTime, Utc};

pub(super) fn reserve(
    state: &StockItemState,
    reservation_id: ReservationId,
    quantity: Quantity,
    expires_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Decision {
    if let Some(hold) = state.holds.get(reservation_id) {
        return if hold.quantity == quantity {
            Ok(vec![])
        } else {
            Err(StockItemError::ReservationDiffers { reservation_id, held: hold.quantity, requested: quantity })
        };
    }
    if let Some(&ending) = state.ended.get(&reservation_id) {
        return Err(ended(reservation_id, ending));
    }
    in_future(expires_at, now)?;

    let mut events = Vec::with_capacity(2);
    let mut available = state.available();
    let mut live = state.holds.len();
    let mut over = state.holds.over(now);
    while available < quantity.as_i64() || live >= OPEN_HOLDS_MAX {
        // Without a hold left that could give way, what is missing is missing.
        let Some((id, hold)) = over.next() else {
            return Err(if available < quantity.as_i64() {
                StockItemError::InsufficientStock { requested: quantity.get().into(), available }
            } else {
                StockItemError::TooManyReservations { max: OPEN_HOLDS_MAX }
            });
        };
        available += hold.quantity.as_i64();
        live -= 1;
        let released =
            ReservationReleased { reservation_id: id, quantity: hold.quantity, reason: ReleaseReason::Expired };
        events.push(released.into());
    }
    events.push(StockReserved { reservation_id, quantity, expires_at }.into());
    Ok(events)
}

pub(super) fn extend(
    state: &StockItemState,
    reservation_id: ReservationId,
    expires_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Decision {
    let hold = live(state, reservation_id)?;
    if expires_at <= hold.expires_at {
        return Ok(vec![]);
    }
    in_future(expires_at, now)?;
    Ok(vec![ReservationExtended { reservation_id, expires_at }.into()])
}

/// The live hold, or why there is none.
pub(super) fn live(state: &StockItemState, reservation_id: ReservationId) -> Result<Hold, StockItemError> {
    state.holds.get(reservation_id).ok_or_else(|| match state.ended.get(&reservation_id) {
        Some(&ending) => ended(reservation_id, ending),
        None => StockItemError::ReservationNotFound { reservation_id },
    })
}

fn ended(reservation_id: ReservationId, ending: ReservationEnding) -> StockItemError {
    match ending {
        ReservationEnding::Allocated(order_id) => StockItemError::ReservationAllocated { reservation_id, order_id },
        ReservationEnding::Released | ReservationEnding::Expired | ReservationEnding::ReleasedBeforehand => {
            StockItemError::ReservationEnded { reservation_id, ending }
        }
    }
}

fn in_future(expires_at: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), StockItemError> {
    if expires_at > now { Ok(()) } else { Err(StockItemError::ExpiryNotInFuture { expires_at, now }) }
}

#[cfg(test)]
mod tests {
    use super::super::{StockItem, StockItemState, commands::StockItemCommand as Command, samples};
    use super::*;
    use crate::aggregate::Aggregate;
    use samples::{at, ended as hold_ended, given, minute, ord, q, received, reserved, rsv, stocked};

    fn reserve(n: u128, units: i64) -> Command {
        samples::reserve(n, units, 15)
    }

    fn extend(n: u128, minutes: i64) -> Command {
        Command::ExtendReservation { reservation_id: rsv(n), expires_at: minute(minutes) }
    }

    #[test]
    fn free_units_are_held() {
        stocked(5).when(reserve(1, 5)).then([reserved(1, 5, 15)]);
        let state = stocked(5).and(reserve(1, 3)).state();
        assert_eq!((state.on_hand(), state.reserved(), state.available()), (5, 3, 2));
    }

    /// Edge case 1: the check and the hold are one decision, so the second of two shoppers is told.
    #[test]
    fn the_last_unit_is_held_once() {
        stocked(1)
            .and(reserve(1, 1))
            .when(reserve(2, 1))
            .then_refused(StockItemError::InsufficientStock { requested: 1, available: 0 });
    }

    #[test]
    fn what_is_promised_cannot_be_held() {
        let refusal = StockItemError::InsufficientStock { requested: 7, available: 6 };
        samples::promised().when(reserve(2, 7)).then_refused(refusal);
    }

    #[test]
    fn a_hold_is_made_once() {
        stocked(5).and(reserve(1, 3)).when(reserve(1, 3)).then_nothing();
        // Asked again late, when its end is past: it is there.
        stocked(5).and(reserve(1, 3)).at(at(20)).when(reserve(1, 3)).then_nothing();
    }

    #[test]
    fn a_hold_does_not_change_its_quantity() {
        let refusal = StockItemError::ReservationDiffers { reservation_id: rsv(1), held: q(3), requested: q(2) };
        stocked(5).and(reserve(1, 3)).when(reserve(1, 2)).then_refused(refusal);
    }

    #[test]
    fn a_hold_ends_in_the_future() {
        let refusal = StockItemError::ExpiryNotInFuture { expires_at: minute(15), now: minute(15) };
        stocked(5).at(at(15)).when(reserve(1, 1)).then_refused(refusal);
    }

    #[test]
    fn an_ended_hold_is_not_made_again() {
        let refusal = |ending| StockItemError::ReservationEnded { reservation_id: rsv(1), ending };
        let held = || stocked(5).and(reserve(1, 3));
        held().and(samples::release(1)).when(reserve(1, 3)).then_refused(refusal(ReservationEnding::Released));
        held()
            .at(at(15))
            .and(samples::expire(1))
            .at(at(0))
            .when(reserve(1, 3))
            .then_refused(refusal(ReservationEnding::Expired));
        held()
            .and(samples::allocate(1, 7))
            .when(reserve(1, 3))
            .then_refused(StockItemError::ReservationAllocated { reservation_id: rsv(1), order_id: ord(7) });
    }

    #[test]
    fn a_reserve_that_comes_after_its_release_loses() {
        let refusal =
            StockItemError::ReservationEnded { reservation_id: rsv(1), ending: ReservationEnding::ReleasedBeforehand };
        stocked(5).and(samples::release(1)).when(reserve(1, 3)).then_refused(refusal);
    }

    #[test]
    fn holds_whose_time_is_over_give_way_if_the_units_are_needed() {
        let history = || given([received(0, 6), reserved(1, 2, 9), reserved(2, 2, 7), reserved(3, 1, 8)]);
        // One unit is free; the hold that ended first gives two more; the others stay.
        history().at(at(10)).when(reserve(4, 3)).then([hold_ended(2, 2, ReleaseReason::Expired), reserved(4, 3, 15)]);
        history().at(at(10)).when(reserve(4, 4)).then([
            hold_ended(2, 2, ReleaseReason::Expired),
            hold_ended(3, 1, ReleaseReason::Expired),
            reserved(4, 4, 15),
        ]);
    }

    #[test]
    fn holds_whose_time_is_over_stay_if_enough_is_free() {
        given([received(0, 6), reserved(1, 2, 5)]).at(at(10)).when(reserve(2, 4)).then([reserved(2, 4, 15)]);
    }

    #[test]
    fn holds_whose_time_is_not_over_never_give_way() {
        let history = given([received(0, 6), reserved(1, 2, 5), reserved(2, 3, 11)]);
        // The refusal says what could be had, and leaves the hold whose time is over alone.
        let refusal = StockItemError::InsufficientStock { requested: 4, available: 3 };
        history.at(at(10)).when(reserve(3, 4)).then_refused(refusal);
    }

    fn with_holds(count: usize, minutes: i64) -> StockItemState {
        let holds = (1..=count).map(|n| reserved(u128::try_from(n).unwrap(), 1, minutes));
        StockItem::fold(&std::iter::once(received(0, 1_000_000)).chain(holds).collect::<Vec<_>>())
    }

    #[test]
    fn the_number_of_holds_is_bounded() {
        let state = with_holds(OPEN_HOLDS_MAX, 15);
        assert_eq!(
            StockItem::decide(&state, &samples::reserve(0, 1, 30), &at(14)),
            Err(StockItemError::TooManyReservations { max: OPEN_HOLDS_MAX })
        );
        let events = StockItem::decide(&state, &samples::reserve(0, 1, 30), &at(15)).unwrap();
        assert_eq!(events, [hold_ended(1, 1, ReleaseReason::Expired), reserved(0, 1, 30)], "one gives way");
        let state = with_holds(OPEN_HOLDS_MAX - 1, 15);
        assert_eq!(StockItem::decide(&state, &samples::reserve(0, 1, 30), &at(0)), Ok(vec![reserved(0, 1, 30)]));
    }

    fn extended(n: u128, minutes: i64) -> super::super::Event {
        ReservationExtended { reservation_id: rsv(n), expires_at: minute(minutes) }.into()
    }

    #[test]
    fn a_hold_can_last_longer() {
        stocked(5).and(reserve(1, 3)).when(extend(1, 30)).then([extended(1, 30)]);
        stocked(5).and(reserve(1, 3)).and(extend(1, 30)).at(at(20)).when(samples::expire(1)).then_nothing();
    }

    #[test]
    fn a_hold_never_lasts_shorter() {
        stocked(5).and(reserve(1, 3)).when(extend(1, 15)).then_nothing();
        stocked(5).and(reserve(1, 3)).when(extend(1, 10)).then_nothing();
    }

    /// Edge case 5: the customer pays while the time runs out; whoever extends before anybody ends the hold wins.
    #[test]
    fn a_hold_whose_time_is_over_can_last_longer_until_somebody_ends_it() {
        stocked(5).and(reserve(1, 3)).at(at(20)).when(extend(1, 30)).then([extended(1, 30)]);
        let refusal = StockItemError::ReservationEnded { reservation_id: rsv(1), ending: ReservationEnding::Expired };
        stocked(5).and(reserve(1, 3)).at(at(20)).and(samples::expire(1)).when(extend(1, 30)).then_refused(refusal);
    }

    #[test]
    fn a_hold_is_not_extended_into_the_past() {
        let refusal = StockItemError::ExpiryNotInFuture { expires_at: minute(20), now: minute(20) };
        stocked(5).and(reserve(1, 3)).at(at(20)).when(extend(1, 20)).then_refused(refusal);
    }

    #[test]
    fn a_hold_that_is_not_there_cannot_last_longer() {
        stocked(5).when(extend(1, 30)).then_refused(StockItemError::ReservationNotFound { reservation_id: rsv(1) });
        stocked(5)
            .and(reserve(1, 3))
            .and(samples::allocate(1, 7))
            .when(extend(1, 30))
            .then_refused(StockItemError::ReservationAllocated { reservation_id: rsv(1), order_id: ord(7) });
    }
}
