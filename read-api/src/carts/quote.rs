//! What a cart costs: the quote that holds, and what made each minor unit of it.

use super::{admit, revision_of, seen};
use crate::{
    ReadApi,
    answer::{OneProblems, OneReadHeaders, ReadRequest, Tagged, failed},
    json::decode,
    problems::{CART_NOT_FOUND, QUOTE_NOT_FOUND},
};
use axum::{extract::State, response::Response};
use serde::Serialize;
use tillroll_domain::{
    ids::CartId,
    money::Money,
    pricing::{Quote, QuoteHash},
};
use tillroll_http::{
    MoneyJson, Path, Principal, Problem, headers,
    quote::{ExplanationJson, QuoteJson},
    schema,
};
use tillroll_projections::models::carts;
use utoipa::ToSchema;

/// What made each minor unit of a quote.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QuoteExplained {
    /// The quote's hash.
    #[schema(value_type = String, pattern = "^[0-9a-f]{64}$")]
    hash: QuoteHash,
    /// What the customer owes.
    total: MoneyJson,
    /// What made it; the amounts sum to the total.
    explanation: Vec<ExplanationJson>,
}

/// Read what a cart costs.
///
/// The quote is of exactly what the cart holds; if the cart changed since, there is none. It may have expired.
#[utoipa::path(get, path = "/api/v1/carts/{id}/quote", tag = "carts",
    params(("id" = inline(schema::CartId), Path), OneReadHeaders),
    responses((status = 200, description = "The quote", body = QuoteJson), OneProblems))]
pub(crate) async fn get_cart_quote(
    State(api): State<ReadApi>,
    principal: Principal,
    Path(id): Path<CartId>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    read(&api, &principal, id, request, |quote| QuoteJson::from(quote)).await
}

/// Read what made each minor unit of what a cart costs.
///
/// For every amount: which price times how many units, what rounding did, the tax rate and what it was taken of, and by which
/// rule shipping costs what it costs.
#[utoipa::path(get, path = "/api/v1/carts/{id}/quote/explain", tag = "carts",
    params(("id" = inline(schema::CartId), Path), OneReadHeaders),
    responses((status = 200, description = "What made it", body = QuoteExplained), OneProblems))]
pub(crate) async fn explain_cart_quote(
    State(api): State<ReadApi>,
    principal: Principal,
    Path(id): Path<CartId>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    let explained = |quote: &Quote| QuoteExplained {
        hash: quote.hash,
        total: Money::new(quote.total_minor, quote.currency).into(),
        explanation: quote.explain().iter().map(ExplanationJson::from).collect(),
    };
    read(&api, &principal, id, request, explained).await
}

async fn read<T: Serialize>(
    api: &ReadApi,
    principal: &Principal,
    id: CartId,
    request: ReadRequest,
    show: impl FnOnce(&Quote) -> T,
) -> Result<Response, Problem> {
    admit(principal)?;
    let mut view = request.open(api, &[carts::NAME]).await?;
    let found = carts::get(&mut view.snapshot, id).await.map_err(failed)?;
    let Some((detail, _)) = seen(principal, found) else { return view.composite::<T>(None, &CART_NOT_FOUND) };
    let Some(quote) = detail.cart.quote.as_deref().map(decode::<Quote>).transpose()? else {
        return view.composite::<T>(None, &QUOTE_NOT_FOUND);
    };
    let tag = headers::composite_tag(revision_of(&detail.cart), view.versions());
    view.composite(Some(Tagged { tag, body: show(&quote) }), &QUOTE_NOT_FOUND)
}
