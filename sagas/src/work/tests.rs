//! What the index shows, folded as the projections fold it.

use super::{ActionRow, CartDeadlineRow, InstanceRow, PROCESS_WORK, ProcessWork, StockHoldRow, TimerRow, WorkIndex};
use crate::{process::Process, testing::errand::Errand};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tillroll_domain::{aggregate::DomainEvent, cart::commands::IdleLimits};
use tillroll_infra::{
    ambient::Ambient,
    codec::Codec,
    event::NewEvent,
    log::{self, Append, ExpectedRevision, MemoryLog},
    stream::{Position, StreamId},
};
use tillroll_projections::{
    runtime::{Limits, Runtime},
    store::{
        ReadModelStore,
        memory::MemoryStore,
        sqlite::{SqliteStore, SqliteStoreOptions},
    },
    table::Row,
};

const LIMITS: IdleLimits = IdleLimits { guest_seconds: 700, customer_seconds: 3_000, empty_seconds: 200 };

/// A log and the index of it.
struct World {
    log: Arc<MemoryLog>,
    ambient: Ambient,
    runtime: Runtime,
    work: Arc<ProcessWork>,
}

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_709_294_400, 0).unwrap()
}

fn second(second: i64) -> DateTime<Utc> {
    start() + TimeDelta::seconds(second)
}

impl World {
    async fn on(store: Arc<dyn ReadModelStore>) -> Self {
        let (ambient, _) = Ambient::seeded(start(), 3);
        let log = Arc::new(MemoryLog::new(ambient.clock.clone()));
        let types = <Errand as Process>::Event::TYPES.iter().map(|event_type| event_type.name);
        let work = Arc::new(ProcessWork::new(types, LIMITS));
        let (codec, clock) = (Codec::without_vault(), ambient.clock.clone());
        let runtime =
            Runtime::open_with_store(log.clone(), codec, clock, store, Limits::default(), vec![work.clone()]).await;
        Self { log, ambient, runtime: runtime.unwrap(), work }
    }

    async fn in_memory() -> Self {
        Self::on(Arc::new(MemoryStore::new())).await
    }

    async fn happens(&self, stream: &str, event_type: &str, data: Value) -> Position {
        let event = NewEvent {
            id: self.ambient.ids.next(),
            event_type: event_type.into(),
            schema_version: 1,
            metadata: "{}".into(),
            data: data.to_string().into(),
        };
        let stream: StreamId = stream.parse().unwrap();
        let append = Append { stream, expected: ExpectedRevision::Any, events: vec![event] };
        log::append(self.log.as_ref(), append).await.unwrap().last_position
    }

    async fn advanced(&self, instance: &str, mut step: Value) {
        step["at"] = json!(start());
        self.happens(&format!("errand-{instance}"), "ErrandAdvanced", step).await;
    }

    async fn rows<R: Row>(&self) -> Vec<R> {
        self.runtime.catch_up().await.unwrap();
        assert_eq!(self.runtime.parked(None).await.unwrap(), []);
        self.runtime.read_models().snapshot(&[PROCESS_WORK]).await.unwrap().rows().await.unwrap()
    }
}

fn told(position: u64) -> Value {
    json!({ "kind": "told", "position": position, "event_id": "00000000-0000-0000-0000-000000000001" })
}

fn fetch(no: u32) -> Value {
    json!({ "no": no, "action": { "kind": "fetch", "thing": no } })
}

fn answered(no: u32) -> Value {
    json!({ "kind": "answered", "no": no, "answer": { "kind": "done" } })
}

