//! Values that the samples are made of.

use chrono::{DateTime, NaiveDate, Utc};
use std::str::FromStr;
use tillroll_domain::{
    common::{DocumentForm, SourceDocument},
    quantity::Quantity,
};
use uuid::Uuid;

/// Any checked text: a SKU, a name, a currency, a unit price.
pub(crate) fn text<T: FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("{text:?} is well-formed"))
}

/// The UUID with which the sample's typed ids are made.
pub(crate) fn uuid(last: u128) -> Uuid {
    Uuid::from_u128(0x0192_4c3e_5a00_7000_8000_0000_0000_0000 | last)
}

pub(crate) fn quantity(units: i64) -> Quantity {
    Quantity::new(units).unwrap()
}

pub(crate) fn time(rfc3339: &str) -> DateTime<Utc> {
    rfc3339.parse().unwrap()
}

pub(crate) fn date() -> NaiveDate {
    NaiveDate::from_ymd_opt(2010, 12, 1).unwrap()
}

pub(crate) fn source(number: &str, form: DocumentForm) -> SourceDocument {
    SourceDocument {
        system: text("online-retail"),
        number: text(number),
        form,
        digest: text("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
        local_time: date().and_hms_opt(8, 26, 0).unwrap(),
        time_zone: text("Europe/London"),
    }
}
