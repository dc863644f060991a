//! A small family of events, two projections of them, and stores that fail on demand.

use chrono::{DateTime, NaiveDate, Utc};
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tillroll_domain::{aggregate::DomainEvent, events};
use tillroll_infra::{
    ambient::Ambient,
    codec::Codec,
    event::NewEvent,
    log::{self, Append, EventLog, ExpectedRevision, memory::MemoryLog},
    stream::{Position, StreamId},
};
use tillroll_projections::{
    projection::{ApplyError, Incoming, Projection, Tables, TablesExt},
    read_table,
    runtime::{Limits, Runtime},
    store::{
        GenerationSpec, GenerationState, Key, PageCommit, ParkedEvent, PhysicalTable, ReadModelStore, Registration,
        StoreError, StoreSnapshot,
        memory::MemoryStore,
        sqlite::{SqliteStore, SqliteStoreOptions},
    },
    table::{Row, TableSpec, Value},
};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Moved {
    pub(crate) amount: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Closed {}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Renamed {}

events! {
    pub enum AccountEvent {
        Moved = 1;
        Closed = 1;
        Renamed = 1;
    }
}

read_table! {
    pub struct AccountRow in "accounts", key 1, indexes ["balance", "last_day, balance"] {
        pub account: String,
        pub balance: i64,
        pub in_credit: bool,
        pub last_at: DateTime<Utc>,
        pub last_day: Option<NaiveDate>,
    }
}

read_table! {
    pub struct MovementRow in "movements", key 2, indexes [] {
        pub account: String,
        pub number: i64,
        pub amount: i64,
    }
}

read_table! {
    pub struct TotalRow in "totals", key 1, indexes [] {
        pub kind: String,
        pub sum: i64,
    }
}

/// What the fold of [`Accounts`] stumbles over, after it has written.
pub(crate) const POISON: i64 = -1_013;
/// What makes it panic.
pub(crate) const PANIC: i64 = -1_014;

/// Accounts and their movements; closing an account deletes its row.
#[derive(Debug)]
pub(crate) struct Accounts {
    pub(crate) version: u32,
    pub(crate) squeamish: AtomicBool,
}

impl Accounts {
    pub(crate) fn new(version: u32) -> Arc<Self> {
        Arc::new(Self { version, squeamish: AtomicBool::new(true) })
    }
}

impl Projection for Accounts {
    fn name(&self) -> &'static str {
        "accounts"
    }

    fn version(&self) -> u32 {
        self.version
    }

    fn tables(&self) -> Vec<TableSpec> {
        vec![AccountRow::TABLE, MovementRow::TABLE]
    }

    fn event_types(&self) -> &'static [&'static str] {
        &["Moved", "Closed"]
    }

    fn apply<'a>(&'a self, event: &'a Incoming, tables: &'a mut dyn Tables) -> BoxFuture<'a, Result<(), ApplyError>> {
        Box::pin(async move {
            let recorded = event.recorded();
            let account = recorded.stream.id().to_owned();
            let key = vec![Value::Text(account.clone())];
            match event.decode::<AccountEvent>()? {
                AccountEvent::Moved(moved) => {
                    let before = tables.get::<AccountRow>(key).await?;
                    // The balance is a checksum of the order, so that a wrong order shows.
                    let balance = before.map_or(0, |row| row.balance).wrapping_mul(3).wrapping_add(moved.amount);
                    tables.put(&AccountRow {
                        account: account.clone(),
                        balance: balance.wrapping_mul(i64::from(self.version)),
                        in_credit: balance > 0,
                        last_at: recorded.recorded_at,
                        last_day: (moved.amount != 0).then(|| recorded.recorded_at.date_naive()),
                    });
                    let number = i64::try_from(recorded.revision.0).unwrap();
                    tables.put(&MovementRow { account, number, amount: moved.amount });
                    if self.squeamish.load(Ordering::Relaxed) {
                        assert_ne!(moved.amount, PANIC, "fourteen");
                        if moved.amount == POISON {
                            return Err(ApplyError::Poison("thirteen".to_owned()));
                        }
                    }
                }
                AccountEvent::Closed(_) => tables.delete::<AccountRow>(key),
                AccountEvent::Renamed(_) => return Err(ApplyError::Poison("never wanted".to_owned())),
            }
            Ok(())
        })
    }
}

