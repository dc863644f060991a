//! Who is behind a cart and how they are reached.

use super::{authorized, execute, facts, forget_guest, is_erased};
use crate::{
    CommandApi,
    answer::{Changed, Refusals, Written},
    body::PostalAddress,
    chains::carry_through,
    refusal::{Refusal, problem_of},
    request::{Write, WriteHeaders, WriteRequest},
};
use axum::extract::State;
use serde::Deserialize;
use tillroll_domain::{
    cart::{AddressKind, Cart, CartError, commands::CartCommand, guest_subject},
    contact::{Address, Email},
    ids::{CartId, SubjectId},
    personal::Personal,
};
use tillroll_http::{Path, Principal, Problem, schema};
use tillroll_infra::bus::{ExecuteError, Loaded};
use utoipa::ToSchema;

/// An address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetCartAddress {
    /// What it is for.
    kind: CartAddressKind,
    /// The address.
    #[schema(value_type = PostalAddress)]
    address: Address,
}

/// What an address of a cart is for.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CartAddressKind {
    /// Goods are sent there, and its country becomes the cart's.
    Shipping,
    /// Bills are sent there.
    Billing,
}

/// An e-mail address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetCartEmail {
    /// The address.
    #[schema(value_type = schema::Email)]
    email: Email,
}

/// Say where goods or bills are sent.
///
/// It is sealed under a key of its own, which can be destroyed; see `/erase-contact`.
#[utoipa::path(post, path = "/api/v1/carts/{id}/set-address", tag = "carts",
    params(("id" = inline(schema::CartId), Path), WriteHeaders), request_body = SetCartAddress,
    responses(Changed, Refusals))]
pub(crate) async fn set_cart_address(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<CartId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    let cart = authorized(&api, &principal, id).await?;
    let SetCartAddress { kind, address } = request.body()?;
    let kind = match kind {
        CartAddressKind::Shipping => AddressKind::Shipping,
        CartAddressKind::Billing => AddressKind::Billing,
    };
    let say = |subject| CartCommand::SetAddress {
        kind,
        country: address.country.clone(),
        address: Personal::known(subject, address.clone()),
    };
    tell(&api, &request.begin(&api, &principal), id, &cart, say).await
}

/// Say to whom to write.
#[utoipa::path(post, path = "/api/v1/carts/{id}/set-email", tag = "carts",
    params(("id" = inline(schema::CartId), Path), WriteHeaders), request_body = SetCartEmail,
    responses(Changed, Refusals))]
pub(crate) async fn set_cart_email(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<CartId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    let cart = authorized(&api, &principal, id).await?;
    let SetCartEmail { email } = request.body()?;
    let say = |subject| CartCommand::SetEmail { email: Personal::known(subject, email.clone()) };
    tell(&api, &request.begin(&api, &principal), id, &cart, say).await
}

/// Carries out what says something of a person. A repeated request is answered as the first time whatever became of the
/// cart, as long as the key is there with which what was said can be compared.
async fn tell(
    api: &CommandApi,
    write: &Write,
    id: CartId,
    cart: &Loaded<Cart>,
    say: impl Fn(SubjectId) -> CartCommand,
) -> Result<Written, Problem> {
    let repeated = cart.answer_to(write.command_id()).is_some();
    if !repeated {
        // A new request is told how the cart ended, and not that its contact was erased then.
        facts::open(&cart.state)?;
    }
    let Some(owner) = cart.state.subject() else { return Err(CartError::NotFound.problem()) };
    let guest = guest_subject(id);
    let run = async |subject| api.bus.execute::<Cart>(&id.uuid().to_string(), say(subject), write.personal()).await;
    // What was said before the cart became a customer's was said of the guest.
    if repeated && owner != guest && is_erased(&cart.state) {
        let executed = match run(guest).await {
            Err(erased @ ExecuteError::SubjectErased { .. }) => match run(owner).await {
                // It cannot be compared any more, so that it must not be called another request.
                Err(ExecuteError::CommandIdReused { .. }) => Err(erased),
                said_by_customer => said_by_customer,
            },
            Err(ExecuteError::CommandIdReused { .. }) => run(owner).await,
            said_by_guest => said_by_guest,
        };
        return executed.map(|executed| Written::new(id, &executed)).map_err(problem_of);
    }
    run(owner).await.map(|executed| Written::new(id, &executed)).map_err(problem_of)
}

/// Forget for ever what a guest said of themselves.
///
/// Addresses and e-mail become unreadable wherever they are stored, also in the order that was made of the cart; lines and
/// amounts stay. It cannot be undone, and none is taken for this cart any more. Asking again completes what a crash left
/// undone. A customer's data is erased with the customer.
#[utoipa::path(post, path = "/api/v1/carts/{id}/erase-contact", tag = "carts",
    params(("id" = inline(schema::CartId), Path), WriteHeaders), responses(Changed, Refusals))]
pub(crate) async fn erase_contact(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<CartId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    authorized(&api, &principal, id).await?;
    request.no_body()?;
    let context = request.begin(&api, &principal).first();
    carry_through(&api.clone(), async move {
        let executed = execute(&api, id, CartCommand::EraseContact, context).await?;
        forget_guest(&api, id).await?;
        Ok(Written::new(id, &executed))
    })
    .await
}
