//! Extractors whose rejections are problems: 400 for what cannot be read, 422 for values that are not possible.
//!
//! Targets derive `Deserialize` with `deny_unknown_fields`, so that a misspelled field or parameter is never ignored.

use crate::{
    cards,
    problem::{Problem, registry},
};
use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use serde::de::DeserializeOwned;

/// The default bound of a request body, in bytes; see [`crate::protect`]. A route may set another one with
/// `axum::extract::DefaultBodyLimit`.
pub const BODY_BYTES_MAX: usize = 64 << 10;

/// A JSON body.
///
/// Unreadable JSON, wrong types, and missing, repeated or unknown fields are 400 `malformed`; values that the target
/// refuses are 422 `bad_value`; both name the place in `field`. Depth is bounded by serde_json (128).
#[derive(Debug, Clone, Copy)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let raw = RawBody::from_request(request, state).await?;
        raw.json().map(Self)
    }
}

/// A body as it came, not yet read as JSON; for handlers that authorize first or need its digest.
#[derive(Debug, Clone)]
pub struct RawBody {
    /// The bytes, at most the route's limit.
    pub bytes: Bytes,
    is_json: bool,
}

impl RawBody {
    /// Reads the body as JSON.
    ///
    /// # Errors
    /// See [`Body`]; 415 if the body is not sent as JSON; 422 `card_number_refused` if it holds what looks like a payment
    /// card's number.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        if !self.is_json {
            return Err(Problem::of(&registry::UNSUPPORTED_MEDIA_TYPE));
        }
        // Before it is read in earnest: errors quote what they are about.
        if let Some(place) = cards::in_json(&self.bytes) {
            return Err(cards::refused(&place));
        }
        let mut deserializer = serde_json::Deserializer::from_slice(&self.bytes);
        let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
            let field = error.path().to_string();
            body_problem(error.inner(), Some(field).filter(|field| field != "."))
        })?;
        deserializer.end().map_err(|error| body_problem(&error, None))?;
        Ok(value)
    }
}

impl<S: Send + Sync> FromRequest<S> for RawBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let is_json = is_json(request.headers());
        match Bytes::from_request(request, state).await {
            Ok(bytes) => Ok(Self { bytes, is_json }),
            Err(rejection) => Err(bytes_problem(&rejection)),
        }
    }
}

fn bytes_problem(rejection: &BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Problem::of(&registry::BODY_TOO_LARGE)
    } else {
        Problem::malformed("the body ended early or could not be read")
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media_type == "application/json" || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}

fn body_problem(error: &serde_json::Error, field: Option<String>) -> Problem {
    let message = error.to_string();
    let problem = match error.classify() {
        serde_json::error::Category::Data if !is_shape_error(&message) => Problem::bad_value(message),
        _ => Problem::malformed(message),
    };
    match field {
        Some(field) => problem.with("field", field),
        None => problem,
    }
}

/// True for the messages that serde itself makes for a wrong shape (`serde::de::Error`'s provided methods); all others
/// come from the target's own checks.
fn is_shape_error(message: &str) -> bool {
    ["invalid type", "invalid length", "unknown field", "missing field", "duplicate field"]
        .iter()
        .any(|start| message.starts_with(start))
}

/// The query's parameters. Missing, repeated and unknown ones are 400 `malformed`, and so are values of the wrong form.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        axum::extract::Query::try_from_uri(&parts.uri)
            .map(|axum::extract::Query(value)| Self(value))
            .map_err(|rejection| Problem::malformed(rejection.body_text()))
    }
}

/// The path's parameters. Values of the wrong form are 400 `malformed`.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(rejection) if rejection.status().is_client_error() => Err(Problem::malformed(rejection.body_text())),
            Err(rejection) => {
                tracing::error!(error = %rejection, "a route does not have the path parameters its handler wants");
                Err(Problem::internal())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use tillroll_domain::{quantity::Quantity, text::Sku};

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Line {
        #[expect(dead_code, reason = "only its form matters")]
        sku: Sku,
        quantity: Quantity,
    }

    fn read(text: &'static str) -> Result<Vec<Line>, serde_json::Value> {
        let body = RawBody { bytes: Bytes::from_static(text.as_bytes()), is_json: true };
        body.json().map_err(|problem| problem.document())
    }

    #[test]
    fn a_good_body_is_read() {
        assert_eq!(read(r#"[{"sku":"A","quantity":2}]"#).unwrap()[0].quantity.get(), 2);
    }

    #[test]
    fn a_body_of_the_wrong_shape_is_malformed() {
        let malformed = [
            r#"[{"sku":"A","quantity":2,"color":"red"}]"#,
            r#"[{"sku":"A"}]"#,
            r#"[{"sku":"A","quantity":"2"}]"#,
            r#"[{"sku":"A","quantity":2.0}]"#,
            r#"[{"sku":"A","sku":"B","quantity":2}]"#,
            r#"[{"sku":"A","quantity":2}"#,
            r#"[] []"#,
            "",
        ];
        for text in malformed {
            assert_eq!(read(text).unwrap_err()["code"], "malformed", "{text}");
        }
    }

    #[test]
    fn a_value_that_is_not_possible_is_named() {
        let problem = read(r#"[{"sku":"A","quantity":1},{"sku":"a b","quantity":1}]"#).unwrap_err();
        assert_eq!((&problem["status"], &problem["code"]), (&422.into(), &"bad_value".into()));
        assert_eq!(problem["field"], "[1].sku");
        assert_eq!(read(r#"[{"sku":"A","quantity":0}]"#).unwrap_err()["field"], "[0].quantity");
    }

    #[test]
    fn a_card_number_is_refused_and_not_shown() {
        for text in [
            r#"[{"sku":"4111-1111-1111-1111","quantity":1}]"#,
            r#"[{"sku":"A","quantity":4111111111111111}]"#,
            r#"[{"sku":"A","4111111111111111":1}]"#,
            r#"[{"sku":"A","quantity":4.111111111111111e15}]"#,
        ] {
            let problem = read(text).unwrap_err();
            assert_eq!((&problem["status"], &problem["code"]), (&422.into(), &"card_number_refused".into()), "{text}");
            assert!(!problem.to_string().contains("1111"), "{problem}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let deep: &'static str = "[".repeat(200).leak();
        let body = RawBody { bytes: Bytes::from_static(deep.as_bytes()), is_json: true };
        assert_eq!(body.json::<serde_json::Value>().unwrap_err().code(), "malformed");
    }

    #[test]
    fn only_json_is_read_as_json() {
        let with = |value: &'static str| HeaderMap::from_iter([(header::CONTENT_TYPE, value.parse().unwrap())]);
        assert!(is_json(&with("application/json; charset=utf-8")));
        assert!(is_json(&with("application/merge-patch+json")));
        assert!(!is_json(&with("text/plain")));
        assert!(!is_json(&HeaderMap::new()));
    }
}
