//! The rows of one generation that folds have seen lately, in layers: the page being folded, the page being written,
//! and a bounded cache of committed rows.

use crate::store::{Key, PhysicalTable, StoredRow, TableWrite};
use crate::table::{ColumnType, TableSpec, Value};
use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

/// `None` stands for a row that is known to be absent.
type Layer = HashMap<Key, Option<StoredRow>>;

/// The rows of one table.
#[derive(Debug)]
struct CachedTable {
    table: PhysicalTable,
    /// Written by the page that is being folded.
    page: Layer,
    /// Written by the page that is on its way into the database; must not be evicted before it is there.
    flight: Layer,
    /// Committed and used lately; when `young` is full it becomes `old`, and what was `old` is forgotten.
    young: Layer,
    old: Layer,
}

/// The rows of all tables of one generation.
#[derive(Debug)]
pub(crate) struct RowCache {
    tables: Vec<CachedTable>,
    young_rows: usize,
    young_max: usize,
    known: Option<KnownKeys>,
}

/// What the layers know of a row.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Lookup {
    Row(StoredRow),
    Absent,
    /// Only the database knows.
    Unknown,
}

/// What a row was before an event wrote it, so that a poison event leaves no trace.
#[derive(Debug)]
pub(crate) struct Undo {
    table: usize,
    key: Key,
    before: Option<Option<StoredRow>>,
}

/// Digests of every key that was written since the generation was empty. A key that is not among them has no row, so that
/// a rebuild needs no SELECT to learn that a row is new. Two keys with one digest cost a SELECT, no more.
#[derive(Debug)]
struct KnownKeys {
    hasher: RandomState,
    digests: HashSet<u64>,
    max: usize,
}

impl RowCache {
    /// Caches at most `rows_max` committed rows. If the generation is empty, at most `known_max` digests of keys are kept
    /// to tell new rows from old ones.
    pub(crate) fn new(tables: &[PhysicalTable], rows_max: usize, known_max: Option<usize>) -> Self {
        let tables = tables
            .iter()
            .map(|&table| CachedTable {
                table,
                page: Layer::new(),
                flight: Layer::new(),
                young: Layer::new(),
                old: Layer::new(),
            })
            .collect();
        let known = known_max.map(|max| KnownKeys { hasher: RandomState::new(), digests: HashSet::new(), max });
        Self { tables, young_rows: 0, young_max: (rows_max / 2).max(1), known }
    }

    /// The number of a table of this generation.
    pub(crate) fn table(&self, spec: &TableSpec) -> Option<usize> {
        self.tables.iter().position(|cached| cached.table.spec.name == spec.name)
    }

    pub(crate) fn physical(&self, table: usize) -> Option<PhysicalTable> {
        self.tables.get(table).map(|cached| cached.table)
    }

    /// Whether a row may stand in the table: as many values as columns, each of its column's type.
    pub(crate) fn fits(&self, table: usize, row: &[Value]) -> bool {
        let Some(cached) = self.tables.get(table) else { return false };
        let columns = cached.table.spec.columns;
        columns.len() == row.len()
            && columns.iter().zip(row).all(|(column, value)| match value {
                Value::Null => column.nullable,
                Value::Bool(_) => column.column_type == ColumnType::Bool,
                Value::Int(_) => column.column_type == ColumnType::Int,
                Value::Text(_) => column.column_type == ColumnType::Text,
                Value::Time(_) => column.column_type == ColumnType::Time,
                Value::Date(_) => column.column_type == ColumnType::Date,
            })
    }

    /// The row of a key as the page stands so far.
    pub(crate) fn get(&mut self, table: usize, key: &[Value]) -> Lookup {
        let Some(cached) = self.tables.get_mut(table) else { return Lookup::Unknown };
        let found = cached.page.get(key).or_else(|| cached.flight.get(key)).or_else(|| cached.young.get(key)).cloned();
        let found = match found {
            Some(found) => Some(found),
            None => match cached.old.remove_entry(key) {
                Some((key, row)) => {
                    self.keep(table, key, row.clone());
                    Some(row)
                }
                None => None,
            },
        };
        match found {
            Some(Some(row)) => Lookup::Row(row),
            Some(None) => Lookup::Absent,
            None if self.known.as_ref().is_some_and(|known| !known.contains(table, key)) => Lookup::Absent,
            None => Lookup::Unknown,
        }
    }

