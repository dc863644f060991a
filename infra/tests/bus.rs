//! The command bus over the memory log, with an aggregate that counts.

#![expect(clippy::unwrap_used, reason = "a test may panic in its helpers too")]

use chrono::{NaiveDate, TimeDelta, TimeZone, Utc};
use futures::{FutureExt, future::BoxFuture, future::join_all};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use thiserror::Error;
use tillroll_domain::{
    aggregate::{Aggregate, Moment},
    events,
    ids::CommandId,
};
use tillroll_infra::{
    ambient::{Ambient, ManualClock},
    bus::{Bus, COMMANDS_REMEMBERED, CommandContext, ExecuteError, Outcome},
    event::RecordedEvent,
    log::{Append, AppendError, AppendTicket, EventFilter, EventLog, LogPage, ReadError, ReadFrom, memory::MemoryLog},
    stream::{Position, Revision, StreamId},
};
use tokio::sync::{Semaphore, watch};
use uuid::Uuid;

/// Counts up to a limit.
#[derive(Debug)]
struct Counter;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct CounterState {
    sum: i64,
    limit: i64,
}

#[derive(Debug, Clone, Serialize)]
enum CounterCommand {
    Add { amount: i64 },
    SetLimit { limit: i64 },
    NoteTime,
    Panic,
}

events! {
    /// The history of a counter.
    pub enum CounterEvent {
        Added = 1;
        LimitSet = 1;
        TimeNoted = 1;
    }
}

/// The sum grew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Added {
    amount: i64,
    sum: i64,
}

/// The limit moved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LimitSet {
    limit: i64,
}

/// What a decision was told of the time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimeNoted {
    now: chrono::DateTime<Utc>,
    business_date: NaiveDate,
}

#[derive(Debug, Clone, PartialEq, Error)]
enum CounterError {
    #[error("{sum} is beyond {limit}")]
    BeyondLimit { sum: i64, limit: i64 },
}

impl Aggregate for Counter {
    const CATEGORY: &'static str = "counter";
    type State = CounterState;
    type Command = CounterCommand;
    type Event = CounterEvent;
    type Error = CounterError;

    fn initial() -> CounterState {
        CounterState { sum: 0, limit: 1_000_000 }
    }

    fn decide(
        state: &CounterState,
        command: &CounterCommand,
        moment: &Moment,
    ) -> Result<Vec<CounterEvent>, CounterError> {
        match *command {
            CounterCommand::Add { amount: 0 } => Ok(vec![]),
            CounterCommand::Add { amount } if state.sum + amount > state.limit => {
                Err(CounterError::BeyondLimit { sum: state.sum + amount, limit: state.limit })
            }
            CounterCommand::Add { amount } => Ok(vec![Added { amount, sum: state.sum + amount }.into()]),
            CounterCommand::SetLimit { limit } => Ok(vec![LimitSet { limit }.into()]),
            CounterCommand::NoteTime => {
                Ok(vec![TimeNoted { now: moment.now, business_date: moment.business_date }.into()])
            }
            CounterCommand::Panic => panic!("a planted mistake in a decision"),
        }
    }

    fn evolve(state: CounterState, event: &CounterEvent) -> CounterState {
        match event {
            CounterEvent::Added(added) => CounterState { sum: state.sum + added.amount, ..state },
            CounterEvent::LimitSet(set) => CounterState { limit: set.limit, ..state },
            CounterEvent::TimeNoted(_) => state,
        }
    }
}

/// A log whose answers wait for permission, and whose appends fail where a test says so.
#[derive(Debug)]
struct ControlledLog {
    inner: Arc<MemoryLog>,
    /// One permit an answer; many at first.
    gate: Arc<Semaphore>,
    failures: Mutex<Vec<AppendError>>,
}

