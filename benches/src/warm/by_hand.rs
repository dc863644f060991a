//! A warehouse as one would write it for three commands and nothing else.

use chrono::{DateTime, Utc};
use std::{
    collections::{HashMap, HashSet, VecDeque, hash_map::Entry},
    sync::Arc,
};
use tillroll_domain::{
    ids::{ReceiptId, ReservationId},
    quantity::Quantity,
    stock_item::{RESERVATIONS_REMEMBERED, commands::StockItemCommand},
};
use tillroll_infra::ambient::Clock;

/// Stock items by name.
#[derive(Debug)]
pub(super) struct Warehouse {
    items: HashMap<String, Item>,
    clock: Arc<dyn Clock>,
}

/// What there is of an item and who holds some of it.
#[derive(Debug, Default)]
struct Item {
    on_hand: i64,
    held: i64,
    holds: HashMap<ReservationId, (Quantity, DateTime<Utc>)>,
    /// Holds that ended, so that a late command on one of them is refused.
    ended: HashSet<ReservationId>,
    ended_in_order: VecDeque<ReservationId>,
    receipts: HashSet<ReceiptId>,
}

/// What a command did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Change {
    /// Something.
    Made,
    /// Nothing; it had been done before.
    None,
}

impl Warehouse {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { items: HashMap::new(), clock }
    }

    /// What an item has on hand and what is held of it.
    pub(super) fn units(&self, name: &str) -> Option<(i64, i64)> {
        self.items.get(name).map(|item| (item.on_hand, item.held))
    }

    /// Carries a command out; the error says why not.
    pub(super) fn execute(&mut self, name: &str, command: &StockItemCommand) -> Result<Change, &'static str> {
        let now = self.clock.now();
        if !self.items.contains_key(name) {
            self.items.insert(name.to_owned(), Item::default());
        }
        let item = self.items.get_mut(name).ok_or("there is no such item")?;
        match *command {
            StockItemCommand::Receive { receipt_id, quantity, .. } => Ok(item.receive(receipt_id, quantity)),
            StockItemCommand::Reserve { reservation_id, quantity, expires_at } => {
                item.reserve(reservation_id, quantity, expires_at, now)
            }
            StockItemCommand::ReleaseReservation { reservation_id } => Ok(item.release(reservation_id)),
            _ => Err("this warehouse does not do that"),
        }
    }
}

impl Item {
    fn receive(&mut self, id: ReceiptId, quantity: Quantity) -> Change {
        if !self.receipts.insert(id) {
            return Change::None;
        }
        self.on_hand += quantity.as_i64();
        Change::Made
    }

    fn reserve(
        &mut self,
        id: ReservationId,
        quantity: Quantity,
        expires_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Change, &'static str> {
        let free = self.on_hand - self.held;
        match self.holds.entry(id) {
            Entry::Occupied(hold) if hold.get().0 == quantity => Ok(Change::None),
            Entry::Occupied(_) => Err("the hold is of another quantity"),
            Entry::Vacant(_) if self.ended.contains(&id) => Err("the hold has ended"),
            Entry::Vacant(_) if expires_at <= now => Err("the hold would be over at once"),
            Entry::Vacant(_) if free < quantity.as_i64() => Err("there is not enough"),
            Entry::Vacant(hold) => {
                hold.insert((quantity, expires_at));
                self.held += quantity.as_i64();
                Ok(Change::Made)
            }
        }
    }

    fn release(&mut self, id: ReservationId) -> Change {
        if let Some((quantity, _)) = self.holds.remove(&id) {
            self.held -= quantity.as_i64();
        }
        if !self.ended.insert(id) {
            return Change::None;
        }
        self.ended_in_order.push_back(id);
        if self.ended_in_order.len() > RESERVATIONS_REMEMBERED
            && let Some(oldest) = self.ended_in_order.pop_front()
        {
            self.ended.remove(&oldest);
        }
        Change::Made
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stock::Shoppers;
    use tillroll_domain::{
        aggregate::{Aggregate, Moment},
        stock_item::StockItem,
    };
    use tillroll_infra::ambient::Ambient;

    /// Of some commands in a strange order, some twice: the same are refused, do nothing and do something on both sides.
    #[test]
    fn it_keeps_the_rules_of_the_domain() {
        let ambient = Ambient::system();
        let mut shoppers = Shoppers::new(3);
        let mut holds = crate::stock::OpenHolds::default();
        let mut commands = vec![shoppers.next(&mut holds).unwrap(), shoppers.receive().unwrap()];
        commands.extend((0..200).map(|_| shoppers.next(&mut holds).unwrap()));
        for _ in 0..100 {
            let (a, b) = (shoppers.below(commands.len()), shoppers.below(commands.len()));
            commands.swap(a, b);
            commands.push(commands[a].clone());
        }
        let mut warehouse = Warehouse::new(ambient.clock.clone());
        let mut state = StockItem::initial();
        let mut seen = HashSet::new();
        for command in commands {
            let now = ambient.clock.now();
            let moment = Moment { now, business_date: now.date_naive() };
            let decided = StockItem::decide(&state, &command, &moment);
            let by_hand = warehouse.execute("item", &command);
            let change = |events: &Vec<_>| if events.is_empty() { Change::None } else { Change::Made };
            let expected = decided.as_ref().ok().map(change);
            assert_eq!(by_hand.ok(), expected, "{command:?}");
            state = decided.unwrap_or_default().iter().fold(state, StockItem::evolve);
            assert_eq!(warehouse.units("item"), Some((state.on_hand(), state.reserved())));
            seen.insert(expected);
        }
        assert_eq!(seen.len(), 3, "refusals, changes and silence all came up");
    }
}
