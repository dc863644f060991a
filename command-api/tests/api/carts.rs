//! Carts, as a storefront fills them.

mod completing;
mod contact;
mod customers;
mod filling;
mod interrupted;
mod merging;
mod owners;
mod quoting;

use crate::shop::{Answer, Call, Shop, key};
use axum::http::Method;
use serde_json::{Value, json};
use tillroll_domain::{
    cart::{Cart, CartState, OpenCart},
    ids::CartId,
};
use tillroll_http::Role;
use tillroll_infra::{
    event::RecordedEvent,
    log::ReadFrom,
    stream::{Revision, StreamId},
};

/// A shop that sells hearts for 10 euros or 12 dollars and stars for 4 euros; there are twenty hearts and five stars.
struct Store {
    shop: Shop,
    /// The product of the stars.
    stars: String,
}

/// A guest's cart with its secret.
#[derive(Debug, Clone)]
struct Guest {
    id: String,
    secret: String,
}

impl Store {
    async fn open() -> Self {
        let shop = Shop::open();
        let hearts = json!([{"amount": "10", "currency": "EUR"}, {"amount": "12", "currency": "USD"}]);
        let stars = json!([{"amount": "4", "currency": "EUR"}]);
        let mut stars_id = String::new();
        for (name, sku, prices, count) in [("Heart", "HEART", hearts, 20), ("Star", "STAR", stars, 5)] {
            let id = shop.product(name, json!([{"sku": sku, "prices": prices}])).await;
            shop.post(&format!("/api/v1/products/{id}/publish")).send().await.ok();
            shop.post(&format!("/api/v1/stock/main/{sku}/receive")).json(&json!({"quantity": count})).send().await.ok();
            stars_id = id;
        }
        Self { shop, stars: stars_id }
    }

    /// A request with the storefront's key.
    fn front(&self, path: &str) -> Call<'_> {
        let bearer = format!("Bearer {}", key(Role::Storefront));
        self.shop.anonymous(Method::POST, &format!("/api/v1{path}")).header("authorization", &bearer)
    }

    /// A request of the storefront for a customer.
    fn customers(&self, customer: &str, path: &str) -> Call<'_> {
        self.front(path).header("tillroll-customer", customer)
    }

    /// A request of a guest for their cart, through the storefront.
    fn guests(&self, guest: &Guest, intent: &str) -> Call<'_> {
        self.front(&format!("/carts/{}{intent}", guest.id)).header("tillroll-cart-secret", &guest.secret)
    }

    /// A guest's cart in euros for Germany.
    async fn guest(&self) -> Guest {
        let answer = self.front("/carts").json(&euros()).send().await.ok();
        Guest { id: answer.id(), secret: answer.json["secret"].as_str().unwrap().to_owned() }
    }

    /// The same with two hearts and a star, shipped the standard way.
    async fn filled(&self) -> Guest {
        let guest = self.guest().await;
        self.add(&guest, "HEART", 2).await.ok();
        self.add(&guest, "STAR", 1).await.ok();
        self.guests(&guest, "/select-shipping").json(&json!({"method": "standard"})).send().await.ok();
        guest
    }

    async fn add(&self, guest: &Guest, sku: &str, quantity: u32) -> Answer {
        self.guests(guest, "/lines").json(&line(sku, quantity)).send().await
    }

    async fn quote(&self, guest: &Guest) -> Answer {
        self.guests(guest, "/quote").send().await
    }

    async fn state(&self, id: &str) -> CartState {
        let id: CartId = id.parse().unwrap();
        self.shop.bus.load::<Cart>("default", &id.uuid().to_string()).await.unwrap().state
    }

    async fn cart(&self, id: &str) -> OpenCart {
        self.state(id).await.open().unwrap().clone()
    }

    /// What is in a cart, as SKU and units.
    async fn contents(&self, id: &str) -> Vec<(String, u32)> {
        let lines = self.cart(id).await.lines;
        lines.iter().map(|line| (line.sku.to_string(), line.quantity.get())).collect()
    }

    /// The events of a cart, as they are stored.
    async fn stored(&self, id: &str) -> Vec<(String, String, String)> {
        let id: CartId = id.parse().unwrap();
        let stream = StreamId::new("cart", &id.uuid().to_string()).unwrap();
        let page = self.shop.bus.log().read_stream(&stream, ReadFrom::Forwards(Revision(0)), 100).await.unwrap();
        let text =
            |event: &RecordedEvent| (event.event_type.to_string(), event.metadata.to_string(), event.data.to_string());
        page.iter().map(text).collect()
    }
}

fn euros() -> Value {
    json!({"currency": "EUR", "country": "DE"})
}

fn line(sku: &str, quantity: u32) -> Value {
    json!({"sku": sku, "quantity": quantity})
}

fn address(country: &str) -> Value {
    json!({"recipient": "Anna Berg", "line1": "Torggata 1", "city": "Oslo", "country": country})
}

fn owned(contents: &[(&str, u32)]) -> Vec<(String, u32)> {
    contents.iter().map(|(sku, count)| ((*sku).to_owned(), *count)).collect()
}
