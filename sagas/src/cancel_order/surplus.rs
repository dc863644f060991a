//! What is given back for cancelled lines, and what became of it.

use super::messages::SurplusRefund;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tillroll_domain::ids::OperationId;

/// The refunds for cancelled lines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Surplus {
    /// Whether something happened since the surplus was last counted that may have changed it.
    pub is_uncounted: bool,
    /// How many counts have requested refunds.
    pub round: u32,
    /// The refunds that were requested and have no outcome, and how much each gives back, in minor units.
    pub waiting: BTreeMap<OperationId, i64>,
    /// Outcomes that were told before the answer of the count that requested the refund.
    pub told_early: BTreeMap<OperationId, bool>,
    /// The refunds that the provider refused and that are not requested anew yet, and how much each was to give back, in minor
    /// units.
    pub refused: BTreeMap<OperationId, i64>,
    /// How often refused refunds were requested anew since lines were last cancelled.
    pub renewals: u32,
    /// What is due and no payment can give back, in minor units, as it was last counted.
    pub lacking_minor: i64,
}

impl Surplus {
    /// What was refused and is not requested anew yet, in minor units.
    #[must_use]
    pub fn refused_minor(&self) -> i64 {
        self.refused.values().fold(0, |sum, amount_minor| sum.saturating_add(*amount_minor))
    }

    /// Whether a refund was requested and is still of interest: without an outcome, or refused and not requested anew.
    #[must_use]
    pub fn follows(&self, operation_id: OperationId) -> bool {
        self.waiting.contains_key(&operation_id) || self.refused.contains_key(&operation_id)
    }

    pub(super) fn lines_are_cancelled(&mut self) {
        self.is_uncounted = true;
        self.renewals = 0;
    }

    pub(super) fn requested(&mut self, refunds: &[SurplusRefund], lacking_minor: i64) {
        self.lacking_minor = lacking_minor;
        if refunds.is_empty() {
            return;
        }
        // Another count shows whether that was all; its refunds have ids of their own.
        self.round = self.round.saturating_add(1);
        self.is_uncounted = true;
        for SurplusRefund { operation_id, amount_minor } in refunds {
            match self.told_early.remove(operation_id) {
                Some(true) => {}
                Some(false) => {
                    self.refused.insert(*operation_id, *amount_minor);
                }
                None => {
                    self.waiting.insert(*operation_id, *amount_minor);
                }
            }
        }
    }

    pub(super) fn settled(&mut self, operation_id: OperationId, succeeded: bool) {
        if let Some(amount_minor) = self.waiting.remove(&operation_id) {
            if !succeeded {
                self.refused.insert(operation_id, amount_minor);
            }
        } else if self.refused.contains_key(&operation_id) {
            // It was carried out after all, so that it is not to be requested anew.
            if succeeded {
                self.refused.remove(&operation_id);
                self.is_uncounted = true;
            }
        } else {
            self.told_early.insert(operation_id, succeeded);
        }
    }

    pub(super) fn renewed(&mut self) {
        self.refused.clear();
        self.renewals = self.renewals.saturating_add(1);
        self.is_uncounted = true;
    }
}
