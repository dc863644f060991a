//! Whose an order is, and who may do something about it.

use crate::{
    CommandApi,
    refusal::{Refusal, problem_of},
};
use tillroll_domain::{
    ids::OrderId,
    order::{Order, OrderError, state::PlacedOrder},
};
use tillroll_http::{Owner, Permission, Principal, Problem};
use tillroll_infra::bus::Loaded;

/// An order that the caller may do something about.
#[derive(Debug)]
pub(crate) struct Authorized {
    pub(crate) order: Box<Loaded<Order>>,
    /// Whether the caller may manage every order; otherwise the order is the caller's own.
    pub(crate) manages: bool,
}

/// The order, if the caller may manage orders or owns it. Call it first.
///
/// # Errors
/// 404 for an order that is not there and, just so, for one that is another shopper's; 403 for roles that write nothing.
pub(crate) async fn authorized(api: &CommandApi, principal: &Principal, id: OrderId) -> Result<Authorized, Problem> {
    let manages = principal.may(Permission::ManageOrders);
    if !manages && !principal.role.is_shopper() {
        principal.require(Permission::ManageOrders)?;
    }
    let order = load(api, id).await?;
    match order.state.placed() {
        Ok(placed) if manages || principal.owns(owner_of(placed)) => Ok(Authorized { order: Box::new(order), manages }),
        Ok(_) | Err(_) => Err(OrderError::NotPlaced.problem()),
    }
}

/// The order as it stands.
pub(crate) async fn load(api: &CommandApi, id: OrderId) -> Result<Loaded<Order>, Problem> {
    api.bus.load::<Order>(&api.tenant, &id.uuid().to_string()).await.map_err(problem_of)
}

/// Whose it is: the customer's, or the guest's who holds the secret of its cart.
const fn owner_of(order: &PlacedOrder) -> Owner {
    match (order.customer_id(), order.cart_id()) {
        (Some(customer), _) => Owner::Customer(customer),
        (None, Some(cart)) => Owner::Guest(cart),
        (None, None) => Owner::Nobody,
    }
}
