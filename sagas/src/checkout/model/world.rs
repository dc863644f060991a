//! The world around one checkout: stock and order as they are, cart and payment as far as the checkout sees them.

mod people;

use super::super::{
    CheckoutProcess,
    fixtures::{cart, order, payment, policy, quote_hash, terms, units},
    messages::{
        Began, CheckoutAction as Action, CheckoutAnswer as Answer, CheckoutFact as Fact, CheckoutTrigger as Trigger,
        Demand,
    },
    worker::{order::refusal, reference, stock},
};
use crate::{
    managed::{Deliver, Instance, Managed},
    process::Ending,
    testing::{moment_at, noon},
};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use tillroll_domain::{
    aggregate::Aggregate as _,
    checkout::{CapturePolicy, CheckoutTerms},
    common::LineKind,
    ids::ReservationId,
    money::{Money, Rounding},
    order::{
        Order, OrderError, OrderState,
        commands::{OrderCommand, OrderContact, OrderSnapshot},
        events::{OrderEvent, OrderLine, RoundingPolicy, RoundingStage, Tax},
        status::Lifecycle,
    },
    price::UnitPrice,
    stock_item::{
        StockItem, StockItemError, StockItemState,
        commands::{StockItemCommand as Command, stream_id},
    },
    text::{LocationId, Sku},
};
use uuid::Uuid;

/// What a world begins with.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    /// Units wanted of each SKU.
    pub(super) wanted: Vec<u32>,
    /// How many locations there are.
    pub(super) locations: usize,
    /// Units of each SKU at each location, one after the other.
    pub(super) on_hand: Vec<i64>,
    /// What a unit costs.
    pub(super) price_minor: i64,
    /// When the money is taken.
    pub(super) capture: CapturePolicy,
    /// Whether the customer may buy.
    pub(super) may_buy: bool,
}

#[derive(Debug, Default)]
struct Balance {
    opened: bool,
    cancelled: bool,
    authorized_minor: i64,
    captured_minor: i64,
    refunded_minor: i64,
}

pub(super) struct World {
    instance: Instance<super::super::CheckoutState, Action>,
    position: u64,
    now: DateTime<Utc>,
    stock: BTreeMap<String, StockItemState>,
    /// Units that others hold, for ever.
    others: BTreeMap<String, i64>,
    order: OrderState,
    confirmed: bool,
    told: VecDeque<Trigger>,
    /// How the checkout of the cart ended.
    cart: Option<bool>,
    money: Balance,
    /// Everything that was ever sent, by number.
    sent: BTreeMap<u32, Action>,
    /// Actions on order, payment and cart that were carried out; their commands are remembered.
    carried_out: BTreeSet<u32>,
    took: u128,
    /// Whether money was ever set free again.
    has_lapsed: bool,
    locations: Vec<LocationId>,
    demand: Vec<Demand>,
    snapshot: OrderSnapshot,
    may_buy: bool,
    total_minor: i64,
}

impl World {
    pub(super) fn new(setting: &Setting) -> Self {
        let demand: Vec<Demand> = (0..)
            .zip(&setting.wanted)
            .map(|(n, &wanted): (u32, _)| Demand { sku: format!("S{n}").parse().unwrap(), quantity: units(wanted) })
            .collect();
        let locations = policy(setting.locations).locations;
        let total_minor = setting.price_minor * setting.wanted.iter().map(|&wanted| i64::from(wanted)).sum::<i64>();
        let payment = Some(terms(setting.capture)).filter(|_| total_minor > 0);
        let mut world = Self {
            instance: Managed::<CheckoutProcess>::initial(),
            position: 0,
            now: noon().now,
            stock: BTreeMap::new(),
            others: BTreeMap::new(),
            order: OrderState::New,
            confirmed: false,
            told: VecDeque::new(),
            cart: None,
            money: Balance::default(),
            sent: BTreeMap::new(),
            carried_out: BTreeSet::new(),
            took: 0,
            has_lapsed: false,
            snapshot: snapshot(&demand, setting.price_minor, CheckoutTerms { payment: payment.clone() }),
            locations,
            demand,
            may_buy: setting.may_buy,
            total_minor,
        };
        let mut on_hand = setting.on_hand.iter().cycle();
        for stream in world.streams() {
            for _ in 0..*on_hand.next().unwrap() {
                world.receive_at(&stream);
            }
        }
        let began = Began {
            cart_id: cart(),
            order_id: order(),
            quote_hash: quote_hash(),
            total: Money::new(total_minor, world.snapshot.currency),
            payment,
            instrument: None,
            demand: world.demand.clone(),
        };
        world.told.push_back(Trigger::Began(Box::new(began)));
        world.tell();
        world
    }

