//! The SQL texts that the SQLite store generates, and the one place where a generated text is declared safe.

use crate::{
    store::{Due, PhysicalTable, StoreError},
    table::{ColumnSpec, ColumnType, Value},
};
use sqlx::AssertSqlSafe;
use std::{fmt::Write, sync::Arc};

/// How many rows one statement writes: a count is split into these, so that each table has a handful of statements,
/// which stay prepared, instead of one for every count.
pub(super) const CHUNKS: [usize; 4] = [64, 16, 4, 1];

/// SQLite's limit of parameters of one statement.
const PARAMETERS_MAX: usize = 32_766;

/// Declares a text safe to execute.
///
/// **Invariant:** texts are made of the names in a `TableSpec`, which are `'static`, checked to be plain identifiers when
/// the runtime opens, and of numbers and keywords; or they are what a read model's author wrote behind a SELECT. Values
/// travel as bound parameters only.
pub(super) fn safe(text: impl Into<Arc<str>>) -> AssertSqlSafe<Arc<str>> {
    AssertSqlSafe(text.into())
}

/// The name of one generation of a table.
pub(super) fn physical_name(table: &str, generation: u32) -> String {
    format!("{table}__g{generation}")
}

/// The registry's own tables.
pub(super) const REGISTRY: [&str; 4] = [
    "CREATE TABLE IF NOT EXISTS tillroll_projections (
        name TEXT NOT NULL, version INTEGER NOT NULL, generation INTEGER NOT NULL, position INTEGER NOT NULL,
        event_id TEXT, state TEXT NOT NULL CHECK (state IN ('live', 'building')),
        PRIMARY KEY (name, generation)) STRICT, WITHOUT ROWID",
    "CREATE UNIQUE INDEX IF NOT EXISTS tillroll_projections_live ON tillroll_projections (name) WHERE state = 'live'",
    "CREATE TABLE IF NOT EXISTS tillroll_tables (
        table_name TEXT NOT NULL, generation INTEGER NOT NULL, projection TEXT NOT NULL,
        PRIMARY KEY (table_name, generation)) STRICT, WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS tillroll_parked_events (
        projection TEXT NOT NULL, stream TEXT NOT NULL, position INTEGER NOT NULL, event_id TEXT NOT NULL,
        event_type TEXT NOT NULL, error TEXT NOT NULL,
        PRIMARY KEY (projection, stream, position)) STRICT, WITHOUT ROWID",
];

/// Creates a table. It is clustered by its key: one tree to write per row instead of two.
pub(super) fn create_table(table: &PhysicalTable) -> String {
    let spec = &table.spec;
    let mut sql = format!("CREATE TABLE {} (", physical_name(spec.name, table.generation));
    for column in spec.columns {
        let sql_type = match column.column_type {
            ColumnType::Bool | ColumnType::Int => "INTEGER",
            ColumnType::Text | ColumnType::Time | ColumnType::Date => "TEXT",
        };
        let null = if column.nullable { "" } else { " NOT NULL" };
        let _ = write!(sql, "{} {sql_type}{null}, ", column.name);
    }
    let _ = write!(sql, "PRIMARY KEY ({})) STRICT, WITHOUT ROWID", names(key(table)));
    sql
}

/// Creates the view through which a table is read.
pub(super) fn create_view(table: &PhysicalTable) -> String {
    let physical = physical_name(table.spec.name, table.generation);
    format!("CREATE VIEW {} AS SELECT {} FROM {physical}", table.spec.name, names(table.spec.columns))
}

/// Creates the secondary indexes.
pub(super) fn create_indexes(table: &PhysicalTable) -> impl Iterator<Item = String> {
    let physical = physical_name(table.spec.name, table.generation);
    table.spec.indexes.iter().enumerate().map(move |(number, columns)| {
        format!("CREATE INDEX IF NOT EXISTS {physical}__i{number} ON {physical} ({columns})")
    })
}

