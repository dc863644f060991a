//! Shipments: goods of an order that leave together. The order decides which units may leave and under which shipment, so
//! its step comes first; a request that stopped between the two is completed by the same request.

use crate::{
    CommandApi,
    answer::{Changed, Created, Refusals, Written},
    body::{LineUnits, Reason},
    chains::carry_through,
    orders::access,
    refusal::{Refusal, problem_of},
    request::{KeyedWriteHeaders, Write, WriteHeaders, WriteRequest},
    steps::{answered, rehearse},
};
use axum::{extract::State, response::Response};
use serde::Deserialize;
use tillroll_domain::{
    common::LineQuantity,
    fulfillment::{
        Fulfillment, FulfillmentError,
        commands::{FulfillmentCommand, TRACKING_MAX},
        events::FulfillmentLine,
        state::KnownFulfillment,
        status::ShipmentStatus,
        tracking::Tracking,
    },
    ids::{OrderId, ShipmentId},
    order::{Order, commands::OrderCommand, state::PlacedOrder},
    text::{LocationId, Name, Note},
};
use tillroll_http::{Path, Permission, Principal, Problem, schema};
use tillroll_infra::bus::{ExecuteError, Executed, Loaded};
use utoipa::ToSchema;

mod allocated;

/// The most shipments of an order that are asked whether they have arrived. Beyond, the order is noted as delivered by
/// `POST /orders/{id}/deliver`.
const SHIPMENTS_ASKED_MAX: usize = 200;

/// Goods to send together.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateShipment {
    /// Where the goods are.
    #[schema(value_type = schema::Location)]
    location: LocationId,
    /// Which; goods lines, each at most once.
    #[schema(value_type = Vec<LineUnits>, min_items = 1, max_items = 2_000)]
    lines: Vec<LineQuantity>,
}

/// A parcel's number at its carrier.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it only documents the form; the domain's Tracking is what is read")]
pub(crate) struct TrackingNumber {
    /// The number.
    #[schema(example = "JD014600003SE")]
    number: schema::Reference,
    /// A page that follows the parcel.
    #[schema(
        pattern = r"^https?://[A-Za-z0-9][!-~]*$",
        min_length = 8,
        max_length = 500,
        example = "https://carrier.example/JD014600003SE"
    )]
    url: Option<String>,
}

/// A parcel that leaves.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShipShipment {
    /// Who carries it.
    #[schema(value_type = Option<schema::Name>, example = "DHL")]
    carrier: Option<Name>,
    /// Its numbers at the carrier, in addition to those that are known.
    #[serde(default)]
    #[schema(value_type = Vec<TrackingNumber>, max_items = 50)]
    tracking: Vec<Tracking>,
}

/// Numbers at the carrier.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddTracking {
    /// The numbers; known ones are passed over.
    #[schema(value_type = Vec<TrackingNumber>, min_items = 1, max_items = 50)]
    tracking: Vec<Tracking>,
}

/// What is known about something.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Remark {
    /// What is known; nothing personal. May be empty.
    #[schema(value_type = schema::Note)]
    note: Note,
}

/// Plan which goods of a confirmed order leave together.
///
/// Planned units can neither be cancelled nor leave otherwise. An order that is sent in parts has several shipments.
///
/// Goods of a checkout's order leave from where they are promised to it (409 `not_allocated`), in at most 200 shipments. If
/// its terms say so, the money for them is captured by itself from now on; before that, they do not leave.
#[utoipa::path(post, path = "/api/v1/orders/{id}/shipments", tag = "shipments",
    params(("id" = inline(schema::OrderId), Path), KeyedWriteHeaders), request_body = CreateShipment,
    responses(Created, Refusals))]
pub(crate) async fn create_shipment(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(order_id): Path<OrderId>,
    request: WriteRequest,
) -> Result<Response, Problem> {
    principal.require(Permission::ManageOrders)?;
    request.require_key()?;
    let CreateShipment { location, lines } = request.body()?;
    let write = request.begin(&api, &principal);
    let id = ShipmentId::new(write.new_id(&api, "shipment"));
    let steps = {
        let api = api.clone();
        async move {
            allocated::plan(&api, &write, order_id, id, &location, &lines).await?;
            let order = access::load(&api, order_id).await?;
            let lines = with_skus(order.state.placed().map_err(|refusal| refusal.problem())?, lines)?;
            let create = FulfillmentCommand::Create { order_id, location, lines };
            let created = api.bus.execute::<Fulfillment>(&stream(id), create, write.step("create")).await;
            created.map_err(problem_of)
        }
    };
    Ok(Written::new(id, &carry_through(&api, steps).await?).created("/api/v1/shipments"))
}

