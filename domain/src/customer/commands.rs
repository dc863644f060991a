//! What can be asked of a customer.

use crate::text::{Country, Note, Reference};
use serde::{Deserialize, Serialize};

/// Commands on a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CustomerCommand {
    /// Make the customer known.
    Register {
        /// Where the customer is.
        country: Country,
        /// The customer's number in another system.
        external_reference: Option<Reference>,
    },
    /// Move the customer to another country. Silent if it is the same.
    ChangeCountry {
        /// The new country.
        country: Country,
    },
    /// Refuse further orders of the customer.
    Deactivate {
        /// Why; nothing personal.
        reason: Note,
    },
    /// Take further orders of the customer again.
    Reactivate,
    /// Import: a customer that a source document names. Silent if known with that reference; refused with another.
    RecordCustomer {
        /// Where the first document says the customer is.
        country: Country,
        /// The customer's number in the source.
        external_reference: Reference,
    },
}
