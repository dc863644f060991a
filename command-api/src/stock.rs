//! Stock of one SKU at one location: arrivals, corrections, holds, promises, departures and returns.

use crate::{
    CommandApi,
    answer::{Changed, Refusals, Written},
    refusal::problem_of,
    request::{Write, WriteHeaders, WriteRequest},
    skus,
};
use axum::extract::State;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tillroll_domain::{
    ids::{OrderId, ReceiptId, ReservationId, ReturnId, ShipmentId},
    quantity::Quantity,
    stock_item::{
        StockItem,
        commands::{StockItemCommand, stream_id},
        events::{AdjustmentReason, ReturnCondition},
    },
    text::{LocationId, Note, Reference, Sku},
};
use tillroll_http::{Path, Permission, Principal, Problem, schema};
use utoipa::ToSchema;

/// The longest time that units are held at once.
const RESERVATION_SECONDS_MAX: u32 = 30 * 24 * 60 * 60;
/// How long units are held where nothing else is asked for.
const fn reservation_seconds_default() -> u32 {
    15 * 60
}

/// Goods that arrived.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReceiveStock {
    /// The receipt, which counts once; made by the server where absent.
    #[schema(value_type = Option<schema::ReceiptId>)]
    receipt_id: Option<ReceiptId>,
    /// How many units.
    #[schema(value_type = u32, minimum = 1, maximum = 1_000_000_000)]
    quantity: Quantity,
    /// The delivery note's or purchase order's number.
    #[schema(value_type = Option<schema::Reference>)]
    reference: Option<Reference>,
}

/// A correction of the count.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdjustStock {
    /// The difference in units, not zero.
    #[schema(example = -2)]
    delta: i64,
    /// Why.
    reason: WhyAdjusted,
    /// More about why; nothing personal.
    #[schema(value_type = Option<schema::Note>)]
    note: Option<Note>,
}

/// Why a count is corrected.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WhyAdjusted {
    /// Taken off the books: broken, spoiled, given away.
    WriteOff,
    /// Turned up although the books did not have it.
    Found,
    /// Broken while in our hands.
    Damaged,
    /// Cannot be found.
    Lost,
    /// A physical count differed.
    CountCorrection,
    /// None of the others; the note says what.
    Other,
}

/// Units to hold.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReserveStock {
    /// The reservation, which is made once; made by the server where absent.
    #[schema(value_type = Option<schema::ReservationId>)]
    reservation_id: Option<ReservationId>,
    /// How many units.
    #[schema(value_type = u32, minimum = 1, maximum = 1_000_000_000)]
    quantity: Quantity,
    /// For how long.
    #[serde(default = "reservation_seconds_default")]
    #[schema(minimum = 1, maximum = 2_592_000, default = 900)]
    expires_in_seconds: u32,
}

/// A reservation to extend.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExtendReservation {
    /// The reservation.
    #[schema(value_type = schema::ReservationId)]
    reservation_id: ReservationId,
    /// For how long from now.
    #[serde(default = "reservation_seconds_default")]
    #[schema(minimum = 1, maximum = 2_592_000, default = 900)]
    expires_in_seconds: u32,
}

/// A reservation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhichReservation {
    /// The reservation.
    #[schema(value_type = schema::ReservationId)]
    reservation_id: ReservationId,
}

/// A reservation that becomes a promise to an order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AllocateStock {
    /// The reservation.
    #[schema(value_type = schema::ReservationId)]
    reservation_id: ReservationId,
    /// The order.
    #[schema(value_type = schema::OrderId)]
    order_id: OrderId,
}

/// An order whose promise is taken back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhichOrder {
    /// The order.
    #[schema(value_type = schema::OrderId)]
    order_id: OrderId,
}

/// Goods that leave for an order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShipStock {
    /// The shipment, which counts once; made by the server where absent.
    #[schema(value_type = Option<schema::ShipmentId>)]
    shipment_id: Option<ShipmentId>,
    /// The order, to which they were promised.
    #[schema(value_type = schema::OrderId)]
    order_id: OrderId,
    /// How many units.
    #[schema(value_type = u32, minimum = 1, maximum = 1_000_000_000)]
    quantity: Quantity,
}

/// Goods that came back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReturnStock {
    /// The return, which counts once; made by the server where absent.
    #[schema(value_type = Option<schema::ReturnId>)]
    return_id: Option<ReturnId>,
    /// The order they had left for, where known.
    #[schema(value_type = Option<schema::OrderId>)]
    order_id: Option<OrderId>,
    /// How many units.
    #[schema(value_type = u32, minimum = 1, maximum = 1_000_000_000)]
    quantity: Quantity,
    /// In what condition.
    condition: Condition,
}

/// In what condition goods came back.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Condition {
    /// They can be sold again and are on hand.
    Resellable,
    /// They cannot be sold and do not count as on hand.
    Damaged,
}

/// When to order again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetReorderLevel {
    /// Available units from which on to warn; 0 switches the warning off.
    level: u32,
}

