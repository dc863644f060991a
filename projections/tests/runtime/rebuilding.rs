//! New tables beside the old ones, and the switch to them.

use crate::support::{Accounts, POISON, Totals, World, balances, both, memory, shown, sqlite};
use std::sync::{Arc, atomic::Ordering};
use tillroll_infra::stream::Position;
use tillroll_projections::{
    read::{ProjectionState, ReadModelError, ReadModels},
    runtime::RebuildError,
    table::{ColumnSpec, ColumnType, Value},
};

async fn names(models: &ReadModels, kind: &str, like: &str) -> Vec<String> {
    let mut snapshot = models.snapshot(&["accounts"]).await.unwrap();
    let columns = [ColumnSpec { name: "name", column_type: ColumnType::Text, nullable: false }];
    let sql = "SELECT name FROM sqlite_schema WHERE type = $1 AND name LIKE $2 ORDER BY name";
    let values = [Value::Text(kind.to_owned()), Value::Text(like.to_owned())];
    let rows = snapshot.query(sql, &columns, &values).await.unwrap();
    rows.into_iter().flatten().map(|value| if let Value::Text(name) = value { name } else { panic!() }).collect()
}

#[tokio::test]
async fn another_version_is_built_beside_the_old_one_and_switched_to() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new();
    for amount in 1..=20 {
        world.moved("a", amount % 3).await;
    }
    let store = sqlite(folder.path()).await;
    world.open(store.clone(), both()).await.catch_up().await.unwrap();

    let runtime = world.open(store.clone(), vec![Accounts::new(2), Arc::new(Totals)]).await;
    let models = runtime.read_models();
    assert_eq!(models.statuses()[0].state, ProjectionState::Rebuilding { position: Position::START });
    let refused = models.snapshot(&["totals", "accounts"]).await;
    assert!(matches!(refused, Err(ReadModelError::Rebuilding { projection: "accounts" })));
    assert_eq!(models.snapshot(&["totals"]).await.unwrap().position(), Position(20));

    runtime.catch_up().await.unwrap();
    assert_eq!(models.statuses()[0].state, ProjectionState::Live);
    assert_eq!(models.statuses()[0].position, Position(20));
    let snapshot = models.snapshot(&["accounts"]).await.unwrap();
    assert_eq!(snapshot.versions().collect::<Vec<_>>(), [("accounts", 2)]);
    drop(snapshot);
    let fresh = world.open(memory(), vec![Accounts::new(2), Arc::new(Totals)]).await;
    fresh.catch_up().await.unwrap();
    assert_eq!(shown(&runtime).await, shown(&fresh).await);
}

#[tokio::test]
async fn an_interrupted_version_change_goes_on_where_it_was() {
    let world = World::new();
    for amount in 1..=20 {
        world.moved("a", amount).await;
    }
    let store = memory();
    world.open(store.clone(), vec![Accounts::new(1)]).await.catch_up().await.unwrap();
    let accounts = Accounts::new(2);
    world.append_raw("b", "Moved", "{}").await;
    let runtime = world.open(store.clone(), vec![accounts.clone()]).await;
    runtime.catch_up().await.unwrap_err();
    assert!(matches!(
        &runtime.read_models().statuses()[0].state,
        ProjectionState::Stopped { reason } if reason.contains("position 21 of account-b")
    ));
    let registrations = store.registrations().await.unwrap();
    let standing: Vec<(u32, u64)> =
        registrations.iter().map(|found| (found.version, found.checkpoint.position.0)).collect();
    assert_eq!(standing[0], (1, 20), "the old tables are left as they were");
    assert!(standing[1].1 > 0 && standing[1].1 <= 20);
    let again = world.open(store.clone(), vec![accounts]).await;
    let state = again.read_models().statuses()[0].state.clone();
    assert_eq!(state, ProjectionState::Rebuilding { position: Position(standing[1].1) });
    // Another version of the code begins anew.
    let other = world.open(store, vec![Accounts::new(3)]).await;
    let state = other.read_models().statuses()[0].state.clone();
    assert_eq!(state, ProjectionState::Rebuilding { position: Position::START });
}

