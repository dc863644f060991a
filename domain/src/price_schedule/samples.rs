//! Prices that the tests of price schedules begin with.

use super::{
    commands::{NewPrice, PriceScheduleCommand},
    events::{PriceEnded, PriceScheduleEvent, PriceSet, PriceWithdrawn},
    row::PriceKey,
};
use crate::{aggregate::Moment, ids::PriceRowId, quantity::Quantity, testing::moment};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

pub(super) fn row_id(number: u128) -> PriceRowId {
    PriceRowId::new(Uuid::from_u128(number))
}

/// Days after the moment of the tests.
pub(super) fn day(days: i64) -> DateTime<Utc> {
    moment().now + TimeDelta::days(days)
}

/// The moment of the tests, days later.
pub(super) fn on(days: i64) -> Moment {
    Moment { now: day(days), ..moment() }
}

pub(super) fn key(country: Option<&str>, min_quantity: i64) -> PriceKey {
    PriceKey {
        currency: "EUR".parse().unwrap(),
        country: country.map(|country| country.parse().unwrap()),
        min_quantity: Quantity::new(min_quantity).unwrap(),
    }
}

/// A price of 2.55 euros for everybody, from a day on.
pub(super) fn new(number: u128, from: Option<i64>, until: Option<i64>) -> NewPrice {
    NewPrice {
        row_id: row_id(number),
        key: key(None, 1),
        priority: 0,
        amount: "2.55".parse().unwrap(),
        valid_from: from.map(day),
        valid_until: until.map(day),
    }
}

pub(super) fn set(number: u128, from: i64, until: Option<i64>) -> PriceScheduleEvent {
    let new = new(number, Some(from), until);
    PriceSet {
        row_id: new.row_id,
        key: new.key,
        priority: new.priority,
        amount: new.amount,
        valid_from: day(from),
        valid_until: new.valid_until,
    }
    .into()
}

pub(super) fn ended(number: u128, at: i64) -> PriceScheduleEvent {
    PriceEnded { row_id: row_id(number), at: day(at) }.into()
}

pub(super) fn withdrawn(number: u128) -> PriceScheduleEvent {
    PriceWithdrawn { row_id: row_id(number) }.into()
}

pub(super) fn end(number: u128, at: Option<i64>) -> PriceScheduleCommand {
    PriceScheduleCommand::EndPrice { row_id: row_id(number), at: at.map(day) }
}

pub(super) fn withdraw(number: u128) -> PriceScheduleCommand {
    PriceScheduleCommand::WithdrawPrice { row_id: row_id(number) }
}
