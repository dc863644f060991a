//! The three axes of an order and the one status that is derived from them; used by decisions and read models alike.
//!
//! Deliberately not here: any knowledge of events. Whoever folds them keeps the axes and asks for the status.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use thiserror::Error;

/// A text that is not a word of the axis or status.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{given:?} is not one of: {}", expected.trim_end())]
pub struct UnknownStatus {
    /// What was given, cut to 32 characters.
    pub given: String,
    /// The known words, each followed by a blank.
    pub expected: &'static str,
}

macro_rules! words {
    ($($(#[$meta:meta])* pub enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:literal,)+ })+) => {$(
        $(#[$meta])*
        #[doc = "\n\nIn text and JSON it is a word in snake case."]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vmeta])* $variant,)+ }

        impl $name {
            /// All values, in their declared order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word in text and JSON.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.pad(self.as_str()) }
        }

        impl FromStr for $name {
            type Err = UnknownStatus;
            fn from_str(text: &str) -> Result<Self, UnknownStatus> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownStatus {
                        given: text.chars().take(32).collect(),
                        expected: concat!($($word, " ",)+),
                    }),
                }
            }
        }
    )+};
}
pub(crate) use words;

words! {
    /// How far the agreement itself has come.
    pub enum Lifecycle {
        /// Agreed, not promised yet.
        Placed = "placed",
        /// Promised.
        Confirmed = "confirmed",
        /// Nothing (more) will be delivered.
        Cancelled = "cancelled",
        /// Delivered or cancelled, and done with.
        Closed = "closed",
    }

    /// How the order's payments stand, all taken together.
    pub enum PaymentStatus {
        /// No money is set aside or taken.
        None = "none",
        /// Money is set aside; none is taken.
        Authorized = "authorized",
        /// Less than the total was taken.
        Partial = "partial",
        /// What was taken and not given back is the total.
        Paid = "paid",
        /// What was taken and not given back is more than the total.
        Overpaid = "overpaid",
        /// Some was given back, and less than the total is left.
        PartiallyRefunded = "partially_refunded",
        /// All that was taken was given back.
        Refunded = "refunded",
        /// A dispute holds money back.
        Disputed = "disputed",
    }

    /// How far the goods have come.
    pub enum FulfillmentStatus {
        /// Nothing was done yet, or there are no goods.
        None = "none",
        /// They are being put together.
        Started = "started",
        /// Some left; others still have to.
        Partial = "partial",
        /// All left that will.
        Shipped = "shipped",
        /// All arrived.
        Delivered = "delivered",
        /// All arrived and came back.
        Returned = "returned",
    }

    /// The one status that people ask for; see [`OrderStatus::of`].
    pub enum OrderStatus {
        /// Placed and not promised.
        Pending = "pending",
        /// Promised.
        Confirmed = "confirmed",
        /// Being put together, or partly shipped.
        Processing = "processing",
        /// All left that will.
        Shipped = "shipped",
        /// All arrived.
        Delivered = "delivered",
        /// Nothing (more) will be delivered.
        Cancelled = "cancelled",
        /// Closed, with all money given back. Nothing follows.
        Refunded = "refunded",
    }
}

impl PaymentStatus {
    /// From the sums over all payments of an order, in minor units, none negative.
    ///
    /// `authorized` is what is set aside and not taken; `captured` and `refunded` are everything taken and given back so
    /// far; `total` is what was agreed, whatever was cancelled since.
    #[must_use]
    pub const fn of(
        total_minor: i64,
        authorized_minor: i64,
        captured_minor: i64,
        refunded_minor: i64,
        disputed_minor: i64,
    ) -> Self {
        let kept = captured_minor.saturating_sub(refunded_minor);
        if captured_minor > 0 && kept <= 0 {
            Self::Refunded
        } else if disputed_minor > 0 {
            Self::Disputed
        } else if captured_minor > 0 && kept > total_minor {
            Self::Overpaid
        } else if captured_minor > 0 && kept == total_minor {
            Self::Paid
        } else if refunded_minor > 0 {
            Self::PartiallyRefunded
        } else if captured_minor > 0 {
            Self::Partial
        } else if authorized_minor > 0 {
            Self::Authorized
        } else {
            Self::None
        }
    }
}

