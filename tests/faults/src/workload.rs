//! What the tests append: events that say of themselves which append they belong to, where they stand, and every byte that
//! they hold.

use crate::rng::Rng;
use anyhow::{Context, Result};
use serde::Deserialize;
use std::{
    fmt,
    str::FromStr,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU32, Ordering},
    },
};
use tillroll_infra::{
    event::{NewEvent, RecordedEvent},
    log::{Append, AppendReceipt, EventLog, ExpectedRevision, ReadFrom},
    stream::{Position, Revision, StreamId},
};
use tokio::{sync::Mutex, task::JoinSet};
use uuid::Uuid;

/// The most events of one append.
pub const EVENTS_MAX: usize = 20;

/// What the data of an event says.
#[derive(Debug, Deserialize)]
pub struct Said<'a> {
    /// Which append it belongs to; no two have the same number.
    pub append: u64,
    /// Which of the append's events it is, from 0.
    pub index: usize,
    /// How many events the append has.
    pub count: usize,
    /// Its stream.
    pub stream: &'a str,
    /// Its revision.
    pub revision: u64,
    /// As much as it takes.
    pub body: &'a str,
}

/// An append that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledged {
    /// Which append.
    pub append: u64,
    /// Its stream.
    pub stream: StreamId,
    /// How many events it has.
    pub count: usize,
    /// Where they stand.
    pub receipt: AppendReceipt,
}

/// Letters to cut bodies from: making each body anew, letter by letter, is what a check would spend its time on.
static LETTERS: LazyLock<String> = LazyLock::new(|| {
    let mut rng = Rng::new(0, 0);
    (0..64 << 10).map(|_| char::from(b"abcdefghijklmnopqrstuvwxyz"[rng.below(26)])).collect()
});

/// The event that stands there. Everything but `stream` and `revision` follows from the numbers.
#[must_use]
pub fn event(append: u64, index: usize, count: usize, stream: &StreamId, revision: Revision) -> NewEvent {
    let mut rng = Rng::new(append, u64::try_from(index).unwrap_or(u64::MAX));
    let bytes = match rng.below(100) {
        0..85 => rng.between(10, 400),
        85..97 => rng.between(1_000, 3_000),
        _ => rng.between(5_000, 12_000),
    };
    let from = rng.below(LETTERS.len() - bytes);
    let body = &LETTERS[from..from + bytes];
    let mut random = [0; 10];
    random[..8].copy_from_slice(&rng.draw().to_le_bytes());
    NewEvent {
        id: uuid::Builder::from_unix_timestamp_millis(1_750_000_000_000, &random).into_uuid(),
        event_type: ["OrderPlaced", "OrderConfirmed", "OrderShipped"][rng.below(3)].into(),
        schema_version: 1,
        metadata: format!(r#"{{"command_id":"{append:x}"}}"#).into(),
        data: format!(
            r#"{{"append":{append},"index":{index},"count":{count},"stream":"{stream}","revision":{revision},"body":"{body}"}}"#
        )
        .into(),
    }
}

/// The append with this number, to stand behind these expectations.
#[must_use]
pub fn append(number: u64, count: usize, stream: &StreamId, expected: ExpectedRevision) -> Append {
    let first = match expected {
        ExpectedRevision::Exact(last) | ExpectedRevision::After { revision: last, .. } => last.next(),
        ExpectedRevision::NoStream | ExpectedRevision::Any => Revision(0),
    };
    let mut revisions = std::iter::successors(Some(first), |revision| Some(revision.next()));
    let events = (0..count).filter_map(|index| Some(event(number, index, count, stream, revisions.next()?))).collect();
    Append { stream: stream.clone(), expected, events }
}

/// True if an event in the log is byte for byte the one that was appended there.
#[must_use]
pub fn is_whole(found: &RecordedEvent, said: &Said<'_>) -> bool {
    let want = event(said.append, said.index, said.count, &found.stream, found.revision);
    let NewEvent { id, event_type, schema_version, metadata, data } = want;
    (found.id, &found.event_type, found.schema_version) == (id, &event_type, schema_version)
        && found.metadata == metadata
        && found.data == data
}

/// One line per acknowledgment, far below what a pipe takes in one piece (`PIPE_BUF`, at least 512 bytes).
impl fmt::Display for Acknowledged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AppendReceipt { first_revision, last_position, .. } = self.receipt;
        write!(f, "{} {} {} {first_revision} {last_position}", self.append, self.stream, self.count)
    }
}

