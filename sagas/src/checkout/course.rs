//! What follows from what is known: the actions that are missing, the timer, the end.
//!
//! Nothing is sent twice: what is open is seen in the outbox, and what is done is seen in the state.

use super::{
    CheckoutProcess, HOLD_MARGIN, PAYMENT_DUE, RECHECK, WAVE_MAX,
    messages::{CheckoutAction as Action, CheckoutFact as Fact, HoldPlace},
    state::{Checkout, Hold, HoldStatus, index},
    stock::{Plan, plan, reservation_id},
};
use crate::{
    operations::operation_id,
    process::{Ending, Outbox, Step},
};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeSet;
use tillroll_domain::{
    checkout::CapturePolicy,
    ids::{OrderId, PaymentId},
    order::CancelCause,
    payment::payment_of_order,
    quantity::Quantity,
};

/// A step in the making.
pub(super) struct Course {
    checkout: Checkout,
    busy: Busy,
    is_armed: bool,
    now: DateTime<Utc>,
    step: Step<CheckoutProcess>,
}

/// What is open.
#[derive(Default)]
struct Busy {
    actions: usize,
    /// Actions on stock by what they do and their hold.
    stock: BTreeSet<(OnStock, u32)>,
    /// The others by what they do.
    others: BTreeSet<Other>,
    cancelling: BTreeSet<PaymentId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum OnStock {
    Reserve,
    Extend,
    Allocate,
    Release,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Other {
    Place,
    Record,
    Start,
    Confirm,
    Capture,
    CancelOrder,
    EndCart,
}

impl Busy {
    fn add(&mut self, action: &Action) {
        self.actions += 1;
        match action {
            Action::ReserveStock { place, .. } => _ = self.stock.insert((OnStock::Reserve, place.hold)),
            Action::ExtendHold { place, .. } => _ = self.stock.insert((OnStock::Extend, place.hold)),
            Action::AllocateHold { place, .. } => _ = self.stock.insert((OnStock::Allocate, place.hold)),
            Action::ReleaseHold { place, .. } => _ = self.stock.insert((OnStock::Release, place.hold)),
            Action::PlaceOrder { .. } => _ = self.others.insert(Other::Place),
            Action::RecordStock { .. } => _ = self.others.insert(Other::Record),
            Action::StartPayment { .. } => _ = self.others.insert(Other::Start),
            Action::ConfirmOrder { .. } => _ = self.others.insert(Other::Confirm),
            Action::CapturePayment { .. } => _ = self.others.insert(Other::Capture),
            Action::CancelOrder { .. } => _ = self.others.insert(Other::CancelOrder),
            Action::CancelPayment { payment_id } => _ = self.cancelling.insert(*payment_id),
            Action::EndCart { .. } => _ = self.others.insert(Other::EndCart),
        }
    }

    fn with(&self, other: Other) -> bool {
        self.others.contains(&other)
    }
}

impl Course {
    pub(super) fn new(checkout: &Checkout, open: &Outbox<Action>, now: DateTime<Utc>) -> Self {
        let mut busy = Busy::default();
        open.actions().for_each(|action| busy.add(action));
        let is_armed = open.timers.contains_key(PAYMENT_DUE);
        Self { checkout: checkout.clone(), busy, is_armed, now, step: Step::new() }
    }

    pub(super) const fn checkout(&self) -> &Checkout {
        &self.checkout
    }

    /// Adds a fact that the checkout knows already.
    pub(super) fn note(&mut self, fact: Fact) {
        self.step.facts.push(fact);
    }

    /// Adds a fact, and knows it from now on.
    pub(super) fn learn(&mut self, fact: Fact) {
        self.checkout.apply(&fact);
        self.step.facts.push(fact);
    }

    pub(super) fn send(&mut self, action: Action) {
        self.busy.add(&action);
        self.step.send.push(action);
    }

    /// The money is awaited a little longer, although the deadline may be over.
    pub(super) fn look_again(&mut self) {
        let due = (self.now + RECHECK).max(self.checkout.deadline.unwrap_or(self.now));
        self.arm(due);
    }

    fn arm(&mut self, due: DateTime<Utc>) {
        self.step.arm.push((PAYMENT_DUE.into(), due));
        self.is_armed = true;
    }

    /// The deadline of the payment is over.
    pub(super) fn payment_is_due(&mut self) {
        let Checkout { undoing, cancellation_seen, confirmed, stuck, out_of_stock, .. } = &self.checkout;
        if *undoing || *cancellation_seen || *confirmed || *stuck || out_of_stock.is_some() {
            return;
        }
        if self.busy.with(Other::Confirm) || self.busy.with(Other::CancelOrder) {
            self.look_again();
        } else {
            self.cancel_order(CancelCause::PaymentOverdue);
        }
    }

    /// Whether it has reached what it was for.
    pub(super) fn has_completed(&self) -> bool {
        self.busy.actions == 0 && self.ending() == Some(Ending::Completed)
    }

    fn cancel_order(&mut self, cause: CancelCause) {
        self.send(Action::CancelOrder { order_id: self.checkout.began.order_id, cause });
    }

    /// The step, with all that follows.
    pub(super) fn go_on(mut self) -> Step<CheckoutProcess> {
        if self.checkout.undoing {
            self.undo();
        } else if self.checkout.cancellation_seen {
            self.disarm();
        } else if !self.checkout.stuck {
            self.advance();
        }
        if self.busy.actions == 0
            && let Some(ending) = self.ending()
        {
            self.step.ending = Some(ending);
        }
        self.step
    }

    /// How it ends, if nothing is left to do. To be asked only while nothing is open.
    fn ending(&self) -> Option<Ending> {
        let Checkout { undoing, stuck, confirmed, capture_settled, cart_ended, trouble, .. } = &self.checkout;
        let settled = self.checkout.holds.iter().all(|hold| match hold.status {
            HoldStatus::Released => true,
            HoldStatus::Allocated => !undoing,
            HoldStatus::Asked | HoldStatus::Held | HoldStatus::Refused | HoldStatus::Lost => false,
        });
        let is_over = if *undoing {
            settled && *cart_ended && self.payments_to_cancel().next().is_none()
        } else {
            *confirmed && settled && *cart_ended && (*capture_settled || !self.captures())
        };
        match trouble {
            Some(reason) if *stuck || is_over => Some(Ending::Alarmed { reason: reason.clone() }),
            _ if !is_over => None,
            _ if *undoing => Some(Ending::Compensated),
            _ => Some(Ending::Completed),
        }
    }

    fn advance(&mut self) {
        if self.checkout.confirmed {
            self.disarm();
            self.end_cart(true);
        }
        if self.checkout.out_of_stock.is_none() {
            self.ask_for_goods();
        }
        if let Some((item, available)) = self.checkout.out_of_stock {
            self.give_up(item, available);
            return;
        }
        if !self.checkout.placed || !self.checkout.has_all_goods() {
            return;
        }
        if !self.checkout.is_recorded() {
            if !self.busy.with(Other::Record) {
                let Checkout { began, version, .. } = &self.checkout;
                let (order_id, version, holds) = (began.order_id, *version, self.checkout.stock());
                self.send(Action::RecordStock { order_id, version, holds });
            }
            return;
        }
        self.release(None, |status| matches!(status, HoldStatus::Refused | HoldStatus::Lost));
        if self.checkout.confirmed {
            self.fulfill();
        } else {
            self.pay();
        }
    }

    /// Asks for what is missing, as far as there is room; finds out what cannot be had.
    fn ask_for_goods(&mut self) {
        for number in 0..self.checkout.items.len() {
            let Some(item) = self.checkout.items.get(number) else { return };
            let Ok(item_no) = u32::try_from(number) else { return };
            let asks = match plan(item) {
                Plan::Enough | Plan::Wait => continue,
                Plan::Short { available } => {
                    self.learn(Fact::OutOfStock { item: item_no, available });
                    return;
                }
                Plan::Ask(asks) => asks,
            };
            for (location, units) in asks {
                if self.busy.stock.len() >= WAVE_MAX {
                    return;
                }
                self.reserve(item_no, location, units);
            }
        }
    }

    fn reserve(&mut self, item: u32, location: u32, units: u32) {
        let Checkout { began, items, locations, holds, reserve_minutes, .. } = &self.checkout;
        let at = (items.get(index(item)), locations.get(index(location)));
        let (Some(of), Some(place)) = at else { return };
        let Ok(quantity) = Quantity::new(i64::from(units)) else { return };
        let nth = of.places.get(index(location)).map_or(0, |place| place.asked);
        let reservation_id = reservation_id(began.order_id, &of.sku, place, nth);
        let hold = u32::try_from(holds.len()).unwrap_or(u32::MAX);
        // Once the money is awaited, a new hold must last as long as the others.
        let first = self.now + TimeDelta::minutes(i64::from(*reserve_minutes));
        let expires_at = self.checkout.deadline.map_or(first, |deadline| first.max(deadline + HOLD_MARGIN));
        self.learn(Fact::HoldAsked { item, location, units: quantity, reservation_id });
        if let Some(place) = self.checkout.place_of(hold) {
            self.send(Action::ReserveStock { place, quantity, expires_at });
        }
    }

    /// The goods cannot be had, so the order is cancelled.
    fn give_up(&mut self, item: u32, available: u32) {
        let waits =
            self.busy.with(Other::CancelOrder) || self.busy.with(Other::Confirm) || self.busy.with(Other::Record);
        if !self.checkout.placed || waits {
            return;
        }
        let Some(item) = self.checkout.items.get(index(item)) else { return };
        let cause = if self.checkout.recorded > 0 {
            CancelCause::StockLost
        } else {
            CancelCause::InsufficientStock { sku: item.sku.clone(), requested: item.needed, available }
        };
        self.cancel_order(cause);
    }

    fn pay(&mut self) {
        let Checkout { began, payment_minutes, .. } = &self.checkout;
        if let Some(terms) = began.payment.clone() {
            let deadline = match self.checkout.deadline {
                Some(deadline) => deadline,
                None => {
                    let deadline = self.now + TimeDelta::minutes(i64::from(*payment_minutes));
                    let start = Action::StartPayment {
                        order_id: began.order_id,
                        payment_id: payment_of_order(began.order_id),
                        operation_id: operation_id(payment_of_order(began.order_id), "checkout/authorize"),
                        amount: began.total,
                        quote_hash: began.quote_hash,
                        terms,
                        instrument: began.instrument.clone(),
                    };
                    self.learn(Fact::PaymentStarted { deadline });
                    self.send(start);
                    self.arm(deadline);
                    deadline
                }
            };
            self.extend(deadline + HOLD_MARGIN);
            let Checkout { began, confirm_refused, changes, .. } = &self.checkout;
            let knows_more = confirm_refused.is_none_or(|refused| refused < *changes);
            if self.checkout.covered_minor() < began.total.minor || !knows_more {
                return;
            }
        }
        if !self.busy.with(Other::Confirm) && !self.busy.with(Other::CancelOrder) {
            let Checkout { began, changes, .. } = &self.checkout;
            self.send(Action::ConfirmOrder { order_id: began.order_id, changes: *changes });
        }
    }

    fn fulfill(&mut self) {
        let order_id = self.checkout.began.order_id;
        for hold in self.holds(|hold| hold.status == HoldStatus::Held) {
            if let Some(place) = self.on_stock(OnStock::Allocate, hold) {
                self.send(Action::AllocateHold { place, order_id });
            }
        }
        let allocated = self.checkout.holds.iter().all(|hold| hold.status != HoldStatus::Held);
        if allocated && self.captures() && !self.checkout.capture_settled && !self.busy.with(Other::Capture) {
            let payment_id = payment_of_order(order_id);
            let operation_id = operation_id(payment_id, "checkout/capture");
            self.send(Action::CapturePayment { order_id, payment_id, operation_id });
        }
    }

    /// Whether the money is taken as soon as the order is confirmed.
    fn captures(&self) -> bool {
        self.checkout.began.payment.as_ref().is_some_and(|terms| match terms.capture {
            CapturePolicy::AtOnce => true,
            CapturePolicy::AtFulfillment => false,
        })
    }

    fn undo(&mut self) {
        self.disarm();
        self.release(Some(self.checkout.began.order_id), |status| status != HoldStatus::Released);
        // Before the payment stands it cannot be cancelled, and afterwards it would ask for money.
        if !self.busy.with(Other::Start) {
            let payments: Vec<PaymentId> = self.payments_to_cancel().collect();
            for payment_id in payments {
                if !self.busy.cancelling.contains(&payment_id) {
                    self.send(Action::CancelPayment { payment_id });
                }
            }
        }
        self.end_cart(self.checkout.confirmed);
    }

    /// Payments that may hold or take money of an order that is undone.
    fn payments_to_cancel(&self) -> impl Iterator<Item = PaymentId> {
        let Checkout { began, covered, payments_cancelled, payment_opened, .. } = &self.checkout;
        let own = Some(payment_of_order(began.order_id)).filter(|_| *payment_opened);
        let all: BTreeSet<PaymentId> = covered.keys().copied().chain(own).collect();
        all.into_iter().filter(|payment_id| !payments_cancelled.contains(payment_id))
    }

    fn end_cart(&mut self, placed: bool) {
        if !self.checkout.cart_ended && !self.busy.with(Other::EndCart) {
            let (cart_id, order_id) = (self.checkout.began.cart_id, self.checkout.began.order_id);
            self.send(Action::EndCart { cart_id, order_id, placed });
        }
    }

    fn extend(&mut self, expires_at: DateTime<Utc>) {
        for hold in self.holds(|hold| hold.status == HoldStatus::Held && !hold.extended) {
            if let Some(place) = self.on_stock(OnStock::Extend, hold) {
                self.send(Action::ExtendHold { place, expires_at });
            }
        }
    }

    fn release(&mut self, promised_to: Option<OrderId>, which: impl Fn(HoldStatus) -> bool) {
        for hold in self.holds(|hold| which(hold.status)) {
            if let Some(place) = self.on_stock(OnStock::Release, hold) {
                self.send(Action::ReleaseHold { place, promised_to });
            }
        }
    }

    fn holds(&self, which: impl Fn(&Hold) -> bool) -> Vec<u32> {
        self.checkout.numbered().filter(|(_, hold)| which(hold)).map(|(number, _)| number).collect()
    }

    /// Where a hold is, if it is not busy with this already and there is room for one more action.
    fn on_stock(&self, what: OnStock, hold: u32) -> Option<HoldPlace> {
        let has_room = self.busy.stock.len() < WAVE_MAX && !self.busy.stock.contains(&(what, hold));
        has_room.then(|| self.checkout.place_of(hold)).flatten()
    }

    fn disarm(&mut self) {
        if self.is_armed {
            self.step.disarm.push(PAYMENT_DUE.into());
            self.is_armed = false;
        }
    }
}
