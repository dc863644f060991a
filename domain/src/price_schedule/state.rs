//! What decisions on a price schedule, and whoever selects a price, need to know about its past.

use super::{
    commands::OPEN_ROWS_MAX,
    events::PriceScheduleEvent,
    row::{PriceKey, PriceRow},
};
use crate::ids::PriceRowId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The most rows that are remembered: all that have not ended, and at least as many of those that ended last.
const ROWS_MAX: usize = 2 * OPEN_ROWS_MAX;
/// The most withdrawn rows that are remembered; those with the greatest ids are.
const WITHDRAWN_MAX: usize = OPEN_ROWS_MAX;

/// The rows that have not ended, and the last that have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceScheduleState {
    rows: BTreeMap<PriceRowId, PriceRow>,
    /// So that taking back twice is silent and a withdrawn row does not come back.
    withdrawn: BTreeSet<PriceRowId>,
}

impl PriceScheduleState {
    /// Every row that applies now or will, and the last that did; whoever selects looks at their validity.
    pub fn rows(&self) -> impl Iterator<Item = &PriceRow> {
        self.rows.values()
    }

    pub(super) fn row(&self, row_id: PriceRowId) -> Option<&PriceRow> {
        self.rows.get(&row_id)
    }

    pub(super) fn is_withdrawn(&self, row_id: PriceRowId) -> bool {
        self.withdrawn.contains(&row_id)
    }

    /// How many rows have not ended.
    pub(super) fn open_rows(&self, now: DateTime<Utc>) -> usize {
        self.rows.values().filter(|row| !row.ended_by(now)).count()
    }

    /// A row of the key that is valid at some instant of a validity.
    pub(super) fn overlapping(
        &self,
        key: &PriceKey,
        from: DateTime<Utc>,
        until: Option<DateTime<Utc>>,
    ) -> Option<&PriceRow> {
        self.rows.values().find(|row| row.key == *key && row.overlaps(from, until))
    }

    pub(super) fn apply(mut self, event: &PriceScheduleEvent) -> Self {
        match event {
            PriceScheduleEvent::PriceSet(e) => {
                let row = PriceRow {
                    row_id: e.row_id,
                    key: e.key.clone(),
                    priority: e.priority,
                    amount: e.amount,
                    valid_from: e.valid_from,
                    valid_until: e.valid_until,
                };
                self.rows.insert(e.row_id, row);
                self.forget();
            }
            PriceScheduleEvent::PriceEnded(e) => {
                let row = self.rows.get_mut(&e.row_id);
                debug_assert!(row.is_some(), "only a row that was set ends");
                if let Some(row) = row {
                    row.valid_until = Some(e.at);
                }
            }
            PriceScheduleEvent::PriceWithdrawn(e) => {
                let row = self.rows.remove(&e.row_id);
                debug_assert!(row.is_some(), "only a row that was set is withdrawn");
                self.withdrawn.insert(e.row_id);
                if self.withdrawn.len() > WITHDRAWN_MAX {
                    self.withdrawn.pop_first();
                }
            }
        }
        self
    }

    /// Beyond the bound, forgets the row that ended first. At most [`OPEN_ROWS_MAX`] rows had not ended when the newest one
    /// was decided, and those end later than all that had, so that only a row of the past is ever forgotten.
    fn forget(&mut self) {
        if self.rows.len() <= ROWS_MAX {
            return;
        }
        let ends = self.rows.values().filter_map(|row| row.valid_until.map(|until| (until, row.row_id)));
        if let Some((_, row_id)) = ends.min() {
            self.rows.remove(&row_id);
        }
    }
}
