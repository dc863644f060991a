//! HTTP for writes: parse, authorize, build a command, run it, map the answer.
//!
//! **Invariant:** no handler decides by a read model; facts come from aggregates, through the command bus.
//! **Invariant:** no rule of the domain is repeated here; a handler gathers, asks and translates.

mod answer;
mod body;
mod customers;
mod orders;
mod problems;
mod products;
mod refusal;
mod request;
mod skus;
mod stock;

pub use problems::PROBLEMS;

use axum::extract::FromRef;
use std::sync::Arc;
use tillroll_http::Keys;
use tillroll_infra::{bus::Bus, stream::DEFAULT_TENANT};
use tokio::sync::Semaphore;
use utoipa::{
    OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouterExt},
    routes,
};

/// What the handlers work with. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct CommandApi {
    bus: Bus,
    keys: Keys,
    tenant: String,
    /// One permit for each request of several steps that is carried through.
    chains: Arc<Semaphore>,
}

/// Requests of several steps at a time; further ones are answered `busy`.
const CHAINS_MAX: usize = 256;

impl CommandApi {
    /// An API over a bus with which Product, StockItem, Customer, Order and Claim are registered.
    #[must_use]
    pub fn new(bus: Bus, keys: Keys) -> Self {
        Self { bus, keys, tenant: DEFAULT_TENANT.to_owned(), chains: Arc::new(Semaphore::new(CHAINS_MAX)) }
    }
}

impl FromRef<CommandApi> for Keys {
    fn from_ref(api: &CommandApi) -> Self {
        api.keys.clone()
    }
}

/// What the document says besides the routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tillroll",
        description = "An event-sourced commerce engine. Writes are intents; each answers the position it reached in \
                       `Tillroll-Position`, and reads that send it as `Tillroll-After` show it.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    tags(
        (name = "products", description = "Products, their variants and list prices"),
        (name = "stock", description = "Stock per location and SKU"),
        (name = "customers", description = "Customers: an id and a country"),
        (name = "orders", description = "Direct orders and what becomes of them"),
    ),
    // Schemas of shared responses are not collected from the routes.
    components(schemas(answer::Written, tillroll_http::ProblemDocument)),
    security(("key" = [])),
)]
struct Document;

/// The routes with their OpenAPI document. Whoever serves them surrounds them with [`tillroll_http::protect`] and adds
/// [`PROBLEMS`] to the documented problems.
pub fn router(state: CommandApi) -> OpenApiRouter {
    let mut document = Document::openapi();
    let bearer =
        HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("A role key from keys.toml")).build();
    document.components.get_or_insert_default().add_security_scheme("key", SecurityScheme::Http(bearer));
    OpenApiRouter::with_openapi(document)
        .routes(routes!(products::create_product))
        .routes(routes!(products::rename_product))
        .routes(routes!(products::add_variant))
        .routes(routes!(products::withdraw_variant))
        .routes(routes!(products::set_variant_price))
        .routes(routes!(products::remove_variant_price))
        .routes(routes!(products::publish_product))
        .routes(routes!(products::unpublish_product))
        .routes(routes!(products::discontinue_product))
        .routes(routes!(stock::receive_stock))
        .routes(routes!(stock::adjust_stock))
        .routes(routes!(stock::reserve_stock))
        .routes(routes!(stock::extend_reservation))
        .routes(routes!(stock::release_reservation))
        .routes(routes!(stock::expire_reservation))
        .routes(routes!(stock::allocate_stock))
        .routes(routes!(stock::release_allocation))
        .routes(routes!(stock::ship_stock))
        .routes(routes!(stock::return_stock))
        .routes(routes!(stock::set_reorder_level))
        .routes(routes!(customers::register_customer))
        .routes(routes!(customers::change_country))
        .routes(routes!(customers::deactivate_customer))
        .routes(routes!(customers::reactivate_customer))
        .routes(routes!(orders::place::place_order).map(|route| route.layer(orders::place::body_limit())))
        .routes(routes!(orders::confirm_order))
        .routes(routes!(orders::cancel_order))
        .routes(routes!(orders::cancel_order_lines))
        .routes(routes!(orders::start_fulfillment))
        .routes(routes!(orders::ship_order_lines))
        .routes(routes!(orders::deliver_order))
        .routes(routes!(orders::return_order_lines))
        .routes(routes!(orders::close_order))
        .with_state(state)
}
