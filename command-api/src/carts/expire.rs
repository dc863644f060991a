//! A cart is given up.

use super::{authorized, execute, forget_guest};
use crate::{
    CommandApi,
    answer::{Changed, Refusals, Written},
    chains::carry_through,
    request::{WriteHeaders, WriteRequest},
};
use axum::extract::State;
use tillroll_domain::{cart::commands::CartCommand, ids::CartId};
use tillroll_http::{Path, Permission, Principal, Problem, schema};

/// Close a cart to which nobody came back.
///
/// Refused before it is due; the settings say how long carts are kept. A cart with a payment is never given up. What a guest
/// said of themselves is erased with the cart.
#[utoipa::path(post, path = "/api/v1/carts/{id}/expire", tag = "carts",
    params(("id" = inline(schema::CartId), Path), WriteHeaders), responses(Changed, Refusals))]
pub(crate) async fn expire_cart(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<CartId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageCarts)?;
    authorized(&api, &principal, id).await?;
    request.no_body()?;
    let context = request.begin(&api, &principal).first();
    let limits = api.idle_limits;
    carry_through(&api.clone(), async move {
        let executed = execute(&api, id, CartCommand::Expire { limits }, context).await?;
        forget_guest(&api, id).await?;
        Ok(Written::new(id, &executed))
    })
    .await
}
