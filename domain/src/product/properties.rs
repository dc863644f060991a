//! Properties of products under random commands.

use super::{
    Product, ProductStage, ProductState,
    commands::{CATEGORIES_MAX, ProductCommand as Command, VARIANTS_MAX},
    events::ProductEvent,
    samples::{add, attribute, category, details, discontinue, medium, name, price, set_slug, sku, withdraw},
};
use crate::{
    aggregate::Aggregate,
    testing::{assert_survives_storage, moment},
};
use proptest::{collection::vec, prelude::*, sample::select};
use std::collections::BTreeSet;

fn command() -> impl Strategy<Value = Command> {
    let names = || select(vec!["Heart", "Star"]).prop_map(name);
    let skus = || select(vec!["A1", "A2", "A3"]);
    let money = || (select(vec!["-1", "0", "2.55"]), select(vec!["GBP", "JPY"]));
    prop_oneof![
        2 => names().prop_map(|name| Command::Create { name }),
        1 => names().prop_map(|name| Command::Rename { name }),
        3 => (skus(), select(vec!["red", "blue"])).prop_map(|(sku, value)| add(sku, &[attribute("color", value)])),
        1 => skus().prop_map(withdraw),
        4 => (skus(), money()).prop_map(|(variant, (amount, currency))| Command::SetVariantPrice {
            sku: sku(variant),
            price: price(amount, currency),
        }),
        1 => skus().prop_map(|variant| Command::RemoveVariantPrice {
            sku: sku(variant),
            currency: "GBP".parse().unwrap(),
        }),
        1 => Just(Command::Publish),
        1 => Just(Command::Unpublish),
        1 => Just(discontinue()),
        3 => (select(vec!["heart", "star"]), 0..4_u64).prop_map(|(slug, round)| set_slug(slug, round)),
        1 => (0..4_u64).prop_map(|claim_round| Command::EndSlugClaims { claim_round }),
        1 => select(vec!["", "Shines"]).prop_map(|text| Command::Describe { details: details(text) }),
        2 => vec(0..30_u32, 0..25).prop_map(|ids| Command::Categorize { category_ids: ids.into_iter().map(category).collect() }),
        2 => vec((0..30_u32, any::<bool>()), 0..4)
            .prop_map(|media| Command::SetMedia { media: media.into_iter().map(|(n, primary)| medium(n, primary)).collect() }),
        1 => Just(Command::Feature),
        1 => Just(Command::Unfeature),
        2 => (names(), skus()).prop_map(|(name, variant)| Command::RecordProduct { name, sku: sku(variant) }),
    ]
}

proptest! {
    #[test]
    fn a_product_keeps_its_rules_and_every_command_settles(commands in vec(command(), 1..60)) {
        let (mut state, mut history) = (Product::initial(), vec![]);
        for command in commands {
            let was_final = matches!(&state, ProductState::Existing(p) if p.stage == ProductStage::Discontinued);
            let Ok(events) = Product::decide(&state, &command, &moment()) else { continue };
            prop_assert!(!was_final || events.is_empty(), "a discontinued product changed: {:?}", events);
            state = events.iter().fold(state, Product::evolve);
            prop_assert_eq!(Product::decide(&state, &command, &moment()), Ok(vec![]), "asked again: {:?}", command);
            history.extend(events);
        }
        let mut skus = BTreeSet::new();
        for event in &history {
            if let ProductEvent::VariantAdded(e) = event {
                prop_assert!(skus.insert(e.sku.clone()), "{} was added twice", e.sku);
            }
        }
        if let ProductState::Existing(product) = &state {
            prop_assert!(product.variants.len() <= VARIANTS_MAX);
            prop_assert!(product.category_ids.len() <= CATEGORIES_MAX);
            prop_assert_eq!(product.category_ids.iter().collect::<BTreeSet<_>>().len(), product.category_ids.len());
            let primary = product.media.iter().filter(|medium| medium.primary).count();
            prop_assert_eq!(primary, usize::from(!product.media.is_empty()));
            prop_assert!(product.slug.as_ref().is_none_or(|held| held.claim_round < product.claim_round));
            prop_assert!(product.variants.values().all(|v| v.prices.values().all(|price| !price.is_negative())));
        }
        prop_assert_eq!(&Product::fold(&history), &state);
        assert_survives_storage::<Product>(&state);
    }
}
