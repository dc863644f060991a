//! One charge: what the simulated provider did for one payment, and what follows from it. Amounts are minor units.

use crate::payments::OperationRequest;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tillroll_domain::{
    ids::{OperationId, OrderId, PaymentId},
    money::Currency,
    payment::events::OperationKind,
    pricing::QuoteHash,
    text::Reference,
};

/// What the provider did for one payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Charge {
    /// Our payment.
    pub payment_id: PaymentId,
    /// The order, as the first request named it.
    pub order_id: OrderId,
    /// The currency of all amounts.
    pub currency: Currency,
    /// What the customer agreed to, as the first request named it.
    pub quote_hash: Option<QuoteHash>,
    /// When the first request came.
    pub began_at: DateTime<Utc>,
    /// The operations in the order of their arrival.
    pub operations: Vec<ChargeOperation>,
    /// The disputes in the order in which they were opened.
    pub disputes: Vec<ChargeDispute>,
    /// How often an operation id came back with other content; never, if the engine is right.
    pub reused_keys: u32,
}

/// One operation of a charge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChargeOperation {
    /// Our id; absent for what was done in the provider's dashboard.
    pub operation_id: Option<OperationId>,
    /// What it does.
    pub kind: OperationKind,
    /// How much.
    pub amount_minor: i64,
    /// Of captures and voids, the authorization that they are about.
    pub authorization: Option<Reference>,
    /// The provider's name of it.
    pub reference: Reference,
    /// How it stands.
    pub status: OperationStatus,
    /// When it arrived.
    pub at: DateTime<Utc>,
    /// When an authorization lapses by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// True once an authorization has lapsed.
    pub lapsed: bool,
}

/// How an operation stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum OperationStatus {
    /// It happened.
    Succeeded,
    /// It was refused.
    Failed {
        /// Why.
        code: Reference,
    },
    /// It waits for the customer.
    ActionRequired,
    /// It is being worked on.
    Pending {
        /// When it will be decided.
        due_at: DateTime<Utc>,
    },
}

/// The customer's bank asked money back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChargeDispute {
    /// The provider's name of it.
    pub reference: Reference,
    /// How much.
    pub amount_minor: i64,
    /// How it stands.
    pub status: DisputeStatus,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
}

/// How a dispute stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeStatus {
    /// Not decided.
    Open,
    /// For the shop, which keeps the money.
    Won,
    /// For the customer, who has it back.
    Lost,
}

impl Charge {
    pub(super) fn begin(request: &OperationRequest, now: DateTime<Utc>) -> Self {
        Self {
            payment_id: request.payment_id,
            order_id: request.order_id,
            currency: request.amount.currency,
            quote_hash: request.quote_hash,
            began_at: now,
            operations: Vec::new(),
            disputes: Vec::new(),
            reused_keys: 0,
        }
    }

    /// An operation by our id.
    #[must_use]
    pub fn operation(&self, operation_id: OperationId) -> Option<&ChargeOperation> {
        self.operations.iter().find(|operation| operation.operation_id == Some(operation_id))
    }

    /// Set aside, and neither captured nor free again by that time.
    #[must_use]
    pub fn aside_minor(&self, now: DateTime<Utc>) -> i64 {
        self.authorizations().map(|authorization| self.aside_of(authorization, now)).sum()
    }

    /// Taken.
    #[must_use]
    pub fn captured_minor(&self) -> i64 {
        self.succeeded_minor(OperationKind::Capture)
    }

    /// Given back.
    #[must_use]
    pub fn refunded_minor(&self) -> i64 {
        self.succeeded_minor(OperationKind::Refund)
    }

    /// In open disputes and lost ones.
    #[must_use]
    pub fn disputed_minor(&self) -> i64 {
        self.disputes.iter().filter(|dispute| dispute.status != DisputeStatus::Won).map(|d| d.amount_minor).sum()
    }

    /// What can still be given back: captured, and neither given back, nor about to be, nor disputed.
    #[must_use]
    pub fn refundable_minor(&self) -> i64 {
        (self.captured_minor() - self.taken_by(OperationKind::Refund, None) - self.disputed_minor()).max(0)
    }

    /// True if a successful capture has this name.
    #[must_use]
    pub fn has_capture(&self, reference: &Reference) -> bool {
        self.succeeded(OperationKind::Capture).any(|capture| capture.reference == *reference)
    }

    pub(super) fn newest_capture(&self) -> Option<&ChargeOperation> {
        self.succeeded(OperationKind::Capture).last()
    }

    /// Successful authorizations, lapsed and voided ones too.
    pub(super) fn authorizations(&self) -> impl DoubleEndedIterator<Item = &ChargeOperation> {
        self.succeeded(OperationKind::Authorize)
    }

    fn succeeded(&self, kind: OperationKind) -> impl DoubleEndedIterator<Item = &ChargeOperation> {
        let is_meant = move |operation: &&ChargeOperation| {
            operation.kind == kind && operation.status == OperationStatus::Succeeded
        };
        self.operations.iter().filter(is_meant)
    }

    fn succeeded_minor(&self, kind: OperationKind) -> i64 {
        self.succeeded(kind).map(|operation| operation.amount_minor).sum()
    }

    /// What operations of a kind took or are about to take, of one authorization or of all.
    fn taken_by(&self, kind: OperationKind, authorization: Option<&Reference>) -> i64 {
        let takes = |operation: &&ChargeOperation| {
            operation.kind == kind
                && matches!(operation.status, OperationStatus::Succeeded | OperationStatus::Pending { .. })
                && authorization.is_none_or(|reference| operation.authorization.as_ref() == Some(reference))
        };
        self.operations.iter().filter(takes).map(|operation| operation.amount_minor).sum()
    }

    pub(super) fn is_voided(&self, authorization: &Reference) -> bool {
        self.succeeded(OperationKind::Void).any(|void| void.authorization.as_ref() == Some(authorization))
    }

    /// What of an authorization can be captured at that time.
    pub(super) fn aside_of(&self, authorization: &ChargeOperation, now: DateTime<Utc>) -> i64 {
        if authorization.has_lapsed(now) || self.is_voided(&authorization.reference) {
            return 0;
        }
        (authorization.amount_minor - self.taken_by(OperationKind::Capture, Some(&authorization.reference))).max(0)
    }

    pub(super) fn aside_of_newest(&self, now: DateTime<Utc>) -> i64 {
        self.authorizations().next_back().map_or(0, |authorization| self.aside_of(authorization, now))
    }

    /// When something falls due by itself.
    pub(super) fn due_times(&self) -> impl Iterator<Item = DateTime<Utc>> {
        self.operations.iter().filter_map(|operation| match operation.status {
            OperationStatus::Pending { due_at } => Some(due_at),
            OperationStatus::Succeeded => operation.expires_at.filter(|_| !operation.lapsed),
            OperationStatus::Failed { .. } | OperationStatus::ActionRequired => None,
        })
    }
}

impl ChargeOperation {
    /// True for an authorization whose time is over by then.
    pub(super) fn has_lapsed(&self, now: DateTime<Utc>) -> bool {
        self.lapsed || self.expires_at.is_some_and(|at| at <= now)
    }
}
