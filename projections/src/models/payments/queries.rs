//! Reading payments.

use super::tables::{
    DisputeTotalRow, IgnoredProviderEventRow, PaymentAttemptRow, PaymentDisputeRow, PaymentOperationRow, PaymentRow,
};
use crate::{
    models::query::{Filters, Ordering, Slice, every, one, slice, text},
    read::{ReadModelError, Snapshot},
    table::Value,
};
use tillroll_domain::ids::{OrderId, PaymentId};

/// Which payments to list.
#[derive(Debug, Clone, Default)]
pub struct PaymentFilter {
    /// Only for this order.
    pub order: Option<OrderId>,
    /// Only with this status.
    pub status: Option<String>,
    /// Only those that ever had a dispute, or none.
    pub disputed: Option<bool>,
}

/// The oldest first.
pub const BY_CREATED_AT: Ordering = Ordering::ascending(&["created_at", "payment_id"]);
/// The newest first.
pub const BY_CREATED_AT_DESCENDING: Ordering = Ordering::descending(&["created_at", "payment_id"]);
/// The smallest first.
pub const BY_AMOUNT: Ordering = Ordering::ascending(&["amount_minor", "payment_id"]);
/// The largest first.
pub const BY_AMOUNT_DESCENDING: Ordering = Ordering::descending(&["amount_minor", "payment_id"]);

/// The most payments of one order that are shown with it; a checkout makes one.
pub const PAYMENTS_OF_ORDER_MAX: usize = 100;

/// A payment with all that belongs to it.
#[derive(Debug, Clone)]
pub struct PaymentDetail {
    /// The payment.
    pub payment: PaymentRow,
    /// Its attempts, the first first.
    pub attempts: Vec<PaymentAttemptRow>,
    /// Its operations, in the order of their requests.
    pub operations: Vec<PaymentOperationRow>,
    /// Its disputes, the oldest first.
    pub disputes: Vec<PaymentDisputeRow>,
    /// The messages of its provider that were ignored, the oldest first.
    pub ignored_events: Vec<IgnoredProviderEventRow>,
}

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
        .and_some("status =", filter.status.as_ref().map(text))
        .and_some("has_disputes =", filter.disputed.map(Value::Bool));
    slice(snapshot, filters, order, after, limit).await
}

/// One payment with all that belongs to it; `None` if there is none.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn get(snapshot: &mut Snapshot, id: PaymentId) -> Result<Option<PaymentDetail>, ReadModelError> {
    let mine = Filters::none().and("payment_id =", text(id));
    let Some(payment) = one(snapshot, mine).await? else { return Ok(None) };
    detail(snapshot, payment).await.map(Some)
}

/// The payments of an order with all that belongs to them, the oldest first, at most [`PAYMENTS_OF_ORDER_MAX`].
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn of_order(snapshot: &mut Snapshot, order: OrderId) -> Result<Vec<PaymentDetail>, ReadModelError> {
    let filter = PaymentFilter { order: Some(order), ..PaymentFilter::default() };
    let payments = list(snapshot, &filter, BY_CREATED_AT, None, PAYMENTS_OF_ORDER_MAX).await?;
    let mut details = Vec::with_capacity(payments.rows.len());
    for payment in payments.rows {
        details.push(detail(snapshot, payment).await?);
    }
    Ok(details)
}

async fn detail(snapshot: &mut Snapshot, payment: PaymentRow) -> Result<PaymentDetail, ReadModelError> {
    let mine = || Filters::none().and("payment_id =", text(&payment.payment_id));
    let attempts = every(snapshot, mine(), Ordering::ascending(&["attempt"])).await?;
    let operations = every(snapshot, mine(), Ordering::ascending(&["requested_at", "operation_id"])).await?;
    let disputes = every(snapshot, mine(), Ordering::ascending(&["opened_at", "dispute"])).await?;
    let ignored_events = every(snapshot, mine(), Ordering::ascending(&["ignored_at", "message_id"])).await?;
    Ok(PaymentDetail { payment, attempts, operations, disputes, ignored_events })
}

/// How many disputes there are and about how much, by currency and how they stand; what has none is left out.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn dispute_totals(snapshot: &mut Snapshot) -> Result<Vec<DisputeTotalRow>, ReadModelError> {
    let some = Filters::none().and("disputes >", Value::Int(0));
    every(snapshot, some, Ordering::ascending(&["currency", "status"])).await
}
