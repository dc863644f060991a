//! Properties of the category tree under random commands.

use super::{
    CategoryTree, CategoryTreeState, DEPTH_MAX,
    commands::CategoryTreeCommand as Command,
    samples::{add, archive, change_slug, id, put, rename},
};
use crate::{
    aggregate::Aggregate,
    testing::{assert_survives_storage, moment},
};
use proptest::{collection::vec, option, prelude::*};
use std::collections::BTreeSet;

/// Many categories, so that chains may grow longer than the tree may be deep.
fn command() -> impl Strategy<Value = Command> {
    let one = || 1..=40_u32;
    prop_oneof![
        6 => (one(), option::weighted(0.9, one())).prop_map(|(n, parent)| add(n, parent)),
        6 => (one(), option::weighted(0.9, one())).prop_map(|(n, parent)| put(n, parent)),
        1 => (one(), 1..4_u32).prop_map(|(n, other)| rename(n, &format!("Name {other}"))),
        2 => (one(), one()).prop_map(|(n, other)| change_slug(n, &format!("c{other}"))),
        1 => (one(), 0..3_i32).prop_map(|(n, sort_order)| Command::Reorder { category_id: id(n), sort_order }),
        2 => one().prop_map(archive),
        1 => one().prop_map(|n| Command::Restore { category_id: id(n) }),
    ]
}

/// Walks up from every category on its own, without what the aggregate thinks of depths and circles.
fn check(tree: &CategoryTreeState) -> Result<(), TestCaseError> {
    let mut slugs = BTreeSet::new();
    for (start, category) in tree.iter() {
        prop_assert!(slugs.insert(&category.slug), "{} belongs to two", category.slug);
        let (mut seen, mut next) = (BTreeSet::from([start]), category.parent_id);
        while let Some(above) = next {
            prop_assert!(seen.insert(above), "{above} is above itself");
            let parent = tree.get(above);
            prop_assert!(parent.is_some(), "{above} is not there");
            prop_assert!(
                category.archived || parent.is_some_and(|parent| !parent.archived),
                "{start} is under {above}"
            );
            next = parent.and_then(|parent| parent.parent_id);
        }
        prop_assert!(seen.len() <= DEPTH_MAX, "{start} is {} deep", seen.len());
    }
    Ok(())
}

proptest! {
    #[test]
    fn random_moves_leave_a_tree_and_every_command_settles(commands in vec(command(), 1..200)) {
        let (mut state, mut history) = (CategoryTree::initial(), vec![]);
        for command in commands {
            let Ok(events) = CategoryTree::decide(&state, &command, &moment()) else { continue };
            prop_assert!(events.len() <= 1, "one category changes at a time");
            state = events.iter().fold(state, CategoryTree::evolve);
            check(&state)?;
            prop_assert_eq!(CategoryTree::decide(&state, &command, &moment()), Ok(vec![]), "asked again: {:?}", command);
            history.extend(events);
        }
        prop_assert_eq!(&CategoryTree::fold(&history), &state);
        assert_survives_storage::<CategoryTree>(&state);
    }

    /// A chain is built to its full depth and then bent: random moves rarely make one so long.
    #[test]
    fn moves_of_long_chains_leave_a_tree(length in 1..=16_u32, moves in vec((1..=16_u32, option::weighted(0.9, 1..=32_u32)), 1..40)) {
        let mut state = CategoryTree::initial();
        let chains = (1..=length).chain(17..17 + length);
        let commands = chains.map(|n| add(n, (n != 1 && n != 17).then_some(n.saturating_sub(1))));
        for command in commands.chain(moves.into_iter().map(|(n, parent)| put(n, parent))) {
            let Ok(events) = CategoryTree::decide(&state, &command, &moment()) else { continue };
            state = events.iter().fold(state, CategoryTree::evolve);
            check(&state)?;
        }
    }
}
