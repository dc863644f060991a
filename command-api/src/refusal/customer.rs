//! Refusals of customers.

use super::Refusal;
use crate::problems::CUSTOMER_EXISTS;
use tillroll_domain::customer::CustomerError;
use tillroll_http::Problem;

impl Refusal for CustomerError {
    fn problem(&self) -> Problem {
        match self {
            Self::NotRegistered => Problem::not_found("such customer"),
            Self::RegisteredDifferently { country, external_reference } => Problem::of(&CUSTOMER_EXISTS)
                .detail(self.to_string())
                .with("country", country)
                .with("external_reference", external_reference),
        }
    }
}
