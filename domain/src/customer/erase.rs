//! A person is forgotten.
//!
//! The event makes it known and durable; the key, without which nothing that was stored can be read, is destroyed by whoever
//! sent the command, and at the latest when the engine starts again.

use super::{
    events::{CustomerErased, CustomerEvent},
    state::{CustomerError, CustomerState},
};
use crate::ids::SubjectId;

pub(super) fn erase(state: &CustomerState, subject: SubjectId) -> Result<Vec<CustomerEvent>, CustomerError> {
    match state {
        CustomerState::Unknown => Err(CustomerError::NotRegistered),
        CustomerState::Known(_) => Ok(vec![CustomerErased { subject }.into()]),
        CustomerState::Erased(_) => Ok(vec![]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        commands::CustomerCommand as Command,
        events::AddressKind,
        samples::{SUBJECT, address, address_id, email, known, nobody, profile, register},
        state::ErasedCustomer,
    };
    use super::*;

    fn erase() -> Command {
        Command::Erase { subject: SUBJECT }
    }

    fn add() -> Command {
        let (address_id, address) = (address_id(1), address("Torggata", "NO"));
        Command::AddAddress { address_id, address, default_for: vec![] }
    }

    #[test]
    fn a_customer_is_forgotten_once() {
        known().when(erase()).then([CustomerErased { subject: SUBJECT }.into()]);
        known().and(erase()).when(erase()).then_nothing();
        nobody().when(erase()).then_refused(CustomerError::NotRegistered);
    }

    #[test]
    fn nothing_personal_is_left_of_a_forgotten_customer() {
        let forgotten = known()
            .and(Command::SetProfile { profile: profile("Anna") })
            .and(Command::SetEmail { email: email("anna@example.com") })
            .and(add())
            .and(erase());
        let left = ErasedCustomer { external_reference: Some("17850".parse().unwrap()), subject: SUBJECT };
        assert_eq!(forgotten.state(), CustomerState::Erased(left));
    }

    #[test]
    fn a_forgotten_customer_refuses_everything_that_would_change_it() {
        let commands = [
            register("FR", Some("17850")),
            Command::ChangeCountry { country: "FR".parse().unwrap() },
            Command::Reactivate,
            Command::SetProfile { profile: profile("Anna") },
            Command::SetEmail { email: email("anna@example.com") },
            add(),
            Command::ChangeAddress { address_id: address_id(1), address: address("Torggata", "NO") },
            Command::RemoveAddress { address_id: address_id(1) },
            Command::SetDefaultAddress { address_id: address_id(1), kind: AddressKind::Billing },
            Command::SetConsent {
                purpose: "newsletter".parse().unwrap(),
                granted: false,
                source: "account".parse().unwrap(),
            },
        ];
        for command in commands {
            known().and(add()).and(erase()).when(command).then_refused(CustomerError::Erased { subject: SUBJECT });
        }
    }

    #[test]
    fn a_forgotten_customer_buys_no_more_and_keeps_the_number_that_history_names() {
        let forgotten = || known().and(erase());
        forgotten().when(Command::Deactivate { reason: "".parse().unwrap() }).then_nothing();
        let record = |number: &str| Command::RecordCustomer {
            country: "FR".parse().unwrap(),
            external_reference: number.parse().unwrap(),
        };
        forgotten().when(record("17850")).then_nothing();
        forgotten().when(record("17851")).then_refused(CustomerError::Erased { subject: SUBJECT });
    }
}
