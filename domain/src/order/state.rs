//! What an order's decisions need to know of its past, and how each event changes it.

use super::{
    error::OrderError,
    events::{CreditedLine, OrderEvent, OrderPlaced},
    status::{FulfillmentProgress, FulfillmentStatus, Lifecycle, OrderStatus, PaymentStatus},
};
use crate::{
    common::{LineKind, LineQuantity},
    document::SourceKey,
    ids::{CreditNoteId, PaymentId, ReturnId, ShipmentId},
    money::Currency,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

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
    pub(super) currency: Currency,
    pub(super) total_minor: i64,
    pub(super) source: Option<SourceKey>,
    pub(super) lines: Vec<LineProgress>,
    pub(super) payments: BTreeMap<PaymentId, PaymentAmounts>,
    // What each id stood for, so that the same again is told from something else under the same id. Shared, since a state
    // is cloned for every command.
    pub(super) shipments: BTreeMap<ShipmentId, Arc<[LineQuantity]>>,
    pub(super) returns: BTreeMap<ReturnId, Arc<[LineQuantity]>>,
    pub(super) credits: BTreeMap<CreditNoteId, Arc<[CreditedLine]>>,
}

/// How far one line has come, in units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineProgress {
    /// What the line stands for.
    pub kind: LineKind,
    /// Agreed.
    pub ordered: u32,
    /// Will not be delivered.
    pub cancelled: u32,
    /// Left.
    pub shipped: u32,
    /// Came back.
    pub returned: u32,
    /// Credited.
    pub credited: u32,
}

impl LineProgress {
    /// Units that were neither cancelled nor shipped.
    #[must_use]
    pub const fn outstanding(&self) -> u32 {
        self.ordered.saturating_sub(self.cancelled).saturating_sub(self.shipped)
    }
}

/// How one payment for an order stands, in minor units of the order's currency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentAmounts {
    /// Set aside and not taken.
    pub authorized_minor: i64,
    /// Taken so far.
    pub captured_minor: i64,
    /// Given back so far.
    pub refunded_minor: i64,
    /// Held back by disputes.
    pub disputed_minor: i64,
}

impl PaymentAmounts {
    /// The sums; `None` if one does not fit.
    pub(super) fn checked_add(self, other: Self) -> Option<Self> {
        Some(Self {
            authorized_minor: self.authorized_minor.checked_add(other.authorized_minor)?,
            captured_minor: self.captured_minor.checked_add(other.captured_minor)?,
            refunded_minor: self.refunded_minor.checked_add(other.refunded_minor)?,
            disputed_minor: self.disputed_minor.checked_add(other.disputed_minor)?,
        })
    }

    /// What they mean for an order of this total.
    pub(super) const fn status(self, total_minor: i64) -> PaymentStatus {
        let Self { authorized_minor, captured_minor, refunded_minor, disputed_minor } = self;
        PaymentStatus::of(total_minor, authorized_minor, captured_minor, refunded_minor, disputed_minor)
    }
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
            shipped: 0,
            returned: 0,
            credited: 0,
        });
        Self {
            lifecycle: Lifecycle::Placed,
            fulfillment_started: false,
            delivered: false,
            currency: placed.currency,
            total_minor: placed.totals.total_minor,
            source: placed.source.as_ref().map(SourceKey::from),
            lines: lines.collect(),
            payments: BTreeMap::new(),
            shipments: BTreeMap::new(),
            returns: BTreeMap::new(),
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
    pub(super) fn payment_sums(&self) -> PaymentAmounts {
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
            OrderEvent::OrderConfirmed(_) => self.lifecycle = Lifecycle::Confirmed,
            OrderEvent::OrderLinesCancelled(cancelled) => {
                self.add(&cancelled.lines, |line| &mut line.cancelled);
            }
            OrderEvent::OrderCancelled(_) => {
                self.lifecycle = Lifecycle::Cancelled;
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
            OrderEvent::OrderLinesShipped(shipped) => {
                self.add(&shipped.lines, |line| &mut line.shipped);
                self.shipments.insert(shipped.shipment_id, shipped.lines.as_slice().into());
            }
            OrderEvent::OrderDelivered(_) => self.delivered = true,
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

    fn add(&mut self, lines: &[LineQuantity], count: fn(&mut LineProgress) -> &mut u32) {
        for LineQuantity { line, quantity } in lines {
            self.add_to(*line, quantity.get(), count);
        }
    }

    fn add_to(&mut self, number: u32, units: u32, count: fn(&mut LineProgress) -> &mut u32) {
        let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        match index.and_then(|index| self.lines.get_mut(index)) {
            Some(line) => {
                let count = count(line);
                *count = count.saturating_add(units);
            }
            None => debug_assert!(false, "the order has no line {number}"),
        }
    }
}
