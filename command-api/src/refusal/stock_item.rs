//! Refusals of stock items. The handler adds `location` and `sku`, which the aggregate does not know.

use super::Refusal;
use crate::problems as kind;
use tillroll_domain::stock_item::{ReservationEnding, StockItemError as E};
use tillroll_http::Problem;

impl Refusal for E {
    fn problem(&self) -> Problem {
        let of = |kind| Problem::of(kind).detail(self.to_string());
        match self {
            Self::InsufficientStock { requested, available } => {
                of(&kind::INSUFFICIENT_STOCK).with("requested", requested).with("available", available)
            }
            Self::ExpiryNotInFuture { expires_at, now } => {
                of(&kind::EXPIRY_NOT_IN_FUTURE).with("expires_at", expires_at).with("now", now)
            }
            Self::ReservationDiffers { reservation_id, held, requested } => of(&kind::RESERVATION_DIFFERS)
                .with("reservation_id", reservation_id)
                .with("held", held)
                .with("requested", requested),
            Self::ReservationNotFound { reservation_id } => {
                of(&kind::RESERVATION_NOT_FOUND).with("reservation_id", reservation_id)
            }
            Self::ReservationEnded { reservation_id, ending } => {
                of(&kind::RESERVATION_ENDED).with("reservation_id", reservation_id).with("ending", ending_name(*ending))
            }
            Self::ReservationAllocated { reservation_id, order_id } => {
                of(&kind::RESERVATION_ALLOCATED).with("reservation_id", reservation_id).with("order_id", order_id)
            }
            Self::TooManyReservations { max } => of(&kind::TOO_MANY_RESERVATIONS).with("max", max),
            Self::TooManyAllocations { max } => of(&kind::TOO_MANY_ALLOCATIONS).with("max", max),
            Self::AllocationTooLarge { order_id } => of(&kind::ALLOCATION_TOO_LARGE).with("order_id", order_id),
            Self::InsufficientAllocation { order_id, requested, allocated } => of(&kind::INSUFFICIENT_ALLOCATION)
                .with("order_id", order_id)
                .with("requested", requested)
                .with("allocated", allocated),
            // Only processes take back what they name so.
            Self::ReleaseDiffers { release_id, .. } => of(&kind::REFUSED).with("release_id", release_id),
            Self::ReceiptDiffers { receipt_id, booked, requested } => of(&kind::RECEIPT_DIFFERS)
                .with("receipt_id", receipt_id)
                .with("booked", booked)
                .with("requested", requested),
            Self::ShipmentDiffers { shipment_id, order_id, quantity } => of(&kind::SHIPMENT_DIFFERS)
                .with("shipment_id", shipment_id)
                .with("order_id", order_id)
                .with("quantity", quantity),
            Self::ReturnDiffers { return_id, order_id, quantity, condition } => of(&kind::RETURN_DIFFERS)
                .with("return_id", return_id)
                .with("order_id", order_id)
                .with("quantity", quantity)
                .with("condition", condition),
            Self::ZeroAdjustment => of(&kind::ZERO_ADJUSTMENT),
            Self::AdjustmentSign { delta, reason } => {
                of(&kind::ADJUSTMENT_SIGN).with("delta", delta).with("reason", reason)
            }
            // Only imports record such adjustments, and no route sends them.
            Self::NotADocumentReason { reason } => of(&kind::REFUSED).with("reason", reason),
            Self::CountTooLarge => of(&kind::COUNT_TOO_LARGE),
        }
    }
}

const fn ending_name(ending: ReservationEnding) -> &'static str {
    match ending {
        ReservationEnding::Released => "released",
        ReservationEnding::Expired => "expired",
        ReservationEnding::ReleasedBeforehand => "released_beforehand",
        ReservationEnding::Allocated(_) => "allocated",
    }
}
