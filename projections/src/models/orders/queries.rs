//! Lists of orders, one order, and its timeline.

use super::tables::{OrderContactRow, OrderLineRow, OrderPaymentRow, OrderRow, OrderTimelineRow};
use crate::{
    models::query::{Filters, Ordering, Slice, every, one, slice, text},
    read::{ReadModelError, Snapshot},
    table::Value,
};
use chrono::NaiveDate;
use tillroll_domain::ids::{CustomerId, OrderId};

/// Which orders to list.
#[derive(Debug, Clone, Default)]
pub struct OrderFilter {
    /// Only with this derived status.
    pub status: Option<String>,
    /// Only with this state of the goods.
    pub fulfillment: Option<String>,
    /// Only with this state of the returns.
    pub returns: Option<String>,
    /// Only of this customer, who asks for them.
    pub owner: Option<CustomerId>,
    /// Only of this customer.
    pub customer: Option<CustomerId>,
    /// Only with this country.
    pub country: Option<String>,
    /// Only booked on this date or later.
    pub placed_from: Option<NaiveDate>,
    /// Only booked on this date or earlier.
    pub placed_to: Option<NaiveDate>,
    /// Only from documents with this number.
    pub source_number: Option<String>,
}

/// The oldest first.
pub const BY_PLACED_AT: Ordering = Ordering::ascending(&["placed_at", "order_id"]);
/// The newest first.
pub const BY_PLACED_AT_DESCENDING: Ordering = Ordering::descending(&["placed_at", "order_id"]);
/// The smallest first.
pub const BY_TOTAL: Ordering = Ordering::ascending(&["total_minor", "order_id"]);
/// The largest first.
pub const BY_TOTAL_DESCENDING: Ordering = Ordering::descending(&["total_minor", "order_id"]);

/// Some orders, in order.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn list(
    snapshot: &mut Snapshot,
    filter: &OrderFilter,
    order: Ordering,
    after: Option<&[Value]>,
    limit: usize,
) -> Result<Slice<OrderRow>, ReadModelError> {
    let filters = Filters::none()
        .and_some("status =", filter.status.as_ref().map(text))
        .and_some("fulfillment_status =", filter.fulfillment.as_ref().map(text))
        .and_some("return_status =", filter.returns.as_ref().map(text))
        .and_some("customer_id =", filter.owner.map(text))
        .and_some("customer_id =", filter.customer.map(text))
        .and_some("country =", filter.country.as_ref().map(text))
        .and_some("business_date >=", filter.placed_from.map(Value::Date))
        .and_some("business_date <=", filter.placed_to.map(Value::Date))
        .and_some("source_number =", filter.source_number.as_ref().map(text));
    slice(snapshot, filters, order, after, limit).await
}

/// An order with all that belongs to it, but for its timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderDetail {
    /// The order.
    pub order: OrderRow,
    /// Its lines by number.
    pub lines: Vec<OrderLineRow>,
    /// How its payments stand, as the order knows it.
    pub payments: Vec<OrderPaymentRow>,
}

/// One order; `None` if there is none.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn get(snapshot: &mut Snapshot, id: OrderId) -> Result<Option<OrderDetail>, ReadModelError> {
    let mine = || Filters::none().and("order_id =", text(id));
    let Some(order) = one(snapshot, mine()).await? else { return Ok(None) };
    let lines = every(snapshot, mine(), Ordering::ascending(&["order_id", "line"])).await?;
    let payments = every(snapshot, mine(), Ordering::ascending(&["order_id", "payment_id"])).await?;
    Ok(Some(OrderDetail { order, lines, payments }))
}

/// One order without its lines; `None` if there is none.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn header(snapshot: &mut Snapshot, id: OrderId) -> Result<Option<OrderRow>, ReadModelError> {
    one(snapshot, Filters::none().and("order_id =", text(id))).await
}

/// How the buyer of an order is reached; `None` if nothing is known.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn contact(snapshot: &mut Snapshot, id: OrderId) -> Result<Option<OrderContactRow>, ReadModelError> {
    one(snapshot, Filters::none().and("order_id =", text(id))).await
}

/// The order in which things happened.
pub const BY_REVISION: Ordering = Ordering::ascending(&["order_id", "revision"]);

/// Some of an order's events in the order in which they happened.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn timeline(
    snapshot: &mut Snapshot,
    id: OrderId,
    after: Option<&[Value]>,
    limit: usize,
) -> Result<Slice<OrderTimelineRow>, ReadModelError> {
    slice(snapshot, Filters::none().and("order_id =", text(id)), BY_REVISION, after, limit).await
}
