//! A log that does what a test says, nodes that share it, and commands.

use crate::counter::Counter;
use chrono::{TimeZone, Utc};
use std::sync::Arc;
use tempfile::TempDir;
use tillroll_domain::{aggregate::Aggregate, ids::CommandId, stock_item::StockItem};
use tillroll_infra::{
    ambient::{Ambient, ManualClock},
    bus::{Bus, BusBuilder, CommandContext, ExecuteError, Executed},
    event::RecordedEvent,
    log::{EventLog, MemoryLog, ReadFrom, SqliteLog, controlled::ControlledLog, sqlite::SqliteLogOptions},
    stream::{Revision, StreamId},
};
use uuid::Uuid;

/// One log, and a node over it.
pub(crate) struct Shop {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) ambient: Ambient,
    pub(crate) log: Arc<ControlledLog>,
    pub(crate) bus: Bus,
    disk: Option<Disk>,
}

/// Where a SQLite log is.
struct Disk {
    folder: TempDir,
    log: Arc<SqliteLog>,
}

fn ambient() -> (Ambient, Arc<ManualClock>) {
    Ambient::seeded(Utc.with_ymd_and_hms(2026, 3, 1, 23, 30, 0).unwrap(), 7)
}

fn open_log(folder: &TempDir, ambient: &Ambient) -> Arc<SqliteLog> {
    let options = SqliteLogOptions::new(folder.path().join("log.db"));
    Arc::new(SqliteLog::open(&options, ambient.clock.clone()).unwrap())
}

impl Shop {
    /// Over the memory log.
    pub(crate) fn open() -> Self {
        let (ambient, clock) = ambient();
        let log = Arc::new(MemoryLog::new(ambient.clock.clone()));
        Self::over(log, ambient, clock, None)
    }

    /// Over the SQLite log.
    pub(crate) fn on_disk() -> Self {
        let (ambient, clock) = ambient();
        let folder = tempfile::tempdir().unwrap();
        let log = open_log(&folder, &ambient);
        Self::over(log.clone(), ambient, clock, Some(Disk { folder, log }))
    }

    /// One over each log that needs no server.
    pub(crate) fn on_every_log() -> [Self; 2] {
        [Self::open(), Self::on_disk()]
    }

    fn over(log: Arc<dyn EventLog>, ambient: Ambient, clock: Arc<ManualClock>, disk: Option<Disk>) -> Self {
        let log = Arc::new(ControlledLog::new(log));
        let bus = node(log.clone(), &ambient).build();
        Self { clock, ambient, log, bus, disk }
    }

    /// The process ends with all that it had in memory, and another one opens the same folder.
    pub(crate) fn restarted(self) -> Self {
        let Self { clock, ambient, disk, bus, log } = self;
        let Disk { folder, log: sqlite } = disk.expect("only a log on disk survives its process");
        // Tasks of the old process may still hold it.
        sqlite.close();
        drop((bus, log, sqlite));
        let sqlite = open_log(&folder, &ambient);
        Self::over(sqlite.clone(), ambient, clock, Some(Disk { folder, log: sqlite }))
    }

    /// A node that has nothing in its cache yet.
    pub(crate) fn second_node(&self) -> Bus {
        self.node().build()
    }

    /// The same, to be changed.
    pub(crate) fn node(&self) -> BusBuilder {
        node(self.log.clone(), &self.ambient)
    }

    pub(crate) async fn sum(&self, id: &str) -> i64 {
        self.second_node().load::<Counter>("default", id).await.unwrap().state.sum
    }

    pub(crate) async fn events(&self, id: &str) -> Vec<RecordedEvent> {
        let mut events = Vec::new();
        loop {
            let from = ReadFrom::Forwards(Revision(u64::try_from(events.len()).unwrap()));
            let page = self.log.read_stream(&counter(id), from, 10_000).await.unwrap();
            if page.is_empty() {
                return events;
            }
            events.extend(page);
        }
    }

    pub(crate) async fn wait_for_events(&self, id: &str, count: usize) {
        while self.events(id).await.len() < count {
            tokio::task::yield_now().await;
        }
    }
}

fn node(log: Arc<ControlledLog>, ambient: &Ambient) -> BusBuilder {
    let zone = chrono_tz::Tz::Europe__Berlin;
    Bus::builder(log, ambient.clone()).time_zone(zone).register::<Counter>().register::<StockItem>()
}

/// The stream of a counter.
pub(crate) fn counter(id: &str) -> StreamId {
    StreamId::new("counter", id).unwrap()
}

/// What comes with a command of this number; the same number is the same command.
pub(crate) fn command(number: u128) -> CommandContext {
    CommandContext::live(CommandId::new(Uuid::from_u128(number)), "tester")
}

/// Executes a command that other nodes may be in the way of, again as long as they are.
pub(crate) async fn execute_contended<A: Aggregate>(
    bus: &Bus,
    id: &str,
    order: A::Command,
    context: CommandContext,
) -> Result<Executed, ExecuteError<A::Error>> {
    loop {
        match bus.execute::<A>(id, order.clone(), context.clone()).await {
            Err(ExecuteError::Contended { .. }) => tokio::task::yield_now().await,
            answer => return answer,
        }
    }
}
