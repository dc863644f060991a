//! Customers: who they are, where they get goods and mail, what they agree to, and what their orders and credit notes come
//! to.
//!
//! Personal data stands in cells that are sealed under the person's key. Of a person who was forgotten they are removed as
//! well.

mod person;
mod purchases;
mod queries;
mod tables;

pub use queries::{
    AddressBook, BY_REGISTERED_AT, BY_REGISTERED_AT_DESCENDING, CustomerDetail, CustomerFilter, address_book, consents,
    get, list,
};
pub use tables::{CustomerActivityRow, CustomerAddressRow, CustomerConsentRow, CustomerRow, CustomerTotalRow};

use super::fold::is_shown;
use crate::{
    projection::{ApplyError, Incoming, Projection, Tables},
    table::{Row, TableSpec},
};
use futures::{FutureExt, future::BoxFuture};

/// The name of the projection.
pub const NAME: &str = "customers";

/// The projection.
#[derive(Debug, Clone, Copy)]
pub struct Customers;

static TYPES: [&str; 14] = [
    "CustomerRegistered",
    "CustomerCountryChanged",
    "CustomerDeactivated",
    "CustomerReactivated",
    "CustomerProfileChanged",
    "CustomerEmailChanged",
    "CustomerAddressAdded",
    "CustomerAddressChanged",
    "CustomerAddressRemoved",
    "CustomerDefaultAddressChanged",
    "CustomerConsentChanged",
    "CustomerErased",
    "OrderPlaced",
    "CreditNoteIssued",
];

impl Projection for Customers {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> u32 {
        2
    }

    fn tables(&self) -> Vec<TableSpec> {
        vec![
            CustomerRow::TABLE,
            CustomerAddressRow::TABLE,
            CustomerConsentRow::TABLE,
            CustomerActivityRow::TABLE,
            CustomerTotalRow::TABLE,
        ]
    }

    fn event_types(&self) -> &'static [&'static str] {
        &TYPES
    }

    fn apply<'a>(&'a self, event: &'a Incoming, tables: &'a mut dyn Tables) -> BoxFuture<'a, Result<(), ApplyError>> {
        async move {
            if !is_shown(event) {
                return Ok(());
            }
            match &*event.recorded().event_type {
                "OrderPlaced" => purchases::ordered(event, tables).await,
                "CreditNoteIssued" => purchases::credited(event, tables).await,
                _ => person::person(event, tables).await,
            }
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests;
