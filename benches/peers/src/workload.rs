//! What is appended: the events of made-up orders, the same bytes for every system.

use serde_json::Value;
use std::collections::BTreeMap;
use tillroll_benches::{Failure, shop::Shop};
use tillroll_domain::order::events::OrderEvent;
use tillroll_infra::event::NewEvent;

/// Events of one order, of which the first places it; then its writer goes on with another order.
pub const EVENTS_PER_ORDER: usize = 8;
/// Lines of an order, at most.
const LINES_MAX: usize = 3;
/// Orders that are made up; writers go around in them.
const ORDERS: usize = 512;

/// One event in every form in which a system takes it, made before the clock starts.
#[derive(Debug)]
pub struct Event {
    /// As Tillroll takes it; the id is replaced at every append.
    pub written: NewEvent,
    /// The data as a value.
    pub data: Value,
    /// The metadata as a value.
    pub metadata: Value,
    /// The metadata as entries.
    pub entries: BTreeMap<String, String>,
}

/// All that writers append.
#[derive(Debug)]
pub struct Workload(Vec<Vec<Event>>);

impl Workload {
    /// The same orders every time, but for the ids in them.
    ///
    /// # Errors
    /// Never, unless the domain's rules change.
    pub fn new() -> Result<Self, Failure> {
        let mut shop = Shop::new(1);
        let mut orders = Vec::with_capacity(ORDERS);
        for _ in 0..ORDERS {
            let order = shop.order(LINES_MAX)?;
            let mut events = vec![Event::new(shop.written(&OrderEvent::from(order.placed.clone()))?)?];
            while events.len() < EVENTS_PER_ORDER {
                events.push(Event::new(shop.written(&shop.lines_shipped(&order))?)?);
            }
            orders.push(events);
        }
        Ok(Self(orders))
    }

    /// The events of one order.
    #[must_use]
    pub fn order(&self, number: usize) -> &[Event] {
        &self.0[number % self.0.len()]
    }

    /// Bytes of data, and of metadata, of an event on average.
    #[must_use]
    pub fn bytes(&self) -> (usize, usize) {
        let events = || self.0.iter().flatten().map(|event| &event.written);
        let count = events().count().max(1);
        (
            events().map(|event| event.data.len()).sum::<usize>() / count,
            events().map(|event| event.metadata.len()).sum::<usize>() / count,
        )
    }
}

impl Event {
    fn new(written: NewEvent) -> Result<Self, Failure> {
        Ok(Self {
            data: serde_json::from_str(&written.data)?,
            metadata: serde_json::from_str(&written.metadata)?,
            entries: serde_json::from_str(&written.metadata)?,
            written,
        })
    }
}
