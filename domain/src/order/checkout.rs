//! What a checkout's order waits for before it is promised: its stock, then its money.

use super::{
    error::OrderError,
    events::{OrderConfirmed, OrderEvent, OrderStockReserved},
    state::PlacedOrder,
    status::Lifecycle,
};
use crate::{
    checkout::{STOCK_HOLDS_MAX, StockHold},
    common::Basis,
    text::Sku,
};
use std::collections::{BTreeMap, BTreeSet};

/// Takes note of the stock that is held for the order.
pub(super) fn record_stock_reserved(order: &PlacedOrder, holds: &[StockHold]) -> Result<Vec<OrderEvent>, OrderError> {
    if order.checkout.is_none() {
        return Err(OrderError::NoCheckout);
    }
    match order.lifecycle {
        Lifecycle::Placed | Lifecycle::Confirmed => {}
        Lifecycle::Cancelled => return Err(OrderError::Cancelled),
        Lifecycle::Closed => return Err(OrderError::Closed),
    }
    if !holds.is_empty() && *order.holds == *holds {
        return Ok(vec![]);
    }
    if holds.len() > STOCK_HOLDS_MAX {
        return Err(OrderError::TooManyHolds { given: holds.len(), max: STOCK_HOLDS_MAX });
    }
    let mut ids = BTreeSet::new();
    if let Some(hold) = holds.iter().find(|hold| !ids.insert(hold.reservation_id)) {
        return Err(OrderError::HoldRepeated { reservation_id: hold.reservation_id });
    }
    let mut held: BTreeMap<&Sku, u64> = BTreeMap::new();
    for hold in holds {
        *held.entry(&hold.sku).or_default() += u64::from(hold.quantity.get());
    }
    for (sku, needed) in order.demand() {
        let held = held.get(sku).copied().unwrap_or(0);
        if held < needed {
            return Err(OrderError::StockNotCovered { sku: sku.clone(), held, needed });
        }
    }
    // An order without goods needs none, and there is nothing to say.
    Ok(if holds.is_empty() { vec![] } else { vec![OrderStockReserved { holds: holds.to_vec() }.into()] })
}

/// Promises a placed order.
pub(super) fn confirm(order: &PlacedOrder) -> Result<Vec<OrderEvent>, OrderError> {
    match order.lifecycle {
        Lifecycle::Placed => {}
        Lifecycle::Confirmed => return Ok(vec![]),
        Lifecycle::Closed if order.delivered => return Ok(vec![]),
        Lifecycle::Cancelled | Lifecycle::Closed => return Err(OrderError::Cancelled),
    }
    if order.checkout.is_some() && order.holds.is_empty() && !order.demand().is_empty() {
        return Err(OrderError::StockNotReserved);
    }
    if !order.is_paid() {
        return Err(OrderError::NotPaid { due_minor: order.due_minor(), paid_minor: order.paid_minor() });
    }
    Ok(vec![OrderConfirmed { basis: Basis::Recorded }.into()])
}

impl PlacedOrder {
    /// The units of each SKU that the order's goods come to, without those that were cancelled or have left; in the order
    /// of the SKUs.
    #[must_use]
    pub fn demand(&self) -> BTreeMap<&Sku, u64> {
        let mut demand: BTreeMap<&Sku, u64> = BTreeMap::new();
        for (line, sku) in self.lines.iter().zip(self.skus.iter()) {
            if let (Some(sku), units @ 1..) = (sku, line.outstanding()) {
                *demand.entry(sku).or_default() += u64::from(units);
            }
        }
        demand
    }

    /// Whether nothing has to be paid before the order is promised, or enough is authorized or captured.
    #[must_use]
    pub fn is_paid(&self) -> bool {
        self.payment_terms().is_none() || self.paid_minor() >= self.due_minor()
    }

    /// What is authorized or captured and was not given back, over all payments, in minor units.
    #[must_use]
    pub fn paid_minor(&self) -> i64 {
        let sums = self.payment_sums();
        sums.authorized_minor.saturating_add(sums.captured_minor).saturating_sub(sums.refunded_minor)
    }
}

#[cfg(test)]
mod tests;
