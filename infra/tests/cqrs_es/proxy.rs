//! A log in front of another one that counts what is read and lets something happen before an append.

use futures::future::{BoxFuture, FutureExt};
use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};
use tillroll_infra::{
    ambient::Ambient,
    event::{NewEvent, RecordedEvent},
    log::{
        Append, AppendError, AppendTicket, EventFilter, EventLog, ExpectedRevision, LogPage, ReadError, ReadFrom,
        append,
    },
    stream::{Position, StreamId},
};
use tokio::sync::watch;

type Interruption = Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>;

pub(crate) struct Proxy {
    log: Arc<dyn EventLog>,
    reads: AtomicUsize,
    before_an_append: Mutex<Option<Interruption>>,
}

impl Proxy {
    pub(crate) fn new(log: &Arc<dyn EventLog>) -> Self {
        Self { log: log.clone(), reads: AtomicUsize::new(0), before_an_append: Mutex::default() }
    }

    /// The next append waits until this has happened.
    pub(crate) fn once_before_an_append(
        self,
        happens: impl FnOnce() -> BoxFuture<'static, ()> + Send + 'static,
    ) -> Self {
        *self.before_an_append.lock().expect("nothing panics while it holds this") = Some(Box::new(happens));
        self
    }

    /// Pages read so far.
    pub(crate) fn reads(&self) -> usize {
        self.reads.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Proxy").field(&self.log).finish()
    }
}

impl EventLog for Proxy {
    fn submit(&self, append: Append) -> BoxFuture<'_, Result<AppendTicket, AppendError>> {
        let interruption = self.before_an_append.lock().expect("nothing panics while it holds this").take();
        async move {
            if let Some(happens) = interruption {
                happens().await;
            }
            self.log.submit(append).await
        }
        .boxed()
    }

    fn read_stream<'a>(
        &'a self,
        stream: &'a StreamId,
        from: ReadFrom,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<RecordedEvent>, ReadError>> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.log.read_stream(stream, from, limit)
    }

    fn read_all<'a>(
        &'a self,
        after: Position,
        filter: &'a EventFilter,
        limit: usize,
    ) -> BoxFuture<'a, Result<LogPage, ReadError>> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.log.read_all(after, filter, limit)
    }

    fn head(&self) -> BoxFuture<'_, Result<Position, ReadError>> {
        self.log.head()
    }

    fn watch(&self) -> watch::Receiver<Position> {
        self.log.watch()
    }
}

/// Appends an event that no repository wrote.
pub(crate) async fn append_foreign(log: &Arc<dyn EventLog>, stream: &StreamId, data: &str) {
    let event = NewEvent {
        id: Ambient::system().ids.next(),
        event_type: "CustomerDepositedMoney".into(),
        schema_version: 1,
        metadata: "{}".into(),
        data: data.into(),
    };
    let foreign = Append { stream: stream.clone(), expected: ExpectedRevision::NoStream, events: vec![event] };
    append(&**log, foreign).await.expect("the stream is new");
}
