//! The pairs of category and event type that the log holds, as small numbers.

use super::super::EventFilter;
use rusqlite::Connection;
use std::{collections::HashMap, sync::Arc};

/// The most kinds a log takes. They come from code, not from callers; the bound is against a mistake that makes names up.
pub(super) const KINDS_MAX: usize = 65_536;

/// A copy of the table `event_kinds`, which only grows.
#[derive(Debug, Default)]
pub(super) struct Kinds {
    /// The kind with key k stands at index k - 1.
    by_key: Vec<(Arc<str>, Arc<str>)>,
    by_name: HashMap<Arc<str>, HashMap<Arc<str>, i64>>,
}

impl Kinds {
    /// Takes in what was added since it was called last.
    pub(super) fn load_new(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let known = key_at(self.by_key.len());
        let mut statement = connection
            .prepare_cached("SELECT category, event_type, key FROM event_kinds WHERE key >= ?1 ORDER BY key")?;
        let mut rows = statement.query([known])?;
        while let Some(row) = rows.next()? {
            let next = key_at(self.by_key.len());
            if row.get::<_, i64>(2)? != next {
                return Err(rusqlite::Error::IntegralValueOutOfRange(2, row.get(2)?));
            }
            self.add(row.get(0)?, row.get(1)?);
        }
        Ok(())
    }

    fn add(&mut self, category: Arc<str>, event_type: Arc<str>) -> i64 {
        let key = key_at(self.by_key.len());
        self.by_name.entry(category.clone()).or_default().insert(event_type.clone(), key);
        self.by_key.push((category, event_type));
        key
    }

    /// The name of the event type behind a key.
    pub(super) fn event_type(&self, key: i64) -> Option<&Arc<str>> {
        let index = usize::try_from(key).ok()?.checked_sub(1)?;
        self.by_key.get(index).map(|(_, event_type)| event_type)
    }

    /// The key of a kind, which enters the table if it is new; `None` if there is no room for it.
    pub(super) fn resolve(
        &mut self,
        connection: &Connection,
        category: &str,
        event_type: &Arc<str>,
    ) -> rusqlite::Result<Option<i64>> {
        if let Some(key) = self.by_name.get(category).and_then(|types| types.get(event_type)) {
            return Ok(Some(*key));
        }
        if self.by_key.len() >= KINDS_MAX {
            return Ok(None);
        }
        let key = key_at(self.by_key.len());
        connection
            .prepare_cached("INSERT INTO event_kinds (key, category, event_type) VALUES (?1, ?2, ?3)")?
            .execute((key, category, event_type))?;
        Ok(Some(self.add(category.into(), event_type.clone())))
    }

    /// The keys whose kinds pass the filter's categories and types; `None` if all do.
    pub(super) fn matching(&self, filter: &EventFilter) -> Option<Vec<i64>> {
        if filter.categories.is_empty() && filter.event_types.is_empty() {
            return None;
        }
        let is_among = |names: &[String], name: &str| names.is_empty() || names.iter().any(|among| among == name);
        let passes = |(category, event_type): &(Arc<str>, Arc<str>)| {
            is_among(&filter.categories, category) && is_among(&filter.event_types, event_type)
        };
        let keys = self.by_key.iter().enumerate().filter(|(_, kind)| passes(kind));
        Some(keys.map(|(index, _)| key_at(index)).collect())
    }
}

fn key_at(index: usize) -> i64 {
    i64::try_from(index).map_or(i64::MAX, |index| index.saturating_add(1))
}
