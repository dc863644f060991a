//! How a checkout begins and what it answers. What process managers do in the real engine, the tests do here step by step.

use crate::shop::{Answer, Shop, key};
use axum::http::{Method, StatusCode};
use chrono::TimeDelta;
use serde_json::{Value, json};
use tillroll_domain::{
    aggregate::Aggregate,
    cart::{Cart, CartEnding, CartState, agreement::agreed_order, commands::CartCommand},
    checkout::{CapturePolicy, StockHold},
    ids::{CartId, CommandId, OperationId, OrderId, ReservationId},
    money::Money,
    order::{CancelCause, Order, commands::OrderCommand},
    payment::{Payment, commands::PaymentCommand, payment_of_order},
};
use tillroll_http::Role;
use tillroll_infra::bus::{COMMANDS_REMEMBERED, CommandContext, Loaded};
use uuid::Uuid;

pub(crate) const OPERATION: OperationId = OperationId::new(Uuid::from_u128(7));

fn parse<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().unwrap()
}

/// A guest with a quoted cart of two cups at 12.50.
pub(crate) struct Guest<'a> {
    shop: &'a Shop,
    cart: CartId,
    pub(crate) secret: String,
    quote_hash: String,
}

impl<'a> Guest<'a> {
    pub(crate) async fn arrive(shop: &'a Shop) -> Self {
        if shop.bus.log().head().await.unwrap().0 == 0 {
            let prices = json!([{"amount": "12.50", "currency": "EUR"}]);
            let product = shop.product("Cup", json!([{"sku": "CUP", "prices": prices}])).await;
            shop.post(&format!("/api/v1/products/{product}/publish")).send().await.ok();
            shop.post("/api/v1/stock/main/CUP/receive").json(&json!({"quantity": 100})).send().await.ok();
        }
        let begin = json!({"currency": "EUR", "country": "DE"});
        let head = shop.bus.log().head().await.unwrap().0.to_string();
        let begun = front(shop, "/api/v1/carts").key(&head).json(&begin).send().await.ok();
        let secret = begun.json["secret"].as_str().unwrap().to_owned();
        let mut guest = Self { shop, cart: parse(&begun.id()), secret, quote_hash: String::new() };
        guest.post("lines", None, &json!({"sku": "CUP", "quantity": 2})).await.ok();
        guest.post("select-shipping", None, &json!({"method": "standard"})).await.ok();
        guest.quote().await;
        guest
    }

    async fn quote(&mut self) {
        let quoted = self.post("quote", None, &json!({})).await.ok();
        self.quote_hash = quoted.json["quote"]["hash"].as_str().unwrap().to_owned();
    }

    async fn post(&self, what: &str, key: Option<&str>, body: &Value) -> Answer {
        let call = front(self.shop, &format!("/api/v1/carts/{}/{what}", self.cart));
        let call = call.header("tillroll-cart-secret", &self.secret).json(body);
        match key {
            Some(key) => call.key(key).send().await,
            None => call.send().await,
        }
    }

    fn body(&self) -> Value {
        json!({"quote_hash": self.quote_hash, "payment": {"instrument": "tok_approve"}})
    }

    /// Checks out and waits so many seconds at most for the settled state, or as long as it does by itself for the stock.
    async fn check_out(&self, key: &str, wait: Option<u32>) -> Answer {
        let call = front(self.shop, &format!("/api/v1/carts/{}/checkout", self.cart));
        let call = call.header("tillroll-cart-secret", &self.secret).json(&self.body()).key(key);
        match wait {
            Some(seconds) => call.header("prefer", &format!("wait={seconds}")).send().await,
            None => call.send().await,
        }
    }

    /// Begins a checkout, and does not wait for it; the order that it will make.
    pub(crate) async fn begin(&self, key: &str) -> OrderId {
        let answer = self.check_out(key, Some(0)).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
        parse(&answer.id())
    }

    async fn cart(&self) -> Loaded<Cart> {
        self.shop.bus.load::<Cart>("default", &self.cart.uuid().to_string()).await.unwrap()
    }

