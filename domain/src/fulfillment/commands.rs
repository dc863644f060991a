//! What can be asked of a fulfillment.

use super::{events::FulfillmentLine, tracking::Tracking};
use crate::{
    ids::OrderId,
    text::{LocationId, Name, Note},
};
use serde::{Deserialize, Serialize};

pub use crate::order::commands::LINES_MAX;
/// The most tracking numbers of one fulfillment.
pub const TRACKING_MAX: usize = 50;

/// Commands on a fulfillment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FulfillmentCommand {
    /// Plan what leaves; the order has planned the same units under the same id before. Silent if it is planned so.
    Create {
        /// The order.
        order_id: OrderId,
        /// Where the goods are.
        location: LocationId,
        /// Which; each line at most once.
        lines: Vec<FulfillmentLine>,
    },
    /// Note that the parcel is packed. Silent if it was, however far it has come since.
    Pack,
    /// Note that the carrier has it; packing may have gone unnoted. Silent if it has left already and nothing that is
    /// stated differs from what was noted.
    Ship {
        /// Who carries it.
        carrier: Option<Name>,
        /// Its numbers at the carrier, in addition to those that are known.
        tracking: Vec<Tracking>,
    },
    /// Add numbers at the carrier. Known ones are passed over.
    AddTracking {
        /// The numbers.
        tracking: Vec<Tracking>,
    },
    /// Note that it has arrived, also after it was given up as lost. Silent if known.
    Deliver,
    /// Give it up before it leaves. Silent if it was.
    Cancel {
        /// Why; nothing personal.
        reason: Note,
    },
    /// Note that the carrier cannot find it. Silent if known.
    ReportLost {
        /// What is known; nothing personal.
        note: Note,
    },
}
