//! What holds for every order, whatever is asked of it in whatever order.

use super::{
    Order,
    cause::CancelCause,
    commands::{OrderCommand, OrderSnapshot},
    events::{CreditedLine, OrderEvent},
    fixtures::{
        cancellation, cancellation_of, credit_note_id, goods_return, hold, line, payment_id, payment_update, plan,
        release, reserving, return_closing, return_request, shipment, shipment_id, snapshot, source, terms, units,
    },
    state::{OrderState, PaymentAmounts, PlacedOrder},
    status::{FulfillmentProgress, FulfillmentStatus, Lifecycle, OrderStatus, PaymentStatus},
};
use crate::{
    aggregate::Aggregate,
    checkout::CheckoutTerms,
    common::{LineKind, LineQuantity},
    ids::{PaymentId, ReturnId, ShipmentId},
    testing::{decide, moment},
};
use proptest::{prelude::*, sample::select, strategy::ValueTree, test_runner::TestRunner};
use std::collections::{BTreeMap, BTreeSet};

fn any_lines() -> impl Strategy<Value = Vec<(u32, u32)>> {
    // Mostly lines and quantities that exist.
    prop::collection::vec((0_u32..5, 1_u32..4), 1..4)
}

/// Where an order comes from.
#[derive(Debug, Clone, Copy)]
enum Made {
    ByStaff,
    ByCheckout,
    Recorded,
}

fn any_placing() -> impl Strategy<Value = OrderCommand> {
    let goods = prop::collection::vec((1_u32..4, 0_u32..3), 0..4);
    let kind = select(vec![Made::ByStaff, Made::ByCheckout, Made::Recorded]);
    (goods, 0_u32..3, kind).prop_filter_map("an order has lines", |(goods, carriage, made)| {
        let goods = goods.into_iter().map(|(quantity, price)| (LineKind::Goods, quantity, price.to_string()));
        let carriage = (carriage > 0).then(|| (LineKind::Carriage, carriage, "1".to_owned()));
        let numbered = (1..).zip(goods.chain(carriage));
        let lines: Vec<_> =
            numbered.map(|(number, (kind, quantity, price))| line(number, kind, quantity, &price)).collect();
        let has_goods = lines.iter().any(|line| line.kind == LineKind::Goods);
        let is_owed = lines.iter().any(|line| line.amount_minor > 0);
        let payment = terms().payment.filter(|_| is_owed);
        (!lines.is_empty()).then(|| match made {
            Made::ByStaff => OrderCommand::Place { snapshot: snapshot(lines) },
            Made::ByCheckout => OrderCommand::Place {
                snapshot: OrderSnapshot { checkout: Some(CheckoutTerms { payment }), ..snapshot(lines) },
            },
            Made::Recorded => OrderCommand::Record {
                snapshot: snapshot(lines),
                source: source("536365", "aa"),
                payment_id: is_owed.then(|| payment_id(0)),
                shipment_id: has_goods.then(|| shipment_id(0)),
            },
        })
    })
}

fn any_command() -> impl Strategy<Value = OrderCommand> {
    // Few amounts, so that what was captured is often refunded in full.
    let amount = || prop::sample::select(vec![0_i64, 0, 100, 200, 500]);
    let credited = |(line, quantity)| CreditedLine { line, quantity: units(quantity), amount_minor: 1 };
    prop_oneof![
        4 => Just(OrderCommand::Confirm),
        3 => (0_u128..2).prop_map(|n| reserving(&[hold(n, 20)])),
        1 => select(vec![CancelCause::PaymentOverdue, CancelCause::StockLost, CancelCause::Buyer])
            .prop_map(|cause| OrderCommand::CancelForCause { cause }),
        1 => Just(cancellation()),
        1 => Just(OrderCommand::CancelByBuyer { reason: "".parse().unwrap() }),
        2 => any_lines().prop_map(|lines| cancellation_of(&lines)),
        8 => (0_u128..2, [amount(), amount(), amount(), amount()])
            .prop_map(|(payment, amounts)| payment_update(payment, amounts)),
        1 => Just(OrderCommand::StartFulfillment),
        6 => (0_u128..8, any_lines()).prop_map(|(id, lines)| shipment(id, &lines)),
        4 => (0_u128..8, any_lines()).prop_map(|(id, lines)| plan(id, &lines)),
        2 => (0_u128..8).prop_map(release),
        3 => (0_u128..4, any_lines()).prop_map(|(id, lines)| return_request(id, &lines)),
        1 => (0_u128..4).prop_map(return_closing),
        3 => Just(OrderCommand::Deliver),
        3 => (0_u128..4, any_lines()).prop_map(|(id, lines)| goods_return(id, &lines)),
        1 => Just(OrderCommand::Close),
        2 => (0_u128..4, any_lines()).prop_map(move |(id, lines)| OrderCommand::RecordCredit {
            credit_note_id: credit_note_id(id),
            lines: lines.into_iter().map(credited).collect(),
        }),
    ]
}

