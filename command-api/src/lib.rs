//! HTTP for writes: parse, authorize, build a command, run it, map the answer.
//!
//! **Invariant:** no handler decides by a read model; facts come from aggregates, through the command bus.
//! **Invariant:** no rule of the domain is repeated here; a handler gathers, asks and translates.

mod answer;
mod body;
mod buyers;
mod carts;
mod categories;
mod chains;
mod customers;
mod orders;
mod payments;
mod price_schedules;
mod prices;
mod problems;
mod products;
mod quotes;
mod refusal;
mod request;
mod returns;
mod shipments;
mod skus;
mod slugs;
mod steps;
mod stock;

pub use payments::webhooks::{ReceivedMessage, receive_webhook};
pub use prices::Pricing;
pub use problems::PROBLEMS;

use axum::extract::FromRef;
use std::sync::Arc;
use tillroll_domain::{
    aggregate::Aggregate,
    cart::{Cart, commands::IdleLimits},
    order::Order,
    payment::Payment,
    text::LocationId,
};
use tillroll_http::{Keys, access::security_scheme};
use tillroll_infra::{
    bus::Bus,
    config::{CartSettings, CheckoutSettings, OrderSettings, PricingSettings, Settings, SettingsError, StoreSettings},
    payments::Providers,
    stream::DEFAULT_TENANT,
    watch::StreamWatch,
};
use tokio::sync::Semaphore;
use utoipa::OpenApi;
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
    pricing: Pricing,
    /// The locations whose stock is sold, at least one.
    locations: Arc<[LocationId]>,
    /// About the store: what its date is.
    store: Arc<StoreSettings>,
    /// Days after its delivery during which goods of an order can be sent back.
    return_days: u16,
    /// How long carts are kept.
    idle_limits: IdleLimits,
    /// How orders are checked out.
    checkout: CheckoutSettings,
    /// Who takes payments.
    payments: Providers,
    /// Tells of what happens to single carts, orders and payments.
    watch: StreamWatch,
    /// One permit for each request that waits for what others do.
    waiting: Arc<Semaphore>,
}

/// Requests of several steps at a time; further ones are answered `busy`.
const CHAINS_MAX: usize = 256;
/// Requests that wait for what others do at a time; further ones are answered at once, with what is known then.
const WAITING_MAX: usize = 1_024;
/// The categories of which single streams are waited for.
const WATCHED: [&str; 3] = [Cart::CATEGORY, Order::CATEGORY, Payment::CATEGORY];

impl CommandApi {
    /// An API over a bus with which Cart, Product, PriceSchedule, StockItem, Customer, Order, Fulfillment, Return and Claim are registered; with the
    /// default settings, unless [`Self::configured`] brings others.
    ///
    /// # Panics
    /// Never: the default settings are good.
    #[must_use]
    pub fn new(bus: Bus, keys: Keys) -> Self {
        let pricing = Pricing::new(&PricingSettings::default()).expect("the default settings are good");
        let locations = StoreSettings::default().locations.into();
        let chains = Arc::new(Semaphore::new(CHAINS_MAX));
        let watch = StreamWatch::new(bus.log().clone(), &WATCHED);
        Self {
            bus,
            keys,
            tenant: DEFAULT_TENANT.to_owned(),
            chains,
            pricing,
            locations,
            store: Arc::default(),
            return_days: OrderSettings::default().return_days,
            idle_limits: CartSettings::default().idle_limits(),
            checkout: CheckoutSettings::default(),
            payments: Providers::default(),
            watch,
            waiting: Arc::new(Semaphore::new(WAITING_MAX)),
        }
    }

    /// With these settings of prices and locations.
    ///
    /// # Errors
    /// See [`Pricing::new`]; settings that were loaded are good.
    pub fn configured(self, settings: &Settings) -> Result<Self, SettingsError> {
        let pricing = Pricing::new(&settings.pricing)?;
        Ok(Self {
            pricing,
            locations: settings.store.locations.clone().into(),
            store: Arc::new(settings.store.clone()),
            return_days: settings.orders.return_days,
            idle_limits: settings.carts.idle_limits(),
            checkout: settings.checkout,
            ..self
        })
    }

    /// With providers that take payments. Without them, nothing can be paid.
    #[must_use]
    pub fn with_payments(self, payments: Providers) -> Self {
        Self { payments, ..self }
    }

    /// With a watch that others use too, over the streams of carts, orders and payments at least. Without it, it has one of
    /// its own.
    #[must_use]
    pub fn watching(self, watch: StreamWatch) -> Self {
        Self { watch, ..self }
    }

    /// With policies of one's own.
    #[must_use]
    pub fn priced_by(self, pricing: Pricing) -> Self {
        Self { pricing, ..self }
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
        (name = "products", description = "Products, their variants and list prices, and what shoppers read and see"),
        (name = "categories", description = "The category tree"),
        (name = "prices", description = "Scheduled prices, and what a purchase would cost"),
        (name = "carts", description = "Carts: filled, quoted, merged"),
        (name = "stock", description = "Stock per location and SKU"),
        (name = "customers", description = "Customers: who they are, their addresses, what they agree to"),
        (name = "orders", description = "Direct orders and what becomes of them"),
        (name = "shipments", description = "Goods of an order that leave together"),
        (name = "returns", description = "Goods of an order that come back"),
        (name = "payments", description = "Payments and their operations at providers"),
    ),
    // Schemas of shared responses are not collected from the routes.
    components(schemas(answer::Written, carts::create::CartBegun, carts::checkout::CheckedOut, carts::quote::CartWithQuote, tillroll_http::ProblemDocument)),
    security(("key" = [])),
)]
struct Document;

