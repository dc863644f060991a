//! Refusals of returns.

use super::Refusal;
use crate::problems as kind;
use tillroll_domain::returns::ReturnError as E;
use tillroll_http::Problem;

impl Refusal for E {
    fn problem(&self) -> Problem {
        let of = |kind| Problem::of(kind).detail(self.to_string());
        match self {
            Self::NotRequested => Problem::not_found("such return"),
            Self::RequestedDifferently => of(&kind::RETURN_DIFFERS),
            Self::WindowClosed { ended_on } => of(&kind::RETURN_WINDOW_CLOSED).with("ended_on", ended_on),
            // The settings are checked when they are loaded.
            Self::WindowTooLong { .. } => Problem::internal(),
            Self::NoLines => of(&kind::NO_LINES),
            Self::TooManyLines { given, max } => of(&kind::TOO_MANY_LINES).with("given", given).with("max", max),
            Self::LineRepeated { line } => of(&kind::LINE_REPEATED).with("line", line),
            Self::UnknownLine { line } => of(&kind::RETURN_LINE_UNKNOWN).with("line", line),
            Self::WrongStatus { status } => of(&kind::RETURN_STATUS).with("return_status", status.as_str()),
            Self::ReceivedTooMuch { line, received, requested } => {
                of(&kind::RECEIVED_TOO_MUCH).with("line", line).with("received", received).with("requested", requested)
            }
            Self::ReceiptIdReused { receipt_id } => of(&kind::RECEIPT_DIFFERS).with("receipt_id", receipt_id),
            Self::TooManyParcels { max } => of(&kind::TOO_MANY_PARCELS).with("max", max),
            Self::InspectedTooMuch { line, inspected, received } => {
                of(&kind::INSPECTED_TOO_MUCH).with("line", line).with("inspected", inspected).with("received", received)
            }
            Self::InspectionWentBack { line, accepted, refused } => {
                of(&kind::INSPECTION_WENT_BACK).with("line", line).with("accepted", accepted).with("refused", refused)
            }
            Self::NotInspected { waiting } => of(&kind::RETURN_NOT_INSPECTED).with("waiting", waiting),
            Self::NothingAccepted { outcome } => of(&kind::NOTHING_ACCEPTED).with("outcome", outcome.as_str()),
            Self::AlreadyResolved { outcome } => of(&kind::RETURN_RESOLVED).with("outcome", outcome.as_str()),
        }
    }
}