#[tokio::test]
async fn open_actions_and_armed_timers_are_shown_until_they_are_not() {
    let world = World::in_memory().await;
    let arm = json!([{ "timer": "late", "due": second(60) }, { "timer": "later", "due": second(90) }]);
    world.advanced("a", json!({ "input": told(1), "send": [fetch(1), fetch(2)], "arm": arm })).await;
    let actions: Vec<ActionRow> = world.rows().await;
    assert_eq!(
        actions.iter().map(|row| (&*row.instance, row.no, &*row.action)).collect::<Vec<_>>(),
        [("a", 1, "fetch"), ("a", 2, "fetch")]
    );
    assert_eq!(actions[0].queued_at, start());
    let timers: Vec<TimerRow> = world.rows().await;
    assert_eq!(
        timers.iter().map(|row| (&*row.timer, row.due_at)).collect::<Vec<_>>(),
        [("late", second(60)), ("later", second(90))]
    );
    let counts = async || {
        let rows: Vec<InstanceRow> = world.rows().await;
        rows.into_iter().map(|row| (row.open_actions, row.armed_timers)).collect::<Vec<_>>()
    };
    assert_eq!(counts().await, [(2, 2)]);
    // Set anew, disarmed, fired, answered.
    let arm = json!([{ "timer": "late", "due": second(120) }]);
    world.advanced("a", json!({ "input": answered(2), "disarm": ["later", "never"], "arm": arm })).await;
    assert_eq!(counts().await, [(1, 1)]);
    assert_eq!(world.rows::<TimerRow>().await[0].due_at, second(120));
    world.advanced("a", json!({ "input": { "kind": "due", "timer": "late" } })).await;
    assert_eq!(counts().await, [(1, 0)]);
    world.advanced("a", json!({ "input": answered(1), "ending": { "kind": "completed" } })).await;
    assert_eq!(
        (counts().await, world.rows::<ActionRow>().await, world.rows::<TimerRow>().await),
        (vec![], vec![], vec![])
    );
}

#[tokio::test]
async fn an_alarm_stays_until_the_instance_ends_otherwise() {
    let world = World::in_memory().await;
    let alarmed = json!({ "kind": "alarmed", "reason": "lost" });
    world.advanced("a", json!({ "input": told(1), "send": [fetch(1)], "ending": alarmed })).await;
    world.advanced("a", json!({ "input": answered(1) })).await;
    let rows: Vec<InstanceRow> = world.rows().await;
    assert_eq!(
        rows.iter().map(|row| (row.alarm.as_deref(), row.open_actions)).collect::<Vec<_>>(),
        [(Some("lost"), 0)]
    );
    world.advanced("a", json!({ "input": told(2), "ending": { "kind": "compensated" } })).await;
    assert_eq!(world.rows::<InstanceRow>().await, []);
}

#[tokio::test]
async fn holds_are_shown_until_they_end() {
    let world = World::in_memory().await;
    let id = |number: u32| format!("rsv_00000000-0000-0000-0000-00000000000{number}");
    let reserved = |number: u32| json!({ "reservation_id": id(number), "quantity": 1, "expires_at": second(60) });
    for number in 1..=3 {
        world.happens("stock-main.MUG", "StockReserved", reserved(number)).await;
    }
    let extended = json!({ "reservation_id": id(1), "expires_at": second(90) });
    world.happens("stock-main.MUG", "ReservationExtended", extended).await;
    let released = json!({ "reservation_id": id(2), "quantity": 1, "reason": "released" });
    world.happens("stock-main.MUG", "ReservationReleased", released).await;
    let order = "ord_00000000-0000-0000-0000-000000000009";
    let allocated = json!({ "reservation_id": id(3), "order_id": order, "quantity": 1 });
    world.happens("stock-main.MUG", "StockAllocated", allocated).await;
    let rows: Vec<StockHoldRow> = world.rows().await;
    assert_eq!(
        rows.iter().map(|row| (&*row.item, row.reservation_id.clone(), row.expires_at)).collect::<Vec<_>>(),
        [("main.MUG", id(1), second(90))]
    );
}

#[tokio::test]
async fn a_cart_is_kept_by_what_it_is_now() {
    let world = World::in_memory().await;
    let happens = async |event_type: &str, second_of: i64, mut data: Value| {
        data["at"] = json!(second(second_of));
        world.happens("cart-a", event_type, data).await;
        let rows: Vec<CartDeadlineRow> = world.rows().await;
        rows.into_iter().next().map(|row| (row.kept_as, row.last_activity))
    };
    let kept = |kept_as: &str, at: i64| Some((Some(kept_as.to_owned()), second(at)));
    let held = |at: i64| Some((None, second(at)));
    assert_eq!(happens("CartCreated", 1, json!({ "owner": { "kind": "guest" } })).await, kept("empty_guest", 1));
    assert_eq!(happens("CartLineAdded", 2, json!({})).await, kept("guest", 2));
    assert_eq!(happens("CartLineRemoved", 3, json!({})).await, kept("empty_guest", 3));
    assert_eq!(happens("CartAbsorbed", 4, json!({ "lines": [{}, {}] })).await, kept("guest", 4));
    assert_eq!(happens("CartCleared", 5, json!({})).await, kept("empty_guest", 5));
    assert_eq!(happens("CartAssigned", 6, json!({})).await, kept("empty_customer", 6));
    assert_eq!(happens("CartLineAdded", 7, json!({})).await, kept("customer", 7));
    assert_eq!(happens("CartPaymentAttached", 8, json!({})).await, held(8));
    assert_eq!(happens("CartPaymentDetached", 9, json!({})).await, kept("customer", 9));
    assert_eq!(happens("CartCheckoutBegan", 10, json!({})).await, held(10));
    assert_eq!(happens("CartCompletionReleased", 11, json!({})).await, kept("customer", 11));
    assert_eq!(happens("CartConverted", 12, json!({})).await, None);
    assert_eq!(happens("CartMerged", 13, json!({})).await, None, "what still happens to a closed cart is nothing");
}

