//! What every event log must do, as tests that any store runs unchanged.
//!
//! A store implements [`LogUnderTest`] and calls [`log_conformance!`](crate::log_conformance) in a test module of its own.
//! The cases see nothing but the contract: no file, no table, no thread.

use super::{
    Append, AppendError, AppendReceipt, EventFilter, EventLog, ExpectedRevision, LogPage, ReadFrom, is_last_page,
};
use crate::{
    ambient::{Ambient, Clock, ManualClock},
    event::{NewEvent, RecordedEvent},
    stream::{Position, Revision, StreamId},
};
use chrono::{DateTime, TimeZone, Utc};
use futures::future::BoxFuture;
use std::{future::Future, sync::Arc, time::Duration};

pub mod appends;
pub mod concurrency;
pub mod durability;
pub mod limits;
pub mod linearizability;
pub mod model;
pub mod reads;
pub mod replays;
pub mod subscriptions;

/// How long a case may take before it counts as hanging. Far above what the slowest takes on a slow disk.
const HANGS_AFTER: Duration = Duration::from_secs(180);

/// A place where logs of one store can be kept, empty at first.
pub trait LogUnderTest: Send + Sync + 'static {
    /// Opens the log of this place. Called again only after the log that it gave before was dropped.
    fn open(&self, clock: Arc<dyn Clock>) -> BoxFuture<'_, Arc<dyn EventLog>>;

    /// True if a log that is opened again still holds its events.
    fn is_durable(&self) -> bool;
}

/// One case's surroundings.
#[derive(Debug)]
pub struct Trial<L> {
    store: L,
    ambient: Ambient,
    clock: Arc<ManualClock>,
}

impl<L: LogUnderTest> Trial<L> {
    async fn open(&self) -> Arc<dyn EventLog> {
        self.store.open(self.ambient.clock.clone()).await
    }

    /// An event with a new id.
    fn event(&self, event_type: &str) -> NewEvent {
        NewEvent {
            id: self.ambient.ids.next(),
            event_type: event_type.into(),
            schema_version: 1,
            metadata: r#"{"actor":"admin"}"#.into(),
            data: r#"{"sku":"A-1","quantity":2}"#.into(),
        }
    }

    fn events(&self, count: usize) -> Vec<NewEvent> {
        (0..count).map(|_| self.event("StockReceived")).collect()
    }

    fn append(&self, stream: &StreamId, expected: ExpectedRevision, count: usize) -> Append {
        Append { stream: stream.clone(), expected, events: self.events(count) }
    }
}

/// Runs one case on several threads; what the macro [`log_conformance!`](crate::log_conformance) calls.
///
/// # Panics
/// If the store does not pass.
pub fn run<L: LogUnderTest, F: Future<Output = ()>>(store: L, case: impl FnOnce(Trial<L>) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .expect("a runtime can be built");
    let (ambient, clock) = Ambient::seeded(start_time(), 42);
    let trial = Trial { store, ambient, clock };
    runtime.block_on(async {
        tokio::time::timeout(HANGS_AFTER, case(trial)).await.expect("the case ends");
    });
}

