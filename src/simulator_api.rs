//! The simulated payment provider's own endpoints: what really happened there, how it is to behave, and what is done in its
//! dashboard. Only there while the provider is simulated, and only for administrators; the customer's page is in [`page`].
//!
//! None of these requests is idempotent: each is an event in the outside world, which may well happen twice.

mod json;
pub mod page;
mod problems;
mod script;
mod sink;

pub use problems::PROBLEMS;
pub use sink::EngineSink;

use axum::{
    Json,
    extract::{FromRef, State},
};
use json::{ChargeJson, CloseDispute, CompleteAction, HowMuch};
use problems::{ControlProblems, ReadProblems, ScriptProblems, problem_of};
use script::{BehaviorChange, ScriptJson};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tillroll_domain::ids::PaymentId;
use tillroll_http::{Cursor, Keys, Limit, Page, Path, Permission, Principal, Problem, Query, extract::RawBody, schema};
use tillroll_infra::{
    ambient::Clock,
    payments::simulator::{Simulator, truth::charge::Charge},
};
use utoipa::{IntoParams, OpenApi};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The list that a cursor belongs to.
const SCOPE: &str = "simulator/charges";

/// What the handlers work with. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct SimulatorApi {
    simulator: Arc<Simulator>,
    keys: Keys,
    clock: Arc<dyn Clock>,
}

impl SimulatorApi {
    /// The endpoints of a simulator.
    #[must_use]
    pub fn new(simulator: Arc<Simulator>, keys: Keys, clock: Arc<dyn Clock>) -> Self {
        Self { simulator, keys, clock }
    }

    fn shown(&self, charge: &Charge) -> ChargeJson {
        ChargeJson::of(charge, self.clock.now())
    }

    /// What became of a charge that was just acted upon.
    fn answer(&self, payment_id: PaymentId) -> Result<Json<ChargeJson>, Problem> {
        let charge = self.simulator.charge(payment_id).ok_or_else(no_charge)?;
        Ok(Json(self.shown(&charge)))
    }
}

impl FromRef<SimulatorApi> for Keys {
    fn from_ref(api: &SimulatorApi) -> Self {
        api.keys.clone()
    }
}

/// What the document says besides the routes.
#[derive(OpenApi)]
#[openapi(
    tags((
        name = "payment simulator",
        description = "The simulated payment provider: no money moves, and it does what it is told"
    )),
    components(schemas(tillroll_http::ProblemDocument)),
    security(("key" = [])),
)]
struct Document;

/// The routes with their part of the OpenAPI document. Whoever serves them adds [`PROBLEMS`] to the documented problems.
pub fn router(api: SimulatorApi) -> OpenApiRouter {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(list_charges))
        .routes(routes!(get_charge))
        .routes(routes!(get_behavior, set_behavior))
        .routes(routes!(complete_action))
        .routes(routes!(capture_by_hand))
        .routes(routes!(refund_by_hand))
        .routes(routes!(open_dispute))
        .routes(routes!(close_dispute))
        .routes(routes!(expire_authorization))
        .with_state(api)
}

fn no_charge() -> Problem {
    Problem::of(&problems::CHARGE_NOT_FOUND)
}

/// Which charges to list.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListCharges {
    /// How many at most: 1 to 100, by default 20.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100)]
    limit: Option<Limit>,
    /// `next_cursor` of the page before.
    #[param(value_type = schema::Cursor, inline, required = false)]
    cursor: Option<String>,
}

/// List what really happened at the simulated provider
///
/// By payment. This is the provider's truth, whatever the engine knows of it.
#[utoipa::path(get, path = "/api/v1/simulator/charges", tag = "payment simulator", params(ListCharges), responses(
    (status = 200, description = "Some charges", body = Page<ChargeJson>), ReadProblems))]