    /// Places the order of the checkout that runs, once it does.
    async fn place(&self) -> OrderId {
        let (order_id, snapshot) = loop {
            let cart = self.cart().await.state;
            if let CartState::Open(open) = &cart
                && let Some(running) = open.running_checkout()
            {
                break (running.order_id, agreed_order(open, Some(running.terms.clone())).unwrap());
            }
            tokio::task::yield_now().await;
        };
        self.order(order_id, OrderCommand::Place { snapshot }).await;
        order_id
    }

    /// Holds the stock of the order that was placed.
    pub(crate) async fn reserve(&self) -> OrderId {
        let order_id = self.place().await;
        let hold = StockHold {
            sku: parse("CUP"),
            location: parse("main"),
            reservation_id: ReservationId::new(Uuid::from_u128(1)),
            quantity: tillroll_domain::quantity::Quantity::new(2).unwrap(),
        };
        self.order(order_id, OrderCommand::RecordStockReserved { holds: vec![hold] }).await;
        order_id
    }

    pub(crate) async fn order(&self, id: OrderId, command: OrderCommand) {
        run::<Order>(self.shop, id.uuid(), command).await;
    }

    async fn end(&self, order_id: OrderId, placed: bool) {
        run::<Cart>(self.shop, self.cart.uuid(), CartCommand::EndCheckout { order_id, placed }).await;
    }

    /// Begins the order's payment.
    pub(crate) async fn ask_for_money(&self, order_id: OrderId) {
        let amount = Money::new(3_299, parse("EUR"));
        self.pay(order_id, PaymentCommand::Create { order_id, amount, method: parse("card"), quote_hash: None }).await;
        let ask = PaymentCommand::RequestAuthorization {
            operation_id: OPERATION,
            provider: parse("simulated"),
            instrument: Some(parse("tok_approve")),
        };
        self.pay(order_id, ask).await;
    }

    pub(crate) async fn pay(&self, order_id: OrderId, command: PaymentCommand) {
        run::<Payment>(self.shop, payment_of_order(order_id).uuid(), command).await;
    }
}

pub(crate) fn front<'a>(shop: &'a Shop, path: &str) -> crate::shop::Call<'a> {
    shop.anonymous(Method::POST, path).header("authorization", &format!("Bearer {}", key(Role::Storefront)))
}

async fn run<A: Aggregate>(shop: &Shop, id: Uuid, command: A::Command) {
    let context = CommandContext::live(CommandId::new(shop.bus.ambient().ids.next()), "test");
    shop.bus.execute::<A>(&id.to_string(), command, context).await.unwrap();
}

fn status(answer: &Answer) -> (u16, &str) {
    (answer.status.as_u16(), answer.json["status"].as_str().unwrap())
}

#[tokio::test]
async fn a_checkout_begins_with_one_event_of_the_cart() {
    let shop = Shop::open();
    let guest = Guest::arrive(&shop).await;
    let before = shop.bus.log().head().await.unwrap().0;
    let answer = guest.check_out("k", Some(0)).await;
    assert_eq!(status(&answer), (202, "pending"), "{}", answer.text);
    let order = answer.id();
    assert_eq!(answer.header("location"), format!("/api/v1/orders/{order}"));
    assert_eq!(answer.header("tillroll-position"), (before + 1).to_string());
    assert!(!answer.headers.contains_key("etag"), "there is no order yet");
    assert_eq!(shop.bus.log().head().await.unwrap().0, before + 1);
    let CartState::Open(open) = guest.cart().await.state else { panic!("the cart is open") };
    let running = open.running_checkout().unwrap();
    assert_eq!(running.order_id, parse(&order));
    assert_eq!(running.instrument, Some(parse("tok_approve")));
    let terms = running.terms.payment.as_ref().unwrap();
    assert_eq!((terms.method.as_str(), terms.provider.as_str()), ("card", "simulated"));
    assert_eq!(terms.capture, CapturePolicy::AtFulfillment);

    let again = guest.check_out("k", Some(0)).await;
    assert_eq!((again.status, &again.text), (answer.status, &answer.text));
    assert_eq!(shop.bus.log().head().await.unwrap().0, before + 1, "nothing begins twice");
}