impl EventLog for ControlledLog {
    fn submit(&self, append: Append) -> BoxFuture<'_, Result<AppendTicket, AppendError>> {
        async move {
            if let Some(error) = self.failures.lock().pop() {
                let (answer, ticket) = AppendTicket::new();
                answer.send(Err(error)).unwrap();
                return Ok(ticket);
            }
            let inner = self.inner.submit(append).await?;
            let gate = self.gate.clone();
            let (answer, ticket) = AppendTicket::new();
            tokio::spawn(async move {
                gate.acquire().await.unwrap().forget();
                answer.send(inner.await)
            });
            Ok(ticket)
        }
        .boxed()
    }

    fn read_stream<'a>(
        &'a self,
        stream: &'a StreamId,
        from: ReadFrom,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<RecordedEvent>, ReadError>> {
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

struct Shop {
    clock: Arc<ManualClock>,
    ambient: Ambient,
    log: Arc<ControlledLog>,
    bus: Bus,
}

const PERMITS: usize = 1 << 20;

impl Shop {
    fn open() -> Self {
        let (ambient, clock) = Ambient::seeded(Utc.with_ymd_and_hms(2026, 3, 1, 23, 30, 0).unwrap(), 7);
        let log = Arc::new(ControlledLog {
            inner: Arc::new(MemoryLog::new(ambient.clock.clone())),
            gate: Arc::new(Semaphore::new(PERMITS)),
            failures: Mutex::default(),
        });
        let bus = Self::node(&log, &ambient);
        Self { clock, ambient, log, bus }
    }

    fn node(log: &Arc<ControlledLog>, ambient: &Ambient) -> Bus {
        let zone = chrono_tz::Tz::Europe__Berlin;
        Bus::builder(log.clone(), ambient.clone()).time_zone(zone).register::<Counter>().build()
    }

    fn second_node(&self) -> Bus {
        Self::node(&self.log, &self.ambient)
    }

    fn hold_answers(&self) {
        self.log.gate.forget_permits(PERMITS);
    }

    fn let_answers_go(&self) {
        self.log.gate.add_permits(PERMITS);
    }

    async fn sum(&self, id: &str) -> i64 {
        self.second_node().load::<Counter>("default", id).await.unwrap().state.sum
    }

    async fn events(&self, id: &str) -> Vec<RecordedEvent> {
        let stream = StreamId::new("counter", id).unwrap();
        self.log.read_stream(&stream, ReadFrom::Forwards(Revision(0)), 10_000).await.unwrap()
    }

    async fn wait_for_events(&self, id: &str, count: usize) {
        while self.events(id).await.len() < count {
            tokio::task::yield_now().await;
        }
    }
}

fn command(number: u128) -> CommandContext {
    CommandContext::live(CommandId::new(Uuid::from_u128(number)), "tester")
}

const ADD_1: CounterCommand = CounterCommand::Add { amount: 1 };

#[tokio::test]
async fn commands_on_one_stream_are_decided_in_the_order_of_their_submission() {
    let shop = Shop::open();
    let mut pending = Vec::new();
    for number in 0..1_000 {
        pending.push(shop.bus.submit::<Counter>("a", ADD_1, command(number)).await.unwrap());
    }
    for (number, answer) in join_all(pending).await.into_iter().enumerate() {
        assert_eq!(answer.unwrap().revision, Some(Revision(u64::try_from(number).unwrap())));
    }
    assert_eq!(shop.sum("a").await, 1_000);
}

#[tokio::test]
async fn a_follower_is_decided_before_its_predecessor_is_durable_but_answered_after_it() {
    let shop = Shop::open();
    shop.hold_answers();
    let mut first = shop.bus.submit::<Counter>("a", ADD_1, command(1)).await.unwrap();
    let mut second = shop.bus.submit::<Counter>("a", ADD_1, command(2)).await.unwrap();
    shop.wait_for_events("a", 2).await;
    assert!((&mut first).now_or_never().is_none());
    assert!((&mut second).now_or_never().is_none());
    shop.let_answers_go();
    assert_eq!(first.await.unwrap().revision, Some(Revision(0)));
    assert_eq!(second.await.unwrap().revision, Some(Revision(1)));
}

#[tokio::test]
async fn the_same_command_again_is_answered_with_the_first_receipt_also_by_another_node() {
    let shop = Shop::open();
    let first = shop.bus.execute::<Counter>("a", ADD_1, command(1)).await.unwrap();
    shop.bus.execute::<Counter>("a", ADD_1, command(2)).await.unwrap();
    assert_eq!(first.outcome, Outcome::Appended);
    for bus in [shop.bus.clone(), shop.second_node()] {
        let again = bus.execute::<Counter>("a", ADD_1, command(1)).await.unwrap();
        assert_eq!(again.outcome, Outcome::AlreadyAnswered);
        assert_eq!((again.revision, again.position, again.events), (first.revision, first.position, first.events));
    }
    assert_eq!(shop.sum("a").await, 2);
}

#[tokio::test]
async fn twins_have_one_effect_and_one_answer() {
    let shop = Shop::open();
    shop.hold_answers();
    let mut twins = Vec::new();
    for _ in 0..10 {
        twins.push(shop.bus.submit::<Counter>("a", ADD_1, command(1)).await.unwrap());
    }
    shop.let_answers_go();
    let answers: Vec<_> = join_all(twins).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers.iter().filter(|answer| answer.outcome == Outcome::Appended).count(), 1);
    assert!(answers.iter().all(|answer| (answer.revision, answer.position) == (Some(Revision(0)), Position(1))));
    assert_eq!(shop.sum("a").await, 1);
}

