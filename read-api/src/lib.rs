//! HTTP for reads: query a read model, page it, say how fresh it is.
//!
//! Every answer says in `Tillroll-Position` what it shows, and waits, up to a bound, for the position in `Tillroll-After`.
//! `Tillroll-Parked: true` says that an event of what is shown waits for an operator, so that something is missing: on one
//! resource an event of its own, on lists, sums and customers any event of the read model.
//!
//! **Invariant:** nothing here reads the event log but `live`, whose streams are of events; read models answer everything
//! else.
//! **Invariant:** no text of a request becomes SQL.

mod answer;
mod carts;
mod categories;
mod credit_notes;
mod customers;
mod docs;
mod json;
mod live;
mod orders;
mod paging;
mod payments;
mod prices;
mod problems;
mod processes;
mod products;
mod projections;
mod returns;
mod sales;
mod shipments;
mod source_documents;
mod stock;

pub use answer::PARKED;
pub use docs::docs;
pub use problems::PROBLEMS;

use axum::extract::FromRef;
use live::Live;
use std::{sync::Arc, time::Duration};
use tillroll_domain::text::LocationId;
use tillroll_http::{Keys, ProblemDocument, access::security_scheme};
use tillroll_infra::{
    ambient::{Ambient, Clock},
    config::StoreSettings,
    log::EventLog,
    watch::StreamWatch,
};
use tillroll_projections::read::ReadModels;
use tokio::sync::watch;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

/// What the handlers work with. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct ReadApi {
    models: ReadModels,
    keys: Keys,
    wait_max: Duration,
    clock: Arc<dyn Clock>,
    /// The locations whose stock is sold, at least one.
    locations: Arc<[LocationId]>,
    live: Live,
}

impl ReadApi {
    /// How long a read waits for the position in `Tillroll-After`, unless another bound is set.
    pub const WAIT_MAX: Duration = Duration::from_secs(5);

    /// How many live streams may be open, unless another bound is set.
    pub const LIVE_STREAMS_MAX: usize = 256;

    /// An API over the read models of [`tillroll_projections::models::all`], and over the log that they follow, which only
    /// live streams read.
    #[must_use]
    pub fn new(models: ReadModels, log: Arc<dyn EventLog>, keys: Keys) -> Self {
        let live = Live::new(log, Self::LIVE_STREAMS_MAX);
        let locations = StoreSettings::default().locations.into();
        Self { models, keys, wait_max: Self::WAIT_MAX, clock: Ambient::system().clock, locations, live }
    }

    /// With another clock than the machine's, by which prices are told.
    #[must_use]
    pub fn timed_by(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// With the stock of these locations on offer.
    #[must_use]
    pub fn selling_from(self, locations: &[LocationId]) -> Self {
        Self { locations: locations.into(), ..self }
    }

    /// With another bound of waiting for the position in `Tillroll-After`.
    #[must_use]
    pub fn waiting_at_most(self, wait_max: Duration) -> Self {
        Self { wait_max, ..self }
    }

    /// With another bound of open live streams, of which a quarter is for those who read every event; further ones are
    /// answered 503 `too_many_streams`.
    #[must_use]
    pub fn live_streams_at_most(self, streams_max: usize) -> Self {
        Self { live: self.live.at_most(streams_max), ..self }
    }

    /// With a watch that others use too, over the streams of carts and orders at least. Without it, it has one of its own.
    #[must_use]
    pub fn watching(self, watch: StreamWatch) -> Self {
        Self { live: self.live.watching(watch), ..self }
    }

    /// With live streams that end when this becomes true, or when nobody is left to say so. Without it, they end only with
    /// their readers, and a server that waits for requests to finish waits for them.
    #[must_use]
    pub fn live_until(self, stopping: watch::Receiver<bool>) -> Self {
        Self { live: self.live.until(stopping), ..self }
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
        (name = "products", description = "Products, their variants and list prices, and what shoppers read and see"),
        (name = "categories", description = "The category tree"),
        (name = "prices", description = "What variants cost and cost before"),
        (name = "carts", description = "Carts and what they cost"),
        (name = "stock", description = "Stock per location and SKU"),
        (name = "customers", description = "Customers: who they are, their addresses, what they agree to"),
        (name = "orders", description = "Orders and what becomes of them"),
        (name = "shipments", description = "Goods of an order that leave together"),
        (name = "returns", description = "Goods of an order that come back"),
        (name = "payments", description = "Payments and their operations at providers"),
        (name = "credit notes", description = "Credit notes and what they were set against"),
        (name = "sales", description = "Sales figures by day, month, country, product and customer"),
        (name = "source documents", description = "The imported documents"),
        (name = "projections", description = "How the read models are doing"),
        (name = "processes", description = "What the processes have to do"),
        (name = "live", description = "Streams of events as they happen"),
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
    document.components.get_or_insert_default().add_security_scheme("key", security_scheme());
    OpenApiRouter::with_openapi(document)
        .routes(routes!(products::list_products))
        .routes(routes!(products::page::get_product))
        .routes(routes!(products::page::get_product_by_slug))
        .routes(routes!(categories::list_categories))
        .routes(routes!(categories::get_category))
        .routes(routes!(products::list_category_products))
        .routes(routes!(prices::get_offer))
        .routes(routes!(prices::list_scheduled_prices))
        .routes(routes!(prices::list_list_prices))
        .routes(routes!(stock::list_stock))
        .routes(routes!(stock::get_stock))
        .routes(routes!(carts::list::list_carts))
        .routes(routes!(carts::get_cart))
        .routes(routes!(carts::get_customer_cart))
        .routes(routes!(carts::quote::get_cart_quote))
        .routes(routes!(carts::quote::explain_cart_quote))
        .routes(routes!(orders::list_orders))
        .routes(routes!(orders::get_order))
        .routes(routes!(orders::timeline::get_order_timeline))
        .routes(routes!(shipments::list_order_shipments))
        .routes(routes!(shipments::get_shipment))
        .routes(routes!(returns::list_order_returns))
        .routes(routes!(returns::list_returns))
        .routes(routes!(returns::get_return))
        .routes(routes!(payments::list_payments))
        .routes(routes!(payments::count_disputes))
        .routes(routes!(payments::get_payment))
        .routes(routes!(payments::list_order_payments))
        .routes(routes!(customers::list_customers))
        .routes(routes!(customers::get_customer))
        .routes(routes!(customers::addresses::get_addresses))
        .routes(routes!(customers::orders::list_customer_orders))
        .routes(routes!(credit_notes::list_credit_notes))
        .routes(routes!(credit_notes::get_credit_note))
        .routes(routes!(sales::sales_by_day))
        .routes(routes!(sales::sales_by_month))
        .routes(routes!(sales::sales_by_country))
        .routes(routes!(sales::sales_by_product))
        .routes(routes!(sales::sales_by_customer))
        .routes(routes!(source_documents::list_source_documents))
        .routes(routes!(source_documents::get_source_document))
        .routes(routes!(processes::list_processes))
        .routes(routes!(projections::list_projections))
        .routes(routes!(live::stream_log))
        .routes(routes!(live::stream_order))
        .routes(routes!(live::stream_cart))
        .with_state(state)
}

#[cfg(test)]
mod tests;
