//! Snapshots that are wrong are passed over, and the stream is what its log says.

use crate::{
    counter::{ADD_1, Added, Counter, CounterCommand, CounterError, CounterEvent, CounterState},
    snapshots::{add, load, wait_for},
    support::{Shop, command, counter},
};
use futures::future::{BoxFuture, FutureExt, ready};
use std::{fs, sync::Arc};
use tillroll_domain::aggregate::{Aggregate, Moment};
use tillroll_infra::{
    bus::Bus,
    snapshots::{MemorySnapshots, Snapshot, SnapshotStore, SqliteSnapshots, SqliteSnapshotsOptions},
    stream::{Position, Revision, StreamId},
};
use uuid::Uuid;

/// A stream of 120 with a snapshot at 100 that says it is 999 more.
async fn lie(shop: &Shop) -> Snapshot {
    let snapshots = Arc::new(MemorySnapshots::new());
    let bus = shop.node().snapshots(snapshots.clone(), 100).build();
    add(&bus, "a", 0..120).await;
    let mut snapshot = wait_for(&*snapshots, "a", 99).await;
    assert!(snapshot.body.contains(r#""sum":100"#), "{}", snapshot.body);
    snapshot.body = snapshot.body.replace(r#""sum":100"#, r#""sum":1099"#).into();
    snapshot
}

/// The sum that a new node finds, given this snapshot.
async fn sum_with(shop: &Shop, snapshot: Snapshot) -> i64 {
    let snapshots = Arc::new(MemorySnapshots::new());
    snapshots.save(snapshot);
    load(&shop.node().snapshots(snapshots, 100).build(), "a").await.state.sum
}

#[tokio::test]
async fn a_snapshot_that_fits_the_log_is_believed() {
    let shop = Shop::open();
    let lie = lie(&shop).await;
    // That this lie comes out is what makes the tests below tell something.
    assert_eq!(sum_with(&shop, lie).await, 1_119);
}

#[tokio::test]
async fn a_snapshot_of_another_log_is_passed_over() {
    let shop = Shop::open();
    let lie = lie(&shop).await;
    assert_eq!(sum_with(&shop, Snapshot { last_event: Uuid::from_u128(9), ..lie.clone() }).await, 120);
    assert_eq!(sum_with(&shop, Snapshot { position: Position(99), ..lie.clone() }).await, 120);
    assert_eq!(sum_with(&shop, Snapshot { revision: Revision(98), ..lie.clone() }).await, 120);
    // A log that was restored from an older copy has other events there, or none yet.
    let restored = Shop::open();
    // Otherwise its seed would give its events the very same ids.
    restored.ambient.ids.next();
    add(&restored.bus, "a", 500..510).await;
    assert_eq!(sum_with(&restored, lie.clone()).await, 10);
    add(&restored.bus, "a", 510..640).await;
    assert_eq!(sum_with(&restored, lie).await, 140);
}

#[tokio::test]
async fn a_snapshot_ahead_of_the_log_is_passed_over() {
    let shop = Shop::open();
    let lie = lie(&shop).await;
    assert_eq!(sum_with(&shop, Snapshot { revision: Revision(120), ..lie.clone() }).await, 120);
    assert_eq!(sum_with(&shop, Snapshot { revision: Revision(u64::MAX), ..lie }).await, 120);
}

#[tokio::test]
async fn a_snapshot_of_another_stream_is_passed_over() {
    let shop = Shop::open();
    let lie = lie(&shop).await;
    let misfiled = Misfiled(Snapshot { stream: counter("b"), ..lie });
    let bus = shop.node().snapshots(Arc::new(misfiled), 100).build();
    assert_eq!(load(&bus, "a").await.state.sum, 120);
}

/// A store that answers every stream with the same snapshot.
#[derive(Debug)]
struct Misfiled(Snapshot);

impl SnapshotStore for Misfiled {
    fn load<'a>(&'a self, _: &'a StreamId) -> BoxFuture<'a, Option<Snapshot>> {
        ready(Some(self.0.clone())).boxed()
    }

    fn save(&self, _: Snapshot) {}
}

#[tokio::test]
async fn a_snapshot_that_cannot_be_read_is_passed_over_and_replaced() {
    let shop = Shop::open();
    let lie = lie(&shop).await;
    for body in ["", "{}", "not JSON", &lie.body[..lie.body.len() - 1], &lie.body.replace("sum", "total")] {
        let snapshots = Arc::new(MemorySnapshots::new());
        snapshots.save(Snapshot { body: body.into(), ..lie.clone() });
        let bus = shop.node().snapshots(snapshots.clone(), 100).build();
        assert_eq!(load(&bus, "a").await.state.sum, 120, "{body}");
        assert_eq!(wait_for(&*snapshots, "a", 119).await.revision, Revision(119), "{body}");
    }
}

/// The counter as a later version of the program has it: the same events, another state.
#[derive(Debug)]
struct LaterCounter;

impl Aggregate for LaterCounter {
    const CATEGORY: &'static str = Counter::CATEGORY;
    const STATE_VERSION: u16 = Counter::STATE_VERSION + 1;
    type State = CounterState;
    type Command = CounterCommand;
    type Event = CounterEvent;
    type Error = CounterError;

    fn initial() -> CounterState {
        Counter::initial()
    }

    fn decide(
        state: &CounterState,
        command: &CounterCommand,
        moment: &Moment,
    ) -> Result<Vec<CounterEvent>, CounterError> {
        Counter::decide(state, command, moment)
    }

    /// Counts every unit twice.
    fn evolve(state: CounterState, event: &CounterEvent) -> CounterState {
        match event {
            CounterEvent::Added(Added { amount, .. }) => CounterState { sum: state.sum + 2 * amount, ..state },
            CounterEvent::LimitSet(_) | CounterEvent::TimeNoted(_) => state,
        }
    }
}

#[tokio::test]
async fn a_snapshot_of_another_version_of_the_state_is_passed_over() {
    let shop = Shop::open();
    let snapshots = Arc::new(MemorySnapshots::new());
    snapshots.save(lie(&shop).await);
    let node = || Bus::builder(shop.log.clone(), shop.ambient.clone()).snapshots(snapshots.clone(), 100);
    let later = node().register::<LaterCounter>().build();
    assert_eq!(later.load::<LaterCounter>("default", "a").await.unwrap().state.sum, 240);
    // It takes its own, which the earlier version passes over in turn.
    wait_for(&*snapshots, "a", 119).await;
    assert_eq!(load(&node().register::<Counter>().build(), "a").await.state.sum, 120);
}

#[tokio::test]
async fn whatever_happens_to_the_file_commands_go_on() {
    let shop = Shop::open();
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteSnapshotsOptions::new(folder.path().join("snapshots.db"));
    let snapshots = Arc::new(SqliteSnapshots::open(options.clone()).unwrap());
    let node = || shop.node().snapshots(snapshots.clone(), 50).build();
    add(&node(), "a", 0..60).await;
    wait_for(&*snapshots, "a", 49).await;
    fs::remove_file(&options.path).unwrap();
    let bus = node();
    assert_eq!(load(&bus, "a").await.state.sum, 60);
    add(&bus, "a", 60..160).await;
    wait_for(&*snapshots, "a", 100).await;
    assert!(options.path.exists(), "it is kept in a new file");
    // Somebody writes all over it.
    fs::write(&options.path, vec![0x5a; 100_000]).unwrap();
    for number in 160..400 {
        node().execute::<Counter>("a", ADD_1, command(number)).await.unwrap();
    }
    assert_eq!(load(&node(), "a").await.state.sum, 400);
}

#[tokio::test]
async fn a_flipped_byte_in_the_file_changes_no_state() {
    let shop = Shop::open();
    let lie = lie(&shop).await;
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteSnapshotsOptions::new(folder.path().join("snapshots.db"));
    let snapshots = SqliteSnapshots::open(options.clone()).unwrap();
    snapshots.save(lie);
    snapshots.close();
    let mut bytes = fs::read(&options.path).unwrap();
    let planted = br#""sum":1099"#;
    let at = bytes.windows(planted.len()).position(|window| window == planted).unwrap();
    bytes[at + planted.len() - 1] ^= 1;
    fs::write(&options.path, bytes).unwrap();
    let snapshots = Arc::new(SqliteSnapshots::open(options).unwrap());
    assert_eq!(load(&shop.node().snapshots(snapshots, 100).build(), "a").await.state.sum, 120);
}
