//! The read models: for each its tables, its fold and its queries.
//!
//! They show the default tenant; events of other tenants are passed over. Sums that do not fit 64 bits park their event.
//!
//! **Invariant:** no fold reads a clock; every time in a row comes from an event.

use crate::projection::Projection;
use std::sync::Arc;

pub mod query;

mod fold;

pub mod credit_notes;
pub mod customers;
pub mod orders;
pub mod payments;
pub mod products;
pub mod sales;
pub mod source_documents;
pub mod stock;

#[cfg(test)]
mod rebuild;
#[cfg(test)]
mod testing;

/// Every read model.
#[must_use]
pub fn all() -> Vec<Arc<dyn Projection>> {
    vec![
        Arc::new(products::Products),
        Arc::new(stock::Stock),
        Arc::new(orders::Orders),
        Arc::new(payments::Payments),
        Arc::new(customers::Customers),
        Arc::new(credit_notes::CreditNotes),
        Arc::new(sales::Sales),
        Arc::new(source_documents::SourceDocuments),
    ]
}
