//! The tables of orders. Amounts are minor units of the order's currency.

use crate::{personal::PersonalCell, read_table};
use chrono::{DateTime, NaiveDate, Utc};
use tillroll_domain::contact::{Address, Email};

read_table! {
    /// An order.
    pub struct OrderRow in "orders", key 1, indexes [
        "placed_at, order_id", "total_minor, order_id", "status, placed_at, order_id",
        "customer_id, placed_at, order_id", "country, placed_at, order_id", "source_number, source_system",
        "fulfillment_status, placed_at, order_id", "return_status, placed_at, order_id", "cart_id"
    ] {
        /// Its typed id.
        pub order_id: String,
        /// The status that follows from the three axes: `pending`, `confirmed`, `processing`, `shipped`, `delivered`,
        /// `cancelled` or `refunded`.
        pub status: String,
        /// The first axis: what was agreed.
        pub lifecycle: String,
        /// The second axis: the money.
        pub payment_status: String,
        /// The third axis: the goods.
        pub fulfillment_status: String,
        /// What is on its way back or came back: `none`, `requested` (something may be on its way) or `returned`.
        pub return_status: String,
        /// The stock of a checkout's order: `reserved` while it is held or promised for all goods, else `none`.
        pub stock: String,
        /// What led to its cancellation: `buyer`, `staff`, `insufficient_stock`, `payment_overdue`, `stock_lost` or
        /// `withdrawn`; none if it was not cancelled, or before causes were told.
        pub cancel_cause: Option<String>,
        /// Why it was cancelled, in words, possibly empty; none if it was not.
        pub cancel_reason: Option<String>,
        /// What there was not enough of: a JSON object with `sku`, `requested` and `available`.
        pub cancel_shortage: Option<String>,
        /// Whether a checkout made it.
        pub is_checkout: bool,
        /// The means of payment that a checkout agreed to; none if there is nothing to pay.
        pub payment_method: Option<String>,
        /// Who carries that payment out.
        pub payment_provider: Option<String>,
        /// When that money is taken: `at_once` or `at_fulfillment`.
        pub payment_capture: Option<String>,
        /// Who ordered: a typed id.
        pub customer_id: Option<String>,
        /// The cart it was made from: a typed id.
        pub cart_id: Option<String>,
        /// The quote that was accepted, as its hash: 64 hexadecimal digits.
        pub quote_hash: Option<String>,
        /// The policy that decided about the tax, by name.
        pub tax_policy: Option<String>,
        /// The version of its rules.
        pub tax_policy_version: Option<i64>,
        /// The policy that decided about the carriage, by name.
        pub shipping_policy: Option<String>,
        /// The version of its rules.
        pub shipping_policy_version: Option<i64>,
        /// How the goods travel, in the words of that policy.
        pub shipping_method: Option<String>,
        /// The country of the order.
        pub country: String,
        /// ISO 4217 code.
        pub currency: String,
        /// Of the goods lines.
        pub goods_minor: i64,
        /// Of the carriage lines.
        pub carriage_minor: i64,
        /// Of the discount lines, as a positive amount.
        pub discount_minor: i64,
        /// The stated tax; none if nothing is stated.
        pub tax_minor: Option<i64>,
        /// What was agreed in all: goods + carriage - discount + tax. Cancellations and credits do not change it.
        pub total_minor: i64,
        /// The share of the lines' amounts that belongs to cancelled units, discounts negative, without tax.
        pub cancelled_minor: i64,
        /// What credit notes gave back.
        pub credited_minor: i64,
        /// Authorized by all payments and not yet captured, voided or expired.
        pub authorized_minor: i64,
        /// Captured by all payments.
        pub captured_minor: i64,
        /// Refunded by all payments.
        pub refunded_minor: i64,
        /// Held back by disputes.
        pub disputed_minor: i64,
        /// How many lines it has.
        pub lines: i64,
        /// Units of all lines.
        pub quantity: i64,
        /// Units of its goods lines.
        pub goods_quantity: i64,
        /// Of the units of its goods lines, cancelled.
        pub goods_cancelled: i64,
        /// Units that are going to leave under a shipment that was planned.
        pub planned: i64,
        /// Units that were shipped.
        pub shipped: i64,
        /// Units that may be on their way back.
        pub return_requested: i64,
        /// Units that came back.
        pub returned: i64,
        /// Whether its fulfillment was started.
        pub fulfillment_started: bool,
        /// Whether all that was shipped arrived.
        pub delivered: bool,
        /// The store's date on which all had arrived, where it is known.
        pub delivered_on: Option<NaiveDate>,
        /// The store's date on which it is booked.
        pub business_date: NaiveDate,
        /// When it was placed, effectively.
        pub placed_at: DateTime<Utc>,
        /// When the log took it.
        pub recorded_at: DateTime<Utc>,
        /// When its last event was recorded.
        pub updated_at: DateTime<Utc>,
        /// `recorded` or `inferred`.
        pub basis: String,
        /// The import it came from.
        pub source_system: Option<String>,
        /// The document's number there.
        pub source_number: Option<String>,
        /// The wall-clock time that the document states, such as `2010-12-01T08:26:00`.
        pub source_local_time: Option<String>,
        /// The IANA name of the zone of that clock.
        pub source_time_zone: Option<String>,
        /// The stream's revision.
        pub revision: i64,
        /// The log's position of its last event.
        pub position: i64,
    }
}

