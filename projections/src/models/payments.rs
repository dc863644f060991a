//! Payments with their operations at providers.

use super::{
    fold::{basis, effective_at, is_shown, known, names, position, revision, stream_uuid, sum},
    query::{Filters, Ordering, Slice, every, one, slice, text},
};
use crate::{
    projection::{ApplyError, Incoming, Projection, Tables, TablesExt},
    read::{ReadModelError, Snapshot},
    read_table,
    table::{Row, TableSpec, Value},
};
use chrono::{DateTime, Utc};
use futures::{FutureExt, future::BoxFuture};
use tillroll_domain::{
    aggregate::DomainEvent,
    common::Basis,
    ids::{OperationId, OrderId, PaymentId},
    payment::events::{OperationKind, PaymentEvent},
    text::Reference,
};
use tillroll_infra::event::RecordedEvent;

/// The name of the projection.
pub const NAME: &str = "payments";

read_table! {
    /// A payment: one intent to pay, with its attempts. Amounts are minor units of its currency.
    pub struct PaymentRow in "payments", key 1, indexes [
        "created_at, payment_id", "amount_minor, payment_id", "order_id, created_at, payment_id", "status, created_at, payment_id"
    ] {
        /// Its typed id.
        pub payment_id: String,
        /// The order that is paid: a typed id.
        pub order_id: String,
        /// Where it stands; see [`status_of`].
        pub status: String,
        /// By what means.
        pub method: String,
        /// ISO 4217 code.
        pub currency: String,
        /// How much is to be paid.
        pub amount_minor: i64,
        /// Set aside and not yet taken, voided or expired.
        pub authorized_minor: i64,
        /// Taken so far.
        pub captured_minor: i64,
        /// Given back so far.
        pub refunded_minor: i64,
        /// Set aside once and free again, by a void or because its time was over.
        pub released_minor: i64,
        /// How many attempts were made.
        pub attempts: i64,
        /// The provider of the newest attempt.
        pub provider: Option<String>,
        /// How many operations wait for the provider's answer.
        pub pending_operations: i64,
        /// Of how many operations nobody knows whether they happened.
        pub unknown_operations: i64,
        /// How many operations happened.
        pub succeeded_operations: i64,
        /// How many operations the provider refused.
        pub failed_operations: i64,
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
        /// `pending`, `succeeded`, `failed` or `unknown`.
        pub state: String,
        /// The provider's name for it.
        pub provider_reference: Option<String>,
        /// The provider's code for its refusal.
        pub failure_code: Option<String>,
        /// When it was requested, effectively.
        pub requested_at: DateTime<Utc>,
        /// When its last event was recorded.
        pub updated_at: DateTime<Utc>,
    }
}

/// The projection.
#[derive(Debug, Clone, Copy)]
pub struct Payments;

static TYPES: [&str; PaymentEvent::TYPES.len()] = names(PaymentEvent::TYPES);

impl Projection for Payments {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> Vec<TableSpec> {
        vec![PaymentRow::TABLE, PaymentOperationRow::TABLE]
    }

    fn event_types(&self) -> &'static [&'static str] {
        &TYPES
    }

    fn apply<'a>(&'a self, event: &'a Incoming, tables: &'a mut dyn Tables) -> BoxFuture<'a, Result<(), ApplyError>> {
        apply(event, tables).boxed()
    }
}

/// Where a payment stands, told by its money first: `refunded`, `partially_refunded`, `captured`, `partially_captured`,
/// `authorized`; then by its operations: `outcome_unknown`, `pending`, `released`, `failed`; otherwise `created`.
#[must_use]
pub fn status_of(payment: &PaymentRow) -> &'static str {
    if payment.refunded_minor > 0 {
        if payment.refunded_minor >= payment.captured_minor { "refunded" } else { "partially_refunded" }
    } else if payment.captured_minor > 0 {
        if payment.captured_minor >= payment.amount_minor { "captured" } else { "partially_captured" }
    } else if payment.authorized_minor > 0 {
        "authorized"
    } else if payment.unknown_operations > 0 {
        "outcome_unknown"
    } else if payment.pending_operations > 0 {
        "pending"
    } else if payment.released_minor > 0 {
        "released"
    } else if payment.failed_operations > 0 {
        "failed"
    } else {
        "created"
    }
}

/// What an event says of one operation.
struct Change<'a> {
    operation_id: OperationId,
    kind: OperationKind,
    state: &'static str,
    /// Absent where the event does not name it.
    amount_minor: Option<i64>,
    attempt: u32,
    provider_reference: Option<&'a str>,
    failure_code: Option<&'a str>,
}

