//! Who sees what of an order, and of what belongs to it.

use crate::{
    answer::{View, failed},
    problems::ORDER_NOT_FOUND,
};
use axum::response::Response;
use serde::Serialize;
use tillroll_domain::{aggregate::Aggregate, ids::OrderId, order::Order};
use tillroll_http::{Owner, Permission, Principal, Problem};
use tillroll_projections::models::orders::{OrderRow, queries::header};

/// What a caller sees of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// As if there were no such order.
    Nothing,
    /// All but what is personal.
    WithoutPerson,
    /// All.
    Everything,
}

impl Sight {
    pub(crate) fn of(principal: &Principal, order: &OrderRow) -> Self {
        if principal.may_use(owner_of(order), Permission::ManageOrders) {
            Self::Everything
        } else if principal.may(Permission::ReadOrders) {
            Self::WithoutPerson
        } else {
            Self::Nothing
        }
    }
}

/// Whose it is: the customer's, or the guest's who holds the secret of its cart.
fn owner_of(order: &OrderRow) -> Owner {
    let parsed = |id: &Option<String>| id.as_ref().map(|id| id.parse());
    match (parsed(&order.customer_id), order.cart_id.as_ref().map(|id| id.parse())) {
        (Some(Ok(customer)), _) => Owner::Customer(customer),
        (None, Some(Ok(cart))) => Owner::Guest(cart),
        // Rows hold ids that the fold wrote.
        (Some(Err(_)), _) | (None, Some(Err(_)) | None) => Owner::Nobody,
    }
}

/// The order's row, if the caller sees anything of the order.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub(crate) async fn visible(view: &mut View, principal: &Principal, id: OrderId) -> Result<Option<OrderRow>, Problem> {
    let order = header(&mut view.snapshot, id).await.map_err(failed)?;
    Ok(order.filter(|order| Sight::of(principal, order) != Sight::Nothing))
}

/// Whether the caller sees anything of the order that a row names.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub(crate) async fn sees(view: &mut View, principal: &Principal, order_id: &str) -> Result<bool, Problem> {
    match order_id.parse() {
        Ok(id) => Ok(visible(view, principal, id).await?.is_some()),
        // Rows hold ids that the fold wrote.
        Err(_) => Ok(false),
    }
}

/// The answer that there is no such order. It is the same for a shopper whose order it is not: whether an event of it is
/// parked is told only to those who read every order.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub(crate) async fn missing<T: Serialize>(view: View, principal: &Principal, id: OrderId) -> Result<Response, Problem> {
    if principal.may(Permission::ReadOrders) {
        view.one::<T>((Order::CATEGORY, id.uuid().hyphenated()), None, &ORDER_NOT_FOUND).await
    } else {
        view.composite::<T>(None, &ORDER_NOT_FOUND)
    }
}
