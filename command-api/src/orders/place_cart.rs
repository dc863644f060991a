//! An administrator places the order of a quoted cart directly: stock and payment apart.
//!
//! The cart is claimed, the order is placed with exactly what the accepted quote says, and the cart is closed. The order's
//! id follows from the cart's, so that a cart makes one order, whoever asks and however often; a request that stopped in
//! between is completed by the same request.

use super::{access, place::check_customer};
use crate::{
    CommandApi,
    answer::{Created, Refusals, Written},
    carts::ordered,
    chains::carry_through,
    refusal::{Refusal, problem_of},
    request::{KeyedWriteHeaders, Write, WriteRequest},
    steps::past_answer,
};
use axum::{extract::State, response::Response};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use tillroll_domain::{
    cart::{
        Cart, CartOwner,
        agreement::agreed_order,
        commands::CartCommand,
        state::{ClaimHolder, CompletionClaim, OpenCart},
    },
    ids::{CartId, OrderId},
    order::{Order, OrderError, commands::OrderCommand},
    pricing::QuoteHash,
};
use tillroll_http::{Path, Permission, Principal, Problem, schema};
use tillroll_infra::bus::{CommandContext, ExecuteError, Loaded};
use utoipa::ToSchema;

/// Seconds for which the cart is claimed: far longer than its three steps take.
const LEASE_SECONDS: u32 = 60;
/// What of that is left for the order to become durable.
const DURABLE_WITHIN: TimeDelta = TimeDelta::seconds(10);

/// A cart to make an order of.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlaceCart {
    /// The quote that the buyer accepted, by its hash; the cart must still have it.
    #[schema(value_type = String, pattern = "^[0-9a-f]{64}$", min_length = 64, max_length = 64)]
    quote_hash: QuoteHash,
}

/// Make an order of a quoted cart directly.
///
/// Neither stock nor payment is asked for. A cart makes one order.
#[utoipa::path(post, path = "/api/v1/carts/{id}/place-order", tag = "orders",
    params(("id" = inline(schema::CartId), Path), KeyedWriteHeaders), request_body = PlaceCart,
    responses(Created, Refusals))]
pub(crate) async fn place_cart(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(cart_id): Path<CartId>,
    request: WriteRequest,
) -> Result<Response, Problem> {
    principal.require(Permission::ManageOrders)?;
    request.require_key()?;
    let PlaceCart { quote_hash } = request.body()?;
    let write = request.begin(&api, &principal);
    let steps = {
        let api = api.clone();
        async move { place(&api, &write, cart_id, quote_hash).await }
    };
    Ok(carry_through(&api, steps).await?.created("/api/v1/orders"))
}

async fn place(api: &CommandApi, write: &Write, cart_id: CartId, quote_hash: QuoteHash) -> Result<Written, Problem> {
    let order_id = ordered::order_of(api, cart_id);
    let order = access::load(api, order_id).await?;
    if let Some(answer) = past_answer(&order, write.command_id(), write)? {
        close(api, write, cart_id, order_id).await?;
        return Ok(Written::before(order_id, &answer));
    }
    if order.state.placed().is_ok() {
        return Err(placed_otherwise(api, write, cart_id, order_id).await?);
    }
    let cart = ordered::stored(api, cart_id).await?;
    if let CartOwner::Customer(customer) = cart.state.open().map_err(|refusal| refusal.problem())?.owner {
        check_customer(api, customer).await?;
    }
    let (cart, claim) = claim(api, write, cart, cart_id, quote_hash).await?;
    let snapshot = match agreed_order(&cart, None) {
        Ok(snapshot) => snapshot,
        Err(error) => {
            // A claimed cart has its quote, and a quote's carriage is a price.
            tracing::error!(%cart_id, %error, "a claimed cart makes no order");
            abort(api, write, cart_id, claim).await;
            return Err(Problem::internal());
        }
    };
    let context = CommandContext { if_revision: None, not_after: place_until(&claim), ..write.first() };
    let command = OrderCommand::Place { snapshot };
    match api.bus.execute::<Order>(&order_id.uuid().to_string(), command, context).await {
        Ok(executed) => {
            close(api, write, cart_id, order_id).await?;
            Ok(Written::new(order_id, &executed))
        }
        // Whoever held the claim before was slower than its lease, and yet faster than this.
        Err(ExecuteError::Refused(OrderError::AlreadyPlaced)) => {
            Err(placed_otherwise(api, write, cart_id, order_id).await?)
        }
        Err(error) => {
            if is_final(&error) {
                abort(api, write, cart_id, claim).await;
            }
            Err(problem_of(error))
        }
    }
}