/// The lines with what they take from stock. The order has taken them, so that they are goods.
fn with_skus(order: &PlacedOrder, lines: Vec<LineQuantity>) -> Result<Vec<FulfillmentLine>, Problem> {
    let with_sku = |LineQuantity { line, quantity }| {
        let sku = order.sku(line).cloned().ok_or_else(Problem::internal)?;
        Ok(FulfillmentLine { line, sku, quantity })
    };
    lines.into_iter().map(with_sku).collect()
}

/// Note that a shipment is packed.
#[utoipa::path(post, path = "/api/v1/shipments/{id}/pack", tag = "shipments",
    params(("id" = inline(schema::ShipmentId), Path), WriteHeaders), responses(Changed, Refusals))]
pub(crate) async fn pack_shipment(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<ShipmentId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageOrders)?;
    request.no_body()?;
    run(&api, &request.begin(&api, &principal), id, FulfillmentCommand::Pack).await
}

/// Note that a shipment has left, and with it its goods.
///
/// The stock of a checkout's order is booked by itself, that of other orders under `/stock/{location}/{sku}/ship`. Goods of a
/// checkout's order leave once the money for them was captured (409 `payment_not_captured`).
#[utoipa::path(post, path = "/api/v1/shipments/{id}/ship", tag = "shipments",
    params(("id" = inline(schema::ShipmentId), Path), WriteHeaders), request_body = ShipShipment,
    responses(Changed, Refusals))]
pub(crate) async fn ship_shipment(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<ShipmentId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageOrders)?;
    let ShipShipment { carrier, tracking } = request.body()?;
    check_count(&tracking)?;
    let command = FulfillmentCommand::Ship { carrier, tracking };
    let leave = |shipment: &KnownFulfillment| {
        let units = |line: &FulfillmentLine| LineQuantity { line: line.line, quantity: line.quantity };
        OrderCommand::ShipLines { shipment_id: id, lines: shipment.lines.iter().map(units).collect() }
    };
    order_first(&api, request.begin(&api, &principal), id, command, leave).await
}

/// Give a shipment up before it leaves. Its units can be cancelled or planned again.
#[utoipa::path(post, path = "/api/v1/shipments/{id}/cancel", tag = "shipments",
    params(("id" = inline(schema::ShipmentId), Path), WriteHeaders), request_body = Reason,
    responses(Changed, Refusals))]
pub(crate) async fn cancel_shipment(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<ShipmentId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageOrders)?;
    let Reason { reason } = request.body()?;
    let release = |_: &KnownFulfillment| OrderCommand::ReleaseFulfillment { shipment_id: id };
    let command = FulfillmentCommand::Cancel { reason };
    order_first(&api, request.begin(&api, &principal), id, command, release).await
}

/// Add numbers at the carrier, before a shipment leaves or after.
#[utoipa::path(post, path = "/api/v1/shipments/{id}/add-tracking", tag = "shipments",
    params(("id" = inline(schema::ShipmentId), Path), WriteHeaders), request_body = AddTracking,
    responses(Changed, Refusals))]
pub(crate) async fn add_tracking(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<ShipmentId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageOrders)?;
    let AddTracking { tracking } = request.body()?;
    check_count(&tracking)?;
    run(&api, &request.begin(&api, &principal), id, FulfillmentCommand::AddTracking { tracking }).await
}

/// Note that a shipment cannot be found. It may still turn up.
#[utoipa::path(post, path = "/api/v1/shipments/{id}/report-lost", tag = "shipments",
    params(("id" = inline(schema::ShipmentId), Path), WriteHeaders), request_body = Remark,
    responses(Changed, Refusals))]
pub(crate) async fn report_shipment_lost(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<ShipmentId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageOrders)?;
    let Remark { note } = request.body()?;
    run(&api, &request.begin(&api, &principal), id, FulfillmentCommand::ReportLost { note }).await
}

