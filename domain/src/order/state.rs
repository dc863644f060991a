//! What an order's decisions need to know of its past, and how each event changes it.

pub use super::progress::{LineProgress, PaymentAmounts};

use super::{
    cause::CancelCause,
    error::OrderError,
    events::{CreditedLine, OrderEvent, OrderPlaced},
    status::{FulfillmentProgress, FulfillmentStatus, Lifecycle, OrderStatus, PaymentStatus},
    value::shares,
};
use crate::{
    checkout::{CheckoutTerms, PaymentTerms, StockHold},
    common::{LineKind, LineQuantity},
    document::SourceKey,
    ids::{CartId, CreditNoteId, CustomerId, PaymentId, ReturnId, ShipmentId},
    money::Currency,
    text::Sku,
};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// An order as its decisions see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrderState {
    /// Nothing was agreed.
    New,
    /// It was agreed.
    Placed(Box<PlacedOrder>),
}

/// An order that was agreed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacedOrder {
    pub(super) lifecycle: Lifecycle,
    pub(super) fulfillment_started: bool,
    pub(super) delivered: bool,
    pub(super) delivered_on: Option<NaiveDate>,
    // Whose order it is: who may see it is decided by these two.
    pub(super) customer_id: Option<CustomerId>,
    pub(super) cart_id: Option<CartId>,
    pub(super) currency: Currency,
    pub(super) total_minor: i64,
    pub(super) source: Option<SourceKey>,
    pub(super) lines: Vec<LineProgress>,
    // What each line takes from stock: what its shipments and returns are made of. Shared, since it never changes.
    pub(super) skus: Arc<[Option<Sku>]>,
    // What each line is worth of the total, in minor units.
    pub(super) shares: Arc<[i64]>,
    pub(super) checkout: Option<Arc<CheckoutTerms>>,
    pub(super) holds: Arc<[StockHold]>,
    pub(super) cancel_cause: Option<CancelCause>,
    pub(super) payments: BTreeMap<PaymentId, PaymentAmounts>,
    // What each id stood for, so that the same again is told from something else under the same id. Shared, since a state
    // is cloned for every command.
    pub(super) plans: BTreeMap<ShipmentId, Arc<[LineQuantity]>>,
    pub(super) shipments: BTreeMap<ShipmentId, Arc<[LineQuantity]>>,
    pub(super) return_requests: BTreeMap<ReturnId, Arc<[LineQuantity]>>,
    pub(super) returns: BTreeMap<ReturnId, Arc<[LineQuantity]>>,
    // Ids that are used up without anything having moved under them.
    pub(super) released: BTreeSet<ShipmentId>,
    pub(super) closed_returns: BTreeSet<ReturnId>,
    pub(super) credits: BTreeMap<CreditNoteId, Arc<[CreditedLine]>>,
}

impl OrderState {
    /// The order, if it was agreed.
    ///
    /// # Errors
    /// [`OrderError::NotPlaced`] otherwise.
    pub fn placed(&self) -> Result<&PlacedOrder, OrderError> {
        match self {
            Self::New => Err(OrderError::NotPlaced),
            Self::Placed(order) => Ok(order),
        }
    }

    pub(super) fn evolve(self, event: &OrderEvent) -> Self {
        match (self, event) {
            (state, OrderEvent::OrderPlaced(placed)) => {
                debug_assert_eq!(state, Self::New, "an order is placed once");
                Self::Placed(Box::new(PlacedOrder::from(placed)))
            }
            (Self::New, _) => {
                debug_assert!(false, "an order's history starts with its placing, not with {event:?}");
                Self::New
            }
            (Self::Placed(mut order), _) => {
                order.apply(event);
                Self::Placed(order)
            }
        }
    }
}

impl From<&OrderPlaced> for PlacedOrder {
    fn from(placed: &OrderPlaced) -> Self {
        let lines = placed.lines.iter().map(|line| LineProgress {
            kind: line.kind,
            ordered: line.quantity.get(),
            cancelled: 0,
            planned: 0,
            shipped: 0,
            return_requested: 0,
            returned: 0,
            credited: 0,
        });
        Self {
            lifecycle: Lifecycle::Placed,
            fulfillment_started: false,
            delivered: false,
            delivered_on: None,
            customer_id: placed.customer_id,
            cart_id: placed.cart_id,
            currency: placed.currency,
            total_minor: placed.totals.total_minor,
            source: placed.source.as_ref().map(SourceKey::from),
            lines: lines.collect(),
            skus: placed.lines.iter().map(|line| line.sku.clone()).collect(),
            shares: shares(placed).into(),
            checkout: placed.checkout.as_deref().cloned().map(Arc::new),
            holds: Arc::new([]),
            cancel_cause: None,
            payments: BTreeMap::new(),
            plans: BTreeMap::new(),
            shipments: BTreeMap::new(),
            return_requests: BTreeMap::new(),
            returns: BTreeMap::new(),
            released: BTreeSet::new(),
            closed_returns: BTreeSet::new(),
            credits: BTreeMap::new(),
        }
    }
}

