//! Problem details: every error answer of the APIs is one of these (RFC 9457).

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt;
use utoipa::ToSchema;

pub mod registry;

use registry::ProblemKind;

/// The media type of problem details.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// An error answer: `{type: "/problems/<code>", title, status, code, detail, …}` with machine-readable extensions.
///
/// `type` and `code` are stable; `title` and `detail` are for people and may change. Texts for operators never enter.
#[derive(Debug, Clone)]
pub struct Problem(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: Option<String>,
    retry_after_seconds: Option<u32>,
    extensions: Map<String, Value>,
}

/// How a problem looks in JSON. Further members depend on the code.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument {
    /// Where the code is documented, relative to the server: `/problems/<code>`.
    #[schema(example = "/problems/not_found")]
    pub r#type: String,
    /// What it is about, in words; the same for every occurrence.
    #[schema(example = "Not found")]
    pub title: String,
    /// The HTTP status.
    #[schema(example = 404)]
    pub status: u16,
    /// The stable code.
    #[schema(example = "not_found")]
    pub code: String,
    /// What is wrong this time, in words.
    pub detail: Option<String>,
}

impl Problem {
    /// A problem of any code; prefer [`Self::of`], whose code is documented.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        Self(Box::new(Inner { status, code, title, detail: None, retry_after_seconds: None, extensions: Map::new() }))
    }

    /// A problem of a documented kind.
    #[must_use]
    pub fn of(kind: &'static ProblemKind) -> Self {
        let mut problem = Self::new(kind.status(), kind.code, kind.title);
        problem.0.retry_after_seconds = kind.retry_after_seconds;
        problem
    }

    /// Says what is wrong this time, in words for the client.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Adds a machine-readable member. A value that cannot be JSON is left out, and so is one under a reserved name
    /// (`type`, `title`, `status`, `code`, `detail`).
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Serialize) -> Self {
        if !["type", "title", "status", "code", "detail"].contains(&key)
            && let Ok(value) = serde_json::to_value(value)
        {
            self.0.extensions.insert(key.to_owned(), value);
        }
        self
    }

    /// Tells the client when to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after_seconds = Some(seconds);
        self
    }

    /// 400: the request cannot be read.
    #[must_use]
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::of(&registry::MALFORMED).detail(detail)
    }

    /// 401: no key, or not one of ours.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::of(&registry::UNAUTHORIZED).detail("send a key from keys.toml as \"Authorization: Bearer <key>\"")
    }

    /// 403: the key's role may not do this.
    #[must_use]
    pub fn forbidden(permission: crate::Permission) -> Self {
        Self::of(&registry::FORBIDDEN)
            .detail("the role of this key lacks the permission")
            .with("permission", permission.name())
    }

    /// 404: there is no such thing.
    #[must_use]
    pub fn not_found(what: impl fmt::Display) -> Self {
        Self::of(&registry::NOT_FOUND).detail(format!("there is no {what}"))
    }

    /// 409: a rule refuses it. Prefer [`Self::of`] with a kind of its own.
    #[must_use]
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, "Refused by a rule").detail(detail)
    }

    /// 412: `If-Match` names another revision than the current one.
    #[must_use]
    pub fn precondition_failed(detail: impl Into<String>) -> Self {
        Self::of(&registry::PRECONDITION_FAILED).detail(detail)
    }

    /// 422: well-formed, but a value is not possible.
    #[must_use]
    pub fn bad_value(detail: impl Into<String>) -> Self {
        Self::of(&registry::BAD_VALUE).detail(detail)
    }

    /// 429: later.
    #[must_use]
    pub fn too_many(retry_after_seconds: u32) -> Self {
        Self::of(&registry::TOO_MANY_REQUESTS).retry_after(retry_after_seconds)
    }

    /// 503: not now. The detail is for the client and names no cause inside.
    #[must_use]
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::of(&registry::UNAVAILABLE).detail(detail)
    }

    /// 500: our fault.
    #[must_use]
    pub fn internal() -> Self {
        Self::of(&registry::INTERNAL).detail("the failure was logged under this answer's X-Request-Id")
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// The JSON document.
    #[must_use]
    pub fn document(&self) -> Value {
        let mut members = Map::new();
        members.insert("type".to_owned(), format!("/problems/{}", self.0.code).into());
        members.insert("title".to_owned(), self.0.title.into());
        members.insert("status".to_owned(), self.0.status.as_u16().into());
        members.insert("code".to_owned(), self.0.code.into());
        if let Some(detail) = &self.0.detail {
            members.insert("detail".to_owned(), detail.as_str().into());
        }
        members.extend(self.0.extensions.clone());
        Value::Object(members)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0.status.as_u16(), self.0.code)?;
        self.0.detail.iter().try_for_each(|detail| write!(f, ": {detail}"))
    }
}

impl std::error::Error for Problem {}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.0.status, self.document().to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if let Some(seconds) = self.0.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.0.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"tillroll\""));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_its_code_in_type_and_code() {
        let problem = Problem::not_found("order ord_1").with("order_id", "ord_1");
        let expected = serde_json::json!({
            "type": "/problems/not_found", "title": "Not found", "status": 404, "code": "not_found",
            "detail": "there is no order ord_1", "order_id": "ord_1",
        });
        assert_eq!(problem.document(), expected);
    }

    #[test]
    fn an_extension_never_replaces_a_standard_member() {
        let problem = Problem::malformed("x").with("status", 200).with("code", "fine");
        assert_eq!(problem.document()["status"], 400);
        assert_eq!(problem.document()["code"], "malformed");
    }

    #[test]
    fn unauthorized_answers_say_how_to_authenticate() {
        let response = Problem::unauthorized().into_response();
        assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Bearer realm=\"tillroll\"");
        assert_eq!(response.headers()[header::CONTENT_TYPE], MEDIA_TYPE);
    }

    #[test]
    fn an_answer_to_try_later_says_when() {
        let response = Problem::unavailable("busy").into_response();
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
        assert_eq!(Problem::too_many(7).into_response().headers()[header::RETRY_AFTER], "7");
    }
}
