//! Orders: an immutable snapshot of what was agreed, and what became of it along three axes.
//!
//! **Invariant:** nothing ever changes the snapshot; cancellations, returns and credits stand beside it.
//! **Invariant:** per line, cancelled + shipped + planned ≤ ordered, returned + requested back ≤ shipped, credited ≤ ordered.
//! **Invariant:** the values of all cancelled and returned units together never exceed the total.
//! **Invariant:** an order of a checkout is promised only when its stock is held and its money set aside or taken, and of
//! its goods nothing leaves that was not captured.
//! **Invariant:** [`status::OrderStatus`] takes only the steps of [`status::OrderStatus::can_become`], event by event.

pub mod cause;
pub mod commands;
pub mod error;
pub mod events;
pub mod state;
pub mod status;

mod cancel;
mod checkout;
mod lines;
mod pay;
mod place;
mod plan;
mod progress;
mod record;
mod return_goods;
mod ship;
mod value;

pub use cause::CancelCause;
pub use error::OrderError;
pub use state::OrderState;

use crate::aggregate::{Aggregate, Moment};
use commands::OrderCommand;
use events::OrderEvent;

/// The aggregate of one order; its stream's id is the order's.
#[derive(Debug)]
pub struct Order;

impl Aggregate for Order {
    const CATEGORY: &'static str = "order";
    const STATE_VERSION: u16 = 3;
    type State = OrderState;
    type Command = OrderCommand;
    type Event = OrderEvent;
    type Error = OrderError;

    fn initial() -> OrderState {
        OrderState::New
    }

    fn decide(state: &OrderState, command: &OrderCommand, moment: &Moment) -> Result<Vec<OrderEvent>, OrderError> {
        match command {
            OrderCommand::Place { snapshot } => place::place(state, snapshot, moment),
            OrderCommand::Confirm => checkout::confirm(state.placed()?),
            OrderCommand::RecordStockReserved { holds } => checkout::record_stock_reserved(state.placed()?, holds),
            OrderCommand::CancelLines { lines, reason } => cancel::cancel_lines(state.placed()?, lines, reason),
            OrderCommand::Cancel { reason } => cancel::cancel(state.placed()?, reason),
            OrderCommand::CancelByBuyer { reason } => cancel::cancel_by_buyer(state.placed()?, reason),
            OrderCommand::CancelForCause { cause } => cancel::cancel_for_cause(state.placed()?, cause),
            OrderCommand::UpdatePayment {
                payment_id,
                authorized_minor,
                captured_minor,
                refunded_minor,
                disputed_minor,
            } => {
                let amounts = state::PaymentAmounts {
                    authorized_minor: *authorized_minor,
                    captured_minor: *captured_minor,
                    refunded_minor: *refunded_minor,
                    disputed_minor: *disputed_minor,
                };
                pay::update_payment(state.placed()?, *payment_id, amounts)
            }
            OrderCommand::StartFulfillment => ship::start_fulfillment(state.placed()?),
            OrderCommand::PlanFulfillment { shipment_id, lines } => {
                plan::plan_fulfillment(state.placed()?, *shipment_id, lines)
            }
            OrderCommand::ReleaseFulfillment { shipment_id } => {
                plan::release_fulfillment(state.placed()?, *shipment_id)
            }
            OrderCommand::ShipLines { shipment_id, lines } => ship::ship_lines(state.placed()?, *shipment_id, lines),
            OrderCommand::Deliver => ship::deliver(state.placed()?, moment),
            OrderCommand::RequestReturn { return_id, lines } => {
                return_goods::request_return(state.placed()?, *return_id, lines)
            }
            OrderCommand::CloseReturn { return_id } => return_goods::close_return(state.placed()?, *return_id),
            OrderCommand::ReturnLines { return_id, lines } => {
                return_goods::return_lines(state.placed()?, *return_id, lines)
            }
            OrderCommand::Close => cancel::close(state.placed()?),
            OrderCommand::Record { snapshot, source, payment_id, shipment_id } => {
                record::record(state, snapshot, source, *payment_id, *shipment_id, moment)
            }
            OrderCommand::RecordCredit { credit_note_id, lines } => {
                record::record_credit(state.placed()?, *credit_note_id, lines)
            }
        }
    }

    fn evolve(state: OrderState, event: &OrderEvent) -> OrderState {
        state.evolve(event)
    }
}

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod properties;