/// Until when the order may be placed. Once the claim has lapsed somebody else may have claimed the cart, and a checkout makes
/// an order of another id.
fn place_until(claim: &CompletionClaim) -> Option<DateTime<Utc>> {
    match claim.holder {
        ClaimHolder::Lease { expires_at } => Some(expires_at - DURABLE_WITHIN),
        ClaimHolder::Checkout(_) => None,
    }
}

/// The refusal for an order that another request made. Should that have stopped before the cart was closed, this one closes
/// it.
async fn placed_otherwise(
    api: &CommandApi,
    write: &Write,
    cart_id: CartId,
    order_id: OrderId,
) -> Result<Problem, Problem> {
    close(api, write, cart_id, order_id).await?;
    Ok(OrderError::AlreadyPlaced.problem().with("order_id", order_id))
}

async fn close(api: &CommandApi, write: &Write, cart_id: CartId, order_id: OrderId) -> Result<(), Problem> {
    ordered::close(api, cart_id, order_id, |name| write.step(name)).await
}

/// Whether this placed nothing for certain, and asking again would not help. Where that is not certain, the claim is left to
/// lapse by itself.
const fn is_final(error: &ExecuteError<OrderError>) -> bool {
    matches!(error, ExecuteError::Refused(_) | ExecuteError::SubjectErased { .. })
}

/// Frees the cart, because nothing was placed. If that fails, the claim lapses by itself.
async fn abort(api: &CommandApi, write: &Write, cart_id: CartId, claim: CompletionClaim) {
    let abort = CartCommand::AbortCompletion { fence: claim.fence };
    let context = write.step(&format!("abort/{}", claim.fence));
    if let Err(error) = api.bus.execute::<Cart>(&cart_id.uuid().to_string(), abort, context).await {
        tracing::warn!(%cart_id, %error, "a cart stays claimed until the claim lapses");
    }
}

/// Claims the cart, or finds that this very request has claimed it before.
async fn claim(
    api: &CommandApi,
    write: &Write,
    cart: Loaded<Cart>,
    cart_id: CartId,
    quote_hash: QuoteHash,
) -> Result<(OpenCart, CompletionClaim), Problem> {
    let open = cart.state.open().map_err(|refusal| refusal.problem())?;
    let context_of = |fence: u64| write.step(&format!("claim/{fence}"));
    let now = api.bus.ambient().clock.now();
    // The quote it was claimed for is the one to be ordered: a key that came with another one is refused.
    let has_claimed = past_answer(&cart, context_of(open.last_fence).command_id, write)?.is_some();
    if let Some(claim) = open.live_claim(now).filter(|_| has_claimed) {
        return Ok((open.clone(), claim.clone()));
    }
    let context = CommandContext { if_revision: write.if_revision, ..context_of(open.last_fence + 1) };
    let begin = CartCommand::BeginCompletion { quote_hash, lease_seconds: LEASE_SECONDS };
    api.bus.execute::<Cart>(&cart_id.uuid().to_string(), begin, context).await.map_err(problem_of)?;
    let claimed = ordered::stored(api, cart_id).await?;
    let open = claimed.state.open().map_err(|refusal| refusal.problem())?;
    // It lapses long after this; if it were gone, somebody else would have completed the cart.
    let claim =
        open.claim.clone().ok_or_else(|| Problem::unavailable("the cart is being completed otherwise; try again"))?;
    Ok((open.clone(), claim))
}
