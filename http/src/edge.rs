//! What surrounds every handler: request id, timeout, panic catcher, security headers, cross-origin answers, refusal of
//! card numbers, access log, metrics, problem fallbacks.

use crate::{
    cards,
    cors::Cors,
    extract::BODY_BYTES_MAX,
    metrics::HttpMetrics,
    problem::{Problem, registry},
};
use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRequestParts, MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, header, request::Parts},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use futures::FutureExt;
use std::{convert::Infallible, fmt, panic::AssertUnwindSafe, sync::Arc, time::Duration};
use tillroll_infra::ambient::IdSource;
use tokio::time::Instant;
use uuid::Uuid;

/// `X-Request-Id` of every answer: finds the request in the log, and is the correlation id of the events it caused.
pub static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What [`protect`] needs.
#[derive(Debug, Clone)]
pub struct Edge {
    /// Makes the request ids.
    pub ids: Arc<dyn IdSource>,
    /// How long a handler may take until its answer begins, reading the body included; then the answer is 503
    /// `timeout`. Default 10 s. A stream that has begun may last longer.
    pub request_timeout: Duration,
    /// Whose pages may call from other origins. Default: nobody's.
    pub cors: Cors,
    /// What counts the requests.
    pub metrics: HttpMetrics,
}

impl Edge {
    /// With the defaults.
    #[must_use]
    pub fn new(ids: Arc<dyn IdSource>) -> Self {
        let request_timeout = Duration::from_secs(10);
        Self { ids, request_timeout, cors: Cors::default(), metrics: HttpMetrics::default() }
    }
}

/// The id of a request; never taken from the client. As an extractor it is `None` outside of [`protect`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId(pub Option<Uuid>);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|id| write!(f, "{}", id.hyphenated()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RequestId {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().copied().unwrap_or(Self(None)))
    }
}

/// Surrounds a complete router: unknown addresses and methods are problems; bodies are bounded by
/// [`BODY_BYTES_MAX`] unless a route says otherwise; handlers that panic answer 500 and handlers that take too long 503;
/// every answer has a request id and the security headers, unless the handler set its own; what looks like a payment card's
/// number in the address or the idempotency key is refused; pages of the listed origins may call; every request is counted,
/// and logged with method, route, status and duration, and with neither its address nor its content.
pub fn protect(router: Router, edge: Edge) -> Router {
    router
        .fallback(async || Problem::not_found("such address"))
        .method_not_allowed_fallback(async || Problem::of(&registry::METHOD_NOT_ALLOWED))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn_with_state(Arc::new(edge), surround))
}

async fn surround(State(edge): State<Arc<Edge>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = edge.ids.next();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("unmatched", MatchedPath::as_str);
    request.extensions_mut().insert(RequestId(Some(id)));

    let cross_origin = edge.cors.answer(request.headers());

    let answer = async {
        if let Some(preflight) = edge.cors.preflight(request.method(), request.headers()) {
            return preflight;
        }
        match cards::check_head(request.uri(), request.headers()) {
            Ok(()) => next.run(request).await,
            Err(problem) => problem.into_response(),
        }
    };
    let handled = AssertUnwindSafe(tokio::time::timeout(edge.request_timeout, answer)).catch_unwind();
    let mut response = match handled.await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => Problem::of(&registry::TIMEOUT).into_response(),
        // What was panicked with may hold anything; the panic hook has its place.
        Err(_) => {
            tracing::error!(request.id = %id, %method, route, "a handler panicked");
            Problem::internal().into_response()
        }
    };

    cross_origin.add_to(&mut response);
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::try_from(id.hyphenated().to_string()) {
        headers.insert(&REQUEST_ID, value);
    }
    for (name, value) in SECURITY_HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    let duration = started.elapsed();
    edge.metrics.count(&method, route, response.status(), duration);
    let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(request.id = %id, %method, route, status = response.status().as_u16(), duration_ms, "request");
    response
}

