//! The vault's thread: gathers the requests that wait into a group, makes the group durable, and answers.

use super::{
    cache::KeyCache,
    table::{Table, Wish},
};
use crate::{
    sqlite_file::WriteError,
    vault::{KeyState, Mark, VaultError},
};
use parking_lot::Mutex;
use std::{io, sync::Arc, thread::JoinHandle};
use tillroll_domain::ids::SubjectId;
use tokio::sync::{
    OwnedSemaphorePermit, Semaphore,
    mpsc::{self, UnboundedReceiver, UnboundedSender},
    oneshot,
};

/// The most requests that wait; further ones wait for room.
const QUEUE_MAX: usize = 4_096;
/// The most requests of one group.
const GROUP_MAX: usize = 1_024;

type Answer = Result<KeyState, VaultError>;

/// The queue before the thread. Its bound is the semaphore; the channel itself has none.
#[derive(Debug)]
pub(super) struct Worker {
    queue: UnboundedSender<Message>,
    room: Arc<Semaphore>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

enum Message {
    Request(Request),
    Mark(MarkRequest),
    Close,
}

/// Asks for a mark, or sets it.
struct MarkRequest {
    work: Box<str>,
    set: Option<Mark>,
    answer: oneshot::Sender<Result<Option<Mark>, VaultError>>,
    _room: OwnedSemaphorePermit,
}

struct Request {
    tenant: Box<str>,
    subject: SubjectId,
    wish: Wish,
    answer: oneshot::Sender<Answer>,
    _room: OwnedSemaphorePermit,
}

fn closed() -> VaultError {
    VaultError::Unavailable("it is closed".into())
}

impl Worker {
    /// Starts the thread. It alone writes to the cache, so that the cache and the file change in one order.
    pub(super) fn start(table: Table, cache: Arc<Mutex<KeyCache>>) -> io::Result<Self> {
        let (queue, messages) = mpsc::unbounded_channel();
        let room = Arc::new(Semaphore::new(QUEUE_MAX));
        let closes = CloseOnDrop(room.clone());
        let thread = std::thread::Builder::new().name("key-vault".to_owned()).spawn(move || {
            let _closes = closes;
            State { table, cache, failed: None }.run(messages);
        })?;
        Ok(Self { queue, room, thread: Mutex::new(Some(thread)) })
    }

    /// Queues a request, once there is room, and waits for its answer.
    pub(super) async fn ask(&self, tenant: &str, subject: SubjectId, wish: Wish) -> Answer {
        let room = self.room.clone().acquire_owned().await.map_err(|_| closed())?;
        let (answer, answered) = oneshot::channel();
        let request = Request { tenant: tenant.into(), subject, wish, answer, _room: room };
        self.queue.send(Message::Request(request)).map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }

    /// Queues a question for a mark, or a new one, once there is room, and waits for what the mark is then.
    pub(super) async fn mark(&self, work: &str, set: Option<Mark>) -> Result<Option<Mark>, VaultError> {
        let room = self.room.clone().acquire_owned().await.map_err(|_| closed())?;
        let (answer, answered) = oneshot::channel();
        let request = MarkRequest { work: work.into(), set, answer, _room: room };
        self.queue.send(Message::Mark(request)).map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }

    /// Lets the thread finish what it has taken in, and waits for that. Closing again does nothing.
    pub(super) fn close_and_join(&self) {
        self.room.close();
        // If the thread is gone already there is nothing to close.
        let _ = self.queue.send(Message::Close);
        if let Some(thread) = self.thread.lock().take()
            && thread.join().is_err()
        {
            tracing::error!("the key vault's thread panicked");
        }
    }
}

struct CloseOnDrop(Arc<Semaphore>);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.close();
    }
}

#[derive(Debug)]
struct State {
    table: Table,
    cache: Arc<Mutex<KeyCache>>,
    /// Why nothing more may be asked of the file.
    failed: Option<Arc<str>>,
}

impl State {
    fn run(mut self, mut messages: UnboundedReceiver<Message>) {
        // What a process that died in an erasure has left goes now, and not with somebody's next erasure.
        self.tidy();
        let mut group = Vec::new();
        while let Some(first) = messages.blocking_recv() {
            let mut next = Some(first);
            while let Some(message) = next {
                match message {
                    Message::Request(request) => group.push(request),
                    Message::Mark(request) => {
                        // It says that what was asked before is durable.
                        self.answer(&mut group);
                        let MarkRequest { work, set, answer, _room } = request;
                        // The caller may have gone.
                        let _ = answer.send(self.mark(&work, set));
                    }
                    // What was queued before is still answered.
                    Message::Close => messages.close(),
                }
                next = if group.len() < GROUP_MAX { messages.try_recv().ok() } else { None };
            }
            self.answer(&mut group);
        }
        if self.failed.is_none() {
            self.tidy();
        }
    }

