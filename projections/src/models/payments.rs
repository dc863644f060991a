//! Payments with their attempts and operations at providers, their disputes, and what providers said that cannot be.

use crate::{
    projection::{ApplyError, Incoming, Projection, Tables},
    table::{Row, TableSpec},
};
use futures::{FutureExt, future::BoxFuture};
use tillroll_domain::{aggregate::DomainEvent, payment::events::PaymentEvent};

mod disputes;
mod fold;
mod operations;
pub mod queries;
pub mod tables;

pub use queries::{PaymentDetail, PaymentFilter, dispute_totals, get, list, of_order};
pub use tables::{
    DisputeTotalRow, IgnoredProviderEventRow, PaymentAttemptRow, PaymentDisputeRow, PaymentOperationRow, PaymentRow,
};

/// The name of the projection.
pub const NAME: &str = "payments";

/// The projection.
#[derive(Debug, Clone, Copy)]
pub struct Payments;

static TYPES: [&str; PaymentEvent::TYPES.len()] = super::fold::names(PaymentEvent::TYPES);

impl Projection for Payments {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> u32 {
        2
    }

    fn tables(&self) -> Vec<TableSpec> {
        vec![
            PaymentRow::TABLE,
            PaymentAttemptRow::TABLE,
            PaymentOperationRow::TABLE,
            PaymentDisputeRow::TABLE,
            DisputeTotalRow::TABLE,
            IgnoredProviderEventRow::TABLE,
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
