//! What ReturnAndRefund remembers of a return.

use super::vocabulary::ReturnAndRefundFact;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tillroll_domain::ids::{OperationId, OrderId};

/// What ReturnAndRefund knows of a return.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReturnAndRefundState {
    /// The order; `None` before the return was told.
    pub order_id: Option<OrderId>,
    /// Whether it was told that the return is over.
    pub ended: bool,
    /// What is to be given back, in minor units.
    pub refund_minor: i64,
    /// What was given back, in minor units.
    pub given_minor: i64,
    /// How often refunds were requested anew.
    pub round: u32,
    /// The refunds that were requested and have no outcome, and how much each gives back, in minor units.
    pub waiting: BTreeMap<OperationId, i64>,
    /// The outcomes that were told before the request's own answer.
    pub told_early: BTreeMap<OperationId, bool>,
    /// The refunds that the provider refused and that were not requested anew, and how much each was to give back, in minor
    /// units. The provider may still find that one was carried out.
    pub refused: BTreeMap<OperationId, i64>,
    /// The refunds that it refused and that were requested anew under other ids.
    pub renewed: BTreeMap<OperationId, i64>,
    /// What no payment could give back, in minor units.
    pub lacking_minor: i64,
    /// Whether goods that came back are not in stock by the books.
    pub not_booked: bool,
    /// Whether the order does not take note that the return is over.
    pub order_refused: bool,
}

impl ReturnAndRefundState {
    pub(super) fn evolve(mut self, fact: &ReturnAndRefundFact) -> Self {
        match fact {
            ReturnAndRefundFact::Returned { order_id, refund_minor } => {
                self.order_id = Some(*order_id);
                self.refund_minor = *refund_minor;
            }
            ReturnAndRefundFact::NotBooked { .. } => self.not_booked = true,
            ReturnAndRefundFact::RefundsRequested { refunds } => {
                // Every time all that is due is counted, also what could not be given back before.
                self.lacking_minor = 0;
                for refund in refunds {
                    let (id, amount_minor) = (refund.operation_id, refund.amount_minor);
                    match self.told_early.remove(&id) {
                        Some(true) => self.given_minor = self.given_minor.saturating_add(amount_minor),
                        Some(false) => _ = self.refused.insert(id, amount_minor),
                        None => _ = self.waiting.insert(id, amount_minor),
                    }
                }
            }
            ReturnAndRefundFact::Short { lacking_minor } => self.lacking_minor = *lacking_minor,
            ReturnAndRefundFact::RefundSettled { operation_id, succeeded } => {
                let known = [&mut self.waiting, &mut self.refused, &mut self.renewed];
                let found = known.into_iter().find_map(|refunds| refunds.remove(operation_id));
                match (found, succeeded) {
                    (Some(amount_minor), true) => self.given_minor = self.given_minor.saturating_add(amount_minor),
                    (Some(amount_minor), false) => _ = self.refused.insert(*operation_id, amount_minor),
                    (None, _) => _ = self.told_early.insert(*operation_id, *succeeded),
                }
            }
            ReturnAndRefundFact::RefundRenewed => {
                self.round = self.round.saturating_add(1);
                self.renewed.append(&mut self.refused);
            }
            ReturnAndRefundFact::Ended => self.ended = true,
            ReturnAndRefundFact::OrderRefused => self.order_refused = true,
        }
        self
    }
}
