//! Carts: who may use one, and what the parts below share.
//!
//! A guest's cart is for whoever has its secret, a customer's for the storefront that acts for the customer; who may manage
//! carts may do everything. For others there is no such cart.

pub(crate) mod checkout;
pub(crate) mod contact;
pub(crate) mod create;
pub(crate) mod expire;
pub(crate) mod facts;
pub(crate) mod lines;
pub(crate) mod merge;
pub(crate) mod ordered;
pub(crate) mod quote;
pub(crate) mod terms;

mod claim;

use crate::{
    CommandApi,
    answer::Written,
    refusal::{Refusal, problem_of},
    request::Write,
};
use tillroll_domain::{
    cart::{Cart, CartError, CartOwner, CartState, commands::CartCommand, guest_subject},
    ids::CartId,
};
use tillroll_http::{Owner, Permission, Principal, Problem};
use tillroll_infra::bus::{CommandContext, Executed, Loaded};

/// The cart, if the caller may change it. Call it first.
///
/// # Errors
/// 404 for a cart that is not there and, just so, for one that is another shopper's; 403 for roles that write nothing.
pub(crate) async fn authorized(api: &CommandApi, principal: &Principal, id: CartId) -> Result<Loaded<Cart>, Problem> {
    let manages = principal.may(Permission::ManageCarts);
    if !manages && !principal.role.is_shopper() {
        principal.require(Permission::ManageCarts)?;
    }
    let cart = load(api, id).await?;
    match cart.state.owner() {
        Some(owner) if manages || principal.owns(owner_of(id, owner)) => Ok(cart),
        Some(_) | None => Err(CartError::NotFound.problem()),
    }
}

/// Who may use a cart of this owner.
pub(crate) const fn owner_of(id: CartId, owner: CartOwner) -> Owner {
    match owner {
        CartOwner::Guest => Owner::Guest(id),
        CartOwner::Customer(customer_id) => Owner::Customer(customer_id),
    }
}

/// The cart as it stands. If its order does, the cart is closed first, should whoever placed it have stopped before.
async fn load(api: &CommandApi, id: CartId) -> Result<Loaded<Cart>, Problem> {
    ordered::settled(api, id).await
}

/// Carries a command out.
async fn execute(
    api: &CommandApi,
    id: CartId,
    command: CartCommand,
    context: CommandContext,
) -> Result<Executed, Problem> {
    api.bus.execute::<Cart>(&id.uuid().to_string(), command, context).await.map_err(problem_of)
}

/// Carries the only command of a request out.
async fn run(api: &CommandApi, write: &Write, id: CartId, command: CartCommand) -> Result<Written, Problem> {
    Ok(Written::new(id, &execute(api, id, command, write.first()).await?))
}

/// Destroys the key of what a guest said of themselves in a cart, if an event says that it is erased. The event comes first:
/// should the engine stop in between, it finds the event when it starts.
async fn forget_guest(api: &CommandApi, id: CartId) -> Result<(), Problem> {
    if !is_erased(&load(api, id).await?.state) {
        return Ok(());
    }
    api.bus.erase(&api.tenant, guest_subject(id)).await.map_err(|error| {
        tracing::error!(%error, "a key was not destroyed; send the request again, or restart");
        Problem::unavailable("the key vault is not available; send the request again")
    })
}

/// Whether an event says that the guest's contact is erased.
fn is_erased(state: &CartState) -> bool {
    use tillroll_domain::cart::GuestContact::Erased;
    match state {
        CartState::Absent => false,
        CartState::Open(cart) => cart.guest_contact == Erased,
        CartState::Closed(cart) => cart.guest_contact == Erased,
    }
}
