//! The buyer orders what is in the cart: here the checkout begins, and process managers carry it out.
//!
//! The request appends one event to the cart. The order, its stock and its payment follow by themselves, whether or not
//! anybody waits for them; the answer tells how far that has come.
//!
//! **Invariant:** nothing here places an order, holds stock or moves money.

mod answer;
mod progress;

pub(crate) use answer::CheckedOut;

use super::{authorized, execute};
use crate::{
    CommandApi,
    answer::Refusals,
    buyers, orders,
    problems::{CHECKOUT_FAILED, INSUFFICIENT_STOCK},
    refusal::key_reused,
    request::{Write, WriteRequest},
    steps::past_answer,
};
use answer::CheckoutAnswers;
use axum::{extract::State, http::HeaderMap, response::Response};
use progress::{Goal, Seen, Stage};
use serde::Deserialize;
use std::time::Duration;
use tillroll_domain::{
    aggregate::Aggregate,
    cart::{Cart, CartOwner, commands::CartCommand},
    checkout::{CheckoutTerms, PaymentTerms},
    ids::{CartId, OrderId},
    order::{CancelCause, Order, events::OrderEvent},
    pricing::QuoteHash,
    text::Reference,
};
use tillroll_http::{Path, Principal, Problem, headers, schema};
use tillroll_infra::{
    bus::Loaded,
    codec::Place,
    log::ReadFrom,
    stream::{Position, Revision, StreamId},
};
use tokio::time::Instant;
use utoipa::{IntoParams, ToSchema};

/// How long an answer waits for the stock decision.
const STOCK_WAIT: Duration = Duration::from_secs(2);
/// When an answer stops waiting at the latest, from when the request came: it is given up after ten seconds.
const WAIT_MAX: Duration = Duration::from_secs(9);
/// What is paid with where the request does not say.
const METHOD: &str = "card";

/// What the buyer agrees to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Checkout {
    /// The quote that the buyer accepted, by its hash; the cart must still have it, and it must still hold.
    #[schema(value_type = String, pattern = "^[0-9a-f]{64}$", min_length = 64, max_length = 64)]
    quote_hash: QuoteHash,
    /// How it is paid; needed unless there is nothing to pay.
    payment: Option<PayWith>,
}

/// How an order is paid.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PayWith {
    /// What the payment provider knows the buyer's means of payment by: the token that the provider's own form answered.
    /// Never the number of a card.
    #[schema(value_type = schema::Reference, example = "tok_approve")]
    instrument: Reference,
    /// The means of payment; `card` where absent.
    #[schema(value_type = Option<schema::Reference>, example = "card")]
    method: Option<Reference>,
}

/// The headers of a checkout.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it only documents the headers, which extractors read")]
pub(crate) struct CheckoutHeaders {
    /// A quoted string of 1 to 255 characters, such as `"8e03978e"`, that names the request, and without which it is
    /// refused (400). The order follows from it: the same key with the same body is about the same order for ever, also
    /// when the cart is closed, and tells how that stands now. With another body it is refused (422); once the cart has seen
    /// 1,024 further commands and the order was placed, with another quote. After a checkout that came to nothing, another
    /// one needs a new key.
    #[param(rename = "Idempotency-Key", value_type = schema::Key, inline)]
    idempotency_key: String,
    /// Begin only if the cart stands at this revision, such as `"7"`; otherwise 412. The `ETag` of a read does, too: what
    /// follows the revision in it does not count.
    #[param(rename = "If-Match", value_type = schema::RevisionTag, inline, required = false)]
    if_match: Option<String>,
    /// Answer when the checkout is settled (confirmed, cancelled, or the buyer has to act) and every read model shows
    /// it, but wait no longer than these seconds, nor than ten; `Preference-Applied` says that both are so.
    #[param(rename = "Prefer", value_type = schema::Preference, inline, required = false)]
    prefer: Option<String>,
}

/// Order what is in a cart.
///
/// For the cart's buyer, the storefront that acts for them, and who manages carts. The buyer is bound by the quote whose hash
/// they send; should the cart have changed since, or the quote have expired, the answer is 409 `cart_changed` or
/// `quote_expired`, and nothing was ordered. While a checkout runs, nothing changes the cart, and another one is refused: 409
/// `checkout_in_progress`, with the order that is being made.
///
/// The answer waits two seconds for the decision about the stock. 201: it is held for the order. 409 `insufficient_stock`:
/// there is not enough, the order is cancelled, and the cart is open again. 202: not decided yet; ask for the order. With
/// `Prefer: wait=<seconds>` it waits for the settled state instead. If the payment needs the buyer, `payment.action_url` is
/// where to send them; if it was declined, `POST /orders/{id}/pay` tries again.
///
/// Whoever goes away changes nothing. An order that is not paid in time is cancelled, its stock is free again, and the cart
/// is open again.
#[utoipa::path(post, path = "/api/v1/carts/{id}/checkout", tag = "carts",
    params(("id" = inline(schema::CartId), Path), CheckoutHeaders), request_body = Checkout,
    responses(CheckoutAnswers, Refusals))]
pub(crate) async fn check_out(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(cart_id): Path<CartId>,
    sent: HeaderMap,
    request: WriteRequest,
) -> Result<Response, Problem> {
    let came = Instant::now();
    let cart = authorized(&api, &principal, cart_id).await?;
    request.require_key()?;
    let checkout = request.body()?;
    let write = request.begin(&api, &principal);
    let order_id = OrderId::new(write.new_id(&api, "order"));
    let began = begin(&api, &write, &cart, cart_id, order_id, checkout).await?;
    let (goal, until) = patience(headers::prefer(&sent).wait, came, Instant::now());
    let seen = progress::wait_for(&api, cart_id, order_id, began, goal, until).await?;
    answer(order_id, &seen)
}

