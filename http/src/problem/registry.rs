//! The kinds of problems that the edge itself answers, and the pages that document every kind of every API.

use super::Problem;
use axum::{
    Json, Router,
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use serde::Serialize;
use std::{fmt::Write, sync::Arc};

/// A documented kind of problem. Its code never changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ProblemKind {
    /// The stable code, `[a-z][a-z0-9_]*`.
    pub code: &'static str,
    /// The HTTP status, 400 to 599.
    pub status: u16,
    /// What it is about, in words.
    pub title: &'static str,
    /// When it happens, which members it has, and what to do.
    pub explanation: &'static str,
    /// After how many seconds to try again, where that may help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u32>,
}

impl ProblemKind {
    /// A kind that trying again does not help.
    ///
    /// # Panics
    /// Statuses outside 400 to 599; in a constant this is a compile-time error.
    #[must_use]
    pub const fn new(code: &'static str, status: u16, title: &'static str, explanation: &'static str) -> Self {
        assert!(status >= 400 && status <= 599, "a problem has an error status");
        Self { code, status, title, explanation, retry_after_seconds: None }
    }

    /// A kind that trying again after some seconds may help.
    #[must_use]
    pub const fn retryable(self, seconds: u32) -> Self {
        Self { retry_after_seconds: Some(seconds), ..self }
    }

