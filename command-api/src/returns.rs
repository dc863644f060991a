//! Returns: what a customer wants to send back. The order counts what is on its way, so that all returns together never
//! exceed what was shipped; it does so before the return exists, and stops after the return is over.
//!
//! A request that stopped between its steps is completed by the same request.

use crate::{
    CommandApi,
    answer::{Changed, Created, Refusals, Written},
    body::Reason,
    chains::carry_through,
    orders::access::{self, Authorized},
    refusal::{Refusal, problem_of},
    request::{KeyedWriteHeaders, Write, WriteHeaders, WriteRequest},
    steps::{answered, rehearse},
};
use axum::{extract::State, response::Response};
use serde::Deserialize;
use tillroll_domain::{
    common::LineQuantity,
    ids::{OrderId, ReceiptId, ReturnId},
    order::{Order, commands::OrderCommand, state::PlacedOrder},
    quantity::Quantity,
    returns::{
        Return, ReturnError,
        commands::{ReturnCommand, ReturnWindow},
        events::{InspectedLine, ReceivedLine, ReturnLine},
        state::KnownReturn,
        status::{ReturnOutcome, ReturnReason, ReturnStatus},
    },
    text::{LocationId, Note, Sku},
};
use tillroll_http::{Path, Permission, Principal, Problem, schema};
use tillroll_infra::bus::{ExecuteError, Executed, Loaded};
use utoipa::ToSchema;

/// Goods to send back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestReturn {
    /// Which; each line at most once.
    #[schema(min_items = 1, max_items = 2_000)]
    lines: Vec<UnitsToReturn>,
}

/// Some units of one line to send back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnitsToReturn {
    /// The line's number in the order, from 1.
    #[schema(minimum = 1)]
    line: u32,
    /// How many units.
    #[schema(value_type = u32, minimum = 1, maximum = 1_000_000_000)]
    quantity: Quantity,
    /// Why.
    #[schema(value_type = WhyReturned)]
    reason: ReturnReason,
}

/// Why goods come back.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "it only documents the words; the domain's ReturnReason is what is read")]
pub(crate) enum WhyReturned {
    /// They arrived damaged.
    Damaged,
    /// They do not work.
    Defective,
    /// Something else was sent.
    WrongItem,
    /// They are not what was described.
    NotAsDescribed,
    /// They came too late.
    TooLate,
    /// The customer does not want them any more.
    Unwanted,
    /// Another reason.
    Other,
}

/// A parcel that came.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReceiveReturn {
    /// The parcel, which counts once; made by the server where absent.
    #[schema(value_type = Option<schema::ReceiptId>)]
    receipt_id: Option<ReceiptId>,
    /// Where it came: where the goods of a checkout's order go back into stock. Where absent, their stock is booked by hand.
    #[schema(value_type = Option<schema::Location>)]
    location: Option<LocationId>,
    /// What was in it; each line at most once per condition.
    #[schema(value_type = Vec<ReceivedUnits>, min_items = 1, max_items = 4_000)]
    lines: Vec<ReceivedLine>,
}

/// Some units of one line that came.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it only documents the form; the domain's ReceivedLine is what is read")]
pub(crate) struct ReceivedUnits {
    /// The line's number in the order, from 1.
    #[schema(minimum = 1)]
    line: u32,
    /// How many units.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    quantity: u32,
    /// How they came.
    condition: ReceivedCondition,
}

/// How goods came back.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "it only documents the words; the domain's GoodsCondition is what is read")]
pub(crate) enum ReceivedCondition {
    /// They can be sold again.
    Resellable,
    /// They cannot.
    Damaged,
}

/// What an inspection came to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InspectReturn {
    /// The totals so far of each line that was looked at; each line at most once.
    #[schema(value_type = Vec<InspectedUnits>, min_items = 1, max_items = 2_000)]
    lines: Vec<InspectedLine>,
}

/// What the inspection of one line came to so far.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it only documents the form; the domain's InspectedLine is what is read")]
pub(crate) struct InspectedUnits {
    /// The line's number in the order, from 1.
    #[schema(minimum = 1)]
    line: u32,
    /// Units taken back so far; never falls.
    accepted: u32,
    /// Units not taken back so far; never falls.
    refused: u32,
}

/// What was decided.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResolveReturn {
    /// What the customer gets.
    #[schema(value_type = Outcome)]
    outcome: ReturnOutcome,
    /// Remarks; nothing personal. May be empty.
    #[schema(value_type = schema::Note)]
    note: Note,
}

/// What a customer gets for what came back.
#[derive(ToSchema)]
#[schema(as = ReturnOutcome, rename_all = "snake_case")]
#[expect(dead_code, reason = "it only documents the words; the domain's ReturnOutcome is what is read")]
pub(crate) enum Outcome {
    /// The money.
    Refund,
    /// The same goods again.
    Replacement,
    /// Nothing.
    None,
}

