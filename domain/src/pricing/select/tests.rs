//! Rules of selection, one example each.

use super::super::samples::line_id;
use super::*;
use crate::price_schedule::PriceKey;
use proptest::{collection::vec, prelude::*};
use uuid::Uuid;

fn instant(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
}

fn row_id(number: u128) -> PriceRowId {
    PriceRowId::new(Uuid::from_u128(number))
}

/// A row in euros for every country from one unit on, valid from second 0.
fn row(number: u128, priority: i32, amount: &str) -> PriceRow {
    let min_quantity = Quantity::new(1).unwrap();
    PriceRow {
        row_id: row_id(number),
        key: PriceKey { currency: "EUR".parse().unwrap(), country: None, min_quantity },
        priority,
        amount: amount.parse().unwrap(),
        valid_from: instant(0),
        valid_until: None,
    }
}

fn in_country(mut row: PriceRow, country: &str) -> PriceRow {
    row.key.country = Some(country.parse().unwrap());
    row
}

fn from_quantity(mut row: PriceRow, quantity: i64) -> PriceRow {
    row.key.min_quantity = Quantity::new(quantity).unwrap();
    row
}

fn query(country: Option<&str>, quantity: i64) -> PriceQuery {
    PriceQuery {
        currency: "EUR".parse().unwrap(),
        country: country.map(|country| country.parse().unwrap()),
        quantity: Quantity::new(quantity).unwrap(),
    }
}

/// The number of the row that is selected for one unit in Germany; 0 for the list price.
#[track_caller]
fn selected(rows: &[PriceRow], query: &PriceQuery, at: i64) -> u128 {
    match select(rows, Some("9.99".parse().unwrap()), query, instant(at)).unwrap().reason {
        PriceReason::Row { row_id, .. } => row_id.uuid().as_u128(),
        PriceReason::ListPrice => 0,
    }
}

#[test]
fn without_a_row_the_list_price_applies_and_without_one_none() {
    let list_price = "9.99".parse().unwrap();
    let expected = SelectedPrice { amount: list_price, reason: PriceReason::ListPrice };
    assert_eq!(select(&[], Some(list_price), &query(None, 1), instant(0)), Some(expected));
    assert_eq!(select(&[], None, &query(None, 1), instant(0)), None);
}

#[test]
fn a_row_applies_instead_of_the_list_price_and_is_named() {
    let expected =
        SelectedPrice { amount: "12".parse().unwrap(), reason: PriceReason::Row { row_id: row_id(1), priority: -5 } };
    let rows = [row(1, -5, "12")];
    assert_eq!(select(&rows, Some("9.99".parse().unwrap()), &query(None, 1), instant(0)), Some(expected));
    assert_eq!(select(&rows, None, &query(None, 1), instant(0)), Some(expected));
}

#[test]
fn a_row_applies_in_its_currency_and_country_and_from_its_quantity_on() {
    let other_currency = {
        let mut row = row(1, 0, "5");
        row.key.currency = "USD".parse().unwrap();
        row
    };
    assert_eq!(selected(&[other_currency], &query(Some("DE"), 1), 0), 0);
    let german = [in_country(row(1, 0, "5"), "DE")];
    assert_eq!(selected(&german, &query(Some("DE"), 1), 0), 1);
    assert_eq!(selected(&german, &query(Some("FR"), 1), 0), 0);
    assert_eq!(selected(&german, &query(None, 1), 0), 0);
    let dozen = [from_quantity(row(1, 0, "5"), 12)];
    assert_eq!([11, 12, 13].map(|quantity| selected(&dozen, &query(None, quantity), 0)), [0, 1, 1]);
}

#[test]
fn a_row_is_valid_from_its_beginning_to_before_its_end() {
    let rows = [PriceRow { valid_until: Some(instant(10)), ..row(1, 0, "5") }];
    assert_eq!([-1, 0, 9, 10].map(|at| selected(&rows, &query(None, 1), at)), [0, 1, 1, 0]);
}

#[test]
fn priority_decides_and_not_how_specific_a_key_is() {
    let newer = PriceRow { valid_from: instant(5), ..from_quantity(in_country(row(2, 0, "5"), "DE"), 10) };
    assert_eq!(selected(&[row(1, 1, "7"), newer], &query(Some("DE"), 10), 5), 1);
}

#[test]
fn of_equal_priority_the_later_beginning_decides_and_then_the_id() {
    let later = PriceRow { valid_from: instant(5), ..in_country(row(1, 0, "5"), "DE") };
    let rows = [later, row(2, 0, "6"), from_quantity(row(3, 0, "4"), 2)];
    assert_eq!(selected(&rows, &query(Some("DE"), 2), 5), 1);
    assert_eq!(selected(&rows, &query(Some("DE"), 2), 4), 3);
}

#[test]
fn a_reason_is_stored_in_the_words_of_ever() {
    let reason = PriceReason::Row { row_id: row_id(0x2a), priority: 3 };
    let stored = r#"{"source":"row","row_id":"prw_00000000-0000-0000-0000-00000000002a","priority":3}"#;
    assert_eq!(serde_json::to_string(&reason).unwrap(), stored);
    assert_eq!(serde_json::from_str::<PriceReason>(stored).unwrap(), reason);
    assert_eq!(serde_json::to_string(&PriceReason::ListPrice).unwrap(), r#"{"source":"list_price"}"#);
    assert_ne!(line_id(1).to_string(), row_id(1).to_string());
}

proptest! {
    #[test]
    fn the_order_of_the_rows_does_not_matter(
        (rows, shuffled) in vec((0..3_i32, 0..3_i64), 0..8).prop_flat_map(|rows| {
            let row = |(number, (priority, from)): (u128, (i32, i64))| {
                PriceRow { valid_from: instant(from), ..row(number, priority, "1") }
            };
            let rows: Vec<PriceRow> = (1..).zip(rows).map(row).collect();
            (Just(rows.clone()), Just(rows).prop_shuffle())
        }),
    ) {
        let asked = query(None, 1);
        prop_assert_eq!(select(&rows, None, &asked, instant(5)), select(&shuffled, None, &asked, instant(5)));
    }
}
