//! Payments: nothing is taken that was not agreed, and nothing given back that was not taken.

use super::{Checked, Orders, Violation, ensure, uuid_of};
use crate::reached::{Reached, State};
use std::collections::BTreeMap;
use tillroll_domain::{
    aggregate::Aggregate,
    ids::{OperationId, OrderId, PaymentId},
    payment::{
        Payment,
        events::{OperationKind, PaymentEvent as Event},
        state::{CreatedPayment, PaymentState},
    },
};
use tillroll_infra::event::RecordedEvent;

/// All payments.
#[derive(Debug, Default)]
pub struct Payments {
    books: BTreeMap<PaymentId, PaymentBook>,
    of_order: BTreeMap<OrderId, Vec<PaymentId>>,
}

/// One payment.
#[derive(Debug)]
pub struct PaymentBook {
    state: PaymentState,
    /// What it pays.
    pub order: OrderId,
    /// The most that was ever authorized or captured and not given back.
    pub most_paid_minor: i64,
    /// How often the buyer tried.
    pub attempts: u32,
    /// What was asked of the provider.
    pub requested: BTreeMap<OperationId, (OperationKind, i64)>,
    cancelled_at: Option<u64>,
    refunds: u32,
}

impl PaymentBook {
    /// The payment as the domain sees it.
    #[must_use]
    pub fn created(&self) -> Option<&CreatedPayment> {
        self.state.created().ok()
    }

    fn of(&self, amount: impl Fn(&CreatedPayment) -> i64) -> i64 {
        self.created().map_or(0, amount)
    }

    /// Set aside.
    #[must_use]
    pub fn authorized_minor(&self) -> i64 {
        self.of(CreatedPayment::authorized_minor)
    }

    /// Taken.
    #[must_use]
    pub fn captured_minor(&self) -> i64 {
        self.of(CreatedPayment::captured_minor)
    }

    /// Given back.
    #[must_use]
    pub fn refunded_minor(&self) -> i64 {
        self.of(CreatedPayment::refunded_minor)
    }

    /// Disputed and not won.
    #[must_use]
    pub fn disputed_minor(&self) -> i64 {
        self.of(CreatedPayment::disputed_minor)
    }

    /// Whether nothing more is to be taken by it.
    #[must_use]
    pub const fn is_cancelled(&self) -> bool {
        self.cancelled_at.is_some()
    }
}

impl Payments {
    /// A payment.
    #[must_use]
    pub fn payment(&self, id: PaymentId) -> Option<&PaymentBook> {
        self.books.get(&id)
    }

    /// All payments.
    pub fn all(&self) -> impl Iterator<Item = (PaymentId, &PaymentBook)> {
        self.books.iter().map(|(id, book)| (*id, book))
    }

    /// The payments of an order.
    pub fn of_order(&self, order: OrderId) -> impl Iterator<Item = (PaymentId, &PaymentBook)> {
        let ids = self.of_order.get(&order).map_or(&[][..], Vec::as_slice);
        ids.iter().filter_map(|id| Some((*id, self.books.get(id)?)))
    }

    pub(super) fn see(
        &mut self,
        recorded: &RecordedEvent,
        event: &Event,
        orders: &Orders,
        reached: &Reached,
    ) -> Checked {
        let id = PaymentId::new(uuid_of(recorded)?);
        if let Event::PaymentCreated(created) = event {
            let order = created.order_id;
            if let Some(placed) = orders.order(order).filter(|order| order.is_checkout) {
                ensure(created.amount.minor == placed.total_minor, "property 3", || {
                    format!("{id} is over {} for {order}, which comes to {}", created.amount, placed.total_minor)
                })?;
            }
            let of_order = self.of_order.entry(order).or_default();
            of_order.push(id);
            ensure(of_order.len() == 1, "case 12", || format!("{order} is paid by {of_order:?}"))?;
            let book = PaymentBook {
                state: PaymentState::New,
                order,
                most_paid_minor: 0,
                attempts: 0,
                requested: BTreeMap::new(),
                cancelled_at: None,
                refunds: 0,
            };
            self.books.insert(id, book);
        }
        let Some(book) = self.books.get_mut(&id) else {
            let what = format!("{id} at {}: {} comes first", recorded.position, recorded.event_type);
            return Err(Violation::new("history", what));
        };
        if let Event::PaymentOperationRequested(e) = event {
            if e.kind == OperationKind::Refund {
                let left = book.of(CreatedPayment::refundable_minor);
                ensure(e.amount_minor <= left, "property 4", || {
                    format!("{id} at {}: {} is to be refunded of {left}", recorded.position, e.amount_minor)
                })?;
            }
            let takes = matches!(e.kind, OperationKind::Authorize | OperationKind::Capture);
            ensure(!(takes && book.is_cancelled()), "case 27", || {
                format!("{id} at {}: more is to be taken after it was cancelled", recorded.position)
            })?;
            book.requested.insert(e.operation_id, (e.kind, e.amount_minor));
        }
        book.state = Payment::evolve(std::mem::replace(&mut book.state, PaymentState::New), event);
        book.count(event, recorded.position.0, reached);
        let (authorized, captured) = (book.authorized_minor(), book.captured_minor());
        let (refunded, amount) = (book.refunded_minor(), book.of(|payment| payment.amount().minor));
        book.most_paid_minor = book.most_paid_minor.max(authorized + captured - refunded);
        let figures = || {
            format!(
                "{id} at {}: {authorized} authorized, {captured} captured, {refunded} refunded of {amount}",
                recorded.position
            )
        };
        ensure(authorized >= 0 && (0..=amount).contains(&captured), "I14 money", figures)?;
        ensure((0..=captured).contains(&refunded), "I14 money", figures)
    }
}

impl PaymentBook {
    fn count(&mut self, event: &Event, position: u64, reached: &Reached) {
        match event {
            Event::PaymentAttemptStarted(e) => self.attempts = e.attempt,
            Event::PaymentCancelled(_) => self.cancelled_at = Some(position),
            Event::PaymentCaptured(_) if self.is_cancelled() => reached.at(State::CapturedAfterCancel),
            Event::PaymentVoided(_) if self.is_cancelled() => reached.at(State::Voided),
            Event::PaymentOperationFailed(e) if e.kind == OperationKind::Authorize => reached.at(State::Declined),
            Event::PaymentAuthorizationExpired(_) => reached.at(State::AuthorizationExpired),
            Event::PaymentDisputeOpened(_) => {
                reached.at(State::DisputeOpened);
                if self.refunded_minor() > 0 {
                    reached.at(State::DisputeOnRefunded);
                }
            }
            Event::PaymentOperationObserved(e) => match e.kind {
                OperationKind::Capture => reached.at(State::DashboardCapture),
                OperationKind::Refund => reached.at(State::DashboardRefund),
                OperationKind::Authorize | OperationKind::Void => {}
            },
            Event::PaymentRefunded(_) => {
                self.refunds += 1;
                let left = self.captured_minor() - self.refunded_minor();
                if left > 0 {
                    reached.at(State::PartialRefund);
                } else if self.refunds > 1 {
                    reached.at(State::LastRefund);
                }
            }
            _ => {}
        }
    }
}
