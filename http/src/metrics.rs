//! Counts and times requests, for Prometheus.
//!
//! **Invariant:** labels come from our own routes, the known methods and the statuses, never from a client, so that their
//! number is bounded and nothing private becomes one.

use axum::http::{Method, StatusCode};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::Registry,
};
use std::time::Duration;

/// The upper bounds of the duration's buckets, in seconds.
const BUCKETS: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    method: &'static str,
    route: String,
}

/// What the edge counts. Cloning is cheap; all clones count together.
#[derive(Debug, Clone)]
pub struct HttpMetrics {
    requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabels, Histogram, fn() -> Histogram>,
}

impl Default for HttpMetrics {
    fn default() -> Self {
        Self { requests: Family::default(), durations: Family::new_with_constructor(|| Histogram::new(BUCKETS)) }
    }
}

impl HttpMetrics {
    /// Shows them in a registry whose prefix is `tillroll`, as `tillroll_http_requests_total{method,route,status}` and
    /// `tillroll_http_request_duration_seconds{method,route}`. The duration ends where the answer begins.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("http_requests", "Requests that were answered", self.requests.clone());
        let help = "How long it took until the answer began, in seconds";
        registry.register("http_request_duration_seconds", help, self.durations.clone());
    }

    pub(crate) fn count(&self, method: &Method, route: &str, status: StatusCode, duration: Duration) {
        let (method, route) = (known(method), route.to_owned());
        self.durations.get_or_create(&RouteLabels { method, route: route.clone() }).observe(duration.as_secs_f64());
        self.requests.get_or_create(&RequestLabels { method, route, status: status.as_u16() }).inc();
    }
}

/// The method as a label; a client may make up any.
fn known(method: &Method) -> &'static str {
    [("GET", Method::GET), ("HEAD", Method::HEAD), ("OPTIONS", Method::OPTIONS), ("POST", Method::POST)]
        .into_iter()
        .chain([("PUT", Method::PUT), ("PATCH", Method::PATCH), ("DELETE", Method::DELETE)])
        .find_map(|(name, known)| (*method == known).then_some(name))
        .unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus_client::encoding::text::encode;

    #[test]
    fn a_request_is_counted_under_its_route_and_no_method_is_made_up() {
        let metrics = HttpMetrics::default();
        let mut registry = Registry::with_prefix("tillroll");
        metrics.register(&mut registry);
        let took = Duration::from_millis(7);
        metrics.count(&Method::GET, "/orders/{id}", StatusCode::OK, took);
        metrics.count(&Method::GET, "/orders/{id}", StatusCode::OK, took);
        metrics.count(&Method::from_bytes(b"CANARY").unwrap(), "unmatched", StatusCode::NOT_FOUND, took);
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        for line in [
            r#"tillroll_http_requests_total{method="GET",route="/orders/{id}",status="200"} 2"#,
            r#"tillroll_http_requests_total{method="other",route="unmatched",status="404"} 1"#,
            r#"tillroll_http_request_duration_seconds_bucket{le="0.005",method="GET",route="/orders/{id}"} 0"#,
            r#"tillroll_http_request_duration_seconds_bucket{le="0.01",method="GET",route="/orders/{id}"} 2"#,
            r#"tillroll_http_request_duration_seconds_count{method="GET",route="/orders/{id}"} 2"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
        }
        assert!(!text.contains("CANARY"), "{text}");
    }
}
