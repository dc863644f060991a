//! An event that cannot be folded parks its stream, and nothing else.

use crate::support::{Accounts, PANIC, POISON, Totals, World, balances, limits, memory, sqlite, stream};
use std::sync::{Arc, atomic::Ordering};
use tillroll_infra::stream::Position;
use tillroll_projections::{
    read::ProjectionState,
    runtime::{Limits, RebuildError, RetryError, Runtime},
    store::ReadModelStore,
};

async fn parked(runtime: &Runtime) -> Vec<(String, u64)> {
    let parked = runtime.parked(Some("accounts")).await.unwrap();
    parked.into_iter().map(|event| (event.stream.id().to_owned(), event.position.0)).collect()
}

async fn poison_parks_one_stream_only(store: Arc<dyn ReadModelStore>) {
    let world = World::new();
    let accounts = Accounts::new(1);
    world.moved("a", 1).await;
    world.moved("a", POISON).await;
    world.moved("b", 2).await;
    world.moved("a", 3).await;
    world.append_raw("c", "Moved", "{\"amount\":\"much\"}").await;
    world.moved("d", PANIC).await;
    world.moved("b", 4).await;
    let runtime = world.open(store.clone(), vec![accounts.clone(), Arc::new(Totals)]).await;
    assert_eq!(runtime.catch_up().await.unwrap(), Position(7));
    let shown = [("a".to_owned(), 1), ("b".to_owned(), 10)];
    assert_eq!(balances(&runtime).await, shown, "what the fold wrote before it failed is gone");
    let expected = [("a", 2), ("a", 4), ("c", 5), ("d", 6)].map(|(account, at)| (account.to_owned(), at));
    assert_eq!(parked(&runtime).await, expected);
    assert_eq!(runtime.read_models().statuses()[0].parked, 4);
    assert_eq!(runtime.read_models().statuses()[0].state, ProjectionState::Live);
    let mut snapshot = runtime.read_models().snapshot(&["accounts"]).await.unwrap();
    assert!(snapshot.is_parked(&stream("a")).await.unwrap());
    assert!(!snapshot.is_parked(&stream("b")).await.unwrap());
    drop(snapshot);

    // It stays parked over a restart.
    let runtime = world.open(store, vec![accounts.clone(), Arc::new(Totals)]).await;
    world.moved("a", 5).await;
    runtime.catch_up().await.unwrap();
    assert_eq!(parked(&runtime).await[2], ("c".to_owned(), 5));
    assert_eq!(runtime.parked(Some("accounts")).await.unwrap().len(), 5);

    // As long as the fold refuses, nothing changes.
    let refused = runtime.retry_parked("accounts", &stream("a")).await;
    assert!(matches!(refused, Err(RetryError::Poison { position: Position(2), .. })), "{refused:?}");
    assert_eq!(balances(&runtime).await, shown);
    assert_eq!(runtime.parked(Some("accounts")).await.unwrap().len(), 5);

    accounts.squeamish.store(false, Ordering::Relaxed);
    assert_eq!(runtime.retry_parked("accounts", &stream("a")).await.unwrap(), 3);
    assert_eq!(runtime.retry_parked("accounts", &stream("d")).await.unwrap(), 1);
    assert_eq!(runtime.retry_parked("accounts", &stream("a")).await.unwrap(), 0);
    world.moved("a", 0).await;
    runtime.catch_up().await.unwrap();
    let in_order = [1, POISON, 3, 5, 0].into_iter().fold(0, |balance, amount| balance * 3 + amount);
    assert_eq!(balances(&runtime).await, [("a".to_owned(), in_order), ("b".to_owned(), 10), ("d".to_owned(), PANIC)]);
    assert_eq!(parked(&runtime).await, [("c".to_owned(), 5)]);
    assert_eq!(runtime.read_models().statuses()[0].parked, 1);
}

#[tokio::test]
async fn poison_parks_one_stream_only_and_a_retry_folds_it_in_order_in_memory() {
    poison_parks_one_stream_only(memory()).await;
}

#[tokio::test]
async fn poison_parks_one_stream_only_and_a_retry_folds_it_in_order_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    poison_parks_one_stream_only(sqlite(folder.path()).await).await;
}

#[tokio::test]
async fn poison_stops_a_rebuild_and_the_old_tables_stay() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new();
    let accounts = Accounts::new(1);
    accounts.squeamish.store(false, Ordering::Relaxed);
    let store = sqlite(folder.path()).await;
    let runtime = world.open(store.clone(), vec![accounts.clone(), Arc::new(Totals)]).await;
    for amount in [1, POISON, 2] {
        world.moved("a", amount).await;
    }
    runtime.catch_up().await.unwrap();
    let before = balances(&runtime).await;
    accounts.squeamish.store(true, Ordering::Relaxed);
    let refused = runtime.rebuild(&[], &mut |_, _| {}).await;
    match refused {
        Err(RebuildError::Poison { projection: "accounts", stream: parked, position: Position(2), .. }) => {
            assert_eq!(parked, stream("a"));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(balances(&runtime).await, before);
    assert_eq!(store.registrations().await.unwrap().len(), 2, "nothing unfinished is left");
    world.moved("b", 7).await;
    runtime.catch_up().await.unwrap();
    assert_eq!(balances(&runtime).await.len(), 2, "the old tables go on");
}

#[tokio::test]
async fn a_rebuild_folds_what_was_parked() {
    let world = World::new();
    let accounts = Accounts::new(1);
    let runtime = world.open(memory(), vec![accounts.clone()]).await;
    for amount in [1, POISON, 2] {
        world.moved("a", amount).await;
    }
    runtime.catch_up().await.unwrap();
    assert_eq!(parked(&runtime).await.len(), 2);
    accounts.squeamish.store(false, Ordering::Relaxed);
    runtime.rebuild(&["accounts"], &mut |_, _| {}).await.unwrap();
    assert_eq!(parked(&runtime).await, []);
    assert_eq!(runtime.read_models().statuses()[0].parked, 0);
    world.moved("a", 1).await;
    runtime.catch_up().await.unwrap();
    assert_eq!(balances(&runtime).await[0].1, ((3 + POISON) * 3 + 2) * 3 + 1);
}

#[tokio::test]
async fn a_projection_that_parks_too_much_stops() {
    let world = World::new();
    for account in 0..5 {
        world.moved(&format!("a{account}"), POISON).await;
    }
    let limits = Limits { parked_max: 3, ..limits() };
    let runtime = world.open_limited(memory(), limits, vec![Accounts::new(1), Arc::new(Totals)]).await;
    runtime.catch_up().await.unwrap_err();
    let statuses = runtime.read_models().statuses();
    assert!(matches!(&statuses[0].state, ProjectionState::Stopped { reason } if reason.contains("more than 3")));
    assert_eq!((&statuses[1].state, statuses[1].position), (&ProjectionState::Live, Position(5)));
}
