//! Runs a row: first the engine against itself, then against its baseline, in interleaved slices.
//!
//! The order is A B B A A B B A …, so that a machine that gets slower or faster meanwhile harms both sides alike. Two
//! neighbors are a pair and give one ratio; the row's answer is the median of the ratios.

use crate::{
    Failure,
    machine::Cores,
    report,
    stats::{self, Interval},
};
use std::time::Duration;

/// Fewer pairs than this give no verdict.
pub const PAIRS_MIN: u32 = 20;
/// How far from 1 the engine may seem to be from itself before the run is void.
pub const VOID_BEYOND: f64 = 0.10;
/// How much of all cores' time other processes may take on average, in percent, before the run is void. Beside compilers
/// single pairs have shown anything from 0.3 to 2.2 for the same work, and a whole run of 20 pairs a median of 2.0 although
/// the check against itself had passed: that one is made at another time, and both its sides have the same threads.
pub const OTHERS_PERCENT_MAX: f64 = 5.0;

/// Who works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arm {
    /// The engine.
    Engine,
    /// What it is compared with.
    Baseline,
}

/// What was done in one slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// How many events.
    pub events: u64,
    /// How long that took; what was prepared before and checked after does not count.
    pub time: Duration,
}

impl Slice {
    /// Events in a second.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a slice has far fewer than 2^52 events")]
    pub fn rate(&self) -> f64 {
        self.events as f64 / self.time.as_secs_f64().max(1e-9)
    }
}

/// Something that can be done by the engine and by a baseline.
pub trait Row {
    /// Does one slice's work. Both arms do the same amount, unless the baseline is far slower: its rate counts, and that
    /// must not depend on the amount. The engine's first slice of a row that was just opened is never measured, so counting
    /// may slow it down.
    ///
    /// # Errors
    /// Whatever went wrong, a wrong result included.
    fn slice(&mut self, arm: Arm) -> Result<Slice, Failure>;

    /// Counts that do not depend on how fast the machine is, in words. Of the engine's slices only.
    fn counters(&self) -> String;
}

/// Opens a row that does a given amount of work per slice, with nothing in it from the rows before.
pub type Open<'a> = Box<dyn Fn(u64) -> Result<Box<dyn Row>, Failure> + 'a>;

/// A row and what is wanted of it.
pub struct Spec<'a> {
    /// Its name on the command line.
    pub name: &'static str,
    /// What the two arms are.
    pub question: &'static str,
    /// From which ratio on it is good.
    pub good: f64,
    /// From which ratio on it is excellent.
    pub excellent: f64,
    /// The baseline does only a part of the engine's work, so that an engine that seems faster is not believed.
    pub baseline_is_a_part: bool,
    /// The least and the most work of a slice, in the row's own unit.
    pub work: (u64, u64),
    /// Opens it.
    pub open: Open<'a>,
}

/// What a row came to.
#[derive(Debug)]
pub struct Outcome {
    /// The engine's median rate in events per second.
    pub engine_rate: f64,
    /// The baseline's.
    pub baseline_rate: f64,
    /// Engine to baseline.
    pub ratio: Interval,
    /// Engine to itself.
    pub against_itself: Interval,
    /// What other processes took of all cores' time on average, in percent; `None` where the system does not tell.
    pub others: Option<f64>,
    /// What the row counted.
    pub counters: String,
    /// What follows.
    pub verdict: Verdict,
}

/// What follows from a ratio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The machine was too restless or too busy to tell, or the engine seems faster than a baseline that does only a part of
    /// its work. Run it again.
    Void,
    /// There were fewer than [`PAIRS_MIN`] pairs.
    TooFewPairs,
    /// Below what is wanted.
    Below,
    /// As good as wanted.
    Good,
    /// Better than that.
    Excellent,
}

impl Verdict {
    /// The interval's lower end decides, so that luck does not pass.
    #[must_use]
    pub fn of(spec: &Spec<'_>, pairs: u32, ratio: &Interval, against_itself: &Interval, others: Option<f64>) -> Self {
        let is_restless = !against_itself.lies_within(1.0 - VOID_BEYOND, 1.0 + VOID_BEYOND);
        let is_busy = others.is_some_and(|percent| percent > OTHERS_PERCENT_MAX);
        let is_impossible = spec.baseline_is_a_part && ratio.low > 1.0 + VOID_BEYOND;
        if pairs < PAIRS_MIN {
            Self::TooFewPairs
        } else if is_restless || is_busy || is_impossible {
            Self::Void
        } else if ratio.low >= spec.excellent {
            Self::Excellent
        } else if ratio.low >= spec.good {
            Self::Good
        } else {
            Self::Below
        }
    }
}

