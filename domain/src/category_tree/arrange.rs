//! Categories are moved, put in order, archived and restored.

use super::{
    DEPTH_MAX, Decision,
    error::CategoryTreeError as Error,
    events::{CategoryArchived, CategoryMoved, CategoryReordered, CategoryRestored},
    state::CategoryTreeState,
};
use crate::ids::CategoryId;

pub(super) fn move_to(state: &CategoryTreeState, category_id: CategoryId, parent_id: Option<CategoryId>) -> Decision {
    if state.existing(category_id)?.parent_id == parent_id {
        return Ok(vec![]);
    }
    state.active_parent(parent_id)?;
    if let Some(parent_id) = parent_id.filter(|&parent_id| state.is_at_or_above(category_id, parent_id)) {
        return Err(Error::Circle { category_id, parent_id });
    }
    if state.depth(parent_id).saturating_add(state.height(category_id)) > DEPTH_MAX {
        return Err(Error::TooDeep { max: DEPTH_MAX });
    }
    Ok(vec![CategoryMoved { category_id, parent_id }.into()])
}

pub(super) fn reorder(state: &CategoryTreeState, category_id: CategoryId, sort_order: i32) -> Decision {
    if state.existing(category_id)?.sort_order == sort_order {
        return Ok(vec![]);
    }
    Ok(vec![CategoryReordered { category_id, sort_order }.into()])
}

pub(super) fn archive(state: &CategoryTreeState, category_id: CategoryId) -> Decision {
    if state.existing(category_id)?.archived {
        return Ok(vec![]);
    }
    match state.active_children(category_id) {
        0 => Ok(vec![CategoryArchived { category_id }.into()]),
        children => Err(Error::HasActiveChildren { children }),
    }
}

pub(super) fn restore(state: &CategoryTreeState, category_id: CategoryId) -> Decision {
    let category = state.existing(category_id)?;
    if !category.archived {
        return Ok(vec![]);
    }
    state.active_parent(category.parent_id)?;
    Ok(vec![CategoryRestored { category_id }.into()])
}

#[cfg(test)]
mod tests {
    use super::super::{
        commands::CategoryTreeCommand as Command,
        samples::{add, archive as hide, id, nothing, put, tree},
    };
    use super::*;

    fn show(n: u32) -> Command {
        Command::Restore { category_id: id(n) }
    }

    fn moved(n: u32, parent: Option<u32>) -> super::super::events::CategoryTreeEvent {
        CategoryMoved { category_id: id(n), parent_id: parent.map(id) }.into()
    }

    fn absent() -> Error {
        Error::NotFound { category_id: id(9) }
    }

    #[test]
    fn a_category_moves_with_all_below_it() {
        tree().when(put(2, None)).then([moved(2, None)]);
        tree().when(put(2, Some(1))).then_nothing();
        let state = tree().when(put(2, None)).then_state();
        assert_eq!((state.depth(Some(id(2))), state.depth(Some(id(3)))), (1, 2));
        tree().when(put(9, None)).then_refused(absent());
        tree().when(put(2, Some(8))).then_refused(Error::ParentNotFound { parent_id: id(8) });
    }

    #[test]
    fn a_category_is_never_below_itself() {
        for parent in [1, 2, 3] {
            let refusal = Error::Circle { category_id: id(1), parent_id: id(parent) };
            tree().when(put(1, Some(parent))).then_refused(refusal);
        }
    }

    #[test]
    fn a_category_does_not_move_so_low_that_one_below_it_would_be_too_deep() {
        let chain = |from: u32, to: u32, tree: crate::testing::Given<super::super::CategoryTree>| {
            (from + 1..=to).fold(tree.and(add(from, None)), |tree, n| tree.and(add(n, Some(n - 1))))
        };
        // Thirteen levels under 1, and four levels under 21.
        let forest = || chain(21, 24, chain(1, 13, nothing()));
        forest().when(put(21, Some(12))).then([moved(21, Some(12))]);
        forest().when(put(21, Some(13))).then_refused(Error::TooDeep { max: DEPTH_MAX });
        forest().when(put(22, Some(13))).then([moved(22, Some(13))]);
    }

    #[test]
    fn a_category_does_not_go_under_an_archived_one() {
        let refusal = Error::ParentArchived { parent_id: id(9) };
        tree().and(add(9, None)).and(hide(9)).when(put(3, Some(9))).then_refused(refusal);
    }

    #[test]
    fn a_category_takes_another_place_among_its_siblings() {
        let ask = |n, sort_order| Command::Reorder { category_id: id(n), sort_order };
        tree().when(ask(2, -1)).then([CategoryReordered { category_id: id(2), sort_order: -1 }.into()]);
        tree().and(ask(2, -1)).when(ask(2, -1)).then_nothing();
        tree().when(ask(9, 0)).then_refused(absent());
    }

    #[test]
    fn a_category_with_active_categories_below_it_is_not_archived() {
        tree().when(hide(2)).then_refused(Error::HasActiveChildren { children: 1 });
        tree().when(hide(3)).then([CategoryArchived { category_id: id(3) }.into()]);
        tree().and(hide(3)).when(hide(3)).then_nothing();
        tree().and(hide(3)).when(hide(2)).then([CategoryArchived { category_id: id(2) }.into()]);
        tree().when(hide(9)).then_refused(absent());
    }

    #[test]
    fn a_category_is_restored_from_above() {
        let archived = || tree().and(hide(3)).and(hide(2));
        archived().when(show(3)).then_refused(Error::ParentArchived { parent_id: id(2) });
        archived().when(show(2)).then([CategoryRestored { category_id: id(2) }.into()]);
        archived().and(show(2)).when(show(3)).then([CategoryRestored { category_id: id(3) }.into()]);
        tree().when(show(3)).then_nothing();
        tree().when(show(9)).then_refused(absent());
    }
}