/// One test per case for a store. The expression makes a fresh [`LogUnderTest`] and is evaluated once per test.
#[macro_export]
macro_rules! log_conformance {
    ($store:expr) => {
        $crate::log_conformance! { @cases $store;
            appends: an_expectation_holds_or_conflicts an_append_is_all_or_nothing
                a_chain_of_appends_may_share_a_group followers_of_a_refused_append_are_refused
                an_append_after_an_event_follows_no_other
                a_refused_append_costs_its_neighbors_nothing a_receipt_is_readable_at_once;
            replays: the_same_append_again_gets_the_first_receipt twins_in_one_group_get_one_receipt
                a_partial_overlap_is_a_conflict;
            limits: malformed_appends_are_refused_and_leave_no_trace the_largest_appends_are_taken
                pages_are_bounded_by_bytes;
            concurrency: of_64_writers_one_wins_each_revision positions_are_contiguous_and_in_commit_order;
            reads: a_stream_is_read_both_ways filters_bring_what_they_should_and_tell_how_far_they_looked
                text_survives_byte_for_byte every_field_survives recorded_times_never_decrease;
            subscriptions: there_is_no_gap_or_repeat_at_the_seam a_filtered_subscription_moves_on_over_the_rest
                the_end_is_announced_once_each_time a_slow_subscriber_gets_pages_that_fit
                a_call_that_was_given_up_loses_nothing;
            durability: reopening_keeps_everything_and_goes_on closing_finishes_what_was_taken_in;
            model: any_sequence_of_appends_does_what_the_model_does;
            linearizability: small_histories_have_an_order_that_explains_every_answer
                a_large_history_of_one_stream_has_an_order_that_explains_every_answer
                a_large_history_of_many_streams_has_an_order_that_explains_every_answer;
        }
    };
    (@cases $store:expr; $($module:ident: $($case:ident)+;)+) => {
        $($(
            #[test]
            fn $case() {
                $crate::log::conformance::run($store, $crate::log::conformance::$module::$case);
            }
        )+)+
    };
}

fn start_time() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 31, 23, 59, 59).single().expect("a valid time")
}

fn stream(category: &str, id: impl std::fmt::Display) -> StreamId {
    StreamId::new(category, &id.to_string()).expect("a valid name")
}

async fn append(log: &Arc<dyn EventLog>, append: Append) -> AppendReceipt {
    super::append(log.as_ref(), append).await.expect("the append is accepted")
}

async fn refused(log: &Arc<dyn EventLog>, append: Append) -> AppendError {
    super::append(log.as_ref(), append).await.expect_err("the append is refused")
}

/// The revision that a conflict carries.
#[track_caller]
fn actual_of(answer: Result<AppendReceipt, AppendError>) -> Option<Revision> {
    match answer {
        Err(AppendError::Conflict { actual, .. }) => actual,
        other => panic!("expected a conflict, got {other:?}"),
    }
}

/// A whole stream, forwards, page by page.
async fn whole_stream(log: &Arc<dyn EventLog>, stream: &StreamId, limit: usize) -> Vec<RecordedEvent> {
    let mut all = Vec::new();
    let mut next = Revision(0);
    loop {
        let page = log.read_stream(stream, ReadFrom::Forwards(next), limit).await.expect("the stream can be read");
        assert!(page.len() <= limit);
        if let Some(last) = page.last() {
            next = last.revision.next();
        }
        let is_last = is_last_page(&page, limit);
        all.extend(page);
        if is_last {
            return all;
        }
    }
}

async fn page(log: &Arc<dyn EventLog>, after: Position, filter: &EventFilter, limit: usize) -> LogPage {
    let page = log.read_all(after, filter, limit).await.expect("the log can be read");
    assert!(page.events.len() <= limit);
    assert!(page.scanned_to >= after);
    assert!(page.events.iter().all(|event| event.position > after && event.position <= page.scanned_to));
    assert!(page.events.is_sorted_by(|one, next| one.position < next.position));
    assert!(page.at_end || page.scanned_to > after, "a page that is not the last moves on");
    page
}

/// All events that pass the filter, page by page, up to the end of the log.
async fn whole_log(log: &Arc<dyn EventLog>, filter: &EventFilter, limit: usize) -> Vec<RecordedEvent> {
    let mut all = Vec::new();
    let mut after = Position::START;
    loop {
        let page = page(log, after, filter, limit).await;
        after = page.scanned_to;
        all.extend(page.events);
        if page.at_end {
            return all;
        }
    }
}

#[track_caller]
fn assert_contiguous(events: &[RecordedEvent]) {
    for (event, position) in events.iter().zip(1_u64..) {
        assert_eq!(event.position, Position(position));
    }
}

#[track_caller]
fn assert_revisions(events: &[RecordedEvent]) {
    for (event, revision) in events.iter().zip(0_u64..) {
        assert_eq!(event.revision, Revision(revision));
    }
}

fn exact(revision: u64) -> ExpectedRevision {
    ExpectedRevision::Exact(Revision(revision))
}