fn any_history() -> impl Strategy<Value = Vec<OrderCommand>> {
    let leaving = (0_u128..8, any_lines()).prop_map(|(id, lines)| vec![plan(id, &lines), shipment(id, &lines)]);
    let step = prop_oneof![9 => any_command().prop_map(|command| vec![command]), 1 => leaving];
    (any_placing(), prop::collection::vec(step, 0..40))
        .prop_map(|(placing, steps)| std::iter::once(placing).chain(steps.into_iter().flatten()).collect())
}

/// What a read model would keep, folded from the events alone.
#[derive(Default)]
struct View {
    total_minor: i64,
    lines: BTreeMap<u32, (LineKind, Counts)>,
    plans: BTreeMap<ShipmentId, Vec<LineQuantity>>,
    return_requests: BTreeMap<ReturnId, Vec<LineQuantity>>,
    payments: BTreeMap<PaymentId, PaymentAmounts>,
    progress: FulfillmentProgress,
    lifecycle: Option<Lifecycle>,
    is_checkout: bool,
    is_reserved: bool,
    gone_minor: i64,
}

#[derive(Debug, Default, PartialEq)]
struct Counts {
    ordered: u64,
    cancelled: u64,
    planned: u64,
    shipped: u64,
    return_requested: u64,
    returned: u64,
    credited: u64,
}

impl View {
    fn add(&mut self, lines: &[LineQuantity], count: fn(&mut Counts) -> &mut u64) {
        for LineQuantity { line, quantity } in lines {
            *count(&mut self.lines.get_mut(line).unwrap().1) += u64::from(quantity.get());
        }
    }

    fn subtract(&mut self, lines: Option<Vec<LineQuantity>>, count: fn(&mut Counts) -> &mut u64) {
        for LineQuantity { line, quantity } in lines.unwrap_or_default() {
            *count(&mut self.lines.get_mut(&line).unwrap().1) -= u64::from(quantity.get());
        }
    }

    fn take_off(&mut self, value_minor: Option<i64>) {
        let value_minor = value_minor.unwrap();
        assert!(value_minor >= 0, "nothing becomes worth more");
        self.gone_minor += value_minor;
    }

