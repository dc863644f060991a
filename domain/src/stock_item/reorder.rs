//! The reorder level, and the warning when what is available falls to it.

use super::{
    Decision, Event, StockItemState,
    events::{ReorderLevelReached, ReorderLevelSet},
    state::units_on_hand,
};

pub(super) fn set_level(state: &StockItemState, level: u32) -> Decision {
    Ok(if level == state.reorder_level() { vec![] } else { vec![ReorderLevelSet { level }.into()] })
}

/// Adds the warning as the last event if the events make the item low that was not low before. Raising the level over
/// what is available warns too.
pub(super) fn with_warning(state: &StockItemState, mut events: Vec<Event>) -> Vec<Event> {
    let was_low = is_low(state.available(), state.reorder_level());
    let available = events.iter().fold(state.available(), |available, event| available + available_change(event));
    let level = events.iter().fold(state.reorder_level(), |level, event| match event {
        Event::ReorderLevelSet(e) => e.level,
        Event::OpeningStockRecorded(_)
        | Event::StockReceived(_)
        | Event::StockAdjusted(_)
        | Event::StockReserved(_)
        | Event::ReservationExtended(_)
        | Event::ReservationReleased(_)
        | Event::UnknownReservationReleased(_)
        | Event::StockAllocated(_)
        | Event::AllocationReleased(_)
        | Event::StockShipped(_)
        | Event::StockReturned(_)
        | Event::ReorderLevelReached(_) => level,
    });
    if !was_low && is_low(available, level) {
        events.push(ReorderLevelReached { level, available }.into());
    }
    events
}

fn is_low(available: i64, level: u32) -> bool {
    level > 0 && available <= i64::from(level)
}

/// By how many units an event changes what is available.
fn available_change(event: &Event) -> i64 {
    match event {
        Event::OpeningStockRecorded(e) => e.quantity.as_i64(),
        Event::StockReceived(e) => e.quantity.as_i64(),
        Event::StockAdjusted(e) => e.delta,
        Event::StockReserved(e) => -e.quantity.as_i64(),
        Event::ReservationReleased(e) => e.quantity.as_i64(),
        Event::AllocationReleased(e) => e.quantity.as_i64(),
        Event::StockShipped(e) => i64::from(e.from_allocation) - e.quantity.as_i64(),
        Event::StockReturned(e) => units_on_hand(e.quantity, e.condition),
        // A hold that becomes a promise stays unavailable.
        Event::StockAllocated(_)
        | Event::ReservationExtended(_)
        | Event::UnknownReservationReleased(_)
        | Event::ReorderLevelSet(_)
        | Event::ReorderLevelReached(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        commands::StockItemCommand as Command,
        events::ReleaseReason,
        samples::{
            allocate, at, ended, given, level_reached, level_set, received, release, reserve, reserved, ship, stocked,
        },
    };

    fn set(level: u32) -> Command {
        Command::SetReorderLevel { level }
    }

    #[test]
    fn the_level_is_set_once() {
        stocked(20).when(set(4)).then([level_set(4)]);
        stocked(20).and(set(4)).when(set(4)).then_nothing();
        stocked(20).and(set(4)).when(set(0)).then([level_set(0)]);
    }

    #[test]
    fn falling_to_the_level_warns_last_in_the_same_append() {
        stocked(10).and(set(4)).when(reserve(1, 5, 15)).then([reserved(1, 5, 15)]);
        stocked(10).and(set(4)).when(reserve(1, 6, 15)).then([reserved(1, 6, 15), level_reached(4, 4)]);
        stocked(10).and(set(4)).when(reserve(1, 9, 15)).then([reserved(1, 9, 15), level_reached(4, 1)]);
    }

    #[test]
    fn only_the_fall_warns() {
        let low = || stocked(10).and(set(4)).and(reserve(1, 6, 15));
        low().when(reserve(2, 1, 15)).then([reserved(2, 1, 15)]);
        low().when(release(1)).then([ended(1, 6, ReleaseReason::Released)]);
        let again = low().and(release(1)).when(reserve(2, 7, 15));
        again.then([reserved(2, 7, 15), level_reached(4, 3)]);
    }

    #[test]
    fn what_only_moves_between_hold_and_promise_does_not_warn() {
        let held = || stocked(10).and(reserve(1, 5, 15)).and(set(4));
        assert_eq!(held().when(allocate(1, 1)).then_state().available(), 5);
        held().and(allocate(1, 1)).when(ship(1, 1, 5)).then([super::super::samples::shipped(1, 1, 5)]);
    }

    #[test]
    fn a_level_of_zero_never_warns() {
        stocked(10).when(reserve(1, 10, 15)).then([reserved(1, 10, 15)]);
    }

    #[test]
    fn a_level_raised_over_what_is_available_warns() {
        stocked(10).when(set(10)).then([level_set(10), level_reached(10, 10)]);
        stocked(10).and(set(10)).when(set(12)).then([level_set(12)]);
    }

    #[test]
    fn the_warning_counts_the_holds_that_gave_way() {
        // Two are free, eight are held by one whose time is over, three are wanted: seven remain.
        let history = given([received(0, 10), reserved(1, 8, 5), level_set(1)]);
        let answer = history.at(at(10)).when(reserve(2, 3, 15));
        answer.then([ended(1, 8, ReleaseReason::Expired), reserved(2, 3, 15)]);
    }
}
