//! The stored form of the steps of an order's cancellations: one that learns and sends everything that there is.

use crate::{Sample, time, today};
use tillroll_domain::{
    checkout::StockHold,
    ids::{OperationId, OrderId, PaymentId, ReleaseId, ReservationId},
    quantity::Quantity,
};
use tillroll_sagas::{
    cancel_order::{
        CancelOrderAction as Action, CancelOrderAdvanced, CancelOrderAnswer as Answer, CancelOrderEvent,
        CancelOrderFact as Fact, CancelledLines, SurplusRefund, UnitsAt, UnitsToRelease,
    },
    checkout::Demand,
    process::{Armed, Consumed, Ending, Queued},
};
use uuid::Uuid;

fn order_id() -> OrderId {
    OrderId::new(Uuid::from_u128(1))
}

fn payment_id() -> PaymentId {
    PaymentId::new(Uuid::from_u128(3))
}

fn reservation_id() -> ReservationId {
    ReservationId::new(Uuid::from_u128(5))
}

fn two() -> Quantity {
    Quantity::new(2).unwrap()
}

fn units() -> UnitsAt {
    UnitsAt { sku: "HEART".parse().unwrap(), location: "main".parse().unwrap(), quantity: two() }
}

fn refund() -> SurplusRefund {
    SurplusRefund { operation_id: OperationId::new(Uuid::from_u128(8)), amount_minor: 400 }
}

fn facts() -> Vec<Fact> {
    let (sku, location) = ("HEART".parse().unwrap(), "main".parse().unwrap());
    let hold = StockHold { sku, location, reservation_id: reservation_id(), quantity: two() };
    let lines = CancelledLines {
        event_id: Uuid::from_u128(6),
        order_id: order_id(),
        units: vec![Demand { sku: "HEART".parse().unwrap(), quantity: two() }],
        value_minor: 500,
    };
    vec![
        Fact::OrderCancelled { order_id: order_id(), holds: vec![hold], payments: vec![payment_id()] },
        Fact::LinesCancelled { lines },
        Fact::HoldTakenUp {},
        Fact::UnitsFound { cut: 0, take: vec![units()] },
        Fact::UnitsMissing { cut: 0, units: units() },
        Fact::UnitsReleased { cut: 0, units: units() },
        Fact::MoneyCaptured {},
        Fact::SurplusTakenUp {},
        Fact::RefundsRequested { refunds: vec![refund()], lacking_minor: 100 },
        Fact::RefundSettled { operation_id: refund().operation_id, succeeded: false },
        Fact::RefundsRenewed {},
        Fact::UnitsNotFound { cut: 0, code: "units_not_found".parse().unwrap() },
    ]
}

fn actions() -> Vec<Action> {
    let (sku, location) = ("HEART".parse().unwrap(), "main".parse().unwrap());
    let release_id = ReleaseId::new(Uuid::from_u128(7));
    vec![
        Action::ReleaseHold { order_id: order_id(), sku, location, reservation_id: reservation_id() },
        Action::CancelPayment { payment_id: payment_id() },
        Action::FindUnits { cut: 0, order_id: order_id(), skus: vec!["HEART".parse().unwrap()] },
        Action::ReleaseUnits { cut: 0, release: UnitsToRelease { order_id: order_id(), release_id, units: units() } },
        Action::RefundSurplus { order_id: order_id(), value_minor: 500, refused_minor: 400, round: 1 },
    ]
}

pub(crate) fn cancel_order() -> Vec<Sample<CancelOrderEvent>> {
    vec![today(CancelOrderAdvanced {
        at: time("2026-03-01T09:30:00.000042Z"),
        input: Consumed::Answered { no: 1, answer: Answer::Found { units: vec![units()] } },
        facts: facts(),
        send: (2..).zip(actions()).map(|(no, action)| Queued { no, action }).collect(),
        disarm: vec!["refund_again".into()],
        arm: vec![Armed { timer: "refund_again".into(), due: time("2026-03-01T09:40:00Z") }],
        ending: Some(Ending::Completed),
    })]
}

#[test]
fn what_the_actions_of_a_cancellation_came_to_is_stored_as_ever() {
    let requested = Answer::Requested { refunds: vec![refund()], lacking_minor: 100 };
    let answers = [Answer::Done {}, Answer::Missing {}, requested];
    let stored = [
        r#"{"kind":"done"}"#,
        r#"{"kind":"missing"}"#,
        r#"{"kind":"requested","refunds":[{"operation_id":"opn_00000000-0000-0000-0000-000000000008","amount_minor":400}],"lacking_minor":100}"#,
    ];
    for (answer, stored) in answers.into_iter().zip(stored) {
        assert_eq!(serde_json::to_string(&answer).unwrap(), stored);
        assert_eq!(serde_json::from_str::<Answer>(stored).unwrap(), answer);
    }
}
