//! `cqrs-es`: its repository of events on PostgreSQL, and the same on Tillroll's log.
//!
//! Writers call the repository's `persist` with the sequence they expect, which leaves out what the framework does around
//! it (loading the aggregate before every command) and so favors both.

use crate::{
    servers::Postgres,
    system::{Counts, System, Writer, count_next},
    systems::tillroll,
    workload::Event,
};
use cqrs_es::{
    Aggregate, DomainEvent,
    event_sink::EventSink,
    persist::{PersistedEventRepository, SerializedEvent},
};
use futures::future::{BoxFuture, FutureExt};
use postgres_es::PostgresEventRepository;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{convert::Infallible, path::Path, sync::Arc};
use tillroll_benches::Failure;
use tillroll_infra::{ambient::Ambient, cqrs_es::EventLogRepository};
use uuid::Uuid;

/// The schema that `postgres-es` ships, without its example view.
const SCHEMA: &str = "
CREATE TABLE events
(
    aggregate_type text                         NOT NULL,
    aggregate_id   text                         NOT NULL,
    sequence       bigint CHECK (sequence >= 0) NOT NULL,
    event_type     text                         NOT NULL,
    event_version  text                         NOT NULL,
    payload        json                         NOT NULL,
    metadata       json                         NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, sequence)
)";

/// A connection for each writer, but no more than this: beyond, the server gets slower on a small machine.
const CONNECTIONS_MAX: usize = 64;

/// An order that is only appended to.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Order;

/// Any of its events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
struct OrderEvent(Value);

impl DomainEvent for OrderEvent {
    fn event_type(&self) -> String {
        "OrderPlaced".to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl Aggregate for Order {
    const TYPE: &'static str = "order";
    type Command = Infallible;
    type Event = OrderEvent;
    type Error = Infallible;
    type Services = ();

    async fn handle(&mut self, command: Infallible, _: &(), _: &EventSink<Self>) -> Result<(), Infallible> {
        match command {}
    }

    fn apply(&mut self, _event: OrderEvent) {}
}

/// A repository of `cqrs-es` in event-store mode.
pub struct CqrsEs<R> {
    repository: Arc<R>,
    about: String,
}

/// On Tillroll's log in a folder of its own.
///
/// # Errors
/// The log's own.
pub fn on_tillroll(folder: &Path) -> Result<CqrsEs<EventLogRepository>, Failure> {
    let repository = EventLogRepository::new(tillroll::open_log(folder)?, Ambient::system().ids);
    Ok(CqrsEs { repository: Arc::new(repository), about: format!("cqrs-es 0.5.0 on: {}", tillroll::ABOUT) })
}

/// On PostgreSQL in a database of its own.
///
/// # Errors
/// The server's own.
pub async fn on_postgres(postgres: &Postgres, writers: usize) -> Result<CqrsEs<PostgresEventRepository>, Failure> {
    let pool = postgres.database("cqrs_es", "CREATE DATABASE cqrs_es", writers.min(CONNECTIONS_MAX)).await?;
    sqlx::query(SCHEMA).execute(&pool).await?;
    let about = format!("cqrs-es 0.5.0, postgres-es 0.5.0, {}", postgres.about(&pool).await?);
    Ok(CqrsEs { repository: Arc::new(PostgresEventRepository::new(pool)), about })
}

impl<R: PersistedEventRepository + 'static> System for CqrsEs<R> {
    fn about(&self) -> String {
        self.about.clone()
    }

    fn writers(&self, count: usize) -> BoxFuture<'_, Result<Vec<Box<dyn Writer>>, Failure>> {
        let writer = || Box::new(RepositoryWriter { repository: self.repository.clone() }) as Box<dyn Writer>;
        let writers = (0..count).map(|_| writer()).collect();
        async { Ok(writers) }.boxed()
    }

    fn counts(&self) -> BoxFuture<'_, Result<Counts, Failure>> {
        async {
            let mut counts = Counts::new();
            let mut events = self.repository.stream_all_events::<Order>().await?;
            while let Some(event) = events.next::<Order>(&[]).await {
                let event = event?;
                let number = event.sequence.checked_sub(1).ok_or("a sequence below 1")?;
                count_next(&mut counts, event.aggregate_id.parse()?, number)?;
            }
            Ok(counts)
        }
        .boxed()
    }
}

struct RepositoryWriter<R> {
    repository: Arc<R>,
}

impl<R: PersistedEventRepository> Writer for RepositoryWriter<R> {
    fn append<'a>(&'a mut self, stream: Uuid, number: usize, event: &'a Event) -> BoxFuture<'a, Result<u64, Failure>> {
        async move {
            let event = SerializedEvent {
                aggregate_id: stream.to_string(),
                sequence: number + 1,
                aggregate_type: Order::TYPE.to_owned(),
                event_type: event.written.event_type.as_ref().to_owned(),
                event_version: event.written.schema_version.to_string(),
                payload: event.data.clone(),
                metadata: event.metadata.clone(),
            };
            self.repository.persist::<Order>(&[event], None).await?;
            Ok(0)
        }
        .boxed()
    }
}
