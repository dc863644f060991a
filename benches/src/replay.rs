//! Row 3a: how much of the speed of decoding and folding does a replay from the log keep?
//!
//! The engine: read the whole log page by page and fold every event. The baseline: decode and fold the same payload bytes
//! from one text in memory, with the same codec and the same fold, on one core. The file stays in the system's cache, so
//! the disk does not count.
//!
//! Twice: with the next page read while one is folded, as the projections do, which takes a second core; and in turn, page
//! after page, so that one core works at a time.

use crate::{
    Failure,
    harness::{Arm, Row, Slice, Spec},
    shop::Shop,
};
use futures::future::join;
use sales::Sales;
use std::{
    collections::{HashMap, VecDeque},
    ops::Range,
    path::Path,
    rc::Rc,
    sync::Arc,
    time::Instant,
};
use tempfile::TempDir;
use tillroll_domain::{
    aggregate::Aggregate,
    order::{Order, events::OrderEvent},
    stock_item::{StockItem, commands::stream_id},
};
use tillroll_infra::{
    ambient::Ambient,
    event::NewEvent,
    log::{
        Append, AppendTicket, EventFilter, EventLog, ExpectedRevision, LogPage, SqliteLog, sqlite::SqliteLogOptions,
    },
    stream::{Position, Revision, StreamId},
};
use tokio::runtime::{Builder, Runtime};

mod sales;

/// Events of a page: the most that a projection takes.
const PAGE: usize = 5_000;
/// Lines of an order, at most.
const LINES_MAX: usize = 8;
/// Appends that wait for their group while the log is filled.
const IN_FLIGHT: usize = 1_000;

/// Which pages are read when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// The next one while one is folded.
    Ahead,
    /// One after the other.
    InTurn,
}

/// The row on a log of so many orders, which is filled here.
///
/// # Errors
/// The log cannot be filled.
pub fn spec(folder: &Path, orders: u32, reading: Reading) -> Result<Spec<'static>, Failure> {
    let source = Rc::new(Source::fill(folder, orders)?);
    let in_turn = Spec {
        name: "replay",
        question: "read the whole log and fold it, against the same bytes in memory",
        good: 0.6,
        excellent: 0.8,
        baseline_is_a_part: true,
        work: (1, 1_000),
        open: Box::new(move |passes| Ok(Box::new(Replay { source: source.clone(), passes, reading }))),
    };
    Ok(match reading {
        Reading::InTurn => in_turn,
        // With two cores the baseline's one is to be left behind.
        Reading::Ahead => Spec {
            name: "replay-ahead",
            question: "read the whole log ahead of the fold, against the same bytes in memory on one core",
            good: 1.7,
            excellent: 1.7,
            baseline_is_a_part: false,
            ..in_turn
        },
    })
}

/// A log, and its payloads in memory.
struct Source {
    runtime: Runtime,
    log: SqliteLog,
    payloads: Payloads,
    /// What every pass must come to.
    expected: Sales,
    /// Goes last, when nothing in it is open.
    _folder: TempDir,
}

/// Payloads one after the other, and what is needed to decode each.
#[derive(Default)]
struct Payloads {
    text: String,
    entries: Vec<Entry>,
}

struct Entry {
    stream: StreamId,
    event_type: Arc<str>,
    schema_version: u16,
    data: Range<usize>,
}

impl Source {
    fn fill(parent: &Path, orders: u32) -> Result<Self, Failure> {
        let folder = tempfile::tempdir_in(parent)?;
        let path = folder.path().join("events.sqlite");
        let log = SqliteLog::open(&SqliteLogOptions::new(path), Ambient::system().clock)?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let mut expected = Sales::default();
        runtime.block_on(append_orders(&log, orders, &mut expected))?;
        let mut source = Self { runtime, log, payloads: Payloads::default(), expected, _folder: folder };
        let mut payloads = Payloads::default();
        source.scan(Reading::InTurn, |page| {
            for event in page.events {
                let start = payloads.text.len();
                payloads.text.push_str(&event.data);
                payloads.entries.push(Entry {
                    stream: event.stream,
                    event_type: event.event_type,
                    schema_version: event.schema_version,
                    data: start..payloads.text.len(),
                });
            }
            Ok(())
        })?;
        source.payloads = payloads;
        Ok(source)
    }

    /// Reads the whole log, page after page.
    fn scan(&self, reading: Reading, mut take: impl FnMut(LogPage) -> Result<(), Failure>) -> Result<(), Failure> {
        self.runtime.block_on(async {
            let filter = EventFilter::default();
            let mut page = self.log.read_all(Position::START, &filter, PAGE).await?;
            while !page.at_end {
                let next = self.log.read_all(page.scanned_to, &filter, PAGE);
                page = match reading {
                    // The read is polled first, so that the log works while the fold does.
                    Reading::Ahead => {
                        let (next, taken) = join(next, async { take(page) }).await;
                        taken?;
                        next?
                    }
                    Reading::InTurn => {
                        take(page)?;
                        next.await?
                    }
                };
            }
            take(page)
        })
    }

