//! A log around another one that does what a test says: hold answers back, fail, lose answers, or be gone.

use super::{Append, AppendError, AppendTicket, EventFilter, EventLog, LogPage, ReadError, ReadFrom};
use crate::{
    event::RecordedEvent,
    stream::{Position, StreamId},
};
use futures::future::{BoxFuture, FutureExt};
use parking_lot::Mutex;
use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};
use tokio::sync::{Semaphore, watch};

/// More answers than a test waits for.
const PERMITS: usize = 1 << 28;

/// A log whose answers wait for permission, and whose appends and reads fail where a test says so. At first it is as the
/// log inside.
#[derive(Debug)]
pub struct ControlledLog {
    inner: Arc<dyn EventLog>,
    /// One permit an answer.
    gate: Arc<Semaphore>,
    failures: Mutex<VecDeque<AppendError>>,
    answers_to_lose: AtomicUsize,
    appends_left: AtomicUsize,
    refuses_scans: AtomicBool,
    events_read: AtomicUsize,
}

impl ControlledLog {
    /// A log over another one.
    #[must_use]
    pub fn new(inner: Arc<dyn EventLog>) -> Self {
        Self {
            inner,
            gate: Arc::new(Semaphore::new(PERMITS)),
            failures: Mutex::default(),
            answers_to_lose: AtomicUsize::new(0),
            appends_left: AtomicUsize::new(usize::MAX),
            refuses_scans: AtomicBool::new(false),
            events_read: AtomicUsize::new(0),
        }
    }

    /// From now on appends reach the log inside, and their answers wait.
    pub fn hold_answers(&self) {
        self.gate.forget_permits(PERMITS);
    }

    /// Answers that wait go on, and later ones do not wait.
    pub fn let_answers_go(&self) {
        self.gate.add_permits(PERMITS);
    }

    /// The next appends do not reach the log inside and are answered with this.
    pub fn fail_next(&self, error: &AppendError, appends: usize) {
        self.failures.lock().extend(std::iter::repeat_n(error, appends).cloned());
    }

    /// How many appends are still to fail.
    #[must_use]
    pub fn failures_left(&self) -> usize {
        self.failures.lock().len()
    }

    /// No more appends fail.
    pub fn stop_failing(&self) {
        self.failures.lock().clear();
    }

    /// The next appends become durable and are never answered: their tickets are dropped.
    pub fn lose_next_answers(&self, appends: usize) {
        self.answers_to_lose.store(appends, Ordering::SeqCst);
    }

    /// After so many more appends the log takes none, as a killed process does for its caller.
    pub fn die_after(&self, appends: usize) {
        self.appends_left.store(appends, Ordering::SeqCst);
    }

    /// The log as a whole cannot be read from now on; its streams can.
    pub fn refuse_scans(&self) {
        self.refuses_scans.store(true, Ordering::SeqCst);
    }

    /// How many events of streams were read since it was last asked.
    pub fn take_events_read(&self) -> usize {
        self.events_read.swap(0, Ordering::SeqCst)
    }

    async fn submit(&self, append: Append) -> Result<AppendTicket, AppendError> {
        let count_down = |counter: &AtomicUsize| {
            counter.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
        };
        if !count_down(&self.appends_left) {
            return Err(AppendError::Unavailable("the process was killed".into()));
        }
        let failure = self.failures.lock().pop_front();
        let (answer, ticket) = AppendTicket::new();
        if let Some(error) = failure {
            // Its other end is in our hands, so sending cannot fail.
            let _ = answer.send(Err(error));
            return Ok(ticket);
        }
        let durable = self.inner.submit(append).await?;
        let (gate, is_lost) = (self.gate.clone(), count_down(&self.answers_to_lose));
        tokio::spawn(async move {
            let receipt = durable.await;
            if let Ok(permit) = gate.acquire().await {
                permit.forget();
            }
            if !is_lost {
                // The caller may have gone.
                let _ = answer.send(receipt);
            }
        });
        Ok(ticket)
    }
}

impl EventLog for ControlledLog {
    fn submit(&self, append: Append) -> BoxFuture<'_, Result<AppendTicket, AppendError>> {
        self.submit(append).boxed()
    }

    fn read_stream<'a>(
        &'a self,
        stream: &'a StreamId,
        from: ReadFrom,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<RecordedEvent>, ReadError>> {
        async move {
            let events = self.inner.read_stream(stream, from, limit).await?;
            self.events_read.fetch_add(events.len(), Ordering::SeqCst);
            Ok(events)
        }
        .boxed()
    }

    fn read_all<'a>(
        &'a self,
        after: Position,
        filter: &'a EventFilter,
        limit: usize,
    ) -> BoxFuture<'a, Result<LogPage, ReadError>> {
        if self.refuses_scans.load(Ordering::SeqCst) {
            return async { Err(ReadError::Unavailable("the log is not to be scanned".into())) }.boxed();
        }
        self.inner.read_all(after, filter, limit)
    }

    fn head(&self) -> BoxFuture<'_, Result<Position, ReadError>> {
        self.inner.head()
    }

    fn watch(&self) -> watch::Receiver<Position> {
        self.inner.watch()
    }
}
