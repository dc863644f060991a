//! The stored form of a checkout's steps: one that learns and sends everything that there is.

use crate::{Sample, time, today};
use tillroll_domain::{
    checkout::{CapturePolicy, PaymentTerms, StockHold},
    ids::{CartId, OperationId, OrderId, PaymentId, ReservationId},
    money::Money,
    order::CancelCause,
    quantity::Quantity,
    text::Reference,
};
use tillroll_sagas::{
    checkout::{
        Began, CheckoutAction as Action, CheckoutAdvanced, CheckoutAnswer as Answer, CheckoutEvent,
        CheckoutFact as Fact, Demand, HoldPlace,
    },
    process::{Armed, Consumed, Ending, Queued},
};
use uuid::Uuid;

fn order_id() -> OrderId {
    OrderId::new(Uuid::from_u128(1))
}

fn cart_id() -> CartId {
    CartId::new(Uuid::from_u128(2))
}

fn payment_id() -> PaymentId {
    PaymentId::new(Uuid::from_u128(3))
}

fn operation_id() -> OperationId {
    OperationId::new(Uuid::from_u128(4))
}

fn reservation_id() -> ReservationId {
    ReservationId::new(Uuid::from_u128(5))
}

fn units(units: i64) -> Quantity {
    Quantity::new(units).unwrap()
}

fn code() -> Reference {
    "a_code".parse().unwrap()
}

fn began() -> Began {
    let terms = PaymentTerms {
        method: "card".parse().unwrap(),
        provider: "simulated".parse().unwrap(),
        capture: CapturePolicy::AtFulfillment,
    };
    Began {
        cart_id: cart_id(),
        order_id: order_id(),
        quote_hash: "0a".repeat(32).parse().unwrap(),
        total: Money::new(1_999, "EUR".parse().unwrap()),
        payment: Some(terms),
        instrument: Some("tok_approve".parse().unwrap()),
        demand: vec![Demand { sku: "HEART".parse().unwrap(), quantity: units(2) }],
    }
}

fn place() -> HoldPlace {
    HoldPlace {
        hold: 0,
        sku: "HEART".parse().unwrap(),
        location: "main".parse().unwrap(),
        reservation_id: reservation_id(),
    }
}

fn facts() -> Vec<Fact> {
    vec![
        Fact::Begun {
            began: Box::new(began()),
            locations: vec!["main".parse().unwrap()],
            reserve_minutes: 15,
            payment_minutes: 30,
        },
        Fact::OrderPlaced {},
        Fact::OrderRefused { code: code() },
        Fact::HoldAsked { item: 0, location: 0, units: units(2), reservation_id: reservation_id() },
        Fact::HoldMade { hold: 0 },
        Fact::HoldRefused { hold: 0, available: 1 },
        Fact::HoldLost { hold: 0 },
        Fact::HoldExtended { hold: 0 },
        Fact::HoldAllocated { hold: 0 },
        Fact::HoldReleased { hold: 0 },
        Fact::OutOfStock { item: 0, available: 1 },
        Fact::StockRecorded { version: 1 },
        Fact::PaymentStarted { deadline: time("2026-03-01T10:00:00Z") },
        Fact::PaymentOpened {},
        Fact::PaymentChanged { payment_id: payment_id(), covered_minor: 1_999 },
        Fact::PaymentArrived {},
        Fact::ConfirmRefused { changes: 1 },
        Fact::OrderConfirmed {},
        Fact::CaptureRequested {},
        Fact::CaptureRefused { code: code() },
        Fact::CancellationSeen {},
        Fact::OrderCancelled { confirmed: true },
        Fact::Stuck { code: code() },
        Fact::PaymentCancelled { payment_id: payment_id() },
        Fact::CartEnded {},
        Fact::CartRefused { code: code() },
    ]
}

fn actions() -> Vec<Action> {
    let (order_id, cart_id, payment_id, operation_id) = (order_id(), cart_id(), payment_id(), operation_id());
    let expires_at = time("2026-03-01T09:45:00.000042Z");
    let held = StockHold {
        sku: "HEART".parse().unwrap(),
        location: "main".parse().unwrap(),
        reservation_id: reservation_id(),
        quantity: units(2),
    };
    let Began { total, quote_hash, payment, instrument, .. } = began();
    let terms = payment.unwrap();
    vec![
        Action::PlaceOrder { cart_id, order_id },
        Action::ReserveStock { place: place(), quantity: units(2), expires_at },
        Action::RecordStock { order_id, version: 1, holds: vec![held] },
        Action::StartPayment { order_id, payment_id, operation_id, amount: total, quote_hash, terms, instrument },
        Action::ExtendHold { place: place(), expires_at },
        Action::ConfirmOrder { order_id, changes: 1 },
        Action::AllocateHold { place: place(), order_id },
        Action::CapturePayment { order_id, payment_id, operation_id },
        Action::ReleaseHold { place: place(), promised_to: Some(order_id) },
        Action::CancelOrder { order_id, cause: CancelCause::PaymentOverdue },
        Action::CancelPayment { payment_id },
        Action::EndCart { cart_id, order_id, placed: true },
    ]
}

pub(crate) fn checkout() -> Vec<Sample<CheckoutEvent>> {
    vec![today(CheckoutAdvanced {
        at: time("2026-03-01T09:30:00.000042Z"),
        input: Consumed::Answered { no: 1, answer: Answer::Short { available: 1 } },
        facts: facts(),
        send: (2..).zip(actions()).map(|(no, action)| Queued { no, action }).collect(),
        disarm: vec!["payment_due".into()],
        arm: vec![Armed { timer: "payment_due".into(), due: time("2026-03-01T10:00:00.000042Z") }],
        ending: Some(Ending::Alarmed { reason: code() }),
    })]
}

#[test]
fn what_a_checkouts_actions_came_to_is_stored_as_ever() {
    let answers = [
        Answer::Done {},
        Answer::Short { available: 1 },
        Answer::Gone {},
        Answer::NotPaid {},
        Answer::Paid {},
        Answer::Cancelled {},
        Answer::Refused { code: code() },
    ];
    let stored = [
        r#"{"kind":"done"}"#,
        r#"{"kind":"short","available":1}"#,
        r#"{"kind":"gone"}"#,
        r#"{"kind":"not_paid"}"#,
        r#"{"kind":"paid"}"#,
        r#"{"kind":"cancelled"}"#,
        r#"{"kind":"refused","code":"a_code"}"#,
    ];
    for (answer, stored) in answers.into_iter().zip(stored) {
        assert_eq!(serde_json::to_string(&answer).unwrap(), stored);
        assert_eq!(serde_json::from_str::<Answer>(stored).unwrap(), answer);
    }
}
