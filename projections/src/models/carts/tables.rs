//! The tables of carts.

use crate::{personal::PersonalCell, read_table};
use chrono::{DateTime, Utc};
use tillroll_domain::contact::{Address, Email};

read_table! {
    /// A cart, open or closed.
    pub struct CartRow in "carts", key 1, indexes [
        "updated_at, cart_id", "state, updated_at, cart_id", "customer_id, state"
    ] {
        /// Its typed id.
        pub cart_id: String,
        /// `open`, `merged`, `converted` or `expired`.
        pub state: String,
        /// The typed id of the customer whose it is; null for a guest's.
        pub customer_id: Option<String>,
        /// ISO 4217 code.
        pub currency: String,
        /// Where the goods go.
        pub country: String,
        /// How the goods are shipped.
        pub shipping_method: Option<String>,
        /// Where the goods go.
        pub shipping_address: Option<PersonalCell<Address>>,
        /// Where the bill goes.
        pub billing_address: Option<PersonalCell<Address>>,
        /// Whom to write to.
        pub email: Option<PersonalCell<Email>>,
        /// Typed ids of its lines as a JSON list, in their order.
        pub line_ids: String,
        /// Whether it has lines.
        pub filled: bool,
        /// How many lines.
        pub lines: i64,
        /// How many units over all lines.
        pub units: i64,
        /// The quote of exactly what it holds, as a JSON document; null if there is none. It may have expired.
        pub quote: Option<String>,
        /// The quote's hash.
        pub quote_hash: Option<String>,
        /// What the quote comes to, in minor units of the currency.
        pub quote_total_minor: Option<i64>,
        /// The first instant at which the quote does not hold any more.
        pub quote_expires_at: Option<DateTime<Utc>>,
        /// When the claim of a request that makes an order of it lapses; null if none does.
        pub claimed_until: Option<DateTime<Utc>>,
        /// The typed id of the order whose checkout runs, which no time ends; null if none does.
        pub checkout_order_id: Option<String>,
        /// How many payments depend on it.
        pub payments: i64,
        /// The typed id of the cart that its lines went into.
        pub merged_into: Option<String>,
        /// The typed id of the order that it became.
        pub order_id: Option<String>,
        /// When it began.
        pub created_at: DateTime<Utc>,
        /// When its last event was recorded.
        pub updated_at: DateTime<Utc>,
        /// The stream's revision.
        pub revision: i64,
        /// The log's position of its last event.
        pub position: i64,
    }
}

read_table! {
    /// A line of a cart.
    pub struct CartLineRow in "cart_lines", key 2, indexes ["sku"] {
        /// The cart.
        pub cart_id: String,
        /// Its typed id.
        pub line_id: String,
        /// What.
        pub sku: String,
        /// Its choices: a JSON list of `{name, value}`.
        pub options: String,
        /// How many units.
        pub quantity: i64,
        /// The price per unit when it was added, in major units of the cart's currency, as a decimal text.
        pub unit_price: String,
        /// The same in millionths of the major unit.
        pub unit_price_micros: i64,
        /// When it was added to this cart.
        pub added_at: DateTime<Utc>,
    }
}