    fn apply(&mut self, event: &OrderEvent) {
        match event {
            OrderEvent::OrderPlaced(placed) => {
                self.total_minor = placed.totals.total_minor;
                self.lifecycle = Some(Lifecycle::Placed);
                self.is_checkout = placed.checkout.is_some();
                for line in &placed.lines {
                    self.lines.insert(
                        line.line,
                        (line.kind, Counts { ordered: line.quantity.get().into(), ..Counts::default() }),
                    );
                }
            }
            OrderEvent::OrderStockReserved(_) => self.is_reserved = true,
            OrderEvent::OrderConfirmed(_) => {
                let has_goods = self.lines.values().any(|(kind, _)| *kind == LineKind::Goods);
                let paid: i64 = self
                    .payments
                    .values()
                    .map(|amounts| amounts.authorized_minor + amounts.captured_minor - amounts.refunded_minor)
                    .sum();
                assert!(!self.is_checkout || self.is_reserved || !has_goods, "stock comes before the promise");
                assert!(!self.is_checkout || paid >= self.total_minor, "money comes before the promise");
                self.lifecycle = Some(Lifecycle::Confirmed);
            }
            OrderEvent::OrderLinesCancelled(event) => {
                self.take_off(event.value_minor);
                self.add(&event.lines, |counts| &mut counts.cancelled);
            }
            OrderEvent::OrderCancelled(_) => {
                self.lifecycle = Some(Lifecycle::Cancelled);
                for (_, counts) in self.lines.values_mut() {
                    counts.cancelled = counts.ordered - counts.shipped;
                }
            }
            OrderEvent::OrderPaymentChanged(event) => {
                let amounts = PaymentAmounts {
                    authorized_minor: event.authorized_minor,
                    captured_minor: event.captured_minor,
                    refunded_minor: event.refunded_minor,
                    disputed_minor: event.disputed_minor,
                };
                let before = self.payments.insert(event.payment_id, amounts).unwrap_or_default();
                assert!(before.captured_minor <= amounts.captured_minor, "captured money never falls");
                assert!(before.refunded_minor <= amounts.refunded_minor, "refunded money never falls");
            }
            OrderEvent::OrderFulfillmentStarted(_) => self.progress.started = true,
            OrderEvent::OrderFulfillmentPlanned(event) => {
                self.add(&event.lines, |counts| &mut counts.planned);
                self.plans.insert(event.shipment_id, event.lines.clone());
            }
            OrderEvent::OrderFulfillmentReleased(event) => {
                let plan = self.plans.remove(&event.shipment_id);
                assert!(plan.is_some(), "only a plan is given up");
                self.subtract(plan, |counts| &mut counts.planned);
            }
            OrderEvent::OrderLinesShipped(event) => {
                let plan = self.plans.remove(&event.shipment_id);
                assert!(plan.as_ref().is_none_or(|plan| *plan == event.lines), "what leaves is what was planned");
                self.subtract(plan, |counts| &mut counts.planned);
                self.add(&event.lines, |counts| &mut counts.shipped);
            }
            OrderEvent::OrderReturnRequested(event) => {
                self.add(&event.lines, |counts| &mut counts.return_requested);
                self.return_requests.insert(event.return_id, event.lines.clone());
            }
            OrderEvent::OrderReturnClosed(event) => {
                let request = self.return_requests.remove(&event.return_id);
                assert!(request.is_some(), "only a request is closed");
                self.subtract(request, |counts| &mut counts.return_requested);
            }
            OrderEvent::OrderDelivered(_) => self.progress.delivered = true,
            OrderEvent::OrderLinesReturned(event) => {
                self.take_off(event.value_minor);
                self.add(&event.lines, |counts| &mut counts.returned);
            }
            OrderEvent::OrderLinesCredited(event) => {
                for CreditedLine { line, quantity, .. } in &event.lines {
                    self.lines.get_mut(line).unwrap().1.credited += u64::from(quantity.get());
                }
            }
            OrderEvent::OrderClosed(_) => self.lifecycle = Some(Lifecycle::Closed),
        }
    }

    fn check_invariants(&self) {
        for (number, (kind, counts)) in &self.lines {
            assert!(counts.cancelled + counts.planned + counts.shipped <= counts.ordered, "line {number}: {counts:?}");
            assert!(counts.returned + counts.return_requested <= counts.shipped, "line {number}: {counts:?}");
            assert!(counts.credited <= counts.ordered, "line {number}: {counts:?}");
            assert!(*kind == LineKind::Goods || counts.shipped + counts.planned == 0, "only goods are shipped");
        }
        for amounts in self.payments.values() {
            assert!(amounts.refunded_minor + amounts.disputed_minor <= amounts.captured_minor, "{amounts:?}");
        }
        assert!(!self.progress.delivered || self.progress.started, "what arrived was put together");
    }

    fn status(&self) -> Option<OrderStatus> {
        let sum = |amount: fn(&PaymentAmounts) -> i64| self.payments.values().map(amount).sum();
        let payment = PaymentStatus::of(
            self.total_minor,
            sum(|amounts| amounts.authorized_minor),
            sum(|amounts| amounts.captured_minor),
            sum(|amounts| amounts.refunded_minor),
            sum(|amounts| amounts.disputed_minor),
        );
        let goods = self.lines.values().filter(|(kind, _)| *kind == LineKind::Goods);
        let progress = goods.fold(self.progress, |sum, (_, counts)| FulfillmentProgress {
            to_ship: sum.to_ship + counts.ordered - counts.cancelled,
            shipped: sum.shipped + counts.shipped,
            returned: sum.returned + counts.returned,
            ..sum
        });
        Some(OrderStatus::of(self.lifecycle?, payment, FulfillmentStatus::of(progress)))
    }