#[tokio::test]
async fn views_keep_their_names_and_old_tables_are_gone_after_a_switch() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new();
    for account in 0..30 {
        world.moved(&format!("a{account}"), account).await;
    }
    let runtime = world.open(sqlite(folder.path()).await, both()).await;
    runtime.catch_up().await.unwrap();
    let models = runtime.read_models();
    let before = shown(&runtime).await;
    assert_eq!(names(&models, "table", "accounts%").await, ["accounts__g1"]);
    let indexes = names(&models, "index", "accounts%").await;
    assert_eq!(indexes, ["accounts__g1__i0", "accounts__g1__i1"]);

    let mut seen = Vec::new();
    runtime.rebuild(&["accounts"], &mut |done, total| seen.push((done, total))).await.unwrap();
    assert_eq!(seen.first(), Some(&(0, 30)));
    assert_eq!(seen.last(), Some(&(30, 30)));
    assert!(seen.is_sorted());
    assert_eq!(shown(&runtime).await, before);
    assert_eq!(names(&models, "table", "accounts%").await, ["accounts__g2"]);
    assert_eq!(names(&models, "view", "%").await, ["accounts", "movements", "totals"]);
    assert_eq!(names(&models, "index", "accounts%").await, ["accounts__g2__i0", "accounts__g2__i1"]);
}

#[tokio::test]
async fn the_live_tables_are_read_and_followed_during_a_rebuild() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new();
    for amount in 0..200 {
        world.moved("a", amount).await;
    }
    let runtime = world.open(sqlite(folder.path()).await, both()).await;
    runtime.catch_up().await.unwrap();
    let follower = runtime.start();
    let (pages, mut page) = tokio::sync::mpsc::unbounded_channel();
    let rebuild = {
        let runtime = runtime.clone();
        tokio::spawn(async move {
            let mut report = |done, _| {
                let _ = pages.send(done);
            };
            runtime.rebuild(&[], &mut report).await
        })
    };
    let mut last = Position(200);
    while page.recv().await.is_some() {
        last = world.moved("b", 1).await;
        let models = runtime.read_models();
        models.wait_for(&["accounts", "totals"], last, std::time::Duration::from_secs(30)).await.unwrap();
        assert!(models.snapshot(&["accounts"]).await.unwrap().position() >= last);
    }
    rebuild.await.unwrap().unwrap();
    runtime.read_models().wait_for(&["accounts"], last, std::time::Duration::from_secs(30)).await.unwrap();
    follower.shutdown().await;
    let fresh = world.open(memory(), both()).await;
    fresh.catch_up().await.unwrap();
    assert_eq!(shown(&runtime).await, shown(&fresh).await);
}

#[tokio::test]
async fn a_running_process_takes_up_tables_that_another_one_has_rebuilt() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new();
    world.moved("a", 1).await;
    let server = world.open(sqlite(folder.path()).await, both()).await;
    server.catch_up().await.unwrap();
    let tool = world.open(sqlite(folder.path()).await, both()).await;
    tool.rebuild(&[], &mut |_, _| {}).await.unwrap();
    world.moved("a", 2).await;
    server.catch_up().await.unwrap();
    assert_eq!(balances(&server).await, [("a".to_owned(), 5)]);
}

#[tokio::test]
async fn a_dropped_rebuild_leaves_the_live_tables_and_can_be_begun_again() {
    let world = World::new();
    for amount in 0..50 {
        world.moved("a", amount).await;
    }
    let store = memory();
    let runtime = world.open(store.clone(), both()).await;
    runtime.catch_up().await.unwrap();
    let before = shown(&runtime).await;
    let mut ignore = |_, _| {};
    for polls in 1..6 {
        let mut rebuild = Box::pin(runtime.rebuild(&["totals"], &mut ignore));
        for _ in 0..polls {
            if futures::poll!(&mut rebuild).is_ready() {
                break;
            }
        }
    }
    assert_eq!(runtime.read_models().statuses()[1].state, ProjectionState::Live);
    assert_eq!(shown(&runtime).await, before);
    runtime.rebuild(&["totals"], &mut ignore).await.unwrap();
    assert_eq!(store.registrations().await.unwrap().len(), 2);
    assert_eq!(shown(&runtime).await, before);
}

#[tokio::test]
async fn a_projection_is_rebuilt_by_one_at_a_time() {
    let world = World::new();
    let accounts = Accounts::new(2);
    let store = memory();
    world.moved("a", POISON).await;
    world.open(store.clone(), vec![Accounts::new(1)]).await.catch_up().await.unwrap();
    accounts.squeamish.store(false, Ordering::Relaxed);
    let runtime = world.open(store, vec![accounts]).await;
    let refused = runtime.rebuild(&["accounts"], &mut |_, _| {}).await;
    assert!(matches!(refused, Err(RebuildError::Running("accounts"))));
    let refused = runtime.rebuild(&["nothing"], &mut |_, _| {}).await;
    assert!(matches!(refused, Err(RebuildError::Unknown(name)) if name == "nothing"));
}
