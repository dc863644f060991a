//! Waits until every read model shows a position, or says why one never will.

use crate::import::ImportError;
use std::{collections::HashMap, time::Duration};
use tillroll_infra::stream::Position;
use tillroll_projections::read::{ProjectionState, ProjectionStatus, ReadModelError, ReadModels, WaitError};

/// How long the read models may stand still before they are given up.
const STANDSTILL_MAX: Duration = Duration::from_secs(60);
/// How long one wait for them lasts.
const WAIT: Duration = Duration::from_secs(5);
/// How long to wait for tables of the code's version while those of an older one show the position already.
const PAUSE: Duration = Duration::from_millis(100);

/// Waits until all read models show a position, for as long as one of them gets closer.
///
/// # Errors
/// [`ImportError::NotWhole`] if one of them has stopped or has parked events; [`ImportError::Behind`] if none gets closer.
pub(super) async fn wait_for_all(read_models: &ReadModels, position: Position) -> Result<(), ImportError> {
    let names: Vec<&'static str> = read_models.statuses().iter().map(|status| status.name).collect();
    let mut standstill = Standstill::default();
    loop {
        let (passed, waited) = match read_models.wait_for(&names, position, WAIT).await {
            Ok(()) => (true, PAUSE),
            Err(WaitError::Behind { .. }) => (false, WAIT),
            Err(error) => {
                let at = lowest(&read_models.statuses());
                return Err(ImportError::Behind { at, position, reason: Some(error.to_string()) });
            }
        };
        // Tables of an older version may have passed the position; they are not what is to be compared.
        let shown = passed && are_of_this_version(read_models, &names).await?;
        let statuses = read_models.statuses();
        let not_whole: Vec<String> = statuses.iter().filter_map(|status| why_not_whole(status, shown)).collect();
        if !not_whole.is_empty() {
            return Err(ImportError::NotWhole(not_whole));
        }
        if shown {
            return Ok(());
        }
        if standstill.lasts(&statuses, waited) >= STANDSTILL_MAX {
            return Err(ImportError::Behind { at: lowest(&statuses), position, reason: None });
        }
        if passed {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn are_of_this_version(read_models: &ReadModels, names: &[&'static str]) -> Result<bool, ImportError> {
    match read_models.snapshot(names).await {
        Ok(_) => Ok(true),
        Err(ReadModelError::Rebuilding { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// What keeps a read model from showing everything. What old tables have parked says nothing of those that are built.
fn why_not_whole(status: &ProjectionStatus, shown: bool) -> Option<String> {
    let ProjectionStatus { name, parked, .. } = status;
    match &status.state {
        ProjectionState::Stopped { reason } => Some(format!("{name} has stopped: {reason}")),
        ProjectionState::Live if *parked > 0 => Some(format!("{name} has parked {parked} events")),
        ProjectionState::Rebuilding { .. } if *parked > 0 && shown => {
            Some(format!("{name} has parked {parked} events"))
        }
        ProjectionState::Live | ProjectionState::Rebuilding { .. } => None,
    }
}

fn lowest(statuses: &[ProjectionStatus]) -> Position {
    statuses.iter().map(|status| status.position).min().unwrap_or_default()
}

/// For how long no read model has got further than it ever was.
#[derive(Debug, Default)]
struct Standstill {
    /// The live tables' highest position, and that of the tables that are built beside them.
    reached: HashMap<&'static str, (Position, Position)>,
    still: Duration,
}

impl Standstill {
    /// Takes in how they are doing after waiting; answers how long they have stood still by now.
    fn lasts(&mut self, statuses: &[ProjectionStatus], waited: Duration) -> Duration {
        let mut moved = false;
        for status in statuses {
            let built = match status.state {
                ProjectionState::Rebuilding { position } => position,
                ProjectionState::Live | ProjectionState::Stopped { .. } => Position::START,
            };
            let reached = self.reached.entry(status.name).or_insert((Position::START, Position::START));
            moved |= status.position > reached.0 || built > reached.1;
            *reached = (reached.0.max(status.position), reached.1.max(built));
        }
        self.still = if moved { Duration::ZERO } else { self.still.saturating_add(waited) };
        self.still
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(name: &'static str, position: u64, state: ProjectionState) -> ProjectionStatus {
        ProjectionStatus { name, version: 1, position: Position(position), state, parked: 0 }
    }

    fn building(position: u64) -> ProjectionState {
        ProjectionState::Rebuilding { position: Position(position) }
    }

    #[test]
    fn a_rebuild_that_gets_on_is_no_standstill() {
        let mut standstill = Standstill::default();
        let second = Duration::from_secs(1);
        let mut told =
            |sales: ProjectionStatus| standstill.lasts(&[status("stock", 9, ProjectionState::Live), sales], second);
        assert_eq!(told(status("sales", 3, building(0))), Duration::ZERO);
        assert_eq!(told(status("sales", 3, building(0))), second);
        assert_eq!(told(status("sales", 3, building(5))), Duration::ZERO);
        assert_eq!(told(status("sales", 3, building(5))), second);
        assert_eq!(told(status("sales", 3, building(4))), 2 * second, "begun anew is not further");
        assert_eq!(told(status("sales", 4, ProjectionState::Live)), Duration::ZERO);
    }

    #[test]
    fn what_the_tables_that_are_replaced_have_parked_does_not_count() {
        let parked = |state| ProjectionStatus { parked: 2, ..status("sales", 3, state) };
        assert_eq!(why_not_whole(&parked(building(1)), false), None);
        assert_eq!(why_not_whole(&parked(building(1)), true).as_deref(), Some("sales has parked 2 events"));
        assert_eq!(why_not_whole(&parked(ProjectionState::Live), false).as_deref(), Some("sales has parked 2 events"));
    }
}
