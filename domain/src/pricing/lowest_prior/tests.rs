//! The lowest prior price: examples at its edges, and a walk over every day.

use super::*;
use crate::{ids::PriceRowId, price_schedule::PriceKey, quantity::Quantity};
use proptest::{collection::vec, prelude::*};
use uuid::Uuid;

const DAY: i64 = 86_400;

fn instant(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_600_000_000 + seconds, 0).unwrap()
}

fn amount(micros: i64) -> UnitPrice {
    UnitPrice::from_micros(micros).unwrap()
}

fn row(number: u128, priority: i32, micros: i64, from: i64, until: Option<i64>) -> PriceRow {
    PriceRow {
        row_id: PriceRowId::new(Uuid::from_u128(number)),
        key: PriceKey { currency: "EUR".parse().unwrap(), country: None, min_quantity: Quantity::new(1).unwrap() },
        priority,
        amount: amount(micros),
        valid_from: instant(from),
        valid_until: until.map(instant),
    }
}

fn list(changes: &[(i64, Option<i64>)]) -> Vec<ListPriceChange> {
    changes.iter().map(|&(at, micros)| ListPriceChange { at: instant(at), amount: micros.map(amount) }).collect()
}

fn query() -> PriceQuery {
    PriceQuery { currency: "EUR".parse().unwrap(), country: None, quantity: Quantity::new(1).unwrap() }
}

fn lowest(rows: &[PriceRow], history: &[(i64, Option<i64>)], at: i64) -> Option<i64> {
    lowest_prior(rows, &list(history), &query(), instant(at)).map(UnitPrice::micros)
}

#[test]
fn a_price_without_a_predecessor_has_no_lowest_prior_price() {
    assert_eq!(lowest(&[], &[(0, Some(10))], 100 * DAY), None);
    assert_eq!(lowest(&[], &[], 0), None);
}

#[test]
fn nothing_is_announced_where_nothing_is_on_sale() {
    assert_eq!(lowest(&[], &[(0, Some(10)), (DAY, None)], 2 * DAY), None);
}

#[test]
fn a_sale_names_the_list_price_before_it() {
    let sale = row(1, 0, 7, 50 * DAY, Some(60 * DAY));
    assert_eq!(lowest(std::slice::from_ref(&sale), &[(0, Some(10))], 55 * DAY), Some(10));
    // After the sale the list price is the current one, and the sale is what was lowest before.
    assert_eq!(lowest(&[sale], &[(0, Some(10))], 60 * DAY), Some(7));
}

#[test]
fn a_price_that_was_raised_before_the_sale_does_not_hide_the_lower_one() {
    let history = [(0, Some(8)), (40 * DAY, Some(12)), (50 * DAY, Some(9))];
    assert_eq!(lowest(&[], &history, 51 * DAY), Some(8));
}

#[test]
fn the_thirty_days_end_where_the_current_price_began() {
    let sale = |from| [row(1, 0, 5, from, None)];
    let history = |until| [(0, Some(6)), (until, Some(10))];
    // The price of 6 ended exactly 30 days before, or one second later.
    assert_eq!(lowest(&sale(40 * DAY), &history(10 * DAY), 90 * DAY), Some(10));
    assert_eq!(lowest(&sale(40 * DAY), &history(10 * DAY + 1), 90 * DAY), Some(6));
}

#[test]
fn another_row_with_the_same_amount_continues_a_price() {
    let rows = [row(1, 0, 5, 10 * DAY, Some(20 * DAY)), row(2, 0, 5, 20 * DAY, None)];
    assert_eq!(lowest(&rows, &[(0, Some(9)), (5 * DAY, Some(8))], 100 * DAY), Some(8));
}

#[test]
fn rows_for_others_do_not_count() {
    let mut french = row(1, 9, 1, 10 * DAY, Some(20 * DAY));
    french.key.country = Some("FR".parse().unwrap());
    let mut dozen = row(2, 9, 2, 10 * DAY, Some(20 * DAY));
    dozen.key.min_quantity = Quantity::new(12).unwrap();
    assert_eq!(lowest(&[french, dozen], &[(0, Some(9)), (25 * DAY, Some(8))], 26 * DAY), Some(9));
}

#[test]
fn what_comes_after_the_instant_does_not_count() {
    let history = [(0, Some(9)), (10 * DAY, Some(8)), (12 * DAY, Some(1))];
    assert_eq!(lowest(&[], &history, 11 * DAY), Some(9));
}

/// A row on days: rank, amount, first day, number of days if it ends.
type Days = (i32, i64, i64, Option<i64>);

/// What applies on a day, found by looking at everything.
fn on(day: i64, rows: &[Days], history: &[(i64, Option<i64>)]) -> Option<i64> {
    let mut best: Option<(i32, i64, usize, i64)> = None;
    for (index, &(priority, micros, from, days)) in rows.iter().enumerate() {
        if from <= day && days.is_none_or(|days| day < from + days) {
            best = best.max(Some((priority, from, index, micros)));
        }
    }
    let list_price = history.iter().rfind(|(at, _)| *at <= day).and_then(|(_, micros)| *micros);
    best.map_or(list_price, |(_, _, _, micros)| Some(micros))
}

/// The lowest prior price, found by walking over the days one by one.
fn walked(rows: &[Days], history: &[(i64, Option<i64>)], at: i64) -> Option<i64> {
    let current = on(at, rows, history)?;
    let mut began = at;
    while began > 0 && on(began - 1, rows, history) == Some(current) {
        began -= 1;
    }
    (began - 30..began).filter_map(|day| on(day, rows, history)).min()
}

proptest! {
    #[test]
    fn the_lowest_prior_price_is_that_of_a_walk_over_every_day(
        rows in vec((0..3_i32, 1..6_i64, 0..120_i64, proptest::option::of(1..40_i64)), 0..8),
        mut history in vec((0..120_i64, proptest::option::weighted(0.8, 1..6_i64)), 0..6),
        at in 0..130_i64,
    ) {
        history.sort_by_key(|(day, _)| *day);
        let expected = walked(&rows, &history, at);
        let numbered = (1..).zip(&rows);
        let scheduled: Vec<PriceRow> = numbered
            .map(|(number, &(priority, micros, from, days))| {
                row(number, priority, micros, from * DAY, days.map(|days| (from + days) * DAY))
            })
            .collect();
        let history: Vec<_> = history.into_iter().map(|(day, micros)| (day * DAY, micros)).collect();
        prop_assert_eq!(lowest(&scheduled, &history, at * DAY), expected);
    }
}
