//! The rules of the address book.

use super::super::{
    commands::CustomerCommand as Command,
    samples::{SUBJECT, address, address_id, known, nobody},
};
use super::*;
use AddressKind::{Billing, Shipping};

fn add(number: u128) -> Command {
    add_for(number, &[])
}

fn add_for(number: u128, default_for: &[AddressKind]) -> Command {
    let (address_id, address) = (address_id(number), address("Torggata", "NO"));
    Command::AddAddress { address_id, address, default_for: default_for.to_vec() }
}

fn added(number: u128) -> CustomerEvent {
    let address = address("Torggata", "NO");
    CustomerAddressAdded { address_id: address_id(number), address, country: "NO".parse().unwrap() }.into()
}

fn default(kind: AddressKind, number: u128) -> CustomerEvent {
    CustomerDefaultAddressChanged { kind, address_id: address_id(number) }.into()
}

fn remove(number: u128) -> Command {
    Command::RemoveAddress { address_id: address_id(number) }
}

fn removed(number: u128) -> CustomerEvent {
    CustomerAddressRemoved { address_id: address_id(number) }.into()
}

fn change(number: u128, street: &str, country: &str) -> Command {
    Command::ChangeAddress { address_id: address_id(number), address: address(street, country) }
}

fn set_default(number: u128, kind: AddressKind) -> Command {
    Command::SetDefaultAddress { address_id: address_id(number), kind }
}

fn unknown(number: u128) -> CustomerError {
    CustomerError::AddressUnknown { address_id: address_id(number) }
}

#[test]
fn the_first_address_becomes_the_default_of_every_kind() {
    known().when(add(1)).then([added(1), default(Shipping, 1), default(Billing, 1)]);
    known().when(add_for(1, &[Billing])).then([added(1), default(Shipping, 1), default(Billing, 1)]);
    known().and(add(1)).when(add(2)).then([added(2)]);
}

#[test]
fn an_address_can_be_added_as_a_default() {
    known().and(add(1)).when(add_for(2, &[Billing])).then([added(2), default(Billing, 2)]);
    let kinds = [Billing, Shipping, Billing];
    known().and(add(1)).when(add_for(2, &kinds)).then([added(2), default(Shipping, 2), default(Billing, 2)]);
}

#[test]
fn adding_the_same_address_again_says_nothing_and_another_under_its_id_is_refused() {
    known().and(add(1)).when(add(1)).then_nothing();
    known().and(add(1)).and(add(2)).when(add_for(1, &[Shipping])).then_nothing();
    known().and(add(1)).and(add(2)).when(add_for(2, &[Shipping])).then([default(Shipping, 2)]);
    let other =
        Command::AddAddress { address_id: address_id(1), address: address("Storgata", "NO"), default_for: vec![] };
    known().and(add(1)).when(other).then_refused(CustomerError::AddressExists { address_id: address_id(1) });
}

#[test]
fn a_customer_has_a_bounded_number_of_addresses() {
    let full = || (0..50).fold(known(), |customer, number| customer.and(add(number)));
    full().when(add(50)).then_refused(CustomerError::TooManyAddresses { max: 50 });
    full().when(add(7)).then_nothing();
    full().and(remove(7)).when(add(50)).then([added(50)]);
}

#[test]
fn an_address_is_corrected() {
    let corrected = |street: &str, country: &str| {
        let (address, country) = (address(street, country), country.parse().unwrap());
        CustomerAddressChanged { address_id: address_id(1), address, country }.into()
    };
    known().and(add(1)).when(change(1, "Storgata", "SE")).then([corrected("Storgata", "SE")]);
    known().and(add(1)).when(change(1, "Torggata", "NO")).then_nothing();
    known().and(add(1)).and(change(1, "Storgata", "SE")).when(change(1, "Storgata", "SE")).then_nothing();
    known().and(add(1)).when(change(2, "Storgata", "SE")).then_refused(unknown(2));
}

#[test]
fn when_a_default_is_removed_the_oldest_that_remains_takes_its_place() {
    let three = || known().and(add(1)).and(add(2)).and(add(3));
    three().when(remove(1)).then([removed(1), default(Shipping, 2), default(Billing, 2)]);
    three().when(remove(2)).then([removed(2)]);
    three().and(set_default(3, Billing)).when(remove(3)).then([removed(3), default(Billing, 1)]);
    three().and(set_default(3, Billing)).when(remove(1)).then([removed(1), default(Shipping, 2)]);
}

#[test]
fn when_the_last_address_is_removed_the_next_one_is_a_first_one_again() {
    known().and(add(1)).when(remove(1)).then([removed(1)]);
    known().and(add(1)).and(remove(1)).when(add(2)).then([added(2), default(Shipping, 2), default(Billing, 2)]);
    known().and(add(1)).and(remove(1)).when(remove(1)).then_refused(unknown(1));
}

#[test]
fn each_kind_has_a_default_of_its_own() {
    let two = || known().and(add(1)).and(add(2));
    two().when(set_default(2, Billing)).then([default(Billing, 2)]);
    two().when(set_default(1, Billing)).then_nothing();
    two().and(set_default(2, Billing)).when(set_default(2, Billing)).then_nothing();
    two().when(set_default(3, Billing)).then_refused(unknown(3));
}

#[test]
fn nobody_unknown_has_addresses() {
    for command in [add(1), change(1, "Torggata", "NO"), remove(1), set_default(1, Shipping)] {
        nobody().when(command).then_refused(CustomerError::NotRegistered);
    }
}

#[test]
fn what_was_erased_is_no_address() {
    let gone = || Personal::erased(SUBJECT);
    let added = Command::AddAddress { address_id: address_id(2), address: gone(), default_for: vec![] };
    known().and(add(1)).when(added).then_refused(CustomerError::Erased { subject: SUBJECT });
    let changed = Command::ChangeAddress { address_id: address_id(1), address: gone() };
    known().and(add(1)).when(changed).then_refused(CustomerError::Erased { subject: SUBJECT });
}