/// Ask to send goods of an order back, within the window that the store sets.
///
/// For who manages orders, and for the buyer: the storefront that acts for the customer, or the secret of the cart that
/// the order was made from.
#[utoipa::path(post, path = "/api/v1/orders/{id}/returns", tag = "returns",
    params(("id" = inline(schema::OrderId), Path), KeyedWriteHeaders), request_body = RequestReturn,
    responses(Created, Refusals))]
pub(crate) async fn request_return(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(order_id): Path<OrderId>,
    request: WriteRequest,
) -> Result<Response, Problem> {
    let Authorized { order, .. } = access::authorized(&api, &principal, order_id).await?;
    request.require_key()?;
    let RequestReturn { lines } = request.body()?;
    let write = request.begin(&api, &principal);
    let id = ReturnId::new(write.new_id(&api, "return"));
    let placed = order.state.placed().map_err(|refusal| refusal.problem())?;
    let (count, request) = return_commands(&api, order_id, id, placed, lines);
    if !answered(&order, &write)? {
        rehearse::<Order>(&api, &order.state, &count)?;
        rehearse::<Return>(&api, &load(&api, id).await?.state, &request)?;
    }
    let steps = {
        let api = api.clone();
        async move {
            let stream = order_id.uuid().to_string();
            api.bus.execute::<Order>(&stream, count, write.first()).await.map_err(problem_of)?;
            let requested = api.bus.execute::<Return>(&stream_of(id), request, write.step("request")).await;
            if let Err(ExecuteError::Refused(_)) = &requested {
                // The window was over in between; nothing is on its way back.
                let close = OrderCommand::CloseReturn { return_id: id };
                api.bus.execute::<Order>(&stream, close, write.step("close")).await.map_err(problem_of)?;
            }
            requested.map_err(problem_of)
        }
    };
    Ok(Written::new(id, &carry_through(&api, steps).await?).created("/api/v1/returns"))
}

/// What the order and the return are told.
fn return_commands(
    api: &CommandApi,
    order_id: OrderId,
    return_id: ReturnId,
    order: &PlacedOrder,
    lines: Vec<UnitsToReturn>,
) -> (OrderCommand, ReturnCommand) {
    let units = |line: &UnitsToReturn| LineQuantity { line: line.line, quantity: line.quantity };
    let count = OrderCommand::RequestReturn { return_id, lines: lines.iter().map(units).collect() };
    // The order refuses lines that are not goods before the return is asked.
    let with_sku = |UnitsToReturn { line, quantity, reason }| {
        let sku: Sku = order.sku(line).cloned()?;
        Some(ReturnLine { line, sku, quantity, reason })
    };
    let lines = lines.into_iter().filter_map(with_sku).collect();
    let window = ReturnWindow { delivered_on: order.delivered_on(), days: api.return_days };
    (count, ReturnCommand::Request { order_id, lines, window })
}

/// Let the customer send the goods.
#[utoipa::path(post, path = "/api/v1/returns/{id}/approve", tag = "returns",
    params(("id" = inline(schema::ReturnId), Path), WriteHeaders), responses(Changed, Refusals))]
pub(crate) async fn approve_return(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<ReturnId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageOrders)?;
    request.no_body()?;
    run(&api, &request.begin(&api, &principal), id, ReturnCommand::Approve).await
}

/// Do not let the customer send the goods.
#[utoipa::path(post, path = "/api/v1/returns/{id}/reject", tag = "returns",
    params(("id" = inline(schema::ReturnId), Path), WriteHeaders), request_body = Reason,
    responses(Changed, Refusals))]
pub(crate) async fn reject_return(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<ReturnId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageOrders)?;
    let Reason { reason } = request.body()?;
    end(&api, request.begin(&api, &principal), id, ReturnCommand::Reject { reason }).await
}

/// Note that a parcel came.
///
/// The goods of a checkout's order go back into stock where they came by themselves, once they were inspected and the return is
/// resolved. Others are booked under `/stock/{location}/{sku}/return`.
#[utoipa::path(post, path = "/api/v1/returns/{id}/receive", tag = "returns",
    params(("id" = inline(schema::ReturnId), Path), WriteHeaders), request_body = ReceiveReturn,
    responses(Changed, Refusals))]
pub(crate) async fn receive_return(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<ReturnId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageOrders)?;
    let ReceiveReturn { receipt_id, location, lines } = request.body()?;
    let write = request.begin(&api, &principal);
    let receipt_id = receipt_id.unwrap_or_else(|| ReceiptId::new(write.new_id(&api, "receipt")));
    Ok(run(&api, &write, id, ReturnCommand::Receive { receipt_id, location, lines }).await?.receipt(receipt_id))
}

/// Note what an inspection of goods that came has come to so far.
#[utoipa::path(post, path = "/api/v1/returns/{id}/inspect", tag = "returns",
    params(("id" = inline(schema::ReturnId), Path), WriteHeaders), request_body = InspectReturn,
    responses(Changed, Refusals))]
