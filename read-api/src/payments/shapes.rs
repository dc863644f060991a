//! What answers say of payments.

use crate::json::{Source, money};
use chrono::{DateTime, Utc};
use serde::Serialize;
use tillroll_http::MoneyJson;
use tillroll_projections::models::payments::{
    DisputeTotalRow, IgnoredProviderEventRow, PaymentAttemptRow, PaymentDetail, PaymentDisputeRow, PaymentOperationRow,
    PaymentRow,
};
use utoipa::ToSchema;

/// What a buyer is told of a refusal, whatever the provider's code for it is.
const DECLINED: &str = "declined";

/// A payment in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentSummary {
    #[schema(example = "pay_01980000-0000-7000-8000-000000000000")]
    id: String,
    order_id: String,
    /// By its money first: `refunded`, `partially_refunded`, `captured`, `partially_captured`, `authorized`; then by its
    /// operations: `outcome_unknown`, `pending`, `action_required`; then `released`, `cancelled`, `failed`; otherwise `created`.
    status: String,
    /// By what means, such as `card`, or `assumed_settled` where history does not say.
    method: String,
    /// How much is to be paid.
    amount: MoneyJson,
    /// Set aside and not taken.
    authorized: MoneyJson,
    captured: MoneyJson,
    refunded: MoneyJson,
    /// Set aside once and free again.
    released: MoneyJson,
    /// In an open dispute, or lost to one.
    disputed: MoneyJson,
    /// How many attempts were made.
    attempts: i64,
    /// The provider of the newest attempt.
    provider: Option<String>,
    /// How many operations wait for the provider.
    pending_operations: i64,
    /// Of how many operations nobody knows whether they happened.
    unknown_operations: i64,
    /// How many operations wait for the customer.
    waiting_operations: i64,
    /// Whether the customer's bank ever asked money back.
    has_disputes: bool,
    /// How many messages of its provider were ignored since they cannot be true.
    ignored_events: i64,
    /// Why nothing more is taken, if that is so; shoppers are not told.
    cancelled_because: Option<String>,
    /// When the authorization ends, if the provider says so.
    authorization_expires_at: Option<DateTime<Utc>>,
    /// `recorded`, or `inferred` from other documents.
    basis: String,
    /// The imported document that it was inferred from.
    source: Option<Source>,
    /// When it came to be.
    created_at: DateTime<Utc>,
    /// When its last event was recorded.
    updated_at: DateTime<Utc>,
    revision: i64,
}

/// A payment with all that belongs to it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Payment)]
pub(crate) struct PaymentJson {
    #[serde(flatten)]
    payment: PaymentSummary,
    /// The first first.
    #[serde(rename = "attempt_list")]
    attempts: Vec<PaymentAttempt>,
    /// In the order in which they were requested.
    operations: Vec<PaymentOperation>,
    /// The oldest first.
    disputes: Vec<PaymentDispute>,
    /// Messages of the provider that a rule refused, the oldest first; to shoppers always empty.
    #[serde(rename = "ignored_event_list")]
    ignored_events: Vec<IgnoredEvent>,
}

/// An attempt to pay.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentAttempt {
    /// From 1.
    attempt: i64,
    provider: String,
    /// What it pays with: the provider's name for it.
    instrument: Option<String>,
    started_at: DateTime<Utc>,
}

/// An operation on a payment at its provider.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentOperation {
    id: String,
    /// `authorize`, `capture`, `void` or `refund`.
    kind: String,
    /// The attempt it belongs to; 0 where none was made.
    attempt: i64,
    amount: MoneyJson,
    /// `pending`, `unknown`, `action_required`, `failed` or `succeeded`.
    state: String,
    /// Whether the provider told of it without our request.
    observed: bool,
    /// Why it was requested, where somebody said so.
    reason: Option<String>,
    /// The provider's name for it.
    provider_reference: Option<String>,
    /// Where to send the customer, while the provider waits for them: an `https` address, or a path on this server.
    action_url: Option<String>,
    /// The provider's code for its refusal; to shoppers always `declined`.
    failure_code: Option<String>,
    requested_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// A dispute: the customer's bank asks money back.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentDispute {
    /// The provider's name for it.
    dispute: String,
    /// `open`, `won` or `lost`, as the shop sees it.
    status: String,
    amount: MoneyJson,
    opened_at: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
}