/// The sum and number of all movements: two hot rows.
#[derive(Debug)]
pub(crate) struct Totals;

impl Projection for Totals {
    fn name(&self) -> &'static str {
        "totals"
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> Vec<TableSpec> {
        vec![TotalRow::TABLE]
    }

    fn event_types(&self) -> &'static [&'static str] {
        &["Moved"]
    }

    fn apply<'a>(&'a self, event: &'a Incoming, tables: &'a mut dyn Tables) -> BoxFuture<'a, Result<(), ApplyError>> {
        Box::pin(async move {
            let AccountEvent::Moved(moved) = event.decode::<AccountEvent>()? else {
                return Err(ApplyError::Poison("not wanted".to_owned()));
            };
            for (kind, plus) in [("amount", moved.amount), ("count", 1)] {
                let before = tables.get::<TotalRow>(vec![Value::Text(kind.to_owned())]).await?;
                let sum = before.map_or(0, |row| row.sum) + plus;
                tables.put(&TotalRow { kind: kind.to_owned(), sum });
            }
            Ok(())
        })
    }
}

/// A log with handles to fill it.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) ambient: Ambient,
    pub(crate) log: Arc<MemoryLog>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::seeded(7)
    }

    pub(crate) fn seeded(seed: u64) -> Self {
        let start = DateTime::from_timestamp(1_291_191_960, 0).unwrap();
        let (ambient, _) = Ambient::seeded(start, seed);
        let log = Arc::new(MemoryLog::new(ambient.clock.clone()));
        Self { ambient, log }
    }

    pub(crate) async fn append(&self, account: &str, event: impl Into<AccountEvent>) -> Position {
        let event = event.into();
        let data = serde_json::to_string(&event).unwrap();
        self.append_raw(account, event.event_type().name, &data).await
    }

    pub(crate) async fn append_raw(&self, account: &str, event_type: &str, data: &str) -> Position {
        let event = NewEvent {
            id: self.ambient.ids.next(),
            event_type: event_type.into(),
            schema_version: 1,
            metadata: "{}".into(),
            data: data.into(),
        };
        let append = Append { stream: stream(account), expected: ExpectedRevision::Any, events: vec![event] };
        log::append(self.log.as_ref(), append).await.unwrap().last_position
    }

    pub(crate) async fn moved(&self, account: &str, amount: i64) -> Position {
        self.append(account, Moved { amount }).await
    }

    pub(crate) async fn open(&self, store: Arc<dyn ReadModelStore>, projections: Vec<Arc<dyn Projection>>) -> Runtime {
        self.open_limited(store, limits(), projections).await
    }

    pub(crate) async fn open_limited(
        &self,
        store: Arc<dyn ReadModelStore>,
        limits: Limits,
        projections: Vec<Arc<dyn Projection>>,
    ) -> Runtime {
        let log: Arc<dyn EventLog> = self.log.clone();
        Runtime::open_with_store(log, Codec::without_vault(), self.ambient.clock.clone(), store, limits, projections)
            .await
            .unwrap()
    }
}

/// Small pages and short pauses.
pub(crate) fn limits() -> Limits {
    Limits {
        page_events_min: 3,
        page_events_max: 8,
        cache_rows_max: 6,
        attempts_max: 4,
        backoff_first: Duration::from_millis(1),
        backoff_max: Duration::from_millis(2),
        ..Limits::default()
    }
}

pub(crate) fn stream(account: &str) -> StreamId {
    StreamId::new("account", account).unwrap()
}

pub(crate) fn both() -> Vec<Arc<dyn Projection>> {
    vec![Accounts::new(1), Arc::new(Totals)]
}

pub(crate) fn memory() -> Arc<dyn ReadModelStore> {
    Arc::new(MemoryStore::new())
}