read_table! {
    /// A line of an order.
    pub struct OrderLineRow in "order_lines", key 2, indexes [] {
        /// The order.
        pub order_id: String,
        /// The line's number, from 1.
        pub line: i64,
        /// `goods`, `carriage` or `discount`.
        pub kind: String,
        /// The code as the source states it, or the SKU.
        pub code: String,
        /// What is taken from stock, for goods.
        pub sku: Option<String>,
        /// The line's text, possibly empty.
        pub description: String,
        /// How many units were ordered.
        pub quantity: i64,
        /// Per unit in major units, as a decimal text.
        pub unit_price: String,
        /// Quantity times unit price, rounded; never negative, for discounts either.
        pub amount_minor: i64,
        /// The rounded less the exact amount, in millionths of the major unit; 0 if nothing was rounded.
        pub rounding_micros: i64,
        /// The line's part of the stated tax; none where the tax was not split.
        pub tax_minor: Option<i64>,
        /// What the buyer chose besides: a JSON array of objects with `name` and `value`.
        pub options: String,
        /// Units that will not be delivered.
        pub cancelled: i64,
        /// Units that are going to leave under a shipment that was planned.
        pub planned: i64,
        /// Units that left.
        pub shipped: i64,
        /// Units that may be on their way back.
        pub return_requested: i64,
        /// Units that came back.
        pub returned: i64,
        /// Units that credit notes gave back.
        pub credited: i64,
        /// What credit notes gave back for them.
        pub credited_minor: i64,
    }
}

read_table! {
    /// How the buyer of an order is reached; only orders of which something is known have a row. All is sealed.
    pub struct OrderContactRow in "order_contacts", key 1, indexes [] {
        /// The order.
        pub order_id: String,
        /// Where messages go.
        pub email: Option<PersonalCell<Email>>,
        /// Where the goods go.
        pub shipping_address: Option<PersonalCell<Address>>,
        /// Where the bill goes.
        pub billing_address: Option<PersonalCell<Address>>,
    }
}

read_table! {
    /// Units of an order that are set aside for a shipment, or may be on their way back under a return. The row goes when
    /// they move or are given up.
    pub struct OrderPendingRow in "order_pending", key 2, indexes [] {
        /// The order.
        pub order_id: String,
        /// The typed id of the shipment or return.
        pub movement_id: String,
        /// Which: a JSON array of objects with `line` and `quantity`.
        pub lines: String,
    }
}

read_table! {
    /// An event of an order.
    pub struct OrderTimelineRow in "order_timeline", key 2, indexes [] {
        /// The order.
        pub order_id: String,
        /// The event's place in the order's stream.
        pub revision: i64,
        /// When it took effect.
        pub occurred_at: DateTime<Utc>,
        /// When the log took it.
        pub recorded_at: DateTime<Utc>,
        /// The event's name.
        pub event_type: String,
        /// Who caused it: a role or process.
        pub actor: String,
        /// `live`, or `import:` and the import's name.
        pub origin: String,
        /// `recorded` or `inferred`.
        pub basis: String,
        /// What happened, shortly: a flat JSON object.
        pub details: String,
        /// The event's place in the log.
        pub position: i64,
    }
}

read_table! {
    /// How one payment of an order stands, as the order knows it.
    pub struct OrderPaymentRow in "order_payments", key 2, indexes ["payment_id"] {
        /// The order.
        pub order_id: String,
        /// The payment's typed id.
        pub payment_id: String,
        /// Authorized and not yet captured, voided or expired.
        pub authorized_minor: i64,
        /// Captured so far.
        pub captured_minor: i64,
        /// Refunded so far.
        pub refunded_minor: i64,
        /// Held back by disputes.
        pub disputed_minor: i64,
        /// `recorded` or `inferred`.
        pub basis: String,
        /// When the order last took note of it.
        pub updated_at: DateTime<Utc>,
    }
}
