//! Disputes: one row each, and their totals by currency and how they stand.

use super::tables::{DisputeTotalRow, PaymentDisputeRow, PaymentRow};
use crate::{
    models::{fold::sum, query::text},
    projection::{ApplyError, Tables, TablesExt},
};
use chrono::{DateTime, Utc};
use tillroll_domain::{payment::dispute::DisputeStatus, text::Reference};

/// The word for how a dispute stands.
pub(super) const fn word(status: DisputeStatus) -> &'static str {
    match status {
        DisputeStatus::Open => "open",
        DisputeStatus::Won => "won",
        DisputeStatus::Lost => "lost",
    }
}

/// Whether the money of a dispute is not ours to give back.
fn counts(status: &str) -> bool {
    status != word(DisputeStatus::Won)
}

/// A dispute stands in another way than before.
pub(super) async fn apply(
    payment: &mut PaymentRow,
    dispute: &Reference,
    amount_minor: i64,
    status: DisputeStatus,
    at: DateTime<Utc>,
    tables: &mut dyn Tables,
) -> Result<(), ApplyError> {
    let key = vec![text(&payment.payment_id), text(dispute)];
    let before: Option<PaymentDisputeRow> = tables.get(key).await?;
    if let Some(before) = &before {
        add(&before.currency, &before.status, -1, -before.amount_minor, tables).await?;
        if counts(&before.status) {
            payment.disputed_minor = sum(payment.disputed_minor, -before.amount_minor)?;
        }
    }
    let status_word = word(status);
    add(&payment.currency, status_word, 1, amount_minor, tables).await?;
    if counts(status_word) {
        payment.disputed_minor = sum(payment.disputed_minor, amount_minor)?;
    }
    payment.has_disputes = true;
    tables.put(&PaymentDisputeRow {
        payment_id: payment.payment_id.clone(),
        dispute: dispute.to_string(),
        order_id: payment.order_id.clone(),
        status: status_word.to_owned(),
        currency: payment.currency.clone(),
        amount_minor,
        opened_at: before.map_or(at, |before| before.opened_at),
        closed_at: if status == DisputeStatus::Open { None } else { Some(at) },
    });
    Ok(())
}

async fn add(
    currency: &str,
    status: &str,
    disputes: i64,
    amount_minor: i64,
    tables: &mut dyn Tables,
) -> Result<(), ApplyError> {
    let before: Option<DisputeTotalRow> = tables.get(vec![text(currency), text(status)]).await?;
    let (counted, summed) = before.map_or((0, 0), |before| (before.disputes, before.amount_minor));
    tables.put(&DisputeTotalRow {
        currency: currency.to_owned(),
        status: status.to_owned(),
        disputes: sum(counted, disputes)?,
        amount_minor: sum(summed, amount_minor)?,
    });
    Ok(())
}
