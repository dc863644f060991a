//! What a payment's decisions need to know of its past, and how each event changes it.

use super::{
    error::PaymentError,
    events::{OperationKind, PaymentCreated, PaymentEvent},
};
use crate::{
    common::Basis,
    document::SourceKey,
    ids::{OperationId, OrderId},
    money::Money,
    text::Reference,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// A payment as its decisions see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PaymentState {
    /// Nobody intends to pay yet.
    New,
    /// Somebody does.
    Created(Box<CreatedPayment>),
}

/// A payment that somebody intends to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedPayment {
    pub(super) order_id: OrderId,
    pub(super) amount: Money,
    pub(super) source: Option<SourceKey>,
    /// The newest attempt, 0 before the first.
    pub(super) attempt: u32,
    /// Whom the newest attempt asks.
    pub(super) provider: Option<Reference>,
    /// Set aside by the newest attempt and neither taken nor free again.
    pub(super) authorized_minor: i64,
    pub(super) captured_minor: i64,
    pub(super) refunded_minor: i64,
    /// Whether the newest attempt's authorization has lapsed; what pending captures may still take is kept aside.
    pub(super) expired: bool,
    pub(super) operations: BTreeMap<OperationId, Operation>,
}

/// One operation at a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// What it does.
    pub kind: OperationKind,
    /// The attempt it belongs to, from 1; 0 for a capture that was inferred.
    pub attempt: u32,
    /// How much, in minor units.
    pub amount_minor: i64,
    /// The provider; kept for authorizations, which choose it.
    pub provider: Option<Reference>,
    /// What became of it.
    pub outcome: OperationOutcome,
}

/// What became of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationOutcome {
    /// It was requested.
    Pending,
    /// The provider did not answer; it may have happened.
    Unknown,
    /// It happened.
    Succeeded,
    /// The provider refused it.
    Failed,
}

impl OperationOutcome {
    /// The word in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Unknown => "unknown",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }

    /// Whether it may still turn out either way.
    #[must_use]
    pub const fn is_open(self) -> bool {
        match self {
            Self::Pending | Self::Unknown => true,
            Self::Succeeded | Self::Failed => false,
        }
    }
}

impl fmt::Display for OperationOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl PaymentState {
    /// The payment, if somebody intends to make it.
    ///
    /// # Errors
    /// [`PaymentError::NotCreated`] otherwise.
    pub fn created(&self) -> Result<&CreatedPayment, PaymentError> {
        match self {
            Self::New => Err(PaymentError::NotCreated),
            Self::Created(payment) => Ok(payment),
        }
    }

    pub(super) fn evolve(self, event: &PaymentEvent) -> Self {
        match (self, event) {
            (state, PaymentEvent::PaymentCreated(created)) => {
                debug_assert_eq!(state, Self::New, "a payment is created once");
                Self::Created(Box::new(CreatedPayment::from(created)))
            }
            (Self::New, _) => {
                debug_assert!(false, "a payment's history starts with its creation, not with {event:?}");
                Self::New
            }
            (Self::Created(mut payment), _) => {
                payment.apply(event);
                Self::Created(payment)
            }
        }
    }
}

impl From<&PaymentCreated> for CreatedPayment {
    fn from(created: &PaymentCreated) -> Self {
        Self {
            order_id: created.order_id,
            amount: created.amount,
            source: created.source.as_ref().map(SourceKey::from),
            attempt: 0,
            provider: None,
            authorized_minor: 0,
            captured_minor: 0,
            refunded_minor: 0,
            expired: false,
            operations: BTreeMap::new(),
        }
    }
}

impl CreatedPayment {
    /// The order it pays.
    #[must_use]
    pub const fn order_id(&self) -> OrderId {
        self.order_id
    }

    /// How much is to be paid.
    #[must_use]
    pub const fn amount(&self) -> Money {
        self.amount
    }

    /// The imported document it stands on.
    #[must_use]
    pub const fn source(&self) -> Option<&SourceKey> {
        self.source.as_ref()
    }

    /// Set aside and neither taken nor free again, in minor units.
    #[must_use]
    pub const fn authorized_minor(&self) -> i64 {
        self.authorized_minor
    }

    /// Taken so far, in minor units.
    #[must_use]
    pub const fn captured_minor(&self) -> i64 {
        self.captured_minor
    }

    /// Given back so far, in minor units.
    #[must_use]
    pub const fn refunded_minor(&self) -> i64 {
        self.refunded_minor
    }

    /// Every operation that was requested.
    #[must_use]
    pub const fn operations(&self) -> &BTreeMap<OperationId, Operation> {
        &self.operations
    }

