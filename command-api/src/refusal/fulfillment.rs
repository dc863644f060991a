//! Refusals of shipments.

use super::Refusal;
use crate::problems as kind;
use tillroll_domain::fulfillment::FulfillmentError as E;
use tillroll_http::Problem;

impl Refusal for E {
    fn problem(&self) -> Problem {
        let of = |kind| Problem::of(kind).detail(self.to_string());
        match self {
            Self::NotCreated => Problem::not_found("such shipment"),
            Self::CreatedDifferently => of(&kind::SHIPMENT_DIFFERS),
            Self::NoLines => of(&kind::NO_LINES),
            Self::TooManyLines { given, max } => of(&kind::TOO_MANY_LINES).with("given", given).with("max", max),
            Self::LineRepeated { line } => of(&kind::LINE_REPEATED).with("line", line),
            Self::Cancelled => of(&kind::SHIPMENT_CANCELLED),
            Self::NotShipped { status } => of(&kind::SHIPMENT_NOT_SHIPPED).with("shipment_status", status.as_str()),
            Self::AlreadyShipped { status } => of(&kind::SHIPMENT_SHIPPED).with("shipment_status", status.as_str()),
            Self::AlreadyDelivered => of(&kind::SHIPMENT_DELIVERED),
            Self::TrackingDiffers { number } => of(&kind::TRACKING_DIFFERS).with("number", number),
            Self::TooMuchTracking { max } => of(&kind::TOO_MUCH_TRACKING).with("max", max),
        }
    }
}
