//! The one table that a run prints.

use crate::{
    harness::{Outcome, Spec, Verdict},
    machine::{self, Snapshot},
    options::Options,
    stats::Interval,
};
use std::fmt::Write;

/// The table's head; [`line()`] makes a line of it.
pub const HEAD: &str = "\
| row | engine, events/s | baseline, events/s | ratio | 95 % interval | engine to itself | others | good / excellent | verdict | counters |
|---|---|---|---|---|---|---|---|---|---|";

/// A row as a line of the table.
#[must_use]
pub fn line(spec: &Spec<'_>, outcome: &Outcome) -> String {
    let Interval { low, median, high } = outcome.ratio;
    format!(
        "| {} | {:.0} | {:.0} | **{median:.2}** | {low:.2} to {high:.2} | {:.2} to {:.2} | {} | {:.2} / {:.2} | {} | {} |",
        spec.name,
        outcome.engine_rate,
        outcome.baseline_rate,
        outcome.against_itself.low,
        outcome.against_itself.high,
        percent(outcome.others),
        spec.good,
        spec.excellent,
        verdict(outcome.verdict),
        outcome.counters,
    )
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Void => "void: run it on a quiet machine",
        Verdict::TooFewPairs => "none: too few pairs",
        Verdict::Below => "below",
        Verdict::Good => "good",
        Verdict::Excellent => "excellent",
    }
}

/// What stands under the table: the machine, and how busy it was.
#[must_use]
pub fn footer(options: &Options, before: &Snapshot, after: &Snapshot) -> String {
    let mut text = format!(
        "\n{} pairs of slices of about {} ms. {}.\n",
        options.pairs,
        options.slice.as_millis(),
        machine::describe()
    );
    for (when, snapshot) in [("before", before), ("after", after)] {
        let micros = snapshot.sync_p50.as_micros();
        // Writing to a string cannot fail.
        let _ = writeln!(text, "Load {when}: {}; write and fdatasync of 4 KiB, p50: {micros} us.", snapshot.load);
    }
    let _ = writeln!(text, "Stolen by the hypervisor: {} of the time.", percent(after.steal_percent_since(before)));
    text
}

/// A share, if it is known.
#[must_use]
pub fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "unknown".to_owned(), |share| format!("{share:.1} %"))
}