async fn list_charges(
    State(api): State<SimulatorApi>,
    principal: Principal,
    Query(query): Query<ListCharges>,
) -> Result<Json<Page<ChargeJson>>, Problem> {
    principal.require(Permission::ManagePayments)?;
    let after = query.cursor.map(|cursor| Cursor::decode::<PaymentId>(SCOPE, &cursor)).transpose()?;
    let limit = usize::from(query.limit.unwrap_or_default().get());
    let mut charges = api.simulator.charges_after(after, limit + 1);
    let has_more = charges.len() > limit;
    charges.truncate(limit);
    let last = charges.last().filter(|_| has_more);
    let next_cursor = last.map(|charge| Cursor::encode(SCOPE, &charge.payment_id));
    Ok(Json(Page { data: charges.iter().map(|charge| api.shown(charge)).collect(), next_cursor }))
}

/// Read what really happened at the simulated provider for one payment
#[utoipa::path(get, path = "/api/v1/simulator/charges/{payment_id}", tag = "payment simulator",
    params(("payment_id" = inline(schema::PaymentId), Path)),
    responses((status = 200, description = "The charge", body = ChargeJson), ReadProblems))]
async fn get_charge(
    State(api): State<SimulatorApi>,
    principal: Principal,
    Path(payment_id): Path<PaymentId>,
) -> Result<Json<ChargeJson>, Problem> {
    principal.require(Permission::ManagePayments)?;
    api.answer(payment_id)
}

/// Read what the simulated provider was told to do
#[utoipa::path(get, path = "/api/v1/simulator/behavior", tag = "payment simulator", responses(
    (status = 200, description = "The script", body = ScriptJson), ReadProblems))]
async fn get_behavior(State(api): State<SimulatorApi>, principal: Principal) -> Result<Json<ScriptJson>, Problem> {
    principal.require(Permission::ManagePayments)?;
    Ok(Json(api.simulator.script().into()))
}

/// Tell the simulated provider what to do
///
/// What is given replaces what was told before; rules are added behind those that stand. The answer is the whole script.
#[utoipa::path(post, path = "/api/v1/simulator/behavior", tag = "payment simulator", request_body = BehaviorChange,
    responses((status = 200, description = "The script as it is now", body = ScriptJson), ScriptProblems))]
async fn set_behavior(
    State(api): State<SimulatorApi>,
    principal: Principal,
    raw: RawBody,
) -> Result<Json<ScriptJson>, Problem> {
    principal.require(Permission::ManagePayments)?;
    let change: BehaviorChange = raw.json()?;
    let script = api.simulator.tell_script(|script| change.apply(script)).await.map_err(problem_of)?;
    Ok(Json(script.into()))
}

/// Do for the customer what the simulated provider asked for, or decline to
///
/// The newest operation that waits is meant. The customer has a page for it, too, at the operation's `action_url`.
#[utoipa::path(post, path = "/api/v1/simulator/charges/{payment_id}/complete-action", tag = "payment simulator",
    params(("payment_id" = inline(schema::PaymentId), Path)), request_body = CompleteAction,
    responses((status = 200, description = "The charge as it is now", body = ChargeJson), ControlProblems))]
async fn complete_action(
    State(api): State<SimulatorApi>,
    principal: Principal,
    Path(payment_id): Path<PaymentId>,
    raw: RawBody,
) -> Result<Json<ChargeJson>, Problem> {
    principal.require(Permission::ManagePayments)?;
    let CompleteAction { approve } = raw.json()?;
    api.simulator.complete_action(payment_id, None, approve).await.map_err(problem_of)?;
    api.answer(payment_id)
}

/// Capture as in the simulated provider's dashboard
///
/// Without an amount, all that the newest authorization still sets aside.
#[utoipa::path(post, path = "/api/v1/simulator/charges/{payment_id}/capture", tag = "payment simulator",
    params(("payment_id" = inline(schema::PaymentId), Path)), request_body = HowMuch,
    responses((status = 200, description = "The charge as it is now", body = ChargeJson), ControlProblems))]
