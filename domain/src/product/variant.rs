//! Variants are added and withdrawn.

use super::{
    Decision,
    commands::ATTRIBUTES_MAX,
    create::has_room,
    error::ProductError,
    events::{VariantAdded, VariantAttribute, VariantWithdrawn},
    state::ProductState,
};
use crate::{common::Basis, text::Sku};

/// A withdrawn variant is not offered again under its SKU, since history names it.
pub(super) fn add(state: &ProductState, sku: &Sku, attributes: &[VariantAttribute]) -> Decision {
    let product = state.existing()?;
    if let Some(variant) = product.variants.get(sku) {
        return match (variant.offered, variant.attributes == attributes) {
            (true, true) => Ok(vec![]),
            (true, false) => Err(ProductError::VariantDiffers { sku: sku.clone() }),
            (false, _) => Err(ProductError::VariantWithdrawn { sku: sku.clone() }),
        };
    }
    has_room(product)?;
    if attributes.len() > ATTRIBUTES_MAX {
        return Err(ProductError::TooManyAttributes { max: ATTRIBUTES_MAX });
    }
    for (index, attribute) in attributes.iter().enumerate() {
        if attributes.iter().take(index).any(|earlier| earlier.name == attribute.name) {
            return Err(ProductError::DuplicateAttribute { name: attribute.name.clone() });
        }
    }
    Ok(vec![VariantAdded { sku: sku.clone(), attributes: attributes.to_vec(), basis: Basis::Recorded }.into()])
}

/// The last variant on offer can be withdrawn too: a published product may have nothing left to sell.
pub(super) fn withdraw(state: &ProductState, sku: &Sku) -> Decision {
    let product = state.existing()?;
    if !product.variant(sku)?.offered {
        return Ok(vec![]);
    }
    product.changeable()?;
    Ok(vec![VariantWithdrawn { sku: sku.clone() }.into()])
}

#[cfg(test)]
mod tests {
    use super::super::{
        commands::VARIANTS_MAX,
        samples::{
            add as ask, added, attribute, discontinued, draft, name, nothing, sku, with_variant, withdraw as take_off,
        },
    };
    use super::*;

    #[test]
    fn a_variant_is_added_once() {
        let red = [attribute("color", "red")];
        draft().when(ask("A1", &red)).then([added("A1", &red)]);
        draft().and(ask("A1", &red)).when(ask("A1", &red)).then_nothing();
        let refusal = ProductError::VariantDiffers { sku: sku("A1") };
        draft().and(ask("A1", &red)).when(ask("A1", &[])).then_refused(refusal);
    }

    #[test]
    fn a_variant_needs_a_product_that_can_change() {
        nothing().when(ask("A1", &[])).then_refused(ProductError::NotFound);
        discontinued().when(ask("A2", &[])).then_refused(ProductError::Discontinued);
        discontinued().when(ask("A1", &[])).then_nothing();
    }

    #[test]
    fn the_number_of_variants_is_bounded_withdrawn_ones_included() {
        let full = || {
            let most = (2..=VARIANTS_MAX).fold(with_variant(), |product, n| product.and(ask(&format!("V{n}"), &[])));
            most.and(take_off("A1"))
        };
        full().when(ask("A2", &[])).then_refused(ProductError::TooManyVariants { max: VARIANTS_MAX });
    }

    #[test]
    fn the_attributes_of_a_variant_are_bounded_and_named_once() {
        let many = |count| (0..count).map(|n| attribute(&format!("a{n}"), "x")).collect::<Vec<_>>();
        draft().when(ask("A1", &many(ATTRIBUTES_MAX))).then([added("A1", &many(ATTRIBUTES_MAX))]);
        let refusal = ProductError::TooManyAttributes { max: ATTRIBUTES_MAX };
        draft().when(ask("A1", &many(ATTRIBUTES_MAX + 1))).then_refused(refusal);
        let twice = [attribute("color", "red"), attribute("size", "L"), attribute("color", "blue")];
        let refusal = ProductError::DuplicateAttribute { name: name("color") };
        draft().when(ask("A1", &twice)).then_refused(refusal);
    }

    #[test]
    fn a_variant_is_withdrawn_once() {
        with_variant().when(take_off("A1")).then([VariantWithdrawn { sku: sku("A1") }.into()]);
        with_variant().and(take_off("A1")).when(take_off("A1")).then_nothing();
    }

    #[test]
    fn a_withdrawn_sku_is_not_offered_again() {
        let refusal = ProductError::VariantWithdrawn { sku: sku("A1") };
        with_variant().and(take_off("A1")).when(ask("A1", &[])).then_refused(refusal);
    }

    #[test]
    fn only_a_variant_that_is_there_and_can_change_is_withdrawn() {
        nothing().when(take_off("A1")).then_refused(ProductError::NotFound);
        draft().when(take_off("A1")).then_refused(ProductError::VariantNotFound { sku: sku("A1") });
        discontinued().when(take_off("A1")).then_refused(ProductError::Discontinued);
    }
}