impl<'a> Change<'a> {
    fn success(operation_id: OperationId, kind: OperationKind, amount_minor: i64, reference: Option<&'a str>) -> Self {
        Self {
            operation_id,
            kind,
            state: "succeeded",
            amount_minor: Some(amount_minor),
            attempt: 0,
            provider_reference: reference,
            failure_code: None,
        }
    }
}

async fn apply(incoming: &Incoming, tables: &mut dyn Tables) -> Result<(), ApplyError> {
    if !is_shown(incoming) {
        return Ok(());
    }
    let fact = incoming.decode::<PaymentEvent>()?;
    let event = incoming.recorded();
    let payment_id = PaymentId::new(stream_uuid(event)?).to_string();
    let at = effective_at(event)?;
    let mut row = match fact {
        PaymentEvent::PaymentCreated(created) => PaymentRow {
            payment_id,
            order_id: created.order_id.to_string(),
            status: String::new(),
            method: created.method.to_string(),
            currency: created.amount.currency.to_string(),
            amount_minor: created.amount.minor,
            authorized_minor: 0,
            captured_minor: 0,
            refunded_minor: 0,
            released_minor: 0,
            attempts: 0,
            provider: None,
            pending_operations: 0,
            unknown_operations: 0,
            succeeded_operations: 0,
            failed_operations: 0,
            authorization_expires_at: None,
            basis: basis(created.basis),
            source_system: created.source.as_ref().map(|source| source.system.to_string()),
            source_number: created.source.as_ref().map(|source| source.number.to_string()),
            created_at: at,
            updated_at: at,
            revision: 0,
            position: 0,
        },
        _ => known(tables.get(vec![text(&payment_id)]).await?, event)?,
    };
    let change = move_money(&mut row, fact)?;
    let operation = match change {
        Some(change) => Some(change_operation(&mut row, &change, fact, event, at, tables).await?),
        None => None,
    };
    status_of(&row).clone_into(&mut row.status);
    row.updated_at = event.recorded_at;
    row.revision = revision(event);
    row.position = position(event);
    tables.put(&row);
    if let Some(operation) = operation {
        tables.put(&operation);
    }
    Ok(())
}

/// Moves the payment's sums and says which operation the event is about.
fn move_money<'a>(row: &mut PaymentRow, fact: &'a PaymentEvent) -> Result<Option<Change<'a>>, ApplyError> {
    use OperationKind::{Authorize, Capture, Refund, Void};
    Ok(Some(match fact {
        PaymentEvent::PaymentCreated(_) => return Ok(None),
        PaymentEvent::PaymentAttemptStarted(started) => {
            row.attempts = i64::from(started.attempt);
            row.provider = Some(started.provider.to_string());
            return Ok(None);
        }
        PaymentEvent::PaymentAuthorizationExpired(expired) => {
            row.authorized_minor = (row.authorized_minor - expired.amount_minor).max(0);
            row.released_minor = sum(row.released_minor, expired.amount_minor)?;
            return Ok(None);
        }
        PaymentEvent::PaymentOperationRequested(requested) => Change {
            operation_id: requested.operation_id,
            kind: requested.kind,
            state: "pending",
            amount_minor: Some(requested.amount_minor),
            attempt: requested.attempt,
            provider_reference: None,
            failure_code: None,
        },
        PaymentEvent::PaymentAuthorized(done) => {
            row.authorized_minor = sum(row.authorized_minor, done.amount_minor)?;
            row.authorization_expires_at = done.expires_at;
            Change::success(done.operation_id, Authorize, done.amount_minor, Some(done.provider_reference.as_str()))
        }
        PaymentEvent::PaymentCaptured(done) => {
            // A settlement that history only suggests was never set aside.
            row.authorized_minor = (row.authorized_minor - done.amount_minor).max(0);
            row.captured_minor = sum(row.captured_minor, done.amount_minor)?;
            let reference = done.provider_reference.as_ref().map(Reference::as_str);
            Change::success(done.operation_id, Capture, done.amount_minor, reference)
        }
        PaymentEvent::PaymentVoided(done) => {
            row.authorized_minor = (row.authorized_minor - done.amount_minor).max(0);
            row.released_minor = sum(row.released_minor, done.amount_minor)?;
            Change::success(done.operation_id, Void, done.amount_minor, None)
        }
        PaymentEvent::PaymentRefunded(done) => {
            row.refunded_minor = sum(row.refunded_minor, done.amount_minor)?;
            Change::success(done.operation_id, Refund, done.amount_minor, Some(done.provider_reference.as_str()))
        }
        PaymentEvent::PaymentOperationFailed(failed) => Change {
            operation_id: failed.operation_id,
            kind: failed.kind,
            state: "failed",
            amount_minor: None,
            attempt: 0,
            provider_reference: None,
            failure_code: Some(failed.code.as_str()),
        },
        PaymentEvent::PaymentOutcomeUnknown(unknown) => Change {
            operation_id: unknown.operation_id,
            kind: unknown.kind,
            state: "unknown",
            amount_minor: None,
            attempt: 0,
            provider_reference: None,
            failure_code: None,
        },
    }))
}

