//! Given events of schedules and products, these rows; and what they tell of past prices.

use super::*;
use crate::models::testing::{History, parse, recorded_at, units};
use tillroll_domain::{
    price::Price,
    price_schedule::events::{PriceEnded, PriceSet, PriceWithdrawn},
    product::events::{VariantPriceRemoved, VariantPriceSet},
};

const SCHEDULE: &str = "price_schedule-MUG";
const PRODUCT: &str = "product-01890000-0000-7000-8000-0000000000a1";
const ROW: &str = "prw_01890000-0000-7000-8000-000000000001";

fn set() -> PriceSet {
    PriceSet {
        row_id: parse(ROW),
        key: PriceKey { currency: parse("EUR"), country: Some(parse("DE")), min_quantity: units(12) },
        priority: -3,
        amount: parse("2.555"),
        valid_from: recorded_at(10),
        valid_until: None,
    }
}

fn told(events: impl IntoIterator<Item = PriceScheduleEvent>) -> PriceRowRow {
    let mut history = History::of(Prices);
    events.into_iter().for_each(|event| history.push::<PriceScheduleEvent>(SCHEDULE, event));
    history.tables.only()
}

#[test]
fn a_price_shows_all_that_was_set() {
    let row = PriceRowRow {
        sku: "MUG".to_owned(),
        price_row_id: ROW.to_owned(),
        currency: "EUR".to_owned(),
        country: Some("DE".to_owned()),
        min_quantity: 12,
        priority: -3,
        amount: "2.555".to_owned(),
        amount_micros: 2_555_000,
        valid_from: recorded_at(10),
        valid_until: None,
        withdrawn: false,
        set_at: recorded_at(1),
        updated_at: recorded_at(1),
        revision: 0,
        position: 1,
    };
    assert_eq!(told([set().into()]), row);
    let ended = told([set().into(), PriceEnded { row_id: parse(ROW), at: recorded_at(20) }.into()]);
    let expected = PriceRowRow {
        valid_until: Some(recorded_at(20)),
        updated_at: recorded_at(2),
        revision: 1,
        position: 2,
        ..row.clone()
    };
    assert_eq!(ended, expected);
    let withdrawn = told([set().into(), PriceWithdrawn { row_id: parse(ROW) }.into()]);
    assert_eq!(withdrawn, PriceRowRow { withdrawn: true, updated_at: recorded_at(2), revision: 1, position: 2, ..row });
}

#[test]
fn a_row_is_read_as_it_was_set() {
    let set = set();
    let row = priced(told([set.clone().into()])).unwrap();
    assert_eq!((row.row_id, row.key, row.priority), (set.row_id, set.key, set.priority));
    assert_eq!((row.amount, row.valid_from, row.valid_until), (set.amount, set.valid_from, set.valid_until));
}

#[test]
fn the_end_of_a_price_that_was_never_set_is_poison() {
    let mut history = History::of(Prices);
    let ended = PriceEnded { row_id: parse(ROW), at: recorded_at(20) };
    let refused = history.try_push::<PriceScheduleEvent>(SCHEDULE, ended);
    assert!(matches!(refused, Err(ApplyError::Poison(_))), "{refused:?}");
}

#[test]
fn every_change_of_a_list_price_is_kept() {
    let mut history = History::of(Prices);
    let price =
        |amount| VariantPriceSet { sku: parse("MUG"), price: Price { amount: parse(amount), currency: parse("EUR") } };
    history.push::<ProductEvent>(PRODUCT, price("10"));
    history.push::<ProductEvent>(PRODUCT, price("12.5"));
    history.push::<ProductEvent>(PRODUCT, VariantPriceRemoved { sku: parse("MUG"), currency: parse("EUR") });
    let changes: Vec<_> = history.tables.all::<ListPriceRow>();
    let told: Vec<_> = changes.iter().map(|row| (row.position, row.amount.as_deref(), row.amount_micros)).collect();
    assert_eq!(told, [(1, Some("10"), Some(10_000_000)), (2, Some("12.5"), Some(12_500_000)), (3, None, None)]);
    assert_eq!(changes[1].changed_at, recorded_at(2));
    assert_eq!(changes[1].product_id, "prd_01890000-0000-7000-8000-0000000000a1");
}

#[test]
fn an_imported_list_price_counts_from_when_it_took_effect() {
    let mut history = History::of(Prices);
    history.metadata.effective_at = Some(recorded_at(1_000));
    let price = Price { amount: parse("10"), currency: parse("EUR") };
    history.push::<ProductEvent>(PRODUCT, VariantPriceSet { sku: parse("MUG"), price });
    assert_eq!(history.tables.only::<ListPriceRow>().changed_at, recorded_at(1_000));
}

#[test]
fn the_list_price_is_that_of_the_last_change() {
    let change =
        |position, amount: Option<&str>| ListPriceChange { at: recorded_at(position), amount: amount.map(parse) };
    let history =
        PriceHistory { rows: vec![], list_prices: vec![change(2, Some("10")), change(2, Some("11")), change(4, None)] };
    let told = [1, 2, 3, 4].map(|position| history.list_price(recorded_at(position)).map(|amount| amount.to_string()));
    assert_eq!(told, [None, Some("11".to_owned()), Some("11".to_owned()), None]);
}