impl PlacedOrder {
    /// How far the agreement has come.
    #[must_use]
    pub const fn lifecycle(&self) -> Lifecycle {
        self.lifecycle
    }

    /// Who ordered, if it was a customer.
    #[must_use]
    pub const fn customer_id(&self) -> Option<CustomerId> {
        self.customer_id
    }

    /// The cart that it was made from.
    #[must_use]
    pub const fn cart_id(&self) -> Option<CartId> {
        self.cart_id
    }

    /// The store's date on which all of it had arrived, if that is known.
    #[must_use]
    pub const fn delivered_on(&self) -> Option<NaiveDate> {
        self.delivered_on
    }

    /// The currency of every amount.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.currency
    }

    /// What was agreed to be paid, in minor units, whatever was cancelled since.
    #[must_use]
    pub const fn total_minor(&self) -> i64 {
        self.total_minor
    }

    /// The imported document it stands on.
    #[must_use]
    pub const fn source(&self) -> Option<&SourceKey> {
        self.source.as_ref()
    }

    /// The lines; the line with number `n` stands at index `n - 1`.
    #[must_use]
    pub fn lines(&self) -> &[LineProgress] {
        &self.lines
    }

    /// What a line takes from stock; `None` if it is not for goods, or there is no such line.
    #[must_use]
    pub fn sku(&self, line: u32) -> Option<&Sku> {
        index_of(line).and_then(|index| self.skus.get(index))?.as_ref()
    }

    /// Whether goods are on their way back under this return: it was requested and is not over.
    #[must_use]
    pub fn awaits_return(&self, return_id: ReturnId) -> bool {
        self.return_requests.contains_key(&return_id)
    }

    /// How it is carried out, if a checkout made it.
    #[must_use]
    pub fn checkout(&self) -> Option<&CheckoutTerms> {
        self.checkout.as_deref()
    }

    /// How it is paid, if a checkout made it and there is something to pay.
    #[must_use]
    pub fn payment_terms(&self) -> Option<&PaymentTerms> {
        self.checkout()?.payment.as_ref()
    }

    /// The stock that was last said to be held for it; empty before the stock decision.
    #[must_use]
    pub fn holds(&self) -> &[StockHold] {
        &self.holds
    }

    /// What led to its cancellation; `None` if it was not cancelled, or long ago.
    #[must_use]
    pub const fn cancel_cause(&self) -> Option<&CancelCause> {
        self.cancel_cause.as_ref()
    }

    /// What left, by shipment.
    #[must_use]
    pub const fn shipments(&self) -> &BTreeMap<ShipmentId, Arc<[LineQuantity]>> {
        &self.shipments
    }

    /// What is going to leave, by shipment.
    #[must_use]
    pub const fn plans(&self) -> &BTreeMap<ShipmentId, Arc<[LineQuantity]>> {
        &self.plans
    }

    /// What came back, by return.
    #[must_use]
    pub const fn returns(&self) -> &BTreeMap<ReturnId, Arc<[LineQuantity]>> {
        &self.returns
    }

    /// How each payment stands.
    #[must_use]
    pub const fn payments(&self) -> &BTreeMap<PaymentId, PaymentAmounts> {
        &self.payments
    }

    /// How the payments stand together.
    #[must_use]
    pub fn payment_status(&self) -> PaymentStatus {
        self.payment_sums().status(self.total_minor)
    }

    /// How far the goods have come.
    #[must_use]
    pub fn fulfillment_status(&self) -> FulfillmentStatus {
        FulfillmentStatus::of(self.fulfillment_progress())
    }

    /// The status that the axes add up to.
    #[must_use]
    pub fn status(&self) -> OrderStatus {
        OrderStatus::of(self.lifecycle, self.payment_status(), self.fulfillment_status())
    }

    /// The sums over all payments; no accepted payment lets them overflow.
    #[must_use]
    pub fn payment_sums(&self) -> PaymentAmounts {
        let sums = self.payments.values().try_fold(PaymentAmounts::default(), |sum, &payment| sum.checked_add(payment));
        debug_assert!(sums.is_some(), "the payments' sums fit 64 bits");
        sums.unwrap_or_default()
    }

    /// The sums over the goods lines.
    pub(super) fn fulfillment_progress(&self) -> FulfillmentProgress {
        let start = FulfillmentProgress {
            started: self.fulfillment_started,
            delivered: self.delivered,
            ..FulfillmentProgress::default()
        };
        self.goods().fold(start, |sum, line| FulfillmentProgress {
            to_ship: sum.to_ship + u64::from(line.ordered.saturating_sub(line.cancelled)),
            shipped: sum.shipped + u64::from(line.shipped),
            returned: sum.returned + u64::from(line.returned),
            ..sum
        })
    }

    /// How many units are going to leave under a plan.
    pub(super) fn planned(&self) -> u64 {
        self.lines.iter().map(|line| u64::from(line.planned)).sum()
    }

    pub(super) fn goods(&self) -> impl Iterator<Item = &LineProgress> {
        self.lines.iter().filter(|line| line.kind == LineKind::Goods)
    }

    /// True for a cancelled order, closed or not.
    pub(super) fn was_cancelled(&self) -> bool {
        match self.lifecycle {
            Lifecycle::Cancelled => true,
            Lifecycle::Closed => !self.delivered,
            Lifecycle::Placed | Lifecycle::Confirmed => false,
        }
    }

    /// Succeeds for an order that is promised and neither cancelled nor closed.
    pub(super) const fn check_confirmed(&self) -> Result<(), OrderError> {
        match self.lifecycle {
            Lifecycle::Placed => Err(OrderError::NotConfirmed),
            Lifecycle::Confirmed => Ok(()),
            Lifecycle::Cancelled => Err(OrderError::Cancelled),
            Lifecycle::Closed => Err(OrderError::Closed),
        }
    }

    fn apply(&mut self, event: &OrderEvent) {
        match event {
            OrderEvent::OrderPlaced(_) => debug_assert!(false, "an order is placed once"),
            OrderEvent::OrderStockReserved(reserved) => self.holds = reserved.holds.as_slice().into(),
            OrderEvent::OrderConfirmed(_) => self.lifecycle = Lifecycle::Confirmed,
            OrderEvent::OrderLinesCancelled(cancelled) => {
                self.add(&cancelled.lines, |line| &mut line.cancelled);
            }
            OrderEvent::OrderCancelled(cancelled) => {
                self.lifecycle = Lifecycle::Cancelled;
                self.cancel_cause = cancelled.cause.clone();
                for line in &mut self.lines {
                    line.cancelled += line.outstanding();
                }
            }
            OrderEvent::OrderPaymentChanged(changed) => {
                let amounts = PaymentAmounts {
                    authorized_minor: changed.authorized_minor,
                    captured_minor: changed.captured_minor,
                    refunded_minor: changed.refunded_minor,
                    disputed_minor: changed.disputed_minor,
                };
                self.payments.insert(changed.payment_id, amounts);
            }
            OrderEvent::OrderFulfillmentStarted(_) => self.fulfillment_started = true,
            OrderEvent::OrderFulfillmentPlanned(planned) => {
                self.add(&planned.lines, |line| &mut line.planned);
                self.plans.insert(planned.shipment_id, planned.lines.as_slice().into());
            }
            OrderEvent::OrderFulfillmentReleased(released) => {
                self.consume_plan(released.shipment_id);
                self.released.insert(released.shipment_id);
            }
            OrderEvent::OrderLinesShipped(shipped) => {
                self.consume_plan(shipped.shipment_id);
                self.add(&shipped.lines, |line| &mut line.shipped);
                self.shipments.insert(shipped.shipment_id, shipped.lines.as_slice().into());
            }
            OrderEvent::OrderDelivered(delivered) => {
                self.delivered = true;
                self.delivered_on = delivered.business_date;
            }
            OrderEvent::OrderReturnRequested(requested) => {
                self.add(&requested.lines, |line| &mut line.return_requested);
                self.return_requests.insert(requested.return_id, requested.lines.as_slice().into());
            }
            OrderEvent::OrderReturnClosed(closed) => {
                if let Some(lines) = self.return_requests.remove(&closed.return_id) {
                    self.subtract(&lines, |line| &mut line.return_requested);
                }
                self.closed_returns.insert(closed.return_id);
            }
            OrderEvent::OrderLinesReturned(returned) => {
                self.add(&returned.lines, |line| &mut line.returned);
                self.returns.insert(returned.return_id, returned.lines.as_slice().into());
            }
            OrderEvent::OrderLinesCredited(credited) => {
                for CreditedLine { line, quantity, .. } in &credited.lines {
                    self.add_to(*line, quantity.get(), |line| &mut line.credited);
                }
                self.credits.insert(credited.credit_note_id, credited.lines.as_slice().into());
            }
            OrderEvent::OrderClosed(_) => self.lifecycle = Lifecycle::Closed,
        }
    }

    fn consume_plan(&mut self, shipment_id: ShipmentId) {
        if let Some(lines) = self.plans.remove(&shipment_id) {
            self.subtract(&lines, |line| &mut line.planned);
        }
    }

    fn subtract(&mut self, lines: &[LineQuantity], count: fn(&mut LineProgress) -> &mut u32) {
        for LineQuantity { line, quantity } in lines {
            if let Some(line) = index_of(*line).and_then(|index| self.lines.get_mut(index)) {
                let count = count(line);
                *count = count.saturating_sub(quantity.get());
            }
        }
    }

    pub(super) fn add(&mut self, lines: &[LineQuantity], count: fn(&mut LineProgress) -> &mut u32) {
        for LineQuantity { line, quantity } in lines {
            self.add_to(*line, quantity.get(), count);
        }
    }

    fn add_to(&mut self, number: u32, units: u32, count: fn(&mut LineProgress) -> &mut u32) {
        match index_of(number).and_then(|index| self.lines.get_mut(index)) {
            Some(line) => {
                let count = count(line);
                *count = count.saturating_add(units);
            }
            None => debug_assert!(false, "the order has no line {number}"),
        }
    }
}

/// Where the line with a number stands.
fn index_of(number: u32) -> Option<usize> {
    usize::try_from(number).ok()?.checked_sub(1)
}
