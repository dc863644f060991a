//! Row 2a: what does it cost to decide a command on a state that is at hand, against code written by hand for the purpose?
//!
//! The engine: take the state out of the bus's cache, look whether the command was answered before, read the clock, decide,
//! fold the events in, remember the command, put the state back; the bus's own code, without queue, codec and log. The
//! baseline: structs in a hash table of the standard library, changed in place by a match on the same commands; it keeps
//! the same rules for them but makes no events and remembers no commands. Both find an item by the name of its stream and
//! read the same clock.

use crate::{
    Failure,
    cost::Cost,
    harness::{Arm, Row, Slice, Spec},
    stock::{self, OpenHolds, STOCKED, Shoppers},
};
use by_hand::{Change, Warehouse};
use std::{sync::Arc, time::Instant};
use tillroll_domain::{
    ids::CommandId,
    stock_item::{StockItem, commands::StockItemCommand},
};
use tillroll_infra::{
    ambient::Ambient,
    bus::{Bus, CommandContext, Fingerprint, testing::decide_warm},
    log::MemoryLog,
    stream::{DEFAULT_TENANT, StreamId},
};

mod by_hand;

/// How many stock items there are.
const ITEMS: usize = 4_000;
/// Room for all their states, so that the cache drops none.
const CACHE_BYTES: u64 = 4 << 30;
/// The most commands of a slice, which are all made before it.
const COMMANDS_MAX: u64 = 1_000_000;
const SEED: u64 = 2;

/// The row.
#[must_use]
pub fn spec() -> Spec<'static> {
    Spec {
        name: "command-warm",
        question: "commands on cached states without queue, codec and log, against structs in a hash table",
        good: 0.3,
        excellent: 0.5,
        baseline_is_a_part: true,
        work: (1_000, COMMANDS_MAX),
        open: Box::new(|commands| Ok(Box::new(Warm::open(ITEMS, commands)?))),
    }
}

/// The row, opened. Every slice begins with items that have just been stocked, so that all slices do the same.
struct Warm {
    streams: Vec<StreamId>,
    commands: usize,
    cost: Cost,
}

/// A command on an item.
struct Asked {
    item: usize,
    command_id: CommandId,
    fingerprint: Fingerprint,
    command: StockItemCommand,
}

/// What is asked in a slice: the items' stock, then the commands that are measured, and what must come of them.
struct Plan {
    stocking: Vec<Asked>,
    asked: Vec<Asked>,
    /// Of each item.
    units_held: Vec<i64>,
}

impl Warm {
    fn open(items: usize, commands: u64) -> Result<Self, Failure> {
        Ok(Self { streams: stock::streams(items)?, commands: usize::try_from(commands)?, cost: Cost::default() })
    }

    fn plan(&self) -> Result<Plan, Failure> {
        let mut shoppers = Shoppers::new(SEED);
        let asked = |shoppers: &Shoppers, item, command| {
            let command_id = shoppers.command_id();
            // The edge digests the request, so the bus need not.
            let fingerprint = Fingerprint::of_bytes(command_id.uuid().as_bytes());
            Asked { item, command_id, fingerprint, command }
        };
        let stocking = (0..self.streams.len())
            .map(|item| Ok(asked(&shoppers, item, shoppers.receive()?)))
            .collect::<Result<_, Failure>>()?;
        let mut holds: Vec<OpenHolds> = self.streams.iter().map(|_| OpenHolds::default()).collect();
        let mut commands = Vec::with_capacity(self.commands);
        for _ in 0..self.commands {
            let item = shoppers.below(holds.len());
            let command = shoppers.next(&mut holds[item])?;
            commands.push(asked(&shoppers, item, command));
        }
        Ok(Plan { stocking, asked: commands, units_held: holds.iter().map(OpenHolds::units).collect() })
    }

    fn engine(&mut self) -> Result<Slice, Failure> {
        let plan = self.plan()?;
        let ambient = Ambient::system();
        let log = Arc::new(MemoryLog::new(ambient.clock.clone()));
        let bus = Bus::builder(log, ambient).cache_bytes(CACHE_BYTES).register::<StockItem>().build();
        execute(&bus, &self.streams, &plan.stocking)?;
        let events = u64::try_from(plan.asked.len())?;
        let time = self.cost.of(events, || execute(&bus, &self.streams, &plan.asked))?;
        // The log is empty, so what is loaded is what is in the cache.
        let reading = tokio::runtime::Builder::new_current_thread().build()?;
        let units_held = reading.block_on(async {
            let mut units_held = Vec::with_capacity(self.streams.len());
            for stream in &self.streams {
                let state = bus.load::<StockItem>(DEFAULT_TENANT, stream.id()).await?.state;
                units_held.push(held(state.on_hand(), state.reserved())?);
            }
            Ok::<_, Failure>(units_held)
        })?;
        check(&plan, &units_held, Slice { events, time })
    }

