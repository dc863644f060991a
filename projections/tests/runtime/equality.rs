//! However a history was folded, the rows are the same.

use crate::support::{Closed, Faulty, Renamed, Shown, World, both, limits, memory, shown, sqlite};
use futures::{FutureExt, poll};
use proptest::prelude::*;
use std::sync::{Arc, atomic::Ordering};
use tillroll_projections::{
    runtime::{Limits, Runtime},
    store::ReadModelStore,
};

#[derive(Debug, Clone)]
enum Act {
    Move {
        account: u8,
        amount: i64,
    },
    Close {
        account: u8,
    },
    Rename {
        account: u8,
    },
    /// Folds for so many polls, then the process dies.
    CrashAfter(u8),
    /// Only one of the projections folds for so many polls; the other one falls behind.
    Alone(bool, u8),
    /// Folds everything.
    CatchUp,
    /// Builds everything anew.
    Rebuild,
    /// So many commits fail; the flag says whether they are written all the same.
    Fail(u8, bool),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        12 => (0..5_u8, -9..9_i64).prop_map(|(account, amount)| Act::Move { account, amount }),
        2 => (0..5_u8).prop_map(|account| Act::Close { account }),
        2 => (0..5_u8).prop_map(|account| Act::Rename { account }),
        2 => (0..12_u8).prop_map(Act::CrashAfter),
        2 => (any::<bool>(), 0..9_u8).prop_map(|(first, polls)| Act::Alone(first, polls)),
        1 => Just(Act::CatchUp),
        1 => Just(Act::Rebuild),
        1 => (1..3_u8, any::<bool>()).prop_map(|(count, anyway)| Act::Fail(count, anyway)),
    ]
}

fn sizes() -> impl Strategy<Value = Limits> {
    (1..6_usize, 0..9_usize, 1..12_usize, 0..20_usize).prop_map(|(min, more, cache_rows_max, known_keys_max)| Limits {
        page_events_min: min,
        page_events_max: min + more,
        cache_rows_max,
        known_keys_max,
        ..limits()
    })
}

async fn run_for(runtime: &Runtime, polls: u8) {
    let mut run = runtime.catch_up().boxed();
    for _ in 0..polls {
        if poll!(&mut run).is_ready() {
            break;
        }
    }
}

async fn play(world: &World, store: Arc<dyn ReadModelStore>, limits: Limits, acts: &[Act]) -> Runtime {
    let faulty = Faulty::new(store);
    let open = || world.open_limited(faulty.clone(), limits.clone(), both());
    let mut runtime = open().await;
    for act in acts {
        match act {
            Act::Move { account, amount } => {
                world.moved(&format!("a{account}"), *amount).await;
            }
            Act::Close { account } => {
                world.append(&format!("a{account}"), Closed {}).await;
            }
            Act::Rename { account } => {
                world.append(&format!("a{account}"), Renamed {}).await;
            }
            Act::CrashAfter(polls) => {
                run_for(&runtime, *polls).await;
                drop(runtime);
                runtime = open().await;
            }
            Act::Alone(first, polls) => {
                drop(runtime);
                let one = if *first { both().swap_remove(0) } else { both().swap_remove(1) };
                let alone = world.open_limited(faulty.clone(), limits.clone(), vec![one]).await;
                run_for(&alone, *polls).await;
                drop(alone);
                runtime = open().await;
            }
            Act::CatchUp => {
                runtime.catch_up().await.unwrap();
            }
            Act::Rebuild => runtime.rebuild(&[], &mut |_, _| {}).await.unwrap(),
            Act::Fail(count, anyway) => {
                faulty.writes_anyway.store(*anyway, Ordering::Relaxed);
                faulty.failures.store(usize::from(*count), Ordering::Relaxed);
            }
        }
    }
    runtime.catch_up().await.unwrap();
    runtime
}

/// Folded one event at a time, once.
async fn plain(world: &World) -> Shown {
    let limits = Limits { page_events_min: 1, page_events_max: 1, ..limits() };
    let runtime = world.open_limited(memory(), limits, both()).await;
    runtime.catch_up().await.unwrap();
    shown(&runtime).await
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn rebuild_equals_live_in_memory(acts in prop::collection::vec(act(), 0..60), limits in sizes()) {
        let tokio = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        tokio.block_on(async {
            let world = World::new();
            let runtime = play(&world, memory(), limits, &acts).await;
            let live = shown(&runtime).await;
            prop_assert_eq!(&live, &plain(&world).await);
            runtime.rebuild(&[], &mut |_, _| {}).await.unwrap();
            prop_assert_eq!(&shown(&runtime).await, &live);
            Ok(())
        })?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn rebuild_equals_live_on_sqlite(acts in prop::collection::vec(act(), 0..60), limits in sizes()) {
        let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        tokio.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let world = World::new();
            let runtime = play(&world, sqlite(folder.path()).await, limits, &acts).await;
            let live = shown(&runtime).await;
            prop_assert_eq!(&live, &plain(&world).await);
            runtime.rebuild(&[], &mut |_, _| {}).await.unwrap();
            prop_assert_eq!(&shown(&runtime).await, &live);
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn new_rows_need_no_select_while_a_projection_is_filled_from_nothing() {
    let world = World::new();
    for number in 0..40 {
        world.moved(&format!("a{number}"), 1).await;
    }
    let faulty = Faulty::new(memory());
    let runtime = world.open(faulty.clone(), both()).await;
    runtime.catch_up().await.unwrap();
    assert_eq!(faulty.loads.load(Ordering::Relaxed), 0);
    world.moved("a0", 1).await;
    runtime.catch_up().await.unwrap();
    assert_eq!(faulty.loads.load(Ordering::Relaxed), 1, "a0 has long left the cache");
}
