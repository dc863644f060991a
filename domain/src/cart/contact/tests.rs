//! Whose data a cart holds, and that it can be forgotten.

use super::super::{
    commands::CartCommand as Command,
    samples::{
        address_of, at, cart_id, claimed, country, customer, email_of, filled, guest, nothing, of_customer, order_id,
        payment_id, quoted, ship_to, subject,
    },
};
use super::*;
use crate::ids::SubjectId;

fn email(text: &str) -> Command {
    Command::SetEmail { email: email_of(subject(), text) }
}

fn erased(minutes: i64) -> CartEvent {
    CartContactErased { subject: subject(), at: at(minutes).now }.into()
}

fn bill_to(subject: SubjectId, country_code: &str) -> Command {
    let address = address_of(subject, country_code);
    Command::SetAddress { kind: AddressKind::Billing, address, country: country(country_code) }
}

#[test]
fn a_shipping_address_says_where_the_goods_go() {
    let set = CartAddressSet {
        kind: AddressKind::Shipping,
        address: address_of(subject(), "NO"),
        country: country("NO"),
        at: at(0).now,
    };
    guest().when(ship_to("NO")).then([set.into()]);
    guest().and(ship_to("NO")).when(ship_to("NO")).then_nothing();
    assert_eq!(guest().and(ship_to("NO")).state().open().unwrap().country, country("NO"));
    assert_eq!(guest().and(bill_to(subject(), "NO")).state().open().unwrap().country, country("DE"));
}

#[test]
fn the_country_beside_an_address_is_its_country() {
    let kind = AddressKind::Shipping;
    let wrong = Command::SetAddress { kind, address: address_of(subject(), "NO"), country: country("SE") };
    guest().when(wrong).then_refused(CartError::CountryDiffers { country: country("NO") });
}

/// Case 32: a quote for one country is not one for another.
#[test]
fn an_address_in_another_country_makes_the_quote_void() {
    assert_eq!(quoted().and(ship_to("NO")).state().open().unwrap().quote, None);
    assert!(quoted().and(ship_to("DE")).state().open().unwrap().quote.is_some());
}

#[test]
fn an_email_is_the_same_however_it_was_typed() {
    guest().and(email("anna@example.com")).when(email("Anna@Example.COM")).then_nothing();
    let set = CartEmailSet { email: email_of(subject(), "b@example.com"), at: at(0).now };
    guest().and(email("anna@example.com")).when(email("b@example.com")).then([set.into()]);
}

#[test]
fn a_cart_holds_the_data_of_its_owner_only() {
    let theirs = SubjectId::new(customer(1).uuid());
    guest().when(bill_to(theirs, "NO")).then_refused(CartError::WrongSubject);
    of_customer().when(bill_to(subject(), "NO")).then_refused(CartError::WrongSubject);
    of_customer().when(email("anna@example.com")).then_refused(CartError::WrongSubject);
    of_customer().and(bill_to(theirs, "NO"));
    let gone = Command::SetEmail { email: Personal::erased(subject()) };
    guest().when(gone).then_refused(CartError::ContactErased);
}

#[test]
fn a_value_that_was_erased_equals_no_other() {
    let mut cart = guest().and(ship_to("DE")).state().open().unwrap().clone();
    cart.shipping_address = Some(Personal::erased(subject()));
    let address = address_of(subject(), "DE");
    assert_eq!(set_address(&cart, AddressKind::Shipping, &address, &country("DE"), at(0).now).unwrap().len(), 1);
}

#[test]
fn a_guests_cart_becomes_a_customers_without_the_guests_contact() {
    let assign = |n| Command::AssignCustomer { customer_id: customer(n) };
    let assigned = || CartAssigned { customer_id: customer(1), at: at(0).now };
    filled().when(assign(1)).then([assigned().into()]);
    let known = || quoted().and(ship_to("DE")).and(email("anna@example.com"));
    known().when(assign(1)).then([assigned().into(), erased(0)]);
    let state = known().and(assign(1)).state();
    let cart = state.open().unwrap();
    assert_eq!(cart.owner, CartOwner::Customer(customer(1)));
    assert_eq!((cart.shipping_address.clone(), cart.email.clone()), (None, None));
    assert_eq!((cart.lines.len(), cart.quote.is_some()), (2, true), "what is bought goes along");
    assert_eq!(cart.guest_contact, GuestContact::Erased);
    known().and(assign(1)).when(assign(1)).then_nothing();
    known().and(assign(1)).when(assign(2)).then_refused(CartError::OwnedByAnother { owner: customer(1) });
}

#[test]
fn a_guests_contact_is_erased_once() {
    let cart = || guest().and(ship_to("DE")).and(email("anna@example.com"));
    guest().when(Command::EraseContact).then_nothing();
    cart().when(Command::EraseContact).then([erased(0)]);
    let after = || cart().and(Command::EraseContact);
    after().when(Command::EraseContact).then_nothing();
    after().when(ship_to("DE")).then_refused(CartError::ContactErased);
    after().when(email("anna@example.com")).then_refused(CartError::ContactErased);
    let state = after().state();
    assert_eq!((state.open().unwrap().shipping_address.clone(), state.open().unwrap().email.clone()), (None, None));
    nothing().when(Command::EraseContact).then_refused(CartError::NotFound);
}

#[test]
fn a_customers_data_is_erased_with_the_customer_only() {
    of_customer().when(Command::EraseContact).then_refused(CartError::NotAGuest);
}

#[test]
fn a_contact_can_be_erased_after_the_order_but_not_in_its_midst() {
    let known = || claimed().at(at(11)).and(email("anna@example.com")).at(at(0));
    let quote_hash = quoted().state().open().unwrap().quote.as_ref().unwrap().hash;
    let again = || known().at(at(11)).and(Command::BeginCompletion { quote_hash, lease_seconds: 60 });
    again().when(Command::EraseContact).then_refused(CartError::CompletionInProgress { until: at(12).now });
    let converted = || again().and(Command::Convert { fence: 2, order_id: order_id(1) }).at(at(20));
    converted().when(Command::EraseContact).then([erased(20)]);
    converted().and(Command::EraseContact).when(Command::EraseContact).then_nothing();
}

#[test]
fn money_does_not_keep_a_contact() {
    let paid = guest().and(email("a@b.no")).and(Command::AttachPayment { payment_id: payment_id(1) });
    paid.when(Command::EraseContact).then([erased(0)]);
}

#[test]
fn the_subject_of_a_guest_is_the_cart() {
    assert_eq!(guest_subject(cart_id(7)).uuid(), cart_id(7).uuid());
}
