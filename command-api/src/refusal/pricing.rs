//! Why there is no quote, as a problem.

use super::Refusal;
use crate::problems as kind;
use tillroll_domain::pricing::PricingError as E;
use tillroll_http::Problem;

impl Refusal for E {
    fn problem(&self) -> Problem {
        let of = |kind| Problem::of(kind).detail(self.to_string());
        match self {
            Self::NoLines => of(&kind::NO_LINES),
            Self::TooManyLines { max } => of(&kind::TOO_MANY_LINES).with("max", max),
            Self::NegativePrice { amount, .. } => of(&kind::NEGATIVE_PRICE).with("amount", amount),
            Self::TooLarge => of(&kind::AMOUNT_TOO_LARGE),
            Self::CurrencyNotConfigured { currency } => of(&kind::CURRENCY_NOT_CONFIGURED).with("currency", currency),
            Self::UnknownShippingMethod { method } => of(&kind::SHIPPING_METHOD_UNKNOWN).with("method", method),
            // Ids and times are the server's own, and so are the policies.
            Self::DuplicateLine { .. } | Self::Validity | Self::PolicyContradiction { .. } => {
                tracing::error!(error = %self, "a request could not be priced");
                Problem::internal()
            }
        }
    }
}