/// The routes with their OpenAPI document. Whoever serves them surrounds them with [`tillroll_http::protect`] and adds
/// [`PROBLEMS`] to the documented problems.
pub fn router(state: CommandApi) -> OpenApiRouter {
    let mut document = Document::openapi();
    document.components.get_or_insert_default().add_security_scheme("key", security_scheme());
    OpenApiRouter::with_openapi(document)
        .routes(routes!(products::create::create_product).map(|route| route.layer(products::create::body_limit())))
        .routes(routes!(products::rename_product))
        .routes(routes!(products::add_variant))
        .routes(routes!(products::withdraw_variant))
        .routes(routes!(products::set_variant_price))
        .routes(routes!(products::remove_variant_price))
        .routes(routes!(products::publish_product))
        .routes(routes!(products::unpublish_product))
        .routes(routes!(products::discontinue_product))
        .routes(routes!(products::details::describe_product).map(|route| route.layer(products::create::body_limit())))
        .routes(routes!(products::details::set_product_slug))
        .routes(routes!(products::details::categorize_product))
        .routes(routes!(products::details::set_product_media))
        .routes(routes!(products::details::feature_product))
        .routes(routes!(products::details::unfeature_product))
        .routes(routes!(categories::add_category))
        .routes(routes!(categories::rename_category))
        .routes(routes!(categories::change_category_slug))
        .routes(routes!(categories::describe_category))
        .routes(routes!(categories::move_category))
        .routes(routes!(categories::reorder_category))
        .routes(routes!(categories::archive_category))
        .routes(routes!(categories::restore_category))
        .routes(routes!(price_schedules::set_scheduled_price))
        .routes(routes!(price_schedules::end_scheduled_price))
        .routes(routes!(price_schedules::withdraw_scheduled_price))
        .routes(routes!(quotes::preview_quote))
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
        .routes(routes!(customers::identity::set_profile))
        .routes(routes!(customers::identity::set_email))
        .routes(routes!(customers::addresses::add_address))
        .routes(routes!(customers::addresses::change_address))
        .routes(routes!(customers::addresses::remove_address))
        .routes(routes!(customers::addresses::set_default_address))
        .routes(routes!(customers::consent::set_consent))
        .routes(routes!(customers::erase::erase_customer))
        .routes(routes!(carts::create::create_cart))
        .routes(routes!(carts::lines::add_line))
        .routes(routes!(carts::lines::set_quantity))
        .routes(routes!(carts::lines::remove_line))
        .routes(routes!(carts::lines::clear_cart))
        .routes(routes!(carts::contact::set_cart_address))
        .routes(routes!(carts::contact::set_cart_email))
        .routes(routes!(carts::contact::erase_contact))
        .routes(routes!(carts::terms::set_cart_country))
        .routes(routes!(carts::terms::select_shipping))
        .routes(routes!(carts::terms::change_cart_currency))
        .routes(routes!(carts::quote::quote_cart))
        .routes(routes!(carts::checkout::check_out))
        .routes(routes!(carts::merge::merge_cart))
        .routes(routes!(carts::expire::expire_cart))
        .routes(routes!(payments::pay_order))
        .routes(routes!(payments::capture_payment))
        .routes(routes!(payments::refund_payment))
        .routes(routes!(payments::cancel_payment))
        .routes(routes!(payments::webhooks::receive_payment_webhook))
        .routes(routes!(orders::place::place_order).map(|route| route.layer(orders::place::body_limit())))
        .routes(routes!(orders::confirm_order))
        .routes(routes!(orders::cancel_order))
        .routes(routes!(orders::cancel_order_lines))
        .routes(routes!(orders::start_fulfillment))
        .routes(routes!(orders::ship_order_lines))
        .routes(routes!(orders::deliver_order))
        .routes(routes!(orders::return_order_lines))
        .routes(routes!(orders::close_order))
        .routes(routes!(orders::place_cart::place_cart))
        .routes(routes!(shipments::create_shipment))
        .routes(routes!(shipments::pack_shipment))
        .routes(routes!(shipments::ship_shipment))
        .routes(routes!(shipments::add_tracking))
        .routes(routes!(shipments::deliver_shipment))
        .routes(routes!(shipments::cancel_shipment))
        .routes(routes!(shipments::report_shipment_lost))
        .routes(routes!(returns::request_return))
        .routes(routes!(returns::approve_return))
        .routes(routes!(returns::reject_return))
        .routes(routes!(returns::receive_return))
        .routes(routes!(returns::inspect_return))
        .routes(routes!(returns::resolve_return))
        .routes(routes!(returns::cancel_return))
        .with_state(state)
}
