//! Folds a payment's events into its row, and hands what is about one attempt, operation or dispute to its own table.

use super::{
    disputes,
    operations::{self, Change},
    tables::{IgnoredProviderEventRow, PaymentAttemptRow, PaymentRow},
};
use crate::{
    models::{
        fold::{basis, effective_at, is_shown, known, position, revision, stream_uuid, sum},
        query::text,
    },
    projection::{ApplyError, Incoming, Tables, TablesExt},
};
use chrono::{DateTime, Utc};
use tillroll_domain::{
    ids::PaymentId,
    payment::{
        dispute::DisputeStatus,
        events::{OperationKind, PaymentCreated, PaymentEvent},
        state::OperationOutcome,
    },
    text::Reference,
};

pub(super) async fn apply(incoming: &Incoming, tables: &mut dyn Tables) -> Result<(), ApplyError> {
    if !is_shown(incoming) {
        return Ok(());
    }
    let fact = incoming.decode::<PaymentEvent>()?;
    let event = incoming.recorded();
    let payment_id = PaymentId::new(stream_uuid(event)?).to_string();
    let at = effective_at(event)?;
    let mut row = match fact {
        PaymentEvent::PaymentCreated(created) => new_row(payment_id, created, at),
        _ => known(tables.get(vec![text(&payment_id)]).await?, event)?,
    };
    move_money(&mut row, fact)?;
    if let Some(change) = change(fact) {
        operations::apply(&mut row, change, event, at, tables).await?;
    }
    put_particulars(&mut row, fact, event.recorded_at, at, tables).await?;
    let lacking = row.amount_minor.saturating_sub(row.captured_minor).max(0);
    row.authorized_minor = row.set_aside_balance_minor.clamp(0, lacking);
    if row.authorized_minor == 0 {
        row.authorization_expires_at = None;
    }
    row.refunded_minor = row.given_back_minor.min(row.captured_minor);
    row.stands().clone_into(&mut row.status);
    row.updated_at = event.recorded_at;
    row.revision = revision(event);
    row.position = position(event);
    tables.put(&row);
    Ok(())
}

fn new_row(payment_id: String, created: &PaymentCreated, at: DateTime<Utc>) -> PaymentRow {
    PaymentRow {
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
        disputed_minor: 0,
        set_aside_balance_minor: 0,
        given_back_minor: 0,
        attempts: 0,
        provider: None,
        pending_operations: 0,
        unknown_operations: 0,
        waiting_operations: 0,
        succeeded_operations: 0,
        failed_operations: 0,
        has_disputes: false,
        ignored_events: 0,
        cancelled_because: None,
        authorization_expires_at: None,
        basis: basis(created.basis),
        source_system: created.source.as_ref().map(|source| source.system.to_string()),
        source_number: created.source.as_ref().map(|source| source.number.to_string()),
        created_at: at,
        updated_at: at,
        revision: 0,
        position: 0,
    }
}

/// Moves the payment's sums. What is set aside and given back may be told after what follows from it, so those sums are
/// kept as they are and bounded only for what is shown.
fn move_money(row: &mut PaymentRow, fact: &PaymentEvent) -> Result<(), ApplyError> {
    match fact {
        PaymentEvent::PaymentAuthorized(done) => {
            row.set_aside_balance_minor = sum(row.set_aside_balance_minor, done.amount_minor)?;
            row.authorization_expires_at = done.expires_at;
        }
        PaymentEvent::PaymentCaptured(done) => take(row, done.amount_minor)?,
        PaymentEvent::PaymentVoided(done) => release(row, done.amount_minor)?,
        PaymentEvent::PaymentAuthorizationExpired(expired) => release(row, expired.amount_minor)?,
        PaymentEvent::PaymentRefunded(done) => give_back(row, done.amount_minor)?,
        PaymentEvent::PaymentOperationObserved(done) => match done.kind {
            OperationKind::Capture => take(row, done.amount_minor)?,
            OperationKind::Refund => give_back(row, done.amount_minor)?,
            // The domain counts neither without a request.
            OperationKind::Authorize | OperationKind::Void => {}
        },
        PaymentEvent::PaymentCreated(_)
        | PaymentEvent::PaymentAttemptStarted(_)
        | PaymentEvent::PaymentOperationRequested(_)
        | PaymentEvent::PaymentActionRequired(_)
        | PaymentEvent::PaymentOperationFailed(_)
        | PaymentEvent::PaymentOutcomeUnknown(_)
        | PaymentEvent::PaymentCancelled(_)
        | PaymentEvent::PaymentDisputeOpened(_)
        | PaymentEvent::PaymentDisputeClosed(_)
        | PaymentEvent::PaymentProviderEventIgnored(_) => {}
    }
    Ok(())
}

fn take(row: &mut PaymentRow, minor: i64) -> Result<(), ApplyError> {
    row.captured_minor = sum(row.captured_minor, minor)?;
    // A settlement that history only suggests was never set aside.
    row.set_aside_balance_minor = sum(row.set_aside_balance_minor, -minor)?;
    Ok(())
}

fn release(row: &mut PaymentRow, minor: i64) -> Result<(), ApplyError> {
    row.released_minor = sum(row.released_minor, minor)?;
    row.set_aside_balance_minor = sum(row.set_aside_balance_minor, -minor)?;
    Ok(())
}