/// What is known about the goods of an order: sums over its goods lines, in units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FulfillmentProgress {
    /// Whether `OrderFulfillmentStarted` happened.
    pub started: bool,
    /// Whether `OrderDelivered` happened.
    pub delivered: bool,
    /// Ordered and not cancelled.
    pub to_ship: u64,
    /// Shipped so far, at most [`Self::to_ship`].
    pub shipped: u64,
    /// Came back so far, at most [`Self::shipped`].
    pub returned: u64,
}

impl FulfillmentStatus {
    /// From what is known about the goods.
    #[must_use]
    pub const fn of(progress: FulfillmentProgress) -> Self {
        let FulfillmentProgress { started, delivered, to_ship, shipped, returned } = progress;
        if delivered && shipped > 0 && returned >= shipped {
            Self::Returned
        } else if delivered {
            Self::Delivered
        } else if shipped > 0 && shipped >= to_ship {
            Self::Shipped
        } else if shipped > 0 {
            Self::Partial
        } else if started {
            Self::Started
        } else {
            Self::None
        }
    }
}

impl OrderStatus {
    /// The status that the axes add up to.
    ///
    /// Payment matters only once the order is closed: an order that is cancelled or delivered, and all of whose money was
    /// given back, is closed by the same append and then counts as refunded. That is how every history, even one that
    /// refunds before it cancels or delivers, takes only the steps of [`Self::can_become`].
    #[must_use]
    pub const fn of(lifecycle: Lifecycle, payment: PaymentStatus, fulfillment: FulfillmentStatus) -> Self {
        match (lifecycle, payment, fulfillment) {
            (Lifecycle::Placed, _, _) => Self::Pending,
            (Lifecycle::Confirmed, _, FulfillmentStatus::None) => Self::Confirmed,
            (Lifecycle::Confirmed, _, FulfillmentStatus::Started | FulfillmentStatus::Partial) => Self::Processing,
            (Lifecycle::Confirmed, _, FulfillmentStatus::Shipped) => Self::Shipped,
            (Lifecycle::Confirmed, _, FulfillmentStatus::Delivered | FulfillmentStatus::Returned) => Self::Delivered,
            (Lifecycle::Closed, PaymentStatus::Refunded, _) => Self::Refunded,
            (Lifecycle::Closed, _, FulfillmentStatus::Delivered | FulfillmentStatus::Returned) => Self::Delivered,
            // Only delivered and cancelled orders are closed.
            (Lifecycle::Cancelled | Lifecycle::Closed, _, _) => Self::Cancelled,
        }
    }