impl FromStr for Acknowledged {
    type Err = anyhow::Error;
    fn from_str(line: &str) -> Result<Self> {
        let mut parts = line.split(' ');
        let mut next = || parts.next().with_context(|| format!("the line is too short: {line}"));
        let (append, stream, count) = (next()?.parse()?, next()?.parse()?, next()?.parse::<usize>()?);
        let (first, last_position) = (next()?.parse()?, next()?.parse()?);
        let last_revision = Revision(first + u64::try_from(count)? - 1);
        let receipt =
            AppendReceipt { first_revision: Revision(first), last_revision, last_position: Position(last_position) };
        Ok(Self { append, stream, count, receipt })
    }
}

/// The end of a stream, as the last one who appended to it left it.
#[derive(Debug, Clone, Copy)]
struct End {
    revision: Revision,
    event_id: Uuid,
}

fn expect(end: Option<End>) -> ExpectedRevision {
    end.map_or(ExpectedRevision::NoStream, |End { revision, event_id }| ExpectedRevision::After { revision, event_id })
}

/// Many tasks that append at the same time.
#[derive(Debug)]
pub struct Workload {
    /// Sets this one's appends and streams apart from those of all others on the same log.
    pub run: u32,
    /// How many tasks.
    pub tasks: u32,
    /// How many appends each makes; `None` for as long as the process lives.
    pub appends_per_task: Option<u32>,
}

/// The one stream that all append to.
const HOT: &str = "stock-hot";

struct Shared {
    run: u32,
    log: Arc<dyn EventLog>,
    next: AtomicU32,
    /// Held while an append is put in the queue, so that the queue has the order of the revisions; not while it is made
    /// durable. This is how the command bus appends, too.
    hot: Mutex<Option<End>>,
}

impl Workload {
    /// Appends, and tells of each acknowledgment as soon as it is there. Two in five appends go to the one stream that all
    /// share, the others to streams of the task's own, new and old. Ends at the first append that is refused.
    ///
    /// # Errors
    /// An append that was refused.
    pub async fn run<F>(&self, log: Arc<dyn EventLog>, tell: F) -> Result<()>
    where
        F: Fn(Acknowledged) -> Result<()> + Clone + Send + 'static,
    {
        let hot: StreamId = HOT.parse()?;
        let last = log.read_stream(&hot, ReadFrom::BackwardsFromEnd, 1).await?;
        let hot_end = last.first().map(|event| End { revision: event.revision, event_id: event.id });
        let shared = Arc::new(Shared { run: self.run, log, next: AtomicU32::new(0), hot: Mutex::new(hot_end) });
        let mut tasks = JoinSet::new();
        for task in 0..self.tasks {
            let (shared, hot, tell) = (shared.clone(), hot.clone(), tell.clone());
            let appends = self.appends_per_task.unwrap_or(u32::MAX);
            tasks.spawn(async move { shared.append_all(task, appends, &hot, tell).await });
        }
        while let Some(ended) = tasks.join_next().await {
            ended??;
        }
        Ok(())
    }
}

impl Shared {
    async fn append_all(
        &self,
        task: u32,
        appends: u32,
        hot: &StreamId,
        tell: impl Fn(Acknowledged) -> Result<()>,
    ) -> Result<()> {
        let mut own: Option<(StreamId, Option<End>)> = None;
        for turn in 0..appends {
            let number = u64::from(self.run) << 32 | u64::from(self.next.fetch_add(1, Ordering::Relaxed));
            let mut rng = Rng::new(number, u64::MAX);
            let count = if rng.is_within(60) { 1 } else { rng.between(2, EVENTS_MAX) };
            let (stream, ticket) = if rng.is_within(40) {
                let mut end = self.hot.lock().await;
                let (next, ticket) = self.submit(number, count, hot, *end).await?;
                *end = Some(next);
                (hot.clone(), ticket)
            } else {
                if own.is_none() || rng.is_within(40) {
                    own = Some((StreamId::new("order", &format!("{}-{task}-{turn}", self.run))?, None));
                }
                let (stream, end) = own.as_mut().context("a stream was just chosen")?;
                let (next, ticket) = self.submit(number, count, stream, *end).await?;
                *end = Some(next);
                (stream.clone(), ticket)
            };
            let receipt = ticket.await.with_context(|| format!("append {number} to {stream}"))?;
            tell(Acknowledged { append: number, stream, count, receipt })?;
        }
        Ok(())
    }

    async fn submit(
        &self,
        number: u64,
        count: usize,
        stream: &StreamId,
        end: Option<End>,
    ) -> Result<(End, tillroll_infra::log::AppendTicket)> {
        let append = append(number, count, stream, expect(end));
        let last = append.events.last().context("an append has events")?;
        let first = end.map_or(Revision(0), |end| end.revision.next());
        let next = End { revision: Revision(first.0 + u64::try_from(count)? - 1), event_id: last.id };
        Ok((next, self.log.submit(append).await?))
    }
}
