//! The hands of Checkout: it reads the news for it, and sends its actions as commands.

mod money;
pub(super) mod order;
pub(super) mod stock;

pub(crate) use money::cancel as cancel_payment;
pub(crate) use stock::release as release_hold;

use super::{
    CheckoutProcess,
    messages::{
        Began, CheckoutAction as Action, CheckoutAnswer as Answer, CheckoutPolicy, CheckoutTrigger as Trigger, Demand,
    },
};
use crate::{
    sending::{load, send},
    worker::{Routed, Sender, Worker, WorkerError},
};
use futures::future::{BoxFuture, FutureExt as _};
use std::collections::BTreeMap;
use tillroll_domain::{
    cart::{
        Cart,
        commands::CartCommand,
        events::CartEvent,
        state::{CartState, OpenCart, RunningCheckout},
    },
    ids::{CartId, OrderId},
    money::Money,
    order::events::OrderEvent,
    quantity::Quantity,
    text::{Reference, Sku},
};
use tillroll_infra::{bus::Bus, event::RecordedEvent};

/// Carries out what Checkout decides. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct CheckoutWorker {
    bus: Bus,
    policy: CheckoutPolicy,
}

impl CheckoutWorker {
    /// Over a bus that takes commands of carts, orders, stock items and payments, and loads customers.
    #[must_use]
    pub const fn new(bus: Bus, policy: CheckoutPolicy) -> Self {
        Self { bus, policy }
    }

    async fn news(&self, event: &RecordedEvent) -> Result<Option<Routed<CheckoutProcess>>, WorkerError> {
        let unreadable = |error: serde_json::Error| {
            WorkerError(format!("{} at {} cannot be decoded: {error}", event.event_type, event.position))
        };
        if event.stream.category() == "cart" {
            return match event.decode::<CartEvent>().map_err(unreadable)? {
                CartEvent::CartCheckoutBegan(began) => self.began(event, began.order_id).await,
                _ => Ok(None),
            };
        }
        let trigger = match event.decode::<OrderEvent>().map_err(unreadable)? {
            OrderEvent::OrderPaymentChanged(changed) => Trigger::PaymentChanged {
                payment_id: changed.payment_id,
                covered_minor: changed
                    .authorized_minor
                    .saturating_add(changed.captured_minor)
                    .saturating_sub(changed.refunded_minor),
            },
            OrderEvent::OrderConfirmed(_) => Trigger::OrderConfirmed,
            OrderEvent::OrderCancelled(cancelled) => {
                Trigger::OrderCancelled { confirmed: cancelled.confirmed.unwrap_or(false) }
            }
            _ => return Ok(None),
        };
        Ok(Some(Routed { instance: event.stream.id().to_owned(), trigger, starts: false }))
    }

    /// What the checkout of an order begins with. The cart stands as it stood then, until the process that this begins ends
    /// the checkout; so if it does not run any more, its process has begun.
    async fn began(
        &self,
        event: &RecordedEvent,
        order_id: OrderId,
    ) -> Result<Option<Routed<CheckoutProcess>>, WorkerError> {
        let cart = load::<Cart>(&self.bus, event.stream.tenant(), event.stream.id()).await?;
        let Some((cart, running)) = running(&cart.state, order_id) else { return Ok(None) };
        let quote = cart.quote.as_deref().ok_or_else(|| WorkerError(format!("{} has no quote", cart.cart_id)))?;
        let began = Began {
            cart_id: cart.cart_id,
            order_id,
            quote_hash: running.quote_hash,
            total: Money::new(quote.total_minor, quote.currency),
            payment: running.terms.payment.clone(),
            instrument: running.instrument.clone(),
            demand: demand_of(cart)?,
        };
        let trigger = Trigger::Began(Box::new(began));
        Ok(Some(Routed { instance: order_id.uuid().to_string(), trigger, starts: true }))
    }

