//! Folds see personal data opened, or erased, and a vault that fails stops them without harm.

use crate::support::{World, limits, memory, stream};
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tillroll_domain::{
    aggregate::DomainEvent,
    events,
    ids::SubjectId,
    personal::{Personal, PersonalData},
};
use tillroll_infra::{
    codec::{Codec, Place},
    event::NewEvent,
    log::{self, Append, ExpectedRevision},
    stream::Position,
    vault::MemoryVault,
};
use tillroll_projections::{
    projection::{ApplyError, Incoming, Projection, Tables, TablesExt},
    read::ProjectionState,
    read_table,
    runtime::{RunError, Runtime},
    store::ReadModelStore,
    table::{Row, TableSpec},
};
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
struct Email(String);

impl PersonalData for Email {
    const FIELD: &'static str = "email";
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Written {
    email: Personal<Email>,
}

events! {
    pub enum LetterEvent {
        Written = 1;
    }
}

read_table! {
    pub struct LetterRow in "letters", key 1, indexes [] {
        pub account: String,
        pub shown: String,
    }
}

/// Whom letters are from.
#[derive(Debug)]
struct Letters;

impl Projection for Letters {
    fn name(&self) -> &'static str {
        "letters"
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> Vec<TableSpec> {
        vec![LetterRow::TABLE]
    }

    fn event_types(&self) -> &'static [&'static str] {
        &["Written"]
    }

    fn apply<'a>(&'a self, event: &'a Incoming, tables: &'a mut dyn Tables) -> BoxFuture<'a, Result<(), ApplyError>> {
        Box::pin(async move {
            let LetterEvent::Written(written) = event.decode()?;
            let shown = written.email.value().map_or("erased", |email| &email.0).to_owned();
            tables.put(&LetterRow { account: event.recorded().stream.id().to_owned(), shown });
            Ok(())
        })
    }
}

fn codec(world: &World) -> Codec {
    let randomness = world.ambient.randomness.clone();
    Codec::new(Arc::new(MemoryVault::new(randomness.clone())), randomness)
}

fn subject(number: u128) -> SubjectId {
    SubjectId::new(Uuid::from_u128(number))
}

/// A letter of a person, sealed for `sealed_for` and stored as an event with the id `id`.
async fn write(world: &World, codec: &Codec, account: &str, of: u128, id: Uuid, sealed_for: Uuid) {
    let stream = stream(account);
    let event: LetterEvent =
        Written { email: Personal::known(subject(of), Email(format!("{of}@example.test"))) }.into();
    let place = Place::Event { stream: &stream, id: sealed_for };
    let data = codec.seal(place, serde_json::to_string(&event).unwrap()).await.unwrap();
    assert!(!data.contains("example"), "{data}");
    let event = NewEvent {
        id,
        event_type: event.event_type().name.into(),
        schema_version: 1,
        metadata: "{}".into(),
        data: data.into(),
    };
    let append = Append { stream, expected: ExpectedRevision::Any, events: vec![event] };
    log::append(world.log.as_ref(), append).await.unwrap();
}

async fn written(world: &World, codec: &Codec, account: &str, of: u128) {
    let id = world.ambient.ids.next();
    write(world, codec, account, of, id, id).await;
}

async fn open(world: &World, codec: &Codec, store: Arc<dyn ReadModelStore>) -> Runtime {
    let (log, clock) = (world.log.clone(), world.ambient.clock.clone());
    Runtime::open_with_store(log, codec.clone(), clock, store, limits(), vec![Arc::new(Letters)]).await.unwrap()
}

async fn shown(runtime: &Runtime) -> Vec<(String, String)> {
    let mut snapshot = runtime.read_models().snapshot(&["letters"]).await.unwrap();
    let rows: Vec<LetterRow> = snapshot.rows().await.unwrap();
    rows.into_iter().map(|row| (row.account, row.shown)).collect()
}

fn rows<const N: usize>(rows: [(&str, &str); N]) -> Vec<(String, String)> {
    rows.map(|(account, shown)| (account.to_owned(), shown.to_owned())).into()
}

#[tokio::test]
async fn folds_see_what_is_known_and_what_was_erased() {
    let world = World::new();
    let codec = codec(&world);
    written(&world, &codec, "a", 1).await;
    written(&world, &codec, "b", 2).await;
    let runtime = open(&world, &codec, memory()).await;
    runtime.catch_up().await.unwrap();
    assert_eq!(shown(&runtime).await, rows([("a", "1@example.test"), ("b", "2@example.test")]));
    codec.vault().erase("default", subject(1)).await.unwrap();
    let rebuilt = open(&world, &codec, memory()).await;
    rebuilt.catch_up().await.unwrap();
    assert_eq!(shown(&rebuilt).await, rows([("a", "erased"), ("b", "2@example.test")]));
}

#[tokio::test]
async fn an_event_that_was_tampered_with_parks_its_stream_only() {
    let world = World::new();
    let codec = codec(&world);
    write(&world, &codec, "a", 1, world.ambient.ids.next(), world.ambient.ids.next()).await;
    written(&world, &codec, "b", 2).await;
    let runtime = open(&world, &codec, memory()).await;
    assert_eq!(runtime.catch_up().await.unwrap(), Position(2));
    assert_eq!(shown(&runtime).await, rows([("b", "2@example.test")]));
    let parked = runtime.parked(Some("letters")).await.unwrap();
    assert_eq!(parked.len(), 1);
    assert!(parked[0].error.contains("cannot be opened"), "{}", parked[0].error);
}

#[tokio::test]
async fn a_lost_vault_stops_the_projection_and_parks_nothing() {
    let world = World::new();
    let codec = codec(&world);
    written(&world, &codec, "a", 1).await;
    let store = memory();
    for (wrong, reason) in [(self::codec(&world), "restore the key vault"), (Codec::without_vault(), "none was opened")]
    {
        let runtime = open(&world, &wrong, store.clone()).await;
        let stopped = runtime.catch_up().await.unwrap_err();
        assert!(matches!(stopped, RunError::Stopped { projection: "letters", .. }), "{stopped}");
        assert!(stopped.to_string().contains(reason), "{stopped}");
        let status = runtime.read_models().statuses().remove(0);
        assert_ne!(status.state, ProjectionState::Live);
        assert_eq!((status.parked, status.position), (0, Position(0)));
    }
    let runtime = open(&world, &codec, store).await;
    runtime.catch_up().await.unwrap();
    assert_eq!(shown(&runtime).await, rows([("a", "1@example.test")]));
}
