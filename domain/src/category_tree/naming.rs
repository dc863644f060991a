//! A category is called, addressed and described otherwise. Archived ones too, so that they can be prepared.

use super::{
    Decision,
    events::{CategoryDescribed, CategoryRenamed, CategorySlugChanged},
    state::CategoryTreeState,
};
use crate::{
    ids::CategoryId,
    text::{MediaUrl, Name, Note, Slug},
};

pub(super) fn rename(state: &CategoryTreeState, category_id: CategoryId, name: &Name) -> Decision {
    if state.existing(category_id)?.name == *name {
        return Ok(vec![]);
    }
    Ok(vec![CategoryRenamed { category_id, name: name.clone() }.into()])
}

pub(super) fn change_slug(state: &CategoryTreeState, category_id: CategoryId, slug: &Slug) -> Decision {
    if state.existing(category_id)?.slug == *slug {
        return Ok(vec![]);
    }
    state.slug_is_free(slug, category_id)?;
    Ok(vec![CategorySlugChanged { category_id, slug: slug.clone() }.into()])
}

pub(super) fn describe(
    state: &CategoryTreeState,
    category_id: CategoryId,
    description: &Note,
    image: Option<&MediaUrl>,
) -> Decision {
    let category = state.existing(category_id)?;
    if category.description == *description && category.image.as_ref() == image {
        return Ok(vec![]);
    }
    Ok(vec![CategoryDescribed { category_id, description: description.clone(), image: image.cloned() }.into()])
}

#[cfg(test)]
mod tests {
    use super::super::{
        CategoryTreeError as Error,
        commands::CategoryTreeCommand as Command,
        samples::{add, archive, change_slug as address, id, name, rename as call, slug, tree},
    };
    use super::*;

    fn absent() -> Error {
        Error::NotFound { category_id: id(9) }
    }

    #[test]
    fn a_category_can_be_called_something_else() {
        tree().when(call(1, "Kitchen")).then([CategoryRenamed { category_id: id(1), name: name("Kitchen") }.into()]);
        tree().when(call(1, "C1")).then_nothing();
        // Names need not be unique: there may be cups for children and for adults.
        tree()
            .and(call(1, "C2"))
            .when(call(3, "C2"))
            .then([CategoryRenamed { category_id: id(3), name: name("C2") }.into()]);
        tree().when(call(9, "C9")).then_refused(absent());
    }

    #[test]
    fn a_slug_that_was_given_up_is_free_for_another_category() {
        let changed = |n, text| CategorySlugChanged { category_id: id(n), slug: slug(text) }.into();
        tree().when(address(1, "kitchen")).then([changed(1, "kitchen")]);
        tree().when(address(1, "c1")).then_nothing();
        tree().when(address(2, "c1")).then_refused(Error::SlugTaken { slug: slug("c1"), category_id: id(1) });
        tree().and(address(1, "kitchen")).when(address(2, "c1")).then([changed(2, "c1")]);
        tree()
            .and(address(1, "kitchen"))
            .and(address(2, "c1"))
            .when(address(1, "c1"))
            .then_refused(Error::SlugTaken { slug: slug("c1"), category_id: id(2) });
        tree().when(address(9, "c9")).then_refused(absent());
    }

    #[test]
    fn a_category_can_be_described_otherwise() {
        let ask = |n, text: &str| Command::Describe {
            category_id: id(n),
            description: text.parse().unwrap(),
            image: Some("https://cdn.example/c.jpg".parse().unwrap()),
        };
        let said = CategoryDescribed {
            category_id: id(1),
            description: "All for cooks".parse().unwrap(),
            image: Some("https://cdn.example/c.jpg".parse().unwrap()),
        };
        tree().when(ask(1, "All for cooks")).then([said.into()]);
        tree().and(ask(1, "")).when(ask(1, "")).then_nothing();
        tree().when(ask(9, "")).then_refused(absent());
    }

    #[test]
    fn an_archived_category_can_be_renamed() {
        let archived = || tree().and(add(9, None)).and(archive(9));
        archived().when(call(9, "New")).then([CategoryRenamed { category_id: id(9), name: name("New") }.into()]);
    }
}
