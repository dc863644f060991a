//! How much of a payment is set aside, taken, given back and in dispute, computed from what is known of its operations.

use super::{CreatedPayment, Operation, OperationOutcome};
use crate::payment::{dispute::DisputeStatus, events::OperationKind};
use std::collections::BTreeMap;

/// What the operations of one attempt have moved, in minor units.
#[derive(Debug, Default)]
struct Moved {
    authorized: i64,
    captured: i64,
    being_captured: i64,
    is_voided: bool,
}

impl Moved {
    fn left(&self, is_expired: bool) -> i64 {
        let left = (self.authorized - self.captured).max(0);
        if self.is_voided {
            0
        } else if is_expired {
            // What a capture that was under way may still take.
            left.min(self.being_captured)
        } else {
            left
        }
    }
}

impl CreatedPayment {
    /// Set aside for this payment and neither taken nor free again, in minor units; with what was taken, at most the
    /// payment's amount. Surplus authorizations do not count; see [`Self::void_due`].
    #[must_use]
    pub fn authorized_minor(&self) -> i64 {
        self.set_aside_minor().min(self.lacking_minor())
    }

    /// Taken so far, in minor units. More than the payment's amount only if the provider took it twice.
    #[must_use]
    pub fn captured_minor(&self) -> i64 {
        self.succeeded_minor(OperationKind::Capture)
    }

    /// Given back so far, in minor units. A refund that we hear of before its capture counts when the capture does.
    #[must_use]
    pub fn refunded_minor(&self) -> i64 {
        self.succeeded_minor(OperationKind::Refund).min(self.captured_minor())
    }

    /// In dispute or lost to one, in minor units; such money is not given back once more.
    #[must_use]
    pub fn disputed_minor(&self) -> i64 {
        let counting = self.disputes.values().filter(|dispute| match dispute.status {
            DisputeStatus::Open | DisputeStatus::Lost => true,
            DisputeStatus::Won => false,
        });
        counting.map(|dispute| dispute.amount_minor).fold(0, i64::saturating_add)
    }

    /// What can still be captured: set aside by one attempt, not lapsed, not promised to a capture or void without an
    /// outcome, and needed for the payment's amount. Nothing once the payment is cancelled.
    #[must_use]
    pub fn capturable_minor(&self) -> i64 {
        if self.cancelled { 0 } else { self.capturable().map_or(0, |(_, minor)| minor) }
    }

    /// What can still be refunded: taken, not given back, not in dispute or lost to one, and not promised to a refund without
    /// an outcome.
    #[must_use]
    pub fn refundable_minor(&self) -> i64 {
        let kept = self.captured_minor() - self.succeeded_minor(OperationKind::Refund);
        let open = self.sum(|one| one.kind == OperationKind::Refund && one.outcome.is_open());
        kept.saturating_sub(open).saturating_sub(self.disputed_minor()).max(0)
    }

    /// What must be set free and by which attempt, one at a time: what any attempt has set aside once the payment is
    /// cancelled, otherwise what an attempt, the oldest first, has set aside although others cover all that is still to be
    /// taken. Nothing while a capture or void of that attempt has no outcome.
    #[must_use]
    pub fn void_due(&self) -> Option<(u32, i64)> {
        let mut set_aside = self.set_aside();
        // What a void may be about to set free covers nothing.
        set_aside.retain(|(attempt, _)| self.open_minor(OperationKind::Void, *attempt) == 0);
        let total: i64 = set_aside.iter().map(|(_, minor)| minor).sum();
        let lacking = self.lacking_minor();
        let is_due = |minor: i64| self.cancelled || total - minor >= lacking;
        let is_free = |attempt: u32| self.open_minor(OperationKind::Capture, attempt) == 0;
        set_aside.into_iter().rev().find(|(attempt, minor)| is_due(*minor) && is_free(*attempt))
    }

