//! What is known of a person: sealed, in the order of the address book, and gone when the person is forgotten.

use super::*;
use futures::FutureExt;
use tillroll_domain::{
    contact::{Address, Profile},
    customer::events::{
        AddressKind, CustomerAddressAdded, CustomerAddressChanged, CustomerAddressRemoved, CustomerConsentChanged,
        CustomerDefaultAddressChanged, CustomerEmailChanged, CustomerErased, CustomerProfileChanged,
    },
    ids::{AddressId, SubjectId},
    personal::Personal,
};
use tillroll_infra::stream::DEFAULT_TENANT;
use uuid::Uuid;

const SUBJECT: SubjectId = SubjectId::new(Uuid::from_u128(0x0189_0000_0000_7000_8000_0000_0000_00c1));

fn address(street: &str) -> Address {
    Address {
        recipient: parse("Anna Berg"),
        line1: parse(street),
        line2: None,
        city: parse("Oslo"),
        region: None,
        postal_code: None,
        country: parse("NO"),
        phone: None,
    }
}

fn address_id(number: u128) -> AddressId {
    AddressId::new(Uuid::from_u128(number))
}

fn added(number: u128, street: &str) -> CustomerAddressAdded {
    let address = Personal::known(SUBJECT, address(street));
    CustomerAddressAdded { address_id: address_id(number), address, country: parse("NO") }
}

fn default(kind: AddressKind, number: u128) -> CustomerDefaultAddressChanged {
    CustomerDefaultAddressChanged { kind, address_id: address_id(number) }
}

/// A customer with a name, an e-mail address, two addresses and a consent.
fn anna() -> History<Customers> {
    let mut history = History::of(Customers);
    history.push::<CustomerEvent>(CUSTOMER, registered());
    let profile = Profile { first_name: parse("Anna"), last_name: parse("Berg"), phone: None };
    history.push::<CustomerEvent>(CUSTOMER, CustomerProfileChanged { profile: Personal::known(SUBJECT, profile) });
    let email = Personal::known(SUBJECT, parse("anna@example.com"));
    history.push::<CustomerEvent>(CUSTOMER, CustomerEmailChanged { email });
    history.push::<CustomerEvent>(CUSTOMER, added(1, "Torggata 1"));
    history.push::<CustomerEvent>(CUSTOMER, default(AddressKind::Shipping, 1));
    history.push::<CustomerEvent>(CUSTOMER, default(AddressKind::Billing, 1));
    history.push::<CustomerEvent>(CUSTOMER, added(2, "Storgata 2"));
    let (purpose, source) = (parse("newsletter"), parse("checkout"));
    let consent = CustomerConsentChanged { purpose, granted: true, source, changed_at: recorded_at(8) };
    history.push::<CustomerEvent>(CUSTOMER, consent);
    history
}

fn opened(history: &History<Customers>) -> Vec<(String, Option<Address>)> {
    let rows = history.tables.all::<CustomerAddressRow>();
    let open = |row: CustomerAddressRow| {
        let opened = row.address.open(&history.codec).now_or_never().expect("memory never waits");
        (row.address_id, opened.expect("the vault works").into_value())
    };
    rows.into_iter().map(open).collect()
}

#[test]
fn a_person_is_known_by_sealed_cells() {
    let history = anna();
    let row: CustomerRow = history.tables.only();
    assert_eq!(
        (row.default_shipping, row.default_billing),
        (Some(address_id(1).to_string()), Some(address_id(1).to_string()))
    );
    assert_eq!(row.address_ids, format!(r#"["{}","{}"]"#, address_id(1), address_id(2)));
    let profile = row.profile.unwrap().open(&history.codec).now_or_never().unwrap().unwrap();
    assert_eq!(profile.value().map(|profile| profile.first_name.as_str()), Some("Anna"));
    let email = row.email.unwrap().open(&history.codec).now_or_never().unwrap().unwrap();
    assert_eq!(email.value().map(tillroll_domain::contact::Email::as_str), Some("anna@example.com"));
    let expected = [
        (address_id(1).to_string(), Some(address("Torggata 1"))),
        (address_id(2).to_string(), Some(address("Storgata 2"))),
    ];
    assert_eq!(opened(&history), expected);
    let stored = format!("{:?}", history.tables);
    for secret in ["Anna", "Berg", "example.com", "Torggata", "Oslo"] {
        assert!(!stored.contains(secret), "{secret} stands in the tables");
    }
}

#[test]
fn an_address_is_corrected_in_its_place() {
    let mut history = anna();
    let address = Personal::known(SUBJECT, address("Kirkegata 3"));
    let corrected = CustomerAddressChanged { address_id: address_id(1), address, country: parse("SE") };
    history.push::<CustomerEvent>(CUSTOMER, corrected);
    assert_eq!(opened(&history)[0].1.as_ref().map(|address| address.line1.to_string()), Some("Kirkegata 3".to_owned()));
    let rows = history.tables.all::<CustomerAddressRow>();
    assert_eq!((rows[0].country.as_str(), rows[0].added_position), ("SE", 4));
}

#[test]
fn a_removed_address_leaves_its_row_and_its_defaults() {
    let mut history = anna();
    history.push::<CustomerEvent>(CUSTOMER, CustomerAddressRemoved { address_id: address_id(1) });
    let row: CustomerRow = history.tables.only();
    assert_eq!((row.default_shipping, row.default_billing), (None, None));
    history.push::<CustomerEvent>(CUSTOMER, default(AddressKind::Shipping, 2));
    assert_eq!(history.tables.only::<CustomerAddressRow>().address_id, address_id(2).to_string());
    let row: CustomerRow = history.tables.only();
    assert_eq!(row.default_shipping, Some(address_id(2).to_string()));
    assert_eq!(row.address_ids, format!(r#"["{}"]"#, address_id(2)));
}

#[test]
fn the_last_word_on_a_purpose_counts() {
    let mut history = anna();
    let (purpose, source) = (parse("newsletter"), parse("account"));
    let consent = CustomerConsentChanged { purpose, granted: false, source, changed_at: recorded_at(9) };
    history.push::<CustomerEvent>(CUSTOMER, consent);
    let row: CustomerConsentRow = history.tables.only();
    assert_eq!((row.granted, row.source.as_str(), row.changed_at), (false, "account", recorded_at(9)));
}

#[test]
fn of_a_forgotten_person_no_cell_is_left() {
    let mut history = anna();
    history.push::<CustomerEvent>(CUSTOMER, CustomerErased { subject: SUBJECT });
    let row: CustomerRow = history.tables.only();
    assert_eq!((row.active, row.erased), (false, true));
    assert_eq!((row.profile, row.email, row.default_shipping, row.default_billing), (None, None, None, None));
    assert_eq!(row.address_ids, "[]");
    assert_eq!(history.tables.all::<CustomerAddressRow>(), []);
    assert_eq!(history.tables.all::<CustomerConsentRow>().len(), 1, "what was allowed till then stays known");
}

#[test]
fn a_destroyed_key_closes_the_cells_before_any_fold_sees_the_erasure() {
    let mut history = anna();
    history.codec.vault().erase(DEFAULT_TENANT, SUBJECT).now_or_never().unwrap().unwrap();
    assert_eq!(opened(&history), [(address_id(1).to_string(), None), (address_id(2).to_string(), None)]);
    history.push::<CustomerEvent>(CUSTOMER, CustomerErased { subject: SUBJECT });
    assert_eq!(history.tables.all::<CustomerAddressRow>(), []);
}
