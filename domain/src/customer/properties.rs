//! Properties of customers under random commands.

use super::{Customer, CustomerState, commands::CustomerCommand as Command, samples::register};
use crate::{
    aggregate::Aggregate,
    testing::{assert_survives_storage, moment},
};
use proptest::{collection::vec, prelude::*, sample::select};

fn command() -> impl Strategy<Value = Command> {
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

proptest! {
    #[test]
    fn a_customer_keeps_the_first_number_and_every_command_settles(commands in vec(command(), 1..30)) {
        let (mut state, mut history, mut number) = (Customer::initial(), vec![], None);
        for command in commands {
            let Ok(events) = Customer::decide(&state, &command, &moment()) else { continue };
            state = events.iter().fold(state, Customer::evolve);
            prop_assert_eq!(Customer::decide(&state, &command, &moment()), Ok(vec![]), "asked again: {:?}", command);
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
