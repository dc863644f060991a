//! The live reservations of a stock item, found by id and by the end of their time.

use crate::{ids::ReservationId, quantity::Quantity};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One live reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hold {
    pub(super) quantity: Quantity,
    pub(super) expires_at: DateTime<Utc>,
}

impl Hold {
    /// True from the instant of its end on.
    pub(super) fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.expires_at <= now
    }
}

/// The live reservations. The index and the sum follow from the map, so only the map is serialized.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "BTreeMap<ReservationId, Hold>")]
pub(super) struct Holds {
    by_id: BTreeMap<ReservationId, Hold>,
    by_end: BTreeSet<(DateTime<Utc>, ReservationId)>,
    units: i64,
}

impl Holds {
    pub(super) fn get(&self, id: ReservationId) -> Option<Hold> {
        self.by_id.get(&id).copied()
    }

    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Units of all live reservations.
    pub(super) fn units(&self) -> i64 {
        self.units
    }

    /// Those whose time is over, earliest end first.
    pub(super) fn over(&self, now: DateTime<Utc>) -> impl Iterator<Item = (ReservationId, Hold)> {
        let ended = self.by_end.iter().take_while(move |(end, _)| *end <= now);
        ended.filter_map(|(_, id)| self.by_id.get(id).map(|hold| (*id, *hold)))
    }

    /// Adds a reservation, or gives it another quantity or end.
    pub(super) fn put(&mut self, id: ReservationId, hold: Hold) {
        self.remove(id);
        self.by_end.insert((hold.expires_at, id));
        self.units = self.units.saturating_add(hold.quantity.as_i64());
        self.by_id.insert(id, hold);
    }

    /// Removes a reservation and answers what it was.
    pub(super) fn remove(&mut self, id: ReservationId) -> Option<Hold> {
        let hold = self.by_id.remove(&id)?;
        self.by_end.remove(&(hold.expires_at, id));
        self.units = self.units.saturating_sub(hold.quantity.as_i64());
        Some(hold)
    }
}

impl From<BTreeMap<ReservationId, Hold>> for Holds {
    fn from(by_id: BTreeMap<ReservationId, Hold>) -> Self {
        let mut holds = Self::default();
        for (id, hold) in by_id {
            holds.put(id, hold);
        }
        holds
    }
}

impl Serialize for Holds {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.by_id.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stock_item::samples::{minute, q, rsv};

    fn hold(units: i64, minutes: i64) -> Hold {
        Hold { quantity: q(units), expires_at: minute(minutes) }
    }

    fn over(holds: &Holds, minutes: i64) -> Vec<ReservationId> {
        holds.over(minute(minutes)).map(|(id, _)| id).collect()
    }

    #[test]
    fn holds_are_over_in_the_order_of_their_ends() {
        let mut holds = Holds::default();
        holds.put(rsv(1), hold(1, 9));
        holds.put(rsv(2), hold(2, 7));
        holds.put(rsv(3), hold(3, 9));
        assert_eq!(over(&holds, 6), []);
        assert_eq!(over(&holds, 8), [rsv(2)]);
        assert_eq!(over(&holds, 9), [rsv(2), rsv(1), rsv(3)]);
    }

    #[test]
    fn a_hold_that_is_put_again_replaces_the_first() {
        let mut holds = Holds::default();
        holds.put(rsv(1), hold(1, 5));
        holds.put(rsv(1), hold(4, 20));
        assert_eq!((holds.len(), holds.units()), (1, 4));
        assert_eq!(over(&holds, 10), []);
        assert_eq!(holds.remove(rsv(1)), Some(hold(4, 20)));
        assert_eq!(holds, Holds::default(), "nothing is left behind");
        assert_eq!(holds.remove(rsv(1)), None);
    }
}
