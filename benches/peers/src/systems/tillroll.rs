//! Tillroll's SQLite log in this process, with its defaults.

use crate::{
    system::{Counts, System, Writer, count_next},
    workload::Event,
};
use futures::future::{BoxFuture, FutureExt};
use std::{path::Path, sync::Arc};
use tillroll_benches::Failure;
use tillroll_infra::{
    ambient::{Ambient, IdSource},
    event::NewEvent,
    log::{Append, EventFilter, EventLog, ExpectedRevision, PAGE_MAX, SqliteLog, append, sqlite::SqliteLogOptions},
    stream::{Position, Revision, StreamId},
};
use uuid::Uuid;

/// The log.
#[derive(Debug)]
pub struct Tillroll {
    log: Arc<SqliteLog>,
    ids: Arc<dyn IdSource>,
}

/// Opens a log in a folder.
///
/// # Errors
/// The log's own.
pub fn open_log(folder: &Path) -> Result<Arc<SqliteLog>, Failure> {
    let options = SqliteLogOptions::new(folder.join("events.sqlite"));
    Ok(Arc::new(SqliteLog::open(&options, Ambient::system().clock)?))
}

/// What it does about durability.
pub const ABOUT: &str = concat!(
    "Tillroll ",
    env!("CARGO_PKG_VERSION"),
    ", SQLite log in process, defaults (WAL, synchronous=FULL); each append expects the last event"
);

impl Tillroll {
    /// In a folder of its own.
    ///
    /// # Errors
    /// The log's own.
    pub fn open(folder: &Path) -> Result<Self, Failure> {
        Ok(Self { log: open_log(folder)?, ids: Ambient::system().ids })
    }
}

impl System for Tillroll {
    fn about(&self) -> String {
        ABOUT.to_owned()
    }

    fn writers(&self, count: usize) -> BoxFuture<'_, Result<Vec<Box<dyn Writer>>, Failure>> {
        let writer = || Box::new(LogWriter { log: self.log.clone(), ids: self.ids.clone(), last: Uuid::nil() });
        let writers = (0..count).map(|_| writer() as Box<dyn Writer>).collect();
        async { Ok(writers) }.boxed()
    }

    fn counts(&self) -> BoxFuture<'_, Result<Counts, Failure>> {
        async {
            let (mut counts, mut after, filter) = (Counts::new(), Position::START, EventFilter::default());
            loop {
                let page = self.log.read_all(after, &filter, PAGE_MAX).await?;
                for event in &page.events {
                    count_next(&mut counts, event.stream.id().parse()?, usize::try_from(event.revision.0)?)?;
                }
                after = page.scanned_to;
                if page.at_end {
                    return Ok(counts);
                }
            }
        }
        .boxed()
    }
}

struct LogWriter {
    log: Arc<SqliteLog>,
    ids: Arc<dyn IdSource>,
    last: Uuid,
}

impl Writer for LogWriter {
    fn append<'a>(&'a mut self, stream: Uuid, number: usize, event: &'a Event) -> BoxFuture<'a, Result<u64, Failure>> {
        async move {
            let expected = match number.checked_sub(1) {
                None => ExpectedRevision::NoStream,
                Some(last) => ExpectedRevision::After { revision: Revision(u64::try_from(last)?), event_id: self.last },
            };
            self.last = self.ids.next();
            let event = NewEvent { id: self.last, ..event.written.clone() };
            let stream = StreamId::new("order", &stream.to_string())?;
            append(&*self.log, Append { stream, expected, events: vec![event] }).await?;
            Ok(0)
        }
        .boxed()
    }
}
