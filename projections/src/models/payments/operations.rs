//! Operations at providers: one row each, and how many of a payment stand in which way.

use super::tables::{PaymentOperationRow, PaymentRow};
use crate::{
    models::query::text,
    projection::{ApplyError, Tables, TablesExt},
};
use chrono::{DateTime, Utc};
use tillroll_domain::{
    ids::OperationId,
    payment::{events::OperationKind, state::OperationOutcome},
};
use tillroll_infra::event::RecordedEvent;

/// What an event says of one operation.
#[derive(Debug)]
pub(super) struct Change<'a> {
    pub(super) operation_id: OperationId,
    pub(super) kind: OperationKind,
    pub(super) outcome: OperationOutcome,
    /// Whether nothing can have been said of it before, so that it need not be looked up.
    pub(super) is_first: bool,
    pub(super) is_observed: bool,
    pub(super) attempt: u32,
    /// Absent where the event does not name it.
    pub(super) amount_minor: Option<i64>,
    pub(super) reason: Option<String>,
    pub(super) reference: Option<&'a str>,
    pub(super) action_url: Option<&'a str>,
    pub(super) failure_code: Option<&'a str>,
}

impl Change<'_> {
    pub(super) const fn of(operation_id: OperationId, kind: OperationKind, outcome: OperationOutcome) -> Self {
        Self {
            operation_id,
            kind,
            outcome,
            is_first: false,
            is_observed: false,
            attempt: 0,
            amount_minor: None,
            reason: None,
            reference: None,
            action_url: None,
            failure_code: None,
        }
    }
}

/// Writes the operation's row after the change; the payment's counts of operations follow.
pub(super) async fn apply(
    payment: &mut PaymentRow,
    change: Change<'_>,
    event: &RecordedEvent,
    at: DateTime<Utc>,
    tables: &mut dyn Tables,
) -> Result<(), ApplyError> {
    let key = vec![text(&payment.payment_id), text(change.operation_id)];
    let before: Option<PaymentOperationRow> = if change.is_first { None } else { tables.get(key).await? };
    if let Some(before) = &before {
        *count(payment, &before.state) -= 1;
    }
    let state = change.outcome.as_str();
    *count(payment, state) += 1;
    let mut row = before.unwrap_or_else(|| PaymentOperationRow {
        payment_id: payment.payment_id.clone(),
        operation_id: change.operation_id.to_string(),
        kind: change.kind.as_str().to_owned(),
        attempt: i64::from(change.attempt),
        amount_minor: change.amount_minor.unwrap_or(0),
        state: String::new(),
        is_observed: change.is_observed,
        reason: change.reason,
        provider_reference: None,
        action_url: None,
        failure_code: None,
        requested_at: at,
        updated_at: at,
    });
    state.clone_into(&mut row.state);
    row.provider_reference = change.reference.map(str::to_owned).or(row.provider_reference);
    row.action_url = change.action_url.map(str::to_owned);
    row.failure_code = change.failure_code.map(str::to_owned);
    row.updated_at = event.recorded_at;
    tables.put(&row);
    Ok(())
}

/// The payment's count of operations in a state.
fn count<'a>(payment: &'a mut PaymentRow, state: &str) -> &'a mut i64 {
    match state {
        "pending" => &mut payment.pending_operations,
        "unknown" => &mut payment.unknown_operations,
        "action_required" => &mut payment.waiting_operations,
        "failed" => &mut payment.failed_operations,
        _ => &mut payment.succeeded_operations,
    }
}
