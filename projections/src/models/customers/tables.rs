//! The tables of customers.

use crate::{personal::PersonalCell, read_table};
use chrono::{DateTime, NaiveDate, Utc};
use tillroll_domain::contact::{Address, Email, Profile};

read_table! {
    /// A customer who was registered.
    pub struct CustomerRow in "customers", key 1, indexes [
        "registered_at, customer_id", "country, registered_at, customer_id", "external_reference"
    ] {
        /// Their typed id.
        pub customer_id: String,
        /// Where they are.
        pub country: String,
        /// Their number in another system.
        pub external_reference: Option<String>,
        /// Whether they may buy.
        pub active: bool,
        /// Whether the person was forgotten.
        pub erased: bool,
        /// What they are called.
        pub profile: Option<PersonalCell<Profile>>,
        /// Where they get mail.
        pub email: Option<PersonalCell<Email>>,
        /// Typed ids of their addresses as a JSON list, in the order in which they were added.
        pub address_ids: String,
        /// The typed id of the address where goods are sent.
        pub default_shipping: Option<String>,
        /// The typed id of the address where bills are sent.
        pub default_billing: Option<String>,
        /// `recorded` or `inferred`.
        pub basis: String,
        /// When they became known, effectively.
        pub registered_at: DateTime<Utc>,
        /// When their last event was recorded.
        pub updated_at: DateTime<Utc>,
        /// The stream's revision.
        pub revision: i64,
        /// The log's position of their last event.
        pub position: i64,
    }
}

read_table! {
    /// An address of a customer.
    pub struct CustomerAddressRow in "customer_addresses", key 2, indexes [] {
        /// The customer's typed id.
        pub customer_id: String,
        /// Its typed id.
        pub address_id: String,
        /// Its country.
        pub country: String,
        /// What is written on a label.
        pub address: PersonalCell<Address>,
        /// The log's position of the event that added it.
        pub added_position: i64,
    }
}

read_table! {
    /// The last word of a customer on one purpose. It stays when the person is forgotten: it says what was allowed till then.
    pub struct CustomerConsentRow in "customer_consents", key 2, indexes ["purpose, granted"] {
        /// The customer's typed id.
        pub customer_id: String,
        /// The purpose.
        pub purpose: String,
        /// Whether they agree.
        pub granted: bool,
        /// Where it was said.
        pub source: String,
        /// When it was said.
        pub changed_at: DateTime<Utc>,
    }
}

read_table! {
    /// How often a customer bought and was credited. A customer whom an order names has a row even if never registered.
    pub struct CustomerActivityRow in "customer_activity", key 1, indexes [] {
        /// The customer's typed id.
        pub customer_id: String,
        /// How many orders name them, cancelled ones included.
        pub orders: i64,
        /// How many credit notes name them.
        pub credit_notes: i64,
        /// The store's date of their first order.
        pub first_order_date: Option<NaiveDate>,
        /// The store's date of their last order.
        pub last_order_date: Option<NaiveDate>,
        /// The log's position of the last event that counted.
        pub position: i64,
    }
}

read_table! {
    /// What a customer's orders and credit notes come to in one currency, in minor units, stated tax included.
    pub struct CustomerTotalRow in "customer_totals", key 2, indexes ["currency, net_minor"] {
        /// The customer's typed id.
        pub customer_id: String,
        /// ISO 4217 code.
        pub currency: String,
        /// The totals of their orders as placed.
        pub ordered_minor: i64,
        /// The totals of their credit notes.
        pub credited_minor: i64,
        /// Ordered less credited.
        pub net_minor: i64,
    }
}
