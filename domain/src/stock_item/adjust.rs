//! The count is corrected.

use super::{
    Decision, StockItemState,
    error::StockItemError,
    events::{AdjustmentReason, StockAdjusted},
    receive::fits,
};
use crate::{common::Basis, text::Note};

pub(super) fn adjust(state: &StockItemState, delta: i64, reason: AdjustmentReason, note: &Note) -> Decision {
    check(state, delta, reason)?;
    Ok(vec![StockAdjusted { delta, reason, note: note.clone(), document: None, basis: Basis::Recorded }.into()])
}

/// What holds for every adjustment: it is not zero, its sign fits its reason, and every promise can still be kept.
pub(super) fn check(state: &StockItemState, delta: i64, reason: AdjustmentReason) -> Result<(), StockItemError> {
    if delta == 0 {
        return Err(StockItemError::ZeroAdjustment);
    }
    let sign_fits = match reason {
        AdjustmentReason::Found => delta > 0,
        AdjustmentReason::WriteOff | AdjustmentReason::Damaged | AdjustmentReason::Lost => delta < 0,
        AdjustmentReason::CountCorrection | AdjustmentReason::Other => true,
    };
    if !sign_fits {
        return Err(StockItemError::AdjustmentSign { delta, reason });
    }
    let available = state.available();
    if delta < 0 && available.saturating_add(delta) < 0 {
        return Err(StockItemError::InsufficientStock { requested: delta.unsigned_abs(), available });
    }
    fits(state, delta)
}

#[cfg(test)]
mod tests {
    use super::super::{
        commands::StockItemCommand as Command,
        samples::{allocated, given, received, reserved, stocked},
    };
    use super::*;

    fn adjust(delta: i64, reason: AdjustmentReason) -> Command {
        Command::Adjust { delta, reason, note: "shelf 3".parse().unwrap() }
    }

    fn adjusted(delta: i64, reason: AdjustmentReason) -> super::super::Event {
        let note = "shelf 3".parse().unwrap();
        StockAdjusted { delta, reason, note, document: None, basis: Basis::Recorded }.into()
    }

    #[test]
    fn a_correction_changes_the_count_both_ways() {
        stocked(5).when(adjust(-5, AdjustmentReason::Lost)).then([adjusted(-5, AdjustmentReason::Lost)]);
        stocked(5).when(adjust(3, AdjustmentReason::Found)).then([adjusted(3, AdjustmentReason::Found)]);
        let state = stocked(5).and(adjust(-2, AdjustmentReason::Damaged)).state();
        assert_eq!((state.on_hand(), state.available()), (3, 3));
    }

    #[test]
    fn a_correction_of_nothing_is_refused() {
        stocked(5).when(adjust(0, AdjustmentReason::Other)).then_refused(StockItemError::ZeroAdjustment);
    }

    #[test]
    fn a_correction_must_leave_what_is_promised_and_held() {
        let held = || given([received(0, 10), reserved(1, 3, 15), allocated(1, 1, 3), reserved(2, 4, 15)]);
        held().when(adjust(-3, AdjustmentReason::Lost)).then([adjusted(-3, AdjustmentReason::Lost)]);
        held()
            .when(adjust(-4, AdjustmentReason::Lost))
            .then_refused(StockItemError::InsufficientStock { requested: 4, available: 3 });
    }

    #[test]
    fn the_sign_of_a_correction_fits_its_reason() {
        use AdjustmentReason::{CountCorrection, Damaged, Found, Lost, Other, WriteOff};
        for (delta, reason) in [(-1, Found), (1, WriteOff), (1, Damaged), (1, Lost)] {
            stocked(5).when(adjust(delta, reason)).then_refused(StockItemError::AdjustmentSign { delta, reason });
        }
        for (delta, reason) in [(1, CountCorrection), (-1, CountCorrection), (1, Other), (-1, Other)] {
            stocked(5).when(adjust(delta, reason)).then([adjusted(delta, reason)]);
        }
    }

    #[test]
    fn a_count_that_would_not_fit_is_refused() {
        let most = adjust(i64::MAX, AdjustmentReason::Found);
        given([]).and(most.clone()).when(most).then_refused(StockItemError::CountTooLarge);
        let least = adjust(i64::MIN, AdjustmentReason::CountCorrection);
        let refusal = StockItemError::InsufficientStock { requested: 1 << 63, available: 5 };
        stocked(5).when(least).then_refused(refusal);
    }
}
