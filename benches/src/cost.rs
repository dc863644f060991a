//! What the engine's slices cost beside time: allocations and the work of all cores, per event.

use crate::{Failure, allocations, machine::Cores};
use std::time::{Duration, Instant};

/// Costs, summed over the slices of a row.
#[derive(Debug, Default)]
pub struct Cost {
    /// Allocations of the slice in which they were counted, and its events.
    counted: (u64, u64),
    /// The work of all cores in the other slices, and their events.
    worked: (Duration, u64),
    is_known: bool,
}

impl Cost {
    /// Does work that comes to `events` events, and answers how long it took. The first time its allocations are counted,
    /// which slows it down; the harness does not measure that slice.
    ///
    /// # Errors
    /// What the work answers.
    pub fn of(&mut self, events: u64, work: impl FnOnce() -> Result<(), Failure>) -> Result<Duration, Failure> {
        if self.counted.1 == 0 {
            let start = Instant::now();
            let (done, allocations) = allocations::count(work);
            done?;
            self.counted = (allocations, events);
            return Ok(start.elapsed());
        }
        let before = Cores::now();
        let start = Instant::now();
        work()?;
        let time = start.elapsed();
        if let Some((now, before)) = Cores::now().zip(before) {
            self.is_known = true;
            self.worked.0 += now.own_time_since(&before);
            self.worked.1 += events;
        }
        Ok(time)
    }

    /// Allocations per event; 0 if none was counted.
    #[must_use]
    pub fn allocations(&self) -> f64 {
        per(self.counted.0, self.counted.1)
    }

    /// In words, per `unit`, of which each is an event.
    #[must_use]
    pub fn describe(&self, unit: &str) -> String {
        let nanos = u64::try_from(self.worked.0.as_nanos()).unwrap_or(u64::MAX);
        let micros = per(nanos, self.worked.1) / 1_000.0;
        let work = if self.is_known { format!("{micros:.2} us of CPU") } else { "CPU unknown".to_owned() };
        format!("{:.1} allocations and {work} per {unit}", self.allocations())
    }
}

/// A count per another; 0 if there is none of that.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts of one run, far fewer than 2^52")]
pub fn per(count: u64, of: u64) -> f64 {
    count as f64 / (of as f64).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allocations_are_counted_in_the_first_slice_only() {
        let mut cost = Cost::default();
        let allocate = || {
            let boxes: Vec<_> = (0..1_000_u32).map(Box::new).collect();
            if boxes.len() == 1_000 { Ok(()) } else { Err("some are missing".into()) }
        };
        cost.of(10, allocate).unwrap();
        let counted = cost.allocations();
        assert!(counted >= 100.0, "{counted}");
        cost.of(1, allocate).unwrap();
        assert!((cost.allocations() - counted).abs() < 1e-9);
    }

    #[test]
    fn a_failure_comes_through_and_counts_nothing() {
        let mut cost = Cost::default();
        assert_eq!(cost.of(1, || Err("no".into())).unwrap_err().to_string(), "no");
        assert_eq!(cost.describe("command"), "0.0 allocations and CPU unknown per command");
    }
}
