//! Whether the customer may send the goods.

use super::{
    error::ReturnError,
    events::{ReturnApproved, ReturnEvent, ReturnRejected},
    state::KnownReturn,
    status::ReturnStatus,
};
use crate::text::Note;

/// Lets the customer send them.
pub(super) fn approve(known: &KnownReturn) -> Result<Vec<ReturnEvent>, ReturnError> {
    match known.status {
        ReturnStatus::Requested => Ok(vec![ReturnApproved {}.into()]),
        ReturnStatus::Approved | ReturnStatus::Received | ReturnStatus::Resolved => Ok(vec![]),
        status @ (ReturnStatus::Rejected | ReturnStatus::Cancelled) => Err(ReturnError::WrongStatus { status }),
    }
}

/// Does not let the customer send them; once allowed, it is not taken back.
pub(super) fn reject(known: &KnownReturn, reason: &Note) -> Result<Vec<ReturnEvent>, ReturnError> {
    match known.status {
        ReturnStatus::Requested => Ok(vec![ReturnRejected { reason: reason.clone() }.into()]),
        ReturnStatus::Rejected => Ok(vec![]),
        status @ (ReturnStatus::Approved
        | ReturnStatus::Received
        | ReturnStatus::Resolved
        | ReturnStatus::Cancelled) => Err(ReturnError::WrongStatus { status }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        commands::ReturnCommand as Command,
        fixtures::{approved, cancelled, received, rejected, rejection, requested, resolved},
    };
    use super::*;

    #[test]
    fn a_requested_return_is_approved_once() {
        requested().when(Command::Approve).then([ReturnApproved {}.into()]);
        for history in [approved(), received(), resolved()] {
            history.when(Command::Approve).then_nothing();
        }
    }

    #[test]
    fn what_was_rejected_or_cancelled_is_not_approved() {
        for (history, status) in [(rejected(), ReturnStatus::Rejected), (cancelled(), ReturnStatus::Cancelled)] {
            history.when(Command::Approve).then_refused(ReturnError::WrongStatus { status });
        }
    }

    #[test]
    fn a_requested_return_is_rejected_once() {
        requested().when(rejection()).then([ReturnRejected { reason: "worn".parse().unwrap() }.into()]);
        rejected().when(rejection()).then_nothing();
    }

    #[test]
    fn an_approval_is_not_taken_back() {
        let histories = [
            (approved(), ReturnStatus::Approved),
            (received(), ReturnStatus::Received),
            (resolved(), ReturnStatus::Resolved),
            (cancelled(), ReturnStatus::Cancelled),
        ];
        for (history, status) in histories {
            history.when(rejection()).then_refused(ReturnError::WrongStatus { status });
        }
    }
}
