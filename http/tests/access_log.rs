//! What the access log holds, and what it never does. A process of its own: what other tests log would get in the way.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as loudly as tests do")]

use axum::{Router, body::Body, http::Request, routing::post};
use chrono::DateTime;
use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};
use tillroll_http::{Edge, protect};
use tillroll_infra::ambient::Ambient;
use tower::ServiceExt;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_access_log_has_route_and_status_and_nothing_of_the_client() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let logging = tracing::subscriber::set_default(subscriber);

    let routes = Router::new().route("/echo/{word}", post(async |body: String| body));
    let router = protect(routes, Edge::new(Ambient::seeded(DateTime::UNIX_EPOCH, 1).0.ids));
    let known = Request::post("/echo/canary-parameter?card=canary-query")
        .header("authorization", "Bearer canary-key")
        .header("user-agent", "canary-header")
        .body(Body::from("canary-body"));
    router.clone().oneshot(known.unwrap()).await.unwrap();
    let card = Request::post("/echo/4111111111111111?card=4111-1111-1111-1111")
        .header("idempotency-key", "\"4111 1111 1111 1111\"")
        .body(Body::from("4111111111111111"));
    router.clone().oneshot(card.unwrap()).await.unwrap();
    let unknown = Request::get("/canary-path").body(Body::empty());
    router.oneshot(unknown.unwrap()).await.unwrap();
    drop(logging);

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("method=POST route=\"/echo/{word}\" status=200 duration_ms="), "{text}");
    assert!(text.contains("method=GET route=\"unmatched\" status=404"), "{text}");
    assert!(text.contains("route=\"/echo/{word}\" status=422"), "{text}");
    assert!(!text.contains("canary") && !text.contains("1111"), "{text}");
}
