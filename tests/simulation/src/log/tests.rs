//! The log keeps the contract of every log, and its model of durability.

use super::*;
use chrono::{DateTime, Utc};
use tillroll_infra::{
    ambient::Ambient,
    event::NewEvent,
    log::{
        ExpectedRevision,
        conformance::{self, LogUnderTest},
    },
};
use uuid::Uuid;

/// The log of a disk, opened again and again.
struct Store(Arc<Mutex<Disk>>);

const TIMES: SyncTimes = SyncTimes { usual_ms: 1, rarely_ms: 2 };

impl LogUnderTest for Store {
    fn open(&self, clock: Arc<dyn Clock>) -> BoxFuture<'_, Arc<dyn EventLog>> {
        let (disk, witness): (_, Witness) = (self.0.clone(), Arc::new(|_| {}));
        let log = SimLog::new(disk, clock, Crasher::new(None), witness, TIMES, Rng::new(1, 1));
        std::future::ready(Arc::new(log) as Arc<dyn EventLog>).boxed()
    }

    fn is_durable(&self) -> bool {
        true
    }
}

/// Cases that do not depend on bounds and on the shape of an append, which the command bus keeps by itself.
macro_rules! keeps {
    ($($module:ident: $($case:ident)+;)+) => {
        $($(
            #[test]
            fn $case() {
                conformance::run(Store(Arc::default()), conformance::$module::$case);
            }
        )+)+
    };
}

keeps! {
    appends: an_expectation_holds_or_conflicts an_append_is_all_or_nothing a_chain_of_appends_may_share_a_group
        followers_of_a_refused_append_are_refused an_append_after_an_event_follows_no_other a_receipt_is_readable_at_once;
    replays: the_same_append_again_gets_the_first_receipt twins_in_one_group_get_one_receipt
        a_partial_overlap_is_a_conflict;
    limits: pages_are_bounded_by_bytes;
    concurrency: of_64_writers_one_wins_each_revision positions_are_contiguous_and_in_commit_order;
    reads: a_stream_is_read_both_ways filters_bring_what_they_should_and_tell_how_far_they_looked
        text_survives_byte_for_byte every_field_survives recorded_times_never_decrease;
    subscriptions: there_is_no_gap_or_repeat_at_the_seam a_filtered_subscription_moves_on_over_the_rest
        the_end_is_announced_once_each_time;
    model: any_sequence_of_appends_does_what_the_model_does;
    linearizability: small_histories_have_an_order_that_explains_every_answer
        a_large_history_of_one_stream_has_an_order_that_explains_every_answer;
}

fn append(number: u128) -> Append {
    let event = NewEvent {
        id: Uuid::from_u128(number),
        event_type: "Counted".into(),
        schema_version: 1,
        metadata: "{}".into(),
        data: "1".into(),
    };
    Append { stream: "count-1".parse().unwrap(), expected: ExpectedRevision::Any, events: vec![event] }
}

fn open(disk: &Arc<Mutex<Disk>>, crasher: &Arc<Crasher>) -> SimLog {
    let start: DateTime<Utc> = "2026-03-01T09:00:00Z".parse().unwrap();
    let (ambient, _) = Ambient::seeded(start, 1);
    let times = SyncTimes { usual_ms: 5, rarely_ms: 5 };
    SimLog::new(disk.clone(), ambient.clock, crasher.clone(), Arc::new(|_| {}), times, Rng::new(1, 1))
}

#[tokio::test(start_paused = true)]
async fn an_append_is_read_and_acknowledged_only_once_it_is_durable() {
    let log = open(&Arc::default(), &Crasher::new(None));
    let mut hint = log.watch();
    let ticket = log.submit(append(1)).await.unwrap();
    assert_eq!(log.head().await.unwrap(), Position(0));
    assert!(log.read_stream(&"count-1".parse().unwrap(), ReadFrom::BackwardsFromEnd, 9).await.unwrap().is_empty());
    assert!(!hint.has_changed().unwrap());
    assert_eq!(ticket.await.unwrap().last_position, Position(1));
    assert_eq!((log.head().await.unwrap(), *hint.borrow_and_update()), (Position(1), Position(1)));
}

#[tokio::test(start_paused = true)]
async fn after_a_crash_a_prefix_of_what_was_on_its_way_is_there_and_nothing_is_answered() {
    let mut kept = std::collections::BTreeSet::new();
    for seed in 0..64 {
        let (disk, crasher) = (Arc::<Mutex<Disk>>::default(), Crasher::new(None));
        let log = open(&disk, &crasher);
        log.submit(append(1)).await.unwrap().await.unwrap();
        let tickets = [log.submit(append(2)).await.unwrap(), log.submit(append(3)).await.unwrap()];
        crasher.die();
        for ticket in tickets {
            let answer = tokio::time::timeout(Duration::from_secs(60), ticket).await;
            assert!(!matches!(answer, Ok(Ok(_))), "nothing of the old life is acknowledged");
        }
        disk.lock().crash(&mut Rng::new(seed, 2));
        let ids: Vec<u128> = disk.lock().durable().iter().map(|event| event.id.as_u128()).collect();
        assert_eq!(ids, (1..=3).take(ids.len()).collect::<Vec<_>>());
        kept.insert(ids.len());
        let again = open(&disk, &Crasher::new(None));
        assert_eq!(again.submit(append(9)).await.unwrap().await.unwrap().last_position.0, ids.len() as u64 + 1);
    }
    assert_eq!(kept.into_iter().collect::<Vec<_>>(), [1, 2, 3]);
}
