//! What PaymentReconcile remembers: which operations have no outcome yet, and what it must not lose sight of.

use super::vocabulary::PaymentReconcileFact;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tillroll_domain::{ids::OperationId, payment::events::OperationKind, text::Reference};

/// How long to wait before an operation is asked about again, by how often it was before; then always the last.
pub const PATIENCE: [TimeDelta; 6] = [
    TimeDelta::seconds(1),
    TimeDelta::seconds(5),
    TimeDelta::seconds(30),
    TimeDelta::minutes(2),
    TimeDelta::minutes(10),
    TimeDelta::hours(1),
];
/// For how long an operation may have no outcome before somebody must look. It is asked about further.
pub const OVERDUE_AFTER: TimeDelta = TimeDelta::days(7);
/// For how long the customer's part is asked about, once the payment was cancelled or is attempted in another way.
pub const CUSTOMER_AWAITED: TimeDelta = TimeDelta::hours(24);
/// How long to wait before what the provider refused to undo is requested again, by how often it was refused; after the
/// last, somebody must look.
pub const UNDO_PATIENCE: [TimeDelta; 6] = [
    TimeDelta::minutes(1),
    TimeDelta::minutes(10),
    TimeDelta::hours(1),
    TimeDelta::hours(6),
    TimeDelta::days(1),
    TimeDelta::days(3),
];

/// What PaymentReconcile knows of a payment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentReconcileState {
    /// The operations without an outcome.
    pub pursued: BTreeMap<OperationId, PursuedOperation>,
    /// The authorization that was requested last.
    pub newest_authorization: Option<OperationId>,
    /// Whether there was another before it, so that both may have succeeded.
    pub several_authorizations: bool,
    /// The provider's name of the first capture.
    pub captured: Option<Reference>,
    /// Whether the payment was cancelled.
    pub cancelled: bool,
    /// How often the provider refused to undo something.
    pub undos_refused: u32,
    /// Whether the amounts changed while the order was being told.
    pub mirror_stale: bool,
    /// Whether something changed while it was looked at what is left to undo.
    pub undo_stale: bool,
    /// Whether the provider contradicted itself or us.
    pub contradicted: bool,
}

/// An operation without an outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PursuedOperation {
    /// What it does.
    pub kind: OperationKind,
    /// Since when it is pursued.
    pub since: DateTime<Utc>,
    /// How often it was postponed.
    pub postponed: u32,
    /// What is done when it was postponed.
    pub next: Next,
    /// Whether it may have happened without an answer.
    pub unknown: bool,
    /// Whether the customer must act.
    pub awaits_customer: bool,
    /// Whether somebody must look.
    pub overdue: bool,
}

/// What is done about an operation that was postponed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Next {
    /// It did not reach the provider: ask for it again.
    Call,
    /// It may have happened: ask what became of it.
    LookUp,
}

impl PursuedOperation {
    /// How long to wait before the next time.
    #[must_use]
    pub fn patience(&self) -> TimeDelta {
        of_schedule(&PATIENCE, self.postponed)
    }
}

/// The waiting time after `times` tries.
pub(super) fn of_schedule(schedule: &[TimeDelta], times: u32) -> TimeDelta {
    let index = usize::try_from(times).unwrap_or(usize::MAX).min(schedule.len().saturating_sub(1));
    schedule.get(index).copied().unwrap_or_default()
}

impl PaymentReconcileState {
    pub(super) fn evolve(mut self, fact: &PaymentReconcileFact) -> Self {
        match fact {
            PaymentReconcileFact::Pursued { operation_id, operation, at } => {
                let pursued = PursuedOperation {
                    kind: *operation,
                    since: *at,
                    postponed: 0,
                    next: Next::Call,
                    unknown: false,
                    awaits_customer: false,
                    overdue: false,
                };
                self.pursued.insert(*operation_id, pursued);
                if *operation == OperationKind::Authorize {
                    self.several_authorizations |= self.newest_authorization.is_some();
                    self.newest_authorization = Some(*operation_id);
                }
            }
            PaymentReconcileFact::Postponed { operation_id, next } => self.with(operation_id, |pursued| {
                pursued.postponed = pursued.postponed.saturating_add(1);
                pursued.next = *next;
            }),
            PaymentReconcileFact::OutcomeUnknown { operation_id } => self.with(operation_id, |it| it.unknown = true),
            PaymentReconcileFact::AwaitsCustomer { operation_id } => {
                self.with(operation_id, |pursued| pursued.awaits_customer = true);
            }
            PaymentReconcileFact::Overdue { operation_id } => self.with(operation_id, |it| it.overdue = true),
            PaymentReconcileFact::Settled { operation_id } | PaymentReconcileFact::GaveUp { operation_id } => {
                self.pursued.remove(operation_id);
            }
            PaymentReconcileFact::Contradicted { operation_id } => {
                self.pursued.remove(operation_id);
                self.contradicted = true;
            }
            PaymentReconcileFact::ReferenceTaken { .. } => self.contradicted = true,
            PaymentReconcileFact::Captured { reference } => self.captured = Some(reference.clone()),
            PaymentReconcileFact::Cancelled => self.cancelled = true,
            PaymentReconcileFact::UndoRefused => self.undos_refused = self.undos_refused.saturating_add(1),
            PaymentReconcileFact::MirrorStale => self.mirror_stale = true,
            PaymentReconcileFact::MirrorRenewed => self.mirror_stale = false,
            PaymentReconcileFact::UndoStale => self.undo_stale = true,
            PaymentReconcileFact::UndoRenewed => self.undo_stale = false,
        }
        self
    }

    /// Whether the customer's part of an operation has become superfluous.
    pub(super) fn is_abandoned(&self, operation_id: OperationId) -> bool {
        let awaits_customer = self.pursued.get(&operation_id).is_some_and(|pursued| pursued.awaits_customer);
        awaits_customer && (self.cancelled || self.newest_authorization != Some(operation_id))
    }

    /// Whether money may have to go back: all of a cancelled payment, or what several authorizations set aside at once.
    pub(super) const fn may_owe(&self) -> bool {
        self.cancelled || self.several_authorizations
    }

    fn with(&mut self, operation_id: &OperationId, change: impl FnOnce(&mut PursuedOperation)) {
        if let Some(pursued) = self.pursued.get_mut(operation_id) {
            change(pursued);
        }
    }
}
