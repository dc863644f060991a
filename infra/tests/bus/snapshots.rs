//! Snapshots of long streams: when they are taken, and that a stream loaded from one is the stream.

use crate::{
    counter::{ADD_1, Counter, CounterCommand},
    support::{Shop, command, counter},
};
use chrono::TimeDelta;
use proptest::{collection::vec, prelude::*};
use std::sync::Arc;
use tillroll_infra::{
    bus::{Bus, CommandContext, Loaded, Outcome},
    snapshots::{MemorySnapshots, Snapshot, SnapshotStore, SqliteSnapshots, SqliteSnapshotsOptions},
    stream::Revision,
};

/// Sends that many commands, each with the last one's answer in hand.
pub(crate) async fn add(bus: &Bus, id: &str, numbers: std::ops::Range<u128>) {
    for number in numbers {
        bus.execute::<Counter>(id, ADD_1, command(number)).await.unwrap();
    }
}

/// Waits until a stream has a snapshot that reaches at least so far.
pub(crate) async fn wait_for(snapshots: &dyn SnapshotStore, id: &str, revision: u64) -> Snapshot {
    loop {
        if let Some(found) = snapshots.load(&counter(id)).await
            && found.revision.0 >= revision
        {
            return found;
        }
        tokio::task::yield_now().await;
    }
}

pub(crate) async fn load(bus: &Bus, id: &str) -> Loaded<Counter> {
    bus.load("default", id).await.unwrap()
}

#[tokio::test]
async fn a_cold_stream_is_read_from_its_snapshot_on() {
    let shop = Shop::open();
    let snapshots = Arc::new(MemorySnapshots::new());
    let bus = shop.node().snapshots(snapshots.clone(), 100).build();
    add(&bus, "a", 0..120).await;
    let snapshot = wait_for(&*snapshots, "a", 99).await;
    assert_eq!(snapshot.revision, Revision(99), "it was taken after the hundredth event");
    shop.log.take_events_read();
    let second = shop.node().snapshots(snapshots, 100).build();
    let loaded = load(&second, "a").await;
    assert_eq!((loaded.state.sum, loaded.revision), (120, Some(Revision(119))));
    assert_eq!(shop.log.take_events_read(), 21, "the snapshot's last event and those behind it");
    let executed = second.execute::<Counter>("a", ADD_1, command(120)).await.unwrap();
    assert_eq!(executed.revision, Some(Revision(120)));
}

#[tokio::test]
async fn a_load_that_folded_far_takes_a_snapshot_and_a_short_one_does_not() {
    let shop = Shop::open();
    add(&shop.bus, "long", 0..100).await;
    add(&shop.bus, "short", 0..99).await;
    let snapshots = Arc::new(MemorySnapshots::new());
    let bus = shop.node().snapshots(snapshots.clone(), 100).build();
    load(&bus, "short").await;
    load(&bus, "long").await;
    assert_eq!(wait_for(&*snapshots, "long", 0).await.revision, Revision(99));
    // The one for the short stream would have been there first.
    assert_eq!(snapshots.get(&counter("short")), None);
}

#[tokio::test]
async fn without_a_store_there_are_none_and_with_an_empty_one_the_stream_is_read_as_ever() {
    let shop = Shop::open();
    add(&shop.bus, "a", 0..300).await;
    let bus = shop.node().snapshots(Arc::new(MemorySnapshots::new()), 1).build();
    assert_eq!(load(&bus, "a").await.state, load(&shop.second_node(), "a").await.state);
}

#[tokio::test]
async fn a_large_state_is_not_written_again_for_little() {
    let shop = Shop::open();
    let snapshots = Arc::new(MemorySnapshots::new());
    let bus = shop.node().snapshots(snapshots.clone(), 1).build();
    // Remembered commands make the snapshot grow; from then on it is written once in so many events as it has bytes.
    add(&bus, "a", 0..1_500).await;
    let large = wait_for(&*snapshots, "a", 1_000).await;
    let wait = u64::try_from(large.body.len() / 256).unwrap();
    assert!(wait > 100, "{wait}");
    let mut revisions = Vec::new();
    for number in 1_500..2_500 {
        add(&bus, "a", number..number + 1).await;
        let revision = snapshots.get(&counter("a")).unwrap().revision.0;
        if revisions.last() != Some(&revision) {
            revisions.push(revision);
        }
    }
    assert!(revisions.len() > 1 && revisions.windows(2).all(|pair| pair[1] - pair[0] >= wait / 2), "{revisions:?}");
}

