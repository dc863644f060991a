//! The one writer: a thread that gathers what waits into a group, makes the group durable, and answers.
//!
//! There is no timer. While a group is being made durable the next one gathers in the queue, so a group is as large as the
//! load, and a lone append waits for nobody.

use super::{
    super::{Append, AppendError, AppendReceipt, AppendTicket, check::validate},
    group::{Tables, Written},
    metrics::Metrics,
};
use crate::{ambient::Clock, sqlite_file::WriteError, stream::Position};
use parking_lot::Mutex;
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::JoinHandle,
};
use tokio::sync::{
    Semaphore,
    mpsc::{self, UnboundedReceiver, UnboundedSender},
    oneshot, watch,
};

/// A group takes no more appends once it holds this many events; it may exceed it by one append.
const GROUP_EVENTS_MAX: usize = 4_096;
/// A group takes no more appends once its data and metadata reach this many bytes; it may exceed it by one append.
const GROUP_BYTES_MAX: usize = 8 << 20;
/// What may wait in the queue, in units of [`UNIT_BYTES`]: 32 MiB, or 32,768 small appends.
const QUEUE_UNITS: usize = 32 << 10;
const UNIT_BYTES: usize = 1 << 10;
/// What an event costs beside its data and metadata, about.
const EVENT_OVERHEAD_BYTES: usize = 128;

/// The writer's queue. Its bound is the semaphore, which counts bytes; the channel itself has none.
#[derive(Debug)]
pub(super) struct Writer {
    queue: UnboundedSender<Message>,
    room: Arc<Semaphore>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

enum Message {
    Append(Waiting),
    Close,
}

/// An append in the queue.
struct Waiting {
    append: Append,
    bytes: usize,
    units: u32,
    answer: oneshot::Sender<Result<AppendReceipt, AppendError>>,
}

/// The position of the last durable event, as readers may see it.
#[derive(Debug, Default)]
pub(super) struct DurableHead(AtomicU64);

impl DurableHead {
    pub(super) fn get(&self) -> Position {
        Position(self.0.load(Ordering::Acquire))
    }

    /// Never moves back. A reader calls it too, since it may find an event before the writer has come to tell of it.
    pub(super) fn raise(&self, position: Position) {
        self.0.fetch_max(position.0, Ordering::AcqRel);
    }
}

/// What the writer tells the rest of the log.
pub(super) struct Announcements {
    pub(super) head: Arc<DurableHead>,
    pub(super) hint: watch::Sender<Position>,
    pub(super) metrics: Arc<Metrics>,
}

impl Writer {
    /// Starts the thread. It owns `folder_lock` and lets go of it last.
    pub(super) fn start(
        tables: Tables,
        clock: Arc<dyn Clock>,
        announcements: Announcements,
        answers_early: bool,
        folder_lock: impl Send + 'static,
    ) -> std::io::Result<Self> {
        let (queue, messages) = mpsc::unbounded_channel();
        let room = Arc::new(Semaphore::new(QUEUE_UNITS));
        let state = State { tables, clock, announcements, answers_early, failed: None, is_full: false };
        let thread = {
            let room = room.clone();
            std::thread::Builder::new().name("event-log-writer".to_owned()).spawn(move || {
                // Fields and locals go in reverse order: first the connection, with `run`, then the lock.
                let _folder_lock = folder_lock;
                let _closes = CloseOnDrop(room.clone());
                state.run(messages, &room);
            })?
        };
        Ok(Self { queue, room, thread: Mutex::new(Some(thread)) })
    }

    /// Queues an append, once there is room.
    pub(super) async fn submit(&self, append: Append) -> Result<AppendTicket, AppendError> {
        let bytes = validate(&append)?;
        let units = (bytes + append.events.len() * EVENT_OVERHEAD_BYTES).div_ceil(UNIT_BYTES);
        // `validate` bounds both, far below the whole room.
        let units = u32::try_from(units).map_err(|_| AppendError::Invalid("it is too large"))?;
        let closed = || AppendError::Unavailable("it is closed".into());
        let permit = self.room.acquire_many(units).await.map_err(|_| closed())?;
        let (answer, ticket) = AppendTicket::new();
        self.queue.send(Message::Append(Waiting { append, bytes, units, answer })).map_err(|_| closed())?;
        // Given back when the append leaves the queue.
        permit.forget();
        Ok(ticket)
    }

    /// Refuses new appends from now on.
    pub(super) fn refuse(&self) {
        self.room.close();
    }

