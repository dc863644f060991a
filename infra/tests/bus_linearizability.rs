//! Commands through two buses on one log: some order of them, each decided by the aggregate's own functions on what the
//! ones before left, explains every answer. Repeated commands, reused ids and lost answers are among them.

#![expect(clippy::unwrap_used, reason = "a test may panic in its helpers too")]

use futures::future::{BoxFuture, FutureExt};
use register::{Answer, BusCall, BusModel, HoldsOther, Register, RegisterCommand, Value};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tillroll_domain::{aggregate::Aggregate, ids::CommandId};
use tillroll_infra::{
    ambient::Ambient,
    bus::{Executed, Outcome},
    event::{NewEvent, RecordedEvent},
    log::{
        Append, AppendError, AppendTicket, EventFilter, EventLog, ExpectedRevision, LogPage, MemoryLog, ReadError,
        ReadFrom, SqliteLog,
        conformance::linearizability::{history::Call, search::linearize},
        sqlite::SqliteLogOptions,
    },
    stream::{Position, Revision, StreamId},
};
use tokio::sync::watch;
use uuid::Uuid;
use workload::{Histories, Plan, record};

#[path = "bus_linearizability/register.rs"]
mod register;
#[path = "bus_linearizability/workload.rs"]
mod workload;

fn ambient() -> Ambient {
    Ambient::seeded(chrono::DateTime::UNIX_EPOCH, 11).0
}

fn small_plan(round: u64) -> Plan {
    let registers = (0..=round % 2).map(|number| format!("{round}-{number}")).collect();
    Plan { tasks: 4, steps: 6, registers }
}

fn large_plan() -> Plan {
    Plan { tasks: 64, steps: 40, registers: (0..48).map(|number| format!("large-{number}")).collect() }
}

fn block_on<T>(run: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap().block_on(run)
}

/// Every answer names the place at which the events of its command stand.
async fn assert_positions(log: &Arc<dyn EventLog>, register: &str, calls: &[Call<BusCall>]) {
    let stream = StreamId::new(Register::CATEGORY, register).unwrap();
    let events = log.read_stream(&stream, ReadFrom::Forwards(Revision(0)), 10_000).await.unwrap();
    let standing = |revision: Option<Revision>| revision.map(|revision| &events[usize::try_from(revision.0).unwrap()]);
    for call in calls {
        match &call.what {
            BusCall::Execute { id, answer: Answer::Executed(executed), .. } => {
                let last = standing(executed.revision);
                if executed.outcome == Outcome::NothingToDo {
                    assert!(last.is_none_or(|last| last.position <= executed.position), "{call:?}");
                } else {
                    let last = last.unwrap();
                    assert_eq!(last.position, executed.position, "{call:?}");
                    assert_eq!(last.metadata().unwrap().command_id, Some(id.to_string()), "{call:?}");
                }
            }
            BusCall::Execute { .. } => {}
            BusCall::Load { revision, position, .. } => {
                assert_eq!(standing(*revision).map_or(Position::START, |last| last.position), *position, "{call:?}");
            }
        }
    }
}

fn faults(histories: &Histories) -> usize {
    histories.values().filter(|calls| linearize(&BusModel, calls).is_err()).count()
}

async fn assert_linearizable(log: &Arc<dyn EventLog>, histories: &Histories) {
    for (register, calls) in histories {
        if let Err(stuck) = linearize(&BusModel, calls) {
            panic!("{stuck}: {calls:#?}");
        }
        assert_positions(log, register, calls).await;
    }
}

/// Small histories and a large one, and a look at whether everything happened that should be checked.
async fn assert_a_bus_is_linearizable(log: &Arc<dyn EventLog>) {
    let ambient = ambient();
    let mut all = Vec::new();
    for round in 0..100 {
        let histories = record(log, &ambient, small_plan(round), round).await;
        assert_linearizable(log, &histories).await;
        all.extend(histories.into_values().flatten());
    }
    let histories = record(log, &ambient, large_plan(), 1).await;
    assert_linearizable(log, &histories).await;
    all.extend(histories.into_values().flatten());
    let count = |is_it: &dyn Fn(&Answer) -> bool| {
        all.iter()
            .filter(|call| if let BusCall::Execute { answer, .. } = &call.what { is_it(answer) } else { false })
            .count()
    };
    let outcome = |outcome| {
        move |answer: &Answer| {
            if let Answer::Executed(executed) = answer { executed.outcome == outcome } else { false }
        }
    };
    let counts = [
        count(&outcome(Outcome::Appended)),
        count(&outcome(Outcome::AlreadyAnswered)),
        count(&outcome(Outcome::NothingToDo)),
        count(&|answer| matches!(answer, Answer::Refused(_))),
        count(&|answer| matches!(answer, Answer::Mismatch(_))),
        count(&|answer| matches!(answer, Answer::Reused)),
        count(&|answer| matches!(answer, Answer::Unheard)),
    ];
    assert!(counts.iter().all(|&count| count >= 10), "{counts:?}");
    assert!(count(&|answer| matches!(answer, Answer::GaveUp)) < all.len() / 100, "too many gave up");
}

#[test]
fn an_order_explains_every_answer_of_two_buses_on_a_memory_log() {
    block_on(async {
        let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new(ambient().clock));
        assert_a_bus_is_linearizable(&log).await;
    });
}

