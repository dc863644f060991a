//! Live streams: what they send, to whom, from where on, and when they end.

use super::{Answer, Server, shop};
use axum::{
    Router,
    body::{Body, BodyDataStream, to_bytes},
    http::{Request, StatusCode, header},
    response::Response,
};
use futures::{FutureExt, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tillroll_domain::{aggregate::DomainEvent, cart::events::CartEvent, ids::CartId};
use tillroll_infra::{
    event::NewEvent,
    log::{Append, ExpectedRevision, append},
    stream::StreamId,
};
use tokio::{sync::watch, time::timeout};
use tower::ServiceExt;
use uuid::Uuid;

const SOON: Duration = Duration::from_secs(10);
const SUBJECT: &str = "sub_01924c3e-5a00-7000-8000-00000000002a";

/// One server-sent event.
#[derive(Debug, PartialEq)]
struct Sent {
    id: u64,
    name: Option<String>,
    data: Value,
}

/// The reader of a stream.
struct Reader {
    body: BodyDataStream,
    text: String,
}

impl Reader {
    /// The next event; `None` if the stream has ended.
    async fn next(&mut self) -> Option<Sent> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
                let sent = Sent {
                    id: field("id").unwrap().parse().unwrap(),
                    name: field("event").map(str::to_owned),
                    data: serde_json::from_str(field("data").unwrap()).unwrap(),
                };
                self.text = rest.to_owned();
                return Some(sent);
            }
            let piece = timeout(SOON, self.body.next()).await.expect("a stream that should go on hangs")?;
            self.text.push_str(std::str::from_utf8(&piece.unwrap()).unwrap());
        }
    }

    /// Everything until the reader has caught up, which is not among it.
    async fn history(&mut self) -> Vec<Sent> {
        let mut history = Vec::new();
        loop {
            let sent = self.next().await.expect("the stream goes on");
            if sent.name.as_deref() == Some("caught_up") {
                assert_eq!(sent.data, json!({ "position": sent.id }));
                return history;
            }
            history.push(sent);
        }
    }
}

fn order_events() -> String {
    format!("/orders/{}/events", shop::ORDER_ID)
}

fn order_stream() -> StreamId {
    format!("order-{}", shop::ORDER_ID.strip_prefix("ord_").unwrap()).parse().unwrap()
}

impl Server {
    async fn open(&self, router: &Router, path: &str, role: &str, given: &[(&str, &str)]) -> Response {
        let mut request = Request::builder().uri(format!("/api/v1{path}"));
        if !role.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", self.key(role)));
        }
        for (name, value) in given {
            request = request.header(*name, *value);
        }
        router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    /// A stream that is granted.
    async fn follow(&self, path: &str, role: &str, given: &[(&str, &str)]) -> Reader {
        let response = self.open(&self.router(), path, role, given).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
        Reader { body: response.into_body().into_data_stream(), text: String::new() }
    }

