//! Carts as they stand: their lines, what they cost, and whose they are.
//!
//! - [`tables`]: what is kept. Addresses and e-mail stay sealed as the events have them.
//! - [`queries`]: one cart, the cart of a customer, carts for operators.
//! - [`lines`]: what lines cost and whether they can be had now, for many at once.

use super::fold::names;
use crate::{
    projection::{ApplyError, Incoming, Projection, Tables},
    table::{Row, TableSpec},
};
use futures::{FutureExt, future::BoxFuture};
use tillroll_domain::{aggregate::DomainEvent, cart::events::CartEvent};

pub mod lines;
pub mod queries;
pub mod tables;

mod fold;

pub use lines::{SkuNow, now};
pub use queries::{BY_UPDATED_AT, BY_UPDATED_AT_DESCENDING, CartDetail, CartFilter, get, list, open_cart_of, owner_of};
pub use tables::{CartLineRow, CartRow};

/// The name of the projection.
pub const NAME: &str = "carts";

/// The projection.
#[derive(Debug, Clone, Copy)]
pub struct Carts;

static TYPES: [&str; CartEvent::TYPES.len()] = names(CartEvent::TYPES);

impl Projection for Carts {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> u32 {
        2
    }

    fn tables(&self) -> Vec<TableSpec> {
        vec![CartRow::TABLE, CartLineRow::TABLE]
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
