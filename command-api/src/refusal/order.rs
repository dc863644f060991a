//! Refusals of orders.

use super::Refusal;
use crate::problems as kind;
use tillroll_domain::{document::DocumentError, order::OrderError as E};
use tillroll_http::Problem;

impl Refusal for E {
    fn problem(&self) -> Problem {
        let of = |kind| Problem::of(kind).detail(self.to_string());
        match self {
            Self::NotPlaced => Problem::not_found("such order"),
            Self::AlreadyPlaced => of(&kind::ORDER_EXISTS),
            Self::Document(error) => error.problem(),
            Self::DiscountTooHigh { discount_minor, base_minor } => {
                of(&kind::DISCOUNT_TOO_HIGH).with("discount_minor", discount_minor).with("base_minor", base_minor)
            }
            Self::NotConfirmed => of(&kind::ORDER_NOT_CONFIRMED),
            Self::StockNotReserved => of(&kind::STOCK_NOT_RESERVED),
            Self::NotPaid { due_minor, paid_minor } => {
                of(&kind::ORDER_NOT_PAID).with("due_minor", due_minor).with("paid_minor", paid_minor)
            }
            Self::PaymentNotCaptured { due_minor, captured_minor } => {
                of(&kind::PAYMENT_NOT_CAPTURED).with("due_minor", due_minor).with("captured_minor", captured_minor)
            }
            Self::Cancelled => of(&kind::ORDER_CANCELLED),
            Self::Closed => of(&kind::ORDER_CLOSED),
            Self::AlreadyShipped { shipped } => of(&kind::ORDER_SHIPPED).with("shipped", shipped),
            Self::UnitsPlanned { planned } => of(&kind::ORDER_UNITS_PLANNED).with("planned", planned),
            Self::FulfillmentStarted => of(&kind::ORDER_FULFILLMENT_STARTED),
            Self::NoLines => of(&kind::NO_LINES),
            Self::TooManyLines { given, max } => of(&kind::TOO_MANY_LINES).with("given", given).with("max", max),
            Self::LineRepeated { line } => of(&kind::LINE_REPEATED).with("line", line),
            Self::UnknownLine { line, lines } => of(&kind::UNKNOWN_LINE).with("line", line).with("lines", lines),
            Self::NotGoods { line, kind: line_kind } => {
                of(&kind::LINE_NOT_GOODS).with("line", line).with("kind", line_kind)
            }
            Self::QuantityExceeded { line, action, requested, available } => of(&kind::QUANTITY_EXCEEDED)
                .with("line", line)
                .with("action", action.as_str())
                .with("requested", requested)
                .with("available", available),
            Self::ShipmentIdReused { shipment_id } => of(&kind::SHIPMENT_DIFFERS).with("shipment_id", shipment_id),
            Self::ShipmentReleased { shipment_id } => of(&kind::SHIPMENT_CANCELLED).with("shipment_id", shipment_id),
            Self::ShipmentLeft { shipment_id } => of(&kind::SHIPMENT_SHIPPED).with("shipment_id", shipment_id),
            Self::ShipmentNotPlanned { shipment_id } => {
                of(&kind::SHIPMENT_NOT_PLANNED).with("shipment_id", shipment_id)
            }
            Self::ReturnClosed { return_id } | Self::ReturnNotRequested { return_id } => {
                of(&kind::RETURN_OVER).with("return_id", return_id)
            }
            Self::NegativeTaxPart { tax_minor, .. } => of(&kind::NEGATIVE_TAX).with("amount_minor", tax_minor),
            Self::TaxPartsMismatch { expected_minor, given_minor } => {
                of(&kind::TAX_PARTS_MISMATCH).with("expected_minor", expected_minor).with("given_minor", given_minor)
            }
            Self::ReturnIdReused { return_id } => of(&kind::RETURN_DIFFERS).with("return_id", return_id),
            Self::TooManyMovements { max } => of(&kind::TOO_MANY_MOVEMENTS).with("max", max),
            Self::NothingToShip => of(&kind::NOTHING_TO_SHIP),
            Self::NotFullyShipped { outstanding } => of(&kind::NOT_FULLY_SHIPPED).with("outstanding", outstanding),
            Self::NotClosable { lifecycle, fulfillment } => of(&kind::NOT_CLOSABLE)
                .with("lifecycle", lifecycle.to_string())
                .with("fulfillment", fulfillment.to_string()),
            // Imports, processes, payments and credit notes send these commands; no route does.
            Self::Source(_)
            | Self::PaymentTermsMismatch { .. }
            | Self::NoCheckout
            | Self::TooManyHolds { .. }
            | Self::HoldRepeated { .. }
            | Self::StockNotCovered { .. }
            | Self::PaymentArrived
            | Self::PaymentIdMismatch { .. }
            | Self::ShipmentIdMismatch { .. }
            | Self::NegativeCredit { .. }
            | Self::CreditNoteIdReused { .. }
            | Self::TooManyPayments { .. }
            | Self::NegativeAmount { .. }
            | Self::RefundExceedsCaptured { .. }
            | Self::PaymentWentBack { .. }
            | Self::AmountTooLarge
            | Self::Refunded { .. } => of(&kind::REFUSED),
        }
    }
}

impl Refusal for DocumentError {
    fn problem(&self) -> Problem {
        let of = |kind| Problem::of(kind).detail(self.to_string());
        match self {
            Self::NoLines => of(&kind::NO_LINES),
            Self::TooManyLines { given, max } => of(&kind::TOO_MANY_LINES).with("given", given).with("max", max),
            Self::NegativePrice { line, unit_price } => {
                of(&kind::NEGATIVE_PRICE).with("line", line).with("amount", unit_price)
            }
            Self::NegativeTax { amount_minor } => of(&kind::NEGATIVE_TAX).with("amount_minor", amount_minor),
            Self::TooLarge => of(&kind::AMOUNT_TOO_LARGE),
            // The handler numbers the lines and computes their amounts, so these would be its mistakes.
            Self::LineNumber { .. }
            | Self::SkuMissing { .. }
            | Self::SkuUnexpected { .. }
            | Self::QuantityOutOfRange { .. }
            | Self::AmountMismatch { .. }
            | Self::RoundingMismatch { .. } => Problem::bad_value(self.to_string()),
        }
    }
}
