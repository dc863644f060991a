//! What carts' events say about when a cart may be given up.
//!
//! Only what is in the clear is read, so that nobody's contact is opened for this.

use super::{CartDeadlineRow, hints::Hints, poison};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, de::IgnoredAny};
use tillroll_domain::cart::{commands::IdleLimits, events::CartOwner};
use tillroll_infra::event::RecordedEvent;
use tillroll_projections::{
    projection::{ApplyError, Tables, TablesExt},
    table::Value,
};

/// All events of carts: each shows that somebody was there.
pub(super) const CART_EVENTS: &[&str] = &[
    "CartCreated",
    "CartLineAdded",
    "CartLineQuantityChanged",
    "CartLineRemoved",
    "CartCleared",
    "CartAddressSet",
    "CartEmailSet",
    "CartCountryChanged",
    "CartShippingSelected",
    "CartCurrencyChanged",
    "CartQuoted",
    "CartCompletionClaimed",
    "CartCheckoutBegan",
    "CartCompletionReleased",
    "CartConverted",
    "CartPaymentAttached",
    "CartPaymentDetached",
    "CartAssigned",
    "CartMerged",
    "CartAbsorbed",
    "CartExpired",
];

/// What is read of a cart's event.
#[derive(Deserialize)]
struct CartFact {
    at: DateTime<Utc>,
    /// Of [`CartCreated`](tillroll_domain::cart::events::CartCreated).
    owner: Option<CartOwner>,
    /// Of [`CartAbsorbed`](tillroll_domain::cart::events::CartAbsorbed): all lines from then on.
    lines: Option<Vec<IgnoredAny>>,
}

pub(super) async fn apply(
    event: &RecordedEvent,
    tables: &mut dyn Tables,
    limits: IdleLimits,
    hints: &Hints,
) -> Result<(), ApplyError> {
    let fact: CartFact = serde_json::from_str(&event.data).map_err(|error| poison(&error))?;
    let (tenant, cart_id) = (event.stream.tenant().to_owned(), event.stream.id().to_owned());
    let key = vec![Value::Text(tenant.clone()), Value::Text(cart_id.clone())];
    let mut row = match (tables.get::<CartDeadlineRow>(key.clone()).await?, &*event.event_type) {
        (Some(row), _) => row,
        (None, "CartCreated") => CartDeadlineRow {
            tenant,
            cart_id,
            kept_as: None,
            last_activity: fact.at,
            of_customer: matches!(fact.owner, Some(CartOwner::Customer(_))),
            lines: 0,
            payments: 0,
            in_checkout: false,
        },
        // A closed cart; a merge that is sent elsewhere is one of the few things that still happen to it.
        (None, _) => return Ok(()),
    };
    match &*event.event_type {
        "CartLineAdded" => row.lines += 1,
        "CartLineRemoved" => row.lines -= 1,
        "CartCleared" => row.lines = 0,
        "CartAbsorbed" => row.lines = fact.lines.map_or(0, |lines| i64::try_from(lines.len()).unwrap_or(i64::MAX)),
        "CartAssigned" => row.of_customer = true,
        "CartPaymentAttached" => row.payments += 1,
        "CartPaymentDetached" => row.payments -= 1,
        "CartCheckoutBegan" => row.in_checkout = true,
        "CartCompletionReleased" => row.in_checkout = false,
        "CartConverted" | "CartMerged" | "CartExpired" => {
            tables.delete::<CartDeadlineRow>(key);
            return Ok(());
        }
        _ => {}
    }
    row.last_activity = fact.at;
    row.kept_as = kept_as(&row).map(ToOwned::to_owned);
    if let Some(kept_as) = &row.kept_as {
        hints.offer(row.last_activity + kept_for(kept_as, limits), event.position);
    }
    tables.put(&row);
    Ok(())
}

/// Which limit counts.
fn kept_as(row: &CartDeadlineRow) -> Option<&'static str> {
    if row.payments > 0 || row.in_checkout {
        return None;
    }
    Some(match (row.lines > 0, row.of_customer) {
        (true, false) => "guest",
        (true, true) => "customer",
        (false, false) => "empty_guest",
        (false, true) => "empty_customer",
    })
}

/// All limits by name.
pub(super) const KEPT_AS: [&str; 4] = ["guest", "customer", "empty_guest", "empty_customer"];

/// For how long a cart is kept after it last changed; the cart itself decides by the same rule.
pub(super) fn kept_for(kept_as: &str, limits: IdleLimits) -> TimeDelta {
    let seconds = match kept_as {
        "guest" => limits.guest_seconds,
        "customer" => limits.customer_seconds,
        "empty_guest" => limits.guest_seconds.min(limits.empty_seconds),
        _ => limits.customer_seconds.min(limits.empty_seconds),
    };
    TimeDelta::seconds(i64::from(seconds))
}
