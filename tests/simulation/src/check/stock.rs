//! Stock: what is on hand is the sum of what moved, nothing is promised or held twice, and nothing that is not there.

use super::{Checked, Violation, ensure};
use crate::reached::{Reached, State};
use std::collections::{BTreeMap, BTreeSet};
use tillroll_domain::{
    aggregate::Aggregate,
    ids::{OrderId, ReservationId},
    stock_item::{
        StockItem, StockItemState,
        events::{ReleaseReason, ReturnCondition, StockItemEvent as Event},
    },
};
use tillroll_infra::event::RecordedEvent;

/// All stock items by `location.sku`.
#[derive(Debug, Default)]
pub struct Stock(BTreeMap<String, Item>);

/// One stock item, reckoned by ourselves and by the domain.
#[derive(Debug, Default)]
pub struct Item {
    on_hand: i64,
    holds: BTreeMap<ReservationId, i64>,
    /// What each hold belongs to, in the words of the command that asked for it.
    owners: BTreeMap<ReservationId, String>,
    ended: BTreeSet<ReservationId>,
    promised: BTreeMap<OrderId, i64>,
    state: StockItemState,
}

impl Item {
    /// Units of live holds.
    #[must_use]
    pub fn reserved(&self) -> i64 {
        self.holds.values().sum()
    }

    /// Units promised to an order.
    #[must_use]
    pub fn promised_to(&self, order: OrderId) -> i64 {
        self.promised.get(&order).copied().unwrap_or(0)
    }

    /// Units that anybody may have.
    #[must_use]
    pub fn available(&self) -> i64 {
        self.state.available()
    }

    /// The orders that something is promised to.
    pub fn promises(&self) -> impl Iterator<Item = (OrderId, i64)> {
        self.promised.iter().map(|(order, units)| (*order, *units))
    }
}

impl Stock {
    /// All items.
    pub fn items(&self) -> impl Iterator<Item = (&str, &Item)> {
        self.0.iter().map(|(name, item)| (name.as_str(), item))
    }

    /// An item by `location.sku`.
    #[must_use]
    pub fn item(&self, name: &str) -> Option<&Item> {
        self.0.get(name)
    }

    /// No unit is held any more for what has this correlation id.
    ///
    /// # Errors
    /// The hold that is left.
    pub fn nothing_held_for(&self, owner: &str) -> Checked {
        for (name, item) in &self.0 {
            let left = item.holds.keys().find(|id| item.owners.get(id).is_some_and(|found| found == owner));
            ensure(left.is_none(), "left over", || {
                format!("{name} is still held for {owner}, which is over: {left:?}")
            })?;
        }
        Ok(())
    }

    pub(super) fn see(&mut self, recorded: &RecordedEvent, event: &Event, reached: &Reached) -> Checked {
        let name = recorded.stream.id();
        let item = self.0.entry(name.to_owned()).or_default();
        let wrong = |what: String| Err(Violation::new("I13 stock", format!("{name} at {}: {what}", recorded.position)));
        match event {
            Event::OpeningStockRecorded(e) => item.on_hand += e.quantity.as_i64(),
            Event::StockReceived(e) => item.on_hand += e.quantity.as_i64(),
            Event::StockAdjusted(e) => item.on_hand += e.delta,
            Event::StockReserved(e) => {
                let id = e.reservation_id;
                if let Some(owner) = recorded.metadata().ok().and_then(|metadata| metadata.correlation_id) {
                    item.owners.insert(id, owner);
                }
                if item.ended.contains(&id) || item.holds.insert(id, e.quantity.as_i64()).is_some() {
                    return wrong(format!("{id} is held a second time"));
                }
            }
            Event::ReservationExtended(e) => {
                if !item.holds.contains_key(&e.reservation_id) {
                    return wrong(format!("{} is extended and not held", e.reservation_id));
                }
            }
            Event::ReservationReleased(e) => {
                if item.holds.remove(&e.reservation_id) != Some(e.quantity.as_i64()) {
                    return wrong(format!("{} ends and was not held like this", e.reservation_id));
                }
                item.ended.insert(e.reservation_id);
                if e.reason == ReleaseReason::Expired {
                    reached.at(State::HoldExpired);
                }
            }
            Event::UnknownReservationReleased(e) => {
                item.ended.insert(e.reservation_id);
                reached.at(State::ReleasedBeforehand);
            }
            Event::StockAllocated(e) => {
                if item.holds.remove(&e.reservation_id) != Some(e.quantity.as_i64()) {
                    return wrong(format!("{} is promised and was not held like this", e.reservation_id));
                }
                item.ended.insert(e.reservation_id);
                *item.promised.entry(e.order_id).or_default() += e.quantity.as_i64();
            }
            Event::AllocationReleased(e) => {
                *item.promised.entry(e.order_id).or_default() -= e.quantity.as_i64();
            }
            Event::StockShipped(e) => {
                item.on_hand -= e.quantity.as_i64();
                *item.promised.entry(e.order_id).or_default() -= i64::from(e.from_allocation);
            }
            Event::StockReturned(e) => {
                if e.condition != ReturnCondition::Damaged {
                    item.on_hand += e.quantity.as_i64();
                }
            }
            Event::ReorderLevelSet(_) | Event::ReorderLevelReached(_) => {}
        }
        if let Some((order, units)) = item.promises().find(|(_, units)| *units < 0) {
            return wrong(format!("{units} units are promised to {order}"));
        }
        item.promised.retain(|_, units| *units != 0);
        item.state = StockItem::evolve(std::mem::take(&mut item.state), event);
        let (promised, reserved) = (item.promised.values().sum::<i64>(), item.reserved());
        let ours = (item.on_hand, promised, reserved);
        let theirs = (item.state.on_hand(), item.state.allocated(), item.state.reserved());
        ensure(ours == theirs, "property 1", || {
            format!(
                "{name} at {}: on hand, promised and reserved are {theirs:?} and should be {ours:?}",
                recorded.position
            )
        })?;
        ensure(item.on_hand - promised - reserved >= 0, "I13 oversold", || {
            format!("{name} at {}: {promised} promised and {reserved} reserved of {}", recorded.position, item.on_hand)
        })
    }
}
