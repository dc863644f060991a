//! What the tests of the runtime stand on: a log that outlives crashes, an outside world, and lives of the engine on them.

use crate::{
    managed::{Instance, Managed},
    process::Process,
    processes::Processes,
    registration::ProcessRegistration,
    runtime::{SagaBuilder, SagaOptions, Sagas},
    testing::errand::{Errand, ErrandAction, ErrandAnswer, ErrandEvent, ErrandPolicy, ErrandState, ErrandTrigger},
    work::{InstanceRow, PROCESS_WORK},
    worker::{Routed, Sender, Worker, WorkerError},
};
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tillroll_domain::{
    aggregate::Aggregate, cart::Cart, cart::commands::IdleLimits, ids::CommandId, stock_item::StockItem,
};
use tillroll_infra::{
    ambient::{Ambient, Clock},
    bus::{Bus, CommandContext, Executed, context::derived_uuid},
    event::{NewEvent, RecordedEvent},
    log::{self, Append, EventFilter, EventLog, ExpectedRevision, MemoryLog, ReadFrom, controlled::ControlledLog},
    stream::{DEFAULT_TENANT, Position, StreamId},
};
use tillroll_projections::{
    runtime::{Follower, Limits, Runtime},
    store::memory::MemoryStore,
};
use tokio::time::Instant;

pub(super) const IDLE_LIMITS: IdleLimits =
    IdleLimits { guest_seconds: 7 * 86_400, customer_seconds: 30 * 86_400, empty_seconds: 2 * 86_400 };

/// The engine's clock follows tokio's paused one.
#[derive(Debug)]
struct VirtualClock {
    start: DateTime<Utc>,
    from: Instant,
}

impl Clock for VirtualClock {
    fn now(&self) -> DateTime<Utc> {
        self.start + TimeDelta::from_std(self.from.elapsed()).unwrap()
    }
}

/// Where things are fetched, and what is to go wrong there.
#[derive(Debug, Default)]
pub(super) struct Shop {
    /// Every attempt, in order.
    pub(super) tried: Mutex<Vec<(String, ErrandAction)>>,
    /// How often each was carried out.
    pub(super) done: Mutex<BTreeMap<(String, String), u32>>,
    /// Instances whose things cannot be fetched for the moment.
    pub(super) stuck: Mutex<BTreeSet<String>>,
    /// Instances whose things take for ever to fetch.
    pub(super) endless: Mutex<BTreeSet<String>>,
    /// Instances over whose things whoever fetches them stumbles.
    pub(super) clumsy: Mutex<BTreeSet<String>>,
    /// How many times it is still unknown whom an event concerns.
    pub(super) unroutable: AtomicU32,
    /// The most that was carried out at a time.
    pub(super) busiest: AtomicU32,
    busy: AtomicU32,
}

impl Shop {
    pub(super) fn tries_of(&self, instance: &str) -> usize {
        self.tried.lock().iter().filter(|(tried, _)| tried == instance).count()
    }
}

#[derive(Debug)]
struct ErrandWorker {
    shop: Arc<Shop>,
    minutes: Arc<AtomicU32>,
}

