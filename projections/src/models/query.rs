//! Lists by keyset: filters, an order that names all its keys, and where to go on.
//!
//! SQL is put together from texts of this program alone; everything that comes from a reader travels as a value.

use crate::{
    read::{ReadModelError, Snapshot},
    table::{ColumnType, Row, TableSpec, Value},
};
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use std::fmt::Write;

/// The conditions of a list, all of which must hold.
#[derive(Debug, Clone, Default)]
pub struct Filters {
    conditions: String,
    values: Vec<Value>,
}

impl Filters {
    /// All rows.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Only rows for which `comparison value` is true, such as `country =`.
    #[must_use]
    pub fn and(mut self, comparison: &'static str, value: Value) -> Self {
        self.values.push(value);
        let joint = if self.conditions.is_empty() { " WHERE " } else { " AND " };
        // Writing into a String cannot fail.
        let _ = write!(self.conditions, "{joint}{comparison} ${}", self.values.len());
        self
    }

    /// As [`Self::and`] if there is a value, otherwise unchanged.
    #[must_use]
    pub fn and_some(self, comparison: &'static str, value: Option<Value>) -> Self {
        match value {
            Some(value) => self.and(comparison, value),
            None => self,
        }
    }

    /// Only rows whose column is null or greater than the value: that have no end, or one behind it.
    #[must_use]
    pub fn and_open(mut self, column: &'static str, value: Value) -> Self {
        self.values.push(value);
        let joint = if self.conditions.is_empty() { " WHERE " } else { " AND " };
        let _ = write!(self.conditions, "{joint}({column} IS NULL OR {column} > ${})", self.values.len());
        self
    }

    /// Only rows whose column is one of the values; none for no values.
    #[must_use]
    pub fn among(mut self, column: &'static str, values: Vec<Value>) -> Self {
        let joint = if self.conditions.is_empty() { " WHERE " } else { " AND " };
        let first = self.values.len() + 1;
        self.values.extend(values);
        let places: Vec<String> = (first..=self.values.len()).map(|place| format!("${place}")).collect();
        let list = if places.is_empty() { "NULL".to_owned() } else { places.join(", ") };
        let _ = write!(self.conditions, "{joint}{column} IN ({list})");
        self
    }

    /// Only rows strictly behind a key.
    fn behind(mut self, order: &Ordering, key: &[Value]) -> Self {
        let joint = if self.conditions.is_empty() { " WHERE " } else { " AND " };
        let first = self.values.len() + 1;
        self.values.extend(key.iter().cloned());
        let places: Vec<String> = (first..=self.values.len()).map(|place| format!("${place}")).collect();
        let sign = if order.descending { '<' } else { '>' };
        let _ = write!(self.conditions, "{joint}({}) {sign} ({})", order.columns.join(", "), places.join(", "));
        self
    }
}

/// The order of a list: columns that together are unique and never null, all in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ordering {
    /// The columns, the most significant first.
    pub columns: &'static [&'static str],
    /// Whether the largest comes first.
    pub descending: bool,
}

impl Ordering {
    /// The smallest first.
    #[must_use]
    pub const fn ascending(columns: &'static [&'static str]) -> Self {
        Self { columns, descending: false }
    }

    /// The largest first.
    #[must_use]
    pub const fn descending(columns: &'static [&'static str]) -> Self {
        Self { columns, descending: true }
    }

    fn sql(&self) -> String {
        let direction = if self.descending { " DESC" } else { "" };
        let columns: Vec<String> = self.columns.iter().map(|column| format!("{column}{direction}")).collect();
        format!(" ORDER BY {}", columns.join(", "))
    }
}

/// Some rows of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice<R> {
    /// The rows.
    pub rows: Vec<R>,
    /// The key of the last row if there are more behind it; see [`key_to_texts`].
    pub next: Option<Vec<Value>>,
}

