//! Checkpoints move with their rows, belong to one log, and stop what cannot go on.

use crate::support::{Accounts, Faulty, Renamed, Totals, World, balances, both, limits, memory, shown, sqlite};
use std::sync::{Arc, atomic::Ordering};
use tillroll_infra::{codec::Codec, log::EventLog, stream::Position};
use tillroll_projections::{
    projection::Projection,
    read::ProjectionState,
    runtime::{Limits, OpenError, RunError, Runtime},
    store::ReadModelStore,
};

fn reason(runtime: &Runtime, projection: &str) -> Option<String> {
    let statuses = runtime.read_models().statuses();
    match &statuses.iter().find(|status| status.name == projection).unwrap().state {
        ProjectionState::Stopped { reason } => Some(reason.to_string()),
        ProjectionState::Live | ProjectionState::Rebuilding { .. } => None,
    }
}

#[tokio::test]
async fn a_failing_commit_leaves_neither_rows_nor_checkpoint_and_is_tried_again() {
    let world = World::new();
    for amount in 1..=10 {
        world.moved("a", amount).await;
    }
    let inner = memory();
    let faulty = Faulty::new(inner.clone());
    let runtime = world.open(faulty.clone(), both()).await;
    faulty.failures.store(100, Ordering::Relaxed);
    let error = runtime.catch_up().await.unwrap_err();
    assert!(matches!(error, RunError::Stopped { projection: "accounts", .. }), "{error}");
    assert!(reason(&runtime, "totals").unwrap().contains("as told"));
    let after = shown(&runtime).await;
    assert_eq!((after.position, after.accounts.len(), after.totals.len()), (Position::START, 0, 0));

    let runtime = world.open(faulty.clone(), both()).await;
    faulty.failures.store(2, Ordering::Relaxed);
    assert_eq!(runtime.catch_up().await.unwrap(), Position(10));
    assert_eq!(shown(&runtime).await.totals[0].sum, 55);
}

#[tokio::test]
async fn a_commit_whose_answer_was_lost_is_not_folded_twice() {
    let world = World::new();
    for amount in 1..=10 {
        world.moved("a", amount).await;
    }
    let faulty = Faulty::new(memory());
    let runtime = world.open(faulty.clone(), both()).await;
    faulty.writes_anyway.store(true, Ordering::Relaxed);
    faulty.failures.store(2, Ordering::Relaxed);
    assert_eq!(runtime.catch_up().await.unwrap(), Position(10));
    assert_eq!(shown(&runtime).await.totals[0].sum, 55);
}

#[tokio::test]
async fn a_checkpoint_advances_over_unwanted_events() {
    let world = World::new();
    let store = memory();
    world.moved("a", 1).await;
    let last = world.append("a", Renamed {}).await;
    let runtime = world.open(store.clone(), both()).await;
    assert_eq!(runtime.catch_up().await.unwrap(), last);
    let registrations = store.registrations().await.unwrap();
    assert!(registrations.iter().all(|found| found.checkpoint.position == last));
    let event = world.log.read_all(Position(1), &Default::default(), 1).await.unwrap().events.remove(0);
    assert!(registrations.iter().all(|found| found.checkpoint.event_id == Some(event.id)));
}

#[tokio::test]
async fn another_event_at_the_checkpoint_stops_the_projection_and_the_others_go_on() {
    let store = memory();
    let first = World::seeded(1);
    first.moved("a", 1).await;
    first.open(store.clone(), vec![Accounts::new(1)]).await.catch_up().await.unwrap();

    let other = World::seeded(2);
    other.moved("b", 2).await;
    let runtime = other.open(store.clone(), both()).await;
    runtime.catch_up().await.unwrap_err();
    assert!(reason(&runtime, "accounts").unwrap().contains("another event at position 1"));
    assert_eq!(reason(&runtime, "totals"), None);
    assert_eq!(balances(&runtime).await, [("a".to_owned(), 1)]);

    // A rebuild is what heals it.
    runtime.rebuild(&["accounts"], &mut |_, _| {}).await.unwrap();
    assert_eq!(reason(&runtime, "accounts"), None);
    other.moved("b", 3).await;
    runtime.catch_up().await.unwrap();
    assert_eq!(balances(&runtime).await, [("b".to_owned(), 9)]);
}

#[tokio::test]
async fn a_log_that_ends_before_the_checkpoint_stops_the_projection() {
    let store = memory();
    let world = World::new();
    world.moved("a", 1).await;
    world.open(store.clone(), both()).await.catch_up().await.unwrap();
    let runtime = World::new().open(store, both()).await;
    assert!(reason(&runtime, "accounts").unwrap().contains("ends at position 0"));
}

#[tokio::test]
async fn a_projection_that_is_behind_catches_up_and_joins() {
    let world = World::new();
    let store = memory();
    for amount in 0..30 {
        world.moved("a", amount).await;
    }
    world.open(store.clone(), vec![Arc::new(Totals)]).await.catch_up().await.unwrap();
    for amount in 0..5 {
        world.moved("b", amount).await;
    }
    let runtime = world.open(store, both()).await;
    assert_eq!(runtime.catch_up().await.unwrap(), Position(35));
    let fresh = world.open(memory(), both()).await;
    fresh.catch_up().await.unwrap();
    assert_eq!(shown(&runtime).await, shown(&fresh).await);
}

#[tokio::test]
async fn a_failure_of_the_one_ahead_is_dealt_with_while_another_one_meets_it() {
    let world = World::new();
    let store = memory();
    let limits = Limits { page_events_min: 1, page_events_max: 1, ..limits() };
    world.moved("a", 1).await;
    let ahead: Vec<Arc<dyn Projection>> = vec![Arc::new(Totals)];
    world.open(store.clone(), ahead).await.catch_up().await.unwrap();
    for amount in 2..=8 {
        world.moved("a", amount).await;
    }
    let faulty = Faulty::new(store);
    let runtime = world.open_limited(faulty.clone(), limits, both()).await;
    faulty.writes_anyway.store(true, Ordering::Relaxed);
    faulty.failures.store(1, Ordering::Relaxed);
    assert_eq!(runtime.catch_up().await.unwrap(), Position(8));
    assert_eq!(shown(&runtime).await.totals[0].sum, 36);
}

#[tokio::test]
async fn two_runtimes_on_one_file_never_fold_an_event_twice() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new();
    let left = world.open(sqlite(folder.path()).await, both()).await;
    let right = world.open(sqlite(folder.path()).await, both()).await;
    for round in 0..8 {
        for amount in 0..10 {
            world.moved(&format!("a{round}"), amount).await;
        }
        left.run_until(Position(round * 10 + 4)).await.unwrap();
        right.catch_up().await.unwrap();
    }
    left.catch_up().await.unwrap();
    let fresh = world.open(memory(), both()).await;
    fresh.catch_up().await.unwrap();
    assert_eq!(shown(&left).await, shown(&fresh).await);
}

#[tokio::test]
async fn a_table_that_two_projections_declare_is_refused() {
    let world = World::new();
    let projections: Vec<Arc<dyn Projection>> = vec![Accounts::new(1), Accounts::new(1)];
    let log: Arc<dyn EventLog> = world.log.clone();
    let store: Arc<dyn ReadModelStore> = memory();
    let refused = Runtime::open_with_store(
        log,
        Codec::without_vault(),
        world.ambient.clock.clone(),
        store,
        Default::default(),
        projections,
    )
    .await;
    assert!(matches!(refused, Err(OpenError::Declaration { projection: "accounts", .. })));
}
