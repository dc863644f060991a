//! How far a fulfillment has come, and which steps it can take; used by decisions and read models alike.

use crate::order::status::{UnknownStatus, words};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

words! {
    /// How far a fulfillment has come.
    pub enum ShipmentStatus {
        /// Planned; being picked.
        Created = "created",
        /// In its parcel, waiting for the carrier.
        Packed = "packed",
        /// With the carrier.
        Shipped = "shipped",
        /// The carrier cannot find it. It may still turn up.
        Lost = "lost",
        /// With the customer. Nothing follows.
        Delivered = "delivered",
        /// It never left. Nothing follows.
        Cancelled = "cancelled",
    }
}

impl ShipmentStatus {
    /// Whether a fulfillment may go from this status to `next` in one step.
    #[must_use]
    pub const fn can_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Created, Self::Packed | Self::Shipped | Self::Cancelled)
                | (Self::Packed, Self::Shipped | Self::Cancelled)
                | (Self::Shipped, Self::Lost | Self::Delivered)
                | (Self::Lost, Self::Delivered)
        )
    }

    /// Whether its goods left.
    #[must_use]
    pub const fn has_left(self) -> bool {
        match self {
            Self::Shipped | Self::Lost | Self::Delivered => true,
            Self::Created | Self::Packed | Self::Cancelled => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_back() {
        for &status in ShipmentStatus::ALL {
            assert_eq!(status.to_string().parse(), Ok(status));
        }
    }

    #[test]
    fn no_path_leads_back() {
        // Whatever follows a status stands behind it in the declared order.
        for (at, &from) in ShipmentStatus::ALL.iter().enumerate() {
            for &to in &ShipmentStatus::ALL[..=at] {
                assert!(!from.can_become(to), "{from} became {to}");
            }
        }
    }

    #[test]
    fn nothing_follows_a_delivery_or_a_cancellation() {
        for end in [ShipmentStatus::Delivered, ShipmentStatus::Cancelled] {
            assert!(ShipmentStatus::ALL.iter().all(|&next| !end.can_become(next)));
        }
    }
}
