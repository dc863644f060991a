//! A product is shown to shoppers, hidden from them again, and offered no more.

use super::{
    Decision,
    error::ProductError,
    events::{ProductDiscontinued, ProductPublished, ProductUnpublished},
    state::{ProductStage, ProductState},
};
use crate::text::Note;

pub(super) fn publish(state: &ProductState) -> Decision {
    let product = state.existing()?;
    match product.stage {
        ProductStage::Published => Ok(vec![]),
        ProductStage::Discontinued => Err(ProductError::Discontinued),
        ProductStage::Draft if product.variants.values().any(|variant| variant.offered) => {
            Ok(vec![ProductPublished {}.into()])
        }
        ProductStage::Draft => Err(ProductError::NothingOffered),
    }
}

pub(super) fn unpublish(state: &ProductState) -> Decision {
    match state.existing()?.stage {
        ProductStage::Draft => Ok(vec![]),
        ProductStage::Published => Ok(vec![ProductUnpublished {}.into()]),
        ProductStage::Discontinued => Err(ProductError::Discontinued),
    }
}

/// Silent if the product is discontinued already, whatever the reason was.
pub(super) fn discontinue(state: &ProductState, reason: &Note) -> Decision {
    Ok(match state.existing()?.stage {
        ProductStage::Draft | ProductStage::Published => vec![ProductDiscontinued { reason: reason.clone() }.into()],
        ProductStage::Discontinued => vec![],
    })
}

#[cfg(test)]
mod tests {
    use super::super::{
        commands::ProductCommand as Command,
        samples::{discontinue as end, discontinued, draft, nothing, with_variant, withdraw},
    };
    use super::*;

    #[test]
    fn a_product_with_a_variant_on_offer_is_published_once() {
        with_variant().when(Command::Publish).then([ProductPublished {}.into()]);
        with_variant().and(Command::Publish).when(Command::Publish).then_nothing();
        with_variant().and(Command::Publish).and(withdraw("A1")).when(Command::Publish).then_nothing();
    }

    #[test]
    fn a_product_without_a_variant_on_offer_is_not_published() {
        nothing().when(Command::Publish).then_refused(ProductError::NotFound);
        draft().when(Command::Publish).then_refused(ProductError::NothingOffered);
        with_variant().and(withdraw("A1")).when(Command::Publish).then_refused(ProductError::NothingOffered);
    }

    #[test]
    fn a_published_product_is_hidden_once_and_can_be_published_again() {
        let published = || with_variant().and(Command::Publish);
        published().when(Command::Unpublish).then([ProductUnpublished {}.into()]);
        published().and(Command::Unpublish).when(Command::Unpublish).then_nothing();
        published().and(Command::Unpublish).when(Command::Publish).then([ProductPublished {}.into()]);
    }

    #[test]
    fn only_a_product_that_may_change_is_hidden() {
        draft().when(Command::Unpublish).then_nothing();
        nothing().when(Command::Unpublish).then_refused(ProductError::NotFound);
        discontinued().when(Command::Unpublish).then_refused(ProductError::Discontinued);
    }

    #[test]
    fn a_product_is_discontinued_once_and_for_good() {
        let ended = ProductDiscontinued { reason: "the maker closed".parse().unwrap() };
        draft().when(end()).then([ended.clone().into()]);
        with_variant().and(Command::Publish).when(end()).then([ended.into()]);
        discontinued().when(end()).then_nothing();
        discontinued().when(Command::Publish).then_refused(ProductError::Discontinued);
        nothing().when(end()).then_refused(ProductError::NotFound);
    }
}
