//! What a customer is called, and where the customer gets mail.

use super::{authorize, run_personal, subject_of};
use crate::{
    CommandApi,
    answer::{Changed, Refusals, Written},
    request::{WriteHeaders, WriteRequest},
};
use axum::extract::State;
use serde::Deserialize;
use tillroll_domain::{
    contact::{Email, Phone, Profile},
    customer::commands::CustomerCommand,
    ids::CustomerId,
    personal::Personal,
    text::Name,
};
use tillroll_http::{Path, Principal, Problem, schema};
use utoipa::ToSchema;

/// What a customer is called. It replaces what was known.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetProfile {
    /// The given name.
    #[schema(value_type = schema::Name, example = "Anna")]
    first_name: Name,
    /// The family name.
    #[schema(value_type = schema::Name, example = "Berg")]
    last_name: Name,
    /// A telephone number.
    #[schema(value_type = Option<schema::Phone>)]
    phone: Option<Phone>,
}

/// Where a customer gets mail.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetEmail {
    /// Kept in lower case. Several customers may have the same one.
    #[schema(value_type = schema::Email)]
    email: Email,
}

/// Note what a customer is called.
#[utoipa::path(post, path = "/api/v1/customers/{id}/set-profile", tag = "customers",
    params(("id" = inline(schema::CustomerId), Path), WriteHeaders), request_body = SetProfile,
    responses(Changed, Refusals))]
pub(crate) async fn set_profile(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<CustomerId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    authorize(&principal, id)?;
    let SetProfile { first_name, last_name, phone } = request.body()?;
    let profile = Personal::known(subject_of(id), Profile { first_name, last_name, phone });
    let context = request.begin(&api, &principal).personal();
    Ok(Written::new(id, &run_personal(&api, id, CustomerCommand::SetProfile { profile }, context).await?))
}

/// Note where a customer gets mail.
#[utoipa::path(post, path = "/api/v1/customers/{id}/set-email", tag = "customers",
    params(("id" = inline(schema::CustomerId), Path), WriteHeaders), request_body = SetEmail,
    responses(Changed, Refusals))]
pub(crate) async fn set_email(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<CustomerId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    authorize(&principal, id)?;
    let SetEmail { email } = request.body()?;
    let email = Personal::known(subject_of(id), email);
    let context = request.begin(&api, &principal).personal();
    Ok(Written::new(id, &run_personal(&api, id, CustomerCommand::SetEmail { email }, context).await?))
}
