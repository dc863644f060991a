//! Commands with personal data, before and after an erasure, and with a vault that fails.

use super::{
    ANN, ANN_NAME, SNAPSHOT_EVERY, ann,
    contacts::{Contact, ContactCommand, ContactEvent},
    context, execute, profile, state, subject, visit,
};
use chrono::{TimeZone, Utc};
use futures::future::{BoxFuture, FutureExt, ready};
use parking_lot::Mutex;
use std::sync::Arc;
use tillroll_domain::ids::SubjectId;
use tillroll_infra::{
    ambient::Ambient,
    bus::{Bus, CommandContext, ExecuteError, Fingerprint, Outcome},
    codec::{CodecError, Place},
    event::RecordedEvent,
    log::{EventFilter, EventLog, MemoryLog, ReadFrom, controlled::ControlledLog},
    snapshots::MemorySnapshots,
    stream::{Position, Revision, StreamId},
    vault::{KeyState, KeyVault, MemoryVault, SealingKey, VaultError},
};

/// A node in memory, over a vault that a test may watch.
struct Node {
    log: Arc<ControlledLog>,
    bus: Bus,
}

impl Node {
    fn open(vault: impl FnOnce(MemoryVault) -> Arc<dyn KeyVault>) -> Self {
        let (ambient, _) = Ambient::seeded(Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0).unwrap(), 7);
        let log = Arc::new(ControlledLog::new(Arc::new(MemoryLog::new(ambient.clock.clone()))));
        let vault = vault(MemoryVault::new(ambient.randomness.clone()));
        let bus = Bus::builder(log.clone(), ambient)
            .vault(vault)
            .snapshots(Arc::new(MemorySnapshots::new()), SNAPSHOT_EVERY)
            .register::<Contact>()
            .build();
        Self { log, bus }
    }

    async fn events(&self) -> usize {
        self.log.read_all(Position::START, &EventFilter::default(), 10_000).await.unwrap().events.len()
    }
}

#[tokio::test]
async fn a_repeated_command_with_personal_data_is_answered_once_and_other_content_is_refused() {
    let node = Node::open(|vault| Arc::new(vault));
    let first = execute(&node.bus, "ann", 1, ann()).await.unwrap();
    let again = execute(&node.bus, "ann", 1, ann()).await.unwrap();
    assert_eq!((again.outcome, again.revision), (Outcome::AlreadyAnswered, first.revision));
    let other = ContactCommand::Register { profile: profile(ANN, ANN_NAME, "other@example.test") };
    let refused = execute(&node.bus, "ann", 1, other).await.unwrap_err();
    assert!(matches!(refused, ExecuteError::CommandIdReused { .. }), "{refused}");
    assert_eq!(node.events().await, 1);
}

#[tokio::test]
async fn a_command_without_personal_data_has_the_fingerprint_it_always_had() {
    let node = Node::open(|vault| Arc::new(vault));
    execute(&node.bus, "ann", 1, visit(1)).await.unwrap();
    let stream = StreamId::new("contact", "ann").unwrap();
    let events = node.log.read_stream(&stream, ReadFrom::Forwards(Revision(0)), 1).await.unwrap();
    let expected = Fingerprint::of(&visit(1)).to_string();
    assert_eq!(events[0].metadata().unwrap().command_fingerprint, Some(expected));
}

/// What the newest event of a stream says, which must be a visit.
async fn newest_channel(node: &Node, id: &str) -> String {
    let stream = StreamId::new("contact", id).unwrap();
    let events = node.log.read_stream(&stream, ReadFrom::BackwardsFromEnd, 1).await.unwrap();
    let Ok(ContactEvent::Visited(visited)) = events[0].decode() else { panic!("{events:?}") };
    visited.channel
}

#[tokio::test]
async fn a_cached_state_is_forgotten() {
    let node = Node::open(|vault| Arc::new(vault));
    execute(&node.bus, "ann", 1, ann()).await.unwrap();
    execute(&node.bus, "ann", 2, ContactCommand::Witness).await.unwrap();
    assert_eq!(newest_channel(&node, "ann").await, "known");
    node.bus.erase("default", subject(ANN)).await.unwrap();
    execute(&node.bus, "ann", 3, ContactCommand::Witness).await.unwrap();
    assert_eq!(newest_channel(&node, "ann").await, "erased");
}

#[tokio::test]
async fn a_state_that_a_driver_holds_is_forgotten_before_its_next_decision() {
    let node = Node::open(|vault| Arc::new(vault));
    execute(&node.bus, "ann", 1, ann()).await.unwrap();
    node.log.hold_answers();
    let held = node.bus.submit::<Contact>("ann", ContactCommand::Witness, context(2)).await.unwrap();
    while node.events().await < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(newest_channel(&node, "ann").await, "known", "the driver has the state and waits for the log");
    node.bus.erase("default", subject(ANN)).await.unwrap();
    let later = node.bus.submit::<Contact>("ann", ContactCommand::Witness, context(3)).await.unwrap();
    // What was decided before the erasure is waited for, and nothing is decided on it.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(node.events().await, 2);
    node.log.let_answers_go();
    assert_eq!(held.await.unwrap().revision, Some(Revision(1)));
    assert_eq!(later.await.unwrap().revision, Some(Revision(2)));
    assert_eq!(newest_channel(&node, "ann").await, "erased");
}

