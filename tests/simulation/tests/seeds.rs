//! What a campaign of many seeds must find: no broken promise, every rare state, and the same trace for the same seed.

use tillroll_simulation::{
    campaign::{BUYERS, Campaign, Failure, campaign},
    run::{Report, run},
    trace::Lines,
    world::Plan,
};

/// Seeds of the campaign that runs with the tests, unless `TILLROLL_SEEDS` says otherwise; the large ones are run with
/// `simulate`.
const SEEDS: u64 = 20;
/// From so many seeds on, every rare state must have been reached.
const SEEDS_FOR_RARE_STATES: u64 = 200;

fn failures(report: &Report) {
    if report.violation.is_some() {
        eprintln!("{}", Failure(report));
    }
}

/// F1, F7, F8, F10, F11, F12, F19, and the invariants I1, I2, I5, I7, I9, I11, I13, I14, I15, I19, I20.
#[test]
fn every_promise_holds_in_many_schedules_and_every_rare_state_is_reached() {
    let seeds = std::env::var("TILLROLL_SEEDS").map_or(SEEDS, |seeds| seeds.parse().expect("a number of seeds"));
    let plan = Campaign { from: 0, to: seeds, jobs: 2, buyers: BUYERS / 2, planted: None, stops_early: false };
    let totals = campaign(plan, &failures);
    assert!(totals.failed.is_empty(), "seeds that broke a promise: {:?}\n{totals}", totals.failed.keys());
    if seeds >= SEEDS_FOR_RARE_STATES {
        assert_eq!(totals.never_reached(), [], "{totals}");
    }
}

/// I19: a seed decides everything.
#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in 1_000..1_006 {
        let plan = Plan { seed, buyers: BUYERS / 2, lines: Lines::None, planted: None };
        let (first, second) = (run(plan), run(plan));
        assert_eq!((first.digest, first.steps), (second.digest, second.steps), "seed {seed}");
        let other = run(Plan { seed: seed + 1_000, ..plan });
        assert_ne!(first.digest, other.digest, "another seed is another run");
    }
}

#[test]
fn printing_the_trace_changes_nothing() {
    let plan = Plan { seed: 7, buyers: 10, lines: Lines::None, planted: None };
    let kept = run(Plan { lines: Lines::Last, ..plan });
    assert_eq!(run(plan).digest, kept.digest);
    assert_eq!(kept.last_lines.len(), tillroll_simulation::trace::LINES_KEPT);
}
