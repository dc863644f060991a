//! Orders with their lines, what was paid for them, and a timeline of everything that happened to them.

use crate::{
    projection::{ApplyError, Incoming, Projection, Tables},
    table::{Row, TableSpec},
};
use futures::{FutureExt, future::BoxFuture};
use tillroll_domain::{aggregate::DomainEvent, order::events::OrderEvent};

mod axes;
mod fold;
mod lines;
mod pending;
pub mod queries;
pub mod tables;
mod timeline;

pub use queries::{OrderDetail, OrderFilter, get, list, timeline};
pub use tables::{OrderContactRow, OrderLineRow, OrderPaymentRow, OrderPendingRow, OrderRow, OrderTimelineRow};

/// The name of the projection.
pub const NAME: &str = "orders";

/// The projection.
#[derive(Debug, Clone, Copy)]
pub struct Orders;

static TYPES: [&str; OrderEvent::TYPES.len()] = super::fold::names(OrderEvent::TYPES);

impl Projection for Orders {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> u32 {
        3
    }

    fn tables(&self) -> Vec<TableSpec> {
        vec![
            OrderRow::TABLE,
            OrderLineRow::TABLE,
            OrderTimelineRow::TABLE,
            OrderPaymentRow::TABLE,
            OrderContactRow::TABLE,
            OrderPendingRow::TABLE,
        ]
    }

    fn event_types(&self) -> &'static [&'static str] {
        &TYPES
    }

    fn apply<'a>(&'a self, event: &'a Incoming, tables: &'a mut dyn Tables) -> BoxFuture<'a, Result<(), ApplyError>> {
        fold::apply(event, tables).boxed()
    }
}

#[cfg(test)]
mod tests;
