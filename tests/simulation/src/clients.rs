//! The buyers at work, in one life of the engine.

use crate::{
    buyers::{Buyer, Step},
    check::Violation,
    crash::Crasher,
    http::{Answer, Call, Caller, Network},
    reached::State,
    world::World,
};
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tillroll_domain::{
    ids::{CartId, OrderId},
    order::{CancelCause, status::Lifecycle},
    payment::state::OperationOutcome,
};
use tokio::time::sleep;

mod after;

/// A buyer in one life of the engine.
pub struct Client {
    /// Where they are.
    pub world: Arc<World>,
    /// How they reach the engine.
    pub network: Network,
    /// Who they are.
    pub buyer: Arc<Mutex<Buyer>>,
    /// The life.
    pub crasher: Arc<Crasher>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

/// How an order looks to somebody who follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum View {
    /// Not there, and it is not being made either.
    Gone,
    /// Not there yet.
    Expected,
    /// Its stock or payment goes on by itself.
    Busy,
    /// The payment was declined.
    Declined,
    /// The provider wants the buyer to do something.
    Asked,
    /// It is promised, or was.
    Promised,
    /// It is cancelled.
    Cancelled(Option<CancelCause>),
}

impl Client {
    /// Goes on from where the buyer is until they have gone.
    pub async fn run(self) {
        loop {
            let step = self.buyer.lock().step.clone();
            match step {
                Step::Waiting => {
                    let comes_after = self.buyer.lock().comes_after;
                    sleep(comes_after).await;
                    self.go(Step::Begin);
                }
                Step::Begin => self.begin().await,
                Step::Line(number) => self.add_line(number).await,
                Step::Shipping => {
                    let answer = self.ask("shipping", json!({"method": "standard"})).await;
                    self.go_if(&answer, Step::Quote);
                }
                Step::Quote => self.quote().await,
                Step::Checkout => self.checkout().await,
                Step::Watch => self.watch().await,
                Step::Pay => self.pay().await,
                Step::Cancel => {
                    self.ask("cancel", json!({"reason": ""})).await;
                    self.buyer.lock().purchase.cancels_after = None;
                    self.go(Step::Watch);
                }
                Step::Deeds => self.next_deed().await,
                Step::Gone => return,
            }
        }
    }

    fn go(&self, step: Step) {
        self.buyer.lock().step = step;
    }

    fn go_if(&self, answer: &Answer, step: Step) {
        let mut buyer = self.buyer.lock();
        if answer.is_success() {
            buyer.step = step;
        } else {
            buyer.end_purchase();
        }
    }

    async fn rest(&self, most_ms: usize) {
        let pause = self.buyer.lock().pause(most_ms);
        sleep(pause).await;
    }

    /// Sends a request about the cart or the order until it is answered, under one key over all lives.
    async fn ask(&self, what: &str, body: Value) -> Answer {
        let call = {
            let buyer = self.buyer.lock();
            let cart = buyer.cart.map(|id| id.to_string()).unwrap_or_default();
            let order = buyer.order.map(|id| id.to_string()).unwrap_or_default();
            match what {
                "carts" => "/carts".to_owned(),
                "lines" => format!("/carts/{cart}/lines"),
                "shipping" => format!("/carts/{cart}/select-shipping"),
                "quote" => format!("/carts/{cart}/quote"),
                "checkout" => format!("/carts/{cart}/checkout"),
                other => format!("/orders/{order}/{other}"),
            }
        };
        let caller = self.buyer.lock().caller.clone().unwrap_or(Caller::Storefront);
        self.ask_at(caller, call, what, body).await
    }

    /// The same at a path of its own.
    async fn ask_at(&self, caller: Caller, path: String, what: &str, body: Value) -> Answer {
        let mut patience_ms = 0;
        loop {
            let call = {
                let mut buyer = self.buyer.lock();
                if buyer.call.is_none() {
                    let key = buyer.next_key(what);
                    let patience = buyer.pause(12_000) + Duration::from_millis(100);
                    let caller = caller.clone();
                    buyer.call = Some(Call { caller, path: path.clone(), key, body: body.clone(), patience });
                    buyer.sent = 0;
                }
                buyer.sent += 1;
                if buyer.sent > 1 && what == "checkout" {
                    self.world.reached.at(State::KeyRetried);
                }
                buyer.call.clone()
            };
            // It was just put there.
            let Some(call) = call else { continue };
            let answer =
                self.network.send(&Call { patience: call.patience + Duration::from_millis(patience_ms), ..call }).await;
            match answer {
                Some(answer) if matches!(answer.status, 429 | 503) || answer.code() == "contended" => {
                    self.count(what, &answer);
                    self.rest(5_000).await;
                }
                Some(answer) => {
                    self.count(what, &answer);
                    self.buyer.lock().call = None;
                    let position = answer.body["position"].as_u64().filter(|_| answer.is_success());
                    if position.is_some_and(|position| position > self.world.books.lock().events()) {
                        let found = format!("{path} answers {}, which is not durable", answer.body);
                        self.broken(Violation::new("I5 answers", found));
                    }
                    if answer.status >= 500 {
                        self.broken(Violation::new(
                            "no 5xx",
                            format!("{path} answers {} {}", answer.status, answer.body),
                        ));
                    }
                    return answer;
                }
                None => {
                    patience_ms += 1_000;
                    self.rest(3_000).await;
                }
            }
        }
    }

