//! What follows from a cancellation, and from what became of the actions that it led to.

use super::{
    CancelOrderProcess, PATIENCE, REFUND_AGAIN, SEARCHES_MAX, WAVE_MAX,
    messages::{
        CancelOrderAction as Action, CancelOrderAnswer as Answer, CancelOrderFact as Fact,
        CancelOrderTrigger as Trigger, UnitsAt, UnitsToRelease,
    },
    state::CancelOrderState,
};
use crate::process::{Ending, Input, Outbox, Step};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use tillroll_domain::{
    aggregate::Moment,
    checkout::StockHold,
    ids::{OrderId, ReleaseId},
    quantity::Quantity,
    text::{Reference, Sku},
};
use tillroll_infra::bus::context::derived_uuid;
use uuid::Uuid;

/// What somebody must look at if units are nowhere to be taken back.
const UNITS_NOT_FOUND: &str = "units_not_found";
/// What somebody must look at if the provider refuses to give back what cancelled lines had cost.
const REFUND_REFUSED: &str = "refund_refused";
/// What somebody must look at if the payments have less than is to be given back.
const REFUND_SHORT: &str = "refund_short";

pub(super) fn decide(
    state: &CancelOrderState,
    open: &Outbox<Action>,
    input: &Input<CancelOrderProcess>,
    moment: &Moment,
) -> Option<Step<CancelOrderProcess>> {
    let mut course = Course {
        state: state.clone(),
        busy: open.open.len(),
        counts: open.actions().any(|action| matches!(action, Action::RefundSurplus { .. })),
        is_armed: open.timers.contains_key(REFUND_AGAIN),
        now: moment.now,
        step: Step::new(),
    };
    match input {
        Input::Told(trigger) => course.told(trigger)?,
        Input::Answered { action, answer } => course.answered(action, answer),
        Input::Due(_) => course.renew(),
    }
    Some(course.go_on())
}

/// A step in the making.
struct Course {
    state: CancelOrderState,
    busy: usize,
    /// Whether the surplus is being counted.
    counts: bool,
    /// Whether what was refused waits to be requested anew.
    is_armed: bool,
    now: DateTime<Utc>,
    step: Step<CancelOrderProcess>,
}

impl Course {
    fn learn(&mut self, fact: Fact) {
        self.state = std::mem::take(&mut self.state).apply(&fact);
        self.step.facts.push(fact);
    }

    fn send(&mut self, action: Action) {
        self.busy += 1;
        self.step.send.push(action);
    }

    /// `None` if it is known.
    fn told(&mut self, trigger: &Trigger) -> Option<()> {
        if self.state.cancelled.is_some() {
            return None;
        }
        match trigger {
            Trigger::OrderCancelled { order_id, holds, payments } => {
                self.learn(Fact::OrderCancelled {
                    order_id: *order_id,
                    holds: holds.clone(),
                    payments: payments.clone(),
                });
                for &payment_id in payments {
                    self.send(Action::CancelPayment { payment_id });
                }
            }
            Trigger::LinesCancelled(lines) => {
                let cut = u32::try_from(self.state.cuts.len()).unwrap_or(u32::MAX);
                let order_id = lines.order_id;
                self.learn(Fact::LinesCancelled { lines: lines.clone() });
                self.find(cut, order_id);
            }
            Trigger::MoneyCaptured => self.learn(Fact::MoneyCaptured {}),
            Trigger::RefundSettled { operation_id, succeeded } => {
                // What is told of a refund before its request is answered counts when it is.
                if !self.counts && !self.state.surplus.follows(*operation_id) {
                    return None;
                }
                self.learn(Fact::RefundSettled { operation_id: *operation_id, succeeded: *succeeded });
            }
        }
        Some(())
    }

    fn answered(&mut self, action: &Action, answer: &Answer) {
        match action {
            Action::ReleaseHold { .. } | Action::CancelPayment { .. } => {}
            Action::FindUnits { cut, order_id, .. } => {
                let units = if let Answer::Found { units } = answer { units.as_slice() } else { &[] };
                self.found(*cut, *order_id, units);
            }
            Action::ReleaseUnits { cut, release } => {
                let units = release.units.clone();
                if *answer == (Answer::Missing {}) {
                    self.learn(Fact::UnitsMissing { cut: *cut, units });
                    self.find_again(*cut, release.order_id);
                } else {
                    self.learn(Fact::UnitsReleased { cut: *cut, units });
                }
            }
            Action::RefundSurplus { .. } => {
                if let Answer::Requested { refunds, lacking_minor } = answer {
                    let (refunds, lacking_minor) = (refunds.clone(), *lacking_minor);
                    self.learn(Fact::RefundsRequested { refunds, lacking_minor });
                }
            }
        }
    }

    /// What was refused is requested anew, as far as it is due when it is counted.
    fn renew(&mut self) {
        if !self.state.surplus.refused.is_empty() {
            self.learn(Fact::RefundsRenewed {});
        }
    }

    fn find(&mut self, cut: u32, order_id: OrderId) {
        let Some(skus) = self.cut_missing(cut) else { return };
        let skus: Vec<Sku> = skus.into_keys().collect();
        if !skus.is_empty() {
            self.send(Action::FindUnits { cut, order_id, skus });
        }
    }