    /// A stream that is not granted.
    async fn refused(&self, path: &str, role: &str, given: &[(&str, &str)]) -> Answer {
        let (parts, body) = self.open(&self.router(), path, role, given).await.into_parts();
        assert_ne!(parts.status, StatusCode::OK, "{path}");
        let body = serde_json::from_slice(&to_bytes(body, 1 << 20).await.unwrap()).unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Records an event that no read model knows; answers its position.
    async fn record(&self, stream: &StreamId, data: &str) -> u64 {
        self.tell(stream.as_str(), "Told", data).await
    }

    async fn tell(&self, stream: &str, event_type: &str, data: &str) -> u64 {
        let id = Uuid::from_u64_pair(7, self.log.head().await.unwrap().0);
        let metadata = r#"{"actor":"admin"}"#.into();
        let event = NewEvent { id, event_type: event_type.into(), schema_version: 1, metadata, data: data.into() };
        let told = Append { stream: stream.parse().unwrap(), expected: ExpectedRevision::Any, events: vec![event] };
        append(&*self.log, told).await.unwrap().last_position.0
    }
}

#[tokio::test]
async fn an_order_tells_what_happened_and_then_what_happens() {
    let server = Server::with_a_shop().await;
    let mut reader = server.follow(&order_events(), "admin", &[]).await;
    let history = reader.history().await;
    assert!(history.len() > 2, "{history:?}");
    assert_eq!(history[0].data["type"], "OrderPlaced");
    for (revision, sent) in history.iter().enumerate() {
        assert_eq!((&sent.data["revision"], &sent.data["position"]), (&revision.into(), &sent.id.into()));
        let mut names: Vec<&str> = sent.data.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["position", "recorded_at", "revision", "type"], "and nothing of the content");
    }
    let other: StreamId = format!("order-{}", Uuid::from_u128(1)).parse().unwrap();
    server.record(&other, "{}").await;
    let position = server.record(&order_stream(), "{}").await;
    let live = reader.next().await.unwrap();
    assert_eq!((live.id, &live.data["type"], live.name), (position, &"Told".into(), None));
    assert_eq!(live.data["revision"], history.len());
}

#[tokio::test]
async fn a_reader_that_comes_back_goes_on_behind_what_it_saw() {
    let server = Server::with_a_shop().await;
    let all = server.follow(&order_events(), "admin", &[]).await.history().await;
    for (seen, sent) in all.iter().enumerate() {
        let rest = &all[seen + 1..];
        let last = sent.id.to_string();
        let mut again = server.follow(&order_events(), "admin", &[("last-event-id", last.as_str())]).await;
        assert_eq!(again.history().await, rest);
        let mut again = server.follow(&format!("{}?after={last}", order_events()), "admin", &[]).await;
        assert_eq!(again.history().await, rest);
    }
    let last = all[0].id.to_string();
    let path = format!("{}?after={}", order_events(), all[1].id);
    let mut again = server.follow(&path, "admin", &[("last-event-id", last.as_str())]).await;
    assert_eq!(again.history().await, all[1..], "the header goes over the parameter");
}

#[tokio::test]
async fn a_long_stream_comes_page_by_page_without_gap_or_repeat() {
    let server = Server::with_a_shop().await;
    let before = server.follow(&order_events(), "admin", &[]).await.history().await.len();
    for _ in 0..250 {
        server.record(&order_stream(), "{}").await;
    }
    let mut reader = server.follow(&order_events(), "admin", &[]).await;
    let history = reader.history().await;
    let revisions: Vec<u64> = history.iter().map(|sent| sent.data["revision"].as_u64().unwrap()).collect();
    assert_eq!(revisions, (0..(before + 250) as u64).collect::<Vec<_>>());
    let log = server.follow("/events", "analyst", &[]).await.history().await;
    let positions: Vec<u64> = log.iter().map(|sent| sent.id).collect();
    assert_eq!(positions, (1..=server.log.head().await.unwrap().0).collect::<Vec<_>>());
}

/// Case 37: an order is not open to whoever knows its id.
#[tokio::test]
async fn an_order_of_somebody_else_is_not_there() {
    let server = Server::with_a_shop().await;
    let nobody = format!("/orders/ord_{}/events", Uuid::from_u128(1));
    let secret = server.keys.cart_secret(CartId::new(Uuid::from_u128(1)));
    let other = format!("cus_{}", Uuid::from_u128(1));
    let callers: [(&str, &[(&str, &str)]); 4] = [
        ("storefront", &[]),
        ("storefront", &[("tillroll-customer", other.as_str())]),
        ("storefront", &[("tillroll-cart-secret", secret.reveal())]),
        ("", &[("tillroll-cart-secret", secret.reveal())]),
    ];
    for (role, given) in callers {
        let others = server.refused(&order_events(), role, given).await;
        let absent = server.refused(&nobody, role, given).await;
        assert_eq!((others.status, others.code()), (StatusCode::NOT_FOUND, "order_not_found"), "{role} {given:?}");
        assert_eq!((others.status, others.headers, others.body), (absent.status, absent.headers, absent.body));
    }
    let admin = server.refused(&nobody, "admin", &[]).await;
    assert_eq!(admin.code(), "order_not_found");
    assert_eq!(server.refused(&order_events(), "", &[]).await.code(), "unauthorized");
}

