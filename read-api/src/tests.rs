//! The API over a log in memory and read models in a folder that is thrown away.

mod access;
mod carts;
mod catalog;
mod freshness;
mod lists;
mod live;
mod orders;
mod page;
mod payments;
mod persons;
mod prices;
mod resources;
mod shop;

use crate::{PARKED, ReadApi, router};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use shop::Shop;
use std::{sync::Arc, time::Duration};
use tempfile::TempDir;
use tillroll_domain::aggregate::DomainEvent;
use tillroll_http::{Keys, headers};
use tillroll_infra::{
    ambient::{Ambient, ManualClock},
    codec::{Codec, Place},
    event::{Metadata, NewEvent},
    log::{Append, EventLog, ExpectedRevision, append, memory::MemoryLog},
    stream::StreamId,
    vault::MemoryVault,
};
use tillroll_projections::{
    models,
    runtime::{Runtime, RuntimeOptions},
};
use tower::ServiceExt;
use uuid::Uuid;

/// The API with its log.
struct Server {
    log: Arc<dyn EventLog>,
    runtime: Runtime,
    keys: Keys,
    folder: TempDir,
    clock: Arc<ManualClock>,
    /// Opens personal data; its vault is where a person is erased.
    codec: Codec,
}

/// An answer, taken apart.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: serde_json::Value,
}

impl Answer {
    #[track_caller]
    fn code(&self) -> &str {
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json", "{self:?}");
        self.body["code"].as_str().expect("a problem has a code")
    }

    #[track_caller]
    fn header(&self, name: impl axum::http::header::AsHeaderName) -> &str {
        self.headers[name].to_str().expect("headers are text")
    }
}

impl Server {
    /// Nothing has happened.
    async fn empty() -> Self {
        let (ambient, clock) = Ambient::seeded(shop::TIME, 1);
        let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new(ambient.clock.clone()));
        let folder = TempDir::new().expect("a folder");
        let codec = Codec::new(Arc::new(MemoryVault::new(ambient.randomness.clone())), ambient.randomness.clone());
        let options = RuntimeOptions { codec: codec.clone(), ..RuntimeOptions::new(folder.path().join("read.db")) };
        let runtime =
            Runtime::open(log.clone(), ambient.clock.clone(), options, models::all()).await.expect("read models open");
        let keys = Keys::load_or_create(&folder.path().join("keys.toml"), &*ambient.randomness).expect("keys");
        Self { log, runtime, keys, folder, clock, codec }
    }

    /// All that [`Shop`] tells has happened and is shown.
    async fn with_a_shop() -> Self {
        let server = Self::empty().await;
        Shop::of(&*server.log).open().await;
        server.catch_up().await;
        server
    }

    /// Appends an event, its personal data sealed. `id` is the event's.
    async fn append<E: DomainEvent>(&self, stream: StreamId, id: Uuid, event: &E) {
        let data = serde_json::to_string(event).expect("an event is JSON");
        let data = self.codec.seal(Place::Event { stream: &stream, id }, data).await.expect("an event is sealed");
        let metadata = Metadata { actor: "admin".to_owned(), origin: "live".to_owned(), ..Metadata::default() };
        let event = NewEvent {
            id,
            event_type: event.event_type().name.into(),
            schema_version: event.event_type().version,
            metadata: serde_json::to_string(&metadata).expect("metadata is JSON").into(),
            data: data.into(),
        };
        let events = vec![event];
        append(&*self.log, Append { stream, expected: ExpectedRevision::Any, events }).await.expect("room in the log");
    }

    async fn catch_up(&self) {
        self.runtime.catch_up().await.expect("read models follow");
    }

    fn api(&self) -> ReadApi {
        ReadApi::new(self.runtime.read_models(), self.log.clone(), self.keys.clone())
            .waiting_at_most(Duration::from_millis(20))
            .timed_by(self.clock.clone())
    }

    fn router(&self) -> Router {
        router(self.api()).split_for_parts().0
    }

    fn key(&self, role: &str) -> String {
        let text = std::fs::read_to_string(self.folder.path().join("keys.toml")).expect("the keys");
        let line = text.lines().find(|line| line.starts_with(role)).expect("a key of every role");
        line.split('"').nth(1).expect("a quoted key").to_owned()
    }

    async fn send(&self, path: &str, given: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().uri(format!("/api/v1{path}"));
        for (name, value) in given {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).expect("a request");
        let response = self.router().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 1 << 20).await.expect("a body");
        let body = serde_json::from_slice(&bytes).unwrap_or(serde_json::Value::Null);
        Answer { status: parts.status, headers: parts.headers, body }
    }

    async fn get_as(&self, role: &str, path: &str, given: &[(&str, &str)]) -> Answer {
        let bearer = format!("Bearer {}", self.key(role));
        let mut all = vec![("authorization", bearer.as_str())];
        all.extend_from_slice(given);
        self.send(path, &all).await
    }

    /// As an administrator.
    async fn get(&self, path: &str) -> Answer {
        self.get_as("admin", path, &[]).await
    }

    /// The body of an answer that must be 200.
    #[track_caller]
    fn body(answer: &Answer) -> &serde_json::Value {
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        &answer.body
    }
}

