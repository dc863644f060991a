//! What decisions on a customer need to know, and why they refuse.

use super::events::CustomerEvent;
use crate::text::{Country, Reference};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What is known of a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CustomerState {
    /// Nothing.
    Unknown,
    /// The customer was registered.
    Known(KnownCustomer),
}

/// A registered customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownCustomer {
    /// Where the customer is now.
    pub country: Country,
    /// The customer's number in another system.
    pub external_reference: Option<Reference>,
    /// Whether further orders are taken.
    pub active: bool,
}

/// Why a customer refused a command.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CustomerError {
    /// Nobody registered the customer.
    #[error("the customer is not registered")]
    NotRegistered,
    /// The customer is registered with another country or number.
    #[error("the customer is registered already, in {country}")]
    RegisteredDifferently {
        /// Where the customer is.
        country: Country,
        /// The customer's number in another system.
        external_reference: Option<Reference>,
    },
}

impl CustomerState {
    /// The customer, or the refusal that there is none.
    pub(super) fn known(&self) -> Result<&KnownCustomer, CustomerError> {
        match self {
            Self::Unknown => Err(CustomerError::NotRegistered),
            Self::Known(customer) => Ok(customer),
        }
    }

    pub(super) fn apply(self, event: &CustomerEvent) -> Self {
        match event {
            CustomerEvent::CustomerRegistered(e) => Self::Known(KnownCustomer {
                country: e.country.clone(),
                external_reference: e.external_reference.clone(),
                active: true,
            }),
            CustomerEvent::CustomerCountryChanged(e) => {
                self.change(|customer| KnownCustomer { country: e.country.clone(), ..customer })
            }
            CustomerEvent::CustomerDeactivated(_) => {
                self.change(|customer| KnownCustomer { active: false, ..customer })
            }
            CustomerEvent::CustomerReactivated(_) => self.change(|customer| KnownCustomer { active: true, ..customer }),
        }
    }

    fn change(self, change: impl FnOnce(KnownCustomer) -> KnownCustomer) -> Self {
        match self {
            Self::Known(customer) => Self::Known(change(customer)),
            Self::Unknown => {
                debug_assert!(false, "the first event registers the customer");
                Self::Unknown
            }
        }
    }
}

impl KnownCustomer {
    pub(super) fn registered_differently(&self) -> CustomerError {
        CustomerError::RegisteredDifferently {
            country: self.country.clone(),
            external_reference: self.external_reference.clone(),
        }
    }
}
