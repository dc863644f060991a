//! Row 2b: how much of the speed of decoding and folding does the load of a stream that is in no cache keep?
//!
//! The engine: `bus.load` of stock items with 100 events each, one after the other. What is loaded does not go into the
//! bus's cache, so every load is cold. The baseline: decode and fold the same payload bytes from memory with the same
//! codec; no metadata, no command window. All streams grew side by side, so that the events of each are scattered over the
//! file as they are in a shop; the file is in the system's cache, so the disk does not count.

use crate::{
    Failure,
    cost::{Cost, per},
    harness::{Arm, Row, Slice, Spec},
    stock::{self, OpenHolds, STOCKED, Shoppers},
};
use counting::CountingLog;
use std::{
    ops::Range,
    path::Path,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tillroll_domain::{
    aggregate::{Aggregate, DomainEvent},
    stock_item::{StockItem, StockItemState, events::StockItemEvent},
};
use tillroll_infra::{
    ambient::Ambient,
    bus::{Bus, CommandContext},
    log::{EventLog, ReadFrom, SqliteLog, sqlite::SqliteLogOptions},
    stream::{DEFAULT_TENANT, Revision, StreamId},
};
use tokio::runtime::{Builder, Runtime};

mod counting;

/// Events of each stream, each of a command of its own.
const EVENTS: usize = 100;
const SEED: u64 = 3;

/// The row on a log of so many streams, which is filled here.
///
/// # Errors
/// The log cannot be filled.
pub fn spec(folder: &Path, streams: u32) -> Result<Spec<'static>, Failure> {
    let source = Rc::new(Source::fill(folder, usize::try_from(streams)?)?);
    let most = 1_000_000;
    Ok(Spec {
        name: "load-cold",
        question: "load streams of 100 events that are in no cache, against the same bytes in memory",
        good: 0.6,
        excellent: 0.8,
        baseline_is_a_part: true,
        work: (10, most),
        open: Box::new(move |loads| Ok(Box::new(Loads::new(source.clone(), loads)))),
    })
}

/// A log with its streams, and their payloads in memory.
struct Source {
    runtime: Runtime,
    log: Arc<CountingLog>,
    /// Has loaded nothing and executed nothing.
    bus: Bus,
    streams: Vec<Stream>,
    /// Goes last, when nothing in it is open.
    _folder: TempDir,
}

struct Stream {
    id: StreamId,
    payloads: String,
    /// Of each event its type, its schema version and its part of the payloads.
    events: Vec<(Arc<str>, u16, Range<usize>)>,
    units_held: i64,
}

impl Source {
    fn fill(parent: &Path, count: usize) -> Result<Self, Failure> {
        let folder = tempfile::tempdir_in(parent)?;
        let path = folder.path().join("events.sqlite");
        let ambient = Ambient::system();
        let log = SqliteLog::open(&SqliteLogOptions::new(path), ambient.clock.clone())?;
        let log = Arc::new(CountingLog::new(log));
        let runtime = Builder::new_multi_thread().enable_all().build()?;
        let bus = || Bus::builder(log.clone(), ambient.clone()).register::<StockItem>().build();
        let ids = stock::streams(count)?;
        let holds = runtime.block_on(grow(&bus(), &ids))?;
        let streams = ids.into_iter().zip(&holds).map(|(id, holds)| {
            let read = runtime.block_on(log.read_stream(&id, ReadFrom::Forwards(Revision(0)), EVENTS + 1))?;
            let mut stream = Stream { id, payloads: String::new(), events: Vec::new(), units_held: holds.units() };
            for event in read {
                let start = stream.payloads.len();
                stream.payloads.push_str(&event.data);
                stream.events.push((event.event_type, event.schema_version, start..stream.payloads.len()));
            }
            if stream.events.len() == EVENTS { Ok(stream) } else { Err(Failure::from("a stream has grown wrong")) }
        });
        let streams = streams.collect::<Result<_, _>>()?;
        Ok(Self { bus: bus(), runtime, log, streams, _folder: folder })
    }

    /// The streams' states, loaded one after the other, as often as it takes.
    fn load(&self, loads: usize, mut take: impl FnMut(&Stream, &StockItemState)) -> Result<(), Failure> {
        self.runtime.block_on(async {
            for stream in self.streams.iter().cycle().take(loads) {
                let loaded = self.bus.load::<StockItem>(DEFAULT_TENANT, stream.id.id()).await?;
                take(stream, &loaded.state);
            }
            Ok(())
        })
    }