/// The lists, each with the words that its `sort` takes.
const LISTS: [(&str, &[&str]); 16] = [
    ("/products", &["name", "-name", "created_at", "-created_at", "updated_at", "-updated_at"]),
    ("/categories", &["sort_order", "-sort_order", "name", "-name"]),
    ("/stock", &["location", "-location", "available", "-available"]),
    ("/variants/MUG-1/prices", &["valid_from", "-valid_from"]),
    ("/variants/MUG-1/list-prices", &["changed_at", "-changed_at"]),
    ("/orders", &["placed_at", "-placed_at", "total", "-total"]),
    ("/payments", &["created_at", "-created_at", "amount", "-amount"]),
    ("/customers", &["registered_at", "-registered_at"]),
    ("/credit-notes", &["issued_at", "-issued_at", "total", "-total"]),
    ("/sales/by-day", &["key", "-key", "net", "-net"]),
    ("/sales/by-month", &["key", "-key", "net", "-net"]),
    ("/sales/by-country", &["key", "-key", "net", "-net"]),
    ("/sales/by-product", &["key", "-key", "net", "-net"]),
    ("/sales/by-customer", &["key", "-key", "net", "-net"]),
    ("/source-documents", &["number", "-number", "business_date", "-business_date"]),
    (shop::TIMELINE, &[]),
];

/// The single resources of [`Shop`], each with its code where it is missing.
fn resources() -> Vec<(String, String, &'static str)> {
    let nobody = "00000000-0000-7000-8000-00000000ffff";
    let of =
        |path: &str, id: &str, prefix: &str, code| (format!("{path}/{id}"), format!("{path}/{prefix}_{nobody}"), code);
    vec![
        of("/products", shop::PRODUCT_ID, "prd", "product_not_found"),
        of("/categories", shop::CATEGORY_ID, "cat", "category_not_found"),
        ("/stock/main/MUG-1".to_owned(), "/stock/main/CUP-9".to_owned(), "stock_item_not_found"),
        (
            "/variants/MUG-1/offer?currency=GBP".to_owned(),
            "/variants/CUP-9/offer?currency=GBP".to_owned(),
            "offer_not_found",
        ),
        of("/orders", shop::ORDER_ID, "ord", "order_not_found"),
        of("/payments", shop::PAYMENT_ID, "pay", "payment_not_found"),
        of("/customers", shop::CUSTOMER_ID, "cus", "customer_not_found"),
        of("/credit-notes", shop::CREDIT_NOTE_ID, "crn", "credit_note_not_found"),
        (
            "/source-documents/online-retail/536365".to_owned(),
            "/source-documents/online-retail/1".to_owned(),
            "source_document_not_found",
        ),
    ]
}

/// The header that says that something is missing.
fn parked(answer: &Answer) -> bool {
    answer.headers.get(&PARKED).is_some_and(|value| value == "true")
}

fn position(answer: &Answer) -> u64 {
    answer.header(&headers::POSITION).parse().expect("a position")
}