/// For answers that are data and not pages; a page sets a policy of its own.
const SECURITY_HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Body;
    use axum::{
        body::to_bytes,
        http::{Method, StatusCode},
        routing::{get, post},
    };
    use chrono::DateTime;
    use tillroll_infra::ambient::Ambient;
    use tower::ServiceExt;

    fn router() -> Router {
        let edge = Edge {
            request_timeout: Duration::from_millis(50),
            cors: Cors::of(&["https://a.example".to_owned()]),
            ..Edge::new(Ambient::seeded(DateTime::UNIX_EPOCH, 1).0.ids)
        };
        let router = Router::new()
            .route("/fine", get(async |id: RequestId| id.to_string()))
            .route("/echo", post(async |Body(value): Body<serde_json::Value>| value.to_string()))
            .route("/page", get(async || ([(header::CONTENT_SECURITY_POLICY, "script-src 'self'")], "page")))
            .route("/panics", get(async || -> &'static str { panic!("a secret cause") }))
            .route("/hangs", get(async || std::future::pending::<&'static str>().await));
        protect(router, edge)
    }

    async fn send(method: Method, path: &str, body: impl Into<axum::body::Body>) -> (Response<()>, String) {
        let request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, "application/json");
        let response = router().oneshot(request.body(body.into()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        (Response::from_parts(parts, ()), String::from_utf8(body.to_vec()).unwrap())
    }

    fn code(body: &str) -> String {
        let document: serde_json::Value = serde_json::from_str(body).unwrap();
        document["code"].as_str().unwrap().to_owned()
    }

    #[tokio::test]
    async fn every_answer_has_an_id_and_the_security_headers() {
        for path in ["/fine", "/nowhere", "/panics", "/hangs"] {
            let (response, _) = send(Method::GET, path, "").await;
            assert!(response.headers().contains_key(&REQUEST_ID), "{path}");
            for (name, value) in SECURITY_HEADERS {
                assert_eq!(response.headers()[&name], value, "{path}");
            }
        }
    }

    #[tokio::test]
    async fn a_handler_sees_the_id_that_the_answer_shows() {
        let (response, body) = send(Method::GET, "/fine", "").await;
        assert_eq!(response.headers()[&REQUEST_ID], body.as_str());
    }

    #[tokio::test]
    async fn a_preflight_is_answered_before_anything_else() {
        let preflight =
            Request::builder().method(Method::OPTIONS).uri("/panics").header(header::ORIGIN, "https://a.example");
        let preflight = preflight.header(header::ACCESS_CONTROL_REQUEST_METHOD, "GET").body(axum::body::Body::empty());
        let answer = router().oneshot(preflight.unwrap()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        assert_eq!(answer.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "https://a.example");
        assert_eq!(answer.headers().get_all(header::VARY).iter().collect::<Vec<_>>(), ["Origin"]);
    }

    #[tokio::test]
    async fn failures_too_may_be_read_by_pages_of_listed_origins() {
        for (path, status) in [("/fine", 200), ("/nowhere", 404), ("/panics", 500), ("/hangs", 503)] {
            let request = Request::builder().uri(path).header(header::ORIGIN, "https://a.example");
            let answer = router().oneshot(request.body(axum::body::Body::empty()).unwrap()).await.unwrap();
            assert_eq!(answer.status(), status, "{path}");
            assert_eq!(answer.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "https://a.example", "{path}");
        }
    }

    #[tokio::test]
    async fn a_card_number_in_the_address_reaches_no_handler() {
        for path in ["/panics?card=4111-1111-1111-1111", "/nowhere/4111111111111111"] {
            let (response, body) = send(Method::GET, path, "").await;
            assert_eq!((response.status().as_u16(), code(&body).as_str()), (422, "card_number_refused"), "{path}");
            assert!(!body.contains("1111"), "{body}");
        }
    }

    #[tokio::test]
    async fn a_page_keeps_its_own_policy() {
        let (response, _) = send(Method::GET, "/page", "").await;
        assert_eq!(response.headers()[header::CONTENT_SECURITY_POLICY], "script-src 'self'");
    }

    #[tokio::test]
    async fn unknown_addresses_and_methods_are_problems() {
        let (response, body) = send(Method::GET, "/nowhere", "").await;
        assert_eq!((response.status(), code(&body).as_str()), (StatusCode::NOT_FOUND, "not_found"));
        let (response, body) = send(Method::DELETE, "/fine", "").await;
        assert_eq!((response.status(), code(&body).as_str()), (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"));
        assert_eq!(response.headers()[header::ALLOW], "GET,HEAD");
    }

    #[tokio::test]
    async fn a_panic_is_an_internal_problem_that_tells_nothing() {
        let (response, body) = send(Method::GET, "/panics", "").await;
        assert_eq!((response.status(), code(&body).as_str()), (StatusCode::INTERNAL_SERVER_ERROR, "internal"));
        assert!(!body.contains("secret"), "{body}");
    }

    #[tokio::test]
    async fn a_handler_that_hangs_is_given_up() {
        let (response, body) = send(Method::GET, "/hangs", "").await;
        assert_eq!((response.status(), code(&body).as_str()), (StatusCode::SERVICE_UNAVAILABLE, "timeout"));
        assert!(response.headers().contains_key(header::RETRY_AFTER));
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_refused() {
        let fits = format!("\"{}\"", "x".repeat(BODY_BYTES_MAX - 2));
        assert_eq!(send(Method::POST, "/echo", fits).await.0.status(), StatusCode::OK);
        let large = format!("\"{}\"", "x".repeat(BODY_BYTES_MAX));
        let (response, body) = send(Method::POST, "/echo", large).await;
        assert_eq!((response.status(), code(&body).as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"));
    }
}
