//! Customers: registered, moved, turned away and welcome again.

use crate::{
    CommandApi,
    answer::{Changed, Created, Refusals, Written},
    body::Reason,
    refusal::problem_of,
    request::{WriteHeaders, WriteRequest},
};
use axum::{extract::State, response::Response};
use serde::Deserialize;
use tillroll_domain::{
    customer::{Customer, commands::CustomerCommand},
    ids::CustomerId,
    text::{Country, Reference},
};
use tillroll_http::{Path, Permission, Principal, Problem};
use utoipa::ToSchema;

/// A customer to register.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegisterCustomer {
    /// Where the customer is; an ISO 3166-1 alpha-2 code.
    #[schema(value_type = String, example = "DE", max_length = 64)]
    country: Country,
    /// The customer's number in another system; nothing personal.
    #[schema(value_type = Option<String>, max_length = 100)]
    external_reference: Option<Reference>,
}

/// Where a customer is now.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeCountry {
    /// An ISO 3166-1 alpha-2 code.
    #[schema(value_type = String, example = "FR", max_length = 64)]
    country: Country,
}

/// Register a customer.
#[utoipa::path(post, path = "/api/v1/customers", tag = "customers", params(WriteHeaders),
    request_body = RegisterCustomer, responses(Created, Refusals))]
pub(crate) async fn register_customer(
    State(api): State<CommandApi>,
    principal: Principal,
    request: WriteRequest,
) -> Result<Response, Problem> {
    principal.require(Permission::ManageCustomers)?;
    let RegisterCustomer { country, external_reference } = request.body()?;
    let write = request.begin(&api, &principal);
    let id = CustomerId::new(write.new_id(&api, "customer"));
    let command = CustomerCommand::Register { country, external_reference };
    let executed = api.bus.execute::<Customer>(&id.uuid().to_string(), command, write.first()).await;
    Ok(Written::new(id, &executed.map_err(problem_of)?).created("/api/v1/customers"))
}

/// Note that a customer is in another country now.
#[utoipa::path(post, path = "/api/v1/customers/{id}/change-country", tag = "customers",
    params(("id" = String, Path), WriteHeaders), request_body = ChangeCountry, responses(Changed, Refusals))]
pub(crate) async fn change_country(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<CustomerId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageCustomers)?;
    let ChangeCountry { country } = request.body()?;
    run(&api, &principal, id, request, CustomerCommand::ChangeCountry { country }).await
}

/// Take no further orders of a customer.
#[utoipa::path(post, path = "/api/v1/customers/{id}/deactivate", tag = "customers",
    params(("id" = String, Path), WriteHeaders), request_body = Reason, responses(Changed, Refusals))]
pub(crate) async fn deactivate_customer(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<CustomerId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageCustomers)?;
    let Reason { reason } = request.body()?;
    run(&api, &principal, id, request, CustomerCommand::Deactivate { reason }).await
}

/// Take orders of a customer again.
#[utoipa::path(post, path = "/api/v1/customers/{id}/reactivate", tag = "customers",
    params(("id" = String, Path), WriteHeaders), responses(Changed, Refusals))]
pub(crate) async fn reactivate_customer(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<CustomerId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageCustomers)?;
    request.no_body()?;
    run(&api, &principal, id, request, CustomerCommand::Reactivate).await
}

async fn run(
    api: &CommandApi,
    principal: &Principal,
    id: CustomerId,
    request: WriteRequest,
    command: CustomerCommand,
) -> Result<Written, Problem> {
    let write = request.begin(api, principal);
    let executed = api.bus.execute::<Customer>(&id.uuid().to_string(), command, write.first()).await;
    Ok(Written::new(id, &executed.map_err(problem_of)?))
}