    pub(super) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// Declares kinds of problems and a list of them all.
#[macro_export]
macro_rules! problem_kinds {
    ($(#[$list_meta:meta])* $list:ident; $($name:ident = $kind:expr;)+) => {
        $(#[doc = concat!("See [`", stringify!($list), "`] and its explanation.")] pub static $name: $crate::ProblemKind = $kind;)+
        $(#[$list_meta])*
        pub static $list: &[&$crate::ProblemKind] = &[$(&$name),+];
    };
}

problem_kinds! {
    /// Every kind that the edge itself answers.
    EDGE;
    MALFORMED = ProblemKind::new("malformed", 400, "The request cannot be read",
        "The body is not JSON, lacks a field, has an unknown field or a value of the wrong type, or a path, query \
         parameter or header is not in its form. `field` names the place in the body where there is one. Correct the \
         request; it will never succeed as it is.");
    UNAUTHORIZED = ProblemKind::new("unauthorized", 401, "A valid key is needed",
        "There is no `Authorization: Bearer <key>` header, or its key is not one of this server's. The keys are in \
         `keys.toml` in the data folder.");
    FORBIDDEN = ProblemKind::new("forbidden", 403, "Not allowed for this role",
        "The key is valid, but its role lacks the permission that `permission` names.");
    NOT_FOUND = ProblemKind::new("not_found", 404, "Not found", "There is no such resource or no such address.");
    METHOD_NOT_ALLOWED = ProblemKind::new("method_not_allowed", 405, "Method not allowed",
        "The address exists, but not with this method; the `Allow` header names those it has.");
    PRECONDITION_FAILED = ProblemKind::new("precondition_failed", 412, "The resource has changed",
        "`If-Match` names another revision than the current one. Read the resource again and decide anew.");
    BODY_TOO_LARGE = ProblemKind::new("body_too_large", 413, "The body is too large",
        "The body exceeds this route's limit (64 KiB where nothing else is documented).");
    URI_TOO_LONG = ProblemKind::new("uri_too_long", 414, "The address is too long", "Path and query exceed 8 KiB.");
    UNSUPPORTED_MEDIA_TYPE = ProblemKind::new("unsupported_media_type", 415, "The body must be JSON",
        "Send `Content-Type: application/json`.");
    BAD_VALUE = ProblemKind::new("bad_value", 422, "A value is not possible",
        "The request can be read, but a value is outside what is allowed. `field` names the place in the body where \
         there is one.");
    CARD_NUMBER_REFUSED = ProblemKind::new("card_number_refused", 422, "A payment card's number is not accepted",
        "A value looks like the number of a payment card, and this server takes none, anywhere: send the token that your \
         payment provider gave you. `field` names the place, as far as that shows nothing of the number: a place in the \
         body, `query.` and a parameter, `path`, or a header. Nothing of the request was stored or logged.");
    TOO_MANY_REQUESTS = ProblemKind::new("too_many_requests", 429, "Too many requests",
        "Wait for the seconds in `Retry-After` and try again.").retryable(1);
    HEADERS_TOO_LARGE = ProblemKind::new("headers_too_large", 431, "Too many or too large headers",
        "The headers exceed 64 fields or 16 KiB.");
    INTERNAL = ProblemKind::new("internal", 500, "The server failed",
        "A defect in the server. The answer's `X-Request-Id` finds it in the server's log. Whether a write happened is \
         unknown; send it again with the same `Idempotency-Key`.");
    UNAVAILABLE = ProblemKind::new("unavailable", 503, "Not available now",
        "The server cannot answer at the moment: too many requests wait, or a store is not available. Whether a write \
         happened is unknown; send it again with the same `Idempotency-Key` after the seconds in `Retry-After`.")
        .retryable(1);
    TIMEOUT = ProblemKind::new("timeout", 503, "The request took too long",
        "The server stopped waiting for the outcome. Whether a write happened, or is yet to happen, is unknown; send it \
         again with the same `Idempotency-Key`.").retryable(1);
}

/// `GET /problems` and `GET /problems/{code}`: the documentation behind every problem's `type`, as HTML for browsers and
/// as JSON otherwise. Needs no key. If two kinds share a code, the first is shown.
pub fn routes<S: Clone + Send + Sync + 'static>(kinds: impl IntoIterator<Item = &'static ProblemKind>) -> Router<S> {
    let mut kinds: Vec<&'static ProblemKind> = kinds.into_iter().collect();
    kinds.sort_by_key(|kind| kind.code);
    kinds.dedup_by_key(|kind| kind.code);
    let kinds: Arc<[&'static ProblemKind]> = kinds.into();
    let of_list = Arc::clone(&kinds);
    Router::new().route("/problems", get(async move |headers: HeaderMap| list(&of_list, &headers))).route(
        "/problems/{code}",
        get(async move |headers: HeaderMap, Path(code): Path<String>| one(&kinds, &headers, &code)),
    )
}

fn list(kinds: &[&'static ProblemKind], headers: &HeaderMap) -> Response {
    if !wants_html(headers) {
        return Json(kinds).into_response();
    }
    let mut items = String::new();
    for kind in kinds {
        let _ =
            write!(items, "<li><a href=\"/problems/{0}\">{0}</a> ({1}): {2}</li>", kind.code, kind.status, kind.title);
    }
    Html(page("Problems", &format!("<ul>{items}</ul>"))).into_response()
}

fn one(kinds: &[&'static ProblemKind], headers: &HeaderMap, code: &str) -> Response {
    let Some(kind) = kinds.iter().find(|kind| kind.code == code) else {
        return Problem::not_found("problem of that code").into_response();
    };
    if !wants_html(headers) {
        return Json(kind).into_response();
    }
    let body = format!(
        "<p>Code <code>{}</code>, HTTP status {}.</p><p>{}</p><p><a href=\"/problems\">All problems</a></p>",
        kind.code,
        kind.status,
        escape(kind.explanation)
    );
    Html(page(kind.title, &body)).into_response()
}

fn wants_html(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .map(HeaderValue::as_bytes)
        .is_some_and(|accept| accept.windows(9).any(|w| w == b"text/html"))
}

fn page(title: &str, body: &str) -> String {
    let title = escape(title);
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title><h1>{title}</h1>{body}</html>"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{body::Body, http::Request};
    use tower::ServiceExt;

    async fn fetch(path: &str, accept: &str) -> (StatusCode, String) {
        let request = Request::get(path).header(header::ACCEPT, accept).body(Body::empty()).unwrap();
        let response = routes::<()>(EDGE.iter().copied()).oneshot(request).await.unwrap();
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn every_kind_is_documented_under_its_type() {
        for kind in EDGE {
            let (status, body) = fetch(&format!("/problems/{}", kind.code), "*/*").await;
            assert_eq!(status, StatusCode::OK);
            let document: serde_json::Value = serde_json::from_str(&body).unwrap();
            assert_eq!((&document["code"], &document["status"]), (&kind.code.into(), &kind.status.into()));
        }
    }

    #[tokio::test]
    async fn a_browser_gets_a_page() {
        let (status, body) = fetch("/problems/forbidden", "text/html,application/xhtml+xml").await;
        assert_eq!(status, StatusCode::OK);
        assert!(body.contains("Not allowed for this role"), "{body}");
        let (_, list) = fetch("/problems", "text/html").await;
        assert!(list.contains("href=\"/problems/forbidden\""), "{list}");
    }

    #[tokio::test]
    async fn an_undocumented_code_is_not_found() {
        assert_eq!(fetch("/problems/nonsense", "*/*").await.0, StatusCode::NOT_FOUND);
    }

    #[test]
    fn codes_are_unique_and_plain() {
        let mut codes: Vec<_> = EDGE.iter().map(|kind| kind.code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), EDGE.len());
        let plain = |code: &str| code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        assert!(codes.iter().all(|code| plain(code)), "{codes:?}");
    }
}
