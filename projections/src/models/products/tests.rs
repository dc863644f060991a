//! Given events of a product, these rows.

use super::*;
use crate::models::testing::{History, parse, recorded_at};
use chrono::TimeDelta;
use tillroll_domain::{
    common::Basis,
    product::events::{
        ProductCreated, ProductDiscontinued, ProductPublished, ProductRenamed, ProductUnpublished, VariantAdded,
        VariantAttribute, VariantPriceRemoved, VariantPriceSet, VariantWithdrawn,
    },
};

const STREAM: &str = "product-01890000-0000-7000-8000-0000000000a1";

fn history() -> History<Products> {
    let mut history = History::of(Products);
    history.push::<ProductEvent>(STREAM, ProductCreated { name: parse("Mug"), basis: Basis::Inferred });
    let attributes = vec![VariantAttribute { name: parse("color"), value: parse("red") }];
    history.push::<ProductEvent>(STREAM, VariantAdded { sku: parse("MUG-1"), attributes, basis: Basis::Recorded });
    history
}

#[test]
fn a_product_starts_as_a_draft_and_counts_its_variants() {
    let history = history();
    let product: ProductRow = history.tables.only();
    let expected = ProductRow {
        product_id: "prd_01890000-0000-7000-8000-0000000000a1".to_owned(),
        name: "Mug".to_owned(),
        status: "draft".to_owned(),
        variants: 1,
        basis: "inferred".to_owned(),
        created_at: recorded_at(1),
        updated_at: recorded_at(2),
        revision: 1,
        position: 2,
    };
    assert_eq!(product, expected);
    let variant: VariantRow = history.tables.only();
    assert_eq!(variant.attributes, r#"[{"name":"color","value":"red"}]"#);
    assert!(!variant.withdrawn);
}

#[test]
fn a_product_was_created_when_that_took_effect() {
    let mut history = History::of(Products);
    let effective_at = recorded_at(0) - TimeDelta::days(10);
    history.metadata.effective_at = Some(effective_at);
    history.push::<ProductEvent>(STREAM, ProductCreated { name: parse("Mug"), basis: Basis::Inferred });
    let product: ProductRow = history.tables.only();
    assert_eq!((product.created_at, product.updated_at), (effective_at, recorded_at(1)));
}

#[test]
fn names_and_statuses_follow_the_events() {
    let mut history = history();
    history.push::<ProductEvent>(STREAM, ProductRenamed { name: parse("Cup") });
    history.push::<ProductEvent>(STREAM, ProductPublished {});
    let product: ProductRow = history.tables.only();
    assert_eq!((product.name.as_str(), product.status.as_str()), ("Cup", "published"));
    history.push::<ProductEvent>(STREAM, ProductUnpublished {});
    assert_eq!(history.tables.only::<ProductRow>().status, "draft");
    history.push::<ProductEvent>(STREAM, ProductDiscontinued { reason: parse("old") });
    assert_eq!(history.tables.only::<ProductRow>().status, "discontinued");
}

#[test]
fn a_withdrawn_variant_stays_and_is_not_counted() {
    let mut history = history();
    history.push::<ProductEvent>(STREAM, VariantWithdrawn { sku: parse("MUG-1") });
    assert!(history.tables.only::<VariantRow>().withdrawn);
    assert_eq!(history.tables.only::<ProductRow>().variants, 0);
}

#[test]
fn a_price_replaces_the_one_before_and_can_be_removed() {
    let mut history = history();
    for amount in ["2.50", "2.755"] {
        let price = tillroll_domain::price::Price { amount: parse(amount), currency: parse("EUR") };
        history.push::<ProductEvent>(STREAM, VariantPriceSet { sku: parse("MUG-1"), price });
    }
    let price: PriceRow = history.tables.only();
    assert_eq!((price.amount.as_str(), price.amount_micros), ("2.755", 2_755_000));
    history.push::<ProductEvent>(STREAM, VariantPriceRemoved { sku: parse("MUG-1"), currency: parse("EUR") });
    assert_eq!(history.tables.all::<PriceRow>(), []);
}

#[test]
fn an_event_without_its_beginning_is_poison() {
    let mut history = History::of(Products);
    let error = history.try_push::<ProductEvent>(STREAM, ProductPublished {}).unwrap_err();
    assert!(matches!(error, ApplyError::Poison(_)), "{error:?}");
}

#[test]
fn events_of_other_tenants_are_passed_over() {
    let mut history = History::of(Products);
    let event = ProductCreated { name: parse("Mug"), basis: Basis::Recorded };
    history.push::<ProductEvent>(&format!("acme.{STREAM}"), event);
    assert_eq!(history.tables.all::<ProductRow>(), []);
}