pub(crate) async fn inspect_return(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<ReturnId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageOrders)?;
    let InspectReturn { lines } = request.body()?;
    run(&api, &request.begin(&api, &principal), id, ReturnCommand::Inspect { lines }).await
}

/// Decide the outcome once all that came was inspected.
///
/// The order takes back what was accepted; what was refused stays the customer's, and what never came is given up.
#[utoipa::path(post, path = "/api/v1/returns/{id}/resolve", tag = "returns",
    params(("id" = inline(schema::ReturnId), Path), WriteHeaders), request_body = ResolveReturn,
    responses(Changed, Refusals))]
pub(crate) async fn resolve_return(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<ReturnId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageOrders)?;
    let ResolveReturn { outcome, note } = request.body()?;
    end(&api, request.begin(&api, &principal), id, ReturnCommand::Resolve { outcome, note }).await
}

/// Give a return up of which nothing has come; for who manages orders and for the buyer.
#[utoipa::path(post, path = "/api/v1/returns/{id}/cancel", tag = "returns",
    params(("id" = inline(schema::ReturnId), Path), WriteHeaders), request_body = Reason,
    responses(Changed, Refusals))]
pub(crate) async fn cancel_return(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<ReturnId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    authorize(&api, &principal, id).await?;
    let Reason { reason } = request.body()?;
    end(&api, request.begin(&api, &principal), id, ReturnCommand::Cancel { reason }).await
}

/// Lets those through who manage orders, and the buyer of the return's order. Call it first.
///
/// # Errors
/// 404 for a return that is not there and, just so, for one of another shopper; 403 for roles that write nothing.
async fn authorize(api: &CommandApi, principal: &Principal, id: ReturnId) -> Result<(), Problem> {
    if principal.may(Permission::ManageOrders) || !principal.role.is_shopper() {
        return principal.require(Permission::ManageOrders);
    }
    let loaded = load(api, id).await?;
    let known = loaded.state.known().map_err(|refusal| refusal.problem())?;
    access::authorized(api, principal, known.order_id).await.map(drop).map_err(|problem| {
        // The order is not told apart from the return.
        if problem.status() == 404 { ReturnError::NotRequested.problem() } else { problem }
    })
}

/// Ends a return, and then what the order counts as on its way back.
async fn end(api: &CommandApi, write: Write, id: ReturnId, command: ReturnCommand) -> Result<Written, Problem> {
    let loaded = load(api, id).await?;
    if !answered(&loaded, &write)? {
        rehearse::<Return>(api, &loaded.state, &command)?;
        let known = loaded.state.known().map_err(|refusal| refusal.problem())?;
        // What the order would refuse for ever must not be decided first.
        let resolves = matches!(command, ReturnCommand::Resolve { .. });
        let order = access::load(api, known.order_id).await?;
        rehearse::<Order>(api, &order.state, &settlement(id, known, resolves))?;
    }
    let steps = {
        let api = api.clone();
        async move {
            let ended = execute(&api, id, command, &write).await?;
            settle(&api, &write, id).await?;
            Ok(ended)
        }
    };
    Ok(Written::new(id, &carry_through(api, steps).await?))
}

/// Tells the order what came of a return that is over. Repeating it changes nothing.
async fn settle(api: &CommandApi, write: &Write, id: ReturnId) -> Result<(), Problem> {
    let loaded = load(api, id).await?;
    let known = loaded.state.known().map_err(|refusal| refusal.problem())?;
    debug_assert!(known.status.is_over(), "only a return that is over is settled");
    let command = settlement(id, known, known.status == ReturnStatus::Resolved);
    let settled = api.bus.execute::<Order>(&known.order_id.uuid().to_string(), command, write.step("order")).await;
    settled.map(drop).map_err(problem_of)
}

/// What the order is told of a return that is over: what was accepted of it, if it was resolved.
fn settlement(id: ReturnId, known: &KnownReturn, resolved: bool) -> OrderCommand {
    let lines = if resolved { known.accepted() } else { vec![] };
    match lines.is_empty() {
        true => OrderCommand::CloseReturn { return_id: id },
        false => OrderCommand::ReturnLines { return_id: id, lines },
    }
}

fn stream_of(id: ReturnId) -> String {
    id.uuid().to_string()
}

async fn load(api: &CommandApi, id: ReturnId) -> Result<Loaded<Return>, Problem> {
    api.bus.load::<Return>(&api.tenant, &stream_of(id)).await.map_err(problem_of)
}

async fn execute(api: &CommandApi, id: ReturnId, command: ReturnCommand, write: &Write) -> Result<Executed, Problem> {
    api.bus.execute::<Return>(&stream_of(id), command, write.first()).await.map_err(problem_of)
}

async fn run(api: &CommandApi, write: &Write, id: ReturnId, command: ReturnCommand) -> Result<Written, Problem> {
    Ok(Written::new(id, &execute(api, id, command, write).await?))
}
