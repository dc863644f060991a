//! Refusals of price schedules. The handler adds `sku`, which the aggregate does not know.

use super::Refusal;
use crate::problems as kind;
use tillroll_domain::price_schedule::PriceScheduleError as E;
use tillroll_http::Problem;

impl Refusal for E {
    fn problem(&self) -> Problem {
        let of = |kind| Problem::of(kind).detail(self.to_string());
        match self {
            Self::RowNotFound { row_id } => of(&kind::PRICE_ROW_NOT_FOUND).with("price_row_id", row_id),
            Self::RowDiffers { row_id } => of(&kind::PRICE_ROW_DIFFERS).with("price_row_id", row_id),
            Self::RowWithdrawn { row_id } => of(&kind::PRICE_ROW_WITHDRAWN).with("price_row_id", row_id),
            Self::NegativePrice { amount } => of(&kind::NEGATIVE_PRICE).with("amount", amount),
            Self::InPast { at } => of(&kind::PRICE_IN_PAST).with("at", at),
            Self::EmptyValidity => of(&kind::EMPTY_VALIDITY),
            Self::Overlap { row_id } => of(&kind::PRICES_OVERLAP).with("price_row_id", row_id),
            Self::TooManyRows { max } => of(&kind::TOO_MANY_PRICES).with("max", max),
            Self::NotBegun { row_id } => of(&kind::PRICE_NOT_BEGUN).with("price_row_id", row_id),
            Self::HasBegun { row_id } => of(&kind::PRICE_HAS_BEGUN).with("price_row_id", row_id),
            Self::EndsEarlier { row_id, ends_at } => {
                of(&kind::PRICE_ENDS_EARLIER).with("price_row_id", row_id).with("ends_at", ends_at)
            }
        }
    }
}