#[tokio::test]
async fn snapshots_in_a_file_serve_the_next_process() {
    let shop = Shop::on_disk();
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteSnapshotsOptions::new(folder.path().join("snapshots.db"));
    let snapshots = Arc::new(SqliteSnapshots::open(options.clone()).unwrap());
    let bus = shop.node().snapshots(snapshots.clone(), 50).build();
    add(&bus, "a", 0..70).await;
    wait_for(&*snapshots, "a", 49).await;
    drop(bus);
    snapshots.close();
    let shop = shop.restarted();
    let bus = shop.node().snapshots(Arc::new(SqliteSnapshots::open(options).unwrap()), 50).build();
    assert_eq!(load(&bus, "a").await.state.sum, 70);
    assert_eq!(shop.log.take_events_read(), 21);
    let again = bus.execute::<Counter>("a", ADD_1, command(3)).await.unwrap();
    assert_eq!((again.outcome, again.revision), (Outcome::AlreadyAnswered, Some(Revision(3))));
}

/// What may happen to a stream.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// Commands without an end, all at once.
    Add(u128),
    /// One that is valid for so many seconds.
    Timed(i64),
    /// Time goes by, in seconds.
    Wait(i64),
    /// One of the earlier ones comes again.
    Repeat(prop::sample::Index),
    /// The node ends and another one takes over.
    NewNode,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (1..400_u128).prop_map(Step::Add),
        4 => (0..4_000_i64).prop_map(Step::Timed),
        2 => (0..1_500_i64).prop_map(Step::Wait),
        2 => any::<prop::sample::Index>().prop_map(Step::Repeat),
        3 => Just(Step::NewNode),
    ]
}

/// Plays a history on nodes that share one store of snapshots, and compares what a new node finds with what folding from
/// the beginning gives.
async fn assert_snapshots_change_nothing(steps: &[Step], every: usize) {
    let shop = Shop::open();
    let snapshots = Arc::new(MemorySnapshots::new());
    let new_node = || shop.node().snapshots(snapshots.clone(), every).build();
    let mut bus = new_node();
    let mut sent: Vec<CommandContext> = Vec::new();
    for step in steps {
        let first = u128::try_from(sent.len()).unwrap();
        match *step {
            Step::Add(count) => {
                sent.extend((first..first + count).map(command));
                let mut pending = Vec::new();
                for context in &sent[sent.len() - usize::try_from(count).unwrap()..] {
                    pending.push(bus.submit::<Counter>("a", ADD_1, context.clone()).await.unwrap());
                }
                for answer in pending {
                    answer.await.unwrap();
                }
            }
            Step::Timed(ahead) => {
                let not_after = Some(shop.ambient.clock.now() + TimeDelta::seconds(ahead));
                sent.push(CommandContext { not_after, ..command(first) });
                bus.execute::<Counter>("a", ADD_1, sent[sent.len() - 1].clone()).await.unwrap();
            }
            Step::Wait(seconds) => shop.clock.advance(TimeDelta::seconds(seconds)),
            Step::Repeat(which) if !sent.is_empty() => {
                // It may be answered as then, be decided afresh or be too late; all nodes must agree on which.
                let context = which.get(&sent).clone();
                let _ = bus.execute::<Counter>("a", ADD_1, context).await;
            }
            Step::Repeat(_) => {}
            Step::NewNode => bus = new_node(),
        }
    }
    if u128::try_from(sent.len()).unwrap() >= u128::try_from(every).unwrap() + 64 {
        wait_for(&*snapshots, "a", 0).await;
    }
    let (warm, resumed, folded) =
        (load(&bus, "a").await, load(&new_node(), "a").await, load(&shop.second_node(), "a").await);
    for loaded in [&warm, &resumed] {
        assert_eq!(loaded.state, folded.state);
        assert_eq!((loaded.revision, loaded.position), (folded.revision, folded.position));
        for context in &sent {
            let id = context.command_id;
            assert_eq!(loaded.answer_to(id), folded.answer_to(id), "command {id}");
        }
    }
    // What a decision sees is the same as well.
    let limit = CounterCommand::SetLimit { limit: 1 };
    new_node().execute::<Counter>("a", limit, command(u128::MAX)).await.unwrap();
    assert_eq!(load(&shop.second_node(), "a").await.state.sum, folded.state.sum);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_stream_loaded_from_a_snapshot_is_the_stream_folded_from_its_beginning(
        steps in vec(step(), 1..24),
        every in 1..300_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(assert_snapshots_change_nothing(&steps, every));
    }
}
