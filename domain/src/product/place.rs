//! Where shoppers come across a product: its categories, and among what the shop recommends.

use super::{
    Decision,
    commands::CATEGORIES_MAX,
    error::ProductError,
    events::{ProductCategorized, ProductFeatured, ProductUnfeatured},
    state::ProductState,
};
use crate::ids::CategoryId;

pub(super) fn categorize(state: &ProductState, category_ids: &[CategoryId]) -> Decision {
    let product = state.existing()?;
    if category_ids.len() > CATEGORIES_MAX {
        return Err(ProductError::TooManyCategories { max: CATEGORIES_MAX });
    }
    for (index, &category_id) in category_ids.iter().enumerate() {
        if category_ids.iter().take(index).any(|&earlier| earlier == category_id) {
            return Err(ProductError::DuplicateCategory { category_id });
        }
    }
    if product.category_ids == category_ids {
        return Ok(vec![]);
    }
    product.changeable()?;
    Ok(vec![ProductCategorized { category_ids: category_ids.to_vec() }.into()])
}

pub(super) fn feature(state: &ProductState) -> Decision {
    let product = state.existing()?;
    if product.featured {
        return Ok(vec![]);
    }
    product.changeable()?;
    Ok(vec![ProductFeatured {}.into()])
}

pub(super) fn unfeature(state: &ProductState) -> Decision {
    let product = state.existing()?;
    if !product.featured {
        return Ok(vec![]);
    }
    product.changeable()?;
    Ok(vec![ProductUnfeatured {}.into()])
}

#[cfg(test)]
mod tests {
    use super::super::{
        commands::ProductCommand as Command,
        samples::{category, discontinue, discontinued, draft, nothing},
    };
    use super::*;

    fn put(ids: impl IntoIterator<Item = u32>) -> Command {
        Command::Categorize { category_ids: ids.into_iter().map(category).collect() }
    }

    #[test]
    fn a_product_is_in_the_categories_that_were_named_last() {
        let in_categories =
            |ids: &[u32]| ProductCategorized { category_ids: ids.iter().copied().map(category).collect() }.into();
        draft().when(put([1, 2])).then([in_categories(&[1, 2])]);
        draft().and(put([1, 2])).when(put([1, 2])).then_nothing();
        // The first is the one that it is shown under, so their order matters.
        draft().and(put([1, 2])).when(put([2, 1])).then([in_categories(&[2, 1])]);
        draft().and(put([1, 2])).when(put([])).then([in_categories(&[])]);
        draft().when(put([])).then_nothing();
    }

    #[test]
    fn categories_are_bounded_and_named_once() {
        let most = u32::try_from(CATEGORIES_MAX).unwrap();
        draft().when(put(0..most)).then_state();
        draft().when(put(0..=most)).then_refused(ProductError::TooManyCategories { max: CATEGORIES_MAX });
        draft().when(put([1, 2, 1])).then_refused(ProductError::DuplicateCategory { category_id: category(1) });
    }

    #[test]
    fn a_product_is_recommended_until_it_is_not() {
        draft().when(Command::Feature).then([ProductFeatured {}.into()]);
        draft().and(Command::Feature).when(Command::Feature).then_nothing();
        draft().and(Command::Feature).when(Command::Unfeature).then([ProductUnfeatured {}.into()]);
        draft().when(Command::Unfeature).then_nothing();
    }

    #[test]
    fn only_a_product_that_can_change_is_placed() {
        for command in [put([1]), Command::Feature] {
            nothing().when(command.clone()).then_refused(ProductError::NotFound);
            discontinued().when(command).then_refused(ProductError::Discontinued);
        }
        nothing().when(Command::Unfeature).then_refused(ProductError::NotFound);
        draft()
            .and(Command::Feature)
            .and(discontinue())
            .when(Command::Unfeature)
            .then_refused(ProductError::Discontinued);
    }
}