    fn check_same(&self, order: &PlacedOrder) {
        if self.lifecycle != Some(Lifecycle::Cancelled) && !order.was_cancelled() {
            assert_eq!(order.due_minor(), self.total_minor - self.gone_minor, "the values come to what is left");
        }
        assert!(self.gone_minor <= self.total_minor);
        assert_eq!(self.status(), Some(order.status()));
        assert_eq!(Some(order.lifecycle()), self.lifecycle);
        assert_eq!(order.payments(), &self.payments);
        for (line, (_, counts)) in order.lines().iter().zip(self.lines.values()) {
            let progress = Counts {
                ordered: line.ordered.into(),
                cancelled: line.cancelled.into(),
                planned: line.planned.into(),
                shipped: line.shipped.into(),
                return_requested: line.return_requested.into(),
                returned: line.returned.into(),
                credited: line.credited.into(),
            };
            assert_eq!(progress, *counts);
        }
    }
}

/// Runs the commands, checks every event, and answers the steps that the status took.
fn run(commands: &[OrderCommand]) -> BTreeSet<(OrderStatus, OrderStatus)> {
    let (mut history, mut view, mut state) = (Vec::new(), View::default(), Order::initial());
    let mut steps = BTreeSet::new();
    for command in commands {
        let Ok(events) = decide::<Order>(&history, command, &moment()) else { continue };
        for event in events {
            let before = view.status();
            view.apply(&event);
            state = Order::evolve(state, &event);
            history.push(event);
            view.check_invariants();
            view.check_same(state.placed().unwrap());
            match (before, view.status()) {
                (None, after) => assert_eq!(after, Some(OrderStatus::Pending), "an order starts as pending"),
                (Some(from), Some(to)) if from != to => {
                    assert!(from.can_become(to), "{from} became {to} by {:?} in {commands:?}", history.last());
                    steps.insert((from, to));
                }
                (Some(_), _) => {}
            }
        }
        let again = decide::<Order>(&history, command, &moment());
        if has_business_id(command) {
            assert_eq!(again, Ok(vec![]), "{command:?} counts once");
        }
    }
    assert_eq!(state, Order::fold(&history));
    steps
}

/// Commands that are silent when they come again: they carry an id, or say how things shall stand.
fn has_business_id(command: &OrderCommand) -> bool {
    match command {
        OrderCommand::Place { .. } | OrderCommand::CancelLines { .. } => false,
        OrderCommand::Confirm
        | OrderCommand::Cancel { .. }
        | OrderCommand::CancelByBuyer { .. }
        | OrderCommand::CancelForCause { .. }
        | OrderCommand::RecordStockReserved { .. }
        | OrderCommand::PlanFulfillment { .. }
        | OrderCommand::ReleaseFulfillment { .. }
        | OrderCommand::RequestReturn { .. }
        | OrderCommand::CloseReturn { .. }
        | OrderCommand::UpdatePayment { .. }
        | OrderCommand::StartFulfillment
        | OrderCommand::ShipLines { .. }
        | OrderCommand::Deliver
        | OrderCommand::ReturnLines { .. }
        | OrderCommand::Close
        | OrderCommand::Record { .. }
        | OrderCommand::RecordCredit { .. } => true,
    }
}

proptest! {
    /// Cases 25 to 27: whatever is planned, shipped, cancelled and sent back in whatever order, per line
    /// cancelled + planned + shipped ≤ ordered and returned + requested ≤ shipped.
    #[test]
    fn every_history_keeps_the_invariants_and_takes_only_legal_steps(commands in any_history()) {
        run(&commands);
    }

    #[test]
    fn totals_are_the_sum_of_the_lines(placing in any_placing()) {
        let OrderState::Placed(order) = Order::fold(&decide::<Order>(&[], &placing, &moment()).unwrap()) else {
            return Err(TestCaseError::fail("the order was placed"));
        };
        let (OrderCommand::Place { snapshot } | OrderCommand::Record { snapshot, .. }) = placing else {
            return Err(TestCaseError::fail("orders are placed or recorded"));
        };
        prop_assert_eq!(order.total_minor(), snapshot.lines.iter().map(|line| line.amount_minor).sum::<i64>());
    }
}

/// The property above says little unless the histories go everywhere.
#[test]
fn the_tested_histories_take_every_legal_step() {
    let mut runner = TestRunner::deterministic();
    let mut taken = BTreeSet::new();
    for _ in 0..1_500 {
        taken.extend(run(&any_history().new_tree(&mut runner).unwrap().current()));
    }
    let all = OrderStatus::ALL.iter().flat_map(|&from| OrderStatus::ALL.iter().map(move |&to| (from, to)));
    let legal: BTreeSet<_> = all.filter(|(from, to)| from.can_become(*to)).collect();
    assert_eq!(taken, legal);
}
