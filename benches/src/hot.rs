//! The hot stream: what does a queue per stream gain when many callers want the same stock item?
//!
//! The engine: callers who hold units of one item and let them go, each with one command in flight, through the bus on the
//! SQLite log. The baseline does the same by optimistic retry, as one would without a queue. Each has an item of its own
//! on a log of its own. Callers take commands from a common budget until it is used up, so that it shows who is served.

use crate::{
    Failure,
    cost::{Cost, per},
    durable::all,
    harness::{Arm, Row, Slice, Spec},
    stock::{self, OpenHolds, STOCKED, Shoppers},
};
use optimistic::Optimistic;
use std::{
    future::Future,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};
use tempfile::TempDir;
use tillroll_domain::{
    ids::CommandId,
    stock_item::{StockItem, StockItemState, commands::StockItemCommand},
};
use tillroll_infra::{
    ambient::Ambient,
    bus::{Bus, CommandContext},
    log::{SqliteLog, sqlite::SqliteLogOptions},
    stream::{DEFAULT_TENANT, Revision, StreamId},
};
use tokio::runtime::{Builder, Runtime};

mod optimistic;

/// Who wants the item at the same time.
const CALLERS: usize = 100;
/// The baseline is expected to be about as many times slower and gets as many times fewer commands, so that its slices
/// last about as long as the engine's.
const BASELINE_GETS_LESS: u64 = 25;

/// The row.
#[must_use]
pub fn spec(folder: &Path) -> Spec<'_> {
    Spec {
        name: "hot-stream",
        question: "100 callers on one stock item through the bus, against optimistic retry",
        good: 20.0,
        excellent: 30.0,
        baseline_is_a_part: false,
        work: (1_000, 1_000_000),
        open: Box::new(move |commands| Ok(Box::new(Hot::open(folder, CALLERS, commands)?))),
    }
}

/// The row, opened.
struct Hot {
    commands: u64,
    runtime: Runtime,
    bus: Bus,
    optimistic: Arc<Optimistic>,
    stream: StreamId,
    queued: Side,
    retrying: Side,
    cost: Cost,
    /// Most to least commands answered to one caller, of the slice in which it was largest.
    unfairness: f64,
    tries_max: u64,
    /// Of the baseline: tries and commands.
    tries: (u64, u64),
    /// Goes last, when nothing in it is open.
    _folder: TempDir,
}

/// The callers of one arm, and how many commands they have had answered in all.
#[derive(Default)]
struct Side {
    callers: Vec<Caller>,
    answered: u64,
}

/// Somebody who wants the item.
struct Caller {
    shopper: Shoppers,
    holds: OpenHolds,
    /// Commands answered in this slice.
    answered: u64,
    /// The most tries that one of them took.
    tries_max: u64,
    tries: u64,
}

impl Side {
    fn new(callers: usize, seed: u64) -> Self {
        let seeds = (seed..).take(callers);
        let caller = |seed| Caller {
            shopper: Shoppers::new(seed),
            holds: OpenHolds::default(),
            answered: 0,
            tries_max: 0,
            tries: 0,
        };
        Self { callers: seeds.map(caller).collect(), answered: 0 }
    }

    /// Checks that the item is what the callers made of it, after its stock was received: each command is one event.
    fn check(&self, state: &StockItemState, revision: Option<Revision>) -> Result<(), Failure> {
        let held: i64 = self.callers.iter().map(|caller| caller.holds.units()).sum();
        let is_as_asked =
            (state.on_hand(), state.reserved(), revision) == (STOCKED, held, Some(Revision(self.answered)));
        if is_as_asked { Ok(()) } else { Err(format!("{held} units should be held, not {}", state.reserved()).into()) }
    }
}