#[tokio::test]
async fn the_answer_comes_with_the_stock_decision() {
    let shop = Shop::open();
    let guest = Guest::arrive(&shop).await;
    let (answer, order) = tokio::join!(guest.check_out("k", None), guest.reserve());
    assert_eq!(status(&answer), (201, "stock_reserved"), "{}", answer.text);
    assert_eq!(answer.id(), order.to_string());
    assert_eq!((answer.header("etag"), answer.header("tillroll-position")), ("\"1\"", &*head(&shop).await));
}

async fn head(shop: &Shop) -> String {
    shop.bus.log().head().await.unwrap().0.to_string()
}

/// Case 1: whoever gets nothing is told so, with the figures, and may change the cart and try again.
#[tokio::test]
async fn not_enough_stock_is_a_refusal_with_figures_and_the_same_one_for_ever() {
    let shop = Shop::open();
    let mut guest = Guest::arrive(&shop).await;
    let cause = CancelCause::InsufficientStock { sku: parse("CUP"), requested: 2, available: 1 };
    let decide = async {
        let order_id = guest.place().await;
        guest.order(order_id, OrderCommand::CancelForCause { cause }).await;
        order_id
    };
    let (answer, order) = tokio::join!(guest.check_out("k", None), decide);
    let refused = |answer: &Answer| {
        assert_eq!(answer.problem(), (409, "insufficient_stock"), "{}", answer.text);
        ["sku", "requested", "available", "order_id"].map(|name| answer.json[name].clone())
    };
    let expected = [json!("CUP"), json!(2), json!(1), json!(order)];
    assert_eq!(refused(&answer), expected);
    guest.end(order, false).await;
    assert_eq!(refused(&guest.check_out("k", None).await), expected);
    assert_eq!(refused(&guest.check_out("k", Some(5)).await), expected);
    guest.quote().await;
    assert_ne!(guest.begin("another").await, order);
}

/// The cart remembers the newest commands alone; but the order tells that it was begun, and is never begun again.
#[tokio::test]
async fn a_key_is_the_same_order_also_when_the_cart_has_forgotten_it() {
    let shop = Shop::open();
    let guest = Guest::arrive(&shop).await;
    let order = guest.begin("k").await;
    guest.place().await;
    guest.order(order, OrderCommand::CancelForCause { cause: CancelCause::Withdrawn }).await;
    guest.end(order, false).await;
    for number in 0..COMMANDS_REMEMBERED {
        let country = parse(if number % 2 == 0 { "FR" } else { "DE" });
        run::<Cart>(&shop, guest.cart.uuid(), CartCommand::SetCountry { country }).await;
    }
    let before = head(&shop).await;
    let answer = guest.check_out("k", None).await;
    assert_eq!((status(&answer), answer.id()), ((201, "cancelled"), order.to_string()), "{}", answer.text);
    assert_eq!(head(&shop).await, before);
    let another = json!({"quote_hash": "a".repeat(64), "payment": {"instrument": "tok_approve"}});
    let reused = guest.post("checkout", Some("k"), &another).await;
    assert_eq!(reused.problem(), (422, "idempotency_key_reused"), "that order was made of another quote");
    let (cart, other) = (guest.cart().await, guest.check_out("other", None).await);
    assert_eq!(cart.state.open().unwrap().quote, None);
    assert_eq!(other.problem(), (409, "cart_changed"), "another key would be another checkout");
}

#[tokio::test]
async fn a_checkout_that_makes_no_order_says_so() {
    let shop = Shop::open();
    let guest = Guest::arrive(&shop).await;
    let order = guest.begin("k").await;
    guest.end(order, false).await;
    let answer = guest.check_out("k", None).await;
    assert_eq!(answer.problem(), (409, "checkout_failed"));
    assert_eq!(answer.json["order_id"], json!(order));
}

