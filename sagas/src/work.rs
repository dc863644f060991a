//! The index of open work: a read model of what processes have yet to do and wait for, and of deadlines that stand in other
//! streams. It says where to look, and never what to do: whoever looks asks the stream itself.
//!
//! Unlike the other read models it shows all tenants.

use crate::process::Advanced;
use futures::future::BoxFuture;
use serde::de::IgnoredAny;
use tillroll_domain::{cart::commands::IdleLimits, stock_item::events::StockItemEvent};
use tillroll_infra::event::RecordedEvent;
use tillroll_projections::{
    projection::{ApplyError, Incoming, Projection, Tables, TablesExt},
    table::{Row, TableSpec, Value},
};

mod carts;
mod hints;
mod queries;
mod steps;

pub use hints::{Hint, Hints};
pub use queries::{ProcessLoad, WorkIndex};
pub use tillroll_projections::models::process_work::{
    ActionRow, CartDeadlineRow, InstanceRow, NAME as PROCESS_WORK, StockHoldRow, TimerRow,
};

/// The projection.
#[derive(Debug)]
pub struct ProcessWork {
    /// The types of the processes' own events, and of those with deadlines.
    event_types: Vec<&'static str>,
    process_events: usize,
    /// How long carts are kept, to tell early when to look; what is stored does not depend on it.
    idle_limits: IdleLimits,
    hints: Hints,
}

/// What any process's event says about open work; the rest of it is passed over.
type AnyAdvanced = Advanced<IgnoredAny, serde_json::Value, IgnoredAny>;

impl ProcessWork {
    /// The index over the events of these processes.
    #[must_use]
    pub fn new(process_events: impl IntoIterator<Item = &'static str>, idle_limits: IdleLimits) -> Self {
        let mut event_types: Vec<&'static str> = process_events.into_iter().collect();
        let process_events = event_types.len();
        event_types.extend(HOLD_EVENTS.iter().chain(carts::CART_EVENTS));
        Self { event_types, process_events, idle_limits, hints: Hints::default() }
    }

    /// Tells when a time comes that is earlier than what somebody waits for.
    #[must_use]
    pub fn hints(&self) -> &Hints {
        &self.hints
    }

    fn is_of_a_process(&self, event: &RecordedEvent) -> bool {
        self.event_types.iter().take(self.process_events).any(|name| *name == &*event.event_type)
    }
}

/// The events that begin, prolong and end holds on stock.
const HOLD_EVENTS: &[&str] = &["StockReserved", "ReservationExtended", "ReservationReleased", "StockAllocated"];

impl Projection for ProcessWork {
    fn name(&self) -> &'static str {
        PROCESS_WORK
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> Vec<TableSpec> {
        vec![ActionRow::TABLE, TimerRow::TABLE, InstanceRow::TABLE, StockHoldRow::TABLE, CartDeadlineRow::TABLE]
    }

    fn event_types(&self) -> &[&'static str] {
        &self.event_types
    }

    fn apply<'a>(&'a self, event: &'a Incoming, tables: &'a mut dyn Tables) -> BoxFuture<'a, Result<(), ApplyError>> {
        Box::pin(async move {
            let recorded = event.recorded();
            if self.is_of_a_process(recorded) {
                let advanced: AnyAdvanced = serde_json::from_str(&recorded.data).map_err(|error| poison(&error))?;
                return steps::apply(recorded, &advanced, tables, &self.hints).await;
            }
            if HOLD_EVENTS.contains(&&*recorded.event_type) {
                self.apply_hold(recorded, event.decode::<StockItemEvent>()?, tables);
                return Ok(());
            }
            carts::apply(recorded, tables, self.idle_limits, &self.hints).await
        })
    }
}

impl ProcessWork {
    fn apply_hold(&self, recorded: &RecordedEvent, event: &StockItemEvent, tables: &mut dyn Tables) {
        let key = |reservation_id: String| {
            (recorded.stream.tenant().to_owned(), recorded.stream.id().to_owned(), reservation_id)
        };
        let (reservation_id, expires_at) = match event {
            StockItemEvent::StockReserved(e) => (e.reservation_id, Some(e.expires_at)),
            StockItemEvent::ReservationExtended(e) => (e.reservation_id, Some(e.expires_at)),
            StockItemEvent::ReservationReleased(e) => (e.reservation_id, None),
            StockItemEvent::StockAllocated(e) => (e.reservation_id, None),
            _ => return,
        };
        let (tenant, item, reservation_id) = key(reservation_id.to_string());
        match expires_at {
            Some(expires_at) => {
                tables.put(&StockHoldRow { tenant, item, reservation_id, expires_at });
                self.hints.offer(expires_at, recorded.position);
            }
            None => {
                let key = [tenant, item, reservation_id].map(Value::Text);
                tables.delete::<StockHoldRow>(key.to_vec());
            }
        }
    }
}

fn poison(error: &serde_json::Error) -> ApplyError {
    ApplyError::Poison(error.to_string())
}

#[cfg(test)]
mod tests;
