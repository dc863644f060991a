//! An unmodified `cqrs-es` application on our logs: its framework, queries and replays, conflicts and failures.

use bank::{BankAccount, BankAccountCommand, BankAccountError, BankAccountEvent, Statement};
use cqrs_es::{
    AggregateError, CqrsFramework,
    persist::{PersistedEventRepository, PersistedEventStore, PersistenceError, QueryReplay, SerializedEvent},
};
use futures::future::{BoxFuture, FutureExt};
use proxy::Proxy;
use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex},
};
use tillroll_infra::{
    ambient::Ambient,
    cqrs_es::{EventLogRepository, RequestError},
    log::{
        AppendError, EventFilter, EventLog, MemoryLog, PAGE_MAX, ReadError, ReadFrom, SqliteLog,
        sqlite::SqliteLogOptions,
    },
    stream::{Position, Revision, StreamId},
};

#[path = "cqrs_es/bank.rs"]
mod bank;
#[path = "cqrs_es/proxy.rs"]
mod proxy;

type Framework = CqrsFramework<BankAccount, PersistedEventStore<EventLogRepository, BankAccount>>;

fn repository(log: &Arc<dyn EventLog>) -> EventLogRepository {
    EventLogRepository::new(log.clone(), Ambient::system().ids)
}

fn framework(log: &Arc<dyn EventLog>, statement: &Statement) -> Framework {
    let store = PersistedEventStore::new_event_store(repository(log));
    CqrsFramework::new(store, vec![Box::new(statement.clone())], ())
}

fn memory() -> Arc<dyn EventLog> {
    Arc::new(MemoryLog::new(Ambient::system().clock))
}

fn sqlite(folder: &Path) -> Arc<dyn EventLog> {
    let options = SqliteLogOptions::new(folder.join("events.sqlite"));
    Arc::new(SqliteLog::open(&options, Ambient::system().clock).expect("the log opens"))
}

/// Runs a test on every log that needs no server.
async fn on_every_log(test: impl for<'a> Fn(&'a Arc<dyn EventLog>) -> BoxFuture<'a, ()>) {
    test(&memory()).await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    test(&sqlite(folder.path())).await;
}

fn deposit(amount: u64) -> BankAccountCommand {
    BankAccountCommand::DepositMoney { amount }
}

fn deposited(amount: u64, balance: u64) -> BankAccountEvent {
    BankAccountEvent::CustomerDepositedMoney { amount, balance }
}

fn account(id: &str) -> StreamId {
    StreamId::new("cqrs__bank_account", id).expect("a stream's name")
}

async fn stream(log: &Arc<dyn EventLog>, id: &str) -> Vec<(u64, String, String)> {
    let events = log.read_stream(&account(id), ReadFrom::Forwards(Revision(0)), PAGE_MAX).await.expect("a page");
    events.into_iter().map(|event| (event.revision.0, event.event_type.to_string(), event.data.to_string())).collect()
}