fn give_back(row: &mut PaymentRow, minor: i64) -> Result<(), ApplyError> {
    row.given_back_minor = sum(row.given_back_minor, minor)?;
    Ok(())
}

/// What an event says of one operation.
fn change(fact: &PaymentEvent) -> Option<Change<'_>> {
    use OperationKind::{Authorize, Capture, Refund, Void};
    use OperationOutcome::{ActionRequired, Failed, Pending, Succeeded, Unknown};
    Some(match fact {
        PaymentEvent::PaymentOperationRequested(requested) => Change {
            attempt: requested.attempt,
            amount_minor: Some(requested.amount_minor),
            reason: requested.reason.as_ref().map(ToString::to_string),
            is_first: true,
            ..Change::of(requested.operation_id, requested.kind, Pending)
        },
        PaymentEvent::PaymentActionRequired(required) => Change {
            reference: Some(required.provider_reference.as_str()),
            action_url: Some(required.action_url.as_str()),
            ..Change::of(required.operation_id, Authorize, ActionRequired)
        },
        PaymentEvent::PaymentAuthorized(done) => Change {
            amount_minor: Some(done.amount_minor),
            reference: Some(done.provider_reference.as_str()),
            ..Change::of(done.operation_id, Authorize, Succeeded)
        },
        PaymentEvent::PaymentCaptured(done) => Change {
            amount_minor: Some(done.amount_minor),
            reference: done.provider_reference.as_ref().map(Reference::as_str),
            is_first: done.basis == tillroll_domain::common::Basis::Inferred,
            ..Change::of(done.operation_id, Capture, Succeeded)
        },
        PaymentEvent::PaymentVoided(done) => Change::of(done.operation_id, Void, Succeeded),
        PaymentEvent::PaymentRefunded(done) => Change {
            amount_minor: Some(done.amount_minor),
            reference: Some(done.provider_reference.as_str()),
            ..Change::of(done.operation_id, Refund, Succeeded)
        },
        PaymentEvent::PaymentOperationObserved(done) => Change {
            amount_minor: Some(done.amount_minor),
            reference: Some(done.provider_reference.as_str()),
            is_observed: true,
            is_first: true,
            ..Change::of(done.operation_id, done.kind, Succeeded)
        },
        PaymentEvent::PaymentOperationFailed(failed) => {
            Change { failure_code: Some(failed.code.as_str()), ..Change::of(failed.operation_id, failed.kind, Failed) }
        }
        PaymentEvent::PaymentOutcomeUnknown(unknown) => Change::of(unknown.operation_id, unknown.kind, Unknown),
        PaymentEvent::PaymentCreated(_)
        | PaymentEvent::PaymentAttemptStarted(_)
        | PaymentEvent::PaymentAuthorizationExpired(_)
        | PaymentEvent::PaymentCancelled(_)
        | PaymentEvent::PaymentDisputeOpened(_)
        | PaymentEvent::PaymentDisputeClosed(_)
        | PaymentEvent::PaymentProviderEventIgnored(_) => return None,
    })
}

/// Writes what has a table of its own besides operations, and what the payment's row says of it.
async fn put_particulars(
    row: &mut PaymentRow,
    fact: &PaymentEvent,
    recorded_at: DateTime<Utc>,
    at: DateTime<Utc>,
    tables: &mut dyn Tables,
) -> Result<(), ApplyError> {
    match fact {
        PaymentEvent::PaymentAttemptStarted(started) => {
            row.attempts = i64::from(started.attempt);
            row.provider = Some(started.provider.to_string());
            tables.put(&PaymentAttemptRow {
                payment_id: row.payment_id.clone(),
                attempt: row.attempts,
                provider: started.provider.to_string(),
                instrument: started.instrument.as_ref().map(ToString::to_string),
                started_at: at,
            });
        }
        PaymentEvent::PaymentCancelled(cancelled) => row.cancelled_because = Some(cancelled.reason.to_string()),
        PaymentEvent::PaymentDisputeOpened(opened) => {
            disputes::apply(row, &opened.dispute, opened.amount_minor, DisputeStatus::Open, at, tables).await?;
        }
        PaymentEvent::PaymentDisputeClosed(closed) => {
            disputes::apply(row, &closed.dispute, closed.amount_minor, closed.outcome.into(), at, tables).await?;
        }
        PaymentEvent::PaymentProviderEventIgnored(ignored) => {
            row.ignored_events += 1;
            tables.put(&IgnoredProviderEventRow {
                payment_id: row.payment_id.clone(),
                message_id: ignored.message_id.to_string(),
                reason: ignored.reason.to_string(),
                ignored_at: recorded_at,
            });
        }
        PaymentEvent::PaymentCreated(_)
        | PaymentEvent::PaymentOperationRequested(_)
        | PaymentEvent::PaymentActionRequired(_)
        | PaymentEvent::PaymentAuthorized(_)
        | PaymentEvent::PaymentCaptured(_)
        | PaymentEvent::PaymentVoided(_)
        | PaymentEvent::PaymentRefunded(_)
        | PaymentEvent::PaymentOperationFailed(_)
        | PaymentEvent::PaymentOutcomeUnknown(_)
        | PaymentEvent::PaymentAuthorizationExpired(_)
        | PaymentEvent::PaymentOperationObserved(_) => {}
    }
    Ok(())
}
