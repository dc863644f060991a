//! Customers for the tests.

use super::{Customer, commands::CustomerCommand};
use crate::{
    contact::{Address, Email, Profile},
    ids::{AddressId, SubjectId},
    personal::Personal,
    testing::{Given, given},
};
use uuid::Uuid;

/// The subject of the customer's personal data.
pub(super) const SUBJECT: SubjectId = SubjectId::new(Uuid::from_u128(7));

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

pub(super) fn profile(first_name: &str) -> Personal<Profile> {
    let last_name = "Berg".parse().unwrap();
    Personal::known(SUBJECT, Profile { first_name: first_name.parse().unwrap(), last_name, phone: None })
}

pub(super) fn email(address: &str) -> Personal<Email> {
    Personal::known(SUBJECT, address.parse().unwrap())
}

pub(super) fn address(street: &str, country: &str) -> Personal<Address> {
    let address = Address {
        recipient: "Anna Berg".parse().unwrap(),
        line1: street.parse().unwrap(),
        line2: None,
        city: "Oslo".parse().unwrap(),
        region: None,
        postal_code: None,
        country: country.parse().unwrap(),
        phone: None,
    };
    Personal::known(SUBJECT, address)
}

pub(super) fn address_id(number: u128) -> AddressId {
    AddressId::new(Uuid::from_u128(number))
}