    /// What must be given back: all that can be once the payment is cancelled, otherwise what was taken beyond the payment's
    /// amount.
    #[must_use]
    pub fn refund_due_minor(&self) -> i64 {
        let refundable = self.refundable_minor();
        if self.cancelled {
            return refundable;
        }
        let open = self.sum(|one| one.kind == OperationKind::Refund && one.outcome.is_open());
        let kept = self.captured_minor() - self.succeeded_minor(OperationKind::Refund) - open;
        (kept - self.amount.minor).clamp(0, refundable)
    }

    /// The attempt to capture from, the newest first, and how much can be.
    pub(in crate::payment) fn capturable(&self) -> Option<(u32, i64)> {
        let open = self.sum(|one| one.kind == OperationKind::Capture && one.outcome.is_open());
        let lacking = self.lacking_minor() - open;
        let of = |(attempt, minor): (u32, i64)| {
            let promised =
                self.open_minor(OperationKind::Capture, attempt) + self.open_minor(OperationKind::Void, attempt);
            (attempt, (minor - promised).min(lacking))
        };
        self.set_aside().into_iter().map(of).find(|(_, minor)| *minor > 0)
    }

    /// All that is set aside, surplus included, in minor units.
    pub(in crate::payment) fn set_aside_minor(&self) -> i64 {
        self.set_aside().into_iter().map(|(_, minor)| minor).sum()
    }

    /// What each attempt has set aside, the newest first; those with nothing are left out.
    pub(in crate::payment) fn set_aside(&self) -> Vec<(u32, i64)> {
        let mut attempts = BTreeMap::<u32, Moved>::new();
        // Nobody says from which authorization a capture took that we did not request.
        let mut unattributed: i64 = 0;
        for operation in self.operations.values() {
            let of = attempts.entry(operation.attempt).or_default();
            let minor = operation.amount_minor;
            match (operation.kind, operation.outcome) {
                (OperationKind::Capture | OperationKind::Void, OperationOutcome::Succeeded)
                    if operation.is_observed =>
                {
                    unattributed = unattributed.saturating_add(minor);
                }
                (OperationKind::Authorize, OperationOutcome::Succeeded) => of.authorized += minor,
                (OperationKind::Capture, OperationOutcome::Succeeded) => of.captured += minor,
                (OperationKind::Void, OperationOutcome::Succeeded) => of.is_voided = true,
                (OperationKind::Capture, outcome) if outcome.is_open() => of.being_captured += minor,
                (
                    OperationKind::Authorize | OperationKind::Capture | OperationKind::Void | OperationKind::Refund,
                    _,
                ) => {}
            }
        }
        let mut found = Vec::new();
        for (attempt, moved) in attempts.into_iter().rev() {
            let left = moved.left(self.expired.contains(&attempt));
            let taken = left.min(unattributed);
            unattributed -= taken;
            if left > taken {
                found.push((attempt, left - taken));
            }
        }
        found
    }

    /// What of the payment's amount was not taken yet.
    fn lacking_minor(&self) -> i64 {
        (self.amount.minor - self.captured_minor()).max(0)
    }

    /// The most that can have been set aside, and so taken, at all: each attempt may set the whole amount aside once.
    pub(in crate::payment) fn possible_minor(&self) -> i64 {
        self.amount.minor.saturating_mul(i64::from(self.attempt.max(1)))
    }

    /// What operations of a kind have moved.
    pub(in crate::payment) fn succeeded_minor(&self, kind: OperationKind) -> i64 {
        self.sum(|one| one.kind == kind && one.outcome == OperationOutcome::Succeeded)
    }

    fn open_minor(&self, kind: OperationKind, attempt: u32) -> i64 {
        self.sum(|one| one.kind == kind && one.attempt == attempt && one.outcome.is_open())
    }

    fn sum(&self, counts: impl Fn(&Operation) -> bool) -> i64 {
        let counting = self.operations.values().filter(|operation| counts(operation));
        counting.map(|operation| operation.amount_minor).fold(0, i64::saturating_add)
    }
}
