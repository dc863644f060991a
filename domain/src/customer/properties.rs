//! Properties of customers under random commands.

use super::{
    ADDRESSES_MAX, CONSENTS_MAX, Customer, CustomerError, CustomerState,
    commands::CustomerCommand as Command,
    events::AddressKind,
    samples::{SUBJECT, address, address_id, email, profile, register},
};
use crate::{
    aggregate::Aggregate,
    testing::{assert_survives_storage, moment},
};
use proptest::{collection::vec, prelude::*, sample::select};

fn standing() -> impl Strategy<Value = Command> {
    let countries = || select(vec!["FR", "DE", "United Kingdom"]);
    prop_oneof![
        (countries(), select(vec![None, Some("1"), Some("2")])).prop_map(|(country, number)| register(country, number)),
        countries().prop_map(|country| Command::ChangeCountry { country: country.parse().unwrap() }),
        Just(Command::Deactivate { reason: "".parse().unwrap() }),
        Just(Command::Reactivate),
        (countries(), select(vec!["1", "2"])).prop_map(|(country, number)| Command::RecordCustomer {
            country: country.parse().unwrap(),
            external_reference: number.parse().unwrap(),
        }),
    ]
}

fn book() -> impl Strategy<Value = Command> {
    let which = || (0_u128..4).prop_map(address_id);
    let street = || select(vec!["Torggata", "Storgata"]).prop_map(|street| address(street, "NO"));
    let kind = || select(AddressKind::ALL.to_vec());
    prop_oneof![
        4 => (which(), street(), vec(kind(), 0..3))
            .prop_map(|(address_id, address, default_for)| Command::AddAddress { address_id, address, default_for }),
        1 => (which(), street()).prop_map(|(address_id, address)| Command::ChangeAddress { address_id, address }),
        2 => which().prop_map(|address_id| Command::RemoveAddress { address_id }),
        1 => (which(), kind()).prop_map(|(address_id, kind)| Command::SetDefaultAddress { address_id, kind }),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        8 => standing(),
        16 => book(),
        2 => select(vec!["Anna", "Berta"]).prop_map(|name| Command::SetProfile { profile: profile(name) }),
        2 => select(vec!["a@b.no", "c@d.no"]).prop_map(|text| Command::SetEmail { email: email(text) }),
        2 => (select(vec!["newsletter", "profiling"]), any::<bool>()).prop_map(|(purpose, granted)| {
            Command::SetConsent { purpose: purpose.parse().unwrap(), granted, source: "account".parse().unwrap() }
        }),
        1 => Just(Command::Erase { subject: SUBJECT }),
    ]
}

/// As long as there is an address, each kind has exactly one default, and it is in the book.
fn assert_defaults(state: &CustomerState) -> Result<(), TestCaseError> {
    let CustomerState::Known(customer) = state else { return Ok(()) };
    for kind in AddressKind::ALL {
        let default = customer.defaults.of(kind);
        prop_assert_eq!(default.is_some(), !customer.addresses.is_empty(), "{:?} of {:?}", kind, customer);
        prop_assert!(default.is_none_or(|id| customer.addresses.iter().any(|known| known.address_id == id)));
    }
    prop_assert!(customer.addresses.len() <= ADDRESSES_MAX && customer.consents.len() <= CONSENTS_MAX);
    Ok(())
}

proptest! {
    #[test]
    fn a_customer_keeps_the_first_number_and_every_command_settles(commands in vec(command(), 1..60)) {
        let (mut state, mut history, mut number) = (Customer::initial(), vec![], None);
        for command in commands {
            let Ok(events) = Customer::decide(&state, &command, &moment()) else { continue };
            state = events.iter().fold(state, Customer::evolve);
            // What is gone cannot be named again; a key makes the request itself repeatable.
            let settled = if let Command::RemoveAddress { address_id } = command {
                Err(CustomerError::AddressUnknown { address_id })
            } else {
                Ok(vec![])
            };
            prop_assert_eq!(Customer::decide(&state, &command, &moment()), settled, "asked again: {:?}", command);
            assert_defaults(&state)?;
            if let CustomerState::Known(customer) = &state {
                prop_assert_eq!(number.get_or_insert_with(|| customer.external_reference.clone()),
                    &customer.external_reference);
            }
            history.extend(events);
        }
        prop_assert_eq!(&Customer::fold(&history), &state);
        assert_survives_storage::<Customer>(&state);
    }
}