/// Note that a shipment has arrived. The last one that arrives delivers the order.
#[utoipa::path(post, path = "/api/v1/shipments/{id}/deliver", tag = "shipments",
    params(("id" = inline(schema::ShipmentId), Path), WriteHeaders), responses(Changed, Refusals))]
pub(crate) async fn deliver_shipment(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<ShipmentId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageOrders)?;
    request.no_body()?;
    let write = request.begin(&api, &principal);
    let steps = {
        let api = api.clone();
        async move {
            let delivered = execute(&api, id, FulfillmentCommand::Deliver, &write).await?;
            let shipment = load(&api, id).await?;
            let order_id = shipment.state.known().map_err(|refusal| refusal.problem())?.order_id;
            deliver_order(&api, &write, order_id).await?;
            Ok(delivered)
        }
    };
    Ok(Written::new(id, &carry_through(&api, steps).await?))
}

/// Notes that an order has arrived if its last shipment has. Of shipments that arrive at the same moment, each is noted
/// before the others are asked, so that at least one request finds them all.
async fn deliver_order(api: &CommandApi, write: &Write, order_id: OrderId) -> Result<(), Problem> {
    let order = access::load(api, order_id).await?;
    let Ok(placed) = order.state.placed() else { return Ok(()) };
    if !placed.plans().is_empty() || placed.shipments().len() > SHIPMENTS_ASKED_MAX {
        return Ok(());
    }
    for &shipment_id in placed.shipments().keys() {
        let shipment = load(api, shipment_id).await?;
        // Of goods that left without a shipment of their own, nobody here knows whether they arrived.
        if shipment.state.known().map(|shipment| shipment.status) != Ok(ShipmentStatus::Delivered) {
            return Ok(());
        }
    }
    let stream = order_id.uuid().to_string();
    match api.bus.execute::<Order>(&stream, OrderCommand::Deliver, write.step("order")).await {
        // Other units still have to leave, or the order is over.
        Ok(_) | Err(ExecuteError::Refused(_)) => Ok(()),
        Err(other) => Err(problem_of(other)),
    }
}

/// Carries out a step of the order, and then the shipment's own. The order is the judge between shipping and giving up:
/// whichever comes first there uses the shipment's id up.
async fn order_first(
    api: &CommandApi,
    write: Write,
    id: ShipmentId,
    command: FulfillmentCommand,
    of_order: impl FnOnce(&KnownFulfillment) -> OrderCommand,
) -> Result<Written, Problem> {
    let loaded = load(api, id).await?;
    let shipment = loaded.state.known().map_err(|refusal| refusal.problem())?;
    if !answered(&loaded, &write)? {
        rehearse::<Fulfillment>(api, &loaded.state, &command)?;
    }
    let (order, of_order) = (shipment.order_id.uuid().to_string(), of_order(shipment));
    let steps = {
        let api = api.clone();
        async move {
            let ordered = api.bus.execute::<Order>(&order, of_order, write.step("order")).await;
            ordered.map_err(problem_of)?;
            execute(&api, id, command, &write).await
        }
    };
    Ok(Written::new(id, &carry_through(api, steps).await?))
}

fn check_count(tracking: &[Tracking]) -> Result<(), Problem> {
    if tracking.len() > TRACKING_MAX {
        return Err(FulfillmentError::TooMuchTracking { max: TRACKING_MAX }.problem());
    }
    Ok(())
}

fn stream(id: ShipmentId) -> String {
    id.uuid().to_string()
}

async fn load(api: &CommandApi, id: ShipmentId) -> Result<Loaded<Fulfillment>, Problem> {
    api.bus.load::<Fulfillment>(&api.tenant, &stream(id)).await.map_err(problem_of)
}

async fn execute(
    api: &CommandApi,
    id: ShipmentId,
    command: FulfillmentCommand,
    write: &Write,
) -> Result<Executed, Problem> {
    api.bus.execute::<Fulfillment>(&stream(id), command, write.first()).await.map_err(problem_of)
}

async fn run(api: &CommandApi, write: &Write, id: ShipmentId, command: FulfillmentCommand) -> Result<Written, Problem> {
    Ok(Written::new(id, &execute(api, id, command, write).await?))
}