/// Book goods that arrived.
#[utoipa::path(post, path = "/api/v1/stock/{location}/{sku}/receive", tag = "stock",
    params(("location" = inline(schema::Location), Path), ("sku" = inline(schema::Sku), Path), WriteHeaders), request_body = ReceiveStock,
    responses(Changed, Refusals))]
pub(crate) async fn receive_stock(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(item): Path<(LocationId, Sku)>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageStock)?;
    let ReceiveStock { receipt_id, quantity, reference } = request.body()?;
    let write = request.begin(&api, &principal);
    let receipt_id = receipt_id.unwrap_or_else(|| ReceiptId::new(write.new_id(&api, "receipt")));
    let command = StockItemCommand::Receive { receipt_id, quantity, reference };
    Ok(run(&api, &write, &item, command).await?.receipt(receipt_id))
}

/// Correct the count.
#[utoipa::path(post, path = "/api/v1/stock/{location}/{sku}/adjust", tag = "stock",
    params(("location" = inline(schema::Location), Path), ("sku" = inline(schema::Sku), Path), WriteHeaders), request_body = AdjustStock,
    responses(Changed, Refusals))]
pub(crate) async fn adjust_stock(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(item): Path<(LocationId, Sku)>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageStock)?;
    let AdjustStock { delta, reason, note } = request.body()?;
    let note = note.map_or_else(empty_note, Ok)?;
    let write = request.begin(&api, &principal);
    run(&api, &write, &item, StockItemCommand::Adjust { delta, reason: reason.into(), note }).await
}

/// Hold units for somebody who is about to buy.
#[utoipa::path(post, path = "/api/v1/stock/{location}/{sku}/reserve", tag = "stock",
    params(("location" = inline(schema::Location), Path), ("sku" = inline(schema::Sku), Path), WriteHeaders), request_body = ReserveStock,
    responses(Changed, Refusals))]
pub(crate) async fn reserve_stock(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(item): Path<(LocationId, Sku)>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageStock)?;
    let ReserveStock { reservation_id, quantity, expires_in_seconds } = request.body()?;
    let expires_at = end_of(&api, expires_in_seconds)?;
    let write = request.begin(&api, &principal);
    let reservation_id = reservation_id.unwrap_or_else(|| ReservationId::new(write.new_id(&api, "reservation")));
    let command = StockItemCommand::Reserve { reservation_id, quantity, expires_at };
    Ok(run(&api, &write, &item, command).await?.reservation(reservation_id))
}

/// Hold units for longer.
#[utoipa::path(post, path = "/api/v1/stock/{location}/{sku}/extend-reservation", tag = "stock",
    params(("location" = inline(schema::Location), Path), ("sku" = inline(schema::Sku), Path), WriteHeaders), request_body = ExtendReservation,
    responses(Changed, Refusals))]
pub(crate) async fn extend_reservation(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(item): Path<(LocationId, Sku)>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageStock)?;
    let ExtendReservation { reservation_id, expires_in_seconds } = request.body()?;
    let expires_at = end_of(&api, expires_in_seconds)?;
    let write = request.begin(&api, &principal);
    run(&api, &write, &item, StockItemCommand::ExtendReservation { reservation_id, expires_at }).await
}

/// Let held units go. An unknown reservation is noted, so that a late reserve under its id is refused.
#[utoipa::path(post, path = "/api/v1/stock/{location}/{sku}/release-reservation", tag = "stock",
    params(("location" = inline(schema::Location), Path), ("sku" = inline(schema::Sku), Path), WriteHeaders), request_body = WhichReservation,
    responses(Changed, Refusals))]
pub(crate) async fn release_reservation(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(item): Path<(LocationId, Sku)>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageStock)?;
    let WhichReservation { reservation_id } = request.body()?;
    let write = request.begin(&api, &principal);
    run(&api, &write, &item, StockItemCommand::ReleaseReservation { reservation_id }).await
}

/// Let held units go if their time is over.
#[utoipa::path(post, path = "/api/v1/stock/{location}/{sku}/expire-reservation", tag = "stock",
    params(("location" = inline(schema::Location), Path), ("sku" = inline(schema::Sku), Path), WriteHeaders), request_body = WhichReservation,
    responses(Changed, Refusals))]
pub(crate) async fn expire_reservation(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(item): Path<(LocationId, Sku)>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageStock)?;
    let WhichReservation { reservation_id } = request.body()?;
    let write = request.begin(&api, &principal);
    run(&api, &write, &item, StockItemCommand::ExpireReservation { reservation_id }).await
}

/// Promise held units to an order.
#[utoipa::path(post, path = "/api/v1/stock/{location}/{sku}/allocate", tag = "stock",
    params(("location" = inline(schema::Location), Path), ("sku" = inline(schema::Sku), Path), WriteHeaders), request_body = AllocateStock,
    responses(Changed, Refusals))]
