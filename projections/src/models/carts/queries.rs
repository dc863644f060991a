//! The questions that are asked about carts.

use super::{CartLineRow, CartRow};
use crate::{
    models::query::{Filters, Ordering, Slice, every, one, slice, text},
    read::{ReadModelError, Snapshot},
    table::Value,
};
use chrono::{DateTime, Utc};
use tillroll_domain::{
    cart::CartOwner,
    ids::{CartId, CustomerId},
};

/// A cart with its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CartDetail {
    /// The cart.
    pub cart: CartRow,
    /// Its lines, in their order.
    pub lines: Vec<CartLineRow>,
}

/// Which carts to list.
#[derive(Debug, Clone, Default)]
pub struct CartFilter {
    /// Only those in this state.
    pub state: Option<String>,
    /// Only those of this customer.
    pub customer_id: Option<CustomerId>,
    /// Only those that last changed before this instant.
    pub updated_before: Option<DateTime<Utc>>,
    /// Only those with, or without, lines.
    pub filled: Option<bool>,
}

/// Those that changed longest ago, first.
pub const BY_UPDATED_AT: Ordering = Ordering::ascending(&["updated_at", "cart_id"]);
/// Those that changed last, first.
pub const BY_UPDATED_AT_DESCENDING: Ordering = Ordering::descending(&["updated_at", "cart_id"]);

/// Some carts, in order, without their lines.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn list(
    snapshot: &mut Snapshot,
    filter: &CartFilter,
    order: Ordering,
    after: Option<&[Value]>,
    limit: usize,
) -> Result<Slice<CartRow>, ReadModelError> {
    let filters = Filters::none()
        .and_some("state =", filter.state.as_ref().map(text))
        .and_some("customer_id =", filter.customer_id.map(text))
        .and_some("updated_at <", filter.updated_before.map(Value::Time))
        .and_some("filled =", filter.filled.map(Value::Bool));
    slice(snapshot, filters, order, after, limit).await
}

/// One cart; `None` if there is none of that id.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn get(snapshot: &mut Snapshot, id: CartId) -> Result<Option<CartDetail>, ReadModelError> {
    let cart: Option<CartRow> = one(snapshot, Filters::none().and("cart_id =", text(id))).await?;
    with_lines(snapshot, cart).await
}

/// The open cart of a customer. Should there be several, the one that changed last.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn open_cart_of(snapshot: &mut Snapshot, id: CustomerId) -> Result<Option<CartDetail>, ReadModelError> {
    let filters = Filters::none().and("customer_id =", text(id)).and("state =", text("open"));
    let found: Slice<CartRow> = slice(snapshot, filters, BY_UPDATED_AT_DESCENDING, None, 1).await?;
    with_lines(snapshot, found.rows.into_iter().next()).await
}

/// Whose a cart is; `None` if there is no such cart.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn owner_of(snapshot: &mut Snapshot, id: CartId) -> Result<Option<CartOwner>, ReadModelError> {
    let cart: Option<CartRow> = one(snapshot, Filters::none().and("cart_id =", text(id))).await?;
    Ok(cart.as_ref().map(CartRow::owner))
}

async fn with_lines(snapshot: &mut Snapshot, cart: Option<CartRow>) -> Result<Option<CartDetail>, ReadModelError> {
    let Some(cart) = cart else { return Ok(None) };
    let filters = Filters::none().and("cart_id =", text(&cart.cart_id));
    let mut lines: Vec<CartLineRow> = every(snapshot, filters, Ordering::ascending(&["line_id"])).await?;
    let order: Vec<String> = serde_json::from_str(&cart.line_ids).unwrap_or_default();
    lines.sort_by_key(|line| order.iter().position(|id| *id == line.line_id));
    Ok(Some(CartDetail { cart, lines }))
}

impl CartRow {
    /// Whose it is.
    #[must_use]
    pub fn owner(&self) -> CartOwner {
        // The fold wrote the id of a customer, or none.
        let customer = self.customer_id.as_ref().and_then(|id| id.parse().ok());
        customer.map_or(CartOwner::Guest, CartOwner::Customer)
    }
}
