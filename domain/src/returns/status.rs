//! How far a return has come, why goods come back and how they arrive; used by decisions and read models alike.

use crate::order::status::{UnknownStatus, words};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

words! {
    /// How far a return has come.
    pub enum ReturnStatus {
        /// Asked for.
        Requested = "requested",
        /// The customer may send the goods.
        Approved = "approved",
        /// Some of the goods came.
        Received = "received",
        /// Its outcome is decided. Nothing follows.
        Resolved = "resolved",
        /// The customer may not send the goods. Nothing follows.
        Rejected = "rejected",
        /// Nothing came and nothing will. Nothing follows.
        Cancelled = "cancelled",
    }

    /// Why goods come back.
    pub enum ReturnReason {
        /// They arrived damaged.
        Damaged = "damaged",
        /// They do not work.
        Defective = "defective",
        /// Something else was sent.
        WrongItem = "wrong_item",
        /// They are not what was described.
        NotAsDescribed = "not_as_described",
        /// They came too late.
        TooLate = "too_late",
        /// The customer does not want them any more.
        Unwanted = "unwanted",
        /// Another reason.
        Other = "other",
    }

    /// How goods came back.
    pub enum GoodsCondition {
        /// They can be sold again.
        Resellable = "resellable",
        /// They cannot.
        Damaged = "damaged",
    }

    /// What a customer gets for what came back.
    pub enum ReturnOutcome {
        /// The money.
        Refund = "refund",
        /// The same goods again.
        Replacement = "replacement",
        /// Nothing.
        None = "none",
    }
}

impl ReturnStatus {
    /// Whether a return may go from this status to `next` in one step.
    #[must_use]
    pub const fn can_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Requested, Self::Approved | Self::Rejected | Self::Cancelled)
                | (Self::Approved, Self::Received | Self::Cancelled)
                | (Self::Received, Self::Resolved)
        )
    }

    /// Whether nothing follows.
    #[must_use]
    pub const fn is_over(self) -> bool {
        match self {
            Self::Resolved | Self::Rejected | Self::Cancelled => true,
            Self::Requested | Self::Approved | Self::Received => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_back() {
        fn check<T: Copy + fmt::Debug + fmt::Display + PartialEq + FromStr<Err = UnknownStatus>>(all: &[T]) {
            for value in all {
                assert_eq!(value.to_string().parse::<T>().as_ref(), Ok(value));
            }
        }
        check(ReturnStatus::ALL);
        check(ReturnReason::ALL);
        check(GoodsCondition::ALL);
        check(ReturnOutcome::ALL);
    }

    #[test]
    fn a_return_is_over_exactly_if_nothing_follows() {
        for &status in ReturnStatus::ALL {
            let ends = ReturnStatus::ALL.iter().all(|&next| !status.can_become(next));
            assert_eq!(status.is_over(), ends, "{status}");
        }
    }

    #[test]
    fn no_path_leads_back() {
        for (at, &from) in ReturnStatus::ALL.iter().enumerate() {
            for &to in &ReturnStatus::ALL[..=at] {
                assert!(!from.can_become(to), "{from} became {to}");
            }
        }
    }
}