    fn streams(&self) -> Vec<String> {
        let of = |sku: &Sku| self.locations.iter().map(|location| stream_id(location, sku)).collect::<Vec<_>>();
        self.demand.iter().flat_map(|demand| of(&demand.sku)).collect()
    }

    fn deliver(&mut self, input: &Deliver<Trigger, Answer, super::super::CheckoutPolicy>) {
        let moment = moment_at(self.now);
        let Ok(events) = Managed::<CheckoutProcess>::decide(&self.instance, input, &moment);
        for event in events {
            for queued in &event.as_ref().send {
                self.sent.insert(queued.no, queued.action.clone());
            }
            for fact in &event.as_ref().facts {
                assert!(
                    !matches!(fact, Fact::Stuck { .. }),
                    "nothing is planned here, so nothing gets stuck: {event:?}"
                );
            }
            self.instance = Managed::<CheckoutProcess>::evolve(self.instance.clone(), &event);
        }
        // A timer may be armed for the same time again; everything else is consumed.
        if !matches!(input, Deliver::Due { .. }) {
            let Ok(again) = Managed::<CheckoutProcess>::decide(&self.instance, input, &moment);
            assert_eq!(again, [], "an input counts once");
        }
    }

    fn policy(&self) -> super::super::CheckoutPolicy {
        policy(self.locations.len())
    }

    pub(super) fn tell(&mut self) {
        let Some(trigger) = self.told.pop_front() else { return };
        self.position += 1;
        let (position, policy) = (self.position, self.policy());
        let starts = matches!(trigger, Trigger::Began(_));
        let event_id = Uuid::from_u128(u128::from(position));
        self.deliver(&Deliver::Told { trigger, position, event_id, starts, policy });
    }

    pub(super) fn perform(&mut self, nth: usize, answers: bool) {
        let open: Vec<u32> = self.instance.outbox.open.keys().copied().collect();
        let Some(&no) = nth.checked_rem(open.len()).and_then(|nth| open.get(nth)) else { return };
        let Some(answer) = self.carry_out(no) else { return };
        if answers {
            let policy = self.policy();
            self.deliver(&Deliver::Answered { no, answer, policy });
        }
    }

    pub(super) fn repeat(&mut self, nth: usize) {
        let Some(nth) = nth.checked_rem(self.sent.len()) else { return };
        let no = *self.sent.keys().nth(nth).unwrap();
        self.carry_out(no);
    }

    pub(super) fn repeat_all(&mut self) {
        let all: Vec<u32> = self.sent.keys().copied().collect();
        for &no in all.iter().chain(all.iter().rev()) {
            self.carry_out(no);
        }
    }

