//! How the OpenAPI documents say who is let in.

use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

/// The scheme `key` of both APIs.
#[must_use]
pub fn security_scheme() -> SecurityScheme {
    let description = "A role key from `keys.toml`. With the storefront's key, `Tillroll-Customer: cus_…` acts for a \
                       customer, and `Tillroll-Cart-Secret` for the guest whose cart has this secret; the latter also comes \
                       without any key. What belongs to somebody else is answered 404, as if it were not there. Where the \
                       server lets anonymous callers in, the published catalog, prices and availability need no key, nor \
                       does starting a guest's cart; an `Idempotency-Key` then needs `Tillroll-Client-Secret`, 16 to 64 \
                       bytes of base64url that the client made up and keeps for itself.";
    SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(description)).build())
}
