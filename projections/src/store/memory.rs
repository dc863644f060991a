//! Read models in memory, without threads, timers or files; for simulations and tests.
//!
//! It answers no SQL. Everything else is as on a database: pages are all or nothing, snapshots stand still.

use super::{
    Checkpoint, Due, GenerationSpec, GenerationState, Key, PageCommit, ParkedEvent, PhysicalTable, ReadModelStore,
    Registration, StoreError, StoreSnapshot, StoredRow,
};
use crate::table::{ColumnSpec, TableSpec, Value};
use futures::future::{BoxFuture, ready};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tillroll_infra::stream::{Position, StreamId};

type Rows = Arc<BTreeMap<Key, StoredRow>>;

/// Cloned whole for a snapshot: tables are shared until they are written.
#[derive(Debug, Clone, Default)]
struct Content {
    registrations: Vec<Registration>,
    /// By name and generation, with the projection that owns it.
    tables: BTreeMap<(&'static str, u32), (&'static str, Rows)>,
    parked: Arc<BTreeMap<(String, StreamId, Position), ParkedEvent>>,
}

/// Read models in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    content: Mutex<Content>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Another store that holds the same now, as a copy of a database does; neither sees what is written to the other later.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self { content: Mutex::new(self.content().clone()) }
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        // Every change is made on a copy or cannot fail half way, so that a panic elsewhere leaves nothing torn.
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Content {
    fn create(&mut self, spec: &GenerationSpec, state: GenerationState) -> Result<u32, StoreError> {
        let own = self.registrations.iter().filter(|registration| registration.projection == spec.projection);
        if state == GenerationState::Live && own.clone().any(|registration| registration.state == state) {
            return Err(StoreError::Unavailable("the projection has a live generation".into()));
        }
        let tables = self.tables.keys().filter(|(name, _)| spec.tables.iter().any(|table| table.name == *name));
        let last = own.map(|registration| registration.generation).chain(tables.map(|(_, number)| *number)).max();
        let generation = last.unwrap_or(0) + 1;
        self.registrations.push(Registration {
            projection: spec.projection.to_owned(),
            version: spec.version,
            generation,
            checkpoint: Checkpoint::default(),
            state,
        });
        self.registrations.sort_by(|a, b| (&a.projection, a.generation).cmp(&(&b.projection, b.generation)));
        for table in &spec.tables {
            self.tables.insert((table.name, generation), (spec.projection, Rows::default()));
        }
        Ok(generation)
    }

    fn drop_where(&mut self, projection: &str, gone: impl Fn(&Registration) -> bool) {
        let tables = &mut self.tables;
        self.registrations.retain(|registration| {
            let gone = registration.projection == projection && gone(registration);
            if gone {
                tables.retain(|(_, generation), (owner, _)| {
                    *owner != projection || *generation != registration.generation
                });
            }
            !gone
        });
    }

    fn switch(&mut self, generations: &[(GenerationSpec, u32)]) -> Result<(), StoreError> {
        for (spec, generation) in generations {
            self.drop_where(spec.projection, |registration| registration.state == GenerationState::Live);
            self.registration(spec.projection, *generation)?.state = GenerationState::Live;
            Arc::make_mut(&mut self.parked).retain(|(projection, ..), _| projection != spec.projection);
        }
        Ok(())
    }

    fn registration(&mut self, projection: &str, generation: u32) -> Result<&mut Registration, StoreError> {
        self.registrations
            .iter_mut()
            .find(|registration| registration.projection == projection && registration.generation == generation)
            .ok_or_else(|| StoreError::Fenced { projection: projection.to_owned() })
    }

    /// Writes a page of which it is known that nothing speaks against it.
    fn commit(&mut self, page: PageCommit) -> Result<(), StoreError> {
        for step in &page.checkpoints {
            self.registration(step.projection, step.generation)?.checkpoint = step.to;
        }
        for write in page.tables {
            let (_, rows) = self.tables.get_mut(&(write.table.spec.name, write.table.generation)).ok_or_else(|| {
                StoreError::Unavailable(format!("there is no table {}", write.table.spec.name).into())
            })?;
            let rows = Arc::make_mut(rows);
            for key in &write.deletes {
                rows.remove(key);
            }
            for row in write.upserts {
                rows.insert(row.iter().take(write.table.spec.key_columns).cloned().collect(), row);
            }
        }
        let parked = Arc::make_mut(&mut self.parked);
        for (projection, stream) in &page.unpark {
            parked.retain(|(owner, parked, _), _| owner != projection || parked != stream);
        }
        for event in page.park {
            parked.insert((event.projection.clone(), event.stream.clone(), event.position), event);
        }
        Ok(())
    }
}

fn done<T: Send + 'static>(value: T) -> BoxFuture<'static, T> {
    Box::pin(ready(value))
}

