//! Customers for the tests.

use super::{Customer, commands::CustomerCommand};
use crate::testing::{Given, given};

pub(super) fn nobody() -> Given<Customer> {
    given([])
}

pub(super) fn register(country: &str, reference: Option<&str>) -> CustomerCommand {
    CustomerCommand::Register {
        country: country.parse().unwrap(),
        external_reference: reference.map(|reference| reference.parse().unwrap()),
    }
}

/// A customer in France with the number 17850.
pub(super) fn known() -> Given<Customer> {
    nobody().and(register("FR", Some("17850")))
}
