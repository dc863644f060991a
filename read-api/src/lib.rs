//! HTTP for reads: query a read model, page it, say how fresh it is.
//!
//! Every answer says in `Tillroll-Position` what it shows, and waits, up to a bound, for the position in `Tillroll-After`.
//! `Tillroll-Parked: true` says that an event of what is shown waits for an operator, so that something is missing: on one
//! resource an event of its own, on lists, sums and customers any event of the read model.
//!
//! **Invariant:** nothing here reads the event log; read models answer everything.
//! **Invariant:** no text of a request becomes SQL.

mod answer;
mod credit_notes;
mod customers;
mod docs;
mod json;
mod orders;
mod paging;
mod payments;
mod problems;
mod products;
mod projections;
mod sales;
mod source_documents;
mod stock;

pub use answer::PARKED;
pub use docs::docs;
pub use problems::PROBLEMS;

use axum::extract::FromRef;
use std::time::Duration;
use tillroll_http::{Keys, ProblemDocument};
use tillroll_projections::read::ReadModels;
use utoipa::{
    OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// What the handlers work with. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct ReadApi {
    models: ReadModels,
    keys: Keys,
    wait_max: Duration,
}

impl ReadApi {
    /// How long a read waits for the position in `Tillroll-After`, unless another bound is set.
    pub const WAIT_MAX: Duration = Duration::from_secs(5);

    /// An API over the read models of [`tillroll_projections::models::all`].
    #[must_use]
    pub fn new(models: ReadModels, keys: Keys) -> Self {
        Self { models, keys, wait_max: Self::WAIT_MAX }
    }

    /// With another bound of waiting for the position in `Tillroll-After`.
    #[must_use]
    pub fn waiting_at_most(self, wait_max: Duration) -> Self {
        Self { wait_max, ..self }
    }
}

impl FromRef<ReadApi> for Keys {
    fn from_ref(api: &ReadApi) -> Self {
        api.keys.clone()
    }
}

/// What the document says besides the routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tillroll",
        description = "An event-sourced commerce engine. Every read says in `Tillroll-Position` what it shows, and waits \
                       for the position in `Tillroll-After`.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    tags(
        (name = "products", description = "Products, their variants and list prices"),
        (name = "stock", description = "Stock per location and SKU"),
        (name = "customers", description = "Customers: an id and a country"),
        (name = "orders", description = "Orders and what becomes of them"),
        (name = "payments", description = "Payments and their operations at providers"),
        (name = "credit notes", description = "Credit notes and what they were set against"),
        (name = "sales", description = "Sales figures by day, month, country, product and customer"),
        (name = "source documents", description = "The imported documents"),
        (name = "projections", description = "How the read models are doing"),
    ),
    // Problems are named by responses alone, which the routes do not collect.
    components(schemas(ProblemDocument)),
    security(("key" = [])),
)]
struct Document;

/// The routes with their OpenAPI document. Whoever serves them surrounds them with [`tillroll_http::protect`] and adds
/// [`PROBLEMS`] to the documented problems.
pub fn router(state: ReadApi) -> OpenApiRouter {
    let mut document = Document::openapi();
    let bearer =
        HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("A role key from keys.toml")).build();
    document.components.get_or_insert_default().add_security_scheme("key", SecurityScheme::Http(bearer));
    OpenApiRouter::with_openapi(document)
        .routes(routes!(products::list_products))
        .routes(routes!(products::get_product))
        .routes(routes!(stock::list_stock))
        .routes(routes!(stock::get_stock))
        .routes(routes!(orders::list_orders))
        .routes(routes!(orders::get_order))
        .routes(routes!(orders::get_order_timeline))
        .routes(routes!(payments::list_payments))
        .routes(routes!(payments::get_payment))
        .routes(routes!(customers::list_customers))
        .routes(routes!(customers::get_customer))
        .routes(routes!(credit_notes::list_credit_notes))
        .routes(routes!(credit_notes::get_credit_note))
        .routes(routes!(sales::sales_by_day))
        .routes(routes!(sales::sales_by_month))
        .routes(routes!(sales::sales_by_country))
        .routes(routes!(sales::sales_by_product))
        .routes(routes!(sales::sales_by_customer))
        .routes(routes!(source_documents::list_source_documents))
        .routes(routes!(source_documents::get_source_document))
        .routes(routes!(projections::list_projections))
        .with_state(state)
}

#[cfg(test)]
mod tests;