    fn count(&self, what: &str, answer: &Answer) {
        let name = format!("{what} {} {}", answer.status, answer.code());
        *self.world.answers.lock().entry(name.trim().to_owned()).or_default() += 1;
    }

    fn broken(&self, violation: Violation) {
        self.world.violated(violation);
        self.crasher.die();
    }

    async fn begin(&self) {
        let caller = {
            let buyer = self.buyer.lock();
            match buyer.customer {
                Some(number) => Caller::Customer(self.world.shop.lock().customers[number].clone()),
                None => Caller::Storefront,
            }
        };
        let body = json!({"currency": "EUR", "country": "DE"});
        let answer = self.ask_at(caller.clone(), "/carts".to_owned(), "carts", body).await;
        let mut buyer = self.buyer.lock();
        let id: Option<CartId> = answer.id().and_then(|id| id.parse().ok());
        match (answer.is_success(), id) {
            (true, Some(id)) => {
                buyer.cart = Some(id);
                let secret = answer.body["secret"].as_str();
                buyer.caller = Some(secret.map_or(caller, |secret| Caller::Guest(secret.to_owned())));
                buyer.step = Step::Line(0);
            }
            // Of a customer who has a cart open, the other devices go on with that.
            _ if answer.code() == "cart_exists" => {
                buyer.cart = answer.body["cart_id"].as_str().and_then(|id| id.parse().ok());
                buyer.caller = Some(caller);
                buyer.step = Step::Line(0);
            }
            _ => buyer.end_purchase(),
        }
    }

    async fn add_line(&self, number: usize) {
        self.rest(20_000).await;
        let line = self.buyer.lock().purchase.lines.get(number).cloned();
        let Some((sku, quantity)) = line else { return self.go(Step::Shipping) };
        let answer = self.ask("lines", json!({"sku": sku, "quantity": quantity})).await;
        // Where there is nothing left, the rest will do.
        let goes_on = answer.is_success() || answer.status == 409 || answer.status == 422;
        let mut buyer = self.buyer.lock();
        if goes_on {
            buyer.step = Step::Line(number + 1);
        } else {
            buyer.end_purchase();
        }
    }

    async fn quote(&self) {
        let answer = self.ask("quote", json!({})).await;
        let mut buyer = self.buyer.lock();
        match answer.body["quote"]["hash"].as_str() {
            Some(hash) if answer.is_success() => {
                buyer.quote = hash.to_owned();
                buyer.step = Step::Checkout;
            }
            _ => buyer.end_purchase(),
        }
    }

    async fn checkout(&self) {
        self.rest(10_000).await;
        let (body, twin) = {
            let mut buyer = self.buyer.lock();
            let instrument = buyer.purchase.instruments.front().copied().unwrap_or("tok_approve");
            let body = json!({"quote_hash": buyer.quote, "payment": {"instrument": instrument}});
            let twin = std::mem::take(&mut buyer.purchase.has_twin).then(|| Call {
                caller: buyer.caller.clone().unwrap_or(Caller::Storefront),
                path: format!("/carts/{}/checkout", buyer.cart.map(|id| id.to_string()).unwrap_or_default()),
                key: buyer.next_key("twin"),
                body: body.clone(),
                patience: Duration::from_secs(5),
            });
            (body, twin)
        };
        if let Some(twin) = twin {
            let (network, world) = (self.network.clone(), self.world.clone());
            tokio::spawn(async move {
                if network.send(&twin).await.is_some_and(|answer| answer.code() == "checkout_in_progress") {
                    world.reached.at(State::TwoKeys);
                }
            });
        }
        let answer = self.ask("checkout", body).await;
        self.check_checkout(&answer);
        let mut buyer = self.buyer.lock();
        let named = answer.body["order_id"].as_str().or(answer.id());
        let order: Option<OrderId> = named.and_then(|id| id.parse().ok());
        match answer.code() {
            "checkout_in_progress" => self.world.reached.at(State::TwoKeys),
            "quote_expired" | "cart_changed" | "quote_missing" | "cart_not_quoted" if buyer.purchase.retries > 0 => {
                buyer.purchase.retries -= 1;
                buyer.step = Step::Quote;
                return;
            }
            _ => {}
        }
        match order {
            Some(order) if answer.status < 500 => {
                buyer.order = Some(order);
                buyer.ordered_at = Some(self.world.clock.now());
                buyer.step = Step::Watch;
            }
            _ => buyer.end_purchase(),
        }
    }