#[tokio::test]
async fn customers_follow_their_own_orders() {
    let server = Server::with_a_shop().await;
    let mine = [("tillroll-customer", shop::CUSTOMER_ID)];
    assert!(!server.follow(&order_events(), "storefront", &mine).await.history().await.is_empty());
}

const CART: CartId = CartId::new(Uuid::from_u128(0xc1 << 64));

/// There is a guest's cart.
async fn with_a_cart() -> Server {
    let server = Server::empty().await;
    let created = json!({
        "cart_id": CART, "owner": { "kind": "guest" }, "currency": "EUR", "country": "DE", "at": "2024-03-01T12:00:00Z",
    });
    server.tell(&format!("cart-{}", CART.uuid()), "CartCreated", &created.to_string()).await;
    server.catch_up().await;
    server
}

/// Case 37: a cart is not open to whoever knows its id.
#[tokio::test]
async fn a_guest_follows_the_cart_of_the_secret() {
    let (server, cart) = (with_a_cart().await, CART);
    let (path, nobody) = (format!("/carts/{cart}/events"), format!("/carts/crt_{}/events", Uuid::from_u128(1)));
    let (right, wrong) = (server.keys.cart_secret(cart), server.keys.cart_secret(CartId::new(Uuid::from_u128(1))));
    for (role, secret) in [("", Some(&right)), ("storefront", Some(&right)), ("analyst", None)] {
        let given: Vec<_> = secret.iter().map(|secret| ("tillroll-cart-secret", secret.reveal())).collect();
        let history = server.follow(&path, role, &given).await.history().await;
        assert_eq!(history[0].data["type"], "CartCreated", "{role}");
    }
    for (role, secret) in [("", Some(&wrong)), ("storefront", Some(&wrong)), ("storefront", None), ("auditor", None)] {
        let given: Vec<_> = secret.iter().map(|secret| ("tillroll-cart-secret", secret.reveal())).collect();
        let (others, absent) = (server.refused(&path, role, &given).await, server.refused(&nobody, role, &given).await);
        assert_eq!((others.status, others.code()), (StatusCode::NOT_FOUND, "cart_not_found"), "{role}");
        assert_eq!((others.headers, others.body), (absent.headers, absent.body), "{role}");
    }
    let missing = server.refused(&nobody, "admin", &[]).await;
    assert_eq!(missing.code(), "cart_not_found");
}

/// Case 37: the secret of a cart opens nothing once the cart is a customer's, also not a stream that is open.
#[tokio::test]
async fn a_guest_follows_a_cart_until_it_is_a_customers() {
    let server = with_a_cart().await;
    let (path, secret) = (format!("/carts/{CART}/events"), server.keys.cart_secret(CART));
    let guest = [("tillroll-cart-secret", secret.reveal())];
    let mut guests = Vec::new();
    for role in ["", "storefront"] {
        let mut reader = server.follow(&path, role, &guest).await;
        assert_eq!(reader.history().await.len(), 1);
        guests.push(reader);
    }
    let mut analyst = server.follow(&path, "analyst", &[]).await;
    analyst.history().await;

    let assigned = json!({ "customer_id": shop::CUSTOMER_ID, "at": "2024-03-01T12:00:00Z" }).to_string();
    assert!(CartEvent::TYPES.iter().any(|known| known.name == "CartAssigned"), "the type of event that it looks for");
    let position = server.tell(&format!("cart-{}", CART.uuid()), "CartAssigned", &assigned).await;
    for mut reader in guests {
        assert_eq!(reader.next().await, None, "not even that it was assigned");
    }
    assert_eq!(analyst.next().await.unwrap().id, position);
    // What is read from the read model, which has not followed yet, is a guest's cart.
    let mut late = server.follow(&path, "", &guest).await;
    assert_eq!(late.next().await.unwrap().data["type"], "CartCreated");
    assert_eq!(late.next().await, None);
    let mut behind = server.follow(&format!("{path}?after={position}"), "", &guest).await;
    assert_eq!(behind.next().await, None, "what made it a customer's may lie before what is asked for");
    server.catch_up().await;
    assert_eq!(server.refused(&path, "", &guest).await.code(), "cart_not_found");

    let mut customer = server.follow(&path, "storefront", &[("tillroll-customer", shop::CUSTOMER_ID)]).await;
    assert_eq!(customer.history().await.len(), 2);
    let position = server.record(&format!("cart-{}", CART.uuid()).parse().unwrap(), "{}").await;
    assert_eq!(customer.next().await.unwrap().id, position);
}

