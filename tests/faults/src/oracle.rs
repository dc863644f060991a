//! Compares a log that was opened again with what it has acknowledged.

use crate::workload::{self, Acknowledged, Said};
use rusqlite::{Connection, OpenFlags};
use std::{
    collections::{HashMap, HashSet},
    fmt,
    path::Path,
};
use tillroll_infra::{
    ambient::Ambient,
    event::RecordedEvent,
    log::{EventFilter, EventLog, ExpectedRevision, ReadFrom, SqliteLog, sqlite::SqliteLogOptions},
    stream::{Position, Revision, StreamId},
};
use uuid::Uuid;

/// A promise that was not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Violation {
    /// The log does not open.
    DoesNotOpen(String),
    /// An acknowledged append is not where it was said to be.
    Lost {
        /// The append.
        acknowledged: Acknowledged,
        /// The last position of the log.
        head: Position,
    },
    /// An event is not what was appended.
    Altered(Position),
    /// An append is there in part.
    Partial(Position),
    /// An append is there more than once.
    Repeated(Position),
    /// The positions, or the revisions of a stream, do not follow each other.
    Gap(Position),
    /// The whole log and one stream of it tell different stories.
    Disagreement(StreamId),
    /// The file is not a sound database.
    Unsound(String),
    /// The log refuses to be read, or does not take new appends as it should.
    DoesNotServe(String),
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// The most violations that are told of one log; one is enough to fail.
const TOLD_MAX: usize = 5;
/// How many streams are read on their own, beside the whole log.
const STREAMS_READ: usize = 12;

/// Opens the log of a folder, reads everything, checks it against what was acknowledged, appends, and closes it.
///
/// The append is part of the check: a log that recovered wrongly may look right until something is written behind it.
pub async fn examine(folder: &Path, acknowledged: &[Acknowledged]) -> Vec<Violation> {
    let mut options = SqliteLogOptions::new(crate::log_file(folder));
    options.readers = 1;
    let log = match SqliteLog::open(&options, Ambient::system().clock) {
        Ok(log) => log,
        Err(error) => return vec![Violation::DoesNotOpen(format!("{:#}", anyhow::Error::from(error)))],
    };
    let mut violations = examine_open(&log, acknowledged).await;
    if violations.is_empty() {
        violations.extend(append_more(&log, acknowledged).await.err());
    }
    log.close();
    drop(log);
    violations.extend(examine_file(&options.path));
    violations.truncate(TOLD_MAX);
    violations
}

/// What SQLite itself says about the file, among others whether each index holds the rows of its table. The log must be
/// closed.
fn examine_file(path: &Path) -> Option<Violation> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let answer = Connection::open_with_flags(path, flags)
        .and_then(|file| file.query_row("PRAGMA integrity_check(1)", (), |row| row.get::<_, String>(0)));
    match answer {
        Ok(answer) if answer == "ok" => None,
        Ok(answer) => Some(Violation::Unsound(answer)),
        Err(error) => Some(Violation::Unsound(error.to_string())),
    }
}

/// Checks what an open log holds; changes nothing.
pub async fn examine_open(log: &dyn EventLog, acknowledged: &[Acknowledged]) -> Vec<Violation> {
    let mut scan = Scan::new(acknowledged);
    if let Err(violation) = scan.read(log).await {
        scan.violations.push(violation);
    }
    scan.finish(log).await
}

fn cannot(error: impl fmt::Display) -> Violation {
    Violation::DoesNotServe(error.to_string())
}

struct Scan<'a> {
    /// By the position of the last event.
    acknowledged: HashMap<Position, &'a Acknowledged>,
    total: usize,
    met: usize,
    head: Position,
    /// Next revision and last id of every stream.
    streams: HashMap<StreamId, (Revision, Uuid)>,
    /// Of the append that the last event belongs to, how many events are still to come.
    open: Option<(u64, usize, StreamId)>,
    seen: HashSet<u64>,
    violations: Vec<Violation>,
}

impl<'a> Scan<'a> {
    fn new(acknowledged: &'a [Acknowledged]) -> Self {
        Self {
            acknowledged: acknowledged.iter().map(|one| (one.receipt.last_position, one)).collect(),
            total: acknowledged.len(),
            met: 0,
            head: Position::START,
            streams: HashMap::new(),
            open: None,
            seen: HashSet::new(),
            violations: Vec::new(),
        }
    }

    async fn read(&mut self, log: &dyn EventLog) -> Result<(), Violation> {
        let mut after = Position::START;
        loop {
            let page = log.read_all(after, &EventFilter::default(), 1_000).await.map_err(cannot)?;
            for event in &page.events {
                self.take(event);
            }
            if self.violations.len() >= TOLD_MAX {
                return Ok(());
            }
            after = page.scanned_to;
            if page.at_end {
                break;
            }
        }
        let head = log.head().await.map_err(cannot)?;
        if head != self.head {
            return Err(Violation::Gap(head));
        }
        Ok(())
    }

