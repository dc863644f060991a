//! Cross-origin requests of browsers: a list of origins that may call, and nothing for all others (Fetch standard).
//!
//! Callers prove who they are by headers and never by cookies, so credentials are not allowed, and a page of a foreign
//! origin gains nothing by having a browser send a request.

use axum::{
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use std::sync::Arc;

/// What other origins may ask for.
const METHODS: &str = "GET, POST";
/// What other origins may send.
const REQUEST_HEADERS: &str = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, \
                               Prefer, Tillroll-After, Tillroll-Cart-Secret, Tillroll-Client-Secret, Traceparent";
/// What scripts of other origins may see of an answer.
const ANSWER_HEADERS: &str =
    "ETag, Location, Preference-Applied, Retry-After, Tillroll-Parked, Tillroll-Position, X-Request-Id";
/// How long a browser may remember a preflight, in seconds.
const MAX_AGE_SECONDS: u32 = 600;

/// The origins whose pages may call, such as `https://shop.example`, compared exactly. Cloning is cheap.
#[derive(Debug, Clone, Default)]
pub struct Cors {
    origins: Arc<[HeaderValue]>,
}

impl Cors {
    /// These origins, as browsers send them. What cannot be a header is left out, since no browser can send it.
    #[must_use]
    pub fn of(origins: &[String]) -> Self {
        Self { origins: origins.iter().filter_map(|origin| HeaderValue::try_from(origin).ok()).collect() }
    }

    /// The origin of a request, if it may call.
    fn allowed(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let mut given = headers.get_all(header::ORIGIN).iter();
        let (Some(origin), None) = (given.next(), given.next()) else { return None };
        self.origins.contains(origin).then(|| origin.clone())
    }

    /// The answer to a preflight from an origin that may call; `None` for all other requests. It comes before any question
    /// who is calling, because a browser sends no key with it.
    pub(crate) fn preflight(&self, method: &Method, headers: &HeaderMap) -> Option<Response> {
        if method != Method::OPTIONS || !headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
            return None;
        }
        let origin = self.allowed(headers)?;
        let mut response = StatusCode::NO_CONTENT.into_response();
        let answered = response.headers_mut();
        answered.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        answered.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
        answered.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(REQUEST_HEADERS));
        answered.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from(MAX_AGE_SECONDS));
        Some(response)
    }

    /// What the answer to a request with these headers must say besides.
    pub(crate) fn answer(&self, headers: &HeaderMap) -> CorsAnswer {
        CorsAnswer { origin: self.allowed(headers), varies: !self.origins.is_empty() }
    }
}

/// What an answer says about the origins that may read it.
#[derive(Debug)]
pub(crate) struct CorsAnswer {
    origin: Option<HeaderValue>,
    varies: bool,
}

impl CorsAnswer {
    pub(crate) fn add_to(self, response: &mut Response) {
        let headers = response.headers_mut();
        if self.varies {
            // Also without an origin: a cache must not hand that answer to a page that sends one.
            headers.append(header::VARY, HeaderValue::from_static("Origin"));
        }
        if let Some(origin) = self.origin {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(ANSWER_HEADERS));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cors() -> Cors {
        Cors::of(&["https://shop.example".to_owned(), "http://localhost:3000".to_owned()])
    }

    fn headers(given: &[(header::HeaderName, &'static str)]) -> HeaderMap {
        given.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    fn origin(given: &[&'static str]) -> HeaderMap {
        given.iter().map(|value| (header::ORIGIN, HeaderValue::from_static(value))).collect()
    }

    fn answered(cors: &Cors, request: &HeaderMap) -> HeaderMap {
        let mut response = StatusCode::OK.into_response();
        cors.answer(request).add_to(&mut response);
        response.headers().clone()
    }

    #[test]
    fn an_origin_is_allowed_exactly_as_it_is_listed() {
        let allowed = answered(&cors(), &origin(&["https://shop.example"]));
        assert_eq!(allowed[header::ACCESS_CONTROL_ALLOW_ORIGIN], "https://shop.example");
        assert!(!allowed.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));
        for others in [
            &["http://shop.example"][..],
            &["https://shop.example:8443"],
            &["https://shop.example.evil.example"],
            &["https://SHOP.example"],
            &["null"],
            &["*"],
            &[],
            &["https://shop.example", "https://shop.example"],
        ] {
            let refused = answered(&cors(), &origin(others));
            assert!(!refused.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN), "{others:?}");
            assert_eq!(refused[header::VARY], "Origin", "{others:?}");
        }
    }

    #[test]
    fn without_a_list_there_is_no_sign_of_cross_origin_requests() {
        assert!(answered(&Cors::default(), &origin(&["https://shop.example"])).is_empty());
    }

    #[test]
    fn a_preflight_names_methods_and_headers() {
        let mut request = origin(&["https://shop.example"]);
        assert!(cors().preflight(&Method::OPTIONS, &request).is_none(), "it asks for no method");
        request.extend(headers(&[(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")]));
        assert!(cors().preflight(&Method::GET, &request).is_none());
        let answer = cors().preflight(&Method::OPTIONS, &request).unwrap();
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        assert_eq!(answer.headers()[header::ACCESS_CONTROL_ALLOW_METHODS], "GET, POST");
        let allowed = answer.headers()[header::ACCESS_CONTROL_ALLOW_HEADERS].to_str().unwrap();
        assert!(allowed.contains("Tillroll-Cart-Secret") && allowed.contains("Idempotency-Key"), "{allowed}");
        // A browser page never holds the storefront's key, with which alone that header comes.
        assert!(!allowed.contains("Tillroll-Customer"), "{allowed}");
        request.insert(header::ORIGIN, HeaderValue::from_static("https://evil.example"));
        assert!(cors().preflight(&Method::OPTIONS, &request).is_none());
    }
}