    /// Remembers what the database said.
    pub(crate) fn keep(&mut self, table: usize, key: Key, row: Option<StoredRow>) {
        if self.young_rows >= self.young_max {
            for cached in &mut self.tables {
                cached.old = std::mem::take(&mut cached.young);
            }
            self.young_rows = 0;
        }
        if let Some(cached) = self.tables.get_mut(table)
            && cached.young.insert(key, row).is_none()
        {
            self.young_rows += 1;
        }
    }

    /// Writes a row, or its absence, into the page.
    pub(crate) fn write(&mut self, table: usize, key: Key, row: Option<StoredRow>) -> Option<Undo> {
        if let Some(known) = &mut self.known
            && !known.insert(table, &key)
        {
            self.known = None;
        }
        let cached = self.tables.get_mut(table)?;
        let before = cached.page.insert(key.clone(), row);
        Some(Undo { table, key, before })
    }

    /// Takes an event's writes back, the last one first.
    pub(crate) fn undo(&mut self, writes: impl DoubleEndedIterator<Item = Undo>) {
        for Undo { table, key, before } in writes.rev() {
            if let Some(cached) = self.tables.get_mut(table) {
                match before {
                    Some(row) => cached.page.insert(key, row),
                    None => cached.page.remove(&key),
                };
            }
        }
    }

    /// Ends the page: what it writes, in key order, while readers of this cache go on to see it.
    pub(crate) fn launch(&mut self) -> Vec<TableWrite> {
        let mut writes = Vec::new();
        for cached in &mut self.tables {
            debug_assert!(cached.flight.is_empty(), "one page is written at a time");
            cached.flight = std::mem::take(&mut cached.page);
            if cached.flight.is_empty() {
                continue;
            }
            let mut upserts: Vec<StoredRow> = cached.flight.values().flatten().map(Arc::clone).collect();
            let deleted = cached.flight.iter().filter(|(_, row)| row.is_none());
            let mut deletes: Vec<Key> = deleted.map(|(key, _)| key.clone()).collect();
            // Neighbors in the tree are written one after the other. Rows of different keys never compare equal.
            upserts.sort_unstable();
            deletes.sort_unstable();
            writes.push(TableWrite { table: cached.table, upserts, deletes });
        }
        writes
    }

    /// The page that was launched is in the database.
    pub(crate) fn landed(&mut self) {
        for table in 0..self.tables.len() {
            let flight = self.tables.get_mut(table).map(|cached| std::mem::take(&mut cached.flight));
            for (key, row) in flight.into_iter().flatten() {
                // Whatever `old` says of the key is hidden by `young`, and gone when that takes its place.
                self.keep(table, key, row);
            }
        }
    }

    /// Forgets everything that is not certain to be in the database.
    pub(crate) fn reset(&mut self) {
        for cached in &mut self.tables {
            cached.page = Layer::new();
            cached.flight = Layer::new();
            cached.young = Layer::new();
            cached.old = Layer::new();
        }
        self.young_rows = 0;
    }

    /// Somebody else has written: nothing is known of the keys any more.
    pub(crate) fn forget_keys(&mut self) {
        self.known = None;
    }
}

impl KnownKeys {
    fn digest(&self, table: usize, key: &[Value]) -> u64 {
        self.hasher.hash_one((table, key))
    }

    fn contains(&self, table: usize, key: &[Value]) -> bool {
        self.digests.contains(&self.digest(table, key))
    }

    /// False if there are too many to keep.
    fn insert(&mut self, table: usize, key: &[Value]) -> bool {
        let digest = self.digest(table, key);
        self.digests.insert(digest);
        self.digests.len() <= self.max
    }
}