impl Worker<Errand> for ErrandWorker {
    fn event_types(&self) -> &'static [&'static str] {
        &["ErrandWanted", "ErrandMentioned"]
    }

    fn route<'a>(&'a self, event: &'a RecordedEvent) -> BoxFuture<'a, Result<Vec<Routed<Errand>>, WorkerError>> {
        Box::pin(async move {
            if self.shop.unroutable.load(Ordering::SeqCst) > 0 {
                self.shop.unroutable.fetch_sub(1, Ordering::SeqCst);
                return Err(WorkerError("nobody knows".to_owned()));
            }
            let wanted: Value = serde_json::from_str(&event.data).unwrap();
            let things = wanted["things"].as_u64().and_then(|things| u32::try_from(things).ok());
            let trigger = things.map_or(ErrandTrigger::Idle, ErrandTrigger::Asked);
            let starts = &*event.event_type == "ErrandWanted";
            Ok(vec![Routed { instance: event.stream.id().to_owned(), trigger, starts }])
        })
    }

    fn perform<'a>(
        &'a self,
        action: &'a ErrandAction,
        sender: &'a Sender,
    ) -> BoxFuture<'a, Result<ErrandAnswer, WorkerError>> {
        Box::pin(async move {
            let shop = &self.shop;
            shop.tried.lock().push((sender.instance.clone(), action.clone()));
            let busy = shop.busy.fetch_add(1, Ordering::SeqCst) + 1;
            shop.busiest.fetch_max(busy, Ordering::SeqCst);
            let is_endless = shop.endless.lock().contains(&sender.instance);
            tokio::time::sleep(Duration::from_millis(if is_endless { u64::MAX / 1_000 } else { 5 })).await;
            shop.busy.fetch_sub(1, Ordering::SeqCst);
            assert!(!shop.clumsy.lock().contains(&sender.instance), "as told");
            if shop.stuck.lock().contains(&sender.instance) {
                return Err(WorkerError("the shop is closed".to_owned()));
            }
            let what = serde_json::to_string(action).unwrap();
            *shop.done.lock().entry((sender.instance.clone(), what)).or_default() += 1;
            Ok(ErrandAnswer::Done)
        })
    }

    fn policy(&self) -> ErrandPolicy {
        ErrandPolicy { minutes: i64::from(self.minutes.load(Ordering::SeqCst)) }
    }
}

/// What outlives the engine.
#[derive(Debug)]
pub(super) struct World {
    pub(super) log: Arc<MemoryLog>,
    pub(super) ambient: Ambient,
    pub(super) shop: Arc<Shop>,
    pub(super) minutes: Arc<AtomicU32>,
    pub(super) options: SagaOptions,
}

/// One life of the engine. Dropping it is a crash.
#[derive(Debug)]
pub(super) struct Life {
    pub(super) log: Arc<ControlledLog>,
    pub(super) bus: Bus,
    pub(super) sagas: Option<Sagas>,
    pub(super) projections: Runtime,
    _follower: Follower,
}

impl World {
    /// To be called in a tokio runtime whose time is paused.
    pub(super) fn new() -> Self {
        let start = DateTime::from_timestamp(1_709_294_400, 0).unwrap();
        let (seeded, _) = Ambient::seeded(start, 5);
        let ambient = Ambient { clock: Arc::new(VirtualClock { start, from: Instant::now() }), ..seeded };
        let options = SagaOptions { poll_max: Duration::from_secs(86_400 * 365), ..SagaOptions::new(IDLE_LIMITS) };
        Self {
            log: Arc::new(MemoryLog::new(ambient.clock.clone())),
            ambient,
            shop: Arc::default(),
            minutes: Arc::new(AtomicU32::new(30)),
            options,
        }
    }

    /// The engine starts on what is there.
    pub(super) async fn begin(&self) -> Life {
        let log = Arc::new(ControlledLog::new(self.log.clone()));
        let processes = Processes::none().with::<Errand>();
        let builder = Bus::builder(log.clone(), self.ambient.clone()).register::<StockItem>().register::<Cart>();
        let bus = processes.register(builder).build();
        let work = processes.work(IDLE_LIMITS);
        let (store, limits) = (Arc::new(MemoryStore::new()), Limits { poll_interval: None, ..Limits::default() });
        let projections = vec![work.clone() as Arc<dyn tillroll_projections::projection::Projection>];
        let clock = self.ambient.clock.clone();
        let codec = bus.codec().clone();
        let projections =
            Runtime::open_with_store(log.clone(), codec, clock, store, limits, projections).await.unwrap();
        let follower = projections.start();
        let worker = Arc::new(ErrandWorker { shop: self.shop.clone(), minutes: self.minutes.clone() });
        let builder = SagaBuilder::new(bus.clone(), projections.read_models(), &work, self.options.clone());
        let sagas = Some(builder.process::<Errand>(worker).start().await);
        Life { log, bus, sagas, projections, _follower: follower }
    }

