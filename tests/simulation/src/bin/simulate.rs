//! Runs campaigns of the simulation, or one seed again.

use anyhow::{Context, bail};
use clap::Parser;
use tillroll_simulation::{
    campaign::{BUYERS, Campaign, Failure, campaign},
    faults::Planted,
    run::run,
    trace::Lines,
    world::Plan,
};

/// Most of a campaign is many small values.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The whole engine in one process under virtual time, with seeded faults.
#[derive(Debug, Parser)]
struct Options {
    /// The seeds of a campaign: from, and up to but not with.
    #[arg(long, value_name = "A..B", conflicts_with = "seed")]
    seeds: Option<String>,
    /// One seed, run twice to see that it is the same.
    #[arg(long)]
    seed: Option<u64>,
    /// Print every line of the trace.
    #[arg(long)]
    trace: bool,
    /// Seeds at a time.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Buyers of each run.
    #[arg(long, default_value_t = BUYERS)]
    buyers: usize,
    /// A mistake to build in.
    #[arg(long)]
    planted: Option<String>,
    /// Go on after a broken promise.
    #[arg(long)]
    keep_going: bool,
}

fn main() -> anyhow::Result<()> {
    let Options { seeds, seed, trace, jobs, buyers, planted, keep_going } = Options::parse();
    let planted = planted.map(|name| named(&name)).transpose()?;
    if let Some(seed) = seed {
        return one(seed, buyers, trace, planted);
    }
    let seeds = seeds.context("say --seeds A..B or --seed N")?;
    let (from, to) = seeds.split_once("..").context("seeds are A..B")?;
    let (from, to) = (from.parse()?, to.parse()?);
    let began = std::time::Instant::now();
    let told = |report: &tillroll_simulation::run::Report| {
        if report.violation.is_some() {
            println!("{}", Failure(report));
        }
    };
    let totals = campaign(Campaign { from, to, jobs, buyers, planted, stops_early: !keep_going }, &told);
    println!("{totals}");
    let millis = began.elapsed().as_millis().max(1);
    println!("{} s, {} checkouts/s", millis / 1_000, u128::from(totals.checkouts) * 1_000 / millis);
    if !totals.failed.is_empty() {
        bail!("{} of {} seeds broke a promise", totals.failed.len(), totals.seeds);
    }
    Ok(())
}

fn named(name: &str) -> anyhow::Result<Planted> {
    let found = Planted::ALL.iter().find(|(_, known)| *known == name);
    found.map(|(planted, _)| *planted).with_context(|| {
        let names: Vec<&str> = Planted::ALL.iter().map(|(_, name)| *name).collect();
        format!("{name} is none of {}", names.join(", "))
    })
}

fn one(seed: u64, buyers: usize, trace: bool, planted: Option<Planted>) -> anyhow::Result<()> {
    let plan = Plan { seed, buyers, lines: if trace { Lines::Printed } else { Lines::Last }, planted };
    let report = run(plan);
    let again = run(Plan { lines: Lines::None, ..plan });
    println!("seed {seed}: {} checkouts, {} events, trace {}", report.checkouts, report.events, report.digest);
    if again.digest != report.digest {
        bail!("the same seed gave another trace the second time: {}", again.digest);
    }
    if report.violation.is_some() {
        bail!("{}", Failure(&report));
    }
    Ok(())
}
