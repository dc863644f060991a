//! A customer becomes known.

use super::{
    events::{CustomerEvent, CustomerRegistered},
    state::{CustomerError, CustomerState},
};
use crate::{
    common::Basis,
    text::{Country, Reference},
};

pub(super) fn register(
    state: &CustomerState,
    country: &Country,
    external_reference: Option<&Reference>,
) -> Result<Vec<CustomerEvent>, CustomerError> {
    match state {
        CustomerState::Unknown => Ok(vec![registered(country, external_reference)]),
        CustomerState::Known(customer)
            if customer.country == *country && customer.external_reference.as_ref() == external_reference =>
        {
            Ok(vec![])
        }
        CustomerState::Known(customer) => Err(customer.registered_differently()),
        CustomerState::Erased(customer) => Err(customer.refusal()),
    }
}

/// Only the reference must agree: later documents may name another country, and the country of a sale is the sale's.
/// Documents go on to name a customer who was forgotten; the number is not personal.
pub(super) fn record(
    state: &CustomerState,
    country: &Country,
    external_reference: &Reference,
) -> Result<Vec<CustomerEvent>, CustomerError> {
    match state {
        CustomerState::Unknown => Ok(vec![registered(country, Some(external_reference))]),
        CustomerState::Known(customer) if customer.external_reference.as_ref() == Some(external_reference) => {
            Ok(vec![])
        }
        CustomerState::Known(customer) => Err(customer.registered_differently()),
        CustomerState::Erased(customer) if customer.external_reference.as_ref() == Some(external_reference) => {
            Ok(vec![])
        }
        CustomerState::Erased(customer) => Err(customer.refusal()),
    }
}

fn registered(country: &Country, external_reference: Option<&Reference>) -> CustomerEvent {
    let (country, external_reference) = (country.clone(), external_reference.cloned());
    CustomerRegistered { country, external_reference, basis: Basis::Recorded }.into()
}

#[cfg(test)]
mod tests {
    use super::super::{
        commands::CustomerCommand,
        samples::{known, nobody, register as ask},
    };
    use super::*;

    fn event(country: &str, reference: Option<&str>) -> CustomerEvent {
        CustomerRegistered {
            country: country.parse().unwrap(),
            external_reference: reference.map(|reference| reference.parse().unwrap()),
            basis: Basis::Recorded,
        }
        .into()
    }

    fn recorded(country: &str, reference: &str) -> CustomerCommand {
        CustomerCommand::RecordCustomer {
            country: country.parse().unwrap(),
            external_reference: reference.parse().unwrap(),
        }
    }

    fn differently(country: &str, reference: Option<&str>) -> CustomerError {
        CustomerError::RegisteredDifferently {
            country: country.parse().unwrap(),
            external_reference: reference.map(|reference| reference.parse().unwrap()),
        }
    }

    #[test]
    fn a_customer_becomes_known_once() {
        nobody().when(ask("FR", Some("17850"))).then([event("FR", Some("17850"))]);
        nobody().when(ask("FR", None)).then([event("FR", None)]);
        known().when(ask("FR", Some("17850"))).then_nothing();
    }

    #[test]
    fn a_known_customer_is_not_registered_with_other_facts() {
        known().when(ask("DE", Some("17850"))).then_refused(differently("FR", Some("17850")));
        known().when(ask("FR", Some("17851"))).then_refused(differently("FR", Some("17850")));
        known().when(ask("FR", None)).then_refused(differently("FR", Some("17850")));
    }

    #[test]
    fn history_makes_a_customer_known_with_the_first_country() {
        nobody().when(recorded("United Kingdom", "17850")).then([event("United Kingdom", Some("17850"))]);
        known().when(recorded("FR", "17850")).then_nothing();
        known().when(recorded("United Kingdom", "17850")).then_nothing();
    }

    #[test]
    fn history_does_not_give_a_customer_another_number() {
        known().when(recorded("FR", "17851")).then_refused(differently("FR", Some("17850")));
        nobody().and(ask("FR", None)).when(recorded("FR", "17850")).then_refused(differently("FR", None));
    }
}
