//! Row 1a: how much of a bare SQLite loop's speed do durable appends of one event keep?
//!
//! The engine: callers with one append each in flight, through the log's contract, its queue and its one writer. The
//! baseline: a loop that inserts the very rows that the engine has recorded, in the very groups, with the same pragmas,
//! into a file with the same schema; no contract, no check, no channel, no other thread.

use crate::{
    Failure,
    harness::{Arm, Row, Slice, Spec},
    shop::Shop,
};
use bare::Bare;
use recording::{Recorder, Recording};
use std::{
    collections::VecDeque,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tillroll_domain::{
    aggregate::Aggregate,
    order::{Order, events::OrderEvent},
};
use tillroll_infra::{
    ambient::Ambient,
    event::NewEvent,
    log::{Append, ExpectedRevision, SqliteLog, append, sqlite::SqliteLogOptions},
    stream::{Revision, StreamId},
};
use tokio::{
    runtime::{Builder, Runtime},
    task::JoinSet,
};

mod bare;
mod recording;

/// Events of one order, of which the first places it; then its caller goes on with another order.
const EVENTS_PER_ORDER: usize = 8;
/// Lines of an order, at most.
const LINES_MAX: usize = 3;
/// The most events of a slice, which are all made before it and kept until the baseline has repeated them.
const EVENTS_MAX: u64 = 400_000;
/// A slice of the baseline repeats one of the engine's; in A B B A the engine is two ahead at most.
const RECORDINGS_MAX: usize = 2;

/// The row with so many callers.
#[must_use]
pub fn spec<'a>(name: &'static str, in_flight: usize, folder: &'a Path) -> Spec<'a> {
    let least = u64::try_from(in_flight * EVENTS_PER_ORDER).unwrap_or(EVENTS_MAX);
    Spec {
        name,
        question: "durable appends of one event each, against a bare loop with the same rows and groups",
        good: 0.70,
        excellent: 0.85,
        work: (least, EVENTS_MAX.max(least)),
        open: Box::new(move |events| Ok(Box::new(Appends::open(folder, in_flight, events)?))),
    }
}

/// The row, opened.
struct Appends {
    in_flight: usize,
    /// What one caller appends in a slice.
    orders_per_caller: usize,
    shop: Shop,
    runtime: Runtime,
    log: Arc<SqliteLog>,
    recorder: Recorder,
    /// What the engine has done and the baseline has not repeated, oldest first.
    recordings: VecDeque<Recording>,
    bare: Bare,
    events_total: u64,
    commits_total: u64,
    /// Goes last, when nothing in it is open.
    _folder: TempDir,
}

impl Appends {
    fn open(parent: &Path, in_flight: usize, events_per_slice: u64) -> Result<Self, Failure> {
        let folder = tempfile::tempdir_in(parent)?;
        // The log takes its folder's writer lock, so each file has a folder of its own.
        let [engine, baseline] = ["engine", "baseline"].map(|name| folder.path().join(name));
        std::fs::create_dir(&engine)?;
        std::fs::create_dir(&baseline)?;
        let path = engine.join("events.sqlite");
        let log = Arc::new(SqliteLog::open(&SqliteLogOptions::new(&path), Ambient::system().clock)?);
        let per_order = u64::try_from(in_flight * EVENTS_PER_ORDER)?;
        Ok(Self {
            in_flight,
            orders_per_caller: usize::try_from(events_per_slice.div_ceil(per_order))?,
            shop: Shop::new(1),
            runtime: Builder::new_multi_thread().enable_all().build()?,
            log,
            recorder: Recorder::open(&path)?,
            recordings: VecDeque::new(),
            bare: Bare::create(&baseline.join("events.sqlite"))?,
            events_total: 0,
            commits_total: 0,
            _folder: folder,
        })
    }

    /// All callers append all they have; then the file tells what they did.
    fn engine(&mut self) -> Result<Slice, Failure> {
        let plans = (0..self.in_flight).map(|_| self.plan()).collect::<Result<Vec<_>, _>>()?;
        let events = plans.iter().map(Vec::len).sum::<usize>();
        let before = self.log.metrics();
        let start = Instant::now();
        let log = &self.log;
        self.runtime.block_on(async move {
            let mut callers = JoinSet::new();
            for plan in plans {
                let log = log.clone();
                callers.spawn(async move {
                    for next in plan {
                        append(&*log, next).await?;
                    }
                    Ok::<_, Failure>(())
                });
            }
            while let Some(caller) = callers.join_next().await {
                caller??;
            }
            Ok::<_, Failure>(())
        })?;
        let time = start.elapsed();
        let after = self.log.metrics();
        let commits = after.commits_total - before.commits_total;
        let recording = self.recorder.record_new()?;
        // The groups are told apart by their times; two with the same time would look like one.
        if recording.events() != events || u64::try_from(recording.groups.len())? != commits {
            return Err(format!("the file shows {} groups, the log made {commits}", recording.groups.len()).into());
        }
        if self.recordings.len() == RECORDINGS_MAX {
            self.recordings.pop_front();
        }
        self.recordings.push_back(recording);
        let events = u64::try_from(events)?;
        self.events_total += events;
        self.commits_total += commits;
        Ok(Slice { events, time })
    }

    /// The bare loop repeats what the engine did.
    fn baseline(&mut self) -> Result<Slice, Failure> {
        let recording = self.recordings.pop_front().ok_or("the engine has done nothing to repeat")?;
        let time: Duration = self.bare.repeat(&recording)?;
        Ok(Slice { events: u64::try_from(recording.events())?, time })
    }

    /// What one caller appends: one order after the other, one event per append.
    fn plan(&mut self) -> Result<Vec<Append>, Failure> {
        let mut plan = Vec::with_capacity(self.orders_per_caller * EVENTS_PER_ORDER);
        for _ in 0..self.orders_per_caller {
            let order = self.shop.order(LINES_MAX)?;
            let stream = StreamId::new(Order::CATEGORY, &order.id.uuid().to_string())?;
            let mut event: NewEvent = self.shop.written(&OrderEvent::from(order.placed.clone()))?;
            let mut expected = ExpectedRevision::NoStream;
            for revision in 0..EVENTS_PER_ORDER {
                let after =
                    ExpectedRevision::After { revision: Revision(u64::try_from(revision)?), event_id: event.id };
                plan.push(Append { stream: stream.clone(), expected, events: vec![event] });
                expected = after;
                event = self.shop.written(&self.shop.lines_shipped(&order))?;
            }
        }
        Ok(plan)
    }
}

impl Row for Appends {
    fn slice(&mut self, arm: Arm) -> Result<Slice, Failure> {
        match arm {
            Arm::Engine => self.engine(),
            Arm::Baseline => self.baseline(),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of one run, far fewer than 2^52")]
    fn counters(&self) -> String {
        let per_event = self.commits_total as f64 / (self.events_total as f64).max(1.0);
        // Groups settle at half the callers; a tenth is left for those that do not.
        let wanted = 1.0 / (0.45 * self.in_flight as f64);
        format!("{per_event:.4} syncs per event, at most {wanted:.4} wanted")
    }
}

#[cfg(test)]
mod tests;
