//! Commands of a checkout on stock. They carry no end of validity: the reservation's id, which the item remembers, makes them
//! harmless when repeated, and a hot item would have to remember too many commands for long.

use super::{super::messages::HoldPlace, Answer, refused};
use crate::{
    sending::send,
    worker::{Sender, WorkerError},
};
use chrono::{DateTime, Utc};
use tillroll_domain::{
    ids::{OrderId, ReservationId},
    quantity::Quantity,
    stock_item::{
        StockItem, StockItemError,
        commands::{StockItemCommand as Command, stream_id},
    },
    text::{LocationId, Sku},
};
use tillroll_infra::bus::Bus;

pub(super) async fn reserve(
    bus: &Bus,
    sender: &Sender,
    place: &HoldPlace,
    quantity: Quantity,
    expires_at: DateTime<Utc>,
) -> Result<Answer, WorkerError> {
    let command = Command::Reserve { reservation_id: place.reservation_id, quantity, expires_at };
    reserved(at(bus, sender, place, command, "reserve").await?).map_err(|error| passing(place, &error))
}

pub(super) async fn extend(
    bus: &Bus,
    sender: &Sender,
    place: &HoldPlace,
    expires_at: DateTime<Utc>,
) -> Result<Answer, WorkerError> {
    let command = Command::ExtendReservation { reservation_id: place.reservation_id, expires_at };
    Ok(extended(&at(bus, sender, place, command, "extend").await?))
}

pub(super) async fn allocate(
    bus: &Bus,
    sender: &Sender,
    place: &HoldPlace,
    order_id: OrderId,
) -> Result<Answer, WorkerError> {
    let command = Command::Allocate { reservation_id: place.reservation_id, order_id };
    allocated(at(bus, sender, place, command, "allocate").await?).map_err(|error| passing(place, &error))
}

/// What a reserve came to; the error is a passing one.
pub(in crate::checkout) fn reserved(result: Result<(), StockItemError>) -> Result<Answer, StockItemError> {
    match result {
        Ok(()) => Ok(Answer::Done {}),
        Err(StockItemError::InsufficientStock { available, .. }) => {
            Ok(Answer::Short { available: u32::try_from(available.max(0)).unwrap_or(u32::MAX) })
        }
        // Holds end, so there will be room.
        Err(error @ StockItemError::TooManyReservations { .. }) => Err(error),
        Err(_) => Ok(Answer::Gone {}),
    }
}

/// What an extension came to.
pub(in crate::checkout) fn extended(result: &Result<(), StockItemError>) -> Answer {
    match result {
        // If even the new end is over, the payment's deadline is too, and what follows from that is decided there.
        Ok(()) | Err(StockItemError::ReservationAllocated { .. } | StockItemError::ExpiryNotInFuture { .. }) => {
            Answer::Done {}
        }
        Err(_) => Answer::Gone {},
    }
}

/// What a promise came to; the error is a passing one.
pub(in crate::checkout) fn allocated(result: Result<(), StockItemError>) -> Result<Answer, StockItemError> {
    match result {
        Ok(()) => Ok(Answer::Done {}),
        // Promised goods leave, so there will be room.
        Err(error @ StockItemError::TooManyAllocations { .. }) => Err(error),
        Err(StockItemError::ReservationEnded { .. } | StockItemError::ReservationNotFound { .. }) => {
            Ok(Answer::Gone {})
        }
        Err(error) => {
            tracing::error!(%error, "a hold cannot be promised");
            Ok(refused("not_allocated"))
        }
    }
}

/// Lets a hold go, and all that is promised to an order that was cancelled: the item does not remember for ever that a hold
/// became a promise, so the promise is taken back whatever is said of the hold. Only an order of which nothing left, nor is
/// planned to, may be named; that holds of every order that is cancelled as a whole.
pub(crate) async fn release(
    bus: &Bus,
    sender: &Sender,
    sku: &Sku,
    location: &LocationId,
    reservation_id: ReservationId,
    promised_to: Option<OrderId>,
) -> Result<(), WorkerError> {
    let stream = stream_id(location, sku);
    let command = Command::ReleaseReservation { reservation_id };
    match send::<StockItem>(bus, &stream, command, sender, "release").await? {
        Ok(_) | Err(StockItemError::ReservationAllocated { .. }) => {}
        Err(error) => tracing::error!(%reservation_id, %stream, %error, "a hold is not let go"),
    }
    let Some(order_id) = promised_to else { return Ok(()) };
    match send::<StockItem>(bus, &stream, Command::ReleaseAllocation { order_id }, sender, "take_back").await? {
        Ok(_) => Ok(()),
        Err(error) => Err(WorkerError(format!("the promise of {stream} to {order_id} is not taken back: {error}"))),
    }
}

async fn at(
    bus: &Bus,
    sender: &Sender,
    place: &HoldPlace,
    command: Command,
    step: &str,
) -> Result<Result<(), StockItemError>, WorkerError> {
    let stream = stream_id(&place.location, &place.sku);
    Ok(send::<StockItem>(bus, &stream, command, sender, step).await?.map(|_| ()))
}

fn passing(place: &HoldPlace, error: &StockItemError) -> WorkerError {
    WorkerError(format!("{} at {}: {error}", place.sku, place.location))
}
