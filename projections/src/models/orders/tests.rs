//! Given events of an order, these rows; and its status is the one that the aggregate itself would name.

use super::*;
use crate::models::testing::{
    History, parse, recorded_at,
    shop::{self, CREDIT_NOTE_ID, CUSTOMER_ID, ORDER, ORDER_ID},
    units,
};
use tillroll_domain::{
    aggregate::Aggregate,
    checkout::{CapturePolicy, CheckoutTerms, PaymentTerms, StockHold},
    common::{Basis, LineQuantity},
    order::{
        CancelCause, Order,
        events::{
            CreditedLine, OrderCancelled, OrderClosed, OrderConfirmed, OrderDelivered, OrderFulfillmentPlanned,
            OrderFulfillmentReleased, OrderFulfillmentStarted, OrderLinesCancelled, OrderLinesCredited,
            OrderLinesReturned, OrderLinesShipped, OrderPaymentChanged, OrderPlaced, OrderQuote, OrderReturnClosed,
            OrderReturnRequested, OrderStockReserved,
        },
    },
    pricing::PolicyVersion,
};

const PAYMENT_ID: &str = "pay_01890000-0000-7000-8000-0000000000b1";
const BASIS: Basis = Basis::Recorded;

fn lines(lines: &[(u32, i64)]) -> Vec<LineQuantity> {
    lines.iter().map(|&(line, quantity)| LineQuantity { line, quantity: units(quantity) }).collect()
}

fn paid(payment_id: &str, captured_minor: i64, refunded_minor: i64) -> OrderEvent {
    let payment_id = parse(payment_id);
    OrderPaymentChanged {
        payment_id,
        authorized_minor: 0,
        captured_minor,
        refunded_minor,
        disputed_minor: 0,
        basis: BASIS,
    }
    .into()
}

fn shipped(of: &[(u32, i64)]) -> OrderEvent {
    let shipment_id = parse("shp_01890000-0000-7000-8000-0000000000a2");
    OrderLinesShipped { shipment_id, lines: lines(of), basis: BASIS }.into()
}

fn returned(of: &[(u32, i64)]) -> OrderEvent {
    let return_id = parse("ret_01890000-0000-7000-8000-0000000000a3");
    OrderLinesReturned { return_id, lines: lines(of), basis: BASIS, value_minor: None }.into()
}

fn cancelled(of: &[(u32, i64)]) -> OrderEvent {
    OrderLinesCancelled { lines: lines(of), reason: parse("sold out"), value_minor: None }.into()
}

fn history(events: impl IntoIterator<Item = OrderEvent>) -> History<Orders> {
    let mut history = History::of(Orders);
    history.push::<OrderEvent>(ORDER, shop::order());
    events.into_iter().for_each(|event| history.push::<OrderEvent>(ORDER, event));
    history
}

#[test]
fn a_placed_order_shows_its_document() {
    let history = history([]);
    let order: OrderRow = history.tables.only();
    assert_eq!((order.order_id.as_str(), order.status.as_str()), (ORDER_ID, "pending"));
    assert_eq!(order.customer_id.as_deref(), Some(CUSTOMER_ID));
    assert_eq!((order.goods_minor, order.carriage_minor, order.discount_minor), (2_100, 400, 100));
    assert_eq!((order.tax_minor, order.total_minor), (Some(50), 2_450));
    assert_eq!((order.lines, order.quantity, order.goods_quantity), (5, 12, 10));
    assert_eq!(order.source_number.as_deref(), Some("536365"));
    assert_eq!(order.source_local_time.as_deref(), Some("2010-12-01T08:26:00"));
    assert_eq!(history.tables.all::<OrderLineRow>().len(), 5);
}

#[test]
fn an_imported_order_was_placed_when_that_took_effect() {
    let mut history = History::of(Orders);
    history.metadata.effective_at = Some(recorded_at(777));
    history.push::<OrderEvent>(ORDER, shop::order());
    let order: OrderRow = history.tables.only();
    assert_eq!((order.placed_at, order.recorded_at), (recorded_at(777), recorded_at(1)));
}