#[tokio::test]
async fn an_unmodified_aggregate_runs_through_its_framework_and_our_readers_see_its_events() {
    on_every_log(|log| {
        async move {
            let statement = Statement::default();
            let framework = framework(log, &statement);
            let open = BankAccountCommand::OpenAccount { account_id: "A-1".into() };
            let metadata = HashMap::from([("correlation_id".to_owned(), "c-1".to_owned())]);
            framework.execute_with_metadata("A-1", open, metadata).await.unwrap();
            framework.execute("A-1", BankAccountCommand::PassThrough { amount: 5 }).await.unwrap();
            framework.execute("Jane Doe", deposit(7)).await.unwrap();
            framework.execute("A-1", BankAccountCommand::LookAtBalance).await.unwrap();

            let refused = framework.execute("A-1", BankAccountCommand::WithdrawMoney { amount: 1 }).await;
            let Err(AggregateError::UserError(reason)) = refused else { panic!("{refused:?}") };
            assert_eq!(reason, BankAccountError("not enough money"), "the state was folded from the log");

            let filter = EventFilter::default();
            let page = log.read_all(Position::START, &filter, PAGE_MAX).await.unwrap();
            let seen: Vec<_> = page
                .events
                .iter()
                .map(|event| {
                    (event.position.0, event.stream.as_str(), event.revision.0, &*event.event_type, &*event.data)
                })
                .collect();
            assert_eq!(
                seen,
                [
                    (1, "cqrs__bank_account-A-1", 0, "AccountOpened", r#"{"AccountOpened":{"account_id":"A-1"}}"#),
                    (
                        2,
                        "cqrs__bank_account-A-1",
                        1,
                        "CustomerDepositedMoney",
                        r#"{"CustomerDepositedMoney":{"amount":5,"balance":5}}"#
                    ),
                    (
                        3,
                        "cqrs__bank_account-A-1",
                        2,
                        "CustomerWithdrewCash",
                        r#"{"CustomerWithdrewCash":{"amount":5,"balance":0}}"#
                    ),
                    (
                        4,
                        "cqrs__bank_account-Jane%20Doe",
                        0,
                        "CustomerDepositedMoney",
                        r#"{"CustomerDepositedMoney":{"amount":7,"balance":7}}"#
                    ),
                ]
            );
            let metadata = page.events[0].metadata().unwrap();
            assert_eq!((metadata.correlation_id.as_deref(), metadata.origin.as_str()), (Some("c-1"), "live"));

            let correlated = vec![("correlation_id".to_owned(), "c-1".to_owned())];
            let withdrew = BankAccountEvent::CustomerWithdrewCash { amount: 5, balance: 0 };
            let opened = BankAccountEvent::AccountOpened { account_id: "A-1".into() };
            assert_eq!(
                statement.told(),
                [
                    ("A-1".to_owned(), 1, opened, correlated),
                    ("A-1".to_owned(), 2, deposited(5, 5), vec![]),
                    ("A-1".to_owned(), 3, withdrew, vec![]),
                    ("Jane Doe".to_owned(), 1, deposited(7, 7), vec![]),
                ],
                "queries are told what was committed"
            );
        }
        .boxed()
    })
    .await;
}

#[tokio::test]
async fn a_log_that_is_opened_again_is_continued() {
    let folder = tempfile::tempdir().unwrap();
    framework(&sqlite(folder.path()), &Statement::default()).execute("1", deposit(10)).await.unwrap();
    let log = sqlite(folder.path());
    framework(&log, &Statement::default()).execute("1", deposit(20)).await.unwrap();
    let streams: Vec<_> = stream(&log, "1").await.into_iter().map(|(revision, _, data)| (revision, data)).collect();
    assert_eq!(
        streams,
        [
            (0, r#"{"CustomerDepositedMoney":{"amount":10,"balance":10}}"#.to_owned()),
            (1, r#"{"CustomerDepositedMoney":{"amount":20,"balance":30}}"#.to_owned()),
        ]
    );
}

#[tokio::test]
async fn of_two_frameworks_that_decide_on_one_state_one_conflicts_and_may_execute_again() {
    on_every_log(|log| {
        async move {
            let (ours, theirs) = (Statement::default(), Statement::default());
            let other = framework(log, &theirs);
            other.execute("1", deposit(1)).await.unwrap();
            // While our command is decided, between its load and its commit, the other framework executes one.
            let overtaken: Arc<dyn EventLog> =
                Arc::new(Proxy::new(log).once_before_an_append(move || {
                    async move { other.execute("1", deposit(2)).await.unwrap() }.boxed()
                }));
            let ours_framework = framework(&overtaken, &ours);
            let refused = ours_framework.execute("1", deposit(4)).await;
            assert!(matches!(refused, Err(AggregateError::AggregateConflict)), "{refused:?}");
            assert_eq!(ours.told(), [], "no query is told of what was not committed");
            assert_eq!(stream(log, "1").await.len(), 2, "nothing was written");

            ours_framework.execute("1", deposit(4)).await.unwrap();
            assert_eq!(ours.told(), [("1".to_owned(), 3, deposited(4, 7), vec![])]);
            assert_eq!(theirs.told().len(), 2);
        }
        .boxed()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_concurrent_commands_with_retries_each_has_one_effect() {
    on_every_log(|log| {
        async move {
            let mut callers = tokio::task::JoinSet::new();
            for _ in 0..8 {
                let framework = framework(log, &Statement::default());
                callers.spawn(async move {
                    for _ in 0..10 {
                        let mut tries = 0;
                        while let Err(error) = framework.execute("1", deposit(1)).await {
                            assert!(matches!(error, AggregateError::AggregateConflict), "{error}");
                            tries += 1;
                            assert!(
                                tries < 1_000,
                                "each conflict is somebody else's progress, and there are 80 deposits"
                            );
                        }
                    }
                });
            }
            callers.join_all().await;
            let events = stream(log, "1").await;
            assert_eq!(events.len(), 80);
            assert_eq!(events[79].2, r#"{"CustomerDepositedMoney":{"amount":1,"balance":80}}"#);
        }
        .boxed()
    })
    .await;
}

#[tokio::test]
async fn a_replay_brings_every_event_of_the_type_in_the_order_of_commits() {
    on_every_log(|log| {
        async move {
            // Three pages over two accounts, with events of another tenant and another category between them.
            let mut expected = Vec::new();
            for batch in 0..5 {
                for id in ["odd one", "2"] {
                    let events: Vec<_> = (batch * 250 + 1..=batch * 250 + 250).map(|at| serialized(id, at)).collect();
                    repository(log).persist::<BankAccount>(&events, None).await.unwrap();
                    expected.extend(events.into_iter().map(|event| (event.aggregate_id, event.sequence)));
                }
                let acme = repository(log).for_tenant("acme");
                acme.persist::<BankAccount>(&[serialized("2", batch + 1)], None).await.unwrap();
                proxy::append_foreign(log, &StreamId::new("order", &batch.to_string()).unwrap(), "{}").await;
            }
            let heard = |statement: &Statement| {
                statement.told().into_iter().map(|(id, sequence, ..)| (id, sequence)).collect::<Vec<_>>()
            };
            let all = Statement::default();
            QueryReplay::new(repository(log), all.clone()).replay_all().await.unwrap();
            assert_eq!(heard(&all), expected);
            let user = vec![("user".to_owned(), "till 3".to_owned())];
            assert_eq!(all.told()[0], ("odd one".to_owned(), 1, deposited(1, 1), user));

            let one = Statement::default();
            QueryReplay::new(repository(log), one.clone()).replay("odd one").await.unwrap();
            expected.retain(|(id, _)| id == "odd one");
            assert_eq!(heard(&one), expected);

            let none = Statement::default();
            QueryReplay::new(repository(log), none.clone()).replay("3").await.unwrap();
            assert_eq!(none.told(), []);
        }
        .boxed()
    })
    .await;
}

#[tokio::test]
async fn a_long_stream_is_loaded_whole_and_its_end_alone_on_demand() {
    on_every_log(|log| {
        async move {
            let repository = repository(log);
            for first in (1..=2_000).step_by(500) {
                let events: Vec<_> = (first..first + 500).map(|sequence| serialized("1", sequence)).collect();
                repository.persist::<BankAccount>(&events, None).await.unwrap();
            }
            let sequences =
                |events: Vec<SerializedEvent>| events.iter().map(|event| event.sequence).collect::<Vec<_>>();
            let all = repository.get_events::<BankAccount>("1").await.unwrap();
            assert_eq!(all[1_999], serialized("1", 2_000));
            assert_eq!(sequences(all), (1..=2_000).collect::<Vec<_>>());
            for (last, first_wanted) in [(0, 1), (900, 901), (1_999, 2_000), (2_000, 2_001), (3_000, 2_001)] {
                let events = repository.get_last_events::<BankAccount>("1", last).await.unwrap();
                assert_eq!(sequences(events), (first_wanted..=2_000).collect::<Vec<_>>(), "behind {last}");
            }
        }
        .boxed()
    })
    .await;
}

#[tokio::test]
async fn a_persist_that_is_repeated_after_a_lost_answer_conflicts_and_writes_nothing_twice() {
    on_every_log(|log| {
        async move {
            let events = [serialized("1", 1), serialized("1", 2)];
            repository(log).persist::<BankAccount>(&events, None).await.unwrap();
            let again = repository(log).persist::<BankAccount>(&events, None).await;
            assert!(matches!(again, Err(PersistenceError::OptimisticLockError)), "{again:?}");
            assert_eq!(stream(log, "1").await.len(), 2);
        }
        .boxed()
    })
    .await;
}

#[tokio::test]
async fn events_that_do_not_follow_each_other_are_refused_whole() {
    let log = memory();
    let repository = repository(&log);
    let of_another = [serialized("1", 1), serialized("2", 2)];
    let with_a_gap = [serialized("1", 1), serialized("1", 3)];
    for events in [&of_another[..], &with_a_gap[..], &[serialized("1", 0)]] {
        assert_eq!(reason(repository.persist::<BankAccount>(events, None).await), RequestError::NotConsecutive);
    }
    let behind_the_end = repository.persist::<BankAccount>(&[serialized("1", 5)], None).await;
    assert!(matches!(behind_the_end, Err(PersistenceError::OptimisticLockError)), "{behind_the_end:?}");
    assert_eq!(log.head().await.unwrap(), Position::START);
}

#[tokio::test]
async fn modes_with_snapshots_are_refused_before_they_decide_anything() {
    let log = memory();
    let snapshot_store = PersistedEventStore::<_, BankAccount>::new_snapshot_store(repository(&log), 10);
    let aggregate_store = PersistedEventStore::<_, BankAccount>::new_aggregate_store(repository(&log));
    for store in [snapshot_store, aggregate_store] {
        let refused = CqrsFramework::new(store, vec![], ()).execute("1", deposit(1)).await;
        let Err(AggregateError::UnexpectedError(error)) = refused else { panic!("{refused:?}") };
        assert_eq!(error.downcast_ref(), Some(&RequestError::Snapshots));
    }
    let snapshot = Some(("1".to_owned(), serde_json::Value::Null, 1));
    let persisted = repository(&log).persist::<BankAccount>(&[serialized("1", 1)], snapshot).await;
    assert_eq!(reason(persisted), RequestError::Snapshots);
    assert_eq!(log.head().await.unwrap(), Position::START);
}

#[tokio::test]
async fn failures_of_the_log_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Arc::new(
        SqliteLog::open(&SqliteLogOptions::new(folder.path().join("events.sqlite")), Ambient::system().clock).unwrap(),
    );
    let log: Arc<dyn EventLog> = sqlite.clone();
    let mut malformed = serialized("1", 1);
    malformed.event_type = String::new();
    let refused = repository(&log).persist::<BankAccount>(&[malformed], None).await;
    let Err(PersistenceError::UnknownError(error)) = refused else { panic!("{refused:?}") };
    assert!(matches!(error.downcast_ref(), Some(AppendError::Invalid(_))), "{error}");

    sqlite.close();
    let refused = repository(&log).persist::<BankAccount>(&[serialized("1", 1)], None).await;
    let Err(PersistenceError::ConnectionError(error)) = refused else { panic!("{refused:?}") };
    assert!(matches!(error.downcast_ref(), Some(AppendError::Unavailable(_))), "{error}");
    let refused = repository(&log).get_events::<BankAccount>("1").await;
    let Err(PersistenceError::ConnectionError(error)) = refused else { panic!("{refused:?}") };
    assert!(matches!(error.downcast_ref(), Some(ReadError::Unavailable(_))), "{error}");
}

#[tokio::test]
async fn a_replay_reports_what_it_cannot_read_and_goes_on() {
    let log = memory();
    let accounts = framework(&log, &Statement::default());
    accounts.execute("1", deposit(1)).await.unwrap();
    // Not of the application: another shape under the same type, and an id that no aggregate's would have become.
    proxy::append_foreign(&log, &account("2"), r#"{"Unknown":{}}"#).await;
    proxy::append_foreign(&log, &account("50%"), r#"{"CustomerDepositedMoney":{"amount":1,"balance":1}}"#).await;
    accounts.execute("3", deposit(3)).await.unwrap();
    let (statement, errors) = (Statement::default(), Arc::new(Mutex::new(Vec::new())));
    let mut replay = QueryReplay::new(repository(&log), statement.clone());
    replay.use_error_handler(Box::new({
        let errors = errors.clone();
        move |error| errors.lock().unwrap().push(error)
    }));
    replay.replay_all().await.unwrap();
    assert_eq!(statement.told().into_iter().map(|(id, ..)| id).collect::<Vec<_>>(), ["1", "3"]);
    let errors = errors.lock().unwrap();
    assert_eq!(errors.len(), 2);
    for error in &*errors {
        assert!(matches!(error, PersistenceError::DeserializationError(_)), "{error}");
    }
}

/// On one thread, where the feeder runs as far as it can whenever this test gives way.
#[tokio::test]
async fn a_replay_reads_no_further_than_its_reader_takes_and_ends_with_it() {
    let proxy = Arc::new(Proxy::new(&memory()));
    let log: Arc<dyn EventLog> = proxy.clone();
    let events: Vec<_> = (1..=1_000).map(|sequence| serialized("1", sequence)).collect();
    for first in 0..5 {
        let mut events = events.clone();
        events.iter_mut().for_each(|event| event.sequence += first * 1_000);
        repository(&log).persist::<BankAccount>(&events, None).await.unwrap();
    }
    for all in [true, false] {
        let repository = repository(&log).stream_buffer(2);
        let reads = proxy.reads();
        let mut replay = if all {
            repository.stream_all_events::<BankAccount>().await.unwrap()
        } else {
            repository.stream_events::<BankAccount>("1").await.unwrap()
        };
        for sequence in 1..=10 {
            let event = replay.next::<BankAccount>(&[]).await.unwrap().unwrap();
            assert_eq!(event.sequence, sequence);
        }
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        assert_eq!(proxy.reads() - reads, 1, "of five pages the first is read");
        drop((replay, repository));
        // The feeder holds the log until it ends.
        while Arc::strong_count(&proxy) > 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(proxy.reads() - reads, 1);
    }
}

#[tokio::test]
async fn a_replay_of_all_ends_where_the_log_ended_when_it_began() {
    let log = memory();
    let accounts = framework(&log, &Statement::default());
    accounts.execute("1", deposit(1)).await.unwrap();
    accounts.execute("2", deposit(1)).await.unwrap();
    let mut replay = repository(&log).stream_buffer(1).stream_all_events::<BankAccount>().await.unwrap();
    accounts.execute("1", deposit(1)).await.unwrap();
    let mut events = Vec::new();
    while let Some(event) = replay.next::<BankAccount>(&[]).await {
        let event = event.unwrap();
        events.push((event.aggregate_id, event.sequence));
    }
    assert_eq!(events, [("1".to_owned(), 1), ("2".to_owned(), 1)]);
}

fn serialized(id: &str, sequence: usize) -> SerializedEvent {
    SerializedEvent {
        aggregate_id: id.to_owned(),
        sequence,
        aggregate_type: "BankAccount".to_owned(),
        event_type: "CustomerDepositedMoney".to_owned(),
        event_version: "1.0".to_owned(),
        payload: serde_json::json!({"CustomerDepositedMoney": {"amount": 1, "balance": sequence}}),
        metadata: serde_json::json!({"user": "till 3"}),
    }
}

fn reason(answer: Result<(), PersistenceError>) -> RequestError {
    let Err(PersistenceError::UnknownError(error)) = answer else { panic!("{answer:?}") };
    error.downcast_ref::<RequestError>().expect("a refused request").clone()
}