pub(crate) async fn sqlite(folder: &Path) -> Arc<dyn ReadModelStore> {
    Arc::new(SqliteStore::open(SqliteStoreOptions::new(folder.join("read.db"))).await.unwrap())
}

/// All that the read models show.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shown {
    pub(crate) position: Position,
    pub(crate) accounts: Vec<AccountRow>,
    pub(crate) movements: Vec<MovementRow>,
    pub(crate) totals: Vec<TotalRow>,
}

pub(crate) async fn shown(runtime: &Runtime) -> Shown {
    let mut snapshot = runtime.read_models().snapshot(&["accounts", "totals"]).await.unwrap();
    Shown {
        position: snapshot.position(),
        accounts: snapshot.rows().await.unwrap(),
        movements: snapshot.rows().await.unwrap(),
        totals: snapshot.rows().await.unwrap(),
    }
}

pub(crate) async fn balances(runtime: &Runtime) -> Vec<(String, i64)> {
    let mut snapshot = runtime.read_models().snapshot(&["accounts"]).await.unwrap();
    let rows: Vec<AccountRow> = snapshot.rows().await.unwrap();
    rows.into_iter().map(|row| (row.account, row.balance)).collect()
}

/// A store whose next commits fail.
#[derive(Debug)]
pub(crate) struct Faulty {
    pub(crate) inner: Arc<dyn ReadModelStore>,
    pub(crate) failures: AtomicUsize,
    /// Whether a failing commit is written all the same, and only its answer is lost.
    pub(crate) writes_anyway: AtomicBool,
    /// How many SELECTs of single rows there were.
    pub(crate) loads: AtomicUsize,
}

impl Faulty {
    pub(crate) fn new(inner: Arc<dyn ReadModelStore>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            failures: AtomicUsize::new(0),
            writes_anyway: AtomicBool::new(false),
            loads: AtomicUsize::new(0),
        })
    }
}

impl ReadModelStore for Faulty {
    fn registrations(&self) -> BoxFuture<'_, Result<Vec<Registration>, StoreError>> {
        self.inner.registrations()
    }

    fn create(&self, spec: GenerationSpec, state: GenerationState) -> BoxFuture<'_, Result<u32, StoreError>> {
        self.inner.create(spec, state)
    }

    fn discard(&self, projection: &'static str, generation: u32) -> BoxFuture<'_, Result<(), StoreError>> {
        self.inner.discard(projection, generation)
    }

    fn index(&self, tables: Vec<PhysicalTable>) -> BoxFuture<'_, Result<(), StoreError>> {
        self.inner.index(tables)
    }

    fn switch(&self, generations: Vec<(GenerationSpec, u32)>) -> BoxFuture<'_, Result<(), StoreError>> {
        self.inner.switch(generations)
    }

    fn load(&self, table: PhysicalTable, key: Key) -> BoxFuture<'_, Result<Option<Vec<Value>>, StoreError>> {
        self.loads.fetch_add(1, Ordering::Relaxed);
        self.inner.load(table, key)
    }

    fn commit(&self, page: PageCommit) -> BoxFuture<'static, Result<(), StoreError>> {
        let left = self.failures.load(Ordering::Relaxed);
        if left == 0 {
            return self.inner.commit(page);
        }
        self.failures.store(left.saturating_sub(1), Ordering::Relaxed);
        let work = self.writes_anyway.load(Ordering::Relaxed).then(|| self.inner.commit(page));
        Box::pin(async move {
            if let Some(work) = work {
                work.await?;
            }
            Err(StoreError::Unavailable("as told".into()))
        })
    }

    fn parked<'a>(
        &'a self,
        projection: Option<&'a str>,
        stream: Option<&'a StreamId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<ParkedEvent>, StoreError>> {
        self.inner.parked(projection, stream, limit)
    }

    fn snapshot(&self) -> BoxFuture<'_, Result<Box<dyn StoreSnapshot>, StoreError>> {
        self.inner.snapshot()
    }
}
