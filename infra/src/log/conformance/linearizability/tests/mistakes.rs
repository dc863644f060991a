//! Logs with a planted mistake, each found by running the same histories as every store.

use super::{
    super::{
        small_plan,
        workload::{History, Plan, record},
    },
    Ambient, LogModel, StreamId, check, linearize, order,
};
use crate::{
    event::RecordedEvent,
    log::{
        Append, AppendError, AppendReceipt, AppendTicket, EventFilter, EventLog, ExpectedRevision, LogPage, MemoryLog,
        ReadError, ReadFrom, append as append_to,
    },
    stream::Position,
};
use chrono::DateTime;
use futures::future::{BoxFuture, FutureExt};
use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};
use tokio::sync::watch;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mistake {
    /// Answers some reads of a stream from an old copy.
    ReadsOldCopies,
    /// Takes some appends that it should refuse, and says that they stand where they were expected.
    AcceptsTwoAtOneRevision,
    /// Answers some appends with a receipt and forgets them.
    AcknowledgesAndDrops,
    /// Refuses some appends that it should take.
    RefusesWhatIsRight,
    /// Takes some appends again that it took before.
    AppendsAgain,
    /// Leaves an event out of some pages of the whole log.
    SkipsAnEvent,
    /// Says that the log ends where it ended before.
    TellsAnOldHead,
}

const MISTAKES: [Mistake; 7] = [
    Mistake::ReadsOldCopies,
    Mistake::AcceptsTwoAtOneRevision,
    Mistake::AcknowledgesAndDrops,
    Mistake::RefusesWhatIsRight,
    Mistake::AppendsAgain,
    Mistake::SkipsAnEvent,
    Mistake::TellsAnOldHead,
];

/// A memory log that goes wrong every third time, until the history is over.
#[derive(Debug)]
struct Liar {
    inner: MemoryLog,
    mistake: Mistake,
    count: AtomicUsize,
    is_over: AtomicBool,
    /// The same log, so many appends ago.
    old: MemoryLog,
    lag: usize,
    not_in_old: tokio::sync::Mutex<VecDeque<Append>>,
}

impl Liar {
    fn lies(&self, mistake: Mistake) -> bool {
        self.mistake == mistake
            && !self.is_over.load(Ordering::SeqCst)
            && self.count.fetch_add(1, Ordering::SeqCst) % 3 == 2
    }

    async fn answer(&self, append: Append) -> Result<AppendReceipt, AppendError> {
        let count = u64::try_from(append.events.len()).unwrap();
        let events = self.inner.read_stream(&append.stream, ReadFrom::BackwardsFromEnd, 1).await.unwrap();
        let actual = events.first().map(|event| event.revision);
        if self.lies(Mistake::AcknowledgesAndDrops) {
            let first = actual.map_or(0, |actual| actual.0 + 1);
            return Ok(made_up(first, count, self.inner.head().await.unwrap().0 + count));
        }
        if self.lies(Mistake::RefusesWhatIsRight) {
            return Err(AppendError::Conflict { stream: append.stream, actual });
        }
        if self.lies(Mistake::AppendsAgain) {
            let again = Append { expected: ExpectedRevision::Any, ..append };
            return append_to(&self.inner, again).await;
        }
        let mut not_in_old = self.not_in_old.lock().await;
        let result = append_to(&self.inner, append.clone()).await;
        not_in_old.push_back(append.clone());
        if not_in_old.len() > self.lag {
            // It is refused there if it was refused here.
            let _ = append_to(&self.old, not_in_old.pop_front().unwrap()).await;
        }
        drop(not_in_old);
        match (result, append.expected) {
            (Err(AppendError::Conflict { .. }), ExpectedRevision::Exact(expected))
                if self.lies(Mistake::AcceptsTwoAtOneRevision) =>
            {
                let anyway = Append { expected: ExpectedRevision::Any, ..append };
                let receipt = append_to(&self.inner, anyway).await?;
                Ok(made_up(expected.0 + 1, count, receipt.last_position.0))
            }
            (result, _) => result,
        }
    }
}

fn made_up(first: u64, count: u64, position: u64) -> AppendReceipt {
    AppendReceipt {
        first_revision: crate::stream::Revision(first),
        last_revision: crate::stream::Revision(first + count - 1),
        last_position: Position(position),
    }
}

