//! Holds the stored form of every event against the files in `golden/`, which are read forever and never edited; and in
//! `states` that of every aggregate's state.
//!
//! With `TILLROLL_WRITE_GOLDEN=1` missing files of the newest versions are written; existing ones never are.

#![expect(clippy::unwrap_used, reason = "a test may panic in its helpers too")]

mod cart;
mod catalog;
mod customers;
mod helpers;
mod movements;
mod payments;
mod prices;
mod sales;
mod states;
mod stock;
mod words;

use serde_json::{Deserializer, to_string_pretty};
use std::{collections::BTreeMap, fs, path::PathBuf};
use tillroll_domain::aggregate::DomainEvent;

/// One event of one stored version: what its golden file must decode to.
struct Sample<E> {
    version: u16,
    event: E,
}

/// A sample in the version written today.
fn today<E: DomainEvent>(event: impl Into<E>) -> Sample<E> {
    let event = event.into();
    Sample { version: event.event_type().version, event }
}

/// What a file of an older version decodes to.
fn older<E: DomainEvent>(version: u16, event: impl Into<E>) -> Sample<E> {
    Sample { version, event: event.into() }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden")
}

fn file_name(name: &str, version: u16) -> String {
    format!("{name}.v{version}.json")
}

/// The file's text; where it is missing and writing is asked for, it is written first.
fn golden(file: &str, newest: Option<&str>) -> String {
    let path = folder().join(file);
    if let (Some(text), Some(_), false) = (newest, std::env::var_os("TILLROLL_WRITE_GOLDEN"), path.exists()) {
        fs::write(&path, text).unwrap();
    }
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("golden/{file} cannot be read: {error}"))
}

fn assert_family<E: DomainEvent>(samples: Vec<Sample<E>>) {
    let mut by_type = BTreeMap::new();
    for Sample { version, event } in samples {
        let name = event.event_type().name;
        assert!(by_type.insert((name, version), event).is_none(), "{name} v{version} has two samples");
    }
    for event_type in E::TYPES {
        for version in 1..=event_type.version {
            let expected = by_type
                .remove(&(event_type.name, version))
                .unwrap_or_else(|| panic!("{} v{version} has no sample", event_type.name));
            assert_file(&expected, version);
        }
    }
    assert!(by_type.is_empty(), "samples of versions that are not written yet: {:?}", by_type.keys());
}

fn assert_file<E: DomainEvent>(expected: &E, version: u16) {
    let event_type = expected.event_type();
    let file = file_name(event_type.name, version);
    let newest = (version == event_type.version).then(|| to_string_pretty(expected).unwrap() + "\n");
    let stored = golden(&file, newest.as_deref());
    if let Some(text) = newest {
        assert_eq!(text, stored, "the stored form of {} changed; see golden/README.md", event_type.name);
    }
    let decoded = E::decode(event_type.name, version, &mut Deserializer::from_str(&stored))
        .unwrap_or_else(|error| panic!("golden/{file} is not read any more; see golden/README.md: {error}"));
    assert_eq!(&decoded, expected, "golden/{file} means something else now; see golden/README.md");
}

macro_rules! families {
    ($($test:ident: $family:ty = $samples:path;)+) => {
        $(#[test] fn $test() { assert_family::<$family>($samples()); })+

        #[test]
        fn every_golden_file_belongs_to_a_version_of_an_event() {
            let mut known = vec!["README.md".to_owned(), "states".to_owned()];
            $(for event_type in <$family as DomainEvent>::TYPES {
                known.extend((1..=event_type.version).map(|version| file_name(event_type.name, version)));
            })+
            let mut unique = known.clone();
            unique.sort_unstable();
            unique.dedup();
            assert_eq!(unique.len(), known.len(), "two families have an event of the same name");
            for entry in fs::read_dir(folder()).unwrap() {
                let file = entry.unwrap().file_name().into_string().unwrap();
                assert!(known.contains(&file), "golden/{file} belongs to no event: was one renamed or removed?");
            }
        }
    };
}

families! {
    carts_are_stored_as_ever: tillroll_domain::cart::events::CartEvent = cart::cart;
    claims_are_stored_as_ever: tillroll_domain::claim::events::ClaimEvent = catalog::claim;
    credit_notes_are_stored_as_ever: tillroll_domain::credit_note::events::CreditNoteEvent = sales::credit_note;
    category_trees_are_stored_as_ever: tillroll_domain::category_tree::events::CategoryTreeEvent = catalog::category_tree;
    customers_are_stored_as_ever: tillroll_domain::customer::events::CustomerEvent = customers::customer;
    expenses_are_stored_as_ever: tillroll_domain::expense::events::ExpenseEvent = sales::expense;
    fulfillments_are_stored_as_ever:
        tillroll_domain::fulfillment::events::FulfillmentEvent = movements::fulfillment;
    imports_are_stored_as_ever: tillroll_domain::import::events::ImportEvent = catalog::import;
    orders_are_stored_as_ever: tillroll_domain::order::events::OrderEvent = sales::order;
    payments_are_stored_as_ever: tillroll_domain::payment::events::PaymentEvent = payments::payment;
    provider_messages_are_stored_as_ever:
        tillroll_domain::provider_message::events::ProviderMessageEvent = payments::provider_message;
    price_schedules_are_stored_as_ever:
        tillroll_domain::price_schedule::events::PriceScheduleEvent = prices::price_schedule;
    products_are_stored_as_ever: tillroll_domain::product::events::ProductEvent = catalog::product;
    returns_are_stored_as_ever: tillroll_domain::returns::events::ReturnEvent = movements::returns;
    stock_documents_are_stored_as_ever:
        tillroll_domain::stock_document::events::StockDocumentEvent = stock::stock_document;
    stock_items_are_stored_as_ever: tillroll_domain::stock_item::events::StockItemEvent = stock::stock_item;
}

#[test]
fn an_unknown_type_or_version_is_refused() {
    use tillroll_domain::stock_item::events::StockItemEvent;
    let payload = r#"{"level":5}"#;
    let decode = |name: &str, version: u16| {
        StockItemEvent::decode(name, version, &mut Deserializer::from_str(payload)).map_err(|error| error.to_string())
    };
    assert!(decode("ReorderLevelSet", 1).is_ok());
    let refusal = decode("ReorderLevelSet", 2).unwrap_err();
    assert!(refusal.contains("no StockItemEvent is named ReorderLevelSet with schema version 2"), "{refusal}");
    assert!(decode("ReorderLevelSet", 0).is_err());
    assert!(decode("StockMelted", 1).is_err());
}

#[test]
fn a_field_that_no_version_has_is_refused() {
    use tillroll_domain::stock_item::events::StockItemEvent;
    let payload = r#"{"level":5,"colour":"red"}"#;
    assert!(StockItemEvent::decode("ReorderLevelSet", 1, &mut Deserializer::from_str(payload)).is_err());
}
