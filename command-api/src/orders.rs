//! What becomes of an order.

use crate::{
    CommandApi,
    answer::{Changed, Refusals, Written},
    body::{LineUnits, Reason},
    problems::RETURN_DIFFERS,
    refusal::problem_of,
    request::{Write, WriteHeaders, WriteRequest},
};
use axum::extract::State;
use serde::Deserialize;
use tillroll_domain::{
    common::LineQuantity,
    ids::{OrderId, ReturnId, ShipmentId},
    order::{Order, commands::OrderCommand},
    text::Note,
};
use tillroll_http::{Path, Permission, Principal, Problem, schema};
use utoipa::ToSchema;

pub(crate) mod access;
pub(crate) mod place;
pub(crate) mod place_cart;

/// Units that will not be delivered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CancelLines {
    /// Which; each line at most once.
    #[schema(value_type = Vec<LineUnits>, min_items = 1, max_items = 2_000)]
    lines: Vec<LineQuantity>,
    /// Why; nothing personal. May be empty.
    #[schema(value_type = schema::Note)]
    reason: Note,
}

/// Goods that leave.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShipLines {
    /// The shipment, which counts once; made by the server where absent.
    #[schema(value_type = Option<schema::ShipmentId>)]
    shipment_id: Option<ShipmentId>,
    /// Which; each line at most once.
    #[schema(value_type = Vec<LineUnits>, min_items = 1, max_items = 2_000)]
    lines: Vec<LineQuantity>,
}

/// Goods that came back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReturnLines {
    /// The return, which counts once; made by the server where absent.
    #[schema(value_type = Option<schema::ReturnId>)]
    return_id: Option<ReturnId>,
    /// Which; each line at most once.
    #[schema(value_type = Vec<LineUnits>, min_items = 1, max_items = 2_000)]
    lines: Vec<LineQuantity>,
}

/// Promise to carry an order out.
///
/// The order of a checkout is confirmed by itself. Before its stock is held (409 `stock_not_reserved`) and its money set aside
/// or taken (409 `order_not_paid`), nobody can.
#[utoipa::path(post, path = "/api/v1/orders/{id}/confirm", tag = "orders",
    params(("id" = inline(schema::OrderId), Path), WriteHeaders), responses(Changed, Refusals))]
pub(crate) async fn confirm_order(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<OrderId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageOrders)?;
    request.no_body()?;
    run(&api, &request.begin(&api, &principal), id, OrderCommand::Confirm).await
}

/// Cancel an order of which nothing has left and nothing is planned to leave. Stock and money of a checkout's order are given
/// back by themselves.
///
/// For who manages orders, and, before anybody started to put it together, for its buyer: the storefront that acts for the
/// customer, or the secret of the cart that the order was made from.
///
/// Of an order that was checked out, money and stock follow by themselves, a moment later: what was set aside is set free, what
/// was taken is given back, also if it arrives only now, and nothing is held or promised to the order any more. If the
/// checkout was still running, its cart is open again.
#[utoipa::path(post, path = "/api/v1/orders/{id}/cancel", tag = "orders",
    params(("id" = inline(schema::OrderId), Path), WriteHeaders), request_body = Reason, responses(Changed, Refusals))]
pub(crate) async fn cancel_order(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<OrderId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    let manages = access::authorized(&api, &principal, id).await?.manages;
    let Reason { reason } = request.body()?;
    let command = if manages { OrderCommand::Cancel { reason } } else { OrderCommand::CancelByBuyer { reason } };
    run(&api, &request.begin(&api, &principal), id, command).await
}

/// Cancel units that have not left. Cancelling the last of them cancels the order.
///
/// An order of a checkout must be confirmed for this (409 `order_not_confirmed`); stock and money of what is cancelled are
/// given back by themselves.
#[utoipa::path(post, path = "/api/v1/orders/{id}/cancel-lines", tag = "orders",
    params(("id" = inline(schema::OrderId), Path), WriteHeaders), request_body = CancelLines, responses(Changed, Refusals))]
