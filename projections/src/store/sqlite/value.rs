//! Values to SQLite and back: truths as integers, times and dates as fixed-width text that sorts by time.

use crate::{
    store::StoreError,
    table::{ColumnSpec, ColumnType, Value},
};
use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};
use sqlx::{
    Arguments, Decode, Row as _, Sqlite,
    error::BoxDynError,
    sqlite::{SqliteArguments, SqliteRow},
};

/// Binds a value behind the others.
pub(super) fn bind(arguments: &mut SqliteArguments, value: &Value) -> Result<(), BoxDynError> {
    match value {
        Value::Null => arguments.add(None::<i64>),
        Value::Bool(truth) => arguments.add(i64::from(*truth)),
        Value::Int(number) => arguments.add(*number),
        Value::Text(text) => arguments.add(text.as_str()),
        Value::Time(time) => arguments.add(time_text(*time)),
        Value::Date(date) => arguments.add(date_text(*date)),
    }
}

/// Binds values in order.
pub(super) fn bind_all<'a>(values: impl IntoIterator<Item = &'a Value>) -> Result<SqliteArguments, StoreError> {
    let mut arguments = SqliteArguments::default();
    for value in values {
        bind(&mut arguments, value).map_err(|error| StoreError::Query(error.to_string()))?;
    }
    Ok(arguments)
}

/// Reads a row whose columns hold what is said of them.
pub(super) fn read_row(row: &SqliteRow, columns: &[ColumnSpec]) -> Result<Vec<Value>, StoreError> {
    if row.len() != columns.len() {
        return Err(StoreError::Query(format!("{} columns were expected, {} came", columns.len(), row.len())));
    }
    columns.iter().enumerate().map(|(index, column)| read(row, index, column)).collect()
}

fn read(row: &SqliteRow, index: usize, column: &ColumnSpec) -> Result<Value, StoreError> {
    let value = match column.column_type {
        ColumnType::Bool => get::<i64>(row, index)?.map(|number| Value::Bool(number != 0)),
        ColumnType::Int => get::<i64>(row, index)?.map(Value::Int),
        ColumnType::Text => get::<String>(row, index)?.map(Value::Text),
        ColumnType::Time => match get::<&str>(row, index)? {
            Some(text) => {
                let time = DateTime::parse_from_rfc3339(text).map_err(|_| misfit(column))?;
                Some(Value::Time(time.with_timezone(&Utc)))
            }
            None => None,
        },
        ColumnType::Date => match get::<&str>(row, index)? {
            Some(text) => Some(Value::Date(text.parse::<NaiveDate>().map_err(|_| misfit(column))?)),
            None => None,
        },
    };
    match value {
        Some(value) => Ok(value),
        None if column.nullable => Ok(Value::Null),
        None => Err(misfit(column)),
    }
}

fn get<'r, T: Decode<'r, Sqlite>>(row: &'r SqliteRow, index: usize) -> Result<Option<T>, StoreError> {
    row.try_get_unchecked::<Option<T>, _>(index).map_err(|error| StoreError::Query(error.to_string()))
}

fn misfit(column: &ColumnSpec) -> StoreError {
    StoreError::Corrupt(format!("a value in {} that is no {:?}", column.name, column.column_type))
}

/// `2010-12-01T08:26:00.000000Z`. Years outside 0 to 9999 keep their meaning but not the width.
pub(super) fn time_text(time: DateTime<Utc>) -> String {
    let mut text = String::with_capacity(27);
    push_date(&mut text, time.date_naive());
    for (mark, number, width) in [
        ('T', time.hour(), 2),
        (':', time.minute(), 2),
        (':', time.second(), 2),
        // A leap second counts beyond 999,999; it is shown as the last microsecond, which keeps text and order valid.
        ('.', (time.nanosecond() / 1_000).min(999_999), 6),
    ] {
        text.push(mark);
        push_digits(&mut text, number, width);
    }
    text.push('Z');
    text
}

/// `2010-12-01`.
pub(super) fn date_text(date: NaiveDate) -> String {
    let mut text = String::with_capacity(10);
    push_date(&mut text, date);
    text
}

fn push_date(text: &mut String, date: NaiveDate) {
    match u32::try_from(date.year()) {
        Ok(year) if year <= 9_999 => push_digits(text, year, 4),
        _ => text.push_str(&date.format("%Y").to_string()),
    }
    text.push('-');
    push_digits(text, date.month(), 2);
    text.push('-');
    push_digits(text, date.day(), 2);
}

/// Writes a number with leading zeros; `format!` is several times slower, and a rebuild writes millions of times.
fn push_digits(text: &mut String, number: u32, width: u32) {
    for place in (0..width).rev() {
        let digit = number / 10_u32.pow(place) % 10;
        text.push(char::from_digit(digit, 10).unwrap_or('0'));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_time_reads_back_and_its_text_sorts_like_the_time(
            first in -62_135_596_800_000_000_i64..253_402_300_800_000_000,
            second in -62_135_596_800_000_000_i64..253_402_300_800_000_000,
        ) {
            let first = DateTime::from_timestamp_micros(first).unwrap();
            let second = DateTime::from_timestamp_micros(second).unwrap();
            prop_assert_eq!(DateTime::parse_from_rfc3339(&time_text(first)).unwrap(), first);
            prop_assert_eq!(time_text(first).cmp(&time_text(second)), first.cmp(&second));
            prop_assert_eq!(date_text(first.date_naive()).parse::<NaiveDate>().unwrap(), first.date_naive());
        }
    }

    #[test]
    fn a_time_has_six_fraction_digits() {
        let time = DateTime::from_timestamp_micros(1_291_191_960_000_042).unwrap();
        assert_eq!(time_text(time), "2010-12-01T08:26:00.000042Z");
    }
}
