//! Properties of stock items under random commands and jumps of time, held against sums over the plain events.

use super::{
    StockItem, StockItemState,
    commands::StockItemCommand as Command,
    events::{AdjustmentReason, ReturnCondition, StockItemEvent as Event},
    samples::{at, minute, ord, q, rcp, rel, ret, rsv, shp},
};
use crate::{aggregate::Aggregate, ids::ReservationId, testing::assert_survives_storage};
use proptest::{collection::vec, prelude::*, sample::select};
use std::collections::BTreeMap;

/// What the events say, by sums that share no code with the state.
#[derive(Debug, Default)]
struct Books {
    counted: i64,
    promised: i64,
    live: BTreeMap<ReservationId, i64>,
    /// How often each reservation id began and ended.
    balance: BTreeMap<ReservationId, (u32, u32)>,
}

impl Books {
    fn book(&mut self, event: &Event) {
        match event {
            Event::OpeningStockRecorded(e) => self.counted += e.quantity.as_i64(),
            Event::StockReceived(e) => self.counted += e.quantity.as_i64(),
            Event::StockAdjusted(e) => self.counted += e.delta,
            Event::StockReserved(e) => {
                self.live.insert(e.reservation_id, e.quantity.as_i64());
                self.balance.entry(e.reservation_id).or_default().0 += 1;
            }
            Event::ReservationReleased(e) => self.end(e.reservation_id, e.quantity.as_i64()),
            Event::StockAllocated(e) => {
                self.end(e.reservation_id, e.quantity.as_i64());
                self.promised += e.quantity.as_i64();
            }
            Event::AllocationReleased(e) => self.promised -= e.quantity.as_i64(),
            Event::StockShipped(e) => {
                self.counted -= e.quantity.as_i64();
                self.promised -= i64::from(e.from_allocation);
            }
            Event::StockReturned(e) => {
                if e.condition != ReturnCondition::Damaged {
                    self.counted += e.quantity.as_i64();
                }
            }
            Event::ReservationExtended(_)
            | Event::UnknownReservationReleased(_)
            | Event::ReorderLevelSet(_)
            | Event::ReorderLevelReached(_) => {}
        }
    }

    fn end(&mut self, id: ReservationId, units: i64) {
        assert_eq!(self.live.remove(&id), Some(units), "a hold ends with what it held");
        self.balance.entry(id).or_default().1 += 1;
    }

    fn agree_with(&self, state: &StockItemState) -> Result<(), TestCaseError> {
        prop_assert_eq!(state.on_hand(), self.counted);
        prop_assert_eq!(state.reserved(), self.live.values().sum::<i64>());
        prop_assert_eq!(state.allocated(), self.promised);
        prop_assert!(self.promised >= 0 && state.available() >= 0, "{:?}", state);
        for (id, (begun, ended)) in &self.balance {
            let live = u32::from(self.live.contains_key(id));
            prop_assert!(*begun == 1 && *ended + live == 1, "{} began {} and ended {} times", id, begun, ended);
        }
        Ok(())
    }
}