/// What an answer waits for, and until when, where the request came at `came` and the checkout has begun by `now`.
fn patience(preferred: Option<Duration>, came: Instant, now: Instant) -> (Goal, Instant) {
    match preferred {
        Some(preferred) => (Goal::Settled, came + preferred.min(WAIT_MAX)),
        None => (Goal::StockDecision, (now + STOCK_WAIT).min(came + WAIT_MAX)),
    }
}

/// Begins the checkout, or finds that this very request has begun it before; the position of that.
async fn begin(
    api: &CommandApi,
    write: &Write,
    cart: &Loaded<Cart>,
    cart_id: CartId,
    order_id: OrderId,
    checkout: Checkout,
) -> Result<Position, Problem> {
    if let Some(answer) = past_answer(cart, write.command_id(), write)? {
        return Ok(answer.position);
    }
    // So many commands may have come since that the cart does not remember this one; but its order tells that it came.
    let order = orders::access::load(api, order_id).await?;
    if let Ok(placed) = order.state.placed() {
        if placed.cart_id() != Some(cart_id) || agreed_quote(api, order_id).await? != Some(checkout.quote_hash) {
            return Err(key_reused());
        }
        return Ok(order.position);
    }
    if let Some(CartOwner::Customer(customer)) = cart.state.owner() {
        buyers::check(api, customer, Problem::internal).await?;
    }
    let Checkout { quote_hash, payment } = checkout;
    let (terms, instrument) = terms(api, payment)?;
    let command = CartCommand::BeginCheckout { order_id, quote_hash, terms, instrument };
    Ok(execute(api, cart_id, command, write.first()).await?.position)
}

/// The quote that an order was made of. It stands in the order's first event alone.
async fn agreed_quote(api: &CommandApi, order_id: OrderId) -> Result<Option<QuoteHash>, Problem> {
    let id = order_id.uuid().to_string();
    let stream = StreamId::for_tenant(&api.tenant, Order::CATEGORY, &id).map_err(|_| Problem::internal())?;
    let first = api.bus.log().read_stream(&stream, ReadFrom::Forwards(Revision::default()), 1).await;
    let first = first.map_err(|error| {
        tracing::error!(%error, "the event log is not available");
        Problem::unavailable("the event log is not available")
    })?;
    let Some(first) = first.first() else { return Ok(None) };
    let unreadable = |error: &dyn std::error::Error| {
        tracing::error!(%error, %order_id, "what an order was made of cannot be read");
        Problem::internal()
    };
    let opened = api.bus.codec().open(Place::of(first), &first.data).await.map_err(|error| unreadable(&error))?;
    match first.decode_opened(&opened).map_err(|error| unreadable(&error))? {
        OrderEvent::OrderPlaced(placed) => Ok(placed.quote.map(|quote| quote.hash)),
        _ => Ok(None),
    }
}

/// What is agreed about payment, as the settings have it now, and what it is paid with.
fn terms(api: &CommandApi, payment: Option<PayWith>) -> Result<(CheckoutTerms, Option<Reference>), Problem> {
    let Some(PayWith { instrument, method }) = payment else { return Ok((CheckoutTerms { payment: None }, None)) };
    let provider = api.payments.default_provider().ok_or_else(|| Problem::unavailable("nobody takes payments here"))?;
    let method = match method {
        Some(method) => method,
        None => METHOD.parse().map_err(|_| Problem::internal())?,
    };
    let payment = PaymentTerms { method, provider: provider.name().clone(), capture: api.checkout.capture };
    Ok((CheckoutTerms { payment: Some(payment) }, Some(instrument)))
}

fn answer(order_id: OrderId, seen: &Seen) -> Result<Response, Problem> {
    match &seen.stage {
        Stage::Failed => {
            let problem = Problem::of(&CHECKOUT_FAILED).detail("no order was made, and the cart is open again");
            Err(problem.with("order_id", order_id))
        }
        Stage::Cancelled(CancelCause::InsufficientStock { sku, requested, available }) => {
            let detail = format!("{requested} units of {sku} were ordered, and {available} are available");
            let problem = Problem::of(&INSUFFICIENT_STOCK).detail(detail).with("order_id", order_id);
            Err(problem.with("sku", sku).with("requested", requested).with("available", available))
        }
        _ => Ok(CheckedOut::new(order_id, seen).into_response(seen.is_settled())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_never_waits_until_the_request_is_given_up_however_long_it_took_to_begin() {
        let (came, seconds) = (Instant::now(), Duration::from_secs);
        let until = |preferred: Option<u64>, began: u64| {
            let (goal, until) = patience(preferred.map(seconds), came, came + seconds(began));
            (goal, until - came)
        };
        assert_eq!(until(Some(10), 3), (Goal::Settled, seconds(9)));
        assert_eq!(until(Some(4), 3), (Goal::Settled, seconds(4)));
        assert_eq!(until(Some(u64::MAX), 0), (Goal::Settled, seconds(9)));
        assert_eq!(until(None, 3), (Goal::StockDecision, seconds(5)));
        assert_eq!(until(None, 8), (Goal::StockDecision, seconds(9)));
    }
}