pub(crate) async fn allocate_stock(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(item): Path<(LocationId, Sku)>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageStock)?;
    let AllocateStock { reservation_id, order_id } = request.body()?;
    let write = request.begin(&api, &principal);
    run(&api, &write, &item, StockItemCommand::Allocate { reservation_id, order_id }).await
}

/// Take the promise to an order back.
#[utoipa::path(post, path = "/api/v1/stock/{location}/{sku}/release-allocation", tag = "stock",
    params(("location" = inline(schema::Location), Path), ("sku" = inline(schema::Sku), Path), WriteHeaders), request_body = WhichOrder,
    responses(Changed, Refusals))]
pub(crate) async fn release_allocation(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(item): Path<(LocationId, Sku)>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageStock)?;
    let WhichOrder { order_id } = request.body()?;
    let write = request.begin(&api, &principal);
    run(&api, &write, &item, StockItemCommand::ReleaseAllocation { order_id }).await
}

/// Book goods that leave for an order, out of what was promised to it.
#[utoipa::path(post, path = "/api/v1/stock/{location}/{sku}/ship", tag = "stock",
    params(("location" = inline(schema::Location), Path), ("sku" = inline(schema::Sku), Path), WriteHeaders), request_body = ShipStock,
    responses(Changed, Refusals))]
pub(crate) async fn ship_stock(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(item): Path<(LocationId, Sku)>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageStock)?;
    let ShipStock { shipment_id, order_id, quantity } = request.body()?;
    let write = request.begin(&api, &principal);
    let shipment_id = shipment_id.unwrap_or_else(|| ShipmentId::new(write.new_id(&api, "shipment")));
    let command = StockItemCommand::Ship { shipment_id, order_id, quantity };
    Ok(run(&api, &write, &item, command).await?.shipment(shipment_id))
}

/// Book goods that came back.
#[utoipa::path(post, path = "/api/v1/stock/{location}/{sku}/return", tag = "stock",
    params(("location" = inline(schema::Location), Path), ("sku" = inline(schema::Sku), Path), WriteHeaders), request_body = ReturnStock,
    responses(Changed, Refusals))]
pub(crate) async fn return_stock(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(item): Path<(LocationId, Sku)>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageStock)?;
    let ReturnStock { return_id, order_id, quantity, condition } = request.body()?;
    let write = request.begin(&api, &principal);
    let return_id = return_id.unwrap_or_else(|| ReturnId::new(write.new_id(&api, "return")));
    let command = StockItemCommand::Return { return_id, order_id, quantity, condition: condition.into() };
    Ok(run(&api, &write, &item, command).await?.returned(return_id))
}

/// Set the level at which to order again.
#[utoipa::path(post, path = "/api/v1/stock/{location}/{sku}/set-reorder-level", tag = "stock",
    params(("location" = inline(schema::Location), Path), ("sku" = inline(schema::Sku), Path), WriteHeaders), request_body = SetReorderLevel,
    responses(Changed, Refusals))]
pub(crate) async fn set_reorder_level(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(item): Path<(LocationId, Sku)>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManageStock)?;
    let SetReorderLevel { level } = request.body()?;
    let write = request.begin(&api, &principal);
    run(&api, &write, &item, StockItemCommand::SetReorderLevel { level }).await
}

async fn run(
    api: &CommandApi,
    write: &Write,
    (location, sku): &(LocationId, Sku),
    command: StockItemCommand,
) -> Result<Written, Problem> {
    skus::require_known(api, sku).await?;
    let executed = api.bus.execute::<StockItem>(&stream_id(location, sku), command, write.first()).await;
    match executed {
        Ok(executed) => Ok(Written::new(format_args!("{location}/{sku}"), &executed)),
        Err(error) => Err(problem_of(error).with("location", location).with("sku", sku)),
    }
}

fn end_of(api: &CommandApi, seconds: u32) -> Result<DateTime<Utc>, Problem> {
    if !(1..=RESERVATION_SECONDS_MAX).contains(&seconds) {
        let problem = Problem::bad_value(format!("a reservation lasts 1 to {RESERVATION_SECONDS_MAX} seconds"));
        return Err(problem.with("field", "expires_in_seconds"));
    }
    Ok(api.bus.ambient().clock.now() + TimeDelta::seconds(seconds.into()))
}

fn empty_note() -> Result<Note, Problem> {
    "".parse().map_err(|_| Problem::internal())
}

impl From<WhyAdjusted> for AdjustmentReason {
    fn from(reason: WhyAdjusted) -> Self {
        match reason {
            WhyAdjusted::WriteOff => Self::WriteOff,
            WhyAdjusted::Found => Self::Found,
            WhyAdjusted::Damaged => Self::Damaged,
            WhyAdjusted::Lost => Self::Lost,
            WhyAdjusted::CountCorrection => Self::CountCorrection,
            WhyAdjusted::Other => Self::Other,
        }
    }
}

impl From<Condition> for ReturnCondition {
    fn from(condition: Condition) -> Self {
        match condition {
            Condition::Resellable => Self::Resellable,
            Condition::Damaged => Self::Damaged,
        }
    }
}
