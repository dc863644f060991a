//! What a payment's decisions need to know of its past, and how each event changes it.
//!
//! What was said of each operation is kept, and every amount is computed from that: so the order in which it was said
//! cannot matter.

mod amounts;
mod operation;

pub use operation::{Operation, OperationOutcome};

use super::{
    dispute::{Dispute, DisputeStatus},
    error::PaymentError,
    events::{OperationKind, PaymentCreated, PaymentEvent},
};
use crate::{
    common::Basis,
    document::SourceKey,
    ids::{OperationId, OrderId, ProviderMessageId},
    money::Money,
    pricing::QuoteHash,
    text::Reference,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

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
    /// What the customer agreed to, where there was a quote.
    pub(super) quote_hash: Option<QuoteHash>,
    /// The newest attempt, 0 before the first.
    pub(super) attempt: u32,
    /// Whom the newest attempt asks.
    pub(super) provider: Option<Reference>,
    /// What the newest attempt pays with.
    pub(super) instrument: Option<Reference>,
    pub(super) cancelled: bool,
    /// The attempts whose authorization has lapsed.
    pub(super) expired: BTreeSet<u32>,
    pub(super) operations: BTreeMap<OperationId, Operation>,
    pub(super) disputes: BTreeMap<Reference, Dispute>,
    /// The messages that were ignored.
    pub(super) ignored: BTreeSet<ProviderMessageId>,
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
            quote_hash: created.quote_hash,
            attempt: 0,
            provider: None,
            instrument: None,
            cancelled: false,
            expired: BTreeSet::new(),
            operations: BTreeMap::new(),
            disputes: BTreeMap::new(),
            ignored: BTreeSet::new(),
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

    /// What the customer agreed to, where there was a quote.
    #[must_use]
    pub const fn quote_hash(&self) -> Option<QuoteHash> {
        self.quote_hash
    }

    /// The newest attempt's number, 0 before the first.
    #[must_use]
    pub const fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Whom the newest attempt asks.
    #[must_use]
    pub const fn provider(&self) -> Option<&Reference> {
        self.provider.as_ref()
    }

    /// What the newest attempt pays with, if that was said.
    #[must_use]
    pub const fn instrument(&self) -> Option<&Reference> {
        self.instrument.as_ref()
    }

    /// Whether nothing more is to be set aside or taken.
    #[must_use]
    pub const fn is_cancelled(&self) -> bool {
        self.cancelled
    }

    /// Every operation that was requested or observed.
    #[must_use]
    pub const fn operations(&self) -> &BTreeMap<OperationId, Operation> {
        &self.operations
    }

    /// The operations that have no final outcome yet, by their ids.
    pub fn open_operations(&self) -> impl Iterator<Item = (OperationId, &Operation)> {
        self.operations.iter().filter(|(_, one)| one.outcome.is_open()).map(|(id, one)| (*id, one))
    }

    /// The authorization that an attempt requested, whatever became of it; each attempt has one.
    #[must_use]
    pub fn authorization(&self, attempt: u32) -> Option<(OperationId, &Operation)> {
        let is_it = |one: &Operation| one.kind == OperationKind::Authorize && one.attempt == attempt;
        self.operations.iter().find(|(_, one)| is_it(one)).map(|(id, one)| (*id, one))
    }

    /// The newest attempt's authorization.
    #[must_use]
    pub fn newest_attempt(&self) -> Option<(OperationId, &Operation)> {
        self.authorization(self.attempt)
    }

    /// The disputes, by the provider's names for them.
    #[must_use]
    pub const fn disputes(&self) -> &BTreeMap<Reference, Dispute> {
        &self.disputes
    }

    /// What an event would make of it.
    pub(super) fn after(&self, event: &PaymentEvent) -> Self {
        let mut payment = self.clone();
        payment.apply(event);
        payment
    }

    fn apply(&mut self, event: &PaymentEvent) {
        match event {
            PaymentEvent::PaymentCreated(_) => debug_assert!(false, "a payment is created once"),
            PaymentEvent::PaymentAttemptStarted(started) => {
                self.attempt = started.attempt;
                self.provider = Some(started.provider.clone());
                self.instrument.clone_from(&started.instrument);
            }
            PaymentEvent::PaymentOperationRequested(requested) => {
                let authorizes = requested.kind == OperationKind::Authorize;
                let operation = Operation {
                    provider: self.provider.clone().filter(|_| authorizes),
                    instrument: self.instrument.clone().filter(|_| authorizes),
                    ..Operation::new(requested.kind, requested.attempt, requested.amount_minor)
                };
                self.operations.insert(requested.operation_id, operation);
            }
            PaymentEvent::PaymentActionRequired(required) => {
                if let Some(operation) = self.move_on(required.operation_id, OperationOutcome::ActionRequired) {
                    operation.provider_reference = Some(required.provider_reference.clone());
                    operation.action_url = Some(required.action_url.clone());
                }
            }
            PaymentEvent::PaymentAuthorized(done) => self.succeed(done.operation_id, Some(&done.provider_reference)),
            PaymentEvent::PaymentCaptured(done) => {
                if done.basis == Basis::Inferred {
                    // It was never requested and had no authorization.
                    let operation = Operation::new(OperationKind::Capture, 0, done.amount_minor);
                    self.operations.insert(done.operation_id, operation);
                }
                self.succeed(done.operation_id, done.provider_reference.as_ref());
            }
            PaymentEvent::PaymentVoided(done) => self.succeed(done.operation_id, None),
            PaymentEvent::PaymentRefunded(done) => self.succeed(done.operation_id, Some(&done.provider_reference)),
            PaymentEvent::PaymentOperationFailed(failed) => {
                if let Some(operation) = self.move_on(failed.operation_id, OperationOutcome::Failed) {
                    operation.failure_code = Some(failed.code.clone());
                }
            }
            PaymentEvent::PaymentOutcomeUnknown(unknown) => {
                self.move_on(unknown.operation_id, OperationOutcome::Unknown);
            }
            PaymentEvent::PaymentAuthorizationExpired(expired) => {
                let named = expired.operation_id.and_then(|id| self.operations.get(&id));
                self.expired.insert(named.map_or(self.attempt, |authorization| authorization.attempt));
            }
            PaymentEvent::PaymentOperationObserved(observed) => {
                let operation =
                    Operation { is_observed: true, ..Operation::new(observed.kind, 0, observed.amount_minor) };
                self.operations.insert(observed.operation_id, operation);
                self.succeed(observed.operation_id, Some(&observed.provider_reference));
            }
            PaymentEvent::PaymentCancelled(_) => self.cancelled = true,
            PaymentEvent::PaymentDisputeOpened(opened) => {
                let dispute = Dispute { amount_minor: opened.amount_minor, status: DisputeStatus::Open };
                self.disputes.insert(opened.dispute.clone(), dispute);
            }
            PaymentEvent::PaymentDisputeClosed(closed) => {
                let dispute = Dispute { amount_minor: closed.amount_minor, status: closed.outcome.into() };
                self.disputes.insert(closed.dispute.clone(), dispute);
            }
            PaymentEvent::PaymentProviderEventIgnored(ignored) => {
                self.ignored.insert(ignored.message_id);
            }
        }
    }

    fn succeed(&mut self, operation_id: OperationId, reference: Option<&Reference>) {
        if let Some(operation) = self.move_on(operation_id, OperationOutcome::Succeeded) {
            operation.provider_reference = reference.cloned();
        }
    }

    /// Moves an operation on. What came with the outcome before goes with it: left behind, it would tell the order in which
    /// the outcomes came.
    fn move_on(&mut self, operation_id: OperationId, outcome: OperationOutcome) -> Option<&mut Operation> {
        let operation = self.operations.get_mut(&operation_id);
        debug_assert!(operation.is_some(), "operation {operation_id} was never requested");
        let operation = operation?;
        debug_assert!(operation.outcome < outcome, "{operation_id} only moves forward");
        operation.outcome = outcome;
        operation.provider_reference = None;
        operation.action_url = None;
        operation.failure_code = None;
        Some(operation)
    }
}
