//! The invariants: every event is looked at once, when it has become durable, and folded into books of our own.
//!
//! What must hold at any moment is checked at each event; what must hold once all is quiet, in [`end`].

use crate::reached::{Reached, State};
use chrono::{DateTime, Utc};
use futures::FutureExt;
use std::{collections::HashMap, fmt, sync::Arc};
use tillroll_domain::{
    aggregate::DomainEvent,
    cart::events::CartEvent,
    ids::{OrderId, PaymentId},
    order::events::OrderEvent,
    payment::events::PaymentEvent,
    stock_item::events::StockItemEvent,
};
use tillroll_infra::{
    codec::{Codec, Place},
    event::RecordedEvent,
    stream::StreamId,
};

mod carts;
pub mod end;
mod orders;
mod payments;
mod processes;
mod stock;

pub use carts::Carts;
pub use orders::{OrderBook, Orders};
pub use payments::{PaymentBook, Payments};
pub use processes::{Instance, Processes};
pub use stock::Stock;

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which one, in a word or two.
    pub invariant: &'static str,
    /// What was found.
    pub found: String,
}

impl Violation {
    /// A broken promise.
    #[must_use]
    pub fn new(invariant: &'static str, found: impl Into<String>) -> Self {
        Self { invariant, found: found.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant, self.found)
    }
}

/// What a check comes to.
pub type Checked = Result<(), Violation>;

/// Refuses what does not hold.
///
/// # Errors
/// The violation that is told, if it does not hold.
pub fn ensure(holds: bool, invariant: &'static str, found: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(Violation::new(invariant, found())) }
}

/// The books over all durable events.
#[derive(Debug)]
pub struct Books {
    codec: Codec,
    reached: Arc<Reached>,
    position: u64,
    recorded_at: DateTime<Utc>,
    revisions: HashMap<StreamId, u64>,
    /// Stock by item, `location.sku`.
    pub stock: Stock,
    /// Orders.
    pub orders: Orders,
    /// Payments.
    pub payments: Payments,
    /// Carts.
    pub carts: Carts,
    /// Instances of processes.
    pub processes: Processes,
}

impl Books {
    /// Empty books, which open personal data with this codec.
    #[must_use]
    pub fn new(codec: Codec, reached: Arc<Reached>) -> Self {
        Self {
            codec,
            reached,
            position: 0,
            recorded_at: DateTime::<Utc>::MIN_UTC,
            revisions: HashMap::new(),
            stock: Stock::default(),
            orders: Orders::default(),
            payments: Payments::default(),
            carts: Carts::default(),
            processes: Processes::default(),
        }
    }

    /// Looks at the next durable event.
    ///
    /// # Errors
    /// The first promise that it breaks.
    pub fn see(&mut self, event: &RecordedEvent) -> Checked {
        self.see_order_of_log(event)?;
        match event.stream.category() {
            "stock_item" => {
                let decoded = self.decode::<StockItemEvent>(event)?;
                self.stock.see(event, &decoded, &self.reached)
            }
            "order" => {
                let decoded = self.decode::<OrderEvent>(event)?;
                self.orders.see(event, &decoded, &self.payments, &self.reached)
            }
            "payment" => {
                let decoded = self.decode::<PaymentEvent>(event)?;
                self.payments.see(event, &decoded, &self.orders, &self.reached)
            }
            "cart" => {
                let decoded = self.decode::<CartEvent>(event)?;
                self.carts.see(event, &decoded, &self.reached)
            }
            category if event.event_type.ends_with("Advanced") => {
                let ending = self.processes.see(category, event, &self.reached)?;
                // What was undone is undone when it says so, and not when holds lapse by themselves.
                if category == "checkout" && ending.as_deref() == Some("compensated") {
                    self.stock.nothing_held_for(&format!("checkout-{}", event.stream.id()))?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// I2 and I11: positions and revisions are counted without a gap, and times do not go back.
    fn see_order_of_log(&mut self, event: &RecordedEvent) -> Checked {
        self.position += 1;
        ensure(event.position.0 == self.position, "I11 positions", || {
            format!("{} stands at {} and not at {}", event.stream, event.position, self.position)
        })?;
        let next = self.revisions.entry(event.stream.clone()).or_default();
        ensure(event.revision.0 == *next, "I2 revisions", || {
            format!("{} goes on at revision {} and not at {next}", event.stream, event.revision.0)
        })?;
        *next += 1;
        ensure(event.recorded_at >= self.recorded_at, "recorded times", || {
            format!("{} was recorded at {}, before {}", event.stream, event.recorded_at, self.recorded_at)
        })?;
        self.recorded_at = event.recorded_at;
        Ok(())
    }

    fn decode<E: DomainEvent>(&self, event: &RecordedEvent) -> Result<E, Violation> {
        let broken = |why: &dyn fmt::Display| {
            Violation::new("decoding", format!("{} at {} cannot be read: {why}", event.event_type, event.position))
        };
        // The vault is in memory, so that nothing is waited for.
        let opened = self.codec.open(Place::of(event), &event.data).now_or_never();
        let opened = opened.ok_or_else(|| broken(&"the vault does not answer"))?.map_err(|error| broken(&error))?;
        event.decode_opened(&opened).map_err(|error| broken(&error))
    }

    /// How many events there are.
    #[must_use]
    pub const fn events(&self) -> u64 {
        self.position
    }

    /// Counts a rare state.
    pub fn reached(&self, state: State) {
        self.reached.at(state);
    }

    /// The payments of an order.
    pub fn payments_of(&self, order: OrderId) -> impl Iterator<Item = (PaymentId, &PaymentBook)> {
        self.payments.of_order(order)
    }
}

/// The UUID in the id part of a stream's name.
fn uuid_of(event: &RecordedEvent) -> Result<uuid::Uuid, Violation> {
    let id = event.stream.id();
    id.parse().map_err(|_| Violation::new("stream names", format!("{id:?} is not a UUID")))
}