    /// Whether an order may go from this status to `next` in one step.
    #[must_use]
    pub const fn can_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Pending, Self::Confirmed | Self::Cancelled)
                | (Self::Confirmed, Self::Processing | Self::Cancelled)
                | (Self::Processing, Self::Shipped | Self::Cancelled)
                | (Self::Shipped, Self::Delivered)
                | (Self::Delivered | Self::Cancelled, Self::Refunded)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_back_and_equals_the_json() {
        fn check<T>(all: &[T])
        where
            T: Copy + fmt::Debug + fmt::Display + PartialEq + Serialize + FromStr<Err = UnknownStatus>,
            T: serde::de::DeserializeOwned,
        {
            for value in all {
                assert_eq!(value.to_string().parse::<T>().as_ref(), Ok(value));
                let json = serde_json::to_string(value).unwrap();
                assert_eq!(json, format!("\"{value}\""));
                assert_eq!(&serde_json::from_str::<T>(&json).unwrap(), value);
            }
        }
        check(Lifecycle::ALL);
        check(PaymentStatus::ALL);
        check(FulfillmentStatus::ALL);
        check(OrderStatus::ALL);
    }

    #[test]
    fn a_foreign_word_is_refused_and_the_known_ones_are_named() {
        let error = "Pending".parse::<OrderStatus>().unwrap_err();
        assert_eq!(error.given, "Pending");
        assert!(error.expected.contains("pending"), "{error}");
        assert_eq!("x".repeat(100).parse::<Lifecycle>().unwrap_err().given.len(), 32);
    }

    #[test]
    fn payment_status_follows_from_the_sums() {
        use PaymentStatus::{Authorized, Disputed, None, Overpaid, Paid, Partial, PartiallyRefunded, Refunded};
        // total, authorized, captured, refunded, disputed
        let rows = [
            ([100, 0, 0, 0, 0], None),
            ([0, 0, 0, 0, 0], None),
            ([100, 60, 0, 0, 0], Authorized),
            ([100, 40, 60, 0, 0], Partial),
            ([100, 0, 100, 0, 0], Paid),
            ([100, 0, 101, 0, 0], Overpaid),
            ([100, 0, 150, 20, 0], Overpaid),
            ([100, 0, 150, 50, 0], Paid),
            ([100, 0, 150, 51, 0], PartiallyRefunded),
            ([100, 0, 100, 1, 0], PartiallyRefunded),
            ([100, 0, 60, 10, 0], PartiallyRefunded),
            ([100, 0, 100, 100, 0], Refunded),
            ([100, 0, 60, 60, 0], Refunded),
            ([100, 50, 60, 60, 0], Refunded),
            ([100, 0, 100, 0, 30], Disputed),
            ([100, 0, 150, 20, 30], Disputed),
        ];
        for (sums, expected) in rows {
            let [total, authorized, captured, refunded, disputed] = sums;
            assert_eq!(PaymentStatus::of(total, authorized, captured, refunded, disputed), expected, "{sums:?}");
        }
    }

    #[test]
    fn fulfillment_status_follows_from_the_quantities() {
        use FulfillmentStatus::{Delivered, None, Partial, Returned, Shipped, Started};
        // started, delivered, to ship, shipped, returned
        let rows = [
            ((false, false, 5, 0, 0), None),
            ((false, false, 0, 0, 0), None),
            ((true, false, 5, 0, 0), Started),
            ((true, false, 0, 0, 0), Started),
            ((true, false, 5, 4, 0), Partial),
            ((true, false, 5, 4, 4), Partial),
            ((true, false, 5, 5, 0), Shipped),
            ((true, false, 5, 5, 5), Shipped),
            ((true, true, 5, 5, 0), Delivered),
            ((true, true, 5, 5, 4), Delivered),
            ((true, true, 5, 5, 5), Returned),
        ];
        for ((started, delivered, to_ship, shipped, returned), expected) in rows {
            let progress = FulfillmentProgress { started, delivered, to_ship, shipped, returned };
            assert_eq!(FulfillmentStatus::of(progress), expected, "{progress:?}");
        }
    }

    #[test]
    fn a_refunded_order_has_no_further_status() {
        assert!(OrderStatus::ALL.iter().all(|&next| !OrderStatus::Refunded.can_become(next)));
    }

    #[test]
    fn only_a_closed_order_counts_as_refunded() {
        for &fulfillment in FulfillmentStatus::ALL {
            let of = |lifecycle| OrderStatus::of(lifecycle, PaymentStatus::Refunded, fulfillment);
            assert_eq!(of(Lifecycle::Closed), OrderStatus::Refunded);
            assert_eq!(of(Lifecycle::Cancelled), OrderStatus::Cancelled);
            assert_ne!(of(Lifecycle::Confirmed), OrderStatus::Refunded);
            assert_eq!(of(Lifecycle::Placed), OrderStatus::Pending);
        }
    }
}
