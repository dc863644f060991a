//! How a return ends: with an outcome, or given up before anything came.

use super::{
    error::ReturnError,
    events::{ReturnCancelled, ReturnEvent, ReturnResolved},
    state::{KnownReturn, ReturnLineProgress},
    status::{ReturnOutcome, ReturnStatus},
};
use crate::text::Note;

/// Decides the outcome.
pub(super) fn resolve(
    known: &KnownReturn,
    outcome: ReturnOutcome,
    note: &Note,
) -> Result<Vec<ReturnEvent>, ReturnError> {
    if let Some(decided) = known.outcome {
        return if decided == outcome { Ok(vec![]) } else { Err(ReturnError::AlreadyResolved { outcome: decided }) };
    }
    if known.status != ReturnStatus::Received {
        return Err(ReturnError::WrongStatus { status: known.status });
    }
    let waiting: u64 = known.lines.values().map(|line| u64::from(line.waiting())).sum();
    if waiting > 0 {
        return Err(ReturnError::NotInspected { waiting });
    }
    let accepted = |line: &ReturnLineProgress| line.accepted > 0;
    match outcome {
        ReturnOutcome::Refund | ReturnOutcome::Replacement if !known.lines.values().any(accepted) => {
            Err(ReturnError::NothingAccepted { outcome })
        }
        ReturnOutcome::Refund | ReturnOutcome::Replacement | ReturnOutcome::None => {
            Ok(vec![ReturnResolved { outcome, note: note.clone() }.into()])
        }
    }
}

/// Gives it up.
pub(super) fn cancel(known: &KnownReturn, reason: &Note) -> Result<Vec<ReturnEvent>, ReturnError> {
    match known.status {
        ReturnStatus::Requested | ReturnStatus::Approved => Ok(vec![ReturnCancelled { reason: reason.clone() }.into()]),
        ReturnStatus::Cancelled => Ok(vec![]),
        status @ (ReturnStatus::Received | ReturnStatus::Resolved | ReturnStatus::Rejected) => {
            Err(ReturnError::WrongStatus { status })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        commands::ReturnCommand as Command,
        fixtures::{
            approved, cancellation, cancelled, inspected, inspection, nobody, parcel, received, rejected, rejection,
            requested, resolution, resolved,
        },
        status::GoodsCondition::Resellable,
    };
    use super::*;

    fn decided(outcome: ReturnOutcome) -> ReturnEvent {
        ReturnResolved { outcome, note: "".parse().unwrap() }.into()
    }

    #[test]
    fn an_inspected_return_gets_an_outcome() {
        for &outcome in ReturnOutcome::ALL {
            inspected().when(resolution(outcome)).then([decided(outcome)]);
        }
    }

    /// Case 26: what never came is given up, what came counts.
    #[test]
    fn a_return_that_came_in_part_gets_an_outcome() {
        let partly = approved().and(parcel(1, &[(1, 1, Resellable)])).and(inspection(&[(1, 1, 0)]));
        partly.when(resolution(ReturnOutcome::Refund)).then([decided(ReturnOutcome::Refund)]);
    }

    #[test]
    fn an_outcome_is_decided_once() {
        resolved().when(resolution(ReturnOutcome::Refund)).then_nothing();
        let outcome = ReturnOutcome::Refund;
        resolved().when(resolution(ReturnOutcome::None)).then_refused(ReturnError::AlreadyResolved { outcome });
    }

    #[test]
    fn there_is_no_outcome_before_all_that_came_was_inspected() {
        received().when(resolution(ReturnOutcome::None)).then_refused(ReturnError::NotInspected { waiting: 3 });
        let some = received().and(inspection(&[(1, 1, 1)]));
        some.when(resolution(ReturnOutcome::Refund)).then_refused(ReturnError::NotInspected { waiting: 1 });
    }

    #[test]
    fn there_is_no_outcome_before_anything_came_or_after_the_end() {
        let histories = [
            (requested(), ReturnStatus::Requested),
            (approved(), ReturnStatus::Approved),
            (rejected(), ReturnStatus::Rejected),
            (cancelled(), ReturnStatus::Cancelled),
        ];
        for (history, status) in histories {
            history.when(resolution(ReturnOutcome::None)).then_refused(ReturnError::WrongStatus { status });
        }
    }

    #[test]
    fn nothing_is_given_for_goods_that_were_all_refused() {
        let refused = || received().and(inspection(&[(1, 0, 3)]));
        for outcome in [ReturnOutcome::Refund, ReturnOutcome::Replacement] {
            refused().when(resolution(outcome)).then_refused(ReturnError::NothingAccepted { outcome });
        }
        refused().when(resolution(ReturnOutcome::None)).then([decided(ReturnOutcome::None)]);
    }

    #[test]
    fn a_return_is_given_up_only_before_anything_came() {
        let event = || ReturnCancelled { reason: "kept after all".parse().unwrap() }.into();
        requested().when(cancellation()).then([event()]);
        approved().when(cancellation()).then([event()]);
        cancelled().when(cancellation()).then_nothing();
        let histories = [
            (received(), ReturnStatus::Received),
            (resolved(), ReturnStatus::Resolved),
            (rejected(), ReturnStatus::Rejected),
        ];
        for (history, status) in histories {
            history.when(cancellation()).then_refused(ReturnError::WrongStatus { status });
        }
    }

    #[test]
    fn nothing_can_be_asked_of_a_return_that_nobody_requested() {
        for command in [
            Command::Approve,
            rejection(),
            parcel(1, &[(1, 1, Resellable)]),
            inspection(&[(1, 1, 0)]),
            resolution(ReturnOutcome::None),
            cancellation(),
        ] {
            nobody().when(command).then_refused(ReturnError::NotRequested);
        }
    }
}
