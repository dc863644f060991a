//! Samples of customers.

use crate::{
    Sample,
    helpers::{text, time, uuid},
    today,
};
use tillroll_domain::{
    common::Basis,
    contact::{Address, Profile},
    customer::events::{
        AddressKind, CustomerAddressAdded, CustomerAddressChanged, CustomerAddressRemoved, CustomerConsentChanged,
        CustomerCountryChanged, CustomerDeactivated, CustomerDefaultAddressChanged, CustomerEmailChanged,
        CustomerErased, CustomerEvent, CustomerProfileChanged, CustomerReactivated, CustomerRegistered,
    },
    ids::{AddressId, SubjectId},
    personal::Personal,
};

fn subject() -> SubjectId {
    SubjectId::new(uuid(3))
}

fn address() -> Address {
    Address {
        recipient: text("Anna Berg"),
        line1: text("Torggata 1"),
        line2: Some(text("c/o Lie")),
        city: text("Oslo"),
        region: Some(text("Oslo")),
        postal_code: Some(text("0181")),
        country: text("NO"),
        phone: Some(text("+47 22 33 44 55")),
    }
}

pub(crate) fn customer() -> Vec<Sample<CustomerEvent>> {
    let address_id = AddressId::new(uuid(2));
    let profile = Profile { first_name: text("Anna"), last_name: text("Berg"), phone: Some(text("+47 22 33 44 55")) };
    let corrected = Address { line2: None, region: None, postal_code: None, phone: None, ..address() };
    vec![
        today(CustomerRegistered {
            country: text("United Kingdom"),
            external_reference: Some(text("17850")),
            basis: Basis::Recorded,
        }),
        today(CustomerCountryChanged { country: text("FR") }),
        today(CustomerDeactivated { reason: text("Unpaid invoices") }),
        today(CustomerReactivated {}),
        today(CustomerProfileChanged { profile: Personal::known(subject(), profile) }),
        today(CustomerEmailChanged { email: Personal::known(subject(), text("anna@example.com")) }),
        today(CustomerAddressAdded { address_id, address: Personal::known(subject(), address()), country: text("NO") }),
        today(CustomerDefaultAddressChanged { kind: AddressKind::Shipping, address_id }),
        today(CustomerAddressChanged {
            address_id,
            address: Personal::known(subject(), corrected),
            country: text("NO"),
        }),
        today(CustomerConsentChanged {
            purpose: text("newsletter"),
            granted: true,
            source: text("checkout"),
            changed_at: time("2024-03-01T12:00:00.123456Z"),
        }),
        today(CustomerAddressRemoved { address_id }),
        today(CustomerErased { subject: subject() }),
    ]
}
