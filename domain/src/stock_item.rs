//! Stock of one SKU at one location: what is there, what is promised, what is held.
//!
//! **Invariant:** on hand − allocated − reserved never falls below zero; checking and holding are one decision.
//! **Invariant:** the physical count changes only by opening stock, receipts, shipments, returns and adjustments.

pub mod commands;
pub mod events;

mod adjust;
mod allocate;
mod error;
mod holds;
mod receive;
mod recent;
mod record;
mod release;
mod reorder;
mod reserve;
mod returns;
mod ship;
mod state;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod samples;

pub use error::{ReservationEnding, StockItemError};
pub use state::{IDS_REMEMBERED_PER_KIND, RESERVATIONS_REMEMBERED, StockItemState};

use crate::aggregate::{Aggregate, Moment};
use commands::StockItemCommand as Command;
use events::StockItemEvent as Event;

/// The stock of one SKU at one location; its stream's id is [`commands::stream_id`].
#[derive(Debug, Clone, Copy)]
pub struct StockItem;

/// What a command makes happen, or why not.
type Decision = Result<Vec<Event>, StockItemError>;

impl Aggregate for StockItem {
    const CATEGORY: &'static str = "stock_item";
    const STATE_VERSION: u16 = 2;
    type State = StockItemState;
    type Command = Command;
    type Event = Event;
    type Error = StockItemError;

    fn initial() -> StockItemState {
        StockItemState::default()
    }

    fn decide(state: &StockItemState, command: &Command, moment: &Moment) -> Decision {
        let now = moment.now;
        let decision = match command {
            Command::Receive { receipt_id, quantity, reference } => {
                receive::receive(state, *receipt_id, *quantity, reference.as_ref())
            }
            Command::Adjust { delta, reason, note } => adjust::adjust(state, *delta, *reason, note),
            Command::Reserve { reservation_id, quantity, expires_at } => {
                reserve::reserve(state, *reservation_id, *quantity, *expires_at, now)
            }
            Command::ExtendReservation { reservation_id, expires_at } => {
                reserve::extend(state, *reservation_id, *expires_at, now)
            }
            Command::ReleaseReservation { reservation_id } => release::release(state, *reservation_id),
            Command::ExpireReservation { reservation_id } => release::expire(state, *reservation_id, now),
            Command::Allocate { reservation_id, order_id } => allocate::allocate(state, *reservation_id, *order_id),
            Command::ReleaseAllocation { order_id } => allocate::release(state, *order_id),
            Command::ReleaseAllocatedUnits { release_id, order_id, quantity } => {
                allocate::release_units(state, *release_id, *order_id, *quantity)
            }
            Command::Ship { shipment_id, order_id, quantity } => ship::ship(state, *shipment_id, *order_id, *quantity),
            Command::Return { return_id, order_id, quantity, condition } => {
                returns::take_back(state, *return_id, *order_id, *quantity, *condition)
            }
            Command::SetReorderLevel { level } => reorder::set_level(state, *level),
            // History books what happened long ago; nobody is to order again because of it.
            Command::RecordOpeningStock { total } => return record::opening_stock(state, *total),
            Command::RecordShipment { shipment_id, order_id, quantity } => {
                return record::shipment(state, *shipment_id, *order_id, *quantity);
            }
            Command::RecordReturn { return_id, quantity } => {
                return record::goods_returned(state, *return_id, *quantity);
            }
            Command::RecordAdjustment { delta, reason, note, document } => {
                return record::adjustment(state, *delta, *reason, note, document);
            }
        };
        decision.map(|events| reorder::with_warning(state, events))
    }

    fn evolve(state: StockItemState, event: &Event) -> StockItemState {
        state.apply(event)
    }
}
