//! Deadlines that stand in the events of others: holds on stock that lapse, and carts to which nobody comes back. What is
//! sent is a command that can lose: the stock item and the cart decide whether it is still true.

use super::host::with_cause;
use chrono::{DateTime, Utc};
use tillroll_domain::{
    cart::{Cart, CartState, commands::CartCommand, commands::IdleLimits, guest_subject, state::GuestContact},
    ids::{CartId, CommandId, ReservationId},
    stock_item::{StockItem, commands::StockItemCommand},
};
use tillroll_infra::{
    bus::{Bus, CommandContext, ExecuteError, context::derived_uuid},
    stream::Position,
};
use uuid::Uuid;

/// Who ends holds.
const RESERVATION_SWEEPER: &str = "reservation_sweeper";
/// Who ends carts.
const CART_REAPER: &str = "cart_reaper";

/// The same command for the same deadline each time.
fn context(actor: &str, tenant: &str, what: &str, due: DateTime<Utc>) -> CommandContext {
    let name = format!("{tenant}/{actor}/{what}/{}", due.timestamp_micros());
    let id = CommandId::new(derived_uuid("tillroll:sweep", &name));
    CommandContext { tenant: tenant.to_owned(), ..CommandContext::live(id, actor) }
}

/// Ends a hold whose time is over. Answers where the log then stands.
pub(super) async fn expire_hold(
    bus: &Bus,
    tenant: &str,
    item: &str,
    reservation: &str,
    due: DateTime<Utc>,
) -> Option<Position> {
    let reservation_id: ReservationId = reservation.parse().ok()?;
    let context = context(RESERVATION_SWEEPER, tenant, &format!("{item}/{reservation}"), due);
    match bus.execute::<StockItem>(item, StockItemCommand::ExpireReservation { reservation_id }, context).await {
        Ok(executed) => Some(executed.position),
        Err(error) => {
            tracing::warn!(item, reservation, error = with_cause(&error), "a hold cannot be ended for the moment");
            None
        }
    }
}

/// Gives a cart up to which nobody came back, and makes what a guest said of themselves unreadable. Answers where the log
/// then stands.
pub(super) async fn expire_cart(
    bus: &Bus,
    tenant: &str,
    cart: &str,
    due: DateTime<Utc>,
    limits: IdleLimits,
) -> Option<Position> {
    let context = context(CART_REAPER, tenant, cart, due);
    let executed = match bus.execute::<Cart>(cart, CartCommand::Expire { limits }, context).await {
        Ok(executed) => executed,
        Err(ExecuteError::Refused(reason)) => {
            // Somebody is making an order of it, or came back.
            tracing::debug!(cart, %reason, "a cart is not given up yet");
            return None;
        }
        Err(error) => {
            tracing::warn!(cart, error = with_cause(&error), "a cart cannot be given up for the moment");
            return None;
        }
    };
    let loaded = bus.load::<Cart>(tenant, cart).await.ok()?;
    if let (CartState::Closed(closed), Ok(id)) = (&loaded.state, Uuid::try_parse(cart))
        && closed.guest_contact == GuestContact::Erased
        && let Err(error) = bus.erase(tenant, guest_subject(CartId::new(id))).await
    {
        // The next start finishes it: the cart's stream says that the key must go.
        tracing::error!(cart, error = with_cause(&error), "a guest's key is not destroyed yet");
    }
    Some(executed.position)
}