#[tokio::test]
async fn nothing_that_was_decided_before_an_erasure_is_lost() {
    let node = Node::open(|vault| Arc::new(vault));
    for round in 0..50_u128 {
        let (who, id) = (0xd00 + round, round.to_string());
        let register = ContactCommand::Register { profile: profile(who, "Dee Planted", "dee@example.test") };
        let mut pending = vec![node.bus.submit::<Contact>(&id, register, context(100 + round)).await.unwrap()];
        for number in 0..20 {
            let context = context(10_000 + round * 100 + number);
            pending.push(node.bus.submit::<Contact>(&id, visit(number), context).await.unwrap());
        }
        for _ in 0..round % 7 {
            tokio::task::yield_now().await;
        }
        node.bus.erase("default", subject(who)).await.unwrap();
        execute(&node.bus, &id, 50_000 + round, ContactCommand::Witness).await.unwrap();
        assert_ne!(newest_channel(&node, &id).await, "known");
        for answer in pending {
            match answer.await {
                Ok(_) | Err(ExecuteError::SubjectErased { .. }) => {}
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(state(&node.bus, &id).await.visits, 21);
    }
}

/// A vault of which a test says what fails.
#[derive(Debug)]
struct FailingVault {
    inner: MemoryVault,
    fails: Arc<Mutex<Option<VaultError>>>,
}

impl FailingVault {
    fn failure<T: Send + 'static>(&self) -> Option<BoxFuture<'static, Result<T, VaultError>>> {
        self.fails.lock().clone().map(|error| ready(Err(error)).boxed())
    }
}

impl KeyVault for FailingVault {
    fn key<'a>(&'a self, tenant: &'a str, subject: SubjectId) -> BoxFuture<'a, Result<KeyState, VaultError>> {
        self.inner.key(tenant, subject)
    }

    fn key_or_create<'a>(
        &'a self,
        tenant: &'a str,
        subject: SubjectId,
    ) -> BoxFuture<'a, Result<SealingKey, VaultError>> {
        self.failure().unwrap_or_else(|| self.inner.key_or_create(tenant, subject))
    }

    fn erase<'a>(&'a self, tenant: &'a str, subject: SubjectId) -> BoxFuture<'a, Result<(), VaultError>> {
        let erased = self.inner.erase(tenant, subject);
        self.failure().unwrap_or(erased)
    }
}

#[tokio::test]
async fn no_event_is_appended_whose_key_is_not_durable() {
    for (fingerprint, error) in [
        (None, VaultError::Full),
        (None, VaultError::Unavailable("a sync failed".into())),
        // With a digest of the sender's, the first to ask for the key is the codec.
        (Some(Fingerprint::of(&1)), VaultError::Unavailable("a sync failed".into())),
    ] {
        let fails = Arc::new(Mutex::new(Some(error)));
        let node = Node::open(|inner| Arc::new(FailingVault { inner, fails: fails.clone() }));
        let context = CommandContext { fingerprint, ..context(1) };
        let failed = node.bus.execute::<Contact>("ann", ann(), context.clone()).await.unwrap_err();
        assert!(matches!(&failed, ExecuteError::PersonalData { source: CodecError::Vault(_), .. }), "{failed}");
        assert_eq!(node.events().await, 0);
        execute(&node.bus, "ann", 2, visit(1)).await.unwrap();
        *fails.lock() = None;
        node.bus.execute::<Contact>("ann", ann(), context).await.unwrap();
        assert_eq!(node.events().await, 2);
    }
}

#[tokio::test]
async fn states_are_forgotten_also_if_the_erasure_could_not_be_finished() {
    let fails = Arc::new(Mutex::new(None));
    let node = Node::open(|inner| Arc::new(FailingVault { inner, fails: fails.clone() }));
    execute(&node.bus, "ann", 1, ann()).await.unwrap();
    *fails.lock() = Some(VaultError::Lingering("somebody reads".into()));
    let error = node.bus.erase("default", subject(ANN)).await.unwrap_err();
    assert!(matches!(error, VaultError::Lingering(_)), "{error}");
    assert!(state(&node.bus, "ann").await.profile.unwrap().name.is_erased());
}

#[tokio::test]
async fn an_event_that_was_moved_to_another_stream_does_not_open() {
    let node = Node::open(|vault| Arc::new(vault));
    execute(&node.bus, "ann", 1, ann()).await.unwrap();
    let stream = StreamId::new("contact", "ann").unwrap();
    let event = node.log.read_stream(&stream, ReadFrom::Forwards(Revision(0)), 1).await.unwrap().remove(0);
    let codec = node.bus.codec();
    assert!(codec.open(Place::of(&event), &event.data).await.is_ok());
    let moved = RecordedEvent { stream: StreamId::new("contact", "eve").unwrap(), ..event };
    let error = codec.open(Place::of(&moved), &moved.data).await.unwrap_err();
    assert!(matches!(error, CodecError::NotAuthentic { .. }), "{error}");
}
