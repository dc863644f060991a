//! A shop to send requests to.

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::sync::Arc;
use tillroll_command_api::{CommandApi, router};
use tillroll_domain::{
    aggregate::Aggregate, cart::Cart, category_tree::CategoryTree, claim::Claim, customer::Customer,
    fulfillment::Fulfillment, order::Order, payment::Payment, price_schedule::PriceSchedule, product::Product,
    provider_message::ProviderMessage, returns::Return, stock_item::StockItem,
};
use tillroll_http::{Edge, Keys, Role, protect};
use tillroll_infra::{
    ambient::{Ambient, ManualClock},
    bus::Bus,
    log::memory::MemoryLog,
    payments::{Providers, simulator::Simulator},
    vault::MemoryVault,
    watch::StreamWatch,
};
use tower::ServiceExt;

/// The routes of a shop with their bus.
pub(crate) struct Shop {
    router: Router,
    pub(crate) bus: Bus,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) simulator: Arc<Simulator>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) json: Value,
}

/// A request to be sent.
pub(crate) struct Call<'a> {
    shop: &'a Shop,
    request: axum::http::request::Builder,
    body: Body,
}

/// The key of a role in every test shop.
pub(crate) fn key(role: Role) -> String {
    let first = match role {
        Role::Admin => 'A',
        Role::Analyst => 'B',
        Role::Auditor => 'C',
        Role::Storefront => 'D',
        Role::Anonymous => panic!("there is no key of anonymous callers"),
    };
    format!("tr_{}_{first}{}", role.name(), "A".repeat(42))
}

impl Shop {
    pub(crate) fn open() -> Self {
        Self::with_anonymous(false)
    }

    /// One in which whoever waits is told of nothing.
    pub(crate) fn open_deaf() -> Self {
        Self::with(false, |api| {
            let elsewhere = MemoryLog::new(Ambient::seeded(DateTime::UNIX_EPOCH, 1).0.clock);
            let categories = [Cart::CATEGORY, Order::CATEGORY, Payment::CATEGORY];
            api.watching(StreamWatch::new(Arc::new(elsewhere), &categories))
        })
    }

    /// One that lets callers without a key see the catalog and start carts.
    pub(crate) fn open_to_anybody() -> Self {
        Self::with_anonymous(true)
    }

    fn with_anonymous(anonymous: bool) -> Self {
        Self::with(anonymous, |api| api)
    }

    fn with(anonymous: bool, change: impl FnOnce(CommandApi) -> CommandApi) -> Self {
        let start: DateTime<Utc> = "2026-03-01T09:00:00Z".parse().unwrap();
        let (ambient, clock) = Ambient::seeded(start, 42);
        let log = Arc::new(MemoryLog::new(ambient.clock.clone()));
        let vault = Arc::new(MemoryVault::new(ambient.randomness.clone()));
        let bus = Bus::builder(log, ambient.clone())
            .vault(vault)
            .register::<Product>()
            .register::<ProviderMessage>()
            .register::<CategoryTree>()
            .register::<Cart>()
            .register::<Claim>()
            .register::<StockItem>()
            .register::<Customer>()
            .register::<Order>()
            .register::<Payment>()
            .register::<Fulfillment>()
            .register::<Return>()
            .register::<PriceSchedule>()
            .build();
        let keys = Keys::from_texts(Role::KEYED.map(key), [7; 32]).unwrap().allowing_anonymous(anonymous);
        let simulator = Arc::new(Simulator::in_memory(ambient.clone(), [9; 32]));
        let api = CommandApi::new(bus.clone(), keys).with_payments(Providers::of(simulator.clone()));
        let (router, _) = router(change(api)).split_for_parts();
        Self { router: protect(router, Edge::new(ambient.ids)), bus, clock, simulator }
    }

    /// A POST with the administrator's key.
    pub(crate) fn post(&self, path: &str) -> Call<'_> {
        self.anonymous(Method::POST, path).header("authorization", &format!("Bearer {}", key(Role::Admin)))
    }

    /// A request without a key.
    pub(crate) fn anonymous(&self, method: Method, path: &str) -> Call<'_> {
        Call { shop: self, request: Request::builder().method(method).uri(path), body: Body::empty() }
    }

    /// A product on offer; its id.
    pub(crate) async fn product(&self, name: &str, variants: Value) -> String {
        let body = serde_json::json!({"name": name, "variants": variants});
        // No two products begin at the same place of the log.
        let key = self.bus.log().head().await.unwrap().0.to_string();
        let answer = self.post("/api/v1/products").key(&key).json(&body).send().await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        answer.id()
    }

    /// A customer; their id.
    pub(crate) async fn customer(&self) -> String {
        let answer = self.post("/api/v1/customers").json(&serde_json::json!({"country": "DE"})).send().await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        answer.id()
    }
}

impl Call<'_> {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// The idempotency key.
    pub(crate) fn key(self, key: &str) -> Self {
        self.header("idempotency-key", &format!("\"{key}\""))
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.text(&body.to_string())
    }

    pub(crate) fn text(mut self, body: &str) -> Self {
        self.body = Body::from(body.to_owned());
        self.header(header::CONTENT_TYPE.as_str(), "application/json")
    }

    pub(crate) async fn send(self) -> Answer {
        let request = self.request.body(self.body).unwrap();
        let response = self.shop.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 1 << 20).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { status: parts.status, headers: parts.headers, text, json }
    }
}

impl Answer {
    pub(crate) fn id(&self) -> String {
        self.json["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    /// Status and problem code.
    pub(crate) fn problem(&self) -> (u16, &str) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text);
        (self.status.as_u16(), self.json["code"].as_str().unwrap())
    }

    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert!(self.status.is_success(), "{} {}", self.status, self.text);
        self
    }
}
