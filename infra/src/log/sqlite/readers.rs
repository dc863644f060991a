//! The readers: a few threads with a connection each, behind one bounded queue.
//!
//! Threads of our own, because a read may wait for the disk and must not hold up the tasks beside it. One page per job, so
//! no read transaction lasts longer than a page and the write-ahead log can start over.

use super::{
    super::{EventFilter, LogPage, ReadError, ReadFrom},
    pages::{PageError, Pages},
};
use crate::{
    event::RecordedEvent,
    stream::{Position, StreamId},
};
use parking_lot::{Condvar, Mutex};
use std::{collections::VecDeque, fmt, sync::Arc, thread::JoinHandle};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// The most reads that wait for a thread; further callers wait for room.
const QUEUE_MAX: usize = 1_024;

/// A running set of readers.
#[derive(Debug)]
pub(super) struct Readers {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    filled: Condvar,
    room: Arc<Semaphore>,
    /// Pages of the whole log are slow compared with a stream's, so one thread is always left for streams.
    scans: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct Queue {
    jobs: VecDeque<Job>,
    is_closed: bool,
}

struct Job {
    read: Read,
    /// Held until the job is done, also if its caller has gone.
    _permit: OwnedSemaphorePermit,
}

type Answer<T> = oneshot::Sender<Result<T, ReadError>>;

enum Read {
    Stream { stream: StreamId, from: ReadFrom, limit: usize, answer: Answer<Vec<RecordedEvent>> },
    All { after: Position, filter: EventFilter, limit: usize, answer: Answer<LogPage>, _scan: OwnedSemaphorePermit },
    Head { answer: Answer<Position> },
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Job")
    }
}

fn closed() -> ReadError {
    ReadError::Unavailable("it is closed".into())
}

impl Readers {
    /// Starts one thread per connection.
    pub(super) fn start(connections: Vec<Pages>) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            filled: Condvar::new(),
            room: Arc::new(Semaphore::new(QUEUE_MAX)),
            scans: Arc::new(Semaphore::new(connections.len().saturating_sub(1).max(1))),
        });
        let readers = Self { shared, threads: Mutex::default() };
        for pages in connections {
            let shared = readers.shared.clone();
            let thread = std::thread::Builder::new().name("event-log-reader".to_owned());
            // If one cannot start, dropping the others stops them.
            readers.threads.lock().push(thread.spawn(move || run(pages, &shared))?);
        }
        Ok(readers)
    }

    pub(super) async fn read_stream(
        &self,
        stream: &StreamId,
        from: ReadFrom,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, ReadError> {
        let stream = stream.clone();
        self.ask(|answer| Read::Stream { stream, from, limit, answer }).await
    }

    pub(super) async fn read_all(
        &self,
        after: Position,
        filter: &EventFilter,
        limit: usize,
    ) -> Result<LogPage, ReadError> {
        let _scan = self.shared.scans.clone().acquire_owned().await.map_err(|_| closed())?;
        let filter = filter.clone();
        self.ask(|answer| Read::All { after, filter, limit, answer, _scan }).await
    }

    pub(super) async fn head(&self) -> Result<Position, ReadError> {
        self.ask(|answer| Read::Head { answer }).await
    }

    async fn ask<T>(&self, read: impl FnOnce(Answer<T>) -> Read) -> Result<T, ReadError> {
        let permit = self.shared.room.clone().acquire_owned().await.map_err(|_| closed())?;
        let (answer, answered) = oneshot::channel();
        {
            let mut queue = self.shared.queue.lock();
            if queue.is_closed {
                return Err(closed());
            }
            queue.jobs.push_back(Job { read: read(answer), _permit: permit });
        }
        self.shared.filled.notify_one();
        answered.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Ends the threads after the page each is at; reads that still wait are answered with an error.
    pub(super) fn close_and_join(&self) {
        self.shared.close();
        let threads = std::mem::take(&mut *self.threads.lock());
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a reader of the event log panicked");
            }
        }
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.close_and_join();
    }
}

impl Shared {
    fn close(&self) {
        self.room.close();
        self.scans.close();
        let waiting = {
            let mut queue = self.queue.lock();
            queue.is_closed = true;
            std::mem::take(&mut queue.jobs)
        };
        // Dropping their answers tells the callers.
        drop(waiting);
        self.filled.notify_all();
    }

    fn next(&self) -> Option<Job> {
        let mut queue = self.queue.lock();
        loop {
            if let Some(job) = queue.jobs.pop_front() {
                return Some(job);
            }
            if queue.is_closed {
                return None;
            }
            self.filled.wait(&mut queue);
        }
    }
}

fn run(mut pages: Pages, shared: &Shared) {
    /// A panic closes the readers, so that nobody waits for an answer that never comes.
    struct CloseOnPanic<'a>(&'a Shared);
    impl Drop for CloseOnPanic<'_> {
        fn drop(&mut self) {
            if std::thread::panicking() {
                self.0.close();
            }
        }
    }
    let _closes = CloseOnPanic(shared);
    while let Some(job) = shared.next() {
        match job.read {
            Read::Stream { stream, from, limit, answer } => {
                reply(answer, || pages.read_stream(&stream, from, limit));
            }
            Read::All { after, filter, limit, answer, _scan } => {
                reply(answer, || pages.read_all(after, &filter, limit));
            }
            Read::Head { answer } => reply(answer, || pages.head()),
        }
    }
}

fn reply<T>(answer: Answer<T>, read: impl FnOnce() -> Result<T, PageError>) {
    if answer.is_closed() {
        return;
    }
    // The caller may have gone meanwhile.
    let _ = answer.send(read().map_err(ReadError::from));
}
