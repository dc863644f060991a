//! Waiting for a position, and snapshots that stand still.

use crate::support::{AccountRow, Accounts, World, both, memory, sqlite};
use std::{sync::Arc, time::Duration};
use tillroll_infra::stream::Position;
use tillroll_projections::{
    read::{ReadModelError, WaitError},
    table::{ColumnSpec, ColumnType, Value},
};

const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_wait_ends_when_all_have_passed_the_position() {
    let world = World::new();
    let runtime = world.open(memory(), both()).await;
    let follower = runtime.start();
    let models = runtime.read_models();
    for amount in 0..5 {
        let at = world.moved("a", amount).await;
        models.wait_for(&["accounts", "totals"], at, LONG).await.unwrap();
        assert!(models.snapshot(&["accounts", "totals"]).await.unwrap().position() >= at);
    }
    follower.shutdown().await;
}

#[tokio::test]
async fn a_position_beyond_the_head_is_answered_at_once() {
    let world = World::new();
    world.moved("a", 1).await;
    let runtime = world.open(memory(), both()).await;
    let answer = runtime.read_models().wait_for(&["accounts"], Position(2), LONG).await;
    assert!(matches!(answer, Err(WaitError::BeyondHead { head: Position(1) })), "{answer:?}");
}

#[tokio::test]
async fn a_wait_that_lasts_too_long_says_where_the_read_models_stand() {
    let world = World::new();
    let runtime = world.open(memory(), both()).await;
    world.moved("a", 1).await;
    runtime.catch_up().await.unwrap();
    world.moved("a", 2).await;
    let answer = runtime.read_models().wait_for(&["accounts"], Position(2), Duration::from_millis(1)).await;
    assert!(matches!(answer, Err(WaitError::Behind { at: Position(1) })), "{answer:?}");
}

#[tokio::test]
async fn nobody_waits_for_a_projection_that_has_stopped() {
    let store = memory();
    let world = World::seeded(1);
    world.moved("a", 1).await;
    world.open(store.clone(), vec![Accounts::new(1)]).await.catch_up().await.unwrap();
    let other = World::seeded(2);
    other.moved("a", 1).await;
    other.moved("a", 2).await;
    let runtime = other.open(store, vec![Accounts::new(1)]).await;
    let answer = runtime.read_models().wait_for(&["accounts"], Position(2), LONG).await;
    assert!(matches!(answer, Err(WaitError::Behind { at: Position(1) })), "{answer:?}");
}

#[tokio::test]
async fn an_unknown_projection_is_named() {
    let runtime = World::new().open(memory(), both()).await;
    let models = runtime.read_models();
    assert!(matches!(models.snapshot(&["nothing"]).await, Err(ReadModelError::Unknown(name)) if name == "nothing"));
    assert!(matches!(models.wait_for(&["nothing"], Position(0), LONG).await, Err(WaitError::Unknown(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_is_consistent_while_pages_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new();
    let runtime = world.open(sqlite(folder.path()).await, both()).await;
    let follower = runtime.start();
    let models = runtime.read_models();
    let writer = {
        let world = world.clone();
        tokio::spawn(async move {
            for number in 0..600 {
                world.moved(&format!("a{}", number % 7), 1).await;
                tokio::task::yield_now().await;
            }
        })
    };
    let count = ColumnSpec { name: "count", column_type: ColumnType::Int, nullable: false };
    let mut last = Position::START;
    while last < Position(600) {
        let mut snapshot = models.snapshot(&["accounts", "totals"]).await.unwrap();
        let position = snapshot.position();
        assert!(position >= last, "a checkpoint never moves back");
        last = position;
        let movements = snapshot.query("SELECT count(*) FROM movements", &[count], &[]).await.unwrap();
        let sums = snapshot
            .query("SELECT coalesce(sum(sum), 0) FROM totals WHERE kind = $1", &[count], &[Value::Text("count".into())])
            .await
            .unwrap();
        assert_eq!(movements, sums);
        assert_eq!(movements, [[Value::Int(i64::try_from(position.0).unwrap())]]);
    }
    writer.await.unwrap();
    follower.shutdown().await;
}

#[tokio::test]
async fn rows_are_selected_by_bound_values() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new();
    for (account, amount) in [("a", 5), ("b", 0), ("c", -5)] {
        world.moved(account, amount).await;
    }
    let runtime = world.open(sqlite(folder.path()).await, both()).await;
    runtime.catch_up().await.unwrap();
    let mut snapshot = runtime.read_models().snapshot(&["accounts"]).await.unwrap();
    let at = world.ambient.clock.now();
    let mut found = async |tail: &str, values: &[Value]| {
        let rows: Vec<AccountRow> = snapshot.select(tail, values).await.unwrap();
        rows.into_iter().map(|row| row.account).collect::<Vec<_>>().concat()
    };
    assert_eq!(
        found("WHERE balance >= $1 ORDER BY balance DESC LIMIT $2", &[0.into_value(), 9.into_value()]).await,
        "ab"
    );
    assert_eq!(found("WHERE in_credit = $1", &[Value::Bool(true)]).await, "a");
    assert_eq!(found("WHERE last_at = $1 ORDER BY account", &[Value::Time(at)]).await, "abc");
    assert_eq!(found("WHERE last_day = $1 ORDER BY account", &[Value::Date(at.date_naive())]).await, "ac");
    assert_eq!(found("WHERE last_day IS NULL", &[]).await, "b");
    assert_eq!(found("WHERE account = $1", &[Value::Text("a' OR 'a' = 'a".to_owned())]).await, "");
    let refused = snapshot.select::<AccountRow>("WHERE nothing = 1", &[]).await;
    assert!(matches!(refused, Err(ReadModelError::Store(tillroll_projections::store::StoreError::Query(_)))));
}

trait IntoValue {
    fn into_value(self) -> Value;
}

impl IntoValue for i64 {
    fn into_value(self) -> Value {
        Value::Int(self)
    }
}

#[tokio::test]
async fn shutdown_finishes_the_page_and_the_next_start_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new();
    let store = sqlite(folder.path()).await;
    let runtime = world.open(store.clone(), both()).await;
    let follower = runtime.start();
    for amount in 0..50 {
        world.moved("a", amount).await;
    }
    follower.shutdown().await;
    let before = runtime.read_models().statuses();
    assert_eq!(before[0].position, before[1].position);
    let stored = store.registrations().await.unwrap();
    assert!(stored.iter().all(|found| found.checkpoint.position == before[0].position));
    let again = world.open(store, both()).await;
    assert_eq!(again.catch_up().await.unwrap(), Position(50));
}

#[tokio::test]
async fn the_runtime_and_the_memory_store_need_no_timer() {
    let world = World::new();
    let limits = tillroll_projections::runtime::Limits { poll_interval: None, ..crate::support::limits() };
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let runtime = world.open_limited(memory(), limits, both()).await;
    let run = {
        let runtime = runtime.clone();
        std::thread::spawn(move || {
            let bare = tokio::runtime::Builder::new_current_thread().build().unwrap();
            bare.block_on(runtime.run(stopped));
        })
    };
    let at = world.moved("a", 1).await;
    runtime.read_models().wait_for(&["accounts"], at, LONG).await.unwrap();
    stop.send_replace(true);
    tokio::task::spawn_blocking(move || run.join().unwrap()).await.unwrap();
    let _ = Arc::clone(&world.log);
}
