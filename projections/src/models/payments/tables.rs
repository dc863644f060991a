//! The tables of payments. Amounts are minor units of the payment's currency.

use crate::read_table;
use chrono::{DateTime, Utc};

read_table! {
    /// A payment: one intent to pay, with its attempts.
    pub struct PaymentRow in "payments", key 1, indexes [
        "created_at, payment_id", "amount_minor, payment_id", "order_id, created_at, payment_id",
        "status, created_at, payment_id", "has_disputes, created_at, payment_id"
    ] {
        /// Its typed id.
        pub payment_id: String,
        /// The order that is paid: a typed id.
        pub order_id: String,
        /// Where it stands; see [`PaymentRow::stands`].
        pub status: String,
        /// By what means.
        pub method: String,
        /// ISO 4217 code.
        pub currency: String,
        /// How much is to be paid.
        pub amount_minor: i64,
        /// Set aside for it and not yet taken, voided or expired; with what was taken, at most the amount.
        pub authorized_minor: i64,
        /// Taken so far.
        pub captured_minor: i64,
        /// Given back so far, as far as the capture is known.
        pub refunded_minor: i64,
        /// Set aside once and free again, by a void or because its time was over.
        pub released_minor: i64,
        /// In an open dispute, or lost to one.
        pub disputed_minor: i64,
        /// All that was set aside, less what was taken or set free since; below zero where that was told first.
        pub set_aside_balance_minor: i64,
        /// All that the provider says to have given back, even before its capture is known.
        pub given_back_minor: i64,
        /// How many attempts were made.
        pub attempts: i64,
        /// The provider of the newest attempt.
        pub provider: Option<String>,
        /// How many operations wait for the provider's answer.
        pub pending_operations: i64,
        /// Of how many operations nobody knows whether they happened.
        pub unknown_operations: i64,
        /// How many operations wait for the customer.
        pub waiting_operations: i64,
        /// How many operations happened.
        pub succeeded_operations: i64,
        /// How many operations the provider refused.
        pub failed_operations: i64,
        /// Whether the customer's bank ever asked money back.
        pub has_disputes: bool,
        /// How many messages of its provider were ignored since they cannot be true.
        pub ignored_events: i64,
        /// Why nothing more is taken, if that is so.
        pub cancelled_because: Option<String>,
        /// When the authorization ends, if the provider says so.
        pub authorization_expires_at: Option<DateTime<Utc>>,
        /// `recorded` or `inferred`.
        pub basis: String,
        /// The import it came from.
        pub source_system: Option<String>,
        /// The number of the document that it was inferred from.
        pub source_number: Option<String>,
        /// When it came to be, effectively.
        pub created_at: DateTime<Utc>,
        /// When its last event was recorded.
        pub updated_at: DateTime<Utc>,
        /// The stream's revision.
        pub revision: i64,
        /// The log's position of its last event.
        pub position: i64,
    }
}

read_table! {
    /// An attempt to pay, with a provider.
    pub struct PaymentAttemptRow in "payment_attempts", key 2, indexes [] {
        /// The payment.
        pub payment_id: String,
        /// Its number, from 1.
        pub attempt: i64,
        /// The provider.
        pub provider: String,
        /// What it pays with: the provider's name for it.
        pub instrument: Option<String>,
        /// When it was started, effectively.
        pub started_at: DateTime<Utc>,
    }
}

read_table! {
    /// An operation on a payment at its provider.
    pub struct PaymentOperationRow in "payment_operations", key 2, indexes ["state, requested_at"] {
        /// The payment.
        pub payment_id: String,
        /// Its typed id; also the idempotency key at the provider.
        pub operation_id: String,
        /// `authorize`, `capture`, `void` or `refund`.
        pub kind: String,
        /// The attempt it belongs to; 0 where none was made, as in an inferred settlement.
        pub attempt: i64,
        /// How much.
        pub amount_minor: i64,
        /// `pending`, `unknown`, `action_required`, `failed` or `succeeded`.
        pub state: String,
        /// Whether the provider told of it without our request.
        pub is_observed: bool,
        /// Why it was requested, where somebody said so.
        pub reason: Option<String>,
        /// The provider's name for it.
        pub provider_reference: Option<String>,
        /// Where the customer goes, while it waits for the customer.
        pub action_url: Option<String>,
        /// The provider's code for its refusal.
        pub failure_code: Option<String>,
        /// When it was requested, effectively.
        pub requested_at: DateTime<Utc>,
        /// When its last event was recorded.
        pub updated_at: DateTime<Utc>,
    }
}

read_table! {
    /// A dispute: the customer's bank asks money back.
    pub struct PaymentDisputeRow in "payment_disputes", key 2, indexes ["status, opened_at"] {
        /// The payment.
        pub payment_id: String,
        /// The provider's name for it.
        pub dispute: String,
        /// The order: a typed id.
        pub order_id: String,
        /// `open`, `won` or `lost`, as the shop sees it.
        pub status: String,
        /// ISO 4217 code.
        pub currency: String,
        /// How much it is about.
        pub amount_minor: i64,
        /// When we first heard of it.
        pub opened_at: DateTime<Utc>,
        /// When we heard of its end.
        pub closed_at: Option<DateTime<Utc>>,
    }
}

read_table! {
    /// How many disputes of one currency stand in one way, and about how much.
    pub struct DisputeTotalRow in "payment_dispute_totals", key 2, indexes [] {
        /// ISO 4217 code.
        pub currency: String,
        /// `open`, `won` or `lost`.
        pub status: String,
        /// How many.
        pub disputes: i64,
        /// About how much in all.
        pub amount_minor: i64,
    }
}

read_table! {
    /// A message of a provider that a rule refused, so that it changed nothing.
    pub struct IgnoredProviderEventRow in "payment_ignored_events", key 2, indexes [] {
        /// The payment.
        pub payment_id: String,
        /// The message: a typed id.
        pub message_id: String,
        /// The code of the rule it broke.
        pub reason: String,
        /// When it was ignored.
        pub ignored_at: DateTime<Utc>,
    }
}

impl PaymentRow {
    /// Where it stands, told by its money first: `refunded`, `partially_refunded`, `captured`, `partially_captured`,
    /// `authorized`; then by its operations: `outcome_unknown`, `pending`, `action_required`; then `released`, `cancelled`,
    /// `failed`; otherwise `created`.
    #[must_use]
    pub const fn stands(&self) -> &'static str {
        if self.refunded_minor > 0 {
            if self.refunded_minor >= self.captured_minor { "refunded" } else { "partially_refunded" }
        } else if self.captured_minor > 0 {
            if self.captured_minor >= self.amount_minor { "captured" } else { "partially_captured" }
        } else if self.authorized_minor > 0 {
            "authorized"
        } else if self.unknown_operations > 0 {
            "outcome_unknown"
        } else if self.pending_operations > 0 {
            "pending"
        } else if self.waiting_operations > 0 && self.cancelled_because.is_none() {
            "action_required"
        } else if self.released_minor > 0 {
            "released"
        } else if self.cancelled_because.is_some() {
            "cancelled"
        } else if self.failed_operations > 0 {
            "failed"
        } else {
            "created"
        }
    }
}
