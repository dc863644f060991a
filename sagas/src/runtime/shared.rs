//! What all processes of one runtime share: the bus, the bounds, the tasks and the signal to end.

use super::SagaOptions;
use futures::future::poll_fn;
use parking_lot::Mutex;
use std::{
    fmt::Display,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
    time::Duration,
};
use tillroll_infra::bus::Bus;
use tokio::{
    sync::{Notify, Semaphore},
    task::{JoinError, JoinSet},
};

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) bus: Bus,
    pub(super) options: SagaOptions,
    /// Permits to carry an action out.
    pub(super) actions: Arc<Semaphore>,
    is_stopping: AtomicBool,
    /// Wakes all in the order in which they began to wait, so that a seeded run repeats itself.
    stop: Notify,
    /// `None` once they were told to end at once.
    tasks: Mutex<Option<JoinSet<()>>>,
}

impl Shared {
    pub(super) fn new(bus: Bus, options: SagaOptions) -> Self {
        Self {
            bus,
            actions: Arc::new(Semaphore::new(options.actions_max.max(1))),
            options,
            is_stopping: AtomicBool::new(false),
            stop: Notify::new(),
            tasks: Mutex::new(Some(JoinSet::new())),
        }
    }

    /// Runs something beside the others, until it ends or everything does.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock();
        let Some(tasks) = tasks.as_mut() else { return };
        while let Some(ended) = tasks.try_join_next() {
            report(ended);
        }
        tasks.spawn(task);
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::SeqCst)
    }

    /// Completes once nothing new is to be begun. Cancel safe.
    pub(super) async fn stopped(&self) {
        let mut told = pin!(self.stop.notified());
        // From here on it is told; so that nothing is missed, it is looked only then.
        told.as_mut().enable();
        if !self.is_stopping() {
            told.await;
        }
    }

    fn begin_to_stop(&self) {
        self.is_stopping.store(true, Ordering::SeqCst);
        self.stop.notify_waiters();
    }

    /// What a future gives, or `None` if the end comes first.
    pub(super) async fn unless_stopped<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.stopped() => None,
            done = work => Some(done),
        }
    }

    /// Ends after what is going on, or after a while.
    pub(super) async fn shutdown(&self) {
        self.begin_to_stop();
        let all = poll_fn(|cx| {
            let mut tasks = self.tasks.lock();
            let Some(tasks) = tasks.as_mut() else { return Poll::Ready(()) };
            loop {
                match tasks.poll_join_next(cx) {
                    Poll::Ready(Some(ended)) => report(ended),
                    Poll::Ready(None) => return Poll::Ready(()),
                    Poll::Pending => return Poll::Pending,
                }
            }
        });
        if tokio::time::timeout(self.options.shutdown_max, all).await.is_err() {
            tracing::warn!("processes were still busy when they were ended; they go on at the next start");
        }
        self.abort();
    }

    /// Ends at once.
    pub(super) fn abort(&self) {
        self.begin_to_stop();
        // Outside the lock: what is dropped with a task may want to begin another.
        let tasks = self.tasks.lock().take();
        drop(tasks);
    }
}

fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        // What it panicked about was reported where it happened; what it was doing is found in the index again.
        tracing::error!("a task of a process ended early");
    }
}

/// Pauses that grow, and a log line for the first failure only.
#[derive(Debug)]
pub(super) struct Backoff<'a> {
    options: &'a SagaOptions,
    failures: u32,
}

impl<'a> Backoff<'a> {
    pub(super) fn new(options: &'a SagaOptions) -> Self {
        Self { options, failures: 0 }
    }

    /// Counts a failure and answers how long to wait.
    pub(super) fn failed(&mut self, what: &'static str, of: &dyn Display, error: &dyn Display) -> Duration {
        if self.failures == 0 {
            tracing::warn!(what, of = %of, error = %error, "a process cannot go on for the moment; it is tried again");
        }
        let doubled = 2_u32.saturating_pow(self.failures);
        self.failures = self.failures.saturating_add(1);
        self.options.backoff_first.saturating_mul(doubled).min(self.options.backoff_max)
    }

    /// Takes note of a success.
    pub(super) fn succeeded(&mut self, what: &'static str, of: &dyn Display) {
        if self.failures > 0 {
            tracing::info!(what, of = %of, failures = self.failures, "a process goes on again");
            self.failures = 0;
        }
    }
}
