//! Customers: registered, moved, turned away and welcome again; and what the parts below share.
//!
//! Who may manage customers may do everything here; the storefront may do for the customer it acts for what the customer
//! could do. For others there is no such customer.

pub(crate) mod addresses;
pub(crate) mod consent;
pub(crate) mod erase;
pub(crate) mod identity;

use crate::{
    CommandApi,
    answer::{Changed, Created, Refusals, Written},
    body::Reason,
    refusal::{Refusal, problem_of},
    request::{WriteHeaders, WriteRequest},
};
use axum::{extract::State, response::Response};
use serde::Deserialize;
use tillroll_domain::{
    customer::{Customer, CustomerError, CustomerState, commands::CustomerCommand},
    ids::{CustomerId, SubjectId},
    text::{Country, Reference},
};
use tillroll_http::{Owner, Path, Permission, Principal, Problem, schema};
use tillroll_infra::bus::{CommandContext, Executed};
use utoipa::ToSchema;

/// A customer to register.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegisterCustomer {
    /// Where the customer is; an ISO 3166-1 alpha-2 code.
    #[schema(value_type = schema::Country)]
    country: Country,
    /// The customer's number in another system; nothing personal.
    #[schema(value_type = Option<schema::Reference>)]
    external_reference: Option<Reference>,
}

/// Where a customer is now.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeCountry {
    /// An ISO 3166-1 alpha-2 code.
    #[schema(value_type = schema::Country)]
    country: Country,
}

/// Register a customer.
///
/// A storefront registers whoever signs up, and acts for them from then on.
#[utoipa::path(post, path = "/api/v1/customers", tag = "customers", params(WriteHeaders),
    request_body = RegisterCustomer, responses(Created, Refusals))]
pub(crate) async fn register_customer(
    State(api): State<CommandApi>,
    principal: Principal,
    request: WriteRequest,
) -> Result<Response, Problem> {
    principal.require(Permission::RegisterCustomers)?;
    let RegisterCustomer { country, external_reference } = request.body()?;
    let write = request.begin(&api, &principal);
    let id = CustomerId::new(write.new_id(&api, "customer"));
    let command = CustomerCommand::Register { country, external_reference };
    Ok(Written::new(id, &execute(&api, id, command, write.first()).await?).created("/api/v1/customers"))
}

/// Note that a customer is in another country now.
#[utoipa::path(post, path = "/api/v1/customers/{id}/change-country", tag = "customers",
    params(("id" = inline(schema::CustomerId), Path), WriteHeaders), request_body = ChangeCountry,
    responses(Changed, Refusals))]
pub(crate) async fn change_country(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<CustomerId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    authorize(&principal, id)?;
    let ChangeCountry { country } = request.body()?;
    run(&api, &principal, id, request, CustomerCommand::ChangeCountry { country }).await
}

/// Take no further orders of a customer.
#[utoipa::path(post, path = "/api/v1/customers/{id}/deactivate", tag = "customers",
    params(("id" = inline(schema::CustomerId), Path), WriteHeaders), request_body = Reason,
    responses(Changed, Refusals))]
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
    params(("id" = inline(schema::CustomerId), Path), WriteHeaders), responses(Changed, Refusals))]
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

/// Lets those through who manage customers, and the storefront that acts for this one. Call it first.
///
/// # Errors
/// 404 for other shoppers, as if there were no such customer; 403 for roles that read customers and write nothing.
fn authorize(principal: &Principal, id: CustomerId) -> Result<(), Problem> {
    if principal.may_use(Owner::Customer(id), Permission::ManageCustomers) {
        return Ok(());
    }
    if principal.role.is_shopper() {
        return Err(CustomerError::NotRegistered.problem());
    }
    principal.require(Permission::ManageCustomers)
}

/// Whose data the personal data of a customer is.
fn subject_of(id: CustomerId) -> SubjectId {
    SubjectId::new(id.uuid())
}

async fn run(
    api: &CommandApi,
    principal: &Principal,
    id: CustomerId,
    request: WriteRequest,
    command: CustomerCommand,
) -> Result<Written, Problem> {
    let write = request.begin(api, principal);
    Ok(Written::new(id, &execute(api, id, command, write.first()).await?))
}

/// Carries out a command that brings personal data; its context is [`crate::request::Write::personal`].
///
/// # Errors
/// Also 404 before anything is digested, so that nobody makes keys for persons who are not there.
async fn run_personal(
    api: &CommandApi,
    id: CustomerId,
    command: CustomerCommand,
    context: CommandContext,
) -> Result<Executed, Problem> {
    let customer = api.bus.load::<Customer>(&api.tenant, &id.uuid().to_string()).await.map_err(problem_of)?;
    if customer.state == CustomerState::Unknown {
        return Err(CustomerError::NotRegistered.problem());
    }
    execute(api, id, command, context).await
}

async fn execute(
    api: &CommandApi,
    id: CustomerId,
    command: CustomerCommand,
    context: CommandContext,
) -> Result<Executed, Problem> {
    api.bus.execute::<Customer>(&id.uuid().to_string(), command, context).await.map_err(problem_of)
}
