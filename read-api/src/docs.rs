//! The OpenAPI document, and a page to browse and try it. Both need no key; nothing is loaded from elsewhere.

use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, header},
    middleware::{Next, from_fn},
    response::{Redirect, Response},
    routing::get,
};
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::{Config, SwaggerUi};

/// What the page may load: its own scripts, and the styles and icons that they make.
const PAGE_POLICY: &str = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; \
                           frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// `GET /api/v1/openapi.json` with the document, `GET /docs/` with the page, and `GET /` leading there.
///
/// The page keeps no key: whoever tries a request enters one, and it is forgotten with the page.
pub fn docs(openapi: OpenApi) -> Router {
    let config = Config::default().persist_authorization(false).display_request_duration(true);
    let page = SwaggerUi::new("/docs").url("/api/v1/openapi.json", openapi).config(config);
    Router::new().route("/", get(async || Redirect::temporary("/docs/"))).merge(page).layer(from_fn(with_page_policy))
}

async fn with_page_policy(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let policy = HeaderValue::from_static(PAGE_POLICY);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}
