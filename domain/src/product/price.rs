//! List prices of a variant are set and removed.

use super::{
    Decision,
    error::ProductError,
    events::{VariantPriceRemoved, VariantPriceSet},
    state::ProductState,
};
use crate::{money::Currency, price::Price, text::Sku};

pub(super) fn set(state: &ProductState, sku: &Sku, price: Price) -> Decision {
    let product = state.existing()?;
    let variant = product.variant(sku)?;
    if price.amount.is_negative() {
        return Err(ProductError::NegativePrice { amount: price.amount });
    }
    if variant.prices.get(&price.currency) == Some(&price.amount) {
        return Ok(vec![]);
    }
    product.changeable()?;
    if !variant.offered {
        return Err(ProductError::VariantWithdrawn { sku: sku.clone() });
    }
    Ok(vec![VariantPriceSet { sku: sku.clone(), price }.into()])
}

pub(super) fn remove(state: &ProductState, sku: &Sku, currency: Currency) -> Decision {
    let product = state.existing()?;
    if !product.variant(sku)?.prices.contains_key(&currency) {
        return Ok(vec![]);
    }
    product.changeable()?;
    Ok(vec![VariantPriceRemoved { sku: sku.clone(), currency }.into()])
}

#[cfg(test)]
mod tests {
    use super::super::{
        commands::ProductCommand as Command,
        samples::{discontinued, draft, nothing, price, set_price, sku, with_variant, withdraw},
    };
    use super::*;

    fn drop_price(variant: &str) -> Command {
        Command::RemoveVariantPrice { sku: sku(variant), currency: "GBP".parse().unwrap() }
    }

    fn not_found() -> ProductError {
        ProductError::VariantNotFound { sku: sku("A1") }
    }

    #[test]
    fn a_variant_has_one_price_per_currency() {
        let set = |amount, currency| VariantPriceSet { sku: sku("A1"), price: price(amount, currency) }.into();
        let priced = || with_variant().and(set_price("A1", "2.55"));
        with_variant().when(set_price("A1", "2.55")).then([set("2.55", "GBP")]);
        priced().when(set_price("A1", "2.55")).then_nothing();
        priced().when(set_price("A1", "2.5")).then([set("2.5", "GBP")]);
        let in_euro = Command::SetVariantPrice { sku: sku("A1"), price: price("2.55", "EUR") };
        priced().when(in_euro.clone()).then([set("2.55", "EUR")]);
        priced().and(in_euro).when(set_price("A1", "2.55")).then_nothing();
    }

    #[test]
    fn a_list_price_is_not_negative() {
        with_variant().when(set_price("A1", "0")).then_state();
        let refusal = ProductError::NegativePrice { amount: "-0.01".parse().unwrap() };
        with_variant().when(set_price("A1", "-0.01")).then_refused(refusal);
    }

    #[test]
    fn only_a_variant_on_offer_is_priced() {
        nothing().when(set_price("A1", "2.55")).then_refused(ProductError::NotFound);
        draft().when(set_price("A1", "2.55")).then_refused(not_found());
        let refusal = ProductError::VariantWithdrawn { sku: sku("A1") };
        with_variant().and(withdraw("A1")).when(set_price("A1", "2.55")).then_refused(refusal);
        discontinued().when(set_price("A1", "2.55")).then_nothing();
        discontinued().when(set_price("A1", "3")).then_refused(ProductError::Discontinued);
    }

    #[test]
    fn a_price_is_removed_once() {
        let removed = VariantPriceRemoved { sku: sku("A1"), currency: "GBP".parse().unwrap() };
        let priced = || with_variant().and(set_price("A1", "2.55"));
        priced().when(drop_price("A1")).then([removed.clone().into()]);
        priced().and(drop_price("A1")).when(drop_price("A1")).then_nothing();
        with_variant().when(drop_price("A1")).then_nothing();
        priced().and(withdraw("A1")).when(drop_price("A1")).then([removed.into()]);
    }

    #[test]
    fn only_a_price_of_a_variant_that_can_change_is_removed() {
        nothing().when(drop_price("A1")).then_refused(ProductError::NotFound);
        draft().when(drop_price("A1")).then_refused(not_found());
        discontinued().when(drop_price("A1")).then_refused(ProductError::Discontinued);
    }
}
