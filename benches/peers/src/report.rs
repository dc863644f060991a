//! The table, and what stands under it.

use crate::{
    arena::{Arena, Outcome},
    options::Options,
    system::Kind,
    workload::{EVENTS_PER_ORDER, Workload},
};
use std::fmt::Write;
use tillroll_benches::{
    Failure, machine,
    machine::Snapshot,
    report::percent,
    stats::{bootstrap, median},
};

const HEAD: &str = "\
| writers | system | events/s | slowest to fastest slice | Tillroll : it | 95 % interval | p50, ms | p99, ms | retries per event | checked |
|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|";

/// Everything that a run prints.
///
/// # Errors
/// A system without a single slice.
pub fn report(
    options: &Options,
    workload: &Workload,
    arenas: &[Arena],
    before: &Snapshot,
    after: &Snapshot,
) -> Result<String, Failure> {
    let mut text = format!("{HEAD}\n");
    for arena in arenas {
        let ours = arena.outcomes.first().ok_or("nothing was measured")?;
        for outcome in &arena.outcomes {
            text.push_str(&line(arena.writers, ours, outcome)?);
        }
    }
    let (data, metadata) = workload.bytes();
    writeln!(
        text,
        "\n{} rounds of slices of {} ms. One event an append, {EVENTS_PER_ORDER} events a stream, {data} bytes of data \
         and {metadata} of metadata on average. {}.",
        options.rounds,
        options.slice.as_millis(),
        machine::describe()
    )?;
    for (when, snapshot) in [("before", before), ("after", after)] {
        let micros = snapshot.sync_p50.as_micros();
        writeln!(text, "Load {when}: {}; write and fdatasync of 4 KiB, p50: {micros} us.", snapshot.load)?;
    }
    writeln!(text, "Stolen by the hypervisor: {} of the time.", percent(after.steal_percent_since(before)))?;
    for arena in arenas {
        for outcome in &arena.outcomes {
            writeln!(text, "- {} with {} writers: {}", outcome.kind.name(), arena.writers, outcome.about)?;
        }
    }
    for kind in &options.without {
        writeln!(text, "- {}: left out on demand", kind.name())?;
    }
    Ok(text)
}

fn line(writers: usize, ours: &Outcome, outcome: &Outcome) -> Result<String, Failure> {
    let rate = median(&outcome.rates).ok_or("a system without a slice")?;
    let slowest = outcome.rates.iter().copied().fold(f64::INFINITY, f64::min);
    let fastest = outcome.rates.iter().copied().fold(0.0, f64::max);
    let ratio = if outcome.kind == Kind::Tillroll {
        "| |".to_owned()
    } else {
        let ratios: Vec<f64> = ours.rates.iter().zip(&outcome.rates).map(|(ours, its)| ours / its).collect();
        let ratio = bootstrap(&ratios).ok_or("a system without a slice")?;
        format!("| **{:.2}** | {:.2} to {:.2}", ratio.median, ratio.low, ratio.high)
    };
    let retries = per_event(outcome.retries, outcome.micros.len());
    Ok(format!(
        "| {writers} | {} | {rate:.0} | {slowest:.0} to {fastest:.0} {ratio} | {} | {} | {retries} | {} |\n",
        outcome.kind.name(),
        millis(&outcome.micros, 50),
        millis(&outcome.micros, 99),
        outcome.checked,
    ))
}

/// The time below which so many of a hundred sorted ones lie, in milliseconds.
fn millis(sorted: &[u32], percent: usize) -> String {
    let index = sorted.len() * percent / 100;
    sorted.get(index).map_or_else(|| "none".to_owned(), |micros| format!("{:.2}", f64::from(*micros) / 1_000.0))
}

#[expect(clippy::cast_precision_loss, reason = "counts of one run, far fewer than 2^52")]
fn per_event(retries: u64, events: usize) -> String {
    if retries == 0 { "0".to_owned() } else { format!("{:.3}", retries as f64 / events.max(1) as f64) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(kind: Kind, rates: &[f64]) -> Outcome {
        let micros = (1..=200).map(|n| n * 10).collect();
        Outcome { kind, about: String::new(), rates: rates.to_vec(), micros, retries: 50, checked: 7 }
    }

    #[test]
    fn a_line_tells_median_spread_ratio_and_latency() {
        let ours = outcome(Kind::Tillroll, &[100.0, 200.0, 300.0]);
        let its = outcome(Kind::UmaDb, &[50.0, 100.0, 150.0]);
        assert_eq!(
            line(16, &ours, &its).unwrap(),
            "| 16 | umadb | 100 | 50 to 150 | **2.00** | 2.00 to 2.00 | 1.01 | 1.99 | 0.250 | 7 |\n"
        );
        assert_eq!(
            line(16, &ours, &ours).unwrap(),
            "| 16 | tillroll | 200 | 100 to 300 | | | 1.01 | 1.99 | 0.250 | 7 |\n"
        );
    }
}
