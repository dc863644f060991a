//! An event log with a model of durability: an append takes time to become durable, is read and acknowledged only then, and
//! what is on its way in a crash survives or is lost.

use crate::{
    crash::{Crasher, Point},
    disk::Disk,
    faults::Faults,
};
use futures::future::{BoxFuture, FutureExt};
use parking_lot::Mutex;
use std::{fmt, sync::Arc, time::Duration};
use tillroll_faults::rng::Rng;
use tillroll_infra::{
    ambient::Clock,
    event::RecordedEvent,
    log::{Append, AppendError, AppendReceipt, AppendTicket, EventFilter, EventLog, LogPage, ReadError, ReadFrom},
    stream::{Position, StreamId},
};
use tokio::sync::{oneshot, watch};

/// Is told of every event when it has become durable, in order.
pub type Witness = Arc<dyn Fn(&RecordedEvent) + Send + Sync>;

/// How long a group of appends takes to become durable.
#[derive(Debug, Clone, Copy)]
pub struct SyncTimes {
    /// Nearly always at most so many milliseconds, at least 1.
    pub usual_ms: usize,
    /// And sometimes at most so many.
    pub rarely_ms: usize,
}

/// The log of one life of the engine, over a disk that outlives it.
pub struct SimLog {
    shared: Arc<Shared>,
}

struct Shared {
    disk: Arc<Mutex<Disk>>,
    clock: Arc<dyn Clock>,
    crasher: Arc<Crasher>,
    witness: Witness,
    times: SyncTimes,
    /// Whether the disk is full now and then.
    faults: Option<Arc<Faults>>,
    queue: Mutex<Queue>,
}

struct Queue {
    rng: Rng,
    /// Appends that were taken in and not acknowledged, in order.
    waiting: Vec<Waiting>,
    is_syncing: bool,
    /// One for each reader, since tokio wakes several readers of one channel in no certain order.
    readers: Vec<watch::Sender<Position>>,
}

struct Waiting {
    reply: oneshot::Sender<Result<AppendReceipt, AppendError>>,
    answer: Result<AppendReceipt, AppendError>,
    /// What must be durable before: a refusal, too, rests on what is in the log.
    until: Position,
}

impl fmt::Debug for SimLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimLog").finish_non_exhaustive()
    }
}

impl SimLog {
    /// A log over a disk.
    #[must_use]
    pub fn new(
        disk: Arc<Mutex<Disk>>,
        clock: Arc<dyn Clock>,
        crasher: Arc<Crasher>,
        witness: Witness,
        times: SyncTimes,
        rng: Rng,
    ) -> Self {
        let queue = Queue { rng, waiting: Vec::new(), is_syncing: false, readers: Vec::new() };
        Self {
            shared: Arc::new(Shared { disk, clock, crasher, witness, times, faults: None, queue: Mutex::new(queue) }),
        }
    }
}

impl SimLog {
    /// The same on a disk that is full now and then: then nothing is appended.
    #[must_use]
    pub fn filling_up(mut self, faults: Arc<Faults>) -> Self {
        if let Some(shared) = Arc::get_mut(&mut self.shared) {
            shared.faults = Some(faults);
        }
        self
    }

    /// A log to look at what is on a disk.
    #[must_use]
    pub fn of_disk(disk: Arc<Mutex<Disk>>, clock: Arc<dyn Clock>) -> Self {
        let times = SyncTimes { usual_ms: 1, rarely_ms: 1 };
        Self::new(disk, clock, Crasher::new(None), Arc::new(|_| {}), times, Rng::new(0, 0))
    }
}

impl Shared {
    fn take(self: &Arc<Self>, append: Append) -> Result<AppendTicket, AppendError> {
        let (reply, ticket) = AppendTicket::new();
        if self.faults.as_ref().is_some_and(|faults| faults.strike(faults.weather().full)) {
            drop(reply.send(Err(AppendError::Full)));
            return Ok(ticket);
        }
        let (answer, until) = {
            let mut disk = self.disk.lock();
            let answer = disk.take(append, self.clock.now());
            let until = answer.as_ref().map_or(disk.end(), |receipt| receipt.last_position);
            (answer, until)
        };
        let mut queue = self.queue.lock();
        queue.waiting.push(Waiting { reply, answer, until });
        if !std::mem::replace(&mut queue.is_syncing, true) {
            tokio::spawn(self.clone().sync_all());
        }
        Ok(ticket)
    }

    /// Makes what was taken in durable, group after group, until nothing is left.
    async fn sync_all(self: Arc<Self>) {
        loop {
            let (pause, end) = {
                let mut queue = self.queue.lock();
                if queue.waiting.is_empty() {
                    queue.is_syncing = false;
                    return;
                }
                let SyncTimes { usual_ms, rarely_ms } = self.times;
                let is_usual = queue.rng.is_within(97);
                let millis = queue.rng.between(1, if is_usual { usual_ms } else { rarely_ms });
                (Duration::from_millis(u64::try_from(millis).unwrap_or(1)), self.disk.lock().end())
            };
            tokio::time::sleep(pause).await;
            if self.crasher.is_dead() {
                return;
            }
            let (from, head) = {
                let mut disk = self.disk.lock();
                let from = disk.durable().len();
                disk.sync(end);
                (from, disk.head())
            };
            // The witness reads the disk itself if it likes; the events are copied for it.
            let events = self.disk.lock().durable()[from..].to_vec();
            for event in &events {
                (self.witness)(event);
            }
            if self.crasher.dies_at(Point::Durable) {
                return;
            }
            let answered: Vec<Waiting> = {
                let mut queue = self.queue.lock();
                let count = queue.waiting.iter().take_while(|waiting| waiting.until <= head).count();
                queue.readers.retain(|reader| reader.send(head).is_ok());
                queue.waiting.drain(..count).collect()
            };
            for Waiting { reply, answer, .. } in answered {
                // Whoever asked may have gone.
                drop(reply.send(answer));
                if self.crasher.dies_at(Point::Acknowledged) {
                    return;
                }
            }
        }
    }
}

impl EventLog for SimLog {
    fn submit(&self, append: Append) -> BoxFuture<'_, Result<AppendTicket, AppendError>> {
        async move {
            self.shared.crasher.pass(Point::BeforeAppend).await;
            self.shared.take(append)
        }
        .boxed()
    }

    fn read_stream<'a>(
        &'a self,
        stream: &'a StreamId,
        from: ReadFrom,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<RecordedEvent>, ReadError>> {
        let shared = &self.shared;
        shared.crasher.guard(async move { Ok(shared.disk.lock().read_stream(stream, from, limit)) }).boxed()
    }

    fn read_all<'a>(
        &'a self,
        after: Position,
        filter: &'a EventFilter,
        limit: usize,
    ) -> BoxFuture<'a, Result<LogPage, ReadError>> {
        let shared = &self.shared;
        shared.crasher.guard(async move { Ok(shared.disk.lock().read_all(after, filter, limit)) }).boxed()
    }

    fn head(&self) -> BoxFuture<'_, Result<Position, ReadError>> {
        let shared = &self.shared;
        shared.crasher.guard(async move { Ok(shared.disk.lock().head()) }).boxed()
    }

    fn watch(&self) -> watch::Receiver<Position> {
        let sender = watch::Sender::new(self.shared.disk.lock().head());
        let receiver = sender.subscribe();
        self.shared.queue.lock().readers.push(sender);
        receiver
    }
}

#[cfg(test)]
mod tests;
