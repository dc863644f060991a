//! What the shop and the buyer see of payments: attempts, what the buyer has to do, disputes, and messages that were ignored.

use super::{
    Server,
    orders::{CUSTOMER, OF_CUSTOMER, as_customer, shop},
};
use serde_json::{Value, json};
use tillroll_domain::{
    common::Basis,
    ids::{OperationId, PaymentId, ProviderMessageId},
    money::Money,
    payment::events::{
        DisputeOutcome, OperationKind, PaymentActionRequired, PaymentAttemptStarted, PaymentCancelled, PaymentCaptured,
        PaymentCreated, PaymentDisputeClosed, PaymentDisputeOpened, PaymentEvent, PaymentOperationFailed,
        PaymentOperationRequested, PaymentProviderEventIgnored,
    },
};
use tillroll_infra::stream::StreamId;
use uuid::Uuid;

const PAYMENT: PaymentId = PaymentId::new(Uuid::from_u128(0xa1));
const DISPUTED: PaymentId = PaymentId::new(Uuid::from_u128(0xa2));

fn operation(number: u128) -> OperationId {
    OperationId::new(Uuid::from_u128(number))
}

async fn tell(server: &Server, payment: PaymentId, events: Vec<PaymentEvent>) {
    let created = PaymentCreated {
        order_id: OF_CUSTOMER.order(),
        amount: Money::new(3_240, "NOK".parse().unwrap()),
        method: "card".parse().unwrap(),
        source: None,
        basis: Basis::Recorded,
        quote_hash: None,
    };
    let stream = StreamId::new("payment", &payment.uuid().to_string()).unwrap();
    for (number, event) in [PaymentEvent::from(created)].into_iter().chain(events).enumerate() {
        let id = Uuid::from_u128((payment.uuid().as_u128() << 64) + u128::try_from(number).unwrap());
        server.append(stream.clone(), id, &event).await;
    }
}

/// An order whose payment waits for the customer, and another payment of it with two disputes, a refusal, and an end.
async fn paying() -> Server {
    let server = shop().await;
    let waiting = vec![
        PaymentAttemptStarted {
            attempt: 1,
            provider: "simulated".parse().unwrap(),
            instrument: Some("tok_action".parse().unwrap()),
        }
        .into(),
        PaymentOperationRequested {
            operation_id: operation(1),
            kind: OperationKind::Authorize,
            attempt: 1,
            amount_minor: 3_240,
            reason: Some("again".parse().unwrap()),
        }
        .into(),
        PaymentActionRequired {
            operation_id: operation(1),
            action_url: "/simulator/pay/1".parse().unwrap(),
            provider_reference: "auth_1".parse().unwrap(),
        }
        .into(),
        PaymentProviderEventIgnored {
            message_id: ProviderMessageId::new(Uuid::from_u128(7)),
            reason: "amount_mismatch".parse().unwrap(),
        }
        .into(),
    ];
    tell(&server, PAYMENT, waiting).await;
    let captured = PaymentCaptured {
        operation_id: operation(2),
        amount_minor: 3_240,
        provider_reference: None,
        basis: Basis::Inferred,
    };
    let opened = |name: &str| PaymentDisputeOpened { dispute: name.parse().unwrap(), amount_minor: 1_000 };
    let lost =
        PaymentDisputeClosed { dispute: "d2".parse().unwrap(), amount_minor: 240, outcome: DisputeOutcome::Lost };
    let asked = PaymentOperationRequested {
        operation_id: operation(3),
        kind: OperationKind::Authorize,
        attempt: 1,
        amount_minor: 3_240,
        reason: None,
    };
    let refused = PaymentOperationFailed {
        operation_id: operation(3),
        kind: OperationKind::Authorize,
        code: "stolen_card".parse().unwrap(),
        note: "".parse().unwrap(),
    };
    let cancelled = PaymentCancelled { reason: "fraud_suspected".parse().unwrap() };
    let disputes = [captured.into(), opened("d1").into(), opened("d2").into(), lost.into()];
    let others = [asked.into(), refused.into(), cancelled.into()];
    tell(&server, DISPUTED, disputes.into_iter().chain(others).collect()).await;
    server.catch_up().await;
    server
}

fn money(amount: &str, minor: i64) -> Value {
    json!({"amount": amount, "minor": minor, "currency": "NOK"})
}