/// The operation's row after the change; the payment's counts of operations follow.
async fn change_operation(
    payment: &mut PaymentRow,
    change: &Change<'_>,
    fact: &PaymentEvent,
    event: &RecordedEvent,
    at: DateTime<Utc>,
    tables: &mut dyn Tables,
) -> Result<PaymentOperationRow, ApplyError> {
    // A request's id is new, and an inferred capture was never requested: neither is looked up.
    let is_new = match fact {
        PaymentEvent::PaymentOperationRequested(_) => true,
        PaymentEvent::PaymentCaptured(captured) => captured.basis == Basis::Inferred,
        _ => false,
    };
    let key = vec![text(&payment.payment_id), text(change.operation_id)];
    let before: Option<PaymentOperationRow> = if is_new { None } else { tables.get(key).await? };
    if let Some(before) = &before {
        *count(payment, &before.state) -= 1;
    }
    *count(payment, change.state) += 1;
    let mut row = before.unwrap_or_else(|| PaymentOperationRow {
        payment_id: payment.payment_id.clone(),
        operation_id: change.operation_id.to_string(),
        kind: operation_kind(change.kind).to_owned(),
        attempt: i64::from(change.attempt),
        amount_minor: change.amount_minor.unwrap_or(0),
        state: String::new(),
        provider_reference: None,
        failure_code: None,
        requested_at: at,
        updated_at: at,
    });
    change.state.clone_into(&mut row.state);
    row.provider_reference = change.provider_reference.map(str::to_owned).or(row.provider_reference);
    row.failure_code = change.failure_code.map(str::to_owned);
    row.updated_at = event.recorded_at;
    Ok(row)
}

/// The payment's count of operations in a state.
fn count<'a>(payment: &'a mut PaymentRow, state: &str) -> &'a mut i64 {
    match state {
        "pending" => &mut payment.pending_operations,
        "unknown" => &mut payment.unknown_operations,
        "failed" => &mut payment.failed_operations,
        _ => &mut payment.succeeded_operations,
    }
}

fn operation_kind(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Authorize => "authorize",
        OperationKind::Capture => "capture",
        OperationKind::Void => "void",
        OperationKind::Refund => "refund",
    }
}

/// Which payments to list.
#[derive(Debug, Clone, Default)]
pub struct PaymentFilter {
    /// Only for this order.
    pub order: Option<OrderId>,
    /// Only with this status.
    pub status: Option<String>,
}

/// The oldest first.
pub const BY_CREATED_AT: Ordering = Ordering::ascending(&["created_at", "payment_id"]);
/// The newest first.
pub const BY_CREATED_AT_DESCENDING: Ordering = Ordering::descending(&["created_at", "payment_id"]);
/// The smallest first.
pub const BY_AMOUNT: Ordering = Ordering::ascending(&["amount_minor", "payment_id"]);
/// The largest first.
pub const BY_AMOUNT_DESCENDING: Ordering = Ordering::descending(&["amount_minor", "payment_id"]);

/// Some payments, in order.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn list(
    snapshot: &mut Snapshot,
    filter: &PaymentFilter,
    order: Ordering,
    after: Option<&[Value]>,
    limit: usize,
) -> Result<Slice<PaymentRow>, ReadModelError> {
    let filters = Filters::none()
        .and_some("order_id =", filter.order.map(text))
        .and_some("status =", filter.status.as_ref().map(text));
    slice(snapshot, filters, order, after, limit).await
}

/// One payment with its operations in the order of their requests; `None` if there is none.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn get(
    snapshot: &mut Snapshot,
    id: PaymentId,
) -> Result<Option<(PaymentRow, Vec<PaymentOperationRow>)>, ReadModelError> {
    let mine = || Filters::none().and("payment_id =", text(id));
    let Some(payment) = one(snapshot, mine()).await? else { return Ok(None) };
    let operations = every(snapshot, mine(), Ordering::ascending(&["requested_at", "operation_id"])).await?;
    Ok(Some((payment, operations)))
}

#[cfg(test)]
mod tests;
