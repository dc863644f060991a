//! `disintegrate` with `disintegrate-postgres`: an append names the query of its order and the last event that its writer
//! knows of it.
//!
//! The store checks and inserts in a serializable transaction, which PostgreSQL may refuse although nobody touched the
//! order; such an append is tried again at once, as PostgreSQL's documentation asks for, and its time goes on. How often
//! depends on what else a check reads, so the store is given the best start: its table holds events already and was
//! analyzed, so that checks go through indexes and not over the whole table, and ids of orders begin with random bytes, so
//! that new orders lie apart in the index. Its pool is small; see below.

use crate::{
    servers::Postgres,
    system::{Counts, System, Writer},
    workload::{Event as Made, Workload},
};
use disintegrate::{Event, EventStore, StreamItem, StreamQuery, query};
use disintegrate_postgres::{Error, PgEventId, PgEventStore};
use disintegrate_serde::serde::json::Json;
use futures::{
    StreamExt,
    future::{BoxFuture, FutureExt},
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tillroll_benches::Failure;
use uuid::Uuid;

/// Tries of one append; beyond them something else is wrong.
const TRIES_MAX: u64 = 10_000;

/// The most connections. Of 4, 16, 64 and as many as writers this was the fastest at 64 and at 256 writers, by up to 2
/// times, because fewer transactions at once refuse each other less.
const CONNECTIONS_MAX: usize = 4;
/// Events that the table holds from the start.
const EVENTS_BEFORE: u128 = 50_000;
/// How many of them are inserted together.
const BATCH: usize = 1_000;

/// The store knows no metadata, so the payload carries it: the same bytes as elsewhere.
#[derive(Debug, Clone, Event, Serialize, Deserialize)]
enum ShopEvent {
    OrderPlaced {
        #[id]
        order_id: Uuid,
        data: Box<RawValue>,
        metadata: Box<RawValue>,
    },
    OrderLinesShipped {
        #[id]
        order_id: Uuid,
        data: Box<RawValue>,
        metadata: Box<RawValue>,
    },
}

type Store = PgEventStore<ShopEvent, Json<ShopEvent>>;

/// A store in a database of its own.
pub struct Disintegrate {
    store: Store,
    about: String,
}

impl Disintegrate {
    /// Makes the database.
    ///
    /// # Errors
    /// The server's own.
    pub async fn open(postgres: &Postgres, workload: &Workload, writers: usize) -> Result<Self, Failure> {
        let pool =
            postgres.database("disintegrate", "CREATE DATABASE disintegrate", writers.min(CONNECTIONS_MAX)).await?;
        let settings = postgres.about(&pool).await?;
        let about = format!(
            "disintegrate 4.0.0, disintegrate-postgres 4.0.1, {EVENTS_BEFORE} events from before, random ids, {settings}"
        );
        let store = Store::try_new(pool.clone(), Json::default()).await?;
        let ids: Vec<Uuid> = (0..EVENTS_BEFORE).map(id_before).collect();
        for ids in ids.chunks(BATCH) {
            let placed = |(number, id): (usize, &Uuid)| to_event(*id, &workload.order(number)[0]);
            let events = ids.iter().enumerate().map(placed).collect::<Result<_, _>>()?;
            store.append_without_validation(events).await?;
        }
        sqlx::query("VACUUM ANALYZE event").execute(&pool).await?;
        Ok(Self { store, about })
    }
}

impl System for Disintegrate {
    fn about(&self) -> String {
        self.about.clone()
    }

    fn writers(&self, count: usize) -> BoxFuture<'_, Result<Vec<Box<dyn Writer>>, Failure>> {
        let writer = || Box::new(StoreWriter { store: self.store.clone(), last: 0 }) as Box<dyn Writer>;
        let writers = (0..count).map(|_| writer()).collect();
        async { Ok(writers) }.boxed()
    }

    fn counts(&self) -> BoxFuture<'_, Result<Counts, Failure>> {
        async {
            let query: StreamQuery<PgEventId, ShopEvent> = query!(ShopEvent);
            let mut events = self.store.stream(&query);
            let mut counts = Counts::new();
            while let Some(item) = events.next().await {
                if let StreamItem::Event(event) = item? {
                    let (ShopEvent::OrderPlaced { order_id, .. } | ShopEvent::OrderLinesShipped { order_id, .. }) =
                        event.into_inner();
                    *counts.entry(from_spread(order_id)).or_default() += 1;
                }
            }
            for before in 0..EVENTS_BEFORE {
                if counts.remove(&from_spread(id_before(before))) != Some(1) {
                    return Err("an event from before is not there".into());
                }
            }
            Ok(counts)
        }
        .boxed()
    }
}

struct StoreWriter {
    store: Store,
    last: PgEventId,
}

impl Writer for StoreWriter {
    fn append<'a>(&'a mut self, stream: Uuid, number: usize, event: &'a Made) -> BoxFuture<'a, Result<u64, Failure>> {
        async move {
            let stream = spread(stream);
            let event = to_event(stream, event)?;
            let last = if number == 0 { 0 } else { self.last };
            let query: StreamQuery<PgEventId, ShopEvent> = query!(ShopEvent; order_id == stream);
            for retries in 0..TRIES_MAX {
                match self.store.append(vec![event.clone()], query.clone(), last).await {
                    Ok(persisted) => {
                        self.last = persisted.last().ok_or("an append without an event")?.id();
                        return Ok(retries);
                    }
                    Err(error) if may_be_tried_again(&error) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            Err(format!("refused {TRIES_MAX} times").into())
        }
        .boxed()
    }
}

/// The id of an order from before, anywhere among the others.
fn id_before(number: u128) -> Uuid {
    // The 128 bits of the golden ratio: multiples of an odd number are all different, and these lie evenly.
    Uuid::from_u128((number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
}

/// The id with its random bytes in front and its time behind.
fn spread(id: Uuid) -> Uuid {
    Uuid::from_u128(id.as_u128().rotate_left(64))
}

/// The way back from [`spread`].
fn from_spread(id: Uuid) -> Uuid {
    Uuid::from_u128(id.as_u128().rotate_right(64))
}

fn to_event(order_id: Uuid, event: &Made) -> Result<ShopEvent, Failure> {
    let data = RawValue::from_string(event.written.data.to_string())?;
    let metadata = RawValue::from_string(event.written.metadata.to_string())?;
    match &*event.written.event_type {
        "OrderPlaced" => Ok(ShopEvent::OrderPlaced { order_id, data, metadata }),
        "OrderLinesShipped" => Ok(ShopEvent::OrderLinesShipped { order_id, data, metadata }),
        other => Err(format!("there is no event {other}").into()),
    }
}

/// A serialization failure or a deadlock, wherever in the transaction it showed. The store tells those at the commit, and
/// its own finding that the order has moved on, as `Concurrency`; the latter cannot be, since no two writers share an
/// order, and would come again until the tries run out.
fn may_be_tried_again(error: &Error) -> bool {
    match error {
        Error::Concurrency => true,
        Error::Database(sqlx::Error::Database(error)) => {
            matches!(error.code().as_deref(), Some("40001" | "40P01"))
        }
        _ => false,
    }
}