    /// Carries an action out as the worker would; `None` if it must be tried again.
    fn carry_out(&mut self, no: u32) -> Option<Answer> {
        let action = self.sent[&no].clone();
        if self.carried_out.contains(&no) {
            return Some(Answer::Done {});
        }
        let answer = match action {
            Action::ReserveStock { place, quantity, expires_at } => {
                let reserve = Command::Reserve { reservation_id: place.reservation_id, quantity, expires_at };
                return stock::reserved(self.on_stock(&stream_id(&place.location, &place.sku), &reserve)).ok();
            }
            Action::ExtendHold { place, expires_at } => {
                let extend = Command::ExtendReservation { reservation_id: place.reservation_id, expires_at };
                return Some(stock::extended(&self.on_stock(&stream_id(&place.location, &place.sku), &extend)));
            }
            Action::AllocateHold { place, order_id } => {
                let allocate = Command::Allocate { reservation_id: place.reservation_id, order_id };
                return stock::allocated(self.on_stock(&stream_id(&place.location, &place.sku), &allocate)).ok();
            }
            Action::ReleaseHold { place, promised_to } => {
                self.release(&stream_id(&place.location, &place.sku), place.reservation_id, promised_to.is_some());
                return Some(Answer::Done {});
            }
            Action::PlaceOrder { .. } => {
                if self.order != OrderState::New {
                    Answer::Done {}
                } else if !self.may_buy || self.cart.is_some() {
                    Answer::Refused { code: reference("customer_inactive") }
                } else {
                    answered(&self.on_order(&OrderCommand::Place { snapshot: self.snapshot.clone() }))
                }
            }
            Action::RecordStock { holds, .. } => answered(&self.on_order(&OrderCommand::RecordStockReserved { holds })),
            Action::ConfirmOrder { .. } => answered(&self.on_order(&OrderCommand::Confirm)),
            Action::CancelOrder { cause, .. } => answered(&self.on_order(&OrderCommand::CancelForCause { cause })),
            Action::StartPayment { .. } => {
                self.money.opened = true;
                Answer::Done {}
            }
            Action::CapturePayment { .. } => self.capture(),
            Action::CancelPayment { payment_id } => {
                assert_eq!(payment_id, payment());
                assert!(self.money.opened, "a payment is cancelled once it stands");
                self.cancel_payment();
                Answer::Done {}
            }
            Action::EndCart { placed, .. } => match self.cart {
                Some(ended) if ended != placed => Answer::Refused { code: reference("cart_changed") },
                Some(_) | None => {
                    self.cart = Some(placed);
                    Answer::Done {}
                }
            },
        };
        if answer == (Answer::Done {}) {
            self.carried_out.insert(no);
        }
        Some(answer)
    }

    fn on_stock(&mut self, stream: &str, command: &Command) -> Result<(), StockItemError> {
        let state = self.stock.remove(stream).unwrap_or_default();
        let decided = StockItem::decide(&state, command, &moment_at(self.now));
        let events = decided.as_deref().unwrap_or_default();
        let state = events.iter().fold(state, StockItem::evolve);
        assert!(state.available() >= 0, "nothing is sold that is not there");
        self.stock.insert(stream.to_owned(), state);
        decided.map(|_| ())
    }

    fn on_order(&mut self, command: &OrderCommand) -> Result<(), OrderError> {
        let events = Order::decide(&self.order, command, &moment_at(self.now))?;
        for event in events {
            match &event {
                OrderEvent::OrderConfirmed(_) => {
                    self.confirmed = true;
                    self.told.push_back(Trigger::OrderConfirmed);
                }
                OrderEvent::OrderCancelled(cancelled) => {
                    let confirmed = cancelled.confirmed.unwrap();
                    self.told.push_back(Trigger::OrderCancelled { confirmed });
                }
                OrderEvent::OrderPaymentChanged(changed) => self.told.push_back(Trigger::PaymentChanged {
                    payment_id: changed.payment_id,
                    covered_minor: changed.authorized_minor + changed.captured_minor - changed.refunded_minor,
                }),
                _ => {}
            }
            self.order = Order::evolve(std::mem::replace(&mut self.order, OrderState::New), &event);
        }
        Ok(())
    }

    fn release(&mut self, stream: &str, reservation_id: ReservationId, takes_back: bool) {
        let release = Command::ReleaseReservation { reservation_id };
        if let Err(StockItemError::ReservationAllocated { order_id, .. }) = self.on_stock(stream, &release)
            && takes_back
        {
            self.on_stock(stream, &Command::ReleaseAllocation { order_id }).unwrap();
        }
    }

    fn capture(&mut self) -> Answer {
        if self.is_cancelled() {
            return Answer::Cancelled {};
        }
        if self.money.captured_minor >= self.total_minor {
            return Answer::Done {};
        }
        if self.money.authorized_minor == 0 || self.money.cancelled {
            return Answer::Refused { code: reference("nothing_authorized") };
        }
        self.money.captured_minor += std::mem::take(&mut self.money.authorized_minor);
        self.mirror();
        Answer::Done {}
    }

    fn cancel_payment(&mut self) {
        self.money.cancelled = true;
        self.money.authorized_minor = 0;
        self.money.refunded_minor = self.money.captured_minor;
        self.mirror();
    }

