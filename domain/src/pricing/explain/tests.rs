//! What explanations say.

use super::super::{
    PriceReason, price,
    samples::{line, line_id, request, shipping, tax},
};

#[test]
fn every_explanation_is_a_sentence() {
    let mut row = line(2, "B", 3, "0.333333");
    let row_id = "prw_01924c3e-5a00-7000-8000-00000000002a".parse().unwrap();
    row.price.reason = PriceReason::Row { row_id, priority: 7 };
    let quote = price(&request([line(1, "A", 2, "2.55"), row]), &tax(), &shipping()).unwrap();
    let told: Vec<String> = quote.explain().iter().map(ToString::to_string).collect();
    let residue = line_id(1);
    assert_eq!(
        told,
        [
            "5.10 EUR: 2 x A at 2.55 each (list price)".to_owned(),
            format!(
                "1.00 EUR: 3 x B at 0.333333 each (price row {row_id} of priority 7), rounded half up by +1 millionths of \
                 the major unit"
            ),
            "5.99 EUR: shipping standard, since the goods cost less than 50.00 EUR (policy threshold_shipping version 1)"
                .to_owned(),
            format!(
                "0.49 EUR: tax of DE, 8 % (standard) of 6.10 EUR (policy flat_tax version 1), rounded half up by +200000 \
                 millionths of the minor unit; the line {residue} takes 0.01 EUR of the residue"
            ),
        ]
    );
}

#[test]
fn free_transport_is_explained_at_zero() {
    let quote = price(&request([line(1, "A", 1, "50")]), &tax(), &shipping()).unwrap();
    let said = quote.explain()[1].to_string();
    assert_eq!(
        said,
        "0.00 EUR: shipping standard, free since the goods cost at least 50.00 EUR, otherwise 5.99 EUR (policy \
         threshold_shipping version 1)"
    );
}
