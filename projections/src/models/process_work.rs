//! What processes have yet to do and wait for, and the deadlines that stand in the events of stock and carts: the tables, and
//! what operators ask of them. What folds events into them is the processes' own affair and lives beside them.
//!
//! Unlike the other read models it holds all tenants.

use super::query::{Filters, Ordering, Slice, slice, text};
use crate::{
    read::{ReadModelError, Snapshot},
    read_table,
    table::Value,
};
use chrono::{DateTime, Utc};
use tillroll_infra::stream::DEFAULT_TENANT;

/// The name of the projection.
pub const NAME: &str = "process_work";

read_table! {
    /// An action without an answer.
    pub struct ActionRow in "process_actions", key 4, indexes ["queued_at", "process, queued_at"] {
        /// The tenant.
        pub tenant: String,
        /// The process: the category of its streams.
        pub process: String,
        /// The instance: the id part of its stream.
        pub instance: String,
        /// The action's number.
        pub no: i64,
        /// What is to be done.
        pub action: String,
        /// When it was recorded.
        pub queued_at: DateTime<Utc>,
    }
}

read_table! {
    /// An armed timer.
    pub struct TimerRow in "process_timers", key 4, indexes ["due_at", "process, due_at"] {
        /// The tenant.
        pub tenant: String,
        /// The process.
        pub process: String,
        /// The instance.
        pub instance: String,
        /// The timer's name.
        pub timer: String,
        /// When it fires, or later.
        pub due_at: DateTime<Utc>,
    }
}

read_table! {
    /// An instance that has something to do, waits for a time, or has given up.
    pub struct InstanceRow in "process_instances", key 3, indexes ["alarmed, process, instance"] {
        /// The tenant.
        pub tenant: String,
        /// The process.
        pub process: String,
        /// The instance.
        pub instance: String,
        /// How many of its actions have no answer.
        pub open_actions: i64,
        /// How many of its timers are armed.
        pub armed_timers: i64,
        /// Whether it can neither go on nor back by itself.
        pub alarmed: bool,
        /// Why: a stable code.
        pub alarm: Option<String>,
        /// Since when it has had something to do, waited for a time, or given up.
        pub open_since: DateTime<Utc>,
        /// When it advanced last.
        pub advanced_at: DateTime<Utc>,
    }
}

read_table! {
    /// A hold on stock that has not ended.
    pub struct StockHoldRow in "stock_holds", key 3, indexes ["expires_at"] {
        /// The tenant.
        pub tenant: String,
        /// The stock item: location and SKU, `location.SKU`.
        pub item: String,
        /// The hold.
        pub reservation_id: String,
        /// When it may be ended.
        pub expires_at: DateTime<Utc>,
    }
}

read_table! {
    /// A cart that is open.
    pub struct CartDeadlineRow in "cart_deadlines", key 2, indexes ["kept_as, last_activity"] {
        /// The tenant.
        pub tenant: String,
        /// The cart.
        pub cart_id: String,
        /// Which limit counts: `guest`, `customer`, `empty_guest`, `empty_customer`; none while a payment or a checkout
        /// depends on the cart.
        pub kept_as: Option<String>,
        /// When it last changed.
        pub last_activity: DateTime<Utc>,
        /// Whether it is a customer's.
        pub of_customer: bool,
        /// How many lines it has.
        pub lines: i64,
        /// How many payments depend on it.
        pub payments: i64,
        /// Whether it is being made an order of, however long that takes.
        pub in_checkout: bool,
    }
}

/// The order of the list of instances.
pub const BY_PROCESS: Ordering = Ordering::ascending(&["process", "instance"]);

/// Instances of the default tenant that have something to do, wait for a time, or have given up: of one process or of all,
/// and with or without those that have given up.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn instances(
    snapshot: &mut Snapshot,
    process: Option<&str>,
    alarmed: Option<bool>,
    after: Option<&[Value]>,
    limit: usize,
) -> Result<Slice<InstanceRow>, ReadModelError> {
    let filters = Filters::none()
        .and("tenant =", text(DEFAULT_TENANT))
        .and_some("process =", process.map(text))
        .and_some("alarmed =", alarmed.map(Value::Bool));
    slice(snapshot, filters, BY_PROCESS, after, limit).await
}
