//! Properties of imports under random commands.

use super::{
    Import, ImportState,
    commands::ImportCommand,
    samples::{advance, complete, start},
};
use crate::{
    aggregate::Aggregate,
    testing::{assert_survives_storage, moment},
};
use proptest::{collection::vec, prelude::*, sample::select};

fn command() -> impl Strategy<Value = ImportCommand> {
    prop_oneof![
        1 => (select(vec!["f1", "f2"]), 0..30_u64).prop_map(|(file, documents)| start(file, documents)),
        4 => (0..40_u64, 0..2).prop_map(|(documents, content)| advance(documents, &format!("d{documents}.{content}"))),
        2 => (0..40_u64, 0..2_i64).prop_map(|(documents, net_minor)| complete(documents, net_minor)),
    ]
}

fn cursor(state: &ImportState) -> u64 {
    match state {
        ImportState::Absent => 0,
        ImportState::Started(import) => import.cursor,
    }
}

proptest! {
    #[test]
    fn the_cursor_never_goes_back_and_every_command_settles(commands in vec(command(), 1..60)) {
        let (mut state, mut history) = (Import::initial(), vec![]);
        for command in commands {
            let before = cursor(&state);
            let Ok(events) = Import::decide(&state, &command, &moment()) else { continue };
            state = events.iter().fold(state, Import::evolve);
            prop_assert!(cursor(&state) >= before);
            prop_assert_eq!(Import::decide(&state, &command, &moment()), Ok(vec![]), "asked again: {:?}", command);
            if let ImportState::Started(import) = &state {
                prop_assert_eq!(import.cursor == 0, import.cursor_digest.is_none());
                prop_assert!(import.completed.is_none_or(|completed| completed.documents <= import.cursor));
            }
            history.extend(events);
        }
        prop_assert_eq!(&Import::fold(&history), &state);
        assert_survives_storage::<Import>(&state);
    }
}
