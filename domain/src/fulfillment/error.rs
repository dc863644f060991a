//! Why a command on a fulfillment is refused.

use super::status::ShipmentStatus;
use crate::text::Reference;
use thiserror::Error;

/// Why a fulfillment refused a command; nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FulfillmentError {
    /// There is none under this id.
    #[error("the shipment was not created")]
    NotCreated,
    /// One with other content stands under this id.
    #[error("the shipment was created for another order, location or other lines")]
    CreatedDifferently,
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
    /// The command names a line twice.
    #[error("line {line} is named more than once")]
    LineRepeated {
        /// The line.
        line: u32,
    },
    /// It is cancelled.
    #[error("the shipment is cancelled")]
    Cancelled,
    /// It has not left yet.
    #[error("the shipment has not left yet; it is {status}")]
    NotShipped {
        /// How far it has come.
        status: ShipmentStatus,
    },
    /// It has left and cannot be held back, or it left with another carrier.
    #[error("the shipment has left; it is {status}")]
    AlreadyShipped {
        /// How far it has come.
        status: ShipmentStatus,
    },
    /// It has arrived, so it is not lost.
    #[error("the shipment has arrived")]
    AlreadyDelivered,
    /// A tracking number was noted with another address.
    #[error("tracking number {number} was noted with another address")]
    TrackingDiffers {
        /// The number.
        number: Reference,
    },
    /// More tracking numbers than a fulfillment can have.
    #[error("a shipment has at most {max} tracking numbers")]
    TooMuchTracking {
        /// How many it may have.
        max: usize,
    },
}
