//! Why a command on a return is refused.

use super::status::{ReturnOutcome, ReturnStatus};
use crate::ids::ReceiptId;
use chrono::NaiveDate;
use thiserror::Error;

/// Why a return refused a command; nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReturnError {
    /// There is none under this id.
    #[error("the return was not requested")]
    NotRequested,
    /// One with other content stands under this id.
    #[error("the return was requested for another order or other lines")]
    RequestedDifferently,
    /// The window is over.
    #[error("goods of this order could be sent back until {ended_on}")]
    WindowClosed {
        /// Its last day.
        ended_on: NaiveDate,
    },
    /// The window is longer than any can be.
    #[error("a return window has at most {max} days, not {given}")]
    WindowTooLong {
        /// What was given, in days.
        given: u16,
        /// The longest, in days.
        max: u16,
    },
    /// The command names no line.
    #[error("at least one line must be named")]
    NoLines,
    /// The command names more lines than an order can have.
    #[error("at most {max} lines can be named, not {given}")]
    TooManyLines {
        /// How many were named.
        given: usize,
        /// How many may be.
        max: usize,
    },
    /// The command names a line twice (for a parcel: in the same condition).
    #[error("line {line} is named more than once")]
    LineRepeated {
        /// The line.
        line: u32,
    },
    /// The return was not requested for this line.
    #[error("line {line} is not part of the return")]
    UnknownLine {
        /// The line.
        line: u32,
    },
    /// The step does not follow where the return stands.
    #[error("the return is {status}")]
    WrongStatus {
        /// How far it has come.
        status: ReturnStatus,
    },
    /// More came than was requested.
    #[error("{received} units of line {line} would have come, but {requested} were requested")]
    ReceivedTooMuch {
        /// The line.
        line: u32,
        /// What would have come in all.
        received: u64,
        /// What was requested.
        requested: u32,
    },
    /// A parcel was recorded with other content or elsewhere.
    #[error("receipt {receipt_id} was recorded with other lines or at another location")]
    ReceiptIdReused {
        /// The parcel.
        receipt_id: ReceiptId,
    },
    /// The return came in as many parcels as it can.
    #[error("a return comes in at most {max} parcels")]
    TooManyParcels {
        /// How many it may be.
        max: usize,
    },
    /// More was inspected than came.
    #[error("{inspected} units of line {line} cannot be inspected, only {received} came")]
    InspectedTooMuch {
        /// The line.
        line: u32,
        /// Accepted and refused together.
        inspected: u64,
        /// What came.
        received: u32,
    },
    /// What an inspection came to cannot be taken back.
    #[error("the inspection of line {line} accepted {accepted} and refused {refused} units already")]
    InspectionWentBack {
        /// The line.
        line: u32,
        /// Accepted so far.
        accepted: u32,
        /// Refused so far.
        refused: u32,
    },
    /// Goods that came were not inspected yet.
    #[error("{waiting} units were not inspected yet")]
    NotInspected {
        /// How many units.
        waiting: u64,
    },
    /// There is nothing for which the customer could get something.
    #[error("no goods were accepted, so there is no {outcome}")]
    NothingAccepted {
        /// What was asked for.
        outcome: ReturnOutcome,
    },
    /// Another outcome was decided.
    #[error("the outcome was decided already: {outcome}")]
    AlreadyResolved {
        /// What it is.
        outcome: ReturnOutcome,
    },
}