impl EventLog for Liar {
    fn submit(&self, append: Append) -> BoxFuture<'_, Result<AppendTicket, AppendError>> {
        async move {
            if append.stream.category() == "barrier" {
                self.is_over.store(true, Ordering::SeqCst);
            }
            let (answer, ticket) = AppendTicket::new();
            answer.send(self.answer(append).await).unwrap();
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
        async move {
            let log = if self.lies(Mistake::ReadsOldCopies) { &self.old } else { &self.inner };
            log.read_stream(stream, from, limit).await
        }
        .boxed()
    }

    fn read_all<'a>(
        &'a self,
        after: Position,
        filter: &'a EventFilter,
        limit: usize,
    ) -> BoxFuture<'a, Result<LogPage, ReadError>> {
        async move {
            let mut page = self.inner.read_all(after, filter, limit).await?;
            if page.events.len() > 1 && self.lies(Mistake::SkipsAnEvent) {
                page.events.remove(page.events.len() - 2);
            }
            Ok(page)
        }
        .boxed()
    }

    fn head(&self) -> BoxFuture<'_, Result<Position, ReadError>> {
        async {
            let tells_old = self.mistake == Mistake::TellsAnOldHead && !self.is_over.load(Ordering::SeqCst);
            if tells_old { &self.old } else { &self.inner }.head().await
        }
        .boxed()
    }

    fn watch(&self) -> watch::Receiver<Position> {
        self.inner.watch()
    }
}

fn open(ambient: &Ambient, mistake: Option<Mistake>, lag: usize) -> Arc<dyn EventLog> {
    let log = || MemoryLog::new(ambient.clock.clone());
    let Some(mistake) = mistake else { return Arc::new(log()) };
    Arc::new(Liar {
        inner: log(),
        mistake,
        count: AtomicUsize::new(0),
        is_over: AtomicBool::new(false),
        old: log(),
        lag,
        not_in_old: tokio::sync::Mutex::default(),
    })
}

fn recorded(mistake: Option<Mistake>, plan: Plan, seed: u64) -> History {
    let (ambient, _) = Ambient::seeded(DateTime::UNIX_EPOCH, seed);
    // Behind by more than the appends that may be on their way at once.
    let log = open(&ambient, mistake, plan.tasks * 3 / 2);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
    runtime.block_on(record(&log, &ambient.ids, plan, seed))
}

/// In how many of some small histories the search and the sweep find something.
fn found(mistake: Option<Mistake>) -> (usize, usize) {
    let (mut searched, mut swept) = (0, 0);
    for round in 0..40 {
        let history = recorded(mistake, small_plan(round), round);
        searched += usize::from(linearize(&LogModel, &history.calls).is_err());
        swept += usize::from(check(&history.events, &history.calls).is_err());
    }
    (searched, swept)
}

#[test]
fn a_log_without_a_mistake_passes() {
    assert_eq!(found(None), (0, 0));
}

#[track_caller]
fn assert_found_by_both(mistake: Mistake) {
    let (searched, swept) = found(Some(mistake));
    // Not in all of them: an old copy may be the newest, and a drop may be a repetition.
    assert!(searched >= 5 && swept >= 5, "found in {searched} and in {swept} histories");
}

#[test]
fn a_log_that_reads_old_copies_is_found() {
    assert_found_by_both(Mistake::ReadsOldCopies);
}

#[test]
fn a_log_that_accepts_two_appends_at_one_revision_is_found() {
    assert_found_by_both(Mistake::AcceptsTwoAtOneRevision);
}

#[test]
fn a_log_that_acknowledges_and_drops_is_found() {
    assert_found_by_both(Mistake::AcknowledgesAndDrops);
}

#[test]
fn a_log_that_refuses_what_is_right_is_found() {
    assert_found_by_both(Mistake::RefusesWhatIsRight);
}

#[test]
fn a_log_that_appends_again_what_it_took_before_is_found() {
    assert_found_by_both(Mistake::AppendsAgain);
}

#[test]
fn a_log_that_skips_an_event_is_found() {
    assert_found_by_both(Mistake::SkipsAnEvent);
}

#[test]
fn a_log_that_tells_an_old_head_is_found_by_positions() {
    let (_, swept) = found(Some(Mistake::TellsAnOldHead));
    assert!(swept >= 5, "found in {swept} histories");
}

#[test]
fn in_a_large_history_every_mistake_is_found() {
    for mistake in MISTAKES.map(Some).into_iter().chain([None]) {
        let streams = (1..9).map(order).collect();
        let history = recorded(mistake, Plan { tasks: 64, steps: 20, streams, hot_percent: 30, is_small: false }, 5);
        let verdict = check(&history.events, &history.calls);
        assert_eq!(verdict.is_err(), mistake.is_some(), "{mistake:?}: {verdict:?}");
    }
}