async fn capture_by_hand(
    State(api): State<SimulatorApi>,
    principal: Principal,
    Path(payment_id): Path<PaymentId>,
    raw: RawBody,
) -> Result<Json<ChargeJson>, Problem> {
    principal.require(Permission::ManagePayments)?;
    let HowMuch { minor } = raw.json()?;
    api.simulator.capture_by_hand(payment_id, minor).await.map_err(problem_of)?;
    api.answer(payment_id)
}

/// Refund as in the simulated provider's dashboard
///
/// Without an amount, all that can still be given back.
#[utoipa::path(post, path = "/api/v1/simulator/charges/{payment_id}/refund", tag = "payment simulator",
    params(("payment_id" = inline(schema::PaymentId), Path)), request_body = HowMuch,
    responses((status = 200, description = "The charge as it is now", body = ChargeJson), ControlProblems))]
async fn refund_by_hand(
    State(api): State<SimulatorApi>,
    principal: Principal,
    Path(payment_id): Path<PaymentId>,
    raw: RawBody,
) -> Result<Json<ChargeJson>, Problem> {
    principal.require(Permission::ManagePayments)?;
    let HowMuch { minor } = raw.json()?;
    api.simulator.refund_by_hand(payment_id, minor).await.map_err(problem_of)?;
    api.answer(payment_id)
}

/// Let the customer's bank ask money back
///
/// Without an amount, all that was captured and is not disputed yet. What was refunded may be disputed all the same.
#[utoipa::path(post, path = "/api/v1/simulator/charges/{payment_id}/dispute", tag = "payment simulator",
    params(("payment_id" = inline(schema::PaymentId), Path)), request_body = HowMuch,
    responses((status = 200, description = "The charge as it is now", body = ChargeJson), ControlProblems))]
async fn open_dispute(
    State(api): State<SimulatorApi>,
    principal: Principal,
    Path(payment_id): Path<PaymentId>,
    raw: RawBody,
) -> Result<Json<ChargeJson>, Problem> {
    principal.require(Permission::ManagePayments)?;
    let HowMuch { minor } = raw.json()?;
    api.simulator.open_dispute(payment_id, minor).await.map_err(problem_of)?;
    api.answer(payment_id)
}

/// End a dispute
#[utoipa::path(post, path = "/api/v1/simulator/charges/{payment_id}/close-dispute", tag = "payment simulator",
    params(("payment_id" = inline(schema::PaymentId), Path)), request_body = CloseDispute,
    responses((status = 200, description = "The charge as it is now", body = ChargeJson), ControlProblems))]
async fn close_dispute(
    State(api): State<SimulatorApi>,
    principal: Principal,
    Path(payment_id): Path<PaymentId>,
    raw: RawBody,
) -> Result<Json<ChargeJson>, Problem> {
    principal.require(Permission::ManagePayments)?;
    let CloseDispute { dispute, won } = raw.json()?;
    api.simulator.close_dispute(payment_id, dispute.as_ref(), won).await.map_err(problem_of)?;
    api.answer(payment_id)
}

/// Let what is set aside lapse now
#[utoipa::path(post, path = "/api/v1/simulator/charges/{payment_id}/expire", tag = "payment simulator",
    params(("payment_id" = inline(schema::PaymentId), Path)),
    responses((status = 200, description = "The charge as it is now", body = ChargeJson), ControlProblems))]
async fn expire_authorization(
    State(api): State<SimulatorApi>,
    principal: Principal,
    Path(payment_id): Path<PaymentId>,
    raw: RawBody,
) -> Result<Json<ChargeJson>, Problem> {
    principal.require(Permission::ManagePayments)?;
    if !matches!(raw.bytes.trim_ascii(), b"" | b"{}") {
        return Err(Problem::malformed("this request has no body"));
    }
    api.simulator.expire(payment_id).await.map_err(problem_of)?;
    api.answer(payment_id)
}

#[cfg(test)]
mod tests;
