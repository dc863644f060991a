//! Where the units of an item are asked for next.
//!
//! Each location is first asked for all that is missing, best first, so that one place sends it all where one can. Only when
//! none has that many are the units taken together from what each said it has.

use super::{
    ROUNDS_MAX, TRIES_MAX,
    state::{Item, Place},
};
use tillroll_domain::{
    ids::{OrderId, ReservationId},
    text::{LocationId, Sku},
};
use tillroll_infra::bus::context::derived_uuid;

/// What to do for an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Plan {
    /// Its units are held.
    Enough,
    /// Something that was asked for is not answered.
    Wait,
    /// Ask for units at locations.
    Ask(Vec<(u32, u32)>),
    /// There are not enough.
    Short {
        /// How many units there are.
        available: u32,
    },
}

/// What to do for an item.
pub(super) fn plan(item: &Item) -> Plan {
    let Some(missing) = item.needed.checked_sub(item.held).filter(|&missing| missing > 0) else { return Plan::Enough };
    if item.asked > 0 {
        return Plan::Wait;
    }
    if item.rounds > ROUNDS_MAX {
        return Plan::Short { available: item.held };
    }
    if let Some((location, _)) = numbered(item).find(|(_, place)| place.available.is_none()) {
        return Plan::Ask(vec![(location, missing)]);
    }
    let mut left = missing;
    let mut asks = vec![];
    for (location, place) in numbered(item).filter(|(_, place)| place.tries < TRIES_MAX) {
        let units = place.available.unwrap_or(0).min(left);
        if units > 0 {
            asks.push((location, units));
            left -= units;
        }
    }
    if left > 0 { Plan::Short { available: item.needed - left } } else { Plan::Ask(asks) }
}

fn numbered(item: &Item) -> impl Iterator<Item = (u32, &Place)> {
    (0..).zip(&item.places)
}

/// The id of a reservation: one per order, SKU, location and try.
pub(super) fn reservation_id(order_id: OrderId, sku: &Sku, location: &LocationId, nth: u32) -> ReservationId {
    let name = format!("{}/{sku}/{location}/{nth}", order_id.uuid());
    ReservationId::new(derived_uuid("tillroll:checkout-reservation", &name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(needed: u32, held: u32, available: &[Option<u32>]) -> Item {
        let place = |&available| Place { asked: 1, tries: 1, available };
        let places = available.iter().map(place).collect();
        Item { sku: "A-1".parse().unwrap(), needed, held, asked: 0, rounds: 0, places }
    }

    #[test]
    fn each_location_is_first_asked_for_all_of_it() {
        assert_eq!(plan(&item(3, 0, &[None, None])), Plan::Ask(vec![(0, 3)]));
        assert_eq!(plan(&item(3, 0, &[Some(2), None])), Plan::Ask(vec![(1, 3)]));
    }

    #[test]
    fn units_are_split_only_if_no_location_has_them_all() {
        assert_eq!(plan(&item(3, 0, &[Some(2), Some(2)])), Plan::Ask(vec![(0, 2), (1, 1)]));
        assert_eq!(plan(&item(3, 0, &[Some(0), Some(1), Some(2)])), Plan::Ask(vec![(1, 1), (2, 2)]));
        assert_eq!(plan(&item(3, 2, &[Some(2), Some(0)])), Plan::Ask(vec![(0, 1)]));
    }

    #[test]
    fn what_is_not_there_is_told_with_what_is() {
        assert_eq!(plan(&item(3, 0, &[Some(2)])), Plan::Short { available: 2 });
        assert_eq!(plan(&item(5, 1, &[Some(2), Some(1)])), Plan::Short { available: 4 });
    }

    #[test]
    fn nothing_is_asked_while_an_answer_is_awaited() {
        assert_eq!(plan(&Item { asked: 1, ..item(3, 1, &[Some(2)]) }), Plan::Wait);
        assert_eq!(plan(&item(3, 3, &[Some(0)])), Plan::Enough);
    }

    #[test]
    fn a_location_is_not_asked_for_ever() {
        let mut often = item(3, 0, &[Some(3), Some(1)]);
        often.places[0].tries = TRIES_MAX;
        assert_eq!(plan(&often), Plan::Short { available: 1 });
        assert_eq!(plan(&Item { rounds: ROUNDS_MAX + 1, ..item(3, 0, &[None]) }), Plan::Short { available: 0 });
    }
}
