//! The order that a cart makes: its id follows from the cart's, and a cart whose order stands is closed.
//!
//! Whoever places the order closes the cart afterwards, and may stop in between. So every request that is about to change a
//! cart looks first: otherwise the lines could be ordered again, and the order's contact erased, by what happens to a cart
//! that should be closed.

use crate::{
    CommandApi,
    orders::access,
    problems::BUSY,
    refusal::{Refusal, problem_of},
};
use tillroll_domain::{
    cart::{Cart, CartEnding, CartError, CartState, commands::CartCommand},
    ids::{CartId, CommandId, OrderId},
};
use tillroll_http::Problem;
use tillroll_infra::bus::{CommandContext, ExecuteError, Loaded, context::derived_uuid};

/// Who closes a cart on the way to another request.
const ACTOR: &str = "cart-closing";
/// How often closing is tried against others who claim the cart or let it go at the same moment.
const TRIES_MAX: usize = 8;

/// The order that a cart makes.
pub(crate) fn order_of(api: &CommandApi, cart_id: CartId) -> OrderId {
    OrderId::new(derived_uuid("tillroll:order-of-cart", &format!("{}/{}", api.tenant, cart_id.uuid())))
}

/// The cart as it is stored, whether or not its order stands.
pub(crate) async fn stored(api: &CommandApi, id: CartId) -> Result<Loaded<Cart>, Problem> {
    api.bus.load::<Cart>(&api.tenant, &id.uuid().to_string()).await.map_err(problem_of)
}

/// The cart, closed if its order stands.
pub(super) async fn settled(api: &CommandApi, id: CartId) -> Result<Loaded<Cart>, Problem> {
    let cart = stored(api, id).await?;
    // Only under a claim is an order made, and few open carts ever had one; the others cost no look at an order.
    if !matches!(&cart.state, CartState::Open(open) if open.last_fence > 0) {
        return Ok(cart);
    }
    let order_id = order_of(api, id);
    if access::load(api, order_id).await?.state.placed().is_err() {
        return Ok(cart);
    }
    tracing::info!(cart_id = %id, %order_id, "a cart is closed whose order stands");
    let context = |_: &str| CommandContext {
        tenant: api.tenant.clone(),
        ..CommandContext::live(CommandId::new(api.bus.ambient().ids.next()), ACTOR)
    };
    close(api, id, order_id, context).await?;
    stored(api, id).await
}

/// Closes the cart of an order that stands, whoever holds a claim or whatever became of it. The context is that of a command
/// that is named so.
pub(crate) async fn close(
    api: &CommandApi,
    cart_id: CartId,
    order_id: OrderId,
    context: impl Fn(&str) -> CommandContext,
) -> Result<(), Problem> {
    for _ in 0..TRIES_MAX {
        let cart = stored(api, cart_id).await?;
        let (name, command) = match &cart.state {
            CartState::Open(open) => match open.live_claim(api.bus.ambient().clock.now()) {
                Some(claim) => {
                    (format!("convert/{}", claim.fence), CartCommand::Convert { fence: claim.fence, order_id })
                }
                None => (format!("convert-placed/{}", open.last_fence), CartCommand::ConvertPlaced { order_id }),
            },
            CartState::Closed(closed) if closed.ending == (CartEnding::Converted { order_id }) => return Ok(()),
            CartState::Closed(_) | CartState::Absent => {
                tracing::error!(%cart_id, %order_id, "an order was made of a cart that ended otherwise");
                return Ok(());
            }
        };
        match api.bus.execute::<Cart>(&cart_id.uuid().to_string(), command, context(&name)).await {
            Ok(_) => return Ok(()),
            // Somebody was faster; what to do shows when the cart is read again.
            Err(ExecuteError::Refused(
                CartError::StaleFence { .. } | CartError::CompletionInProgress { .. } | CartError::Closed { .. },
            )) => {}
            Err(ExecuteError::Refused(refusal)) => return Err(refusal.problem()),
            Err(other) => return Err(problem_of(other)),
        }
    }
    Err(Problem::of(&BUSY).detail("too many requests claim this cart; try again in a moment"))
}