#[tokio::test]
async fn an_earlier_time_is_told_to_whoever_waits() {
    let world = World::in_memory().await;
    let hints = world.work.hints();
    let arm = |due: i64| json!({ "input": told(1), "arm": [{ "timer": "late", "due": second(due) }] });
    world.advanced("a", arm(60)).await;
    world.runtime.catch_up().await.unwrap();
    let hint = hints.take().unwrap();
    assert_eq!((hint.due, hint.position), (second(60), Position(1)));
    hints.wait_until(Some(second(60)));
    world.advanced("b", arm(60)).await;
    world.runtime.catch_up().await.unwrap();
    assert_eq!(hints.take(), None, "not earlier");
    world.advanced("c", arm(59)).await;
    world.advanced("d", arm(50)).await;
    world.runtime.catch_up().await.unwrap();
    tokio::time::timeout(Duration::from_secs(5), hints.news()).await.unwrap();
    let hint = hints.take().unwrap();
    assert_eq!((hint.due, hint.position), (second(50), Position(4)));
}

async fn answers(store: Arc<dyn ReadModelStore>) -> World {
    let world = World::on(store).await;
    for (instance, due) in [("a", 30), ("b", 10), ("c", 20)] {
        let arm = json!([{ "timer": "late", "due": second(due) }]);
        world.advanced(instance, json!({ "input": told(1), "send": [fetch(1)], "arm": arm })).await;
    }
    let reason = json!({ "kind": "alarmed", "reason": "lost" });
    world.advanced("c", json!({ "input": answered(1), "ending": reason })).await;
    let cart = json!({ "owner": { "kind": "guest" }, "at": second(0) });
    world.happens("cart-x", "CartCreated", cart).await;
    world.runtime.catch_up().await.unwrap();
    let index = WorkIndex::new(world.runtime.read_models());
    let mut look = index.look().await.unwrap();
    let timers = look.timers(Some(second(20)), 10).await.unwrap();
    assert_eq!(timers.iter().map(|row| &*row.instance).collect::<Vec<_>>(), ["b", "c"]);
    let actions = look.actions(None, None, 1).await.unwrap();
    assert_eq!(actions.iter().map(|row| &*row.instance).collect::<Vec<_>>(), ["a"]);
    let actions = look.actions(None, actions.last(), 10).await.unwrap();
    assert_eq!(actions.iter().map(|row| &*row.instance).collect::<Vec<_>>(), ["b"]);
    assert_eq!(look.carts(Some(second(199)), LIMITS, 10).await.unwrap(), []);
    let carts = look.carts(Some(second(200)), LIMITS, 10).await.unwrap();
    assert_eq!(carts.iter().map(|(due, row)| (*due, &*row.cart_id)).collect::<Vec<_>>(), [(second(200), "x")]);
    drop(look);
    world
}

#[tokio::test]
async fn the_index_answers_in_memory() {
    answers(Arc::new(MemoryStore::new())).await;
}

#[tokio::test]
async fn the_index_answers_on_sqlite_and_counts_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(SqliteStoreOptions::new(folder.path().join("read.db"))).await.unwrap();
    let world = answers(Arc::new(store)).await;
    let index = WorkIndex::new(world.runtime.read_models());
    let loads = index.look().await.unwrap().loads(second(25)).await.unwrap();
    assert_eq!(loads.len(), 1);
    let load = &loads[0];
    assert_eq!((&*load.process, load.open_actions, load.oldest_action), ("errand", 2, Some(start())));
    assert_eq!((load.armed_timers, load.due_timers, load.alarms), (3, 2, 1));
}
