//! What a customer agrees to.

use super::{authorize, run};
use crate::{
    CommandApi,
    answer::{Changed, Refusals, Written},
    request::{WriteHeaders, WriteRequest},
};
use axum::extract::State;
use serde::Deserialize;
use tillroll_domain::{
    customer::commands::CustomerCommand,
    ids::CustomerId,
    text::{ConsentPurpose, Reference},
};
use tillroll_http::{Path, Principal, Problem, schema};
use utoipa::ToSchema;

/// The word of a customer on one purpose.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetConsent {
    /// What the customer was asked about.
    #[schema(value_type = schema::ConsentPurpose)]
    purpose: ConsentPurpose,
    /// Whether the customer agrees.
    granted: bool,
    /// Where it was said; nothing personal.
    #[schema(value_type = schema::Reference, example = "checkout")]
    source: Reference,
}

/// Note whether a customer agrees to something.
///
/// The time is the server's. Saying the same again changes nothing, also from another source.
#[utoipa::path(post, path = "/api/v1/customers/{id}/set-consent", tag = "customers",
    params(("id" = inline(schema::CustomerId), Path), WriteHeaders), request_body = SetConsent,
    responses(Changed, Refusals))]
pub(crate) async fn set_consent(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<CustomerId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    authorize(&principal, id)?;
    let SetConsent { purpose, granted, source } = request.body()?;
    run(&api, &principal, id, request, CustomerCommand::SetConsent { purpose, granted, source }).await
}
