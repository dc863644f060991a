//! Guests who buy, each with a cart and its secret, and the small shop they buy in.

use super::{Answer, Api};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// What everybody buys, for [`PRICE_MINOR`] each.
pub(crate) const SKU: &str = "CUP-1";
/// Its price in cents; with the demo policies, 8 % tax come on top, and 5.99 for transport below 50 euros of goods.
pub(crate) const PRICE_MINOR: i64 = 1_250;
/// Nothing that works takes so long; a test that waits longer has failed.
const PATIENCE: Duration = Duration::from_secs(90);

/// Looks again and again, and not for ever.
struct Patience {
    what: String,
    until: Instant,
}

impl Patience {
    fn until(what: &str) -> Self {
        Self { what: what.to_owned(), until: Instant::now() + PATIENCE }
    }

    async fn again(&self) {
        assert!(Instant::now() < self.until, "in vain: {}", self.what);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What `look` finds, once it finds something.
pub(crate) async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let patience = Patience::until(what);
    loop {
        if let Some(found) = look().await {
            return found;
        }
        patience.again().await;
    }
}

/// Offers the SKU, with so many units of it.
pub(crate) async fn open_shop(api: &Api, units: u32) {
    let prices = json!([{ "amount": "12.50", "currency": "EUR" }]);
    let product = json!({ "name": "Cup", "slug": "cup", "variants": [{ "sku": SKU, "prices": prices }] });
    let product = staff(api, "/products", product, "cup").await;
    let product = product["id"].as_str().unwrap();
    staff(api, &format!("/products/{product}/publish"), json!({}), "publish").await;
    staff(api, &format!("/stock/main/{SKU}/receive"), json!({ "quantity": units }), "receive").await;
}

/// A write as administrator that must succeed.
pub(crate) async fn staff(api: &Api, path: &str, body: Value, key: &str) -> Value {
    let key = format!("\"{key}\"");
    let answer = api.post(&format!("/api/v1{path}"), &body, &[("Idempotency-Key", &key)]).await;
    assert!((200..300).contains(&answer.status), "{path} {body}: {} {}", answer.status, answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

/// The counts of the SKU: on hand, allocated, reserved, available.
pub(crate) async fn stock(api: &Api) -> [i64; 4] {
    let stock = api.get(&format!("/api/v1/stock/main/{SKU}"), Some("admin")).await.json(200);
    ["on_hand", "allocated", "reserved", "available"].map(|name| stock[name].as_i64().unwrap())
}

/// Waits until the SKU stands so: on hand, allocated, reserved, available.
pub(crate) async fn stock_becomes(api: &Api, expected: [i64; 4]) {
    let mut last = None;
    let found = async || {
        let counts = stock(api).await;
        if last.replace(counts) != Some(counts) {
            println!("on hand, allocated, reserved, available: {counts:?}");
        }
        (counts == expected).then_some(())
    };
    eventually(&format!("the stock stands at {expected:?}"), found).await;
}

/// A guest with a quoted cart.
#[derive(Clone)]
pub(crate) struct Buyer {
    api: Api,
    headers: Vec<(String, String)>,
    /// Their cart.
    pub(crate) cart: String,
    quote_hash: String,
}

impl Buyer {
    /// One whose cart holds so many units of the SKU. No two buyers have the same name.
    pub(crate) async fn arrive(api: &Api, name: &str, units: u32) -> Self {
        let headers = vec![("Authorization".to_owned(), format!("Bearer {}", api.keys()["storefront"]))];
        let (cart, quote_hash) = (String::new(), String::new());
        let mut buyer = Self { api: api.clone(), headers, cart, quote_hash };
        let begun = buyer.write("/carts", json!({ "currency": "EUR", "country": "DE" }), name).await;
        buyer.cart = begun["id"].as_str().unwrap().to_owned();
        let secret = begun["secret"].as_str().unwrap().to_owned();
        buyer.headers.push(("Tillroll-Cart-Secret".to_owned(), secret));
        let path = format!("/carts/{}", buyer.cart);
        buyer.write(&format!("{path}/lines"), json!({ "sku": SKU, "quantity": units }), "line").await;
        let address = json!({
            "recipient": format!("{name} Berg"), "line1": "Lindenweg 1", "city": "Berlin", "postal_code": "10969",
            "country": "DE",
        });
        buyer.write(&format!("{path}/set-address"), json!({ "kind": "shipping", "address": address }), "address").await;
        buyer.write(&format!("{path}/select-shipping"), json!({ "method": "standard" }), "shipping").await;
        buyer.quote().await;
        buyer
    }

    /// Asks for a quote, which the next checkout accepts.
    pub(crate) async fn quote(&mut self) {
        let answer = self.send("POST", &format!("/carts/{}/quote", self.cart), &[], Some(&json!({}))).await.json(200);
        self.quote_hash = answer["quote"]["hash"].as_str().unwrap().to_owned();
    }

    /// A client of another server over the same data.
    pub(crate) fn at(&self, api: &Api) -> Self {
        Self { api: api.clone(), ..self.clone() }
    }

    /// A request with what opens the cart and its order.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let more = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let headers: Vec<_> = self.headers.iter().cloned().chain(more).collect();
        self.api.call(method, &format!("/api/v1{path}"), &headers, body).await
    }

    /// A write that must succeed, under a key.
    pub(crate) async fn write(&self, path: &str, body: Value, key: &str) -> Value {
        let answer = self.send("POST", path, &[("Idempotency-Key", &format!("\"{key}\""))], Some(&body)).await;
        assert!((200..300).contains(&answer.status), "{path} {body}: {} {}", answer.status, answer.body);
        serde_json::from_str(&answer.body).unwrap()
    }

    fn checkout(&self, instrument: &str) -> Value {
        json!({ "quote_hash": self.quote_hash, "payment": { "instrument": instrument } })
    }

    /// Orders what is in the cart, and is answered whatever is known then.
    pub(crate) async fn check_out(&self, key: &str, instrument: &str, headers: &[(&str, &str)]) -> Answer {
        let key = format!("\"{key}\"");
        let headers: Vec<_> = headers.iter().copied().chain([("Idempotency-Key", key.as_str())]).collect();
        self.send("POST", &format!("/carts/{}/checkout", self.cart), &headers, Some(&self.checkout(instrument))).await
    }

    /// The same with whatever becomes of the connection.
    pub(crate) async fn try_check_out(&self, key: &str, instrument: &str) -> Result<Answer, reqwest::Error> {
        let path = format!("/api/v1/carts/{}/checkout", self.cart);
        let mut headers = self.headers.clone();
        headers.push(("Idempotency-Key".to_owned(), format!("\"{key}\"")));
        self.api.try_call("POST", &path, &headers, Some(&self.checkout(instrument))).await
    }

    // Plain loops, since tests run them in tasks of their own, for which a future that takes closures is not `Send` enough.

    /// Orders what is in the cart, and asks again with the same key until it is decided about the stock.
    pub(crate) async fn decided(&self, key: &str, instrument: &str) -> Answer {
        let patience = Patience::until("the stock is decided");
        loop {
            let answer = self.check_out(key, instrument, &[]).await;
            if answer.status != 202 {
                return answer;
            }
            patience.again().await;
        }
    }

    /// Orders what is in the cart, and asks again with the same key until it is settled.
    pub(crate) async fn settled(&self, key: &str, instrument: &str) -> Value {
        let patience = Patience::until("the checkout is settled");
        loop {
            let answer = self.check_out(key, instrument, &[("Prefer", "wait=9")]).await;
            assert!([201, 202].contains(&answer.status), "{} {}", answer.status, answer.body);
            let body: Value = serde_json::from_str(&answer.body).unwrap();
            let is_settled = !["pending", "stock_reserved"].contains(&body["status"].as_str().unwrap());
            assert!(is_settled || !answer.headers.contains_key("preference-applied"), "{answer:?}");
            if is_settled {
                return body;
            }
            patience.again().await;
        }
    }

    /// Orders what is in the cart with a card that is good; the order, once it is confirmed.
    pub(crate) async fn buys(&self) -> String {
        let settled = self.settled("buy", "tok_approve").await;
        assert_eq!(settled["status"], "confirmed", "{settled}");
        settled["id"].as_str().unwrap().to_owned()
    }

    /// The order as its buyer sees it, once the read models show it.
    pub(crate) async fn order(&self, id: &str) -> Value {
        eventually("the order is shown", async || {
            let answer = self.send("GET", &format!("/orders/{id}"), &[], None).await;
            (answer.status != 404).then(|| answer.json(200))
        })
        .await
    }

    /// Waits until a part of the order is so.
    pub(crate) async fn order_becomes(&self, id: &str, pointer: &str, expected: impl Into<Value>) -> Value {
        let expected = expected.into();
        eventually(&format!("{pointer} of {id} becomes {expected}"), async || {
            let order = self.order(id).await;
            (order.pointer(pointer) == Some(&expected)).then_some(order)
        })
        .await
    }

    /// Waits until the cart is so: `open`, `converted` or the like.
    pub(crate) async fn cart_becomes(&self, state: &str) -> Value {
        eventually(&format!("the cart is {state}"), async || {
            let cart = self.send("GET", &format!("/carts/{}", self.cart), &[], None).await.json(200);
            (cart["state"] == state).then_some(cart)
        })
        .await
    }
}