#[test]
fn lines_count_what_becomes_of_them() {
    let credited = OrderLinesCredited {
        credit_note_id: parse(CREDIT_NOTE_ID),
        lines: vec![CreditedLine { line: 1, quantity: units(1), amount_minor: 200 }],
        basis: BASIS,
    };
    let history = history([
        OrderConfirmed { basis: BASIS }.into(),
        cancelled(&[(3, 1)]),
        OrderFulfillmentStarted { basis: BASIS }.into(),
        shipped(&[(1, 5), (2, 2)]),
        shipped(&[(3, 2)]),
        OrderDelivered { business_date: None }.into(),
        returned(&[(1, 2)]),
        credited.into(),
    ]);
    let lines: Vec<OrderLineRow> = history.tables.all();
    let counts: Vec<_> = lines.iter().map(|l| (l.line, l.cancelled, l.shipped, l.returned, l.credited)).collect();
    assert_eq!(counts, [(1, 0, 5, 2, 1), (2, 0, 2, 0, 0), (3, 1, 2, 0, 0), (4, 0, 0, 0, 0), (5, 0, 0, 0, 0)]);
    assert_eq!(lines[0].credited_minor, 200);
    let order: OrderRow = history.tables.only();
    assert_eq!((order.shipped, order.returned, order.goods_cancelled), (9, 2, 1));
    assert_eq!((order.cancelled_minor, order.credited_minor), (200, 200));
    assert_eq!((order.status.as_str(), order.revision), ("delivered", 8));
}

#[test]
fn cancelling_bit_by_bit_and_then_all_cancels_the_whole_amount() {
    let cancel = OrderCancelled { reason: parse("changed mind"), cause: None, confirmed: None }.into();
    let history = history([cancelled(&[(3, 1), (1, 2)]), cancelled(&[(3, 1)]), cancel]);
    let order: OrderRow = history.tables.only();
    assert_eq!(order.cancelled_minor, order.goods_minor + order.carriage_minor - order.discount_minor);
    assert_eq!(order.status, "cancelled");
    assert!(history.tables.all::<OrderLineRow>().iter().all(|line| line.cancelled == line.quantity));
}

#[test]
fn payments_are_known_one_by_one_and_summed() {
    let other = "pay_01890000-0000-7000-8000-0000000000b2";
    let history = history([paid(PAYMENT_ID, 1_000, 0), paid(other, 1_450, 0), paid(PAYMENT_ID, 1_000, 300)]);
    let order: OrderRow = history.tables.only();
    assert_eq!((order.captured_minor, order.refunded_minor), (2_450, 300));
    assert_eq!(order.payment_status, "partially_refunded");
    let payments: Vec<OrderPaymentRow> = history.tables.all();
    assert_eq!(payments.iter().map(|payment| payment.captured_minor).collect::<Vec<_>>(), [1_000, 1_450]);
}

