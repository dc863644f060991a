//! One number of writers: fresh systems side by side, slices that take turns, and the check that nothing is missing.

use crate::{
    options::Options,
    servers::Programs,
    slice::Writers,
    system::{Counts, Kind, System},
    systems,
    workload::Workload,
};
use std::sync::Arc;
use tempfile::TempDir;
use tillroll_benches::Failure;

/// What one system did with one number of writers.
#[derive(Debug)]
pub struct Outcome {
    /// Which.
    pub kind: Kind,
    /// Versions and settings.
    pub about: String,
    /// Events a second, of each round.
    pub rates: Vec<f64>,
    /// Microseconds of all appends, sorted.
    pub micros: Vec<u32>,
    /// Tries beyond the first.
    pub retries: u64,
    /// Acknowledged events, all of which were read back.
    pub checked: usize,
}

/// All systems with one number of writers.
#[derive(Debug)]
pub struct Arena {
    /// How many writers.
    pub writers: usize,
    /// One for each system, Tillroll's first.
    pub outcomes: Vec<Outcome>,
}

struct Contestant {
    outcome: Outcome,
    writers: Writers,
    system: Box<dyn System>,
}

/// Opens all systems, lets them take turns and checks them. The order moves on by one in every round, so that no system
/// always follows the same one; the first round warms up and does not count.
///
/// # Errors
/// Any failure of any system, and an acknowledged event that is not there.
pub async fn run(
    options: &Options,
    programs: &Programs,
    workload: &Arc<Workload>,
    writers: usize,
) -> Result<Arena, Failure> {
    // Declared first, so that it goes when nothing in it is open.
    let folder = TempDir::new_in(&options.data)?;
    let servers = programs.start(folder.path(), writers).await?;
    let mut contestants = Vec::new();
    for kind in options.kinds() {
        let system = systems::open(kind, folder.path(), &servers, workload, writers).await?;
        let outcome =
            Outcome { kind, about: system.about(), rates: Vec::new(), micros: Vec::new(), retries: 0, checked: 0 };
        let writers = Writers::new(system.writers(writers).await?, workload);
        contestants.push(Contestant { outcome, writers, system });
    }
    for round in 0..=options.rounds {
        for turn in 0..contestants.len() {
            let index = (round + turn) % contestants.len();
            let Contestant { outcome, writers, .. } = &mut contestants[index];
            let slice = writers.run(options.slice).await.map_err(|failure| failed(outcome.kind, &failure))?;
            if round > 0 {
                outcome.rates.push(slice.rate);
                outcome.micros.extend(slice.micros);
                outcome.retries += slice.retries;
            }
        }
        eprintln!("{writers} writers: round {round} of {}", options.rounds);
    }
    let mut outcomes = Vec::new();
    for Contestant { mut outcome, writers, system } in contestants {
        let found = system.counts().await.map_err(|failure| failed(outcome.kind, &failure))?;
        outcome.checked = check(&writers.acknowledged, &found).map_err(|failure| failed(outcome.kind, &failure))?;
        outcome.micros.sort_unstable();
        outcomes.push(outcome);
    }
    servers.stop().await?;
    Ok(Arena { writers, outcomes })
}

fn failed(kind: Kind, failure: &Failure) -> Failure {
    format!("{}: {failure}", kind.name()).into()
}

/// Compares what was acknowledged with what is there, and answers how many events that are.
fn check(acknowledged: &Counts, found: &Counts) -> Result<usize, Failure> {
    let missing: usize = acknowledged
        .iter()
        .map(|(stream, count)| count.saturating_sub(found.get(stream).copied().unwrap_or_default()))
        .sum();
    let (expected, there) = (acknowledged.values().sum::<usize>(), found.values().sum::<usize>());
    if missing > 0 {
        return Err(format!("{missing} of {expected} acknowledged events are not there").into());
    }
    if there != expected {
        return Err(format!("{there} events are there, {expected} were acknowledged").into());
    }
    Ok(expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn counts(counts: &[(u128, usize)]) -> Counts {
        counts.iter().map(|(stream, count)| (Uuid::from_u128(*stream), *count)).collect()
    }

    #[test]
    fn an_event_that_is_missing_or_there_twice_is_found() {
        let acknowledged = counts(&[(1, 8), (2, 3)]);
        assert_eq!(check(&acknowledged, &acknowledged).unwrap(), 11);
        for found in [&[(1, 8)][..], &[(1, 8), (2, 2)], &[(1, 9), (2, 3)], &[(1, 8), (2, 3), (3, 1)], &[(1, 11)]] {
            assert!(check(&acknowledged, &counts(found)).is_err(), "{found:?}");
        }
    }
}
