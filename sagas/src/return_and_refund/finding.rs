//! Finding out what a return comes to: the goods that go into stock, and the return that a refund was for.

use super::vocabulary::RestockUnits;
use crate::{operations::operation_id, worker::WorkerError};
use std::collections::BTreeMap;
use tillroll_domain::{
    ids::{OperationId, PaymentId, ReturnId},
    quantity::Quantity,
    returns::state::KnownReturn,
    stock_item::events::ReturnCondition,
};

/// How often refunds of one return are requested at most: once, and again after each refusal.
pub(super) const ROUNDS_MAX: u32 = 4;

/// The refund that a return requests of a payment in a round.
pub(super) fn refund_id(payment_id: PaymentId, return_id: ReturnId, round: u32) -> OperationId {
    operation_id(payment_id, &format!("return/{return_id}/{round}"))
}

/// The return that a refund was requested for, if it was for one of these.
pub(super) fn return_of(
    payment_id: PaymentId,
    refund: OperationId,
    mut returns: impl Iterator<Item = ReturnId>,
) -> Option<ReturnId> {
    let is_of = |return_id: ReturnId| (0..ROUNDS_MAX).any(|round| refund_id(payment_id, return_id, round) == refund);
    returns.find(|return_id| is_of(*return_id))
}

/// What goes into stock, each location, SKU and condition once.
///
/// # Errors
/// More units than a quantity holds, which no order has.
pub(super) fn restock(known: &KnownReturn) -> Result<Vec<RestockUnits>, WorkerError> {
    let mut units: BTreeMap<_, i64> = BTreeMap::new();
    for restock in known.restock() {
        let Some(location) = restock.location else { continue };
        let counts = [(ReturnCondition::Resellable, restock.resellable), (ReturnCondition::Damaged, restock.damaged)];
        for (condition, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            *units.entry((location.clone(), restock.sku.clone(), condition)).or_default() += i64::from(count);
        }
    }
    let units = units.into_iter().map(|((location, sku, condition), units)| {
        let quantity = Quantity::new(units).map_err(|error| WorkerError(format!("{sku}: {error}")))?;
        Ok(RestockUnits { location, sku, condition, quantity })
    });
    units.collect()
}