/// Reads at most `limit` rows behind `after`, in order.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn slice<R: Row>(
    snapshot: &mut Snapshot,
    filters: Filters,
    order: Ordering,
    after: Option<&[Value]>,
    limit: usize,
) -> Result<Slice<R>, ReadModelError> {
    let filters = match after {
        Some(key) => filters.behind(&order, key),
        None => filters,
    };
    let tail = format!("{}{} LIMIT {}", filters.conditions, order.sql(), limit.saturating_add(1));
    let mut rows: Vec<R> = snapshot.select(&tail, &filters.values).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row| key_of(row, order));
    Ok(Slice { rows, next })
}

/// Reads all rows that pass the filters, in order. Only for lists whose length something else bounds.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn every<R: Row>(
    snapshot: &mut Snapshot,
    filters: Filters,
    order: Ordering,
) -> Result<Vec<R>, ReadModelError> {
    snapshot.select(&format!("{}{}", filters.conditions, order.sql()), &filters.values).await
}

/// Reads the one row that passes the filters.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn one<R: Row>(snapshot: &mut Snapshot, filters: Filters) -> Result<Option<R>, ReadModelError> {
    let rows = snapshot.select(&format!("{} LIMIT 1", filters.conditions), &filters.values).await?;
    Ok(rows.into_iter().next())
}

fn key_of<R: Row>(row: &R, order: Ordering) -> Vec<Value> {
    let values = row.to_values();
    let place = |name: &str| R::TABLE.columns.iter().position(|column| column.name == name);
    order.columns.iter().filter_map(|name| place(name).and_then(|index| values.get(index).cloned())).collect()
}

/// A key as texts, for a cursor.
#[must_use]
pub fn key_to_texts(key: &[Value]) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        Value::Bool(flag) => flag.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::Time(time) => time.to_rfc3339_opts(SecondsFormat::Micros, true),
        Value::Date(date) => date.to_string(),
    };
    key.iter().map(text).collect()
}

/// The key that a cursor's texts stand for; `None` if they do not fit the order's columns.
#[must_use]
pub fn key_from_texts(table: &TableSpec, order: Ordering, texts: &[String]) -> Option<Vec<Value>> {
    if texts.len() != order.columns.len() {
        return None;
    }
    let column_type = |name: &str| table.columns.iter().find(|column| column.name == name).map(|c| c.column_type);
    let value = |(name, text): (&&str, &String)| {
        Some(match column_type(name)? {
            ColumnType::Bool => Value::Bool(text.parse().ok()?),
            ColumnType::Int => Value::Int(text.parse().ok()?),
            ColumnType::Text => Value::Text(text.clone()),
            ColumnType::Time => Value::Time(text.parse::<DateTime<Utc>>().ok()?),
            ColumnType::Date => Value::Date(text.parse::<NaiveDate>().ok()?),
        })
    };
    order.columns.iter().zip(texts).map(value).collect()
}

/// A text as a value.
#[must_use]
#[expect(clippy::needless_pass_by_value, reason = "references fit as well, and ids are small")]
pub fn text(text: impl ToString) -> Value {
    Value::Text(text.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_hold_together_and_number_their_values() {
        let order = Ordering::descending(&["placed_at", "order_id"]);
        let filters = Filters::none()
            .and_some("country =", None)
            .and("status =", text("placed"))
            .among("order_id", vec![text("a"), text("b")])
            .and_open("ends_at", text("x"))
            .behind(&order, &[Value::Int(1), text("c")]);
        assert_eq!(
            filters.conditions,
            " WHERE status = $1 AND order_id IN ($2, $3) AND (ends_at IS NULL OR ends_at > $4) \
             AND (placed_at, order_id) < ($5, $6)"
        );
        assert_eq!(filters.values.len(), 6);
        assert_eq!(order.sql(), " ORDER BY placed_at DESC, order_id DESC");
    }

    #[test]
    fn being_among_nothing_is_true_of_no_row() {
        assert_eq!(Filters::none().among("sku", vec![]).conditions, " WHERE sku IN (NULL)");
    }
}