impl Hot {
    fn open(parent: &Path, callers: usize, commands: u64) -> Result<Self, Failure> {
        let folder = tempfile::tempdir_in(parent)?;
        let runtime = Builder::new_multi_thread().enable_all().build()?;
        let stream = stock::streams(1)?.pop().ok_or("there is an item")?;
        let ambient = Ambient::system();
        let open_log = |name: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir(&path)?;
            let options = SqliteLogOptions::new(path.join("events.sqlite"));
            Ok::<_, Failure>(Arc::new(SqliteLog::open(&options, ambient.clock.clone())?))
        };
        let bus = Bus::builder(open_log("engine")?, ambient.clone()).register::<StockItem>().build();
        let optimistic = Arc::new(Optimistic::new(open_log("baseline")?, stream.clone(), ambient));
        let stocking = Shoppers::new(0);
        runtime.block_on(async {
            let (command, context) = (stocking.receive()?, live(stocking.command_id()));
            bus.execute::<StockItem>(stream.id(), command.clone(), context.clone()).await?;
            optimistic.execute(&command, &context).await
        })?;
        Ok(Self {
            commands,
            runtime,
            bus,
            optimistic,
            stream,
            queued: Side::new(callers, 1_000),
            retrying: Side::new(callers, 2_000),
            cost: Cost::default(),
            unfairness: 1.0,
            tries_max: 0,
            tries: (0, 0),
            _folder: folder,
        })
    }

    fn engine(&mut self) -> Result<Slice, Failure> {
        let commands = self.commands.max(u64::try_from(self.queued.callers.len())?);
        let (bus, id) = (self.bus.clone(), self.stream.id().to_owned());
        let execute = move |command, context| {
            let (bus, id) = (bus.clone(), id.clone());
            async move {
                bus.execute::<StockItem>(&id, command, context).await?;
                Ok(1)
            }
        };
        let callers = std::mem::take(&mut self.queued.callers);
        let (runtime, done) = (&self.runtime, &mut self.queued.callers);
        let time = self.cost.of(commands, || {
            *done = runtime.block_on(serve(callers, commands, execute))?;
            Ok(())
        })?;
        self.queued.answered += commands;
        let answered = || self.queued.callers.iter().map(|caller| caller.answered);
        let (most, least) = (answered().max().unwrap_or(0), answered().min().unwrap_or(0));
        self.unfairness = self.unfairness.max(per(most, least));
        let loaded = self.runtime.block_on(self.bus.load::<StockItem>(DEFAULT_TENANT, self.stream.id()))?;
        self.queued.check(&loaded.state, loaded.revision)?;
        Ok(Slice { events: commands, time })
    }

    fn baseline(&mut self) -> Result<Slice, Failure> {
        let commands = (self.commands / BASELINE_GETS_LESS).max(2 * u64::try_from(self.retrying.callers.len())?);
        let optimistic = self.optimistic.clone();
        let execute = move |command, context| {
            let optimistic = optimistic.clone();
            async move { optimistic.execute(&command, &context).await }
        };
        let callers = std::mem::take(&mut self.retrying.callers);
        let start = Instant::now();
        self.retrying.callers = self.runtime.block_on(serve(callers, commands, execute))?;
        let time = start.elapsed();
        self.retrying.answered += commands;
        for caller in &self.retrying.callers {
            self.tries_max = self.tries_max.max(caller.tries_max);
            self.tries.0 += caller.tries;
        }
        self.tries.1 += commands;
        let (state, revision) = self.runtime.block_on(self.optimistic.newest())?;
        self.retrying.check(&state, revision)?;
        Ok(Slice { events: commands, time })
    }
}

fn live(command_id: CommandId) -> CommandContext {
    CommandContext::live(command_id, "storefront")
}

/// Lets all callers take commands from one budget until it is used up; `execute` answers how many tries it took.
async fn serve<E, F>(callers: Vec<Caller>, budget: u64, execute: E) -> Result<Vec<Caller>, Failure>
where
    E: Fn(StockItemCommand, CommandContext) -> F + Clone + Send + 'static,
    F: Future<Output = Result<u64, Failure>> + Send,
{
    let taken = Arc::new(AtomicU64::new(0));
    let serve_one = |mut caller: Caller| {
        let (taken, execute) = (taken.clone(), execute.clone());
        async move {
            (caller.answered, caller.tries, caller.tries_max) = (0, 0, 0);
            while taken.fetch_add(1, Ordering::Relaxed) < budget {
                let command = caller.shopper.next(&mut caller.holds)?;
                let tries = execute(command, live(caller.shopper.command_id())).await?;
                caller.answered += 1;
                caller.tries += tries;
                caller.tries_max = caller.tries_max.max(tries);
            }
            Ok(caller)
        }
    };
    all(callers.into_iter().map(serve_one).collect()).await
}

impl Row for Hot {
    fn slice(&mut self, arm: Arm) -> Result<Slice, Failure> {
        match arm {
            Arm::Engine => self.engine(),
            Arm::Baseline => self.baseline(),
        }
    }

    fn counters(&self) -> String {
        format!(
            "most to least answered of {} callers {:.2} at most; {}; the baseline tried {} times at most and {:.1} on average",
            self.queued.callers.len(),
            self.unfairness,
            self.cost.describe("command"),
            self.tries_max,
            per(self.tries.0, self.tries.1)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_hold_what_their_callers_asked_for() {
        let parent = tempfile::tempdir().unwrap();
        let mut row = Hot::open(parent.path(), 8, 400).unwrap();
        for arm in [Arm::Engine, Arm::Baseline, Arm::Baseline, Arm::Engine] {
            let slice = row.slice(arm).unwrap();
            assert_eq!(slice.events, if arm == Arm::Engine { 400 } else { 16 });
        }
        assert_eq!((row.queued.answered, row.retrying.answered), (800, 32));
        let answered = |side: &Side| side.callers.iter().map(|caller| caller.answered).sum::<u64>();
        assert_eq!((answered(&row.queued), answered(&row.retrying)), (400, 16));
    }

    #[test]
    fn callers_without_a_queue_get_in_each_others_way() {
        let parent = tempfile::tempdir().unwrap();
        let mut row = Hot::open(parent.path(), 16, 10_000).unwrap();
        row.slice(Arm::Baseline).unwrap();
        assert!(row.tries.0 > row.tries.1 && row.tries_max > 1, "{:?}", row.tries);
    }

    #[test]
    fn a_hold_that_got_lost_is_noticed() {
        let parent = tempfile::tempdir().unwrap();
        let mut row = Hot::open(parent.path(), 2, 100).unwrap();
        row.slice(Arm::Engine).unwrap();
        let loaded = row.runtime.block_on(row.bus.load::<StockItem>(DEFAULT_TENANT, row.stream.id())).unwrap();
        assert!(row.queued.check(&loaded.state, loaded.revision).is_ok());
        assert!(row.queued.check(&loaded.state, Some(Revision(3))).is_err());
        // Asked for and never sent: one hold more or one less.
        let Caller { shopper, holds, .. } = &mut row.queued.callers[0];
        shopper.next(holds).unwrap();
        assert!(row.queued.check(&loaded.state, loaded.revision).is_err());
    }
}
