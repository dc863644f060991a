//! An administrator places the order of a quoted cart directly: stock and payment apart.
//!
//! The cart is claimed, the order is placed with exactly what the accepted quote says, and the cart is closed. The order's
//! id follows from the cart's, so that a cart makes one order, whoever asks and however often; a request that stopped in
//! between is completed by the same request.

use super::{
    access,
    place::{check_customer, text},
};
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
use serde::Deserialize;
use tillroll_domain::{
    cart::{
        Cart, CartOwner,
        commands::CartCommand,
        state::{CompletionClaim, OpenCart},
    },
    common::LineKind,
    ids::{CartId, OrderId},
    order::{
        Order, OrderError,
        commands::{CartOrigin, OrderCommand, OrderContact, OrderSnapshot},
        events::{OrderLine, OrderQuote, RoundingPolicy, RoundingStage, Tax},
    },
    price::UnitPrice,
    pricing::{Quote, QuoteHash},
    quantity::Quantity,
    text::Note,
};
use tillroll_http::{Path, Permission, Principal, Problem, schema};
use tillroll_infra::bus::{CommandContext, ExecuteError, Loaded};
use utoipa::ToSchema;

/// Seconds for which the cart is claimed: far longer than its three steps take.
const LEASE_SECONDS: u32 = 60;

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
    let snapshot = match snapshot(&cart) {
        Ok(snapshot) => snapshot,
        Err(problem) => {
            abort(api, write, cart_id, claim).await;
            return Err(problem);
        }
    };
    let context = CommandContext { if_revision: None, ..write.first() };
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
        return Ok((open.clone(), claim));
    }
    let context = CommandContext { if_revision: write.if_revision, ..context_of(open.last_fence + 1) };
    let begin = CartCommand::BeginCompletion { quote_hash, lease_seconds: LEASE_SECONDS };
    api.bus.execute::<Cart>(&cart_id.uuid().to_string(), begin, context).await.map_err(problem_of)?;
    let claimed = ordered::stored(api, cart_id).await?;
    let open = claimed.state.open().map_err(|refusal| refusal.problem())?;
    // It lapses long after this; if it were gone, somebody else would have completed the cart.
    let claim = open.claim.ok_or_else(|| Problem::unavailable("the cart is being completed otherwise; try again"))?;
    Ok((open.clone(), claim))
}

/// The order that the cart's quote agrees to.
fn snapshot(cart: &OpenCart) -> Result<OrderSnapshot, Problem> {
    // A claimed cart has the quote that it was claimed for.
    let quote = cart.quote.as_deref().ok_or_else(Problem::internal)?;
    let customer_id = match cart.owner {
        CartOwner::Customer(customer_id) => Some(customer_id),
        CartOwner::Guest => None,
    };
    Ok(OrderSnapshot {
        customer_id,
        country: quote.country.clone(),
        currency: quote.currency,
        lines: lines(cart, quote)?,
        tax: Tax::Stated { amount_minor: quote.tax.amount_minor },
        rounding: RoundingPolicy { mode: quote.rounding.line, stage: RoundingStage::Line },
        cart: Some(CartOrigin { cart_id: cart.cart_id, quote: accepted(quote) }),
        contact: OrderContact {
            email: cart.email.clone(),
            shipping_address: cart.shipping_address.clone(),
            billing_address: cart.billing_address.clone(),
        },
    })
}

fn accepted(quote: &Quote) -> OrderQuote {
    OrderQuote {
        hash: quote.hash,
        tax_policy: quote.tax.policy.clone(),
        shipping_policy: quote.shipping.policy.clone(),
        shipping_method: quote.shipping.method.clone(),
    }
}

/// The quote's lines in its order, and one of carriage, which is there even if it costs nothing: that was agreed too.
fn lines(cart: &OpenCart, quote: &Quote) -> Result<Vec<OrderLine>, Problem> {
    let mut lines = Vec::with_capacity(quote.lines.len() + 1);
    for (number, quoted) in (1..).zip(&quote.lines) {
        let of_cart = cart.lines.iter().find(|line| line.line_id == quoted.line_id);
        lines.push(OrderLine {
            line: number,
            kind: LineKind::Goods,
            code: text(quoted.sku.as_str())?,
            sku: Some(quoted.sku.clone()),
            description: quoted.description.clone(),
            quantity: quoted.quantity,
            unit_price: quoted.unit_price,
            amount_minor: quoted.amount_minor,
            rounding_micros: Some(quoted.rounding_micros).filter(|&micros| micros != 0),
            tax_minor: Some(quoted.tax_minor),
            options: of_cart.map(|line| line.options.clone()).unwrap_or_default(),
        });
    }
    let amount_minor = quote.shipping.amount_minor;
    // A unit price has six decimals, and no currency has more than four.
    let micros_per_minor = 10_i64.pow(u32::from(6 - quote.currency.exponent().min(6)));
    let unit_price = amount_minor.checked_mul(micros_per_minor).and_then(UnitPrice::from_micros);
    lines.push(OrderLine {
        line: u32::try_from(lines.len() + 1).unwrap_or(u32::MAX),
        kind: LineKind::Carriage,
        code: quote.shipping.method.clone(),
        sku: None,
        description: text::<Note>("")?,
        quantity: Quantity::new(1).map_err(|_| Problem::internal())?,
        unit_price: unit_price.ok_or_else(Problem::internal)?,
        amount_minor,
        rounding_micros: None,
        tax_minor: None,
        options: vec![],
    });
    Ok(lines)
}
