//! What can be asked of a return.

use super::{
    events::{InspectedLine, ReceivedLine, ReturnLine},
    status::ReturnOutcome,
};
use crate::{
    ids::{OrderId, ReceiptId},
    text::{LocationId, Note},
};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

pub use crate::order::commands::LINES_MAX;
/// The most parcels in which one return comes.
pub const PARCELS_MAX: usize = 100;
/// The longest window, in days.
pub const WINDOW_DAYS_MAX: u16 = 3_650;

/// Until when goods can be sent back: facts that the caller gathers from the order and the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnWindow {
    /// The store's date on which the order was delivered; without it, the window has not begun to close.
    pub delivered_on: Option<NaiveDate>,
    /// How many days after that date the window is open; 0 is that date alone. At most [`WINDOW_DAYS_MAX`].
    pub days: u16,
}

/// Commands on a return.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReturnCommand {
    /// Ask to send goods back; the order has counted the same units under the same id before. Silent if it was asked so;
    /// refused after the window, which is the store's date at the moment of the decision against the facts.
    Request {
        /// The order.
        order_id: OrderId,
        /// Which; each line at most once.
        lines: Vec<ReturnLine>,
        /// Until when it can be asked.
        window: ReturnWindow,
    },
    /// Let the customer send them. Silent if it was, however far the return has come since.
    Approve,
    /// Do not let the customer send them. Silent if it was rejected; refused once approved.
    Reject {
        /// Why; nothing personal.
        reason: Note,
    },
    /// Note that a parcel came. One receipt id counts once: the same lines at the same location again are silent, others
    /// are refused.
    Receive {
        /// The parcel.
        receipt_id: ReceiptId,
        /// Where it came, if somebody says so: where its goods go back into stock.
        location: Option<LocationId>,
        /// What was in it; each line at most once per condition.
        lines: Vec<ReceivedLine>,
    },
    /// Note what an inspection of received goods came to so far: the totals per line, which never fall. Silent if nothing
    /// changes.
    Inspect {
        /// Which; each line at most once.
        lines: Vec<InspectedLine>,
    },
    /// Decide the outcome once all that came was inspected. What was requested and never came is given up. Silent if it
    /// was decided so. A refund or replacement needs goods that were accepted.
    Resolve {
        /// What the customer gets.
        outcome: ReturnOutcome,
        /// Remarks; nothing personal, possibly empty.
        note: Note,
    },
    /// Give the return up, of which nothing may have come. Silent if it was.
    Cancel {
        /// Why; nothing personal.
        reason: Note,
    },
}