    /// What can still be captured: set aside, not lapsed, and not promised to a capture or void without an outcome.
    #[must_use]
    pub fn capturable_minor(&self) -> i64 {
        let free =
            self.authorized_minor - self.open_minor(OperationKind::Capture) - self.open_minor(OperationKind::Void);
        // A void may still be open although the authorization lapsed and left it nothing to set free.
        free.max(0)
    }

    /// What can still be refunded: taken, not given back, and not promised to a refund without an outcome.
    #[must_use]
    pub fn refundable_minor(&self) -> i64 {
        self.captured_minor - self.refunded_minor - self.open_minor(OperationKind::Refund)
    }

    /// What operations of the kind and of the newest attempt, or any for refunds, hold while they have no outcome.
    pub(super) fn open_minor(&self, kind: OperationKind) -> i64 {
        let counts = |operation: &&Operation| {
            operation.kind == kind && (kind == OperationKind::Refund || operation.attempt == self.attempt)
        };
        let open = self.operations.values().filter(|operation| operation.outcome.is_open());
        open.filter(counts).map(|operation| operation.amount_minor).sum()
    }

    /// An operation of one of the kinds that has no outcome yet.
    pub(super) fn open_operation(&self, kinds: &[OperationKind]) -> Option<(OperationId, &Operation)> {
        let mut open = self.operations.iter().filter(|(_, operation)| operation.outcome.is_open());
        open.find(|(_, operation)| kinds.contains(&operation.kind)).map(|(id, operation)| (*id, operation))
    }

    fn apply(&mut self, event: &PaymentEvent) {
        match event {
            PaymentEvent::PaymentCreated(_) => debug_assert!(false, "a payment is created once"),
            PaymentEvent::PaymentAttemptStarted(started) => {
                self.attempt = started.attempt;
                self.provider = Some(started.provider.clone());
                self.expired = false;
            }
            PaymentEvent::PaymentOperationRequested(requested) => {
                let provider = match requested.kind {
                    OperationKind::Authorize => self.provider.clone(),
                    OperationKind::Capture | OperationKind::Void | OperationKind::Refund => None,
                };
                let operation = Operation {
                    kind: requested.kind,
                    attempt: requested.attempt,
                    amount_minor: requested.amount_minor,
                    provider,
                    outcome: OperationOutcome::Pending,
                };
                self.operations.insert(requested.operation_id, operation);
            }
            PaymentEvent::PaymentAuthorized(authorized) => {
                self.authorized_minor += authorized.amount_minor;
                self.set_outcome(authorized.operation_id, OperationOutcome::Succeeded);
            }
            PaymentEvent::PaymentCaptured(captured) => {
                self.captured_minor += captured.amount_minor;
                if captured.basis == Basis::Inferred {
                    // It was never requested and had no authorization.
                    let operation = Operation {
                        kind: OperationKind::Capture,
                        attempt: 0,
                        amount_minor: captured.amount_minor,
                        provider: None,
                        outcome: OperationOutcome::Succeeded,
                    };
                    self.operations.insert(captured.operation_id, operation);
                } else {
                    self.authorized_minor -= captured.amount_minor;
                    self.set_outcome(captured.operation_id, OperationOutcome::Succeeded);
                }
            }
            PaymentEvent::PaymentVoided(voided) => {
                self.authorized_minor -= voided.amount_minor;
                self.set_outcome(voided.operation_id, OperationOutcome::Succeeded);
            }
            PaymentEvent::PaymentRefunded(refunded) => {
                self.refunded_minor += refunded.amount_minor;
                self.set_outcome(refunded.operation_id, OperationOutcome::Succeeded);
            }
            PaymentEvent::PaymentOperationFailed(failed) => {
                self.set_outcome(failed.operation_id, OperationOutcome::Failed);
            }
            PaymentEvent::PaymentOutcomeUnknown(unknown) => {
                self.set_outcome(unknown.operation_id, OperationOutcome::Unknown);
            }
            PaymentEvent::PaymentAuthorizationExpired(expired) => {
                self.authorized_minor -= expired.amount_minor;
                self.expired = true;
            }
        }
    }

    fn set_outcome(&mut self, operation_id: OperationId, outcome: OperationOutcome) {
        match self.operations.get_mut(&operation_id) {
            Some(operation) => {
                debug_assert!(operation.outcome.is_open(), "the outcome of {operation_id} stands");
                operation.outcome = outcome;
            }
            None => debug_assert!(false, "operation {operation_id} was never requested"),
        }
    }
}