#[tokio::test]
async fn without_a_decision_it_is_accepted() {
    let shop = Shop::open();
    let guest = Guest::arrive(&shop).await;
    let answer = guest.check_out("k", Some(1)).await;
    assert_eq!(status(&answer), (202, "pending"), "{}", answer.text);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_told_of_is_seen_when_the_time_is_over() {
    let shop = Shop::open_deaf();
    let guest = Guest::arrive(&shop).await;
    let late = async {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        guest.reserve().await
    };
    let (answer, _) = tokio::join!(guest.check_out("k", None), late);
    assert_eq!(status(&answer), (201, "stock_reserved"), "{}", answer.text);
}

#[tokio::test]
async fn who_prefers_to_wait_is_answered_when_the_order_is_confirmed() {
    let shop = Shop::open();
    let guest = Guest::arrive(&shop).await;
    let confirm = async {
        let order = guest.reserve().await;
        guest.ask_for_money(order).await;
        let paid = OrderCommand::UpdatePayment {
            payment_id: payment_of_order(order),
            authorized_minor: 3_299,
            captured_minor: 0,
            refunded_minor: 0,
            disputed_minor: 0,
        };
        guest.order(order, paid).await;
        guest.order(order, OrderCommand::Confirm).await;
        order
    };
    let (answer, order) = tokio::join!(guest.check_out("k", Some(9)), confirm);
    assert_eq!(status(&answer), (201, "confirmed"), "{}", answer.text);
    assert_eq!(answer.json["payment"], json!({"payment_id": payment_of_order(order)}));

    guest.end(order, true).await;
    let CartState::Closed(closed) = guest.cart().await.state else { panic!("the cart is closed") };
    assert_eq!(closed.ending, CartEnding::Converted { order_id: order });
    assert_eq!(status(&guest.check_out("k", None).await), (201, "confirmed"), "also when the cart is closed");
    let other = guest.check_out("other", None).await;
    assert_eq!((other.problem(), &other.json["order_id"]), ((409, "cart_closed"), &json!(order)));
}

#[tokio::test]
async fn a_buyer_who_has_to_act_is_told_where() {
    let shop = Shop::open();
    let guest = Guest::arrive(&shop).await;
    let act = async {
        let order = guest.reserve().await;
        guest.ask_for_money(order).await;
        let record = PaymentCommand::RecordActionRequired {
            operation_id: OPERATION,
            action_url: parse("/simulator/pay/1/2"),
            provider_reference: parse("ch_1"),
        };
        guest.pay(order, record).await;
        order
    };
    let (answer, order) = tokio::join!(guest.check_out("k", Some(9)), act);
    assert_eq!(status(&answer), (201, "action_required"), "{}", answer.text);
    let payment = json!({"payment_id": payment_of_order(order), "action_url": "/simulator/pay/1/2"});
    assert_eq!(answer.json["payment"], payment);
    assert_eq!(answer.header("tillroll-position"), head(&shop).await);
}

#[tokio::test]
async fn a_declined_payment_is_told_and_so_is_what_became_of_the_order() {
    let shop = Shop::open();
    let guest = Guest::arrive(&shop).await;
    let decline = async {
        let order = guest.reserve().await;
        guest.ask_for_money(order).await;
        let record =
            PaymentCommand::RecordFailure { operation_id: OPERATION, code: parse("card_declined"), note: parse("") };
        guest.pay(order, record).await;
        order
    };
    let (answer, order) = tokio::join!(guest.check_out("k", Some(9)), decline);
    assert_eq!(status(&answer), (201, "payment_declined"), "{}", answer.text);
    guest.order(order, OrderCommand::CancelByBuyer { reason: parse("") }).await;
    let cancelled = guest.check_out("k", Some(9)).await;
    assert_eq!(status(&cancelled), (201, "cancelled"), "{}", cancelled.text);
    assert_eq!(cancelled.json["cancelled"], "buyer");
}

/// Case 12: two tabs.
#[tokio::test]
async fn one_checkout_of_a_cart_runs_at_a_time() {
    let shop = Shop::open();
    let guest = Guest::arrive(&shop).await;
    let order = guest.begin("one").await;
    let other = guest.check_out("two", Some(0)).await;
    assert_eq!((other.problem(), &other.json["order_id"]), ((409, "checkout_in_progress"), &json!(order)));
    let body = json!({"quote_hash": guest.quote_hash, "payment": {"instrument": "tok_decline"}});
    assert_eq!(guest.post("checkout", Some("one"), &body).await.problem(), (422, "idempotency_key_reused"));
    let lines = guest.post("lines", None, &json!({"sku": "CUP", "quantity": 1})).await;
    assert_eq!(lines.problem(), (409, "checkout_in_progress"), "the cart is frozen");
    let staff = shop.post(&format!("/api/v1/carts/{}/place-order", guest.cart)).key("staff");
    let staff = staff.json(&json!({"quote_hash": guest.quote_hash})).send().await;
    assert_eq!(staff.problem(), (409, "checkout_in_progress"), "also for the staff");
}

/// Cases 14 and 16: never another amount than the buyer agreed to.
#[tokio::test]
async fn only_the_quote_that_holds_is_ordered() {
    let shop = Shop::open();
    let mut guest = Guest::arrive(&shop).await;
    let before = head(&shop).await;
    let other = json!({"quote_hash": "a".repeat(64), "payment": {"instrument": "tok_approve"}});
    let changed = guest.post("checkout", Some("k"), &other).await;
    assert_eq!(changed.problem(), (409, "cart_changed"));
    assert_eq!(changed.json["current_hash"], json!(guest.quote_hash));
    shop.clock.advance(TimeDelta::minutes(16));
    assert_eq!(guest.check_out("k", None).await.problem(), (409, "quote_expired"));
    assert_eq!(head(&shop).await, before, "nothing was recorded");
    guest.quote().await;
    guest.begin("k").await;
}

#[tokio::test]
async fn a_checkout_says_how_it_is_paid_and_has_a_key() {
    let shop = Shop::open();
    let guest = Guest::arrive(&shop).await;
    let unpaid = json!({"quote_hash": guest.quote_hash});
    let answer = guest.post("checkout", Some("k"), &unpaid).await;
    assert_eq!((answer.problem(), &answer.json["total_minor"]), ((409, "payment_required"), &json!(3_299)));
    assert_eq!(guest.post("checkout", None, &guest.body()).await.problem(), (400, "malformed"));
    let card = json!({"quote_hash": guest.quote_hash, "payment": {"instrument": "4111111111111111"}});
    assert_eq!(guest.post("checkout", Some("k"), &card).await.status, 422, "no card numbers");
}

/// Case 37: to others there is no such cart.
#[tokio::test]
async fn only_its_buyer_and_the_staff_check_a_cart_out() {
    let shop = Shop::open();
    let guest = Guest::arrive(&shop).await;
    let stranger = Guest::arrive(&shop).await;
    let path = format!("/api/v1/carts/{}/checkout", guest.cart);
    for call in [front(&shop, &path), front(&shop, &path).header("tillroll-cart-secret", &stranger.secret)] {
        assert_eq!(call.key("k").json(&guest.body()).send().await.problem(), (404, "not_found"));
    }
    let analyst = shop.anonymous(Method::POST, &path);
    let analyst = analyst.header("authorization", &format!("Bearer {}", key(Role::Analyst)));
    assert_eq!(analyst.key("k").json(&guest.body()).send().await.problem(), (403, "forbidden"));
    let staff = shop.post(&path).key("k").header("prefer", "wait=0").json(&guest.body()).send().await;
    assert_eq!(status(&staff), (202, "pending"), "{}", staff.text);
}

#[tokio::test]
async fn a_deactivated_customer_checks_nothing_out() {
    let shop = Shop::open();
    let mut guest = Guest::arrive(&shop).await;
    let customer = shop.customer().await;
    let merge = json!({"strategy": "sum", "guest_secret": guest.secret});
    let as_customer = |path: &str| front(&shop, path).header("tillroll-customer", &customer);
    as_customer(&format!("/api/v1/carts/{}/merge", guest.cart)).json(&merge).send().await.ok();
    let quoted = as_customer(&format!("/api/v1/carts/{}/quote", guest.cart)).send().await.ok();
    guest.quote_hash = quoted.json["quote"]["hash"].as_str().unwrap().to_owned();
    shop.post(&format!("/api/v1/customers/{customer}/deactivate")).json(&json!({"reason": ""})).send().await.ok();
    let answer =
        as_customer(&format!("/api/v1/carts/{}/checkout", guest.cart)).key("k").json(&guest.body()).send().await;
    assert_eq!(answer.problem(), (409, "customer_inactive"), "{}", answer.text);
}