#[tokio::test]
async fn the_log_is_followed_by_those_who_read_events() {
    let server = Server::with_a_shop().await;
    assert_eq!(server.refused("/events", "storefront", &[]).await.code(), "forbidden");
    for role in ["admin", "analyst", "auditor"] {
        let mut reader = server.follow("/events", role, &[]).await;
        let history = reader.history().await;
        assert_eq!(history.len() as u64, server.log.head().await.unwrap().0);
        assert_eq!(history[0].data["stream"].as_str().unwrap().split_once('-').unwrap().0, "product");
        assert_eq!(history[0].data["metadata"]["actor"], "admin");
        assert_eq!(history[0].data["data"]["name"], "Mug");
        let position = server.record(&order_stream(), r#"{"n":[1,"é\n"]}"#).await;
        let live = reader.next().await.unwrap();
        assert_eq!((live.id, &live.data["data"]), (position, &json!({ "n": [1, "é\n"] })));
    }
}

#[tokio::test]
async fn personal_values_are_redacted_to_their_subject() {
    let server = Server::empty().await;
    let stream: StreamId = "customer-00000000-0000-7000-8000-000000000d01".parse().unwrap();
    let sealed = format!(
        r#"{{"email":{{"$sealed":{{"subject":"{SUBJECT}","field":"email","box":"c2VjcmV0"}}}},"country":"DE"}}"#
    );
    server.record(&stream, &sealed).await;
    // What nobody writes is not shown, and does not hold up what follows.
    server.record(&stream, r#"{"email":{"$personal":{"subject":"x","field":"email","value":"a@b.example"}}}"#).await;
    server.record(&stream, "{}").await;
    let shown = server.follow("/events", "analyst", &[]).await.history().await;
    assert_eq!(shown[0].data["data"], json!({ "email": { "$redacted": SUBJECT }, "country": "DE" }));
    assert_eq!((&shown[1].data["data"], &shown[2].data["data"]), (&Value::Null, &json!({})));
}

#[tokio::test]
async fn nobody_begins_beyond_the_log() {
    let server = Server::with_a_shop().await;
    let beyond = (server.log.head().await.unwrap().0 + 1).to_string();
    for path in ["/events".to_owned(), order_events()] {
        for (path, given) in
            [(format!("{path}?after={beyond}"), None), (path, Some(("last-event-id", beyond.as_str())))]
        {
            let given: Vec<_> = given.into_iter().collect();
            assert_eq!(server.refused(&path, "admin", &given).await.code(), "position_beyond_log", "{path}");
        }
    }
    assert_eq!(server.refused("/events?after=x", "admin", &[]).await.code(), "malformed");
    // Also where the header goes over it.
    for path in ["/events".to_owned(), order_events()] {
        let path = format!("{path}?after=9223372036854775808");
        assert_eq!(server.refused(&path, "admin", &[("last-event-id", "1")]).await.code(), "malformed", "{path}");
    }
    assert_eq!(server.refused("/events", "admin", &[("last-event-id", "x")]).await.code(), "malformed");
}

#[tokio::test]
async fn streams_are_bounded_and_give_their_place_back() {
    let server = Server::with_a_shop().await;
    let api = server.api().live_streams_at_most(2);
    let router = crate::router(api).split_for_parts().0;
    let one = server.open(&router, "/events", "admin", &[]).await;
    let two = server.open(&router, &order_events(), "admin", &[]).await;
    let three = server.open(&router, "/events", "admin", &[]).await;
    assert_eq!((one.status(), two.status()), (StatusCode::OK, StatusCode::OK));
    assert_eq!(three.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(three.headers()[header::RETRY_AFTER], "5");
    drop(two);
    assert_eq!(server.open(&router, "/events", "admin", &[]).await.status(), StatusCode::OK);
}

/// Those of so many streams of the order that are granted to its customer or to a role, one after the other.
async fn are_granted(server: &Server, router: &Router, role: &str, count: usize) -> Vec<Response> {
    let acting = [("tillroll-customer", shop::CUSTOMER_ID)];
    let given = if role == "storefront" { &acting[..] } else { &[] };
    let mut open = Vec::new();
    for _ in 0..count {
        let response = server.open(router, &order_events(), role, given).await;
        if response.status() == StatusCode::SERVICE_UNAVAILABLE {
            break;
        }
        assert_eq!(response.status(), StatusCode::OK);
        open.push(response);
    }
    open
}

#[tokio::test]
async fn a_quarter_of_the_streams_is_for_those_who_read_events() {
    let server = Server::with_a_shop().await;
    let router = crate::router(server.api().live_streams_at_most(8)).split_for_parts().0;
    let customers = are_granted(&server, &router, "storefront", 8).await;
    assert_eq!(customers.len(), 6);
    let analysts = are_granted(&server, &router, "analyst", 8).await;
    assert_eq!(analysts.len(), 2);
    drop(customers);
    assert_eq!(are_granted(&server, &router, "analyst", 8).await.len(), 6, "the others are for everybody");
}

#[tokio::test]
async fn an_order_has_few_readers_at_a_time_besides_those_who_read_events() {
    let server = Server::with_a_shop().await;
    let router = crate::router(server.api().live_streams_at_most(100)).split_for_parts().0;
    let mut open = are_granted(&server, &router, "storefront", 9).await;
    assert_eq!(open.len(), 8);
    assert_eq!(are_granted(&server, &router, "analyst", 9).await.len(), 9);
    open.pop();
    assert_eq!(are_granted(&server, &router, "storefront", 2).await.len(), 1, "who goes makes room");
}

#[tokio::test]
async fn streams_end_when_the_server_stops() {
    let server = Server::with_a_shop().await;
    let (stop, stopping) = watch::channel(false);
    let router = crate::router(server.api().live_until(stopping)).split_for_parts().0;
    let mut waiting = Vec::new();
    for path in ["/events".to_owned(), order_events()] {
        let body = server.open(&router, &path, "admin", &[]).await.into_body().into_data_stream();
        let mut reader = Reader { body, text: String::new() };
        reader.history().await;
        waiting.push(reader);
    }
    let body = server.open(&router, "/events", "admin", &[]).await.into_body().into_data_stream();
    let mut in_the_middle = Reader { body, text: String::new() };
    in_the_middle.next().await.unwrap();
    let mut waits: Vec<_> = waiting.iter_mut().map(|reader| Box::pin(reader.next())).collect();
    for wait in &mut waits {
        assert_eq!(wait.now_or_never(), None, "there is nothing to send");
    }
    stop.send_replace(true);
    for wait in waits {
        assert_eq!(wait.await, None);
    }
    assert_eq!(in_the_middle.next().await, None, "also one that has not caught up");
}