    fn mirror(&mut self) {
        let Balance { authorized_minor, captured_minor, refunded_minor, .. } = self.money;
        let update = OrderCommand::UpdatePayment {
            payment_id: payment(),
            authorized_minor,
            captured_minor,
            refunded_minor,
            disputed_minor: 0,
        };
        // An order that was given all its money back takes no note of more.
        _ = self.on_order(&update);
    }

    fn is_cancelled(&self) -> bool {
        let order = self.order.placed().ok();
        order.is_some_and(|order| order.lifecycle() == Lifecycle::Cancelled || order.cancel_cause().is_some())
    }

    /// The world answers everything until it is quiet.
    pub(super) fn settle(&mut self) {
        for _ in 0..10_000 {
            self.give_back();
            if !self.told.is_empty() {
                self.tell();
            } else if !self.instance.outbox.open.is_empty() {
                self.perform(0, true);
            } else if let Some(due) = self.instance.outbox.timers.values().min().copied() {
                self.now = self.now.max(due);
                self.fire();
            } else {
                return;
            }
        }
        panic!("it does not come to rest: {:?}", self.instance);
    }

    /// Nothing is left over.
    pub(super) fn check(&self) {
        let ending = self.instance.ending.as_ref().expect("it ends");
        for (stream, state) in &self.stock {
            let others = self.others.get(stream).copied().unwrap_or(0);
            assert_eq!(state.reserved(), others, "no hold is left at {stream}");
        }
        if self.order != OrderState::New && !self.is_cancelled() {
            assert!(self.confirmed, "an order is confirmed or cancelled");
            for demand in &self.demand {
                assert_eq!(self.promised(&demand.sku), demand.quantity.get(), "all of {} is promised", demand.sku);
            }
            for hold in self.order.placed().unwrap().holds() {
                let at = &self.stock[&stream_id(&hold.location, &hold.sku)];
                assert!(at.allocated_to(order()) >= hold.quantity.get(), "the order knows where its goods are");
            }
            assert_eq!(self.cart, Some(true), "its cart became it");
            // What was set free again could not be taken, though a twin of the capture may have taken what came later.
            let lost_its_money =
                self.has_lapsed && *ending == Ending::Alarmed { reason: reference("nothing_authorized") };
            assert!(*ending == Ending::Completed || lost_its_money, "{ending:?}");
            return;
        }
        for demand in &self.demand {
            assert_eq!(self.promised(&demand.sku), 0, "nothing of {} is promised", demand.sku);
        }
        assert_eq!(self.cart, Some(self.confirmed), "the cart is free, unless it had become the order");
        assert!(!self.money.opened || self.money.cancelled, "no money is asked for");
        assert_eq!(self.money.authorized_minor, 0, "no money is kept");
        let completed_before = self.confirmed && *ending != Ending::Compensated;
        assert!(completed_before || *ending == Ending::Compensated, "{ending:?}");
    }

    fn promised(&self, sku: &Sku) -> u32 {
        let at =
            |location: &LocationId| self.stock.get(&stream_id(location, sku)).map_or(0, |at| at.allocated_to(order()));
        self.locations.iter().map(at).sum()
    }
}

/// What a step of the order came to.
fn answered(result: &Result<(), OrderError>) -> Answer {
    result.as_ref().map_or_else(refusal, |()| Answer::Done {})
}

/// An order of goods at one price.
fn snapshot(demand: &[Demand], price_minor: i64, checkout: CheckoutTerms) -> OrderSnapshot {
    let lines = (1..).zip(demand).map(|(line, demand)| OrderLine {
        line,
        kind: LineKind::Goods,
        code: demand.sku.as_str().parse().unwrap(),
        sku: Some(demand.sku.clone()),
        description: "".parse().unwrap(),
        quantity: demand.quantity,
        unit_price: UnitPrice::from_micros(price_minor * 10_000).unwrap(),
        amount_minor: price_minor * demand.quantity.as_i64(),
        rounding_micros: None,
        tax_minor: None,
        options: vec![],
    });
    OrderSnapshot {
        customer_id: None,
        country: "DE".parse().unwrap(),
        currency: "EUR".parse().unwrap(),
        lines: lines.collect(),
        tax: Tax::NotStated,
        rounding: RoundingPolicy { mode: Rounding::HalfUp, stage: RoundingStage::Line },
        cart: None,
        contact: OrderContact::default(),
        checkout: Some(checkout),
    }
}