/// Selects one row by its key.
pub(super) fn select_by_key(table: &PhysicalTable) -> String {
    let physical = physical_name(table.spec.name, table.generation);
    format!("SELECT {} FROM {physical} WHERE {}", names(table.spec.columns), key_matches(table))
}

/// Selects all rows of a view in key order.
pub(super) fn select_all(spec: &crate::table::TableSpec) -> String {
    format!(
        "SELECT {} FROM {} ORDER BY {}",
        names(spec.columns),
        spec.name,
        names(spec.columns.get(..spec.key_columns).unwrap_or(spec.columns))
    )
}

/// Selects the rows of a view that are due, with the values to bind.
pub(super) fn select_due(due: &Due<'_>) -> Result<(String, Vec<Value>), StoreError> {
    let spec = &due.table;
    let column = due.place(due.column)?;
    let key = names(spec.columns.get(..spec.key_columns).unwrap_or(spec.columns));
    let mut sql = format!("SELECT {} FROM {} WHERE {} IS NOT NULL", names(spec.columns), spec.name, due.column);
    let mut values = Vec::new();
    if let Some((name, value)) = due.scope {
        due.place(name)?;
        let _ = write!(sql, " AND {name} = ?");
        values.push(value.clone());
    }
    if let Some(up_to) = due.up_to {
        let _ = write!(sql, " AND {} <= ?", due.column);
        values.push(Value::Time(up_to));
    }
    if let Some(after) = due.after {
        let order = due.order_of(column, after);
        let _ = write!(sql, " AND ({}, {key}) > ({})", due.column, vec!["?"; order.len()].join(", "));
        values.extend(order.into_iter().cloned());
    }
    let _ = write!(sql, " ORDER BY {}, {key} LIMIT {}", due.column, due.limit);
    Ok((sql, values))
}

/// The statements that write one table.
#[derive(Debug)]
pub(super) struct WriteSql {
    /// Upserts of so many rows each, largest first.
    pub(super) upserts: Vec<(usize, Arc<str>)>,
    /// Deletes one row.
    pub(super) delete: Arc<str>,
}

impl WriteSql {
    pub(super) fn new(table: &PhysicalTable) -> Self {
        let rows_max = (PARAMETERS_MAX / table.spec.columns.len().max(1)).max(1);
        let upserts =
            CHUNKS.iter().filter(|&&rows| rows <= rows_max).map(|&rows| (rows, upsert(table, rows).into())).collect();
        let physical = physical_name(table.spec.name, table.generation);
        let delete = format!("DELETE FROM {physical} WHERE {}", key_matches(table)).into();
        Self { upserts, delete }
    }
}

fn upsert(table: &PhysicalTable, rows: usize) -> String {
    let spec = &table.spec;
    let mut sql =
        format!("INSERT INTO {} ({}) VALUES ", physical_name(spec.name, table.generation), names(spec.columns));
    // Numbered parameters would be parsed again at every execution; unnamed ones are not.
    let row = format!("({})", vec!["?"; spec.columns.len()].join(","));
    for number in 0..rows {
        if number > 0 {
            sql.push(',');
        }
        sql.push_str(&row);
    }
    let _ = write!(sql, " ON CONFLICT ({}) DO ", names(key(table)));
    let rest = spec.columns.get(spec.key_columns..).unwrap_or_default();
    if rest.is_empty() {
        sql.push_str("NOTHING");
        return sql;
    }
    sql.push_str("UPDATE SET ");
    for (index, column) in rest.iter().enumerate() {
        let comma = if index > 0 { ", " } else { "" };
        let _ = write!(sql, "{comma}{0} = excluded.{0}", column.name);
    }
    sql
}

fn key(table: &PhysicalTable) -> &'static [ColumnSpec] {
    table.spec.columns.get(..table.spec.key_columns).unwrap_or(table.spec.columns)
}

fn key_matches(table: &PhysicalTable) -> String {
    key(table).iter().map(|column| format!("{} = ?", column.name)).collect::<Vec<_>>().join(" AND ")
}

fn names(columns: &[ColumnSpec]) -> String {
    columns.iter().map(|column| column.name).collect::<Vec<_>>().join(", ")
}
