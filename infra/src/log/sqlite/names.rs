//! The names of streams by their keys, for readers of the whole log.

use crate::stream::StreamId;
use rusqlite::{Connection, Row};

/// How many names one connection remembers; about 8 MB.
const NAMES_MAX: i64 = 65_536;
/// How many names are looked up at once where they will be asked for in order.
const AHEAD: i64 = 256;

/// A cache with one place for each key, which the key's remainder tells. Keys are dense and new streams get the next one,
/// so a scan finds neighbors next to each other in memory, where a hash table would scatter them.
#[derive(Debug, Default)]
pub(super) struct Names(Vec<Option<(i64, StreamId)>>);

impl Names {
    /// The name behind a key; `None` if there is none, or none that a stream can have.
    pub(super) fn get(&mut self, key: i64, connection: &Connection) -> rusqlite::Result<Option<StreamId>> {
        if let Some(stream) = self.known(key) {
            return Ok(Some(stream.clone()));
        }
        // A stream is named with its first event, so a scan meets new names in the order of their keys.
        let is_in_order = key == 1 || self.known(key - 1).is_some();
        let mut statement =
            connection.prepare_cached("SELECT key, tenant, category, id FROM streams WHERE key >= ?1 AND key < ?2")?;
        let end = key.saturating_add(if is_in_order { AHEAD } else { 1 });
        let mut rows = statement.query((key, end))?;
        while let Some(row) = rows.next()? {
            self.learn(row)?;
        }
        Ok(self.known(key).cloned())
    }

    fn known(&self, key: i64) -> Option<&StreamId> {
        let (known, stream) = self.0.get(place(key)?)?.as_ref()?;
        (*known == key).then_some(stream)
    }

    fn learn(&mut self, row: &Row<'_>) -> rusqlite::Result<()> {
        let key = row.get(0)?;
        let part = |index| row.get_ref(index)?.as_str().map_err(rusqlite::Error::from);
        if self.0.is_empty() {
            self.0.resize(usize::try_from(NAMES_MAX).unwrap_or(1), None);
        }
        // A damaged name is nobody's business before its own events are read.
        let parts = part(1).and_then(|tenant| Ok((tenant, part(2)?, part(3)?)));
        let stream = parts.ok().and_then(|(tenant, category, id)| StreamId::for_tenant(tenant, category, id).ok());
        if let Some(slot) = place(key).and_then(|place| self.0.get_mut(place)) {
            *slot = stream.map(|stream| (key, stream));
        }
        Ok(())
    }
}

fn place(key: i64) -> Option<usize> {
    usize::try_from(key.rem_euclid(NAMES_MAX)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn streams(count: i64) -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("schema.sql")).unwrap();
        for key in 1..=count {
            let insert = "INSERT INTO streams VALUES (?1, 'default', 'order', ?2)";
            connection.execute(insert, (key, key.to_string())).unwrap();
        }
        connection
    }

    fn id(names: &mut Names, key: i64, connection: &Connection) -> Option<String> {
        names.get(key, connection).unwrap().map(|stream| stream.id().to_owned())
    }

    #[test]
    fn every_key_has_its_own_name_in_any_order() {
        let connection = streams(1_000);
        let mut names = Names::default();
        for key in (1..=1_000).chain([500, 1, 1_000]).chain((1..=1_000).rev()) {
            assert_eq!(id(&mut names, key, &connection), Some(key.to_string()));
        }
        assert_eq!(id(&mut names, 1_001, &connection), None);
        assert_eq!(id(&mut names, 0, &connection), None);
        assert_eq!(id(&mut names, -1, &connection), None);
    }

    #[test]
    fn two_keys_with_one_place_do_not_share_a_name() {
        let connection = streams(2);
        connection.execute("INSERT INTO streams VALUES (?1, 'shop', 'cart', 'far')", [NAMES_MAX + 1]).unwrap();
        let mut names = Names::default();
        for _ in 0..2 {
            assert_eq!(id(&mut names, 1, &connection), Some("1".to_owned()));
            assert_eq!(id(&mut names, NAMES_MAX + 1, &connection), Some("far".to_owned()));
        }
    }

    #[test]
    fn names_that_come_in_order_are_looked_up_together() {
        let connection = streams(1_000);
        let mut names = Names::default();
        assert!(names.get(1, &connection).unwrap().is_some());
        assert!(names.known(AHEAD).is_some() && names.known(AHEAD + 1).is_none());
        assert!(names.get(700, &connection).unwrap().is_some());
        assert!(names.known(701).is_none(), "nothing says that the next one will be asked for");
    }
}
