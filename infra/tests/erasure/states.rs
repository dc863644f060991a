//! Which states in memory an erasure forgets: those with personal data, however it came into them, and no others.

use super::{
    ANN, ANN_NAME, BOB, BOB_EMAIL, BOB_NAME, SNAPSHOT_EVERY, ann,
    contacts::{Contact, ContactCommand, ContactEvent},
    context, execute, profile, subject, visit,
};
use chrono::{TimeZone, Utc};
use std::sync::Arc;
use tillroll_infra::{
    ambient::Ambient,
    bus::Bus,
    log::{EventLog, MemoryLog, ReadFrom, controlled::ControlledLog},
    snapshots::MemorySnapshots,
    stream::StreamId,
    vault::MemoryVault,
};

/// What several nodes share.
struct Shop {
    ambient: Ambient,
    log: Arc<ControlledLog>,
    vault: Arc<MemoryVault>,
    snapshots: Arc<MemorySnapshots>,
}

impl Shop {
    fn open() -> Self {
        let (ambient, _) = Ambient::seeded(Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0).unwrap(), 7);
        let log = Arc::new(ControlledLog::new(Arc::new(MemoryLog::new(ambient.clock.clone()))));
        let vault = Arc::new(MemoryVault::new(ambient.randomness.clone()));
        Self { ambient, log, vault, snapshots: Arc::new(MemorySnapshots::new()) }
    }

    fn node(&self) -> Bus {
        Bus::builder(self.log.clone(), self.ambient.clone())
            .vault(self.vault.clone())
            .snapshots(self.snapshots.clone(), SNAPSHOT_EVERY)
            .register::<Contact>()
            .build()
    }

    /// How many events of the stream are read to carry out one more command on it.
    async fn events_read(&self, bus: &Bus, id: &str, number: u128) -> usize {
        self.log.take_events_read();
        execute(bus, id, number, visit(number)).await.unwrap();
        self.log.take_events_read()
    }

    /// Whether a command on the stream sees the name of its person.
    async fn witness(&self, bus: &Bus, id: &str, number: u128) -> String {
        execute(bus, id, number, ContactCommand::Witness).await.unwrap();
        let stream = StreamId::new("contact", id).unwrap();
        let events = self.log.read_stream(&stream, ReadFrom::BackwardsFromEnd, 1).await.unwrap();
        let Ok(ContactEvent::Visited(visited)) = events[0].decode() else { panic!("{events:?}") };
        visited.channel
    }
}

fn bob() -> ContactCommand {
    ContactCommand::Register { profile: profile(BOB, BOB_NAME, BOB_EMAIL) }
}

#[tokio::test]
async fn an_erasure_leaves_states_without_personal_data_alone_and_forgets_the_others() {
    let shop = Shop::open();
    let bus = shop.node();
    execute(&bus, "counter", 1, visit(1)).await.unwrap();
    execute(&bus, "bob", 2, bob()).await.unwrap();
    assert_eq!((shop.events_read(&bus, "counter", 3).await, shop.events_read(&bus, "bob", 4).await), (0, 0));
    bus.erase("default", subject(ANN)).await.unwrap();
    assert_eq!(shop.events_read(&bus, "counter", 5).await, 0, "nobody's data is in it");
    assert_eq!(shop.events_read(&bus, "bob", 6).await, 2, "it is read anew, since it might have been Ann's data");
}

#[tokio::test]
async fn an_erasure_that_was_done_before_forgets_no_states() {
    let shop = Shop::open();
    let bus = shop.node();
    execute(&bus, "ann", 1, ann()).await.unwrap();
    bus.erase("default", subject(ANN)).await.unwrap();
    execute(&bus, "bob", 2, bob()).await.unwrap();
    for number in 3..6 {
        bus.erase("default", subject(ANN)).await.unwrap();
        assert_eq!(shop.events_read(&bus, "bob", number).await, 0);
    }
    assert_eq!(shop.witness(&bus, "ann", 7).await, "erased");
}

#[tokio::test]
async fn a_driver_with_a_state_without_personal_data_goes_on_during_an_erasure() {
    let shop = Shop::open();
    let bus = shop.node();
    execute(&bus, "counter", 1, visit(1)).await.unwrap();
    shop.log.hold_answers();
    let held = bus.submit::<Contact>("counter", visit(2), context(2)).await.unwrap();
    bus.erase("default", subject(ANN)).await.unwrap();
    let later = bus.submit::<Contact>("counter", visit(3), context(3)).await.unwrap();
    let stream = StreamId::new("contact", "counter").unwrap();
    let mut rounds = 0;
    while shop.log.read_stream(&stream, ReadFrom::BackwardsFromEnd, 10).await.unwrap().len() < 3 {
        rounds += 1;
        assert!(rounds < 10_000, "the command waits for the one before it");
        tokio::task::yield_now().await;
    }
    shop.log.let_answers_go();
    held.await.unwrap();
    later.await.unwrap();
}

#[tokio::test]
async fn a_state_that_took_personal_data_in_by_a_decision_is_forgotten() {
    let shop = Shop::open();
    let bus = shop.node();
    execute(&bus, "ann", 1, visit(1)).await.unwrap();
    // The state is older than this erasure, which does not make it any older than Ann's data.
    bus.erase("default", subject(BOB)).await.unwrap();
    execute(&bus, "ann", 2, ann()).await.unwrap();
    assert_eq!(shop.events_read(&bus, "ann", 3).await, 0);
    assert_eq!(shop.witness(&bus, "ann", 4).await, "known");
    bus.erase("default", subject(ANN)).await.unwrap();
    assert_eq!(shop.witness(&bus, "ann", 5).await, "erased");
}

#[tokio::test]
async fn a_state_that_took_personal_data_in_by_catching_up_is_forgotten() {
    let shop = Shop::open();
    let (bus, other) = (shop.node(), shop.node());
    execute(&bus, "ann", 1, visit(1)).await.unwrap();
    execute(&other, "ann", 2, ann()).await.unwrap();
    // It can be refused only once everything is read; and then it is not refused.
    shop.log.take_events_read();
    execute(&bus, "ann", 3, ContactCommand::Repeat).await.unwrap();
    assert_eq!(shop.log.take_events_read(), 1, "the rest was in the cache");
    bus.erase("default", subject(ANN)).await.unwrap();
    assert_eq!(shop.witness(&bus, "ann", 4).await, "erased");
}

#[tokio::test]
async fn a_state_that_took_personal_data_in_from_a_snapshot_is_forgotten() {
    let shop = Shop::open();
    let first = shop.node();
    execute(&first, "ann", 1, ann()).await.unwrap();
    for number in 0..u128::try_from(SNAPSHOT_EVERY).unwrap() {
        execute(&first, "ann", 10 + number, visit(number)).await.unwrap();
    }
    let stream = StreamId::new("contact", "ann").unwrap();
    while shop.snapshots.get(&stream).is_none() {
        tokio::task::yield_now().await;
    }
    assert!(!shop.snapshots.get(&stream).unwrap().body.contains(ANN_NAME));
    let bus = shop.node();
    let read = shop.events_read(&bus, "ann", 2).await;
    assert!(read < SNAPSHOT_EVERY, "all {read} events were read");
    bus.erase("default", subject(ANN)).await.unwrap();
    assert_eq!(shop.witness(&bus, "ann", 3).await, "erased");
}