#[test]
fn the_timeline_tells_every_event_shortly() {
    let mut history = history([]);
    history.metadata.origin = "import:online-retail".to_owned();
    history.metadata.effective_at = Some(recorded_at(900));
    history.push::<OrderEvent>(ORDER, OrderConfirmed { basis: Basis::Inferred });
    history.push::<OrderEvent>(ORDER, shipped(&[(1, 5), (2, 2)]));
    let entries: Vec<OrderTimelineRow> = history.tables.all();
    let types: Vec<_> = entries.iter().map(|entry| (entry.revision, entry.event_type.as_str())).collect();
    assert_eq!(types, [(0, "OrderPlaced"), (1, "OrderConfirmed"), (2, "OrderLinesShipped")]);
    assert_eq!(entries[0].details, r#"{"currency":"GBP","lines":5,"total_minor":2450}"#);
    let confirmed = OrderTimelineRow {
        order_id: ORDER_ID.to_owned(),
        revision: 1,
        occurred_at: recorded_at(900),
        recorded_at: recorded_at(2),
        event_type: "OrderConfirmed".to_owned(),
        actor: "admin".to_owned(),
        origin: "import:online-retail".to_owned(),
        basis: "inferred".to_owned(),
        details: "{}".to_owned(),
        position: 2,
    };
    assert_eq!(entries[1], confirmed);
    let shipped = r#"{"lines":2,"quantity":7,"shipment_id":"shp_01890000-0000-7000-8000-0000000000a2"}"#;
    assert_eq!(entries[2].details, shipped);
}

#[test]
fn the_row_and_the_aggregate_agree_on_every_axis_after_every_event() {
    let confirmed = || OrderConfirmed { basis: BASIS }.into();
    let started = || OrderFulfillmentStarted { basis: BASIS }.into();
    let all = [(1, 5), (2, 2), (3, 3)];
    let histories: [Vec<OrderEvent>; 4] = [
        vec![
            confirmed(),
            paid(PAYMENT_ID, 2_450, 0),
            started(),
            shipped(&all[..1]),
            shipped(&all[1..]),
            OrderDelivered { business_date: None }.into(),
            returned(&all),
            paid(PAYMENT_ID, 2_450, 2_450),
            OrderClosed {}.into(),
        ],
        vec![
            paid(PAYMENT_ID, 100, 0),
            OrderCancelled { reason: parse(""), cause: None, confirmed: None }.into(),
            paid(PAYMENT_ID, 100, 100),
        ],
        vec![
            confirmed(),
            cancelled(&[(1, 5), (2, 2)]),
            started(),
            shipped(&[(3, 3)]),
            OrderDelivered { business_date: None }.into(),
        ],
        vec![confirmed(), started(), shipped(&[(1, 5)]), cancelled(&[(2, 2), (3, 3)])],
    ];
    for events in histories {
        let mut rows = history([]);
        let mut state = Order::fold([&OrderEvent::from(shop::order())]);
        for event in events {
            state = Order::evolve(state, &event);
            rows.push::<OrderEvent>(ORDER, event.clone());
            let (row, order) = (rows.tables.only::<OrderRow>(), state.placed().unwrap());
            assert_eq!(row.lifecycle, order.lifecycle().as_str(), "{event:?}");
            assert_eq!(row.payment_status, order.payment_status().as_str(), "{event:?}");
            assert_eq!(row.fulfillment_status, order.fulfillment_status().as_str(), "{event:?}");
            assert_eq!(row.status, order.status().as_str(), "{event:?}");
        }
    }
}

fn planned(of: &[(u32, i64)]) -> OrderEvent {
    let shipment_id = parse("shp_01890000-0000-7000-8000-0000000000a2");
    OrderFulfillmentPlanned { shipment_id, lines: lines(of) }.into()
}

fn return_requested(of: &[(u32, i64)]) -> OrderEvent {
    let return_id = parse("ret_01890000-0000-7000-8000-0000000000a3");
    OrderReturnRequested { return_id, lines: lines(of) }.into()
}

fn return_closed() -> OrderEvent {
    OrderReturnClosed { return_id: parse("ret_01890000-0000-7000-8000-0000000000a3") }.into()
}

#[test]
fn lines_count_what_waits_as_the_aggregate_does() {
    let released =
        || OrderFulfillmentReleased { shipment_id: parse("shp_01890000-0000-7000-8000-0000000000a2") }.into();
    let delivered = OrderDelivered { business_date: Some(shop::date("2010-12-05")) };
    let histories: [Vec<OrderEvent>; 2] = [
        vec![planned(&[(1, 3), (3, 1)]), released()],
        vec![
            planned(&[(1, 5), (2, 2), (3, 3)]),
            shipped(&[(1, 5), (2, 2), (3, 3)]),
            delivered.into(),
            return_requested(&[(1, 2), (3, 1)]),
            return_closed(),
            returned(&[(1, 1)]),
            return_requested(&[(2, 1)]),
        ],
    ];
    for events in histories {
        let mut rows = history([OrderConfirmed { basis: BASIS }.into()]);
        let mut state = Order::fold([&shop::order().into(), &OrderConfirmed { basis: BASIS }.into()]);
        for event in events {
            state = Order::evolve(state, &event);
            rows.push::<OrderEvent>(ORDER, event.clone());
            let (row, known) = (rows.tables.only::<OrderRow>(), state.placed().unwrap());
            let lines: Vec<OrderLineRow> = rows.tables.all();
            for (line, known) in lines.iter().zip(known.lines()) {
                let counted = (line.planned, line.shipped, line.return_requested, line.returned);
                let expected = (known.planned, known.shipped, known.return_requested, known.returned);
                let expected = (expected.0.into(), expected.1.into(), expected.2.into(), expected.3.into());
                assert_eq!(counted, expected, "{event:?}");
            }
            assert_eq!(row.planned, lines.iter().map(|line| line.planned).sum::<i64>());
            assert_eq!(row.return_requested, lines.iter().map(|line| line.return_requested).sum::<i64>());
            assert_eq!(row.delivered_on, known.delivered_on());
        }
    }
}

#[test]
fn the_state_of_returns_follows_from_what_is_on_its_way_and_what_came() {
    let state = |events: Vec<OrderEvent>| history(events).tables.only::<OrderRow>().return_status;
    let sent = || vec![OrderConfirmed { basis: BASIS }.into(), shipped(&[(1, 5)])];
    let then = |mut events: Vec<OrderEvent>, more: Vec<OrderEvent>| {
        events.extend(more);
        events
    };
    assert_eq!(state(sent()), "none");
    assert_eq!(state(then(sent(), vec![return_requested(&[(1, 2)])])), "requested");
    assert_eq!(state(then(sent(), vec![return_requested(&[(1, 2)]), return_closed()])), "none");
    let came = vec![return_requested(&[(1, 2)]), return_closed(), returned(&[(1, 1)])];
    assert_eq!(state(then(sent(), came)), "returned");
}

#[test]
fn an_order_of_a_checkout_shows_its_terms_its_stock_and_why_it_was_cancelled() {
    let payment =
        PaymentTerms { method: parse("card"), provider: parse("simulated"), capture: CapturePolicy::AtFulfillment };
    let checkout = Some(Box::new(CheckoutTerms { payment: Some(payment) }));
    let mut history = History::of(Orders);
    history.push::<OrderEvent>(ORDER, OrderPlaced { checkout, ..shop::order() });
    let row = |history: &History<Orders>| history.tables.only::<OrderRow>();
    let terms = |row: OrderRow| (row.is_checkout, row.payment_method, row.payment_provider, row.payment_capture);
    let expected = [Some("card"), Some("simulated"), Some("at_fulfillment")].map(|word| word.map(str::to_owned));
    let [method, provider, capture] = expected;
    assert_eq!(terms(row(&history)), (true, method, provider, capture));
    assert_eq!((&*row(&history).stock, row(&history).cancel_reason), ("none", None));
    let hold = StockHold {
        sku: parse("85123A"),
        location: parse("main"),
        reservation_id: parse("rsv_01890000-0000-7000-8000-0000000000a4"),
        quantity: units(7),
    };
    history.push::<OrderEvent>(ORDER, OrderStockReserved { holds: vec![hold] });
    assert_eq!(row(&history).stock, "reserved");
    let cause = CancelCause::InsufficientStock { sku: parse("22423"), requested: 3, available: 1 };
    let cancelled = OrderCancelled { reason: parse("not enough in stock"), cause: Some(cause), confirmed: Some(false) };
    history.push::<OrderEvent>(ORDER, cancelled);
    let row = row(&history);
    assert_eq!((&*row.stock, row.cancel_cause.as_deref()), ("none", Some("insufficient_stock")));
    assert_eq!(row.cancel_reason.as_deref(), Some("not enough in stock"));
    assert_eq!(row.cancel_shortage.as_deref(), Some(r#"{"available":1,"requested":3,"sku":"22423"}"#));
    let details: Vec<String> = history.tables.all::<OrderTimelineRow>().into_iter().map(|row| row.details).collect();
    assert_eq!(details[1], r#"{"holds":1,"quantity":7}"#);
    let expected =
        r#"{"reason":"not enough in stock","cause":"insufficient_stock","sku":"22423","requested":3,"available":1}"#;
    let same = |left: &str, right: &str| {
        serde_json::from_str::<serde_json::Value>(left).unwrap()
            == serde_json::from_str::<serde_json::Value>(right).unwrap()
    };
    assert!(same(&details[2], expected), "{}", details[2]);
}

/// Case 37: an order made from a cart shows the cart and the quote, and keeps the contact sealed beside it.
#[test]
fn an_order_made_from_a_cart_shows_where_it_came_from() {
    let policy = |name| PolicyVersion { name: parse(name), version: 3 };
    let quote = OrderQuote {
        hash: parse(&"0a".repeat(32)),
        tax_policy: policy("flat"),
        shipping_policy: policy("threshold"),
        shipping_method: parse("standard"),
    };
    let cart_id = parse("crt_01890000-0000-7000-8000-0000000000a9");
    let mut placed = OrderPlaced { cart_id: Some(cart_id), quote: Some(Box::new(quote)), ..shop::order() };
    placed.lines[0].tax_minor = Some(50);
    let mut history = History::of(Orders);
    history.push::<OrderEvent>(ORDER, placed);
    let order: OrderRow = history.tables.only();
    assert_eq!(order.cart_id, Some(cart_id.to_string()));
    assert_eq!(order.quote_hash, Some("0a".repeat(32)));
    assert_eq!((order.tax_policy.as_deref(), order.tax_policy_version), (Some("flat"), Some(3)));
    assert_eq!((order.shipping_policy.as_deref(), order.shipping_policy_version), (Some("threshold"), Some(3)));
    assert_eq!(order.shipping_method.as_deref(), Some("standard"));
    let lines: Vec<OrderLineRow> = history.tables.all();
    assert_eq!(lines.iter().map(|line| line.tax_minor).collect::<Vec<_>>(), [Some(50), None, None, None, None]);
    assert!(history.tables.all::<OrderContactRow>().is_empty());
}