    /// An event of somebody else is appended.
    pub(super) async fn happens(&self, event_type: &str, instance: &str, data: &Value) -> Position {
        self.happens_in(event_type, instance, data, "live").await
    }

    pub(super) async fn happens_in(&self, event_type: &str, instance: &str, data: &Value, origin: &str) -> Position {
        let event = NewEvent {
            id: self.ambient.ids.next(),
            event_type: event_type.into(),
            schema_version: 1,
            metadata: json!({ "actor": "test", "origin": origin }).to_string().into(),
            data: data.to_string().into(),
        };
        let stream = StreamId::new("desk", instance).unwrap();
        let append = Append { stream, expected: ExpectedRevision::Any, events: vec![event] };
        log::append(self.log.as_ref(), append).await.unwrap().last_position
    }

    /// Something gets into an instance's stream that nobody can read.
    pub(super) async fn spoil(&self, instance: &str) {
        let event = NewEvent {
            id: self.ambient.ids.next(),
            event_type: "Garbage".into(),
            schema_version: 1,
            metadata: "{}".into(),
            data: "{}".into(),
        };
        let stream = StreamId::new(Errand::CATEGORY, instance).unwrap();
        let append = Append { stream, expected: ExpectedRevision::Any, events: vec![event] };
        log::append(self.log.as_ref(), append).await.unwrap();
    }

    /// Somebody wants so many things.
    pub(super) async fn wanted(&self, instance: &str, things: u32) -> Position {
        self.happens("ErrandWanted", instance, &json!({ "things": things })).await
    }

    /// All events of one instance.
    pub(super) async fn steps(&self, instance: &str) -> Vec<ErrandEvent> {
        let stream = StreamId::new(Errand::CATEGORY, instance).unwrap();
        let events = self.log.read_stream(&stream, ReadFrom::Forwards(Default::default()), 1_000).await.unwrap();
        events.iter().map(|event| event.decode::<ErrandEvent>().unwrap()).collect()
    }

    pub(super) async fn instance(&self, instance: &str) -> Instance<ErrandState, ErrandAction> {
        Managed::<Errand>::fold(&self.steps(instance).await)
    }

    /// How many events there are.
    pub(super) async fn events(&self) -> u64 {
        self.log.head().await.unwrap().0
    }

    /// The events of a type.
    pub(super) async fn all(&self, event_type: &str) -> Vec<RecordedEvent> {
        let filter = EventFilter { event_types: vec![event_type.to_owned()], ..EventFilter::default() };
        self.log.read_all(Position::START, &filter, 10_000).await.unwrap().events
    }

    /// Waits, within virtual minutes, until it is so.
    pub(super) async fn until(&self, what: &str, is_so: impl AsyncFn() -> bool) {
        for _ in 0..6_000 {
            if is_so().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("it never came to this: {what}");
    }

    /// Waits until an instance has fetched so many things and has nothing left to do.
    pub(super) async fn until_fetched(&self, instance: &str, things: usize) {
        self.until(instance, async || {
            let found = self.instance(instance).await;
            found.process.fetched.len() == things && found.outbox.is_empty()
        })
        .await;
    }
}

impl Life {
    /// Where the process was enabled, or has got since.
    pub(super) async fn enabled(&self) -> Position {
        let loaded = self.bus.load::<ProcessRegistration>(DEFAULT_TENANT, Errand::CATEGORY).await.unwrap();
        Position(loaded.state.position.expect("a process that runs is enabled"))
    }

    /// What the index says of instances.
    pub(super) async fn open_instances(&self) -> Vec<InstanceRow> {
        self.projections.read_models().snapshot(&[PROCESS_WORK]).await.unwrap().rows().await.unwrap()
    }

    pub(super) async fn execute<A: Aggregate>(&self, id: &str, command: A::Command, name: &str) -> Executed {
        let context = CommandContext::live(CommandId::new(derived_uuid("test", name)), "test");
        self.bus.execute::<A>(id, command, context).await.unwrap()
    }
}
