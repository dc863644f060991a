//! Refusals of customers.

use super::{Refusal, person_erased};
use crate::problems::{ADDRESS_EXISTS, ADDRESS_NOT_FOUND, CUSTOMER_EXISTS, TOO_MANY_ADDRESSES, TOO_MANY_CONSENTS};
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
            Self::Erased { subject } => person_erased(*subject),
            Self::AddressUnknown { address_id } => {
                Problem::of(&ADDRESS_NOT_FOUND).detail(self.to_string()).with("address_id", address_id)
            }
            Self::AddressExists { address_id } => {
                Problem::of(&ADDRESS_EXISTS).detail(self.to_string()).with("address_id", address_id)
            }
            Self::TooManyAddresses { max } => {
                Problem::of(&TOO_MANY_ADDRESSES).detail(self.to_string()).with("max", max)
            }
            Self::TooManyConsents { max } => Problem::of(&TOO_MANY_CONSENTS).detail(self.to_string()).with("max", max),
        }
    }
}
