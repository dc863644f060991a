//! Goods of a checkout's order leave from where they are promised to it.
//!
//! The promise is the stock items', and which units are planned is the order's to say. So the check reads both, and the plan
//! counts only if the order stands where the check has seen it: of two plans at once, one is checked again.

use crate::{
    CommandApi,
    orders::access,
    problems::{BUSY, NOT_ALLOCATED, TOO_MANY_MOVEMENTS},
    refusal::problem_of,
    request::Write,
    steps::{answered, rehearse},
};
use std::collections::BTreeMap;
use tillroll_domain::{
    common::LineQuantity,
    ids::{OrderId, ShipmentId},
    order::{Order, commands::OrderCommand, state::PlacedOrder},
    stock_item::{StockItem, commands::stream_id},
    text::{LocationId, Sku},
};
use tillroll_http::Problem;
use tillroll_infra::bus::{CommandContext, ExecuteError};

/// How often a plan is checked again because the order changed meanwhile.
const TRIES_MAX: usize = 8;
/// The most shipments of a checkout's order, since each is asked where it leaves.
const SHIPMENTS_MAX: usize = 200;

/// Plans a shipment at its order, if the order is no checkout's or its goods are promised to it at the location.
///
/// # Errors
/// What the order refuses; 409 if the goods are not promised there.
pub(super) async fn plan(
    api: &CommandApi,
    write: &Write,
    order_id: OrderId,
    shipment_id: ShipmentId,
    location: &LocationId,
    lines: &[LineQuantity],
) -> Result<(), Problem> {
    let command = OrderCommand::PlanFulfillment { shipment_id, lines: lines.to_vec() };
    for _ in 0..TRIES_MAX {
        let order = access::load(api, order_id).await?;
        let checked = match order.state.placed() {
            // What was answered or is planned was checked; the rest of the request may still be missing.
            Ok(placed) if placed.checkout().is_some() && !answered(&order, write)? && !knows(placed, shipment_id) => {
                rehearse::<Order>(api, &order.state, &command)?;
                check(api, placed, order_id, location, lines).await?;
                order.revision
            }
            Ok(_) | Err(_) => None,
        };
        let context = CommandContext { if_revision: write.if_revision.or(checked), ..write.first() };
        match api.bus.execute::<Order>(&order_id.uuid().to_string(), command.clone(), context).await {
            Ok(_) => return Ok(()),
            Err(ExecuteError::RevisionMismatch { .. }) if write.if_revision.is_none() => {}
            Err(error) => return Err(problem_of(error)),
        }
    }
    Err(Problem::of(&BUSY).detail("too many writes to this order; try again in a moment"))
}

fn knows(order: &PlacedOrder, shipment_id: ShipmentId) -> bool {
    order.plans().contains_key(&shipment_id) || order.shipments().contains_key(&shipment_id)
}

/// Succeeds if the location has the order's promise for these units beside those of its other shipments.
async fn check(
    api: &CommandApi,
    order: &PlacedOrder,
    order_id: OrderId,
    location: &LocationId,
    lines: &[LineQuantity],
) -> Result<(), Problem> {
    if order.plans().len() + order.shipments().len() >= SHIPMENTS_MAX {
        let detail = format!("an order of a checkout has at most {SHIPMENTS_MAX} shipments");
        return Err(Problem::of(&TOO_MANY_MOVEMENTS).detail(detail).with("max", SHIPMENTS_MAX));
    }
    let others = others_from(api, order, location).await?;
    for (sku, requested) in per_sku(order, lines) {
        let item = api.bus.load::<StockItem>(&api.tenant, &stream_id(location, sku)).await.map_err(problem_of)?;
        // Goods that have left are out of the promise as soon as stock has heard of it.
        let waiting = others.iter().filter(|(id, _)| !item.state.has_shipped(**id));
        let waiting: u64 = waiting.filter_map(|(_, units)| units.get(sku)).sum();
        let allocated = u64::from(item.state.allocated_to(order_id)).saturating_sub(waiting);
        if requested > allocated {
            let detail = format!("{requested} units are to leave from {location}, where {allocated} are promised");
            let problem = Problem::of(&NOT_ALLOCATED).detail(detail).with("location", location).with("sku", sku);
            return Err(problem.with("requested", requested).with("allocated", allocated));
        }
    }
    Ok(())
}

/// The units of the order's shipments that leave or left from the location, by shipment and SKU. Of a plan whose shipment is
/// not there yet nobody knows from where it leaves: it may be from here.
async fn others_from<'a>(
    api: &CommandApi,
    order: &'a PlacedOrder,
    location: &LocationId,
) -> Result<BTreeMap<ShipmentId, BTreeMap<&'a Sku, u64>>, Problem> {
    let mut others = BTreeMap::new();
    for (&id, lines) in order.plans().iter().chain(order.shipments()) {
        let shipment = super::load(api, id).await?;
        if shipment.state.known().is_ok_and(|shipment| shipment.location != *location) {
            continue;
        }
        others.insert(id, per_sku(order, lines));
    }
    Ok(others)
}

/// The units of each SKU. The order has taken the lines, so that they are goods.
fn per_sku<'a>(order: &'a PlacedOrder, lines: &[LineQuantity]) -> BTreeMap<&'a Sku, u64> {
    let mut units = BTreeMap::new();
    for LineQuantity { line, quantity } in lines {
        if let Some(sku) = order.sku(*line) {
            *units.entry(sku).or_default() += u64::from(quantity.get());
        }
    }
    units
}
