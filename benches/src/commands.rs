//! Row 2c: how much of the bare loop's speed is left once commands go through the whole bus?
//!
//! The engine: callers of a storefront, each with one command in flight, through queue, cache, window, decision, codec,
//! append and answer. The baseline is that of row 1a: the bare loop repeats the very rows and groups that came of it.
//! Commands are made before the clock starts; that they are digested belongs to the bus's work here.

use crate::{
    Failure,
    durable::{Durable, all},
    harness::{Arm, Row, Slice, Spec},
};
use std::path::Path;
use storefront::{Step, Storefront};
use tillroll_domain::{order::Order, stock_item::StockItem};
use tillroll_infra::{
    ambient::Ambient,
    bus::{Bus, ExecuteError, Executed, Outcome},
};

mod storefront;

/// The most events of a slice, which are kept until the baseline has repeated them.
const EVENTS_MAX: u64 = 400_000;
/// Room for the states of all stock items with all the commands that they remember, so that the row tells what commands
/// cost and not what a cache that is too small does.
const CACHE_BYTES: u64 = 1 << 30;

/// The row with so many callers.
#[must_use]
pub fn spec<'a>(name: &'static str, in_flight: usize, folder: &'a Path) -> Spec<'a> {
    let least = u64::try_from(in_flight * storefront::STEPS_MAX).unwrap_or(EVENTS_MAX);
    Spec {
        name,
        question: "commands of a storefront through the bus, against a bare loop with the same rows and groups",
        good: 0.5,
        excellent: 0.7,
        baseline_is_a_part: true,
        work: (least, EVENTS_MAX.max(least)),
        open: Box::new(move |events| Ok(Box::new(Commands::open(folder, in_flight, events)?))),
    }
}

/// The row, opened.
struct Commands {
    in_flight: usize,
    /// What one caller asks for in a slice, at least.
    steps_per_caller: usize,
    storefront: Storefront,
    bus: Bus,
    durable: Durable,
}

impl Commands {
    fn open(parent: &Path, in_flight: usize, events_per_slice: u64) -> Result<Self, Failure> {
        let mut durable = Durable::open(parent, in_flight)?;
        let bus = Bus::builder(durable.log.clone(), Ambient::system()).cache_bytes(CACHE_BYTES);
        let bus = bus.register::<Order>().register::<StockItem>().build();
        let mut storefront = Storefront::new();
        let stocking = storefront.stocking()?;
        let callers = stocking.into_iter().map(|step| execute_all(bus.clone(), vec![step])).collect();
        durable.runtime.block_on(all(callers))?;
        durable.bare.catch_up()?;
        let steps_per_caller = usize::try_from(events_per_slice)?.div_ceil(in_flight);
        Ok(Self { in_flight, steps_per_caller, storefront, bus, durable })
    }

    /// All callers ask for all they want.
    fn engine(&mut self) -> Result<Slice, Failure> {
        let mut plans = Vec::with_capacity(self.in_flight);
        for _ in 0..self.in_flight {
            plans.push(self.storefront.orders(self.steps_per_caller)?);
        }
        let events = plans.iter().map(Vec::len).sum();
        let callers = plans.into_iter().map(|plan| execute_all(self.bus.clone(), plan)).collect();
        self.durable.engine(events, callers)
    }
}

/// Executes one after the other; each comes to one event.
async fn execute_all(bus: Bus, steps: Vec<Step>) -> Result<(), Failure> {
    for step in steps {
        match step {
            Step::Order { id, command, context } => one_event(bus.execute::<Order>(&id, command, context).await)?,
            Step::Stock { id, command, context } => one_event(bus.execute::<StockItem>(&id, command, context).await)?,
        }
    }
    Ok(())
}

fn one_event<E>(answer: Result<Executed, ExecuteError<E>>) -> Result<(), Failure>
where
    E: std::error::Error + Send + Sync + 'static,
{
    let executed = answer?;
    match executed.outcome {
        Outcome::Appended if executed.events == 1 => Ok(()),
        other => Err(format!("a command came to {} events: {other:?}", executed.events).into()),
    }
}

impl Row for Commands {
    fn slice(&mut self, arm: Arm) -> Result<Slice, Failure> {
        match arm {
            Arm::Engine => self.engine(),
            Arm::Baseline => self.durable.bare.repeat(),
        }
    }

    fn counters(&self) -> String {
        format!("{}; {}", self.durable.syncs(), self.durable.cost.describe("command"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tillroll_infra::stream::DEFAULT_TENANT;

    #[test]
    fn the_baseline_ends_with_the_rows_of_the_engine() {
        let parent = tempfile::tempdir().unwrap();
        let mut row = Commands::open(parent.path(), 4, 80).unwrap();
        let mut events = row.durable.events_there();
        for arm in [Arm::Engine, Arm::Baseline, Arm::Engine, Arm::Engine, Arm::Baseline, Arm::Baseline] {
            let slice = row.slice(arm).unwrap();
            assert!(slice.events >= 80);
            events += if arm == Arm::Engine { slice.events } else { 0 };
        }
        let [engine, baseline] = row.durable.contents();
        assert_eq!(row.durable.events_there(), events);
        assert_eq!(engine, baseline);
    }

    #[test]
    fn what_was_ordered_has_left_the_stock() {
        let parent = tempfile::tempdir().unwrap();
        let mut row = Commands::open(parent.path(), 8, 400).unwrap();
        row.slice(Arm::Engine).unwrap();
        let mut ordered = 0;
        for (id, expected) in row.storefront.expected_on_hand() {
            let item = row.durable.runtime.block_on(row.bus.load::<StockItem>(DEFAULT_TENANT, &id)).unwrap().state;
            assert_eq!((item.on_hand(), item.reserved(), item.allocated()), (expected, 0, 0), "{id}");
            ordered += usize::from(expected != crate::stock::STOCKED);
        }
        assert!(ordered > 10);
    }
}