    fn fold_log(&self, reading: Reading) -> Result<Sales, Failure> {
        let mut sales = Sales::default();
        self.scan(reading, |page| {
            for event in &page.events {
                sales.fold(&event.stream, &event.event_type, event.schema_version, &event.data)?;
            }
            Ok(())
        })?;
        Ok(sales)
    }

    fn fold_memory(&self) -> Result<Sales, Failure> {
        let mut sales = Sales::default();
        for entry in &self.payloads.entries {
            let data = &self.payloads.text[entry.data.clone()];
            sales.fold(&entry.stream, &entry.event_type, entry.schema_version, data)?;
        }
        Ok(sales)
    }
}

/// Orders, and their shipments on the stock of what was ordered. Tells `expected` what it does.
async fn append_orders(log: &SqliteLog, orders: u32, expected: &mut Sales) -> Result<(), Failure> {
    let mut shop = Shop::new(1);
    let mut stock: HashMap<StreamId, ExpectedRevision> = HashMap::new();
    let mut tickets: VecDeque<AppendTicket> = VecDeque::new();
    for _ in 0..orders {
        let order = shop.order(LINES_MAX)?;
        expected.order(&order.placed);
        let stream = StreamId::new(Order::CATEGORY, &order.id.uuid().to_string())?;
        let mut appends =
            vec![one(stream, ExpectedRevision::NoStream, shop.written(&OrderEvent::from(order.placed.clone()))?)];
        for (sku, shipped) in shop.stock_shipped(&order) {
            let stream = StreamId::new(StockItem::CATEGORY, &stream_id(&"main".parse()?, sku))?;
            let written = shop.written(&shipped)?;
            expected.stock(&stream, &shipped);
            let revision = stock.entry(stream.clone()).or_insert(ExpectedRevision::NoStream);
            let next = match *revision {
                ExpectedRevision::Exact(revision) => revision.next(),
                _ => Revision(0),
            };
            appends.push(one(stream, std::mem::replace(revision, ExpectedRevision::Exact(next)), written));
        }
        for append in appends {
            if tickets.len() == IN_FLIGHT
                && let Some(ticket) = tickets.pop_front()
            {
                ticket.await?;
            }
            tickets.push_back(log.submit(append).await?);
        }
    }
    for ticket in tickets {
        ticket.await?;
    }
    Ok(())
}

fn one(stream: StreamId, expected: ExpectedRevision, event: NewEvent) -> Append {
    Append { stream, expected, events: vec![event] }
}

/// The row, opened.
struct Replay {
    source: Rc<Source>,
    /// How often a slice goes through the log.
    passes: u64,
    reading: Reading,
}

impl Row for Replay {
    fn slice(&mut self, arm: Arm) -> Result<Slice, Failure> {
        let source = &self.source;
        let start = Instant::now();
        let mut last = Sales::default();
        for _ in 0..self.passes {
            last = match arm {
                Arm::Engine => source.fold_log(self.reading)?,
                Arm::Baseline => source.fold_memory()?,
            };
        }
        let time = start.elapsed();
        if last != source.expected {
            return Err(format!("{arm:?} came to another result than the orders").into());
        }
        Ok(Slice { events: self.passes * u64::try_from(source.payloads.entries.len())?, time })
    }

    fn counters(&self) -> String {
        let payloads = &self.source.payloads;
        let events = payloads.entries.len();
        format!("{events} events of {} bytes on average, {PAGE} a page", payloads.text.len() / events.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_and_memory_come_to_what_was_ordered() {
        let folder = tempfile::tempdir().unwrap();
        let source = Source::fill(folder.path(), 60).unwrap();
        assert_eq!(source.fold_log(Reading::Ahead).unwrap(), source.expected);
        assert_eq!(source.fold_log(Reading::InTurn).unwrap(), source.expected);
        assert_eq!(source.fold_memory().unwrap(), source.expected);
        assert_ne!(source.expected, Sales::default());
    }

    #[test]
    fn a_slice_goes_through_the_log_as_often_as_it_is_told_to() {
        let folder = tempfile::tempdir().unwrap();
        let spec = spec(folder.path(), 30, Reading::Ahead).unwrap();
        let events = |passes, arm| (spec.open)(passes).unwrap().slice(arm).unwrap().events;
        assert_eq!(events(3, Arm::Engine), 3 * events(1, Arm::Baseline));
    }

    #[test]
    fn a_fold_that_comes_to_something_else_is_a_failure() {
        let folder = tempfile::tempdir().unwrap();
        let mut source = Source::fill(folder.path(), 5).unwrap();
        source.payloads.entries.pop();
        let mut row = Replay { source: Rc::new(source), passes: 1, reading: Reading::Ahead };
        assert!(row.slice(Arm::Engine).is_ok());
        assert!(row.slice(Arm::Baseline).is_err());
    }
}
