//! Refusals of carts.

use super::Refusal;
use crate::problems as kind;
use tillroll_domain::cart::CartError as E;
use tillroll_http::Problem;

impl Refusal for E {
    fn problem(&self) -> Problem {
        let of = |kind| Problem::of(kind).detail(self.to_string());
        match self {
            Self::NotFound => Problem::not_found("such cart"),
            Self::Closed { ending, order_id } => {
                let problem = of(&kind::CART_CLOSED).with("ending", ending.as_str());
                match order_id {
                    Some(order_id) => problem.with("order_id", order_id),
                    None => problem,
                }
            }
            Self::CompletionInProgress { until } => of(&kind::COMPLETION_IN_PROGRESS).with("until", until),
            Self::CheckoutInProgress { order_id } => of(&kind::CHECKOUT_IN_PROGRESS).with("order_id", order_id),
            Self::TooManyCheckouts { max } => of(&kind::TOO_MANY_CHECKOUTS).with("max", max),
            Self::PaymentRequired { total_minor } => of(&kind::PAYMENT_REQUIRED).with("total_minor", total_minor),
            Self::PaymentAttached => of(&kind::PAYMENT_ATTACHED),
            Self::LineNotFound { line_id } => of(&kind::CART_LINE_NOT_FOUND).with("line_id", line_id),
            Self::TooManyLines { max } => of(&kind::CART_FULL).with("max", max),
            Self::TooManyUnits { sku, requested, max } => {
                of(&kind::TOO_MANY_UNITS).with("sku", sku).with("requested", requested).with("max", max)
            }
            Self::InsufficientStock { sku, requested, available } => {
                of(&kind::INSUFFICIENT_STOCK).with("sku", sku).with("requested", requested).with("available", available)
            }
            Self::TooManyOptions { max } => of(&kind::TOO_MANY_OPTIONS).with("max", max),
            Self::OptionsTooLong { max } => of(&kind::OPTIONS_TOO_LONG).with("max", max),
            Self::DuplicateOption { name } => of(&kind::DUPLICATE_OPTION).with("name", name),
            Self::NoPrice { sku, currency } => of(&kind::NO_PRICE).with("sku", sku).with("currency", currency),
            Self::CountryDiffers { country } => of(&kind::COUNTRY_DIFFERS).with("country", country),
            Self::Empty => of(&kind::CART_EMPTY),
            Self::ShippingNotSelected => of(&kind::SHIPPING_NOT_SELECTED),
            Self::Changed { current } => match current {
                Some(hash) => of(&kind::CART_CHANGED).with("current_hash", hash),
                None => of(&kind::CART_CHANGED),
            },
            Self::QuoteExpired { expired_at } => of(&kind::QUOTE_EXPIRED).with("expired_at", expired_at),
            Self::StaleFence { given, current } => of(&kind::STALE_FENCE).with("given", given).with("current", current),
            Self::NotAGuest => of(&kind::NOT_A_GUESTS_CART),
            Self::TooManyMerges { max } => of(&kind::TOO_MANY_MERGES).with("max", max),
            Self::TooManyPayments { max } => of(&kind::TOO_MANY_CART_PAYMENTS).with("max", max),
            Self::NotDue { due_at } => of(&kind::CART_NOT_DUE).with("due_at", due_at),
            Self::ContactErased => of(&kind::CONTACT_ERASED),
            // Whose cart it is, is nobody else's business.
            Self::OwnedByAnother { .. } => of(&kind::REFUSED),
            // Ids, owners, prices, leases and the end of a checkout are the server's own.
            Self::ExistsDifferently
            | Self::CheckoutNotRunning { .. }
            | Self::LineIdReused { .. }
            | Self::NegativePrice
            | Self::LeaseOutOfRange { .. }
            | Self::MergeIntoItself
            | Self::NotMergedInto { .. }
            | Self::WrongSubject => of(&kind::REFUSED),
        }
    }
}
