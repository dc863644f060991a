//! Tables of read models as data: columns, keys and rows, independent of the database that holds them.
//!
//! SQL is written once and runs on SQLite and PostgreSQL; what differs is how a [`Value`] is bound and read.

use chrono::{DateTime, NaiveDate, SubsecRound, Utc};
use std::fmt::Debug;
use thiserror::Error;

/// One value of a column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// Nothing.
    Null,
    /// A truth; 0 or 1 in SQLite.
    Bool(bool),
    /// A whole number: `BIGINT`. Money is minor units.
    Int(i64),
    /// A text.
    Text(String),
    /// An instant in whole microseconds; in SQLite a text `2010-12-01T08:26:00.000000Z`, which sorts by time.
    Time(DateTime<Utc>),
    /// A date; in SQLite a text `2010-12-01`.
    Date(NaiveDate),
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// [`Value::Bool`].
    Bool,
    /// [`Value::Int`].
    Int,
    /// [`Value::Text`].
    Text,
    /// [`Value::Time`].
    Time,
    /// [`Value::Date`].
    Date,
}

/// One column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnSpec {
    /// Its name, a plain SQL identifier.
    pub name: &'static str,
    /// What it holds.
    pub column_type: ColumnType,
    /// Whether it may be [`Value::Null`].
    pub nullable: bool,
}

/// One table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableSpec {
    /// Its name, which analysts query: a view over the physical table of the generation that is live.
    pub name: &'static str,
    /// Its columns; the first [`Self::key_columns`] are the primary key.
    pub columns: &'static [ColumnSpec],
    /// How many columns the primary key has, at least 1.
    pub key_columns: usize,
    /// Further indexes, each a list of columns as SQL writes it, such as `"country, placed_at"`.
    pub indexes: &'static [&'static str],
}

/// Whether a name is a plain SQL identifier: `[a-z][a-z0-9_]*`, at most 63 bytes (PostgreSQL's limit).
pub(crate) fn is_identifier(name: &str) -> bool {
    name.len() <= 63
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// A row does not fit its table's columns.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the column {column} cannot hold {value:?}")]
pub struct RowError {
    /// The column.
    pub column: &'static str,
    /// What it was given.
    pub value: Value,
}

/// A Rust type that one column holds.
pub trait Column: Sized {
    /// The column's type.
    const TYPE: ColumnType;
    /// Whether the column may be null.
    const NULLABLE: bool = false;
    /// To the column.
    fn to_value(&self) -> Value;
    /// From the column; gives the value back if it does not fit.
    ///
    /// # Errors
    /// A value of another type.
    fn from_value(value: Value) -> Result<Self, Value>;
}

macro_rules! columns {
    ($($rust:ty => $variant:ident, |$value:ident| $to:expr;)+) => {$(
        impl Column for $rust {
            const TYPE: ColumnType = ColumnType::$variant;
            fn to_value(&self) -> Value { let $value = self; Value::$variant($to) }
            fn from_value(value: Value) -> Result<Self, Value> {
                if let Value::$variant(inner) = value { Ok(inner) } else { Err(value) }
            }
        }
    )+};
}

columns! {
    bool => Bool, |value| *value;
    i64 => Int, |value| *value;
    String => Text, |value| value.clone();
    DateTime<Utc> => Time, |value| value.trunc_subsecs(6);
    NaiveDate => Date, |value| *value;
}

impl<C: Column> Column for Option<C> {
    const TYPE: ColumnType = C::TYPE;
    const NULLABLE: bool = true;
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, Column::to_value)
    }
    fn from_value(value: Value) -> Result<Self, Value> {
        if value == Value::Null { Ok(None) } else { C::from_value(value).map(Some) }
    }
}

/// A typed row of one table. Declare with [`crate::read_table`].
pub trait Row: Debug + Clone + PartialEq + Send + Sync + 'static {
    /// Its table.
    const TABLE: TableSpec;
    /// Its values, in the order of the columns.
    fn to_values(&self) -> Vec<Value>;
    /// A row of values in the order of the columns.
    ///
    /// # Errors
    /// A value that does not fit its column.
    fn from_values(values: Vec<Value>) -> Result<Self, RowError>;
}

/// Declares a row type with its table: `key N` says how many of the first fields are the primary key.
#[macro_export]
macro_rules! read_table {
    (
        $(#[$meta:meta])*
        pub struct $row:ident in $table:literal, key $keys:literal, indexes [$($index:literal),* $(,)?] {
            $($(#[$fmeta:meta])* pub $field:ident: $type:ty,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $row {
            $($(#[$fmeta])* pub $field: $type,)+
        }

        impl $crate::table::Row for $row {
            const TABLE: $crate::table::TableSpec = $crate::table::TableSpec {
                name: $table,
                columns: &[$($crate::table::ColumnSpec {
                    name: stringify!($field),
                    column_type: <$type as $crate::table::Column>::TYPE,
                    nullable: <$type as $crate::table::Column>::NULLABLE,
                },)+],
                key_columns: $keys,
                indexes: &[$($index),*],
            };

            fn to_values(&self) -> Vec<$crate::table::Value> {
                vec![$($crate::table::Column::to_value(&self.$field),)+]
            }

            fn from_values(values: Vec<$crate::table::Value>) -> Result<Self, $crate::table::RowError> {
                let mut values = values.into_iter();
                Ok(Self {
                    $($field: <$type as $crate::table::Column>::from_value(values.next().unwrap_or($crate::table::Value::Null))
                        .map_err(|value| $crate::table::RowError { column: stringify!($field), value })?,)+
                })
            }
        }
    };
}