    fn take(&mut self, event: &RecordedEvent) {
        let position = event.position;
        if position != self.head.next() {
            self.violations.push(Violation::Gap(position));
        }
        self.head = position;
        let next = self.streams.get(&event.stream).map_or(Revision(0), |(next, _)| *next);
        if event.revision != next {
            self.violations.push(Violation::Gap(position));
        }
        self.streams.insert(event.stream.clone(), (event.revision.next(), event.id));
        match serde_json::from_str::<Said<'_>>(&event.data) {
            Ok(said) if said.stream == event.stream.as_str() && workload::is_whole(event, &said) => {
                self.belongs(event, &said);
            }
            _ => self.violations.push(Violation::Altered(position)),
        }
    }

    /// All events of an append stand next to each other, or none is there.
    fn belongs(&mut self, event: &RecordedEvent, said: &Said<'_>) {
        let expected = self.open.take();
        let fits = match &expected {
            Some((append, left, stream)) => {
                *append == said.append && said.count - said.index == *left && *stream == event.stream
            }
            None => said.index == 0,
        };
        if !fits {
            self.violations.push(Violation::Partial(event.position));
            return;
        }
        if said.index == 0 && !self.seen.insert(said.append) {
            self.violations.push(Violation::Repeated(event.position));
        }
        let left = said.count - said.index - 1;
        if left > 0 {
            self.open = Some((said.append, left, event.stream.clone()));
        } else if let Some(acknowledged) = self.acknowledged.remove(&event.position) {
            let receipt = acknowledged.receipt;
            let is_it = acknowledged.append == said.append
                && acknowledged.count == said.count
                && acknowledged.stream == event.stream
                && receipt.last_revision == event.revision;
            if is_it {
                self.met += 1;
            } else {
                self.violations.push(Violation::Lost { acknowledged: acknowledged.clone(), head: self.head });
            }
        }
    }

    async fn finish(mut self, log: &dyn EventLog) -> Vec<Violation> {
        if self.open.is_some() {
            self.violations.push(Violation::Partial(self.head));
        }
        let mut lost: Vec<_> = self.acknowledged.values().collect();
        lost.sort_by_key(|one| one.receipt.last_position);
        let lost = lost.into_iter().map(|one| Violation::Lost { acknowledged: (*one).clone(), head: self.head });
        self.violations.extend(lost.take(TOLD_MAX));
        if self.violations.is_empty() && self.met != self.total {
            // Two acknowledgments of one position.
            self.violations.push(Violation::Repeated(self.head));
        }
        if self.violations.is_empty() {
            for (stream, (next, last)) in self.streams.iter().take(STREAMS_READ) {
                match log.read_stream(stream, ReadFrom::BackwardsFromEnd, 100).await {
                    Ok(events) => {
                        let found = events.first().map(|event| (event.revision.next(), event.id));
                        if found != Some((*next, *last)) {
                            self.violations.push(Violation::Disagreement(stream.clone()));
                        }
                    }
                    Err(error) => self.violations.push(cannot(error)),
                }
            }
        }
        self.violations
    }
}

/// Sends the newest acknowledged append again, then a new one to its stream and one to a new stream.
async fn append_more(log: &SqliteLog, acknowledged: &[Acknowledged]) -> Result<(), Violation> {
    let head = log.head().await.map_err(cannot)?;
    let newest = acknowledged.iter().max_by_key(|one| one.receipt.last_position);
    if let Some(Acknowledged { append, stream, count, receipt }) = newest {
        let expected = match receipt.first_revision.0.checked_sub(1) {
            Some(last) => ExpectedRevision::Exact(Revision(last)),
            None => ExpectedRevision::NoStream,
        };
        let again = workload::append(*append, *count, stream, expected);
        let answer = tillroll_infra::log::append(log, again).await.map_err(cannot)?;
        if answer != *receipt {
            return Err(Violation::DoesNotServe(format!("append {append} was answered {receipt:?}, now {answer:?}")));
        }
    }
    let new: StreamId = "order-after".parse().map_err(cannot)?;
    let ends = log.read_stream(&new, ReadFrom::BackwardsFromEnd, 1).await.map_err(cannot)?;
    let expected = ends.first().map_or(ExpectedRevision::NoStream, |event| ExpectedRevision::Exact(event.revision));
    let number = u64::MAX - head.0;
    let answer = tillroll_infra::log::append(log, workload::append(number, 3, &new, expected)).await.map_err(cannot)?;
    if answer.last_position != Position(head.0 + 3) {
        return Err(Violation::DoesNotServe(format!("behind {head} an append came to {answer:?}")));
    }
    let page = log.read_all(head, &EventFilter::default(), 10).await.map_err(cannot)?;
    let is_there = page.events.len() == 3 && page.events.iter().all(|event| event.stream == new);
    if is_there { Ok(()) } else { Err(Violation::DoesNotServe("a new append cannot be read".to_owned())) }
}