#[tokio::test]
async fn the_same_id_with_other_content_is_refused_and_has_no_effect() {
    let shop = Shop::open();
    shop.bus.execute::<Counter>("a", ADD_1, command(1)).await.unwrap();
    let other = CounterCommand::Add { amount: 2 };
    let error = shop.bus.execute::<Counter>("a", other, command(1)).await.unwrap_err();
    assert!(matches!(error, ExecuteError::CommandIdReused { .. }), "{error:?}");
    assert_eq!(shop.sum("a").await, 1);
}

#[tokio::test]
async fn a_command_that_left_the_window_is_decided_afresh() {
    let shop = Shop::open();
    for number in 0..=u128::try_from(COMMANDS_REMEMBERED).unwrap() {
        shop.bus.execute::<Counter>("a", ADD_1, command(number)).await.unwrap();
    }
    for bus in [shop.bus.clone(), shop.second_node()] {
        let kept = bus.execute::<Counter>("a", ADD_1, command(1)).await.unwrap();
        assert_eq!(kept.outcome, Outcome::AlreadyAnswered);
    }
    let gone = shop.bus.execute::<Counter>("a", ADD_1, command(0)).await.unwrap();
    assert_eq!(gone.outcome, Outcome::Appended);
}

#[tokio::test]
async fn two_nodes_on_one_stream_lose_nothing() {
    let shop = Shop::open();
    let nodes = [shop.bus.clone(), shop.second_node()];
    let commands = (0..400).map(|number: u128| {
        let bus = nodes[usize::try_from(number % 2).unwrap()].clone();
        tokio::spawn(async move { bus.execute::<Counter>("a", ADD_1, command(number)).await })
    });
    for answer in join_all(commands).await {
        answer.unwrap().unwrap();
    }
    assert_eq!(shop.sum("a").await, 400);
}

