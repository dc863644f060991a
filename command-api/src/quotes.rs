//! What a purchase would cost, without a cart and without writing anything.

use crate::{
    CommandApi,
    prices::{Market, Wanted, price_lines, quote},
    problems::{NO_LINES, TOO_MANY_LINES},
};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use tillroll_domain::{
    ids::CartLineId,
    money::Currency,
    pricing::{LINES_MAX, STANDARD_SHIPPING},
    quantity::Quantity,
    text::{Country, Reference, Sku},
};
use tillroll_http::{
    Permission, Principal, Problem, ProblemDocument,
    extract::RawBody,
    quote::{ExplanationJson, QuoteJson},
    schema,
};
use tillroll_infra::bus::context::derived_uuid;
use utoipa::{IntoResponses, ToSchema};

/// A purchase to be priced.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewQuote {
    /// ISO 4217.
    #[schema(value_type = schema::Currency)]
    currency: Currency,
    /// Where the goods go; an ISO 3166-1 alpha-2 code.
    #[schema(value_type = schema::Country)]
    country: Country,
    /// What is bought.
    #[schema(min_items = 1, max_items = 200)]
    lines: Vec<PreviewLine>,
    /// How the goods travel; `standard` where absent.
    #[schema(value_type = Option<schema::Reference>)]
    shipping_method: Option<Reference>,
}

/// Goods to be priced.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewLine {
    /// The SKU of a variant that is offered.
    #[schema(value_type = schema::Sku)]
    sku: Sku,
    /// How many units; those of one SKU are counted over all lines.
    #[schema(value_type = u32, minimum = 1, maximum = 1_000_000_000)]
    quantity: Quantity,
}

/// A quote with what made each minor unit of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QuotePreview {
    /// What it would cost now. It is kept nowhere, and its hash names other lines than a cart's.
    quote: QuoteJson,
    /// What made it; the amounts sum to the total.
    explanation: Vec<ExplanationJson>,
}

/// The problems that a preview can answer.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it only documents the answers")]
pub(crate) enum PreviewRefusals {
    /// The request cannot be read.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(ProblemDocument),
    /// A valid key is needed.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(ProblemDocument),
    /// A SKU is not offered, has no price in the currency, or nothing ships in it. To shoppers, what nobody has is not
    /// offered.
    #[response(status = 409, content_type = "application/problem+json")]
    Refused(ProblemDocument),
    /// The body is too large.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(ProblemDocument),
    /// The body must be JSON.
    #[response(status = 415, content_type = "application/problem+json")]
    NotJson(ProblemDocument),
    /// A value is not possible, or no product has a SKU, of which shoppers are told as of one that is not offered.
    #[response(status = 422, content_type = "application/problem+json")]
    BadValue(ProblemDocument),
    /// The server failed.
    #[response(status = 500, content_type = "application/problem+json")]
    Internal(ProblemDocument),
    /// Not now; `Retry-After` says when.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemDocument),
}

/// Price a purchase, without a cart.
///
/// Prices, shipping and tax are those that a cart with these lines would be quoted now. Nothing is written.
#[utoipa::path(post, path = "/api/v1/quotes/preview", tag = "prices", request_body = PreviewQuote,
    responses((status = 200, description = "What it would cost", body = QuotePreview), PreviewRefusals))]
pub(crate) async fn preview_quote(
    State(api): State<CommandApi>,
    principal: Principal,
    body: RawBody,
) -> Result<Json<QuotePreview>, Problem> {
    principal.require(Permission::ReadCatalog)?;
    let PreviewQuote { currency, country, lines, shipping_method } = body.json()?;
    if lines.is_empty() {
        return Err(Problem::of(&NO_LINES).detail("at least one line is needed"));
    }
    if lines.len() > LINES_MAX {
        let problem = Problem::of(&TOO_MANY_LINES).detail("at most 200 lines are priced together");
        return Err(problem.with("given", lines.len()).with("max", LINES_MAX));
    }
    let shipping_method = match shipping_method {
        Some(method) => method,
        None => STANDARD_SHIPPING.parse().map_err(|_| Problem::internal())?,
    };
    let market = Market { currency, country, at: api.bus.ambient().clock.now() };
    let ids = line_ids(lines.len());
    let wanted = ids.into_iter().zip(lines).map(|(line_id, line)| {
        let PreviewLine { sku, quantity } = line;
        Wanted { line_id, sku, quantity }
    });
    let wanted: Vec<Wanted> = wanted.collect();
    let lines = price_lines(&api, &market, &wanted, principal.role.is_shopper()).await?;
    let quote = quote(&api, &market, lines, shipping_method)?;
    let explanation = quote.explain().iter().map(ExplanationJson::from).collect();
    Ok(Json(QuotePreview { quote: QuoteJson::from(&quote), explanation }))
}

/// Ids for lines that are in no cart: the same for the same number of lines, and rising, so that ties go by the lines'
/// order.
fn line_ids(lines: usize) -> Vec<CartLineId> {
    let mut ids: Vec<CartLineId> =
        (0..lines).map(|number| CartLineId::new(derived_uuid("tillroll:preview-line", &number.to_string()))).collect();
    ids.sort_unstable();
    ids
}
