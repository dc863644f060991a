//! Given documents, these figures.

use super::*;
use crate::models::testing::{
    History,
    shop::{self, CREDIT_NOTE, EXPENSE, ORDER, STOCK_DOCUMENT},
};
use tillroll_domain::{
    credit_note::events::CreditNoteEvent, expense::events::ExpenseEvent, order::events::OrderEvent,
    stock_document::events::StockDocumentEvent,
};

fn history() -> History<Sales> {
    let mut history = History::of(Sales);
    history.push::<OrderEvent>(ORDER, shop::order());
    history.push::<CreditNoteEvent>(CREDIT_NOTE, shop::credit_note());
    history.push::<ExpenseEvent>(EXPENSE, shop::expense());
    history.push::<StockDocumentEvent>(STOCK_DOCUMENT, shop::stock_document());
    history
}

/// The rows of a table as (key, currency, figures).
fn figures<R: SalesRow<Key: ToString>>(history: &History<Sales>) -> Vec<(String, String, Figures)> {
    let rows = history.tables.all::<R>();
    rows.iter().map(|row| (row.key().to_string(), row.currency().to_owned(), row.figures())).collect()
}

const NOTHING: Figures = Figures {
    orders: 0,
    credit_notes: 0,
    expense_documents: 0,
    stock_write_offs: 0,
    stock_found: 0,
    lines: 0,
    quantity: 0,
    goods_minor: 0,
    carriage_minor: 0,
    discount_minor: 0,
    credits_minor: 0,
    expenses_minor: 0,
    tax_minor: 0,
    net_minor: 0,
    unmatched_credit_lines: 0,
    unmatched_credit_minor: 0,
};

const SOLD: Figures = Figures {
    orders: 1,
    lines: 5,
    quantity: 10,
    goods_minor: 2_100,
    carriage_minor: 400,
    discount_minor: 100,
    tax_minor: 50,
    net_minor: 2_400,
    ..NOTHING
};

const CREDITED: Figures = Figures {
    credit_notes: 1,
    lines: 2,
    quantity: -3,
    credits_minor: 550,
    tax_minor: -10,
    net_minor: -550,
    unmatched_credit_lines: 2,
    unmatched_credit_minor: 350,
    ..NOTHING
};

const SPENT: Figures =
    Figures { expense_documents: 1, lines: 1, quantity: -1, expenses_minor: -719, net_minor: -719, ..NOTHING };

const WRITTEN_OFF: Figures = Figures { stock_write_offs: 1, lines: 1, quantity: -10, ..NOTHING };

fn row(key: &str, currency: &str, figures: Figures) -> (String, String, Figures) {
    (key.to_owned(), currency.to_owned(), figures)
}

#[test]
fn days_show_the_documents_that_are_booked_on_them() {
    let expected = [
        row("2010-12-01", "GBP", SOLD.plus(&SPENT).unwrap().plus(&WRITTEN_OFF).unwrap()),
        row("2011-01-31", "GBP", CREDITED),
    ];
    assert_eq!(figures::<SalesByDayRow>(&history()), expected);
}

#[test]
fn months_sum_up_their_days() {
    let expected = [
        row("2010-12", "GBP", SOLD.plus(&SPENT).unwrap().plus(&WRITTEN_OFF).unwrap()),
        row("2011-01", "GBP", CREDITED),
    ];
    assert_eq!(figures::<SalesByMonthRow>(&history()), expected);
}

#[test]
fn countries_and_customers_come_from_the_document() {
    let net = SOLD.plus(&CREDITED).unwrap();
    let expected = [row("France", "GBP", net), row("United Kingdom", "GBP", SPENT.plus(&WRITTEN_OFF).unwrap())];
    assert_eq!(figures::<SalesByCountryRow>(&history()), expected);
    let expected = [row(shop::CUSTOMER_ID, "GBP", net), row(NO_CUSTOMER, "GBP", SPENT.plus(&WRITTEN_OFF).unwrap())];
    assert_eq!(figures::<SalesByCustomerRow>(&history()), expected);
}

#[test]
fn a_document_counts_once_for_each_product_it_has_lines_of() {
    let rows = figures::<SalesByProductRow>(&history());
    let mug = Figures {
        orders: 1,
        credit_notes: 1,
        lines: 3,
        quantity: 5,
        goods_minor: 1_500,
        credits_minor: 400,
        net_minor: 1_100,
        unmatched_credit_lines: 1,
        unmatched_credit_minor: 200,
        ..NOTHING
    };
    assert!(rows.contains(&row("85123A", "GBP", mug)), "{rows:#?}");
    let discount = Figures { orders: 1, lines: 1, quantity: -1, discount_minor: 100, net_minor: -100, ..NOTHING };
    assert!(rows.contains(&row("D", "GBP", discount)), "{rows:#?}");
    assert!(rows.contains(&row("AMAZONFEE", "GBP", SPENT)), "{rows:#?}");
    let sold = Figures { orders: 1, lines: 1, quantity: 3, goods_minor: 600, net_minor: 600, ..NOTHING };
    assert!(rows.contains(&row("22423", "GBP", sold.plus(&WRITTEN_OFF).unwrap())), "{rows:#?}");
}

#[test]
fn every_view_has_the_same_sum() {
    let history = history();
    let sum = |rows: Vec<(String, String, Figures)>| {
        rows.iter().fold((0, 0, 0), |(lines, quantity, net), (_, _, figures)| {
            (lines + figures.lines, quantity + figures.quantity, net + figures.net_minor)
        })
    };
    let expected = (9, -4, 2_400 - 550 - 719);
    assert_eq!(sum(figures::<SalesByDayRow>(&history)), expected);
    assert_eq!(sum(figures::<SalesByMonthRow>(&history)), expected);
    assert_eq!(sum(figures::<SalesByCountryRow>(&history)), expected);
    assert_eq!(sum(figures::<SalesByProductRow>(&history)), expected);
    assert_eq!(sum(figures::<SalesByCustomerRow>(&history)), expected);
}

#[test]
fn net_is_goods_and_carriage_less_discount_and_credits_plus_expenses() {
    for (key, _, f) in figures::<SalesByCountryRow>(&history()) {
        let net = f.goods_minor + f.carriage_minor - f.discount_minor - f.credits_minor + f.expenses_minor;
        assert_eq!(f.net_minor, net, "{key}");
    }
}

#[test]
fn a_sum_that_does_not_fit_is_poison_and_leaves_no_trace() {
    let mut history = History::of(Sales);
    let mut huge = shop::order();
    huge.lines.truncate(1);
    huge.totals.goods_minor = i64::MAX;
    (huge.totals.carriage_minor, huge.totals.discount_minor) = (0, 0);
    huge.lines[0].amount_minor = i64::MAX;
    history.push::<OrderEvent>(ORDER, huge.clone());
    let error = history.try_push::<OrderEvent>("order-01890000-0000-7000-8000-000000000002", huge).unwrap_err();
    assert!(matches!(error, ApplyError::Poison(_)), "{error:?}");
}
