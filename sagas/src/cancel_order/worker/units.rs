//! Cancelled units are looked for and taken out of what is promised to the order.

use super::{Answer, is_cancelled, of_checkout};
use crate::{
    cancel_order::messages::{UnitsAt, UnitsToRelease},
    sending::{load, send},
    worker::{Sender, WorkerError},
};
use chrono::TimeDelta;
use std::collections::{BTreeMap, BTreeSet};
use tillroll_domain::{
    common::LineQuantity,
    fulfillment::Fulfillment,
    ids::{OrderId, ShipmentId},
    order::Order,
    quantity::Quantity,
    stock_item::{
        StockItem, StockItemError,
        commands::{StockItemCommand, stream_id},
    },
    text::{LocationId, Sku},
};
use tillroll_infra::bus::Bus;

/// How long a shipment that the order plans for may not be known yet: the order is asked first, and whoever plans it may stop
/// between the two.
const SHIPMENT_AWAITED: TimeDelta = TimeDelta::minutes(15);

/// What was held at each location, less what left from there or is going to. Units that were taken back before are not
/// taken off, which whoever asks knows; the stock's own count is not asked, since goods may have left that it has not
/// booked yet.
///
/// # Errors
/// A planned shipment is not known yet. Only for [`SHIPMENT_AWAITED`]; after that it counts at every location.
pub(super) async fn find(bus: &Bus, sender: &Sender, order_id: OrderId, skus: &[Sku]) -> Result<Answer, WorkerError> {
    let loaded = load::<Order>(bus, &sender.tenant, &order_id.uuid().to_string()).await?;
    let Some(order) = of_checkout(&loaded.state).filter(|order| !is_cancelled(order)) else {
        return Ok(Answer::Found { units: vec![] });
    };
    let mut taken: BTreeMap<(Sku, LocationId), u32> = BTreeMap::new();
    let places: BTreeSet<&LocationId> = order.holds().iter().map(|hold| &hold.location).collect();
    for (shipment_id, lines) in order.plans().iter().chain(order.shipments()) {
        let location = location_of(bus, sender, *shipment_id).await?;
        let locations = match &location {
            Some(location) => BTreeSet::from([location]),
            // It is about to be made.
            None if bus.ambient().clock.now() < sender.queued_at + SHIPMENT_AWAITED => {
                return Err(WorkerError(format!("it is not known from where {shipment_id} of {order_id} leaves")));
            }
            // Whoever planned it stopped there. It may yet be made, at any of the locations.
            None => places.clone(),
        };
        for LineQuantity { line, quantity } in lines.iter() {
            let Some(sku) = order.sku(*line).filter(|sku| skus.contains(sku)) else { continue };
            for location in &locations {
                let units = taken.entry((sku.clone(), LocationId::clone(location))).or_default();
                *units = units.saturating_add(quantity.get());
            }
        }
    }
    let mut held: Vec<(Sku, LocationId, u32)> = vec![];
    for hold in order.holds().iter().filter(|hold| skus.contains(&hold.sku)) {
        match held.iter_mut().find(|(sku, location, _)| *sku == hold.sku && *location == hold.location) {
            Some((_, _, units)) => *units = units.saturating_add(hold.quantity.get()),
            None => held.push((hold.sku.clone(), hold.location.clone(), hold.quantity.get())),
        }
    }
    let free = held.into_iter().filter_map(|(sku, location, units)| {
        let taken = taken.get(&(sku.clone(), location.clone())).copied().unwrap_or(0);
        let quantity = Quantity::new(i64::from(units) - i64::from(taken)).ok()?;
        Some(UnitsAt { sku, location, quantity })
    });
    Ok(Answer::Found { units: free.collect() })
}

/// Where a shipment leaves from.
async fn location_of(bus: &Bus, sender: &Sender, shipment_id: ShipmentId) -> Result<Option<LocationId>, WorkerError> {
    let shipment = load::<Fulfillment>(bus, &sender.tenant, &shipment_id.uuid().to_string()).await?;
    Ok(shipment.state.known().ok().map(|shipment| shipment.location.clone()))
}

/// Takes units out of what is promised to the order.
pub(super) async fn release(bus: &Bus, sender: &Sender, release: &UnitsToRelease) -> Result<Answer, WorkerError> {
    let UnitsToRelease { order_id, release_id, units } = release;
    let command = StockItemCommand::ReleaseAllocatedUnits {
        release_id: *release_id,
        order_id: *order_id,
        quantity: units.quantity,
    };
    let stream = stream_id(&units.location, &units.sku);
    match send::<StockItem>(bus, &stream, command, sender, "release").await? {
        Ok(_) => Ok(Answer::Done {}),
        Err(StockItemError::InsufficientAllocation { .. }) => Ok(Answer::Missing {}),
        Err(error) => Err(WorkerError(format!("units of {order_id} at {stream} are not taken back: {error}"))),
    }
}
