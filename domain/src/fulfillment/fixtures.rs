//! Fulfillments that the tests start from.

use super::{Fulfillment, commands::FulfillmentCommand, events::FulfillmentLine, tracking::Tracking};
use crate::{
    ids::OrderId,
    quantity::Quantity,
    testing::{Given, given},
};
use uuid::Uuid;

pub(super) fn order_id(n: u128) -> OrderId {
    OrderId::new(Uuid::from_u128(n))
}

pub(super) fn fulfillment_line(line: u32, sku: &str, quantity: i64) -> FulfillmentLine {
    FulfillmentLine { line, sku: sku.parse().unwrap(), quantity: Quantity::new(quantity).unwrap() }
}

pub(super) fn tracking(number: &str, url: Option<&str>) -> Tracking {
    Tracking { number: number.parse().unwrap(), url: url.map(|url| url.parse().unwrap()) }
}

/// For order 1, from `main`.
pub(super) fn creation(lines: &[(u32, &str, i64)]) -> FulfillmentCommand {
    FulfillmentCommand::Create {
        order_id: order_id(1),
        location: "main".parse().unwrap(),
        lines: lines.iter().map(|&(line, sku, quantity)| fulfillment_line(line, sku, quantity)).collect(),
    }
}

pub(super) fn shipping(carrier: Option<&str>, tracking: &[Tracking]) -> FulfillmentCommand {
    let carrier = carrier.map(|carrier| carrier.parse().unwrap());
    FulfillmentCommand::Ship { carrier, tracking: tracking.to_vec() }
}

pub(super) fn tracked(tracking: &[Tracking]) -> FulfillmentCommand {
    FulfillmentCommand::AddTracking { tracking: tracking.to_vec() }
}

pub(super) fn cancellation() -> FulfillmentCommand {
    FulfillmentCommand::Cancel { reason: "picked wrongly".parse().unwrap() }
}

pub(super) fn loss() -> FulfillmentCommand {
    FulfillmentCommand::ReportLost { note: "no scan since Monday".parse().unwrap() }
}

pub(super) fn nothing() -> Given<Fulfillment> {
    given([])
}

pub(super) fn created() -> Given<Fulfillment> {
    nothing().and(creation(&[(1, "A", 2), (2, "B", 1)]))
}

pub(super) fn packed() -> Given<Fulfillment> {
    created().and(FulfillmentCommand::Pack)
}

/// With DHL, under the number N1.
pub(super) fn shipped() -> Given<Fulfillment> {
    packed().and(shipping(Some("DHL"), &[tracking("N1", None)]))
}

pub(super) fn lost() -> Given<Fulfillment> {
    shipped().and(loss())
}

pub(super) fn delivered() -> Given<Fulfillment> {
    shipped().and(FulfillmentCommand::Deliver)
}