    /// The same from memory.
    fn fold(&self, loads: usize, mut take: impl FnMut(&Stream, &StockItemState)) -> Result<(), Failure> {
        for stream in self.streams.iter().cycle().take(loads) {
            let mut state = StockItem::initial();
            for (event_type, version, data) in &stream.events {
                let mut data = serde_json::Deserializer::from_str(&stream.payloads[data.clone()]);
                state = StockItem::evolve(state, &StockItemEvent::decode(event_type, *version, &mut data)?);
            }
            take(stream, &state);
        }
        Ok(())
    }
}

/// Grows all streams side by side, an event of each in turn.
async fn grow(bus: &Bus, streams: &[StreamId]) -> Result<Vec<OpenHolds>, Failure> {
    let mut shoppers = Shoppers::new(SEED);
    let mut holds: Vec<OpenHolds> = streams.iter().map(|_| OpenHolds::default()).collect();
    for event in 0..EVENTS {
        let mut answers = Vec::with_capacity(streams.len());
        for (stream, holds) in streams.iter().zip(&mut holds) {
            let command = if event == 0 { shoppers.receive()? } else { shoppers.next(holds)? };
            let context = CommandContext::live(shoppers.command_id(), "storefront");
            answers.push(bus.submit::<StockItem>(stream.id(), command, context).await?);
        }
        for answer in answers {
            answer.await?;
        }
    }
    Ok(holds)
}

/// The row, opened.
struct Loads {
    source: Rc<Source>,
    /// Loads of a slice.
    loads: usize,
    cost: Cost,
    /// Of all slices of the engine: loads, reads of a stream, and time.
    total: (u64, u64, Duration),
}

impl Loads {
    fn new(source: Rc<Source>, loads: u64) -> Self {
        let loads = usize::try_from(loads).unwrap_or(usize::MAX);
        Self { source, loads, cost: Cost::default(), total: Default::default() }
    }
}

impl Row for Loads {
    fn slice(&mut self, arm: Arm) -> Result<Slice, Failure> {
        let source = &self.source;
        let loads = u64::try_from(self.loads)?;
        let events = loads * u64::try_from(EVENTS)?;
        let mut as_expected = 0_u64;
        let take = |stream: &Stream, state: &StockItemState| {
            as_expected += u64::from(state.on_hand() == STOCKED && state.reserved() == stream.units_held);
        };
        let time = match arm {
            Arm::Engine => {
                let before = source.log.stream_reads();
                let time = self.cost.of(loads, || source.load(self.loads, take))?;
                self.total.0 += loads;
                self.total.1 += source.log.stream_reads() - before;
                self.total.2 += time;
                time
            }
            Arm::Baseline => {
                let start = Instant::now();
                source.fold(self.loads, take)?;
                start.elapsed()
            }
        };
        if as_expected != loads {
            return Err(format!("{arm:?} folded {as_expected} of {loads} streams as expected").into());
        }
        Ok(Slice { events, time })
    }

    fn counters(&self) -> String {
        let (loads, reads, time) = self.total;
        let micros = per(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), loads) / 1_000.0;
        let reads = per(reads, loads);
        format!("{reads:.2} reads and {micros:.0} us per load of {EVENTS} events; {}", self.cost.describe("load"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_and_memory_come_to_the_same_states() {
        let folder = tempfile::tempdir().unwrap();
        let source = Source::fill(folder.path(), 3).unwrap();
        let (mut loaded, mut folded) = (Vec::new(), Vec::new());
        source.load(3, |_, state| loaded.push(state.clone())).unwrap();
        source.fold(3, |_, state| folded.push(state.clone())).unwrap();
        assert_eq!(loaded, folded);
        assert!(loaded.iter().all(|state| state.on_hand() == STOCKED));
    }

    /// A load that found its state in a cache would read too, from behind it; but it would not make the state's events.
    #[test]
    fn every_load_reads_once_and_reads_everything() {
        let folder = tempfile::tempdir().unwrap();
        let source = Rc::new(Source::fill(folder.path(), 3).unwrap());
        let mut row = Loads::new(source.clone(), 7);
        let before = (source.log.stream_reads(), source.log.events_read());
        let slice = row.slice(Arm::Engine).unwrap();
        assert_eq!(slice.events, 700);
        assert_eq!((source.log.stream_reads() - before.0, source.log.events_read() - before.1), (7, 700));
        assert_eq!(row.slice(Arm::Baseline).unwrap().events, 700);
    }

    #[test]
    fn a_fold_that_comes_to_something_else_is_a_failure() {
        let folder = tempfile::tempdir().unwrap();
        let mut source = Source::fill(folder.path(), 2).unwrap();
        source.streams[1].events.remove(0);
        let mut row = Loads::new(Rc::new(source), 2);
        assert!(row.slice(Arm::Engine).is_ok());
        assert_eq!(row.slice(Arm::Baseline).unwrap_err().to_string(), "Baseline folded 1 of 2 streams as expected");
    }
}
