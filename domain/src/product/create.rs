//! A product comes into being and is named.

use super::{
    Decision,
    commands::VARIANTS_MAX,
    error::ProductError,
    events::{ProductCreated, ProductRenamed, VariantAdded},
    state::{ExistingProduct, ProductState},
};
use crate::{
    common::Basis,
    text::{Name, Sku},
};

pub(super) fn create(state: &ProductState, name: &Name) -> Decision {
    match state {
        ProductState::Absent => Ok(vec![ProductCreated { name: name.clone(), basis: Basis::Recorded }.into()]),
        ProductState::Existing(product) if product.name == *name => Ok(vec![]),
        ProductState::Existing(product) => Err(ProductError::ExistsAs { name: product.name.clone() }),
    }
}

pub(super) fn rename(state: &ProductState, name: &Name) -> Decision {
    let product = state.existing()?;
    if product.name == *name {
        return Ok(vec![]);
    }
    product.changeable()?;
    Ok(vec![ProductRenamed { name: name.clone() }.into()])
}

/// The name counts only for a new product: later texts of a source never rename one.
pub(super) fn record(state: &ProductState, name: &Name, sku: &Sku) -> Decision {
    let variant = VariantAdded { sku: sku.clone(), attributes: vec![], basis: Basis::Recorded };
    match state {
        ProductState::Absent => {
            Ok(vec![ProductCreated { name: name.clone(), basis: Basis::Recorded }.into(), variant.into()])
        }
        ProductState::Existing(product) if product.variants.contains_key(sku) => Ok(vec![]),
        ProductState::Existing(product) => {
            has_room(product)?;
            Ok(vec![variant.into()])
        }
    }
}

/// Refuses another variant where none may be added.
pub(super) fn has_room(product: &ExistingProduct) -> Result<(), ProductError> {
    product.changeable()?;
    if product.variants.len() >= VARIANTS_MAX {
        return Err(ProductError::TooManyVariants { max: VARIANTS_MAX });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{
        commands::ProductCommand as Command,
        events::ProductEvent,
        samples::{add, added, discontinued, draft, name, nothing, sku, with_variant, withdraw},
    };
    use super::*;

    fn create(text: &str) -> Command {
        Command::Create { name: name(text) }
    }

    fn created(text: &str) -> ProductEvent {
        ProductCreated { name: name(text), basis: Basis::Recorded }.into()
    }

    fn rename(text: &str) -> Command {
        Command::Rename { name: name(text) }
    }

    fn record(text: &str, variant: &str) -> Command {
        Command::RecordProduct { name: name(text), sku: sku(variant) }
    }

    #[test]
    fn a_product_is_created_once() {
        nothing().when(create("Heart")).then([created("Heart")]);
        draft().when(create("Heart")).then_nothing();
        draft().when(create("Star")).then_refused(ProductError::ExistsAs { name: name("Heart") });
    }

    #[test]
    fn a_product_can_be_called_something_else() {
        draft().when(rename("Star")).then([ProductRenamed { name: name("Star") }.into()]);
        draft().when(rename("Heart")).then_nothing();
        nothing().when(rename("Star")).then_refused(ProductError::NotFound);
        discontinued().when(rename("Star")).then_refused(ProductError::Discontinued);
    }

    #[test]
    fn history_makes_a_product_with_one_variant() {
        nothing().when(record("Heart", "A1")).then([created("Heart"), added("A1", &[])]);
        draft().when(record("Heart", "A1")).then([added("A1", &[])]);
    }

    #[test]
    fn history_neither_repeats_a_variant_nor_renames_a_product() {
        with_variant().when(record("Star", "A1")).then_nothing();
        with_variant().and(withdraw("A1")).when(record("Heart", "A1")).then_nothing();
        discontinued().when(record("Heart", "A1")).then_nothing();
        with_variant().when(record("Star", "A2")).then([added("A2", &[])]);
    }

    #[test]
    fn history_adds_no_variant_where_none_fits() {
        discontinued().when(record("Heart", "A2")).then_refused(ProductError::Discontinued);
        let full = (1..=VARIANTS_MAX).fold(draft(), |product, n| product.and(add(&format!("V{n}"), &[])));
        full.when(record("Heart", "A1")).then_refused(ProductError::TooManyVariants { max: VARIANTS_MAX });
    }
}
