//! Where a cart's goods go, how they are shipped, and in which currency they are paid.

use super::{authorized, facts, run};
use crate::{
    CommandApi,
    answer::{Changed, Refusals, Written},
    request::{WriteHeaders, WriteRequest},
};
use axum::extract::State;
use serde::Deserialize;
use tillroll_domain::{
    cart::{CartState, commands::CartCommand},
    ids::CartId,
    money::Currency,
    text::{Country, Reference},
};
use tillroll_http::{Path, Principal, Problem, schema};
use utoipa::ToSchema;

/// Where the goods will go.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetCartCountry {
    /// An ISO 3166-1 alpha-2 code.
    #[schema(value_type = schema::Country)]
    country: Country,
}

/// How the goods are shipped.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SelectShipping {
    /// The method; whether there is such a one shows when the cart is quoted.
    #[schema(value_type = schema::Reference, example = "standard")]
    method: Reference,
}

/// The currency to pay in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeCartCurrency {
    /// ISO 4217.
    #[schema(value_type = schema::Currency)]
    currency: Currency,
}

/// Say where the goods will go, before there is an address.
///
/// Refused if a shipping address says otherwise.
#[utoipa::path(post, path = "/api/v1/carts/{id}/set-country", tag = "carts",
    params(("id" = inline(schema::CartId), Path), WriteHeaders), request_body = SetCartCountry,
    responses(Changed, Refusals))]
pub(crate) async fn set_cart_country(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<CartId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    authorized(&api, &principal, id).await?;
    let SetCartCountry { country } = request.body()?;
    run(&api, &request.begin(&api, &principal), id, CartCommand::SetCountry { country }).await
}

/// Select how the goods are shipped.
#[utoipa::path(post, path = "/api/v1/carts/{id}/select-shipping", tag = "carts",
    params(("id" = inline(schema::CartId), Path), WriteHeaders), request_body = SelectShipping,
    responses(Changed, Refusals))]
pub(crate) async fn select_shipping(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<CartId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    authorized(&api, &principal, id).await?;
    let SelectShipping { method } = request.body()?;
    run(&api, &request.begin(&api, &principal), id, CartCommand::SelectShipping { method }).await
}

/// Pay in another currency.
///
/// Every line gets its price in that currency; a line without one is a refusal, since nothing is ever converted.
#[utoipa::path(post, path = "/api/v1/carts/{id}/change-currency", tag = "carts",
    params(("id" = inline(schema::CartId), Path), WriteHeaders), request_body = ChangeCartCurrency,
    responses(Changed, Refusals))]
pub(crate) async fn change_cart_currency(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<CartId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    let cart = authorized(&api, &principal, id).await?;
    let ChangeCartCurrency { currency } = request.body()?;
    let write = request.begin(&api, &principal);
    let again = cart.answer_to(write.command_id()).is_some();
    let prices = match &cart.state {
        CartState::Open(open) if !again && open.currency != currency => {
            facts::prices(&api, &open.lines, currency, &open.country).await?
        }
        CartState::Absent | CartState::Open(_) | CartState::Closed(_) => vec![],
    };
    run(&api, &write, id, CartCommand::ChangeCurrency { currency, prices }).await
}
