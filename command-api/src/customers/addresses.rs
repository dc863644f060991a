//! A customer's address book.

use super::{authorize, run, run_personal, subject_of};
use crate::{
    CommandApi,
    answer::{Changed, Refusals, Written},
    body::PostalAddress,
    request::{WriteHeaders, WriteRequest},
};
use axum::extract::State;
use serde::Deserialize;
use tillroll_domain::{
    customer::{commands::CustomerCommand, events::AddressKind},
    ids::{AddressId, CustomerId},
    personal::Personal,
};
use tillroll_http::{Path, Principal, Problem, schema};
use utoipa::ToSchema;

/// An address to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddAddress {
    /// The address.
    address: PostalAddress,
    /// What it shall be the default for; the first address is the default for everything.
    #[serde(default)]
    #[schema(value_type = Vec<DefaultKind>, max_items = 2)]
    default_for: DefaultFor,
}

/// Some kinds, as many as there are at most.
#[derive(Default, Deserialize)]
#[serde(try_from = "Vec<DefaultKind>")]
pub(crate) struct DefaultFor(Vec<DefaultKind>);

impl TryFrom<Vec<DefaultKind>> for DefaultFor {
    type Error = &'static str;
    fn try_from(kinds: Vec<DefaultKind>) -> Result<Self, &'static str> {
        if kinds.len() <= AddressKind::ALL.len() { Ok(Self(kinds)) } else { Err("at most two kinds can be named") }
    }
}

/// What an address can be the default for.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DefaultKind {
    /// Goods are sent there.
    Shipping,
    /// Bills are sent there.
    Billing,
}

impl From<DefaultKind> for AddressKind {
    fn from(kind: DefaultKind) -> Self {
        match kind {
            DefaultKind::Shipping => Self::Shipping,
            DefaultKind::Billing => Self::Billing,
        }
    }
}

/// What an address is from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeAddress {
    /// The whole address.
    address: PostalAddress,
}

/// What to make an address the default for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetDefaultAddress {
    /// Goods or bills.
    kind: DefaultKind,
}

/// Add an address.
///
/// The first address becomes the default for goods and for bills. The answer names the new `address_id`.
#[utoipa::path(post, path = "/api/v1/customers/{id}/addresses", tag = "customers",
    params(("id" = inline(schema::CustomerId), Path), WriteHeaders), request_body = AddAddress,
    responses(Changed, Refusals))]
pub(crate) async fn add_address(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<CustomerId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    authorize(&principal, id)?;
    let AddAddress { address, default_for: DefaultFor(kinds) } = request.body()?;
    let write = request.begin(&api, &principal);
    let address_id = AddressId::new(write.new_id(&api, "address"));
    let command = CustomerCommand::AddAddress {
        address_id,
        address: Personal::known(subject_of(id), address.into()),
        default_for: kinds.into_iter().map(AddressKind::from).collect(),
    };
    let executed = run_personal(&api, id, command, write.personal()).await?;
    Ok(Written::new(id, &executed).address(address_id))
}

/// Correct an address.
#[utoipa::path(post, path = "/api/v1/customers/{id}/addresses/{address_id}/change", tag = "customers",
    params(("id" = inline(schema::CustomerId), Path), ("address_id" = inline(schema::AddressId), Path), WriteHeaders),
    request_body = ChangeAddress, responses(Changed, Refusals))]
pub(crate) async fn change_address(
    State(api): State<CommandApi>,
    principal: Principal,
    Path((id, address_id)): Path<(CustomerId, AddressId)>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    authorize(&principal, id)?;
    let ChangeAddress { address } = request.body()?;
    let address = Personal::known(subject_of(id), address.into());
    let context = request.begin(&api, &principal).personal();
    let command = CustomerCommand::ChangeAddress { address_id, address };
    Ok(Written::new(id, &run_personal(&api, id, command, context).await?))
}

/// Remove an address.
///
/// Where it was the default, the one that was added first of those that remain takes its place.
#[utoipa::path(post, path = "/api/v1/customers/{id}/addresses/{address_id}/remove", tag = "customers",
    params(("id" = inline(schema::CustomerId), Path), ("address_id" = inline(schema::AddressId), Path), WriteHeaders),
    responses(Changed, Refusals))]
pub(crate) async fn remove_address(
    State(api): State<CommandApi>,
    principal: Principal,
    Path((id, address_id)): Path<(CustomerId, AddressId)>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    authorize(&principal, id)?;
    request.no_body()?;
    run(&api, &principal, id, request, CustomerCommand::RemoveAddress { address_id }).await
}

/// Make an address the default for goods or for bills.
#[utoipa::path(post, path = "/api/v1/customers/{id}/addresses/{address_id}/set-default", tag = "customers",
    params(("id" = inline(schema::CustomerId), Path), ("address_id" = inline(schema::AddressId), Path), WriteHeaders),
    request_body = SetDefaultAddress, responses(Changed, Refusals))]
pub(crate) async fn set_default_address(
    State(api): State<CommandApi>,
    principal: Principal,
    Path((id, address_id)): Path<(CustomerId, AddressId)>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    authorize(&principal, id)?;
    let SetDefaultAddress { kind } = request.body()?;
    let command = CustomerCommand::SetDefaultAddress { address_id, kind: kind.into() };
    run(&api, &principal, id, request, command).await
}