    /// Lets the writer finish what it has taken in, and waits for that.
    pub(super) fn close_and_join(&self) {
        self.refuse();
        // If the thread is gone already there is nothing to close.
        let _ = self.queue.send(Message::Close);
        if let Some(thread) = self.thread.lock().take()
            && thread.join().is_err()
        {
            tracing::error!("the event log's writer panicked");
        }
    }
}

struct CloseOnDrop(Arc<Semaphore>);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.close();
    }
}

struct State {
    tables: Tables,
    clock: Arc<dyn Clock>,
    announcements: Announcements,
    /// A sabotage that tests ask for.
    answers_early: bool,
    /// Why nothing more may be written.
    failed: Option<Arc<str>>,
    is_full: bool,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("tables", &self.tables).field("failed", &self.failed).finish_non_exhaustive()
    }
}

impl State {
    fn run(mut self, mut messages: UnboundedReceiver<Message>, room: &Semaphore) {
        let mut group = Vec::new();
        while let Some(first) = messages.blocking_recv() {
            let (mut events, mut bytes, mut units) = (0, 0, 0_usize);
            let mut next = Some(first);
            while let Some(message) = next {
                match message {
                    Message::Append(waiting) => {
                        events += waiting.append.events.len();
                        bytes += waiting.bytes;
                        units += usize::try_from(waiting.units).unwrap_or(0);
                        group.push(waiting);
                    }
                    // What was queued before is still delivered.
                    Message::Close => messages.close(),
                }
                let is_enough = events >= GROUP_EVENTS_MAX || bytes >= GROUP_BYTES_MAX;
                next = if is_enough { None } else { messages.try_recv().ok() };
            }
            room.add_permits(units);
            self.write(&mut group);
        }
        if self.failed.is_none()
            && let Err(error) = self.tables.close()
        {
            // Nothing is lost: the write-ahead log is read when the file is opened again.
            tracing::warn!(error = %error, "the event log's last checkpoint failed");
        }
    }

    fn write(&mut self, group: &mut Vec<Waiting>) {
        if group.is_empty() {
            return;
        }
        if let Some(reason) = &self.failed {
            let error = AppendError::Unavailable(reason.clone());
            return refuse_all(group, &error);
        }
        let appends = group.iter().map(|waiting| &waiting.append);
        let written = self.tables.stage(appends, self.clock.now()).and_then(|staged| {
            if self.answers_early {
                answer(&self.announcements, group, &staged);
            }
            self.tables.commit().map(|()| staged)
        });
        match written {
            Ok(written) => {
                if std::mem::take(&mut self.is_full) {
                    tracing::info!("the event log takes appends again");
                }
                answer(&self.announcements, group, &written);
                // What was answered is durable in the write-ahead log, whatever comes of this.
                match self.tables.checkpoint_if_due() {
                    Ok(()) => {}
                    Err(WriteError::Final(error)) => drop(self.fail(&error)),
                    Err(error) => tracing::warn!(?error, "the event log's write-ahead log could not be copied yet"),
                }
            }
            Err(WriteError::Full) => {
                if !self.is_full {
                    tracing::error!("the event log refuses appends: the disk is full");
                }
                self.is_full = true;
                refuse_all(group, &AppendError::Full);
            }
            Err(WriteError::Passing(error)) => {
                tracing::warn!(error = %error, appends = group.len(), "the event log could not write");
                refuse_all(group, &AppendError::Unavailable(error.to_string().into()));
            }
            Err(WriteError::Final(error)) => {
                let reason = self.fail(&error);
                refuse_all(group, &AppendError::Unavailable(reason));
            }
        }
    }

    /// Nothing more is written from now on. Answers what callers are told.
    fn fail(&mut self, error: &rusqlite::Error) -> Arc<str> {
        tracing::error!(error = %error, "the event log stops taking appends until it is opened again");
        let reason: Arc<str> = format!("it failed and must be opened again: {error}").into();
        self.failed = Some(reason.clone());
        self.announcements.metrics.note_failure();
        self.tables.keep_write_ahead_log();
        reason
    }
}

fn answer(announcements: &Announcements, group: &mut Vec<Waiting>, written: &Written) {
    let Announcements { head, hint, metrics } = announcements;
    metrics.count(written);
    // Before the answers, so that a caller with a receipt reads its own write.
    head.raise(written.head);
    for (waiting, answer) in group.drain(..).zip(&written.answers) {
        // The caller may have gone.
        let _ = waiting.answer.send(answer.clone());
    }
    if written.events > 0 {
        hint.send_replace(written.head);
    }
}

fn refuse_all(group: &mut Vec<Waiting>, error: &AppendError) {
    for waiting in group.drain(..) {
        // The caller may have gone.
        let _ = waiting.answer.send(Err(error.clone()));
    }
}
