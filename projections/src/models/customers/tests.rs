//! Given customers, orders and credit notes, these rows.

use super::*;
use crate::models::testing::{
    History, parse, recorded_at,
    shop::{self, CREDIT_NOTE, CUSTOMER, CUSTOMER_ID, ORDER},
};
use tillroll_domain::{
    common::Basis,
    credit_note::events::CreditNoteEvent,
    customer::events::{
        CustomerCountryChanged, CustomerDeactivated, CustomerEvent, CustomerReactivated, CustomerRegistered,
    },
    order::events::{OrderEvent, OrderPlaced},
};

mod persons;

fn registered() -> CustomerRegistered {
    CustomerRegistered { country: parse("France"), external_reference: Some(parse("12583")), basis: Basis::Recorded }
}

#[test]
fn a_customer_moves_leaves_and_returns() {
    let mut history = History::of(Customers);
    history.push::<CustomerEvent>(CUSTOMER, registered());
    history.push::<CustomerEvent>(CUSTOMER, CustomerCountryChanged { country: parse("Spain") });
    history.push::<CustomerEvent>(CUSTOMER, CustomerDeactivated { reason: parse("asked for it") });
    let expected = CustomerRow {
        customer_id: CUSTOMER_ID.to_owned(),
        country: "Spain".to_owned(),
        external_reference: Some("12583".to_owned()),
        active: false,
        erased: false,
        profile: None,
        email: None,
        address_ids: "[]".to_owned(),
        default_shipping: None,
        default_billing: None,
        basis: "recorded".to_owned(),
        registered_at: recorded_at(1),
        updated_at: recorded_at(3),
        revision: 2,
        position: 3,
    };
    assert_eq!(history.tables.only::<CustomerRow>(), expected);
    history.push::<CustomerEvent>(CUSTOMER, CustomerReactivated {});
    assert!(history.tables.only::<CustomerRow>().active);
}

#[test]
fn orders_and_credit_notes_add_up_per_currency() {
    let mut history = History::of(Customers);
    history.push::<CustomerEvent>(CUSTOMER, registered());
    history.push::<OrderEvent>(ORDER, OrderPlaced { business_date: shop::date("2011-02-01"), ..shop::order() });
    history.push::<OrderEvent>("order-01890000-0000-7000-8000-000000000002", shop::order());
    let euros = OrderPlaced { currency: parse("EUR"), ..shop::order() };
    history.push::<OrderEvent>("order-01890000-0000-7000-8000-000000000003", euros);
    history.push::<CreditNoteEvent>(CREDIT_NOTE, shop::credit_note());
    let activity: CustomerActivityRow = history.tables.only();
    assert_eq!((activity.orders, activity.credit_notes), (3, 1));
    assert_eq!(activity.first_order_date, Some(shop::date("2010-12-01")));
    assert_eq!(activity.last_order_date, Some(shop::date("2011-02-01")));
    let totals: Vec<_> = history.tables.all::<CustomerTotalRow>();
    let sums: Vec<_> = totals.iter().map(|row| (&*row.currency, row.ordered_minor, row.net_minor)).collect();
    assert_eq!(sums, [("EUR", 2_450, 2_450), ("GBP", 4_900, 4_340)]);
}

#[test]
fn an_order_of_nobody_counts_for_nobody() {
    let mut history = History::of(Customers);
    history.push::<OrderEvent>(ORDER, OrderPlaced { customer_id: None, ..shop::order() });
    assert_eq!(history.tables.all::<CustomerActivityRow>(), []);
    assert_eq!(history.tables.all::<CustomerTotalRow>(), []);
}
