//! Given documents, these rows.

use super::*;
use crate::models::testing::{
    History,
    shop::{self, CREDIT_NOTE, EXPENSE, ORDER, STOCK_DOCUMENT},
};
use std::collections::BTreeMap;
use tillroll_domain::order::events::OrderPlaced;

fn history() -> History<SourceDocuments> {
    let mut history = History::of(SourceDocuments);
    history.push::<OrderEvent>(ORDER, shop::order());
    history.push::<CreditNoteEvent>(CREDIT_NOTE, shop::credit_note());
    history.push::<ExpenseEvent>(EXPENSE, shop::expense());
    history.push::<StockDocumentEvent>(STOCK_DOCUMENT, shop::stock_document());
    history
}

#[test]
fn an_order_leaves_a_row() {
    let row = history().tables.all::<SourceDocumentRow>().into_iter().find(|row| row.number == "536365").unwrap();
    let expected = SourceDocumentRow {
        system: "online-retail".to_owned(),
        number: "536365".to_owned(),
        form: "order".to_owned(),
        class: "sales_order".to_owned(),
        stream: ORDER.to_owned(),
        business_date: shop::date("2010-12-01"),
        local_time: "2010-12-01T08:26:00".to_owned(),
        time_zone: "Europe/London".to_owned(),
        country: "France".to_owned(),
        customer_id: Some(shop::CUSTOMER_ID.to_owned()),
        currency: "GBP".to_owned(),
        lines: 5,
        quantity: 10,
        net_minor: 2_400,
        digest: "0a".repeat(32),
        position: 1,
    };
    assert_eq!(row, expected);
}

#[test]
fn form_class_and_signs_follow_the_source() {
    let rows = history().tables.all::<SourceDocumentRow>();
    let facts: BTreeMap<_, _> = rows
        .iter()
        .map(|row| (row.number.as_str(), (row.form.as_str(), row.class.as_str(), row.quantity, row.net_minor)))
        .collect();
    let expected = BTreeMap::from([
        ("536365", ("order", "sales_order", 10, 2_400)),
        ("C536379", ("credit_note", "credit_note", -3, -550)),
        ("C540117", ("credit_note", "expense", -1, -719)),
        ("536589", ("order", "stock_write_off", -10, 0)),
    ]);
    assert_eq!(facts, expected);
}

#[test]
fn what_was_not_imported_leaves_no_row() {
    let mut history = History::of(SourceDocuments);
    history.push::<OrderEvent>(ORDER, OrderPlaced { source: None, ..shop::order() });
    assert_eq!(history.tables.all::<SourceDocumentRow>(), []);
}