impl ReadModelStore for MemoryStore {
    fn registrations(&self) -> BoxFuture<'_, Result<Vec<Registration>, StoreError>> {
        done(Ok(self.content().registrations.clone()))
    }

    fn create(&self, spec: GenerationSpec, state: GenerationState) -> BoxFuture<'_, Result<u32, StoreError>> {
        done(self.content().create(&spec, state))
    }

    fn discard(&self, projection: &'static str, generation: u32) -> BoxFuture<'_, Result<(), StoreError>> {
        self.content().drop_where(projection, |registration| {
            registration.generation == generation && registration.state == GenerationState::Building
        });
        done(Ok(()))
    }

    fn index(&self, _tables: Vec<PhysicalTable>) -> BoxFuture<'_, Result<(), StoreError>> {
        done(Ok(()))
    }

    fn switch(&self, generations: Vec<(GenerationSpec, u32)>) -> BoxFuture<'_, Result<(), StoreError>> {
        let mut content = self.content();
        let mut copy = content.clone();
        let switched = copy.switch(&generations);
        if switched.is_ok() {
            *content = copy;
        }
        done(switched)
    }

    fn load(&self, table: PhysicalTable, key: Key) -> BoxFuture<'_, Result<Option<Vec<Value>>, StoreError>> {
        let content = self.content();
        let row = content
            .tables
            .get(&(table.spec.name, table.generation))
            .and_then(|(_, rows)| rows.get(&key))
            .map(|row| row.as_ref().clone());
        done(Ok(row))
    }

    fn commit(&self, page: PageCommit) -> BoxFuture<'static, Result<(), StoreError>> {
        let mut content = self.content();
        // Checked first and whole, so that a refused page leaves nothing; the rest then cannot fail.
        let refused = page.checkpoints.iter().find_map(|step| {
            let stands = content.registration(step.projection, step.generation).map(|found| found.checkpoint.position);
            match stands {
                Ok(position) if position == step.from => None,
                _ => Some(StoreError::Fenced { projection: step.projection.to_owned() }),
            }
        });
        let missing = page
            .tables
            .iter()
            .find(|write| !content.tables.contains_key(&(write.table.spec.name, write.table.generation)));
        if let Some(write) = missing {
            let text = format!("there is no table {}", write.table.spec.name);
            return done(Err(StoreError::Unavailable(text.into())));
        }
        done(match refused {
            Some(error) => Err(error),
            None => content.commit(page),
        })
    }

    fn parked<'a>(
        &'a self,
        projection: Option<&'a str>,
        stream: Option<&'a StreamId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<ParkedEvent>, StoreError>> {
        let content = self.content();
        let wanted = |event: &&ParkedEvent| {
            projection.is_none_or(|name| event.projection == name) && stream.is_none_or(|id| event.stream == *id)
        };
        let mut parked: Vec<ParkedEvent> = content.parked.values().filter(wanted).cloned().collect();
        parked.sort_by(|a, b| (a.position, &a.projection).cmp(&(b.position, &b.projection)));
        parked.truncate(limit);
        done(Ok(parked))
    }

    fn snapshot(&self) -> BoxFuture<'_, Result<Box<dyn StoreSnapshot>, StoreError>> {
        let mut content = self.content().clone();
        content.registrations.retain(|registration| registration.state == GenerationState::Live);
        done(Ok(Box::new(MemorySnapshot(content)) as Box<dyn StoreSnapshot>))
    }
}

/// The content as it was; only live registrations are left.
#[derive(Debug)]
struct MemorySnapshot(Content);

impl MemorySnapshot {
    fn table(&self, name: &str) -> Result<&Rows, StoreError> {
        let live = |owner: &str, generation: u32| {
            self.0.registrations.iter().any(|found| found.projection == owner && found.generation == generation)
        };
        let found = self.0.tables.iter().find(|((found, number), (owner, _))| *found == name && live(owner, *number));
        found.map(|(_, (_, rows))| rows).ok_or_else(|| StoreError::Query(format!("there is no table {name}")))
    }

    fn find_due(&self, due: Due<'_>) -> Result<Vec<Vec<Value>>, StoreError> {
        let column = due.place(due.column)?;
        let scope = due.scope.map(|(name, value)| due.place(name).map(|place| (place, value))).transpose()?;
        let after = due.after.map(|row| due.order_of(column, row));
        let is_due = |row: &&StoredRow| {
            let in_scope = scope.is_none_or(|(place, value)| row.get(place) == Some(value));
            let in_time = match row.get(column) {
                Some(Value::Time(time)) => due.up_to.is_none_or(|up_to| *time <= up_to),
                _ => false,
            };
            in_scope && in_time && after.as_ref().is_none_or(|after| due.order_of(column, row) > *after)
        };
        let mut found: Vec<&StoredRow> = self.table(due.table.name)?.values().filter(is_due).collect();
        found.sort_unstable_by(|a, b| due.order_of(column, a).cmp(&due.order_of(column, b)));
        found.truncate(due.limit);
        Ok(found.into_iter().map(|row| row.as_ref().clone()).collect())
    }
}

impl StoreSnapshot for MemorySnapshot {
    fn live(&self) -> &[Registration] {
        &self.0.registrations
    }

    fn query<'a>(
        &'a mut self,
        _sql: &'a str,
        _columns: &'a [ColumnSpec],
        _values: &'a [Value],
    ) -> BoxFuture<'a, Result<Vec<Vec<Value>>, StoreError>> {
        done(Err(StoreError::Query("read models in memory answer no SQL".to_owned())))
    }

    fn rows(&mut self, table: TableSpec) -> BoxFuture<'_, Result<Vec<Vec<Value>>, StoreError>> {
        let rows = self.table(table.name).map(|rows| rows.values().map(|row| row.as_ref().clone()).collect());
        done(rows)
    }

    fn due<'a>(&'a mut self, due: Due<'a>) -> BoxFuture<'a, Result<Vec<Vec<Value>>, StoreError>> {
        done(self.find_due(due))
    }

    fn is_parked<'a>(
        &'a mut self,
        projection: &'a str,
        stream: &'a StreamId,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        done(Ok(self.0.parked.keys().any(|(owner, parked, _)| owner == projection && parked == stream)))
    }
}