fn command() -> impl Strategy<Value = Command> {
    use AdjustmentReason::{CountCorrection, Found, Lost, WriteOff};
    use ReturnCondition::{Damaged, NotStated, Resellable};
    let units = || (1..8_i64).prop_map(q);
    let hold = || (0..8_u128).prop_map(rsv);
    let order = || (0..3_u128).prop_map(ord);
    let note = || Just("".parse().unwrap());
    prop_oneof![
        2 => (0..4_u128, units()).prop_map(|(n, quantity)| Command::Receive {
            receipt_id: rcp(n), quantity, reference: None
        }),
        2 => (-4..5_i64, select(vec![CountCorrection, Found, Lost]), note())
            .prop_map(|(delta, reason, note)| Command::Adjust { delta, reason, note }),
        8 => (hold(), units(), 0..40_i64).prop_map(|(reservation_id, quantity, end)| Command::Reserve {
            reservation_id, quantity, expires_at: minute(end)
        }),
        2 => (hold(), 0..60_i64).prop_map(|(reservation_id, end)| Command::ExtendReservation {
            reservation_id, expires_at: minute(end)
        }),
        2 => hold().prop_map(|reservation_id| Command::ReleaseReservation { reservation_id }),
        2 => hold().prop_map(|reservation_id| Command::ExpireReservation { reservation_id }),
        4 => (hold(), order()).prop_map(|(reservation_id, order_id)| Command::Allocate { reservation_id, order_id }),
        1 => order().prop_map(|order_id| Command::ReleaseAllocation { order_id }),
        2 => (0..4_u128, order(), units()).prop_map(|(n, order_id, quantity)| Command::ReleaseAllocatedUnits {
            release_id: rel(n), order_id, quantity
        }),
        3 => (0..6_u128, order(), units()).prop_map(|(n, order_id, quantity)| Command::Ship {
            shipment_id: shp(n), order_id, quantity
        }),
        1 => (0..4_u128, units(), select(vec![Resellable, Damaged, NotStated])).prop_map(|(n, quantity, condition)| {
            Command::Return { return_id: ret(n), order_id: None, quantity, condition }
        }),
        1 => (0..6_u32).prop_map(|level| Command::SetReorderLevel { level }),
        2 => (1..30_i64).prop_map(|total| Command::RecordOpeningStock { total: q(total) }),
        1 => (0..6_u128, order(), units()).prop_map(|(n, order_id, quantity)| Command::RecordShipment {
            shipment_id: shp(n), order_id, quantity
        }),
        1 => (0..4_u128, units()).prop_map(|(n, quantity)| Command::RecordReturn { return_id: ret(n), quantity }),
        1 => (-4..5_i64, select(vec![WriteOff, Found]), note()).prop_map(|(delta, reason, note)| {
            Command::RecordAdjustment { delta, reason, note, document: "536589".parse().unwrap() }
        }),
    ]
}

proptest! {
    /// Edge cases 1 and 4: no interleaving oversells, and no hold leaks.
    #[test]
    fn stock_is_conserved_and_never_oversold(steps in vec((command(), 0..50_i64), 1..80)) {
        let (mut state, mut books, mut history) = (StockItem::initial(), Books::default(), vec![]);
        for (command, minutes) in steps {
            // The clock jumps both ways; only the decision's own time counts.
            let Ok(events) = StockItem::decide(&state, &command, &at(minutes)) else { continue };
            for (index, event) in events.iter().enumerate() {
                state = StockItem::evolve(state, event);
                books.book(event);
                books.agree_with(&state)?;
                if let Event::ReorderLevelReached(e) = event {
                    prop_assert_eq!(index, events.len() - 1, "a warning is last");
                    prop_assert_eq!(e.available, state.available());
                }
            }
            history.extend(events);
        }
        prop_assert_eq!(&StockItem::fold(&history), &state, "the same history leads to the same state");
        assert_survives_storage::<StockItem>(&state);

        for n in 0..8 {
            let release = Command::ReleaseReservation { reservation_id: rsv(n) };
            for event in StockItem::decide(&state, &release, &at(0)).unwrap_or_default() {
                state = StockItem::evolve(state, &event);
            }
        }
        for n in 0..3 {
            let release = Command::ReleaseAllocation { order_id: ord(n) };
            for event in StockItem::decide(&state, &release, &at(0)).unwrap() {
                state = StockItem::evolve(state, &event);
            }
        }
        prop_assert_eq!((state.reserved(), state.allocated()), (0, 0), "every hold and promise drains to nothing");
        prop_assert_eq!(state.available(), state.on_hand());
    }

    #[test]
    fn asking_again_changes_nothing(steps in vec((command(), 0..50_i64), 1..40)) {
        let mut state = StockItem::initial();
        for (command, minutes) in steps {
            let Ok(events) = StockItem::decide(&state, &command, &at(minutes)) else { continue };
            state = events.iter().fold(state, StockItem::evolve);
            // Corrections carry no id of their own: each is one more.
            if !matches!(command, Command::Adjust { .. } | Command::RecordAdjustment { .. }) {
                let again = StockItem::decide(&state, &command, &at(minutes));
                prop_assert!(again.as_ref().is_ok_and(Vec::is_empty), "{:?} again: {:?}", command, again);
            }
        }
    }
}