#[tokio::test]
async fn the_buyer_sees_where_to_go() {
    let server = paying().await;
    let path = format!("/orders/{}/payments", OF_CUSTOMER.order());
    let answer = as_customer(&server, CUSTOMER, &path).await;
    let payment = &Server::body(&answer)["data"][0];
    assert_eq!((&payment["id"], &payment["status"]), (&json!(PAYMENT), &json!("action_required")));
    let waiting = &payment["operations"][0];
    assert_eq!((&waiting["state"], &waiting["action_url"]), (&json!("action_required"), &json!("/simulator/pay/1")));
    assert_eq!(payment["attempt_list"][0]["instrument"], "tok_action");
    assert_eq!(Server::body(&answer)["data"].as_array().unwrap().len(), 2);
    let again = as_customer(&server, CUSTOMER, &path).await;
    assert_eq!(again.header("etag"), answer.header("etag"));
}

#[tokio::test]
async fn the_buyer_does_not_see_what_concerns_shop_and_provider() {
    let server = paying().await;
    let path = format!("/orders/{}/payments", OF_CUSTOMER.order());
    let staff = server.get(&path).await;
    let both = Server::body(&staff)["data"].clone();
    let (staff, ended) = (&both[0], &both[1]);
    assert_eq!(ended["cancelled_because"], "fraud_suspected");
    assert!(ended["operations"].to_string().contains("stolen_card"), "{ended}");
    assert_eq!(
        (&staff["operations"][0]["provider_reference"], &staff["ignored_events"]),
        (&json!("auth_1"), &json!(1))
    );
    assert_eq!(staff["ignored_event_list"][0]["reason"], "amount_mismatch");
    let buyer = as_customer(&server, CUSTOMER, &path).await;
    let text = Server::body(&buyer).to_string();
    for hidden in ["auth_1", "amount_mismatch", "again", "fraud_suspected", "stolen_card"] {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
    assert!(text.contains(r#""failure_code":"declined""#), "{text}");
}

#[tokio::test]
async fn a_payment_is_read_with_attempts_disputes_and_ignored_messages() {
    let server = paying().await;
    let answer = server.get(&format!("/payments/{DISPUTED}")).await;
    let payment = Server::body(&answer);
    assert_eq!((&payment["disputed"], &payment["has_disputes"]), (&money("12.40", 1_240), &json!(true)));
    let disputes = &payment["disputes"];
    let at = &disputes[0]["opened_at"];
    assert_eq!(
        *disputes,
        json!([
            {"dispute": "d1", "status": "open", "amount": money("10.00", 1_000), "opened_at": at, "closed_at": null},
            {"dispute": "d2", "status": "lost", "amount": money("2.40", 240), "opened_at": at, "closed_at": at},
        ])
    );
    let answer = server.get(&format!("/payments/{PAYMENT}")).await;
    let payment = Server::body(&answer);
    assert_eq!(payment["attempt_list"][0]["provider"], "simulated");
    assert_eq!(payment["operations"][0]["reason"], "again");
}

/// Case 29: chargebacks are listed and counted.
#[tokio::test]
async fn disputed_payments_are_listed_and_disputes_counted() {
    let server = paying().await;
    for (query, expected) in [("true", vec![json!(DISPUTED)]), ("false", vec![json!(PAYMENT)])] {
        let answer = server.get(&format!("/payments?disputed={query}")).await;
        let ids: Vec<Value> =
            Server::body(&answer)["data"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
        assert_eq!(ids, expected, "{query}");
    }
    let answer = server.get("/payments/disputes").await;
    assert_eq!(
        Server::body(&answer)["data"],
        json!([
            {"status": "lost", "currency": "NOK", "count": 1, "amount": money("2.40", 240)},
            {"status": "open", "currency": "NOK", "count": 1, "amount": money("10.00", 1_000)},
        ])
    );
    assert_eq!(server.get_as("storefront", "/payments/disputes", &[]).await.code(), "forbidden");
}

#[tokio::test]
async fn an_order_without_payments_has_none() {
    let server = shop().await;
    let answer = server.get(&format!("/orders/{}/payments", OF_CUSTOMER.order())).await;
    assert_eq!(Server::body(&answer)["data"], json!([]));
}
