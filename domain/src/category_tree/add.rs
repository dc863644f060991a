//! A category is added to the tree.

use super::{
    CATEGORIES_MAX, DEPTH_MAX, Decision,
    commands::NewCategory,
    error::CategoryTreeError as Error,
    events::CategoryAdded,
    state::{Category, CategoryTreeState},
};
use crate::ids::CategoryId;

pub(super) fn add(state: &CategoryTreeState, category_id: CategoryId, new: &NewCategory) -> Decision {
    if let Some(category) = state.get(category_id) {
        // The same request may come again after the category was archived.
        let same = Category { archived: category.archived, ..Category::from(new) } == *category;
        return if same { Ok(vec![]) } else { Err(Error::ExistsOtherwise { category_id }) };
    }
    if state.len() >= CATEGORIES_MAX {
        return Err(Error::TooManyCategories { max: CATEGORIES_MAX });
    }
    state.slug_is_free(&new.slug, category_id)?;
    state.active_parent(new.parent_id)?;
    if state.depth(new.parent_id) >= DEPTH_MAX {
        return Err(Error::TooDeep { max: DEPTH_MAX });
    }
    let NewCategory { name, slug, parent_id, description, image, sort_order } = new.clone();
    Ok(vec![CategoryAdded { category_id, name, slug, parent_id, description, image, sort_order }.into()])
}

#[cfg(test)]
mod tests {
    use super::super::samples::{add, added, archive, id, nothing, rename, slug, tree};
    use super::*;

    #[test]
    fn a_category_is_added_once() {
        nothing().when(add(1, None)).then([added(1, None)]);
        nothing().and(add(1, None)).when(add(1, None)).then_nothing();
        nothing().and(add(1, None)).and(archive(1)).when(add(1, None)).then_nothing();
        let refusal = Error::ExistsOtherwise { category_id: id(1) };
        nothing().and(add(1, None)).and(rename(1, "Other")).when(add(1, None)).then_refused(refusal);
    }

    #[test]
    fn a_category_goes_under_one_that_is_there_and_active() {
        tree().when(add(9, Some(2))).then([added(9, Some(2))]);
        tree().when(add(9, Some(8))).then_refused(Error::ParentNotFound { parent_id: id(8) });
        nothing().when(add(1, Some(1))).then_refused(Error::ParentNotFound { parent_id: id(1) });
        tree().and(archive(3)).when(add(9, Some(3))).then_refused(Error::ParentArchived { parent_id: id(3) });
    }

    #[test]
    fn two_categories_never_share_a_slug_even_if_one_is_archived() {
        let mut wanted = add(9, None);
        if let super::super::commands::CategoryTreeCommand::Add { category, .. } = &mut wanted {
            category.slug = slug("c3");
        }
        let refusal = || Error::SlugTaken { slug: slug("c3"), category_id: id(3) };
        tree().when(wanted.clone()).then_refused(refusal());
        tree().and(archive(3)).when(wanted).then_refused(refusal());
    }

    #[test]
    fn the_tree_has_a_bounded_number_of_levels() {
        let deepest = (2..=16).fold(nothing().and(add(1, None)), |tree, n| tree.and(add(n, Some(n - 1))));
        assert_eq!(deepest.state().depth(Some(id(16))), DEPTH_MAX);
        deepest.when(add(17, Some(16))).then_refused(Error::TooDeep { max: DEPTH_MAX });
    }

    #[test]
    fn the_number_of_categories_is_bounded() {
        // Folded at once: the test helper folds the whole history for every command.
        let events: Vec<_> = (0..10_000).map(|n| added(n, None)).collect();
        let state = <super::super::CategoryTree as crate::aggregate::Aggregate>::fold(&events);
        let refused = super::add(&state, id(10_000), &super::super::samples::new(10_000, None));
        assert_eq!(refused, Err(Error::TooManyCategories { max: CATEGORIES_MAX }));
        assert_eq!(super::add(&state, id(9_999), &super::super::samples::new(9_999, None)), Ok(vec![]));
    }
}