    /// Looks for units again that were not where they were found, unless the whole order is given back anyway.
    fn find_again(&mut self, cut: u32, order_id: OrderId) {
        let searches = usize::try_from(cut).ok().and_then(|index| self.state.cuts.get(index)).map(|cut| cut.searches);
        if self.state.cancelled.is_some() {
            return;
        }
        if searches.is_none_or(|searches| searches >= SEARCHES_MAX) {
            self.learn(Fact::UnitsNotFound { cut, code: code(UNITS_NOT_FOUND) });
        } else {
            self.find(cut, order_id);
        }
    }

    /// Takes units from where they are free, last location first: the best one keeps what is still to leave.
    fn found(&mut self, cut: u32, order_id: OrderId, units: &[UnitsAt]) {
        if self.state.cancelled.is_some() {
            return;
        }
        let Some(mut missing) = self.cut_missing(cut) else { return };
        let mut take = vec![];
        for at in units.iter().rev() {
            let Some(left) = missing.get_mut(&at.sku) else { continue };
            let free = at.quantity.get().saturating_sub(self.state.taken(&at.sku, &at.location));
            if let Ok(quantity) = Quantity::new(i64::from(free.min(*left))) {
                *left -= quantity.get();
                take.push(UnitsAt { quantity, ..at.clone() });
            }
        }
        self.learn(Fact::UnitsFound { cut, take: take.clone() });
        if missing.values().any(|&left| left > 0) {
            self.learn(Fact::UnitsNotFound { cut, code: code(UNITS_NOT_FOUND) });
        }
        let Some((lines, nth)) = self.cut_of(cut) else { return };
        for units in take {
            let name = format!("{lines}/{nth}/{}/{}", units.sku, units.location);
            let release_id = ReleaseId::new(derived_uuid("tillroll:cancelled-units", &name));
            self.send(Action::ReleaseUnits { cut, release: UnitsToRelease { order_id, release_id, units } });
        }
    }

    fn cut_of(&self, cut: u32) -> Option<(Uuid, u32)> {
        let cut = self.state.cuts.get(usize::try_from(cut).ok()?)?;
        Some((cut.lines.event_id, cut.searches))
    }

    fn cut_missing(&self, cut: u32) -> Option<BTreeMap<Sku, u32>> {
        let cut = self.state.cuts.get(usize::try_from(cut).ok()?)?;
        Some(cut.missing().into_iter().map(|(sku, units)| (sku.clone(), units)).collect())
    }

    /// Counts the surplus, one count at a time, if it may have changed.
    fn count(&mut self) {
        if self.counts || !self.state.surplus.is_uncounted {
            return;
        }
        let Some(order_id) = self.state.cuts.first().map(|cut| cut.lines.order_id) else { return };
        self.learn(Fact::SurplusTakenUp {});
        self.counts = true;
        let value_minor = self.state.cut_minor();
        let (refused_minor, round) = (self.state.surplus.refused_minor(), self.state.surplus.round);
        self.send(Action::RefundSurplus { order_id, value_minor, refused_minor, round });
    }

    /// Waits while there is patience with what was refused, and no longer than something is.
    fn wait(&mut self) {
        let surplus = &self.state.surplus;
        let patience = usize::try_from(surplus.renewals).ok().and_then(|renewals| PATIENCE.get(renewals));
        let patience = patience.filter(|_| !surplus.refused.is_empty() && self.state.cancelled.is_none());
        match patience {
            Some(patience) if !self.is_armed => {
                self.is_armed = true;
                self.step.arm.push((REFUND_AGAIN.into(), self.now + *patience));
            }
            None if self.is_armed => {
                self.is_armed = false;
                self.step.disarm.push(REFUND_AGAIN.into());
            }
            Some(_) | None => {}
        }
    }

    /// What somebody must look at in the end. What was not found, and what was not given back, goes with the whole order.
    fn trouble(&self) -> Option<Reference> {
        if self.state.cancelled.is_some() {
            return None;
        }
        let not_found = self.state.cuts.iter().find_map(|cut| cut.trouble.clone());
        let refused = || (!self.state.surplus.refused.is_empty()).then(|| code(REFUND_REFUSED));
        let short = || (self.state.surplus.lacking_minor > 0).then(|| code(REFUND_SHORT));
        not_found.or_else(refused).or_else(short)
    }

    /// Takes up holds as far as there is room, counts the surplus, and ends if nothing is left to do.
    fn go_on(mut self) -> Step<CancelOrderProcess> {
        while let Some((order_id, hold)) = self.next_hold() {
            self.learn(Fact::HoldTakenUp {});
            let StockHold { sku, location, reservation_id, .. } = hold;
            self.send(Action::ReleaseHold { order_id, sku, location, reservation_id });
        }
        let is_cancelled = self.state.cancelled.is_some();
        if !is_cancelled {
            self.count();
        }
        self.wait();
        // Of an order that is cancelled as a whole, the payments' own process gives the money back.
        if self.busy == 0 && !self.is_armed && (is_cancelled || self.state.surplus.waiting.is_empty()) {
            let trouble = self.trouble();
            self.step.ending = Some(trouble.map_or(Ending::Completed, |reason| Ending::Alarmed { reason }));
        }
        self.step
    }

    fn next_hold(&self) -> Option<(OrderId, StockHold)> {
        let order_id = self.state.cancelled.filter(|_| self.busy < WAVE_MAX)?;
        let hold = self.state.holds.get(usize::try_from(self.state.taken_up).ok()?)?;
        Some((order_id, hold.clone()))
    }
}

fn code(code: &str) -> Reference {
    code.parse().expect("our codes are references")
}
