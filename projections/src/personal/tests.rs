//! A cell opens where it was taken from, for as long as its person's key is there, and shows nothing else.

use super::*;
use crate::models::testing::codec;
use chrono::DateTime;
use futures::FutureExt;
use tillroll_domain::{
    contact::{Address, Email},
    ids::SubjectId,
};
use tillroll_infra::{
    event::RecordedEvent,
    stream::{DEFAULT_TENANT, Position, Revision},
};

const ANNA: SubjectId = SubjectId::new(Uuid::from_u128(1));
const BERTA: SubjectId = SubjectId::new(Uuid::from_u128(2));

fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("memory never waits")
}

fn email() -> Email {
    "anna@example.com".parse().unwrap()
}

fn address() -> Address {
    let json = r#"{"recipient":"Berta Berg","line1":"Torggata 1","city":"Oslo","country":"NO"}"#;
    serde_json::from_str(json).unwrap()
}

fn recorded(data: String) -> RecordedEvent {
    RecordedEvent {
        position: Position(1),
        stream: "cart-7".parse().unwrap(),
        revision: Revision(0),
        id: Uuid::from_u128(9),
        event_type: "ContactGiven".into(),
        schema_version: 1,
        recorded_at: DateTime::UNIX_EPOCH,
        metadata: "{}".into(),
        data: data.into(),
    }
}

/// An event with the data of two persons, as the log has it.
fn contact_given(codec: &Codec) -> Incoming {
    let email = serde_json::to_string(&Personal::known(ANNA, email())).unwrap();
    let address = serde_json::to_string(&Personal::known(BERTA, address())).unwrap();
    let data = format!(r#"{{"note":"{{\"$","email":{email},"country":"NO","address":{address},"gift":null}}"#);
    let plain = recorded(data.clone());
    let sealed = now(codec.seal(Place::of(&plain), data)).unwrap();
    now(Incoming::open(recorded(sealed), codec)).unwrap()
}

fn cells(event: &Incoming) -> (PersonalCell<Email>, PersonalCell<Address>) {
    (PersonalCell::take_required(event, "email").unwrap(), PersonalCell::take_required(event, "address").unwrap())
}

#[test]
fn a_cell_opens_to_what_the_event_says_of_the_person() {
    let codec = codec();
    let (first, second) = cells(&contact_given(&codec));
    assert_eq!(now(first.open(&codec)).unwrap(), Personal::known(ANNA, email()));
    assert_eq!(now(second.open(&codec)).unwrap(), Personal::known(BERTA, address()), "the second marker of its event");
}

#[test]
fn a_cell_survives_its_column_and_shows_nothing() {
    let codec = codec();
    let (_, cell) = cells(&contact_given(&codec));
    let Value::Text(text) = cell.to_value() else { panic!("a cell is a text") };
    for secret in ["Berta", "Torggata", "Oslo"] {
        assert!(!text.contains(secret), "{text}");
    }
    let read = PersonalCell::<Address>::from_value(Value::Text(text)).unwrap();
    assert_eq!(read, cell);
    assert_eq!(now(read.open(&codec)).unwrap().into_value(), Some(address()));
    assert_eq!(format!("{read:?}"), "PersonalCell(***)");
}

#[test]
fn destroying_a_key_erases_that_persons_cells_only() {
    let codec = codec();
    let (first, second) = cells(&contact_given(&codec));
    now(codec.vault().erase(DEFAULT_TENANT, BERTA)).unwrap();
    assert_eq!(now(second.open(&codec)).unwrap(), Personal::erased(BERTA));
    assert_eq!(now(first.open(&codec)).unwrap(), Personal::known(ANNA, email()));
}

#[test]
fn a_cell_that_was_moved_does_not_open() {
    let codec = codec();
    let (first, _) = cells(&contact_given(&codec));
    let Value::Text(text) = first.to_value() else { panic!("a cell is a text") };
    for (from, to) in [("cart-7", "cart-8"), (r#""markers_before":0"#, r#""markers_before":1"#), ("0009", "0008")] {
        let moved = text.replacen(from, to, 1);
        assert_ne!(moved, text, "{from} is a part of the cell");
        let moved = PersonalCell::<Email>::from_value(Value::Text(moved)).unwrap();
        let refused = now(moved.open(&codec));
        assert!(
            matches!(refused, Err(PersonalCellError::Sealed(CodecError::NotAuthentic { .. }))),
            "{from}: {refused:?}"
        );
    }
    let of_another_kind = PersonalCell::<Address>::from_value(first.to_value()).unwrap();
    assert!(matches!(now(of_another_kind.open(&codec)), Err(PersonalCellError::Malformed)));
}

#[test]
fn what_is_not_sealed_never_gets_into_a_cell() {
    let plain = serde_json::to_string(&Personal::known(ANNA, email())).unwrap();
    for value in [plain.as_str(), r#""anna@example.com""#, "7", r#"{"a":{"$sealed":1}}"#] {
        let event = Incoming::new(recorded(format!(r#"{{"email":{value}}}"#)));
        let refused = PersonalCell::<Email>::take(&event, "email");
        assert!(matches!(&refused, Err(ApplyError::Poison(reason)) if !reason.contains("anna")), "{refused:?}");
    }
    assert!(matches!(PersonalCell::<Email>::from_value(Value::Int(1)), Err(Value::Int(1))));
    let written = PersonalCell::<Email>::from_value(Value::Text("anna@example.com".to_owned())).unwrap();
    let refused = now(written.open(&codec())).unwrap_err();
    assert!(!format!("{refused:?} {refused}").contains("anna"), "{refused:?}");
}

#[test]
fn a_field_that_is_missing_or_null_is_no_cell() {
    let event = contact_given(&codec());
    for field in ["gift", "phone"] {
        assert_eq!(PersonalCell::<Email>::take(&event, field).unwrap(), None);
        assert!(matches!(PersonalCell::<Email>::take_required(&event, field), Err(ApplyError::Poison(_))));
    }
}
