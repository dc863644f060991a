//! Sales figures by day, month, country, product and customer, each per currency.
//!
//! The figures count what documents state on the day they are booked: an order when it is placed, a credit note when it
//! is issued. `net = goods + carriage - discount - credits + expenses`; expenses carry their sign (a cost is negative) and
//! tax stands apart. A cancellation before delivery is no document and changes no figure here: what was cancelled stands
//! on the order (`orders.cancelled_minor`). Imported history has no cancellations.
//!
//! Stock documents have no amounts; they stand under the currency of the books that they belong to. Documents that name
//! nobody stand under [`NO_CUSTOMER`].

use crate::{
    projection::{ApplyError, Incoming, Projection, Tables},
    table::{Row, TableSpec},
};
use futures::{FutureExt, future::BoxFuture};

mod facts;
mod fold;
pub mod queries;
pub mod tables;

pub use queries::{SalesFilter, SalesList, list};
pub use tables::{
    Figures, SalesByCountryRow, SalesByCustomerRow, SalesByDayRow, SalesByMonthRow, SalesByProductRow, SalesRow,
};

/// The name of the projection.
pub const NAME: &str = "sales";

/// The customer of documents that name nobody.
pub const NO_CUSTOMER: &str = "none";

/// The projection.
#[derive(Debug, Clone, Copy)]
pub struct Sales;

static TYPES: [&str; 4] = ["OrderPlaced", "CreditNoteIssued", "ExpenseRecorded", "StockDocumentRecorded"];

impl Projection for Sales {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> Vec<TableSpec> {
        vec![
            SalesByDayRow::TABLE,
            SalesByMonthRow::TABLE,
            SalesByCountryRow::TABLE,
            SalesByProductRow::TABLE,
            SalesByCustomerRow::TABLE,
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
