//! The read models: for each its tables, its fold and its queries.
//!
//! They show the default tenant; events of other tenants are passed over. Sums that do not fit 64 bits park their event.
//!
//! **Invariant:** no fold reads a clock; every time in a row comes from an event.

use crate::projection::Projection;
use std::sync::Arc;

pub mod query;

mod fold;

pub mod carts;
pub mod categories;
pub mod credit_notes;
pub mod customers;
pub mod orders;
pub mod payments;
pub mod prices;
pub mod process_work;
pub mod products;
pub mod returns;
pub mod sales;
pub mod shipments;
pub mod source_documents;
pub mod stock;

#[cfg(test)]
mod rebuild;
#[cfg(test)]
pub(crate) mod testing;

/// Every read model but [`process_work`], whose fold belongs to the processes.
#[must_use]
pub fn all() -> Vec<Arc<dyn Projection>> {
    vec![
        Arc::new(products::Products),
        Arc::new(categories::Categories),
        Arc::new(stock::Stock),
        Arc::new(carts::Carts),
        Arc::new(orders::Orders),
        Arc::new(shipments::Shipments),
        Arc::new(returns::Returns),
        Arc::new(payments::Payments),
        Arc::new(prices::Prices),
        Arc::new(customers::Customers),
        Arc::new(credit_notes::CreditNotes),
        Arc::new(sales::Sales),
        Arc::new(source_documents::SourceDocuments),
    ]
}
