//! How far the lines and the payments of an order have come: counts and sums, without rules.

use super::status::PaymentStatus;
use crate::common::LineKind;
use serde::{Deserialize, Serialize};

/// How far one line has come, in units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineProgress {
    /// What the line stands for.
    pub kind: LineKind,
    /// Agreed.
    pub ordered: u32,
    /// Will not be delivered.
    pub cancelled: u32,
    /// Are going to leave under a plan, and have not yet.
    pub planned: u32,
    /// Left.
    pub shipped: u32,
    /// May be on their way back.
    pub return_requested: u32,
    /// Came back.
    pub returned: u32,
    /// Credited.
    pub credited: u32,
}

impl LineProgress {
    /// Units that were neither cancelled nor shipped.
    #[must_use]
    pub const fn outstanding(&self) -> u32 {
        self.ordered.saturating_sub(self.cancelled).saturating_sub(self.shipped)
    }

    /// Units that were neither cancelled nor shipped nor planned.
    #[must_use]
    pub const fn free(&self) -> u32 {
        self.outstanding().saturating_sub(self.planned)
    }

    /// Units that left and are neither back nor on their way back.
    #[must_use]
    pub const fn returnable(&self) -> u32 {
        self.shipped.saturating_sub(self.returned).saturating_sub(self.return_requested)
    }
}

/// How one payment for an order stands, in minor units of the order's currency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentAmounts {
    /// Set aside and not taken.
    pub authorized_minor: i64,
    /// Taken so far.
    pub captured_minor: i64,
    /// Given back so far.
    pub refunded_minor: i64,
    /// Held back by disputes.
    pub disputed_minor: i64,
}

impl PaymentAmounts {
    /// The sums; `None` if one does not fit.
    pub(super) fn checked_add(self, other: Self) -> Option<Self> {
        Some(Self {
            authorized_minor: self.authorized_minor.checked_add(other.authorized_minor)?,
            captured_minor: self.captured_minor.checked_add(other.captured_minor)?,
            refunded_minor: self.refunded_minor.checked_add(other.refunded_minor)?,
            disputed_minor: self.disputed_minor.checked_add(other.disputed_minor)?,
        })
    }

    /// What they mean for an order of this total.
    pub(super) const fn status(self, total_minor: i64) -> PaymentStatus {
        let Self { authorized_minor, captured_minor, refunded_minor, disputed_minor } = self;
        PaymentStatus::of(total_minor, authorized_minor, captured_minor, refunded_minor, disputed_minor)
    }
}
