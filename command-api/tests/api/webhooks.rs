//! Messages of payment providers: proven, stored, acknowledged.

use crate::shop::{Answer, Shop};
use axum::http::Method;
use chrono::TimeDelta;
use serde_json::json;
use std::{
    pin::Pin,
    sync::{Arc, Mutex},
};
use tillroll_domain::{
    ids::{OperationId, OrderId, PaymentId},
    money::Money,
    provider_message::events::ProviderMessageEvent,
};
use tillroll_infra::{
    log::ReadFrom,
    payments::{
        OperationRequest, PaymentProvider, WebhookHeaders,
        simulator::{Simulator, WebhookSink},
    },
    stream::{Revision, StreamId},
};
use uuid::Uuid;

/// A message as it is sent: its signature and its body.
type Sent = (String, String);

/// A receiver that keeps what comes, and acknowledges it or not.
#[derive(Debug)]
struct Caught {
    messages: Mutex<Vec<Sent>>,
    acknowledges: bool,
}

impl WebhookSink for Caught {
    fn deliver<'a>(
        &'a self,
        headers: WebhookHeaders,
        body: Vec<u8>,
    ) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>> {
        let signature = headers.get("tillroll-signature").unwrap().to_owned();
        self.messages.lock().unwrap().push((signature, String::from_utf8(body).unwrap()));
        Box::pin(std::future::ready(self.acknowledges))
    }
}

/// What the provider sends after it has set money aside.
async fn message(simulator: &Arc<Simulator>) -> Sent {
    let request = OperationRequest {
        payment_id: PaymentId::new(Uuid::from_u128(1)),
        operation_id: OperationId::new(Uuid::from_u128(2)),
        order_id: OrderId::new(Uuid::from_u128(3)),
        amount: Money::new(1_000, "EUR".parse().unwrap()),
        instrument: Some("tok_approve".parse().unwrap()),
        authorization: None,
        captured: None,
        quote_hash: None,
    };
    simulator.authorize(&request).await.unwrap();
    caught(simulator, false).await
}

/// What the provider sends next.
async fn caught(simulator: &Arc<Simulator>, acknowledges: bool) -> Sent {
    let sink = Arc::new(Caught { messages: Mutex::default(), acknowledges });
    let run = tokio::spawn(simulator.clone().run(sink.clone()));
    while sink.messages.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    run.abort();
    let _ = run.await;
    sink.messages.lock().unwrap().remove(0)
}

async fn deliver(shop: &Shop, provider: &str, (signature, body): &Sent) -> Answer {
    let call = shop.anonymous(Method::POST, &format!("/api/v1/payment-webhooks/{provider}"));
    call.header("tillroll-signature", signature).text(body).send().await
}

async fn events(shop: &Shop, id: &str) -> Vec<tillroll_infra::event::RecordedEvent> {
    let stream = StreamId::new("provider_message", id.strip_prefix("pvm_").unwrap()).unwrap();
    shop.bus.log().read_stream(&stream, ReadFrom::Forwards(Revision(0)), 10).await.unwrap()
}

/// Case 9: a message is stored before it is acknowledged, whether or not anybody knows its payment.
#[tokio::test]
async fn a_message_is_durable_and_sealed_when_it_is_acknowledged() {
    let shop = Shop::open();
    let sent = message(&shop.simulator).await;
    let answer = deliver(&shop, "simulated", &sent).await.ok();
    let stored = events(&shop, &answer.id()).await;
    assert_eq!(stored.len(), 1);
    let event = &stored[0];
    assert_eq!(&*event.event_type, "ProviderMessageReceived");
    assert!(event.data.contains("$sealed") && !event.data.contains(&sent.1), "{}", event.data);
    assert!(event.decode::<ProviderMessageEvent>().is_err(), "it is sealed");
    let data: serde_json::Value = serde_json::from_str(&event.data).unwrap();
    assert_eq!(data["fact"]["payment_id"], json!(PaymentId::new(Uuid::from_u128(1))));
    assert_eq!(data["fact"]["kind"], "authorized");
    assert!(event.metadata.contains("provider:simulated"), "{}", event.metadata);
}

/// Case 11: providers send a message until it is acknowledged, and sometimes once more.
#[tokio::test]
async fn a_message_that_comes_again_is_acknowledged_and_stored_once() {
    let shop = Shop::open();
    let sent = message(&shop.simulator).await;
    let first = deliver(&shop, "simulated", &sent).await.ok();
    let (one, two) = tokio::join!(deliver(&shop, "simulated", &sent), deliver(&shop, "simulated", &sent));
    for again in [one, two] {
        assert_eq!(again.ok().text, first.text);
    }
    assert_eq!(events(&shop, &first.id()).await.len(), 1);
}

/// Case 11: each delivery is signed anew, and is still the same message.
#[tokio::test]
async fn a_message_that_was_signed_again_is_the_same_message() {
    let shop = Shop::open();
    let sent = message(&shop.simulator).await;
    let first = deliver(&shop, "simulated", &sent).await.ok();
    shop.clock.advance(TimeDelta::minutes(30));
    let later = caught(&shop.simulator, true).await;
    assert!(later.1 == sent.1 && later.0 != sent.0, "{later:?}");
    assert_eq!(deliver(&shop, "simulated", &later).await.ok().text, first.text);
    assert_eq!(events(&shop, &first.id()).await.len(), 1);
}

#[tokio::test]
async fn what_is_not_proven_leaves_no_trace() {
    let shop = Shop::open();
    let sent = message(&shop.simulator).await;
    let head = shop.bus.log().head().await.unwrap();
    let refused = (401, "webhook_not_authentic");
    let changed = (sent.0.clone(), sent.1.replace("1000", "9000") + " ");
    assert_eq!(deliver(&shop, "simulated", &changed).await.problem(), refused);
    let forged = (format!("t={},v1={}", shop.bus.ambient().clock.now().timestamp(), "00".repeat(32)), sent.1.clone());
    assert_eq!(deliver(&shop, "simulated", &forged).await.problem(), refused);
    let unsigned = shop.anonymous(Method::POST, "/api/v1/payment-webhooks/simulated").text(&sent.1).send().await;
    assert_eq!(unsigned.problem(), refused);
    shop.clock.advance(TimeDelta::hours(1));
    assert_eq!(deliver(&shop, "simulated", &sent).await.problem(), refused, "an old one that somebody plays again");
    assert_eq!(shop.bus.log().head().await.unwrap(), head);
}

#[tokio::test]
async fn a_provider_that_is_not_connected_is_not_there() {
    let shop = Shop::open();
    let sent = message(&shop.simulator).await;
    assert_eq!(deliver(&shop, "stripe", &sent).await.problem(), (404, "not_found"));
}

#[tokio::test]
async fn a_message_has_at_most_64_kib() {
    let shop = Shop::open();
    let large = ("t=1,v1=00".to_owned(), "a".repeat((64 << 10) + 1));
    assert_eq!(deliver(&shop, "simulated", &large).await.problem(), (413, "body_too_large"));
}
