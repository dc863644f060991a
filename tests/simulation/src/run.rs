//! One run of a seed: life after life until all is quiet, and what it came to.

use crate::{
    check::{Violation, end},
    life::{End, live},
    reached::State,
    trace::Digest,
    world::{Plan, World},
};
use chrono::TimeDelta;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a run came to.
#[derive(Debug)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// The first broken promise.
    pub violation: Option<Violation>,
    /// The digest of everything that became durable and was answered.
    pub digest: Digest,
    /// How many steps the trace has.
    pub steps: u64,
    /// Its last lines, if they were kept.
    pub last_lines: Vec<String>,
    /// Checkouts that were begun.
    pub checkouts: u64,
    /// Orders that were promised.
    pub confirmed: u64,
    /// Durable events.
    pub events: u64,
    /// Crashes.
    pub crashes: u64,
    /// Calls to the provider; those that got no answer, and those that were refused for the moment.
    pub calls: (u64, u64, u64),
    /// How much time passed.
    pub virtual_time: TimeDelta,
    /// Rare states.
    pub reached: BTreeMap<State, u64>,
    /// Answers to clients.
    pub answers: BTreeMap<String, u64>,
    /// Instances that somebody must look at, by process and reason.
    pub alarms: BTreeMap<String, u64>,
}

/// Runs a seed to its end.
///
/// # Panics
/// If tokio's runtime cannot be built.
#[must_use]
pub fn run(plan: Plan) -> Report {
    let world = World::new(plan);
    let began = world.clock.now();
    let mut crashes = 0;
    loop {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let runtime = runtime.expect("a runtime can be built");
        let end = runtime.block_on(live(&world));
        if end == End::Quiet && !world.is_violated() {
            let checked = end::check(&world).and_then(|()| runtime.block_on(end::read_models(&world)));
            if let Err(violation) = checked {
                world.violated(violation);
            }
        }
        // With it goes everything of that life.
        drop(runtime);
        match end {
            End::Crashed => {
                crashes += 1;
                world.crash();
                if world.is_violated() {
                    break;
                }
            }
            End::NotQuiet => {
                world.violated(not_quiet(&world));
                break;
            }
            End::Quiet | End::Violated => break,
        }
    }
    report(&world, crashes, world.clock.now() - began)
}

/// I20: what still goes on or is waited for.
fn not_quiet(world: &World) -> Violation {
    let books = world.books.lock();
    let busy = books.processes.all().find(|(_, _, instance)| !instance.open.is_empty() || !instance.timers.is_empty());
    let busy = busy.map(|(category, id, instance)| format!("{category}-{id}: {instance:?}"));
    let cart = books.carts.all().find(|(_, cart)| !cart.is_closed).map(|(id, cart)| format!("{id}: {cart:?}"));
    let held =
        books.stock.items().find(|(_, item)| item.reserved() > 0).map(|(name, item)| format!("{name}: {item:?}"));
    let undelivered = world.simulator.undelivered();
    Violation::new(
        "I20 liveness",
        format!("not quiet: {busy:?} {cart:?} {held:?}, {undelivered} messages on their way"),
    )
}

fn report(world: &Arc<World>, crashes: u64, virtual_time: TimeDelta) -> Report {
    let books = world.books.lock();
    let calls = world.calls.lock();
    let mut alarms = BTreeMap::new();
    for (category, _, instance) in books.processes.all() {
        if let Some(reason) = &instance.alarm {
            *alarms.entry(format!("{category}: {reason}")).or_default() += 1;
        }
    }
    Report {
        seed: world.plan.seed,
        violation: world.violation.lock().clone(),
        digest: world.trace.digest(),
        steps: world.trace.steps(),
        last_lines: world.trace.last(),
        checkouts: books.carts.all().map(|(_, cart)| u64::from(cart.checkouts)).sum(),
        confirmed: books.orders.all().map(|(_, order)| u64::from(order.was_confirmed)).sum(),
        events: books.events(),
        crashes,
        calls: (calls.count, calls.lost, calls.refused),
        virtual_time,
        reached: world.reached.counts(),
        answers: world.answers.lock().clone(),
        alarms,
    }
}