#[tokio::test]
async fn what_was_decided_on_a_refused_append_is_decided_again_whoever_wrote_in_between() {
    let shop = Shop::open();
    let limit = |limit| CounterCommand::SetLimit { limit };
    shop.bus.execute::<Counter>("a", limit(1), command(1)).await.unwrap();
    // The other node takes the one unit that there is; the first node still thinks it is free.
    shop.second_node().execute::<Counter>("a", ADD_1, command(2)).await.unwrap();
    let raise = shop.bus.submit::<Counter>("a", limit(3), command(3)).await.unwrap();
    let add = shop.bus.submit::<Counter>("a", ADD_1, command(4)).await.unwrap();
    raise.await.unwrap();
    add.await.unwrap();
    let sums: Vec<_> = shop.events("a").await.iter().map(|event| event.data.to_string()).collect();
    // Had the follower been accepted at the revision it expected, it would claim a sum of one.
    assert_eq!(sums, [r#"{"limit":1}"#, r#"{"amount":1,"sum":1}"#, r#"{"limit":3}"#, r#"{"amount":1,"sum":2}"#]);
}

#[tokio::test]
async fn a_refusal_is_answered_only_after_the_newer_events_were_read() {
    let shop = Shop::open();
    shop.bus.execute::<Counter>("a", CounterCommand::SetLimit { limit: 1 }, command(1)).await.unwrap();
    let raised = CounterCommand::SetLimit { limit: 5 };
    shop.second_node().execute::<Counter>("a", raised, command(2)).await.unwrap();
    // The first node still has the lower limit in its cache.
    let add_3 = CounterCommand::Add { amount: 3 };
    let answer = shop.bus.execute::<Counter>("a", add_3.clone(), command(3)).await.unwrap();
    assert_eq!(answer.revision, Some(Revision(2)));
    let error = shop.bus.execute::<Counter>("a", add_3, command(4)).await.unwrap_err();
    let ExecuteError::Refused(refusal) = error else { panic!("{error:?}") };
    assert_eq!(refusal, CounterError::BeyondLimit { sum: 6, limit: 5 });
}

#[tokio::test]
async fn a_refusal_behind_commands_on_their_way_waits_for_them() {
    let shop = Shop::open();
    shop.bus.execute::<Counter>("a", CounterCommand::SetLimit { limit: 1 }, command(1)).await.unwrap();
    shop.hold_answers();
    let first = shop.bus.submit::<Counter>("a", ADD_1, command(2)).await.unwrap();
    let mut refused = shop.bus.submit::<Counter>("a", ADD_1, command(3)).await.unwrap();
    let later = shop.bus.submit::<Counter>("a", CounterCommand::SetLimit { limit: 9 }, command(4)).await.unwrap();
    shop.wait_for_events("a", 2).await;
    assert!((&mut refused).now_or_never().is_none());
    shop.let_answers_go();
    first.await.unwrap();
    let error = refused.await.unwrap_err();
    assert!(matches!(error, ExecuteError::Refused(CounterError::BeyondLimit { sum: 2, limit: 1 })), "{error:?}");
    later.await.unwrap();
    assert_eq!(shop.events("a").await.len(), 3);
}

#[tokio::test]
async fn nothing_to_do_appends_nothing_and_says_where_the_stream_stands() {
    let shop = Shop::open();
    let nothing = CounterCommand::Add { amount: 0 };
    let answer = shop.bus.execute::<Counter>("a", nothing.clone(), command(1)).await.unwrap();
    assert_eq!((answer.outcome, answer.revision, answer.position), (Outcome::NothingToDo, None, Position(0)));
    shop.bus.execute::<Counter>("a", ADD_1, command(2)).await.unwrap();
    let answer = shop.bus.execute::<Counter>("a", nothing, command(1)).await.unwrap();
    assert_eq!(answer.outcome, Outcome::NothingToDo);
    assert_eq!((answer.revision, answer.position), (Some(Revision(0)), Position(1)));
}

#[tokio::test]
async fn nothing_to_do_behind_commands_on_their_way_answers_a_position_that_covers_them() {
    let shop = Shop::open();
    shop.hold_answers();
    let first = shop.bus.submit::<Counter>("a", ADD_1, command(1)).await.unwrap();
    let nothing = shop.bus.submit::<Counter>("a", CounterCommand::Add { amount: 0 }, command(2)).await.unwrap();
    shop.wait_for_events("a", 1).await;
    shop.let_answers_go();
    let (first, nothing) = (first.await.unwrap(), nothing.await.unwrap());
    assert_eq!(nothing.outcome, Outcome::NothingToDo);
    assert_eq!((nothing.revision, nothing.position), (first.revision, first.position));
}

#[tokio::test]
async fn a_full_disk_answers_everybody_at_once_and_costs_one_append_each() {
    let shop = Shop::open();
    shop.bus.execute::<Counter>("a", ADD_1, command(1)).await.unwrap();
    shop.log.failures.lock().extend(std::iter::repeat_n(AppendError::Full, 150));
    let mut pending = Vec::new();
    for number in 2..102 {
        pending.push(shop.bus.submit::<Counter>("a", ADD_1, command(number)).await.unwrap());
    }
    for answer in join_all(pending).await {
        assert!(matches!(answer, Err(ExecuteError::Append(AppendError::Full))), "{answer:?}");
    }
    assert_eq!(shop.log.failures.lock().len(), 50);
    shop.log.failures.lock().clear();
    assert_eq!(shop.bus.execute::<Counter>("a", ADD_1, command(200)).await.unwrap().revision, Some(Revision(1)));
}

#[tokio::test]
async fn a_command_after_its_not_after_is_refused_unless_it_was_answered_in_time() {
    let shop = Shop::open();
    let deadline = shop.ambient.clock.now() + TimeDelta::seconds(10);
    let timed = |number| CommandContext { not_after: Some(deadline), ..command(number) };
    shop.bus.execute::<Counter>("a", ADD_1, timed(1)).await.unwrap();
    shop.clock.advance(TimeDelta::seconds(11));
    let error = shop.bus.execute::<Counter>("a", ADD_1, timed(2)).await.unwrap_err();
    assert!(matches!(error, ExecuteError::TooLate { not_after } if not_after == deadline), "{error:?}");
    let again = shop.bus.execute::<Counter>("a", ADD_1, timed(1)).await.unwrap();
    assert_eq!(again.outcome, Outcome::AlreadyAnswered);
    assert_eq!(shop.sum("a").await, 1);
}

#[tokio::test]
async fn a_late_repetition_is_answered_also_if_another_node_carried_the_command_out() {
    let shop = Shop::open();
    let deadline = shop.ambient.clock.now() + TimeDelta::seconds(10);
    let timed = |number| CommandContext { not_after: Some(deadline), ..command(number) };
    shop.bus.execute::<Counter>("a", ADD_1, timed(1)).await.unwrap();
    // The first node has the stream in its cache, without what the second one appends.
    shop.second_node().execute::<Counter>("a", ADD_1, timed(2)).await.unwrap();
    shop.clock.advance(TimeDelta::seconds(11));
    let again = shop.bus.execute::<Counter>("a", ADD_1, timed(2)).await.unwrap();
    assert_eq!(again.outcome, Outcome::AlreadyAnswered);
}

#[tokio::test]
async fn a_required_revision_must_be_the_last_one() {
    let shop = Shop::open();
    shop.bus.execute::<Counter>("a", ADD_1, command(1)).await.unwrap();
    let requiring = |number, revision| CommandContext { if_revision: Some(Revision(revision)), ..command(number) };
    let error = shop.bus.execute::<Counter>("a", ADD_1, requiring(2, 1)).await.unwrap_err();
    assert!(matches!(error, ExecuteError::RevisionMismatch { actual: Some(Revision(0)), .. }), "{error:?}");
    let error = shop.bus.execute::<Counter>("b", ADD_1, requiring(3, 0)).await.unwrap_err();
    assert!(matches!(error, ExecuteError::RevisionMismatch { actual: None, .. }), "{error:?}");
    let answer = shop.bus.execute::<Counter>("a", ADD_1, requiring(4, 0)).await.unwrap();
    assert_eq!(answer.revision, Some(Revision(1)));
}

#[tokio::test]
async fn a_failed_append_fails_its_command_alone_and_its_followers_are_decided_again() {
    let shop = Shop::open();
    shop.bus.execute::<Counter>("a", CounterCommand::SetLimit { limit: 2 }, command(1)).await.unwrap();
    shop.log.failures.lock().push(AppendError::Full);
    let mut pending = Vec::new();
    for number in 2..5 {
        pending.push(shop.bus.submit::<Counter>("a", ADD_1, command(number)).await.unwrap());
    }
    let answers = join_all(pending).await;
    assert!(matches!(answers[0], Err(ExecuteError::Append(AppendError::Full))), "{:?}", answers[0]);
    // The limit of two has room for both followers only because the first one's unit was not counted.
    assert_eq!(answers[1].as_ref().unwrap().revision, Some(Revision(1)));
    assert_eq!(answers[2].as_ref().unwrap().revision, Some(Revision(2)));
    assert_eq!(shop.sum("a").await, 2);
}

#[tokio::test]
async fn conflicts_without_end_are_given_up() {
    let shop = Shop::open();
    let stream = StreamId::new("counter", "a").unwrap();
    let conflict = AppendError::Conflict { stream, actual: Some(Revision(9)) };
    shop.log.failures.lock().extend(std::iter::repeat_n(conflict, 100));
    let error = shop.bus.execute::<Counter>("a", ADD_1, command(1)).await.unwrap_err();
    assert!(matches!(error, ExecuteError::Contended { .. }), "{error:?}");
    assert!(shop.log.failures.lock().len() > 50);
}

#[tokio::test]
async fn a_panic_in_a_decision_ends_that_command_and_not_the_stream() {
    let shop = Shop::open();
    shop.bus.execute::<Counter>("a", ADD_1, command(1)).await.unwrap();
    let error = shop.bus.execute::<Counter>("a", CounterCommand::Panic, command(2)).await.unwrap_err();
    assert!(matches!(error, ExecuteError::Append(AppendError::Unavailable(_))), "{error:?}");
    let answer = shop.bus.execute::<Counter>("a", ADD_1, command(3)).await.unwrap();
    assert_eq!(answer.revision, Some(Revision(1)));
}

#[tokio::test]
async fn a_full_queue_refuses_and_recovers() {
    let shop = Shop::open();
    shop.hold_answers();
    let mut pending = Vec::new();
    let refused = loop {
        let number = u128::try_from(pending.len()).unwrap();
        match shop.bus.submit::<Counter>("a", ADD_1, command(number)).await {
            Ok(answer) => pending.push(answer),
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, ExecuteError::Busy { .. }), "{refused:?}");
    shop.let_answers_go();
    let accepted = pending.len();
    assert!(join_all(pending).await.into_iter().all(|answer| answer.is_ok()));
    assert_eq!(shop.sum("a").await, i64::try_from(accepted).unwrap());
}

#[tokio::test]
async fn a_decision_is_told_the_effective_time_and_the_stores_date() {
    let shop = Shop::open();
    shop.bus.execute::<Counter>("a", CounterCommand::NoteTime, command(1)).await.unwrap();
    let effective_at = Utc.with_ymd_and_hms(2010, 12, 1, 8, 26, 0).unwrap();
    let past = CommandContext { effective_at: Some(effective_at), ..command(2) };
    shop.bus.execute::<Counter>("a", CounterCommand::NoteTime, past).await.unwrap();
    let events = shop.events("a").await;
    // Half past eleven in the evening in UTC is the next day in Berlin.
    assert_eq!(&*events[0].data, r#"{"now":"2026-03-01T23:30:00Z","business_date":"2026-03-02"}"#);
    assert_eq!(&*events[1].data, r#"{"now":"2010-12-01T08:26:00Z","business_date":"2010-12-01"}"#);
    assert_eq!(events[0].metadata().unwrap().effective_at, None);
    assert_eq!(events[1].metadata().unwrap().effective_at, Some(effective_at));
    assert_eq!(events[0].recorded_at, events[1].recorded_at);
}

#[tokio::test]
async fn metadata_says_who_caused_an_event_and_by_which_command() {
    let shop = Shop::open();
    let context = CommandContext {
        correlation_id: Some("c-1".into()),
        causation_id: Some("e-1".into()),
        traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into()),
        ..command(1)
    };
    shop.bus.execute::<Counter>("a", ADD_1, context.clone()).await.unwrap();
    let metadata = shop.events("a").await[0].metadata().unwrap();
    assert_eq!((metadata.actor.as_str(), metadata.origin.as_str()), ("tester", "live"));
    assert_eq!(metadata.command_id, Some(context.command_id.to_string()));
    assert_eq!(metadata.command_fingerprint.map(|text| text.len()), Some(32));
    assert_eq!((metadata.correlation_id, metadata.causation_id), (context.correlation_id, context.causation_id));
    assert_eq!(metadata.traceparent, context.traceparent);
}