    async fn carry_out(&self, action: &Action, sender: &Sender) -> Result<Answer, WorkerError> {
        let bus = &self.bus;
        match action {
            Action::PlaceOrder { cart_id, order_id } => order::place(bus, sender, *cart_id, *order_id).await,
            Action::ReserveStock { place, quantity, expires_at } => {
                stock::reserve(bus, sender, place, *quantity, *expires_at).await
            }
            Action::ExtendHold { place, expires_at } => stock::extend(bus, sender, place, *expires_at).await,
            Action::AllocateHold { place, order_id } => stock::allocate(bus, sender, place, *order_id).await,
            Action::ReleaseHold { place, promised_to } => {
                release_hold(bus, sender, &place.sku, &place.location, place.reservation_id, *promised_to).await?;
                Ok(Answer::Done {})
            }
            Action::RecordStock { order_id, holds, .. } => order::record_stock(bus, sender, *order_id, holds).await,
            Action::ConfirmOrder { order_id, .. } => order::confirm(bus, sender, *order_id).await,
            Action::CancelOrder { order_id, cause } => order::cancel(bus, sender, *order_id, cause).await,
            Action::StartPayment { order_id, payment_id, operation_id, amount, quote_hash, terms, instrument } => {
                let start = money::Start {
                    order_id: *order_id,
                    operation_id: *operation_id,
                    amount: *amount,
                    quote_hash: *quote_hash,
                    terms,
                    instrument: instrument.as_ref(),
                };
                money::start(bus, sender, *payment_id, &start).await
            }
            Action::CapturePayment { order_id, payment_id, operation_id } => {
                money::capture(bus, sender, *order_id, *payment_id, *operation_id).await
            }
            Action::CancelPayment { payment_id } => {
                cancel_payment(bus, sender, *payment_id).await?;
                Ok(Answer::Done {})
            }
            Action::EndCart { cart_id, order_id, placed } => self.end_cart(sender, *cart_id, *order_id, *placed).await,
        }
    }

    async fn end_cart(
        &self,
        sender: &Sender,
        cart_id: CartId,
        order_id: OrderId,
        placed: bool,
    ) -> Result<Answer, WorkerError> {
        let command = CartCommand::EndCheckout { order_id, placed };
        let cart = cart_id.uuid().to_string();
        Ok(match send::<Cart>(&self.bus, &cart, command, sender, "end").await? {
            Ok(_) => Answer::Done {},
            Err(error) => {
                tracing::warn!(%cart_id, %order_id, placed, %error, "a cart does not end its checkout");
                refused("cart_changed")
            }
        })
    }
}

impl Worker<CheckoutProcess> for CheckoutWorker {
    fn event_types(&self) -> &'static [&'static str] {
        &["CartCheckoutBegan", "OrderPaymentChanged", "OrderConfirmed", "OrderCancelled"]
    }

    fn route<'a>(
        &'a self,
        event: &'a RecordedEvent,
    ) -> BoxFuture<'a, Result<Vec<Routed<CheckoutProcess>>, WorkerError>> {
        self.news(event).map(|news| Ok(news?.into_iter().collect())).boxed()
    }

    fn perform<'a>(&'a self, action: &'a Action, sender: &'a Sender) -> BoxFuture<'a, Result<Answer, WorkerError>> {
        self.carry_out(action, sender).boxed()
    }

    fn policy(&self) -> CheckoutPolicy {
        self.policy.clone()
    }
}

/// The cart and its checkout of an order, if that runs.
fn running(cart: &CartState, order_id: OrderId) -> Option<(&OpenCart, &RunningCheckout)> {
    let cart = cart.open().ok()?;
    let running = cart.running_checkout().filter(|running| running.order_id == order_id)?;
    Some((cart, running))
}

/// Each SKU once, whatever lines ask for it, so that two lines never count the same units.
fn demand_of(cart: &OpenCart) -> Result<Vec<Demand>, WorkerError> {
    let mut units: BTreeMap<&Sku, i64> = BTreeMap::new();
    for line in &cart.lines {
        *units.entry(&line.sku).or_default() += line.quantity.as_i64();
    }
    let demand = units.into_iter().map(|(sku, units)| {
        let quantity =
            Quantity::new(units).map_err(|error| WorkerError(format!("{sku} in {}: {error}", cart.cart_id)))?;
        Ok(Demand { sku: sku.clone(), quantity })
    });
    demand.collect()
}

/// A refusal by its code.
fn refused(code: &str) -> Answer {
    Answer::Refused { code: reference(code) }
}

/// A code of ours.
pub(crate) fn reference(code: &str) -> Reference {
    code.parse().expect("our codes are references")
}
