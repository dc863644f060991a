//! The three axes of an order and the status they add up to.

use super::tables::OrderRow;
use tillroll_domain::order::{
    events::OrderEvent,
    status::{FulfillmentProgress, FulfillmentStatus, Lifecycle, OrderStatus, PaymentStatus},
};

/// Brings lifecycle, payment, fulfillment and status up to date after an event whose counts the row already has.
pub(super) fn settle(order: &mut OrderRow, fact: &OrderEvent) {
    let lifecycle = match fact {
        OrderEvent::OrderPlaced(_) => Lifecycle::Placed,
        OrderEvent::OrderConfirmed(_) => Lifecycle::Confirmed,
        OrderEvent::OrderCancelled(_) => Lifecycle::Cancelled,
        OrderEvent::OrderClosed(_) => Lifecycle::Closed,
        // Rows hold only words that this function wrote.
        _ => order.lifecycle.parse().unwrap_or(Lifecycle::Placed),
    };
    let payment = PaymentStatus::of(
        order.total_minor,
        order.authorized_minor,
        order.captured_minor,
        order.refunded_minor,
        order.disputed_minor,
    );
    let units = |count: i64| u64::try_from(count).unwrap_or(0);
    let fulfillment = FulfillmentStatus::of(FulfillmentProgress {
        started: order.fulfillment_started,
        delivered: order.delivered,
        to_ship: units(order.goods_quantity - order.goods_cancelled),
        shipped: units(order.shipped),
        returned: units(order.returned),
    });
    let returns = match (order.return_requested, order.returned) {
        (1.., _) => "requested",
        (_, 1..) => "returned",
        (_, _) => "none",
    };
    returns.clone_into(&mut order.return_status);
    lifecycle.as_str().clone_into(&mut order.lifecycle);
    payment.as_str().clone_into(&mut order.payment_status);
    fulfillment.as_str().clone_into(&mut order.fulfillment_status);
    OrderStatus::of(lifecycle, payment, fulfillment).as_str().clone_into(&mut order.status);
}