#[test]
fn an_order_explains_every_answer_of_two_buses_on_a_sqlite_log() {
    let folder = tempfile::tempdir().unwrap();
    block_on(async {
        let options = SqliteLogOptions::new(folder.path().join("log.db"));
        let log: Arc<dyn EventLog> = Arc::new(SqliteLog::open(&options, ambient().clock).unwrap());
        assert_a_bus_is_linearizable(&log).await;
    });
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mistake {
    /// Takes every append, wherever it is expected.
    FollowsAnything,
    /// Gives events without saying which command caused them.
    ForgetsCommands,
    /// Gives nothing of what is new, every third time.
    ReadsTooLittle,
}

/// A memory log with a planted mistake.
#[derive(Debug)]
struct Liar {
    inner: MemoryLog,
    mistake: Mistake,
    reads: AtomicUsize,
}

impl EventLog for Liar {
    fn submit(&self, append: Append) -> BoxFuture<'_, Result<AppendTicket, AppendError>> {
        let mistaken = self.mistake == Mistake::FollowsAnything;
        let expected = if mistaken { ExpectedRevision::Any } else { append.expected };
        let forget = |event| NewEvent { metadata: "{}".into(), ..event };
        let events = if self.mistake == Mistake::ForgetsCommands {
            append.events.into_iter().map(forget).collect()
        } else {
            append.events
        };
        self.inner.submit(Append { stream: append.stream, expected, events })
    }

    fn read_stream<'a>(
        &'a self,
        stream: &'a StreamId,
        from: ReadFrom,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<RecordedEvent>, ReadError>> {
        if self.mistake == Mistake::ReadsTooLittle && self.reads.fetch_add(1, Ordering::SeqCst) % 3 == 2 {
            return futures::future::ready(Ok(Vec::new())).boxed();
        }
        self.inner.read_stream(stream, from, limit)
    }

    fn read_all<'a>(
        &'a self,
        after: Position,
        filter: &'a EventFilter,
        limit: usize,
    ) -> BoxFuture<'a, Result<LogPage, ReadError>> {
        self.inner.read_all(after, filter, limit)
    }

    fn head(&self) -> BoxFuture<'_, Result<Position, ReadError>> {
        self.inner.head()
    }

    fn watch(&self) -> watch::Receiver<Position> {
        self.inner.watch()
    }
}

#[track_caller]
fn assert_found(mistake: Mistake) {
    let found: usize = block_on(async {
        let ambient = ambient();
        let inner = MemoryLog::new(ambient.clock.clone());
        let log: Arc<dyn EventLog> = Arc::new(Liar { inner, mistake, reads: AtomicUsize::new(0) });
        let mut found = 0;
        for round in 0..40 {
            found += faults(&record(&log, &ambient, small_plan(round), round).await);
        }
        found
    });
    assert!(found >= 5, "found in {found} histories");
}

#[test]
fn a_lost_update_between_buses_is_found() {
    assert_found(Mistake::FollowsAnything);
}

#[test]
fn a_command_with_two_effects_is_found() {
    assert_found(Mistake::ForgetsCommands);
}

#[test]
fn an_answer_from_an_old_state_is_found() {
    assert_found(Mistake::ReadsTooLittle);
}

fn executed(outcome: Outcome, events: usize, revision: Option<u64>) -> Answer {
    let stream = StreamId::new(Register::CATEGORY, "1").unwrap();
    let revision = revision.map(Revision);
    Answer::Executed(Executed { stream, outcome, events, revision, position: Position::START })
}

fn call(interval: (u64, u64), number: u128, command: RegisterCommand, answer: Answer) -> Call<BusCall> {
    let id = CommandId::new(Uuid::from_u128(number));
    let what = BusCall::Execute { id, command, if_revision: None, answer };
    Call { invoked: interval.0, taken: None, answered: Some(interval.1), what }
}

fn load(interval: (u64, u64), value: i64, revision: Option<u64>) -> Call<BusCall> {
    let what = BusCall::Load { value: Value(value), revision: revision.map(Revision), position: Position::START };
    Call { invoked: interval.0, taken: None, answered: Some(interval.1), what }
}

const ADD: RegisterCommand = RegisterCommand::Add { times: 1 };

#[test]
fn histories_that_no_bus_may_have_are_found() {
    let first = call((0, 1), 1, ADD, executed(Outcome::Appended, 1, Some(0)));
    let set = RegisterCommand::SetIf { holds: 0, value: 5 };
    for (rule, wrong) in [
        ("a twin has no second effect", call((2, 3), 1, ADD, executed(Outcome::Appended, 1, Some(1)))),
        ("an effect is not forgotten", load((2, 3), 0, None)),
        ("a reused id is refused", call((2, 3), 1, set, executed(Outcome::AlreadyAnswered, 1, Some(0)))),
        ("a refusal is decided on the newest state", call((2, 3), 2, set, Answer::Refused(HoldsOther(2)))),
        (
            "what was decided on an old state does not stand",
            call((2, 3), 2, set, executed(Outcome::Appended, 1, Some(1))),
        ),
        ("two commands do not stand at one revision", call((2, 3), 2, ADD, executed(Outcome::Appended, 1, Some(0)))),
    ] {
        assert!(linearize(&BusModel, &[first.clone(), wrong]).is_err(), "{rule}");
    }
}

#[test]
fn histories_that_only_look_wrong_are_accepted() {
    let set = RegisterCommand::SetIf { holds: 1, value: 5 };
    let calls = [
        // Refused before the other one came, although it was answered after it.
        call((0, 9), 1, set, Answer::Refused(HoldsOther(0))),
        call((1, 2), 2, ADD, executed(Outcome::Appended, 1, Some(0))),
        // A refusal is not remembered.
        call((10, 11), 1, set, executed(Outcome::Appended, 1, Some(1))),
        // The twin was answered before the one that has the effect.
        call((12, 20), 3, ADD, executed(Outcome::Appended, 1, Some(2))),
        call((13, 14), 3, ADD, executed(Outcome::AlreadyAnswered, 1, Some(2))),
        load((15, 16), 6, Some(2)),
    ];
    assert_eq!(linearize(&BusModel, &calls).map(|order| order.len()), Ok(6));
}