/// A message of the provider that a rule refused.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IgnoredEvent {
    #[schema(example = "pvm_01980000-0000-5000-8000-000000000000")]
    message_id: String,
    /// The code of the rule, such as `amount_mismatch`.
    reason: String,
    ignored_at: DateTime<Utc>,
}

/// How many disputes of one currency stand in one way.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DisputeTotal {
    /// `open`, `won` or `lost`, as the shop sees it.
    status: String,
    #[schema(example = "GBP")]
    currency: String,
    count: i64,
    /// About how much in all.
    amount: MoneyJson,
}

impl PaymentJson {
    /// A payment as staff sees it.
    pub(crate) fn of(detail: PaymentDetail) -> Self {
        let currency = detail.payment.currency.clone();
        Self {
            attempts: detail.attempts.into_iter().map(PaymentAttempt::from).collect(),
            operations: detail.operations.into_iter().map(|row| PaymentOperation::of(row, &currency)).collect(),
            disputes: detail.disputes.into_iter().map(PaymentDispute::from).collect(),
            ignored_events: detail.ignored_events.into_iter().map(IgnoredEvent::from).collect(),
            payment: detail.payment.into(),
        }
    }

    /// As its buyer sees it: without what only concerns the shop and its provider.
    pub(crate) fn for_buyer(mut self) -> Self {
        self.ignored_events.clear();
        self.payment.ignored_events = 0;
        self.payment.cancelled_because = None;
        for operation in &mut self.operations {
            operation.reason = None;
            operation.provider_reference = None;
            // A code such as `stolen_card` is not for whoever holds the card.
            operation.failure_code = operation.failure_code.take().map(|_| DECLINED.to_owned());
        }
        self
    }
}

impl From<PaymentRow> for PaymentSummary {
    fn from(row: PaymentRow) -> Self {
        let amount = |minor| money(minor, &row.currency);
        Self {
            amount: amount(row.amount_minor),
            authorized: amount(row.authorized_minor),
            captured: amount(row.captured_minor),
            refunded: amount(row.refunded_minor),
            released: amount(row.released_minor),
            disputed: amount(row.disputed_minor),
            id: row.payment_id,
            order_id: row.order_id,
            status: row.status,
            method: row.method,
            attempts: row.attempts,
            provider: row.provider,
            pending_operations: row.pending_operations,
            unknown_operations: row.unknown_operations,
            waiting_operations: row.waiting_operations,
            has_disputes: row.has_disputes,
            ignored_events: row.ignored_events,
            cancelled_because: row.cancelled_because,
            authorization_expires_at: row.authorization_expires_at,
            basis: row.basis,
            source: Source::of(row.source_system, row.source_number, None),
            created_at: row.created_at,
            updated_at: row.updated_at,
            revision: row.revision,
        }
    }
}

impl From<PaymentAttemptRow> for PaymentAttempt {
    fn from(row: PaymentAttemptRow) -> Self {
        let PaymentAttemptRow { payment_id: _, attempt, provider, instrument, started_at } = row;
        Self { attempt, provider, instrument, started_at }
    }
}

impl PaymentOperation {
    fn of(row: PaymentOperationRow, currency: &str) -> Self {
        Self {
            id: row.operation_id,
            kind: row.kind,
            attempt: row.attempt,
            amount: money(row.amount_minor, currency),
            state: row.state,
            observed: row.is_observed,
            reason: row.reason,
            provider_reference: row.provider_reference,
            action_url: row.action_url,
            failure_code: row.failure_code,
            requested_at: row.requested_at,
            updated_at: row.updated_at,
        }
    }
}

impl From<PaymentDisputeRow> for PaymentDispute {
    fn from(row: PaymentDisputeRow) -> Self {
        let amount = money(row.amount_minor, &row.currency);
        Self { dispute: row.dispute, status: row.status, amount, opened_at: row.opened_at, closed_at: row.closed_at }
    }
}

impl From<IgnoredProviderEventRow> for IgnoredEvent {
    fn from(row: IgnoredProviderEventRow) -> Self {
        Self { message_id: row.message_id, reason: row.reason, ignored_at: row.ignored_at }
    }
}

impl From<DisputeTotalRow> for DisputeTotal {
    fn from(row: DisputeTotalRow) -> Self {
        let amount = money(row.amount_minor, &row.currency);
        Self { status: row.status, currency: row.currency, count: row.disputes, amount }
    }
}