/// The order of the arms in each pair: `A B`, `B A`, `A B`, …
pub fn abba(pairs: u32) -> impl Iterator<Item = [Arm; 2]> {
    (0..pairs).map(|pair| if pair % 2 == 0 { [Arm::Engine, Arm::Baseline] } else { [Arm::Baseline, Arm::Engine] })
}

/// Runs a row with slices of about `slice`.
///
/// # Errors
/// The first failure of a slice.
pub fn run(spec: &Spec<'_>, pairs: u32, slice: Duration, say: &dyn Fn(&str)) -> Result<Outcome, Failure> {
    say(&format!("{}: {}", spec.name, spec.question));
    let work = calibrate(spec, slice)?;
    say(&format!("{}: against itself, {pairs} pairs", spec.name));
    let itself = measure((spec.open)(work)?.as_mut(), pairs, Arm::Engine, say)?;
    say(&format!("{}: against the baseline, {pairs} pairs", spec.name));
    let mut row = (spec.open)(work)?;
    let measured = measure(row.as_mut(), pairs, Arm::Baseline, say)?;

    let interval = |pairs: &[Pair]| stats::bootstrap(&pairs.iter().map(Pair::ratio).collect::<Vec<_>>());
    let rate = |pick: fn(&Pair) -> &Slice| stats::median(&measured.iter().map(|p| pick(p).rate()).collect::<Vec<_>>());
    let none = || Failure::from("there is no pair to judge by");
    let (ratio, against_itself) = interval(&measured).zip(interval(&itself)).ok_or_else(none)?;
    let shares: Vec<f64> = itself.iter().chain(&measured).filter_map(|pair| pair.others).collect();
    let others = stats::mean(&shares);
    Ok(Outcome {
        engine_rate: rate(|pair| &pair.engine).ok_or_else(none)?,
        baseline_rate: rate(|pair| &pair.other).ok_or_else(none)?,
        ratio,
        against_itself,
        others,
        counters: row.counters(),
        verdict: Verdict::of(spec, pairs, &ratio, &against_itself, others),
    })
}

/// How much work makes the engine's slice last about as long as wanted.
fn calibrate(spec: &Spec<'_>, slice: Duration) -> Result<u64, Failure> {
    let (least, most) = spec.work;
    let mut work = least;
    loop {
        let mut row = (spec.open)(work)?;
        // The first one is cold.
        row.slice(Arm::Engine)?;
        let time = row.slice(Arm::Engine)?.time;
        if time * 4 >= slice || work >= most {
            let scaled = u128::from(work) * slice.as_nanos() / time.as_nanos().max(1);
            return Ok(u64::try_from(scaled).unwrap_or(most).clamp(least, most));
        }
        work = work.saturating_mul(4).min(most);
    }
}

/// Two neighboring slices.
struct Pair {
    engine: Slice,
    other: Slice,
    /// What others took of all cores' time meanwhile, in percent; `None` where the system does not tell.
    others: Option<f64>,
}

impl Pair {
    fn ratio(&self) -> f64 {
        self.engine.rate() / self.other.rate()
    }
}

/// Measures the engine against `other`, which is the engine itself in the check of the machine.
fn measure(row: &mut dyn Row, pairs: u32, other: Arm, say: &dyn Fn(&str)) -> Result<Vec<Pair>, Failure> {
    // The engine once more than the baseline, because a baseline may repeat what the engine has done.
    for arm in [Arm::Engine, Arm::Engine, other] {
        row.slice(arm)?;
    }
    let mut measured = Vec::new();
    for order in abba(pairs) {
        let before = Cores::now();
        let mut slices = order.map(|arm| (arm, None));
        for (arm, slice) in &mut slices {
            *slice = Some(row.slice(if *arm == Arm::Engine { Arm::Engine } else { other })?);
        }
        let of = |wanted: Arm| slices.iter().find(|(arm, _)| *arm == wanted).and_then(|(_, slice)| *slice);
        if let Some((engine, other)) = of(Arm::Engine).zip(of(Arm::Baseline)) {
            let others = Cores::now().zip(before).map(|(now, before)| now.others_percent_since(&before));
            let pair = Pair { engine, other, others };
            say(&format!("  ratio {:.2}, others took {}", pair.ratio(), report::percent(others)));
            measured.push(pair);
        }
    }
    Ok(measured)
}

#[cfg(test)]
mod tests;
