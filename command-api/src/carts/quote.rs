//! What a cart costs.

use super::{authorized, execute, facts, load};
use crate::{
    CommandApi,
    answer::Refusals,
    prices::{Market, Wanted, price_lines, quote},
    refusal::Refusal,
    request::{WriteHeaders, WriteRequest},
    steps::answered,
};
use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tillroll_domain::{
    cart::{CartError, OpenCart, commands::CartCommand, line::demand},
    ids::CartId,
    pricing::Quote,
};
use tillroll_http::{Path, Principal, Problem, headers, quote::QuoteJson, schema};
use tillroll_infra::stream::{Position, Revision};
use utoipa::{IntoResponses, ToSchema};

/// A cart with what it costs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CartWithQuote {
    /// The cart.
    #[schema(value_type = schema::CartId)]
    id: String,
    /// The cart's revision, also the `ETag`.
    revision: u64,
    /// The position in the event log, also `Tillroll-Position`.
    position: u64,
    /// What it costs; whoever completes the cart names its `hash`.
    quote: QuoteJson,
}

/// The answers of a request for a quote.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it only documents the answers")]
pub(crate) enum Quoted {
    /// The quote that holds now.
    #[response(
        status = 200,
        headers(
            ("ETag" = String, description = "The revision, for If-Match"),
            ("Tillroll-Position" = u64, description = "The position, for Tillroll-After"),
        )
    )]
    Quoted(CartWithQuote),
}

impl IntoResponse for CartWithQuote {
    fn into_response(self) -> Response {
        let (revision, position) = (Revision(self.revision), Position(self.position));
        let mut response = Json(self).into_response();
        response.headers_mut().insert(&headers::POSITION, headers::position(position));
        response.headers_mut().insert(header::ETAG, headers::etag(revision));
        response
    }
}

/// Work out what a cart costs, and hold it for a while.
///
/// Prices, shipping and tax are those of now; all of the cart must be on offer and available. Whatever then changes the
/// lines, the country, the shipping method or the currency makes the quote void. A repeated request is answered with the quote
/// that holds, and is refused if none does any more.
#[utoipa::path(post, path = "/api/v1/carts/{id}/quote", tag = "carts",
    params(("id" = inline(schema::CartId), Path), WriteHeaders), responses(Quoted, Refusals))]
pub(crate) async fn quote_cart(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<CartId>,
    request: WriteRequest,
) -> Result<CartWithQuote, Problem> {
    let cart = authorized(&api, &principal, id).await?;
    request.no_body()?;
    let write = request.begin(&api, &principal);
    // A repeated request finds the quote that holds, if one does; it does not make another one.
    let position = if answered(&cart, &write)? {
        cart.position
    } else {
        let quote = Box::new(price(&api, facts::open(&cart.state)?).await?);
        execute(&api, id, CartCommand::Quote { quote }, write.first()).await?.position
    };
    let now = load(&api, id).await?;
    let Some(quote) = &facts::open(&now.state)?.quote else {
        return Err(CartError::Changed { current: None }.problem());
    };
    if !quote.holds_at(api.bus.ambient().clock.now()) {
        return Err(CartError::QuoteExpired { expired_at: quote.expires_at }.problem());
    }
    Ok(CartWithQuote {
        id: id.to_string(),
        revision: now.revision.unwrap_or(Revision(0)).0,
        position: now.position.max(position).0,
        quote: QuoteJson::from(&**quote),
    })
}

/// The quote of what a cart holds now.
pub(crate) async fn price(api: &CommandApi, cart: &OpenCart) -> Result<Quote, Problem> {
    if cart.lines.is_empty() {
        return Err(CartError::Empty.problem());
    }
    let method = cart.shipping_method.clone().ok_or_else(|| CartError::ShippingNotSelected.problem())?;
    for fact in facts::availabilities(api, &cart.lines).await? {
        let requested = demand(&cart.lines, &fact.sku);
        if requested > fact.available {
            let (sku, available) = (fact.sku, fact.available);
            return Err(CartError::InsufficientStock { sku, requested, available }.problem());
        }
    }
    let now = api.bus.ambient().clock.now();
    let market = Market { currency: cart.currency, country: cart.country.clone(), at: now };
    let wanted: Vec<Wanted> = cart
        .lines
        .iter()
        .map(|line| Wanted { line_id: line.line_id, sku: line.sku.clone(), quantity: line.quantity })
        .collect();
    // As everywhere in carts, whoever asks.
    let lines = price_lines(api, &market, &wanted, true).await?;
    quote(api, &market, lines, method)
}