    /// I5: what was answered is so.
    fn check_checkout(&self, answer: &Answer) {
        let order = answer.body["order_id"].as_str().or(answer.id()).and_then(|id| id.parse::<OrderId>().ok());
        let Some(id) = order else { return };
        let books = self.world.books.lock();
        let found = books.orders.order(id);
        let is_so = match (answer.status, answer.code()) {
            (201, _) => {
                found.is_some_and(|order| order.lifecycle() != Some(Lifecycle::Placed) || !order.holds().is_empty())
            }
            (409, "insufficient_stock") => {
                found.is_some_and(|order| matches!(order.cause, Some(CancelCause::InsufficientStock { .. })))
            }
            _ => true,
        };
        drop(books);
        if !is_so {
            self.broken(Violation::new("I5 answers", format!("{id} was answered {} {}", answer.status, answer.body)));
        }
    }

    fn view(&self) -> View {
        let buyer = self.buyer.lock();
        let books = self.world.books.lock();
        let Some(order) = buyer.order else { return View::Gone };
        let Some(found) = books.orders.order(order) else {
            let makes = buyer.cart.and_then(|cart| books.carts.cart(cart));
            let is_made = makes.is_some_and(|cart| cart.checkout == Some(order) || cart.became == Some(order));
            return if is_made { View::Expected } else { View::Gone };
        };
        match found.lifecycle() {
            Some(Lifecycle::Cancelled) => return View::Cancelled(found.cause.clone()),
            Some(Lifecycle::Placed) => {}
            _ => return View::Promised,
        }
        let payment = books.payments_of(order).next().and_then(|(_, payment)| payment.created());
        let newest = payment.and_then(|payment| payment.newest_attempt().map(|(_, operation)| operation.outcome));
        match newest {
            Some(OperationOutcome::Failed) => View::Declined,
            Some(OperationOutcome::ActionRequired) => View::Asked,
            _ => View::Busy,
        }
    }

    async fn watch(&self) {
        self.rest(60_000).await;
        let now = self.world.clock.now();
        let view = self.view();
        let (ordered, cancels_after, action, action_after) = {
            let buyer = self.buyer.lock();
            let purchase = &buyer.purchase;
            (buyer.ordered_at.unwrap_or(now), purchase.cancels_after, purchase.action, purchase.action_after)
        };
        let since = (now - ordered).to_std().unwrap_or_default();
        let may_cancel = matches!(view, View::Busy | View::Declined | View::Asked);
        if may_cancel && cancels_after.is_some_and(|after| since >= after) {
            return self.go(Step::Cancel);
        }
        match view {
            View::Gone => self.buyer.lock().end_purchase(),
            View::Expected | View::Busy => {}
            View::Declined => {
                let mut buyer = self.buyer.lock();
                buyer.purchase.instruments.pop_front();
                if !buyer.purchase.instruments.is_empty() {
                    buyer.step = Step::Pay;
                }
            }
            View::Asked => {
                let asked = *self.buyer.lock().asked_at.get_or_insert(now);
                let waited = (now - asked).to_std().unwrap_or_default();
                let payment = self.buyer.lock().payment();
                match (action, payment) {
                    (Some(approve), Some(payment)) if waited >= action_after => {
                        // It may be too late, and nothing waits any more.
                        if self.world.simulator.complete_action(payment, None, approve).await.is_ok() && approve {
                            self.world.reached.at(State::ActionCompleted);
                        }
                        self.buyer.lock().asked_at = None;
                    }
                    (None, _) if waited.is_zero() => self.world.reached.at(State::ActionAbandoned),
                    _ => {}
                }
            }
            View::Promised => self.go(Step::Deeds),
            View::Cancelled(cause) => {
                // Somebody may still do what the provider asked for, long after it does not matter any more.
                let (late, payment) = {
                    let mut buyer = self.buyer.lock();
                    (buyer.rng.is_within(30), buyer.payment())
                };
                if let (Some(approve), Some(payment), true) = (action, payment, late) {
                    drop(self.world.simulator.complete_action(payment, None, approve).await);
                }
                let mut buyer = self.buyer.lock();
                let tries_again = buyer.purchase.retries > 0 && cause != Some(CancelCause::Buyer);
                if tries_again {
                    buyer.purchase.retries -= 1;
                    buyer.order = None;
                    buyer.step = Step::Quote;
                } else {
                    buyer.end_purchase();
                }
            }
        }
    }

    async fn pay(&self) {
        let instrument = self.buyer.lock().purchase.instruments.front().copied().unwrap_or("tok_approve");
        self.ask("pay", json!({"instrument": instrument})).await;
        self.go(Step::Watch);
        // Until the engine has begun, the order still looks declined.
        self.rest(120_000).await;
    }
}