    fn baseline(&self) -> Result<Slice, Failure> {
        let plan = self.plan()?;
        let mut warehouse = Warehouse::new(Ambient::system().clock);
        change(&mut warehouse, &self.streams, &plan.stocking)?;
        let start = Instant::now();
        change(&mut warehouse, &self.streams, &plan.asked)?;
        let slice = Slice { events: u64::try_from(plan.asked.len())?, time: start.elapsed() };
        let units_held = self.streams.iter().map(|stream| {
            let (on_hand, held_units) = warehouse.units(stream.as_str()).ok_or("an item is gone")?;
            held(on_hand, held_units)
        });
        check(&plan, &units_held.collect::<Result<Vec<_>, _>>()?, slice)
    }
}

/// Every command decides one event; another number shows a state that was lost.
fn execute(bus: &Bus, streams: &[StreamId], asked: &[Asked]) -> Result<(), Failure> {
    let mut context = CommandContext::live(CommandId::new(bus.ambient().ids.next()), "storefront");
    for asked in asked {
        context.command_id = asked.command_id;
        context.fingerprint = Some(asked.fingerprint);
        if decide_warm::<StockItem>(bus, &streams[asked.item], &asked.command, &context)? != 1 {
            return Err("a command decided another number of events than one".into());
        }
    }
    Ok(())
}

fn change(warehouse: &mut Warehouse, streams: &[StreamId], asked: &[Asked]) -> Result<(), Failure> {
    for asked in asked {
        if warehouse.execute(streams[asked.item].as_str(), &asked.command)? != Change::Made {
            return Err("a command changed nothing".into());
        }
    }
    Ok(())
}

fn held(on_hand: i64, held: i64) -> Result<i64, Failure> {
    if on_hand == STOCKED { Ok(held) } else { Err(format!("an item has {on_hand} units, not {STOCKED}").into()) }
}

fn check(plan: &Plan, units_held: &[i64], slice: Slice) -> Result<Slice, Failure> {
    if plan.units_held == units_held { Ok(slice) } else { Err("the items do not hold what was asked for".into()) }
}

impl Row for Warm {
    fn slice(&mut self, arm: Arm) -> Result<Slice, Failure> {
        match arm {
            Arm::Engine => self.engine(),
            Arm::Baseline => self.baseline(),
        }
    }

    fn counters(&self) -> String {
        format!("{}, at most 2 and 1 wanted", self.cost.describe("command"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_hold_what_was_asked_for() {
        let mut row = Warm::open(5, 2_000).unwrap();
        for arm in [Arm::Engine, Arm::Baseline, Arm::Engine] {
            assert_eq!(row.slice(arm).unwrap().events, 2_000);
        }
        assert!(row.cost.allocations() > 0.0);
    }

    #[test]
    fn every_slice_asks_for_the_same() {
        let row = Warm::open(3, 100).unwrap();
        let [first, second] = [(); 2].map(|()| row.plan().unwrap());
        assert!(first.asked.iter().zip(&second.asked).all(|(a, b)| a.item == b.item));
        assert_eq!(first.units_held, second.units_held);
    }

    #[test]
    fn a_command_that_was_answered_before_is_noticed() {
        let mut row = Warm::open(1, 10).unwrap();
        let mut plan = row.plan().unwrap();
        let ambient = Ambient::system();
        let log = Arc::new(MemoryLog::new(ambient.clock.clone()));
        let bus = Bus::builder(log, ambient).register::<StockItem>().build();
        execute(&bus, &row.streams, &plan.stocking).unwrap();
        execute(&bus, &row.streams, &plan.asked).unwrap();
        assert!(execute(&bus, &row.streams, &plan.asked[9..]).is_err());
        plan.units_held[0] += 1;
        let slice = row.slice(Arm::Baseline).unwrap();
        assert!(check(&plan, &row.plan().unwrap().units_held, slice).is_err());
    }
}