pub(crate) async fn cancel_order_lines(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<OrderId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageOrders)?;
    let CancelLines { lines, reason } = request.body()?;
    run(&api, &request.begin(&api, &principal), id, OrderCommand::CancelLines { lines, reason }).await
}

/// Start putting a confirmed order together.
#[utoipa::path(post, path = "/api/v1/orders/{id}/start-fulfillment", tag = "orders",
    params(("id" = inline(schema::OrderId), Path), WriteHeaders), responses(Changed, Refusals))]
pub(crate) async fn start_fulfillment(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<OrderId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageOrders)?;
    request.no_body()?;
    run(&api, &request.begin(&api, &principal), id, OrderCommand::StartFulfillment).await
}

/// Note that goods of a confirmed order leave. Their stock is booked under `/stock/{location}/{sku}/ship`.
///
/// Goods of a checkout's order leave as shipments, under `/orders/{id}/shipments`, or as planned there (409
/// `shipment_not_planned`).
#[utoipa::path(post, path = "/api/v1/orders/{id}/ship", tag = "orders",
    params(("id" = inline(schema::OrderId), Path), WriteHeaders), request_body = ShipLines, responses(Changed, Refusals))]
pub(crate) async fn ship_order_lines(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<OrderId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageOrders)?;
    let ShipLines { shipment_id, lines } = request.body()?;
    let write = request.begin(&api, &principal);
    let shipment_id = shipment_id.unwrap_or_else(|| ShipmentId::new(write.new_id(&api, "shipment")));
    let written = run(&api, &write, id, OrderCommand::ShipLines { shipment_id, lines }).await?;
    Ok(written.shipment(shipment_id))
}

/// Note that all that was shipped has arrived.
#[utoipa::path(post, path = "/api/v1/orders/{id}/deliver", tag = "orders",
    params(("id" = inline(schema::OrderId), Path), WriteHeaders), responses(Changed, Refusals))]
pub(crate) async fn deliver_order(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<OrderId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageOrders)?;
    request.no_body()?;
    run(&api, &request.begin(&api, &principal), id, OrderCommand::Deliver).await
}

/// Note that goods came back which nobody had asked to send back. Their stock is booked under
/// `/stock/{location}/{sku}/return`.
///
/// Goods of a return that was asked for come back through it, under `/returns/{id}`.
#[utoipa::path(post, path = "/api/v1/orders/{id}/return", tag = "orders",
    params(("id" = inline(schema::OrderId), Path), WriteHeaders), request_body = ReturnLines, responses(Changed, Refusals))]
pub(crate) async fn return_order_lines(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<OrderId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageOrders)?;
    let ReturnLines { return_id, lines } = request.body()?;
    let write = request.begin(&api, &principal);
    let return_id = return_id.unwrap_or_else(|| ReturnId::new(write.new_id(&api, "return")));
    // The return would be left without the units that it is about. Its id is not known to anybody before it is asked for, so
    // none comes in between.
    let order = access::load(&api, id).await?;
    if order.state.placed().is_ok_and(|placed| placed.awaits_return(return_id)) {
        let problem =
            Problem::of(&RETURN_DIFFERS).detail("the return was asked for, and its goods come back through it");
        return Err(problem.with("return_id", return_id));
    }
    Ok(run(&api, &write, id, OrderCommand::ReturnLines { return_id, lines }).await?.returned(return_id))
}

/// Close an order that is delivered or cancelled.
#[utoipa::path(post, path = "/api/v1/orders/{id}/close", tag = "orders",
    params(("id" = inline(schema::OrderId), Path), WriteHeaders), responses(Changed, Refusals))]
pub(crate) async fn close_order(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<OrderId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageOrders)?;
    request.no_body()?;
    run(&api, &request.begin(&api, &principal), id, OrderCommand::Close).await
}

async fn run(api: &CommandApi, write: &Write, id: OrderId, command: OrderCommand) -> Result<Written, Problem> {
    let executed = api.bus.execute::<Order>(&id.uuid().to_string(), command, write.first()).await;
    Ok(Written::new(id, &executed.map_err(problem_of)?))
}