    fn tidy(&self) {
        if let Err(error) = self.table.empty_write_ahead_log() {
            tracing::warn!(error, "the key vault's write-ahead log could not be emptied; the next erasure tries again");
        }
    }

    fn answer(&mut self, group: &mut Vec<Request>) {
        if group.is_empty() {
            return;
        }
        let erases = group.iter().any(|request| request.wish == Wish::Erase);
        let states = match self.fulfill(group) {
            Ok(states) => states,
            Err(error) => {
                if erases {
                    self.forget_erased(group);
                }
                let group_may_pass = self.failed.is_none() && group.len() > 1;
                for request in group.drain(..) {
                    // What had no room or time to be written does not keep a key from being read.
                    let answer = match request.wish {
                        Wish::Find if group_may_pass => self.find(&request),
                        _ => Err(error.clone()),
                    };
                    // The caller may have gone.
                    let _ = request.answer.send(answer);
                }
                return;
            }
        };
        {
            // Before the answers, so that nobody uses a key after it was told that the subject is erased.
            let mut cache = self.cache.lock();
            for (request, state) in group.iter().zip(&states) {
                cache.note(&request.tenant, request.subject, state);
            }
        }
        // Repeated erasures leave nothing behind, unless those before them could not empty it.
        let emptied = if erases && self.table.lingers() { self.table.empty_write_ahead_log() } else { Ok(()) };
        if let Err(error) = &emptied {
            tracing::error!(error, "a key was destroyed, but the key vault's write-ahead log could not be emptied");
        }
        let lingering = emptied.err().map(Arc::<str>::from);
        for (request, state) in group.drain(..).zip(states) {
            let answer = match (&lingering, request.wish) {
                (Some(reason), Wish::Erase) => Err(VaultError::Lingering(reason.clone())),
                _ => Ok(state),
            };
            let _ = request.answer.send(answer);
        }
    }

    fn fulfill(&mut self, group: &[Request]) -> Result<Vec<KeyState>, VaultError> {
        if let Some(reason) = &self.failed {
            return Err(VaultError::Unavailable(reason.clone()));
        }
        let wishes = group.iter().map(|request| (&*request.tenant, request.subject, request.wish));
        self.table.fulfill(wishes).map_err(|error| self.told(error, group.len()))
    }

    fn mark(&mut self, work: &str, set: Option<Mark>) -> Result<Option<Mark>, VaultError> {
        if let Some(reason) = &self.failed {
            return Err(VaultError::Unavailable(reason.clone()));
        }
        let done = match set {
            Some(mark) => self.table.set_mark(work, mark).map(|()| set),
            None => self.table.mark(work),
        };
        done.map_err(|error| self.told(error, 1))
    }

    /// What the callers are told of an error; takes note of one after which the file must not be used.
    fn told(&mut self, error: WriteError, requests: usize) -> VaultError {
        match error {
            WriteError::Full => {
                tracing::error!("the key vault makes no keys: the disk is full");
                VaultError::Full
            }
            WriteError::Passing(error) => {
                tracing::warn!(error = %error, requests, "the key vault could not answer");
                VaultError::Unavailable(error.to_string().into())
            }
            WriteError::Final(error) => {
                tracing::error!(error = %error, "the key vault stops until it is opened again");
                let reason: Arc<str> = format!("it failed and must be opened again: {error}").into();
                self.failed = Some(reason.clone());
                VaultError::Unavailable(reason)
            }
        }
    }

    fn find(&mut self, request: &Request) -> Answer {
        let found = self.fulfill(std::slice::from_ref(request))?;
        found.into_iter().next().ok_or_else(|| VaultError::Unavailable("it answered nothing".into()))
    }

    /// Whether these keys are destroyed is unknown, so the file is asked again.
    fn forget_erased(&self, group: &[Request]) {
        let mut cache = self.cache.lock();
        for request in group.iter().filter(|request| request.wish == Wish::Erase) {
            cache.forget(&request.tenant, request.subject);
        }
    }
}
