//! Many seeds, on several threads, and what they came to together.

use crate::{
    faults::Planted,
    reached::State,
    run::{Report, run},
    trace::Lines,
    world::Plan,
};
use parking_lot::Mutex;
use std::{
    collections::BTreeMap,
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};

/// How many buyers a run has unless it is said.
pub const BUYERS: usize = 60;

/// What a campaign is to do.
#[derive(Debug, Clone, Copy)]
pub struct Campaign {
    /// The first seed.
    pub from: u64,
    /// The seed behind the last one.
    pub to: u64,
    /// Threads; each runs one seed at a time.
    pub jobs: usize,
    /// Buyers of each run.
    pub buyers: usize,
    /// A mistake that is built in.
    pub planted: Option<Planted>,
    /// Whether it ends with the first broken promise.
    pub stops_early: bool,
}

/// What a campaign came to.
#[derive(Debug, Default)]
pub struct Totals {
    /// Runs.
    pub seeds: u64,
    /// Checkouts that were begun.
    pub checkouts: u64,
    /// Orders that were promised.
    pub confirmed: u64,
    /// Durable events.
    pub events: u64,
    /// Crashes.
    pub crashes: u64,
    /// Calls to the provider.
    pub calls: u64,
    /// Calls that got no answer.
    pub calls_lost: u64,
    /// Calls that were refused for the moment.
    pub calls_refused: u64,
    /// Virtual days.
    pub days: i64,
    /// Rare states.
    pub reached: BTreeMap<State, u64>,
    /// Answers to clients.
    pub answers: BTreeMap<String, u64>,
    /// Instances that somebody must look at.
    pub alarms: BTreeMap<String, u64>,
    /// Runs that broke a promise, by seed.
    pub failed: BTreeMap<u64, Report>,
}

impl Totals {
    fn add(&mut self, report: Report) {
        self.seeds += 1;
        self.checkouts += report.checkouts;
        self.confirmed += report.confirmed;
        self.events += report.events;
        self.crashes += report.crashes;
        self.calls += report.calls.0;
        self.calls_lost += report.calls.1;
        self.calls_refused += report.calls.2;
        self.days += report.virtual_time.num_days();
        for (state, count) in &report.reached {
            *self.reached.entry(*state).or_default() += count;
        }
        for (from, to) in [(&report.answers, &mut self.answers), (&report.alarms, &mut self.alarms)] {
            for (name, count) in from {
                *to.entry(name.clone()).or_default() += count;
            }
        }
        if report.violation.is_some() {
            self.failed.insert(report.seed, report);
        }
    }

    /// Rare states that no run reached.
    #[must_use]
    pub fn never_reached(&self) -> Vec<State> {
        State::ALL.iter().filter(|state| !self.reached.contains_key(state)).copied().collect()
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} seeds, {} checkouts, {} orders promised, {} events, {} virtual days",
            self.seeds, self.checkouts, self.confirmed, self.events, self.days
        )?;
        writeln!(
            f,
            "{} crashes; {} calls to the provider, {} without an answer, {} refused",
            self.crashes, self.calls, self.calls_lost, self.calls_refused
        )?;
        for (name, counts) in [("answers", &self.answers), ("alarms", &self.alarms)] {
            writeln!(f, "{name}:")?;
            counts.iter().try_for_each(|(name, count)| writeln!(f, "  {count:>9}  {name}"))?;
        }
        writeln!(f, "rare states:")?;
        for state in State::ALL {
            writeln!(f, "  {:>9}  {}", self.reached.get(state).copied().unwrap_or(0), state.text())?;
        }
        writeln!(f, "{} broken promises", self.failed.len())
    }
}

/// A failed run as it is told: seed, step, promise, the last lines, and how to run it again.
#[derive(Debug)]
pub struct Failure<'a>(pub &'a Report);

impl fmt::Display for Failure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { seed, violation, steps, last_lines, .. } = self.0;
        let broken = violation.as_ref().map(ToString::to_string).unwrap_or_default();
        last_lines.iter().try_for_each(|line| writeln!(f, "{line}"))?;
        writeln!(f, "seed {seed} breaks a promise at step {steps}: {broken}")?;
        writeln!(f, "again: cargo run -p tillroll-simulation --release -- --seed {seed} --trace")
    }
}

/// Runs seeds and adds up what they came to. `told` is called after each run.
///
/// # Panics
/// If a run panics.
#[must_use]
pub fn campaign(campaign: Campaign, told: &(impl Fn(&Report) + Sync)) -> Totals {
    let Campaign { from, to, jobs, buyers, planted, stops_early } = campaign;
    let next = AtomicU64::new(from);
    let totals = Mutex::new(Totals::default());
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= to || (stops_early && !totals.lock().failed.is_empty()) {
                        return;
                    }
                    let plan = Plan { seed, buyers, lines: Lines::None, planted };
                    let mut report = run(plan);
                    if report.violation.is_some() {
                        // The same again, with its last lines.
                        report = run(Plan { lines: Lines::Last, ..plan });
                    }
                    told(&report);
                    totals.lock().add(report);
                }
            });
        }
    });
    totals.into_inner()
}
