//! The endpoints over HTTP, and the customer's page.

use super::*;
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request, StatusCode, header},
};
use chrono::DateTime;
use serde_json::{Value, json};
use tillroll_domain::{
    ids::{OperationId, OrderId},
    money::Money,
};
use tillroll_http::Role;
use tillroll_infra::{
    ambient::Ambient,
    payments::{OperationRequest, PaymentProvider, ProviderOutcome},
};
use tower::ServiceExt;
use uuid::Uuid;

const PAYMENT: PaymentId = PaymentId::new(Uuid::from_u128(1));

fn key(role: Role) -> String {
    let first = role.name().chars().nth(2).unwrap();
    format!("tr_{}_{first}{}", role.name(), "A".repeat(42))
}

struct Rig {
    simulator: Arc<Simulator>,
    router: Router,
}

impl Rig {
    fn new() -> Self {
        let ambient = Ambient::seeded(DateTime::from_timestamp(1_700_000_000, 0).unwrap(), 1).0;
        let simulator = Arc::new(Simulator::in_memory(ambient.clone(), [7; 32]));
        let keys = Keys::from_texts(Role::KEYED.map(key), [7; 32]).unwrap();
        let api = SimulatorApi::new(simulator.clone(), keys, ambient.clock);
        let (routes, _) = router(api).split_for_parts();
        Self { router: routes.merge(page::routes(simulator.clone())), simulator }
    }

    async fn authorize(&self, operation: u128, instrument: &str) -> ProviderOutcome {
        let request = OperationRequest {
            payment_id: PAYMENT,
            operation_id: OperationId::new(Uuid::from_u128(operation)),
            order_id: OrderId::new(Uuid::from_u128(3)),
            amount: Money::new(1_000, "EUR".parse().unwrap()),
            instrument: Some(instrument.parse().unwrap()),
            authorization: None,
            captured: None,
            quote_hash: None,
        };
        self.simulator.authorize(&request).await.unwrap()
    }

    async fn send(&self, method: Method, path: &str, role: Option<Role>, body: Option<Value>) -> (StatusCode, String) {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(role) = role {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", key(role)));
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let answer = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let status = answer.status();
        let bytes = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    async fn admin(&self, method: Method, path: &str, body: Option<Value>, status: u16) -> Value {
        let (found, text) = self.send(method, path, Some(Role::Admin), body).await;
        assert_eq!(found.as_u16(), status, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    async fn act(&self, what: &str, body: Value, status: u16) -> Value {
        self.admin(Method::POST, &format!("/api/v1/simulator/charges/{PAYMENT}/{what}"), Some(body), status).await
    }
}

/// The minor units of what is set aside, captured, refunded and disputed.
fn amounts(charge: &Value) -> [i64; 4] {
    ["authorized", "captured", "refunded", "disputed"].map(|name| charge[name]["minor"].as_i64().unwrap())
}

#[tokio::test]
async fn what_is_done_in_the_dashboard_shows_in_the_truth() {
    let rig = Rig::new();
    rig.authorize(2, "tok_approve").await;
    assert_eq!(amounts(&rig.act("capture", json!({ "minor": 400 }), 200).await), [600, 400, 0, 0]);
    assert_eq!(amounts(&rig.act("refund", json!({ "minor": 100 }), 200).await), [600, 400, 100, 0]);
    assert_eq!(amounts(&rig.act("dispute", json!({}), 200).await), [600, 400, 100, 400]);
    let refused = rig.act("refund", json!({ "minor": 1 }), 409).await;
    assert_eq!(
        (&refused["code"], &refused["provider_code"]),
        (&json!("refused_by_simulator"), &json!("charge_disputed"))
    );
    let closed = rig.act("close-dispute", json!({ "won": true }), 200).await;
    assert_eq!((amounts(&closed), &closed["disputes"][0]["status"]), ([600, 400, 100, 0], &json!("won")));
    assert_eq!(rig.act("close-dispute", json!({ "won": true }), 409).await["code"], "no_open_dispute");
    assert_eq!(amounts(&rig.act("expire", json!({}), 200).await), [0, 400, 100, 0]);
    assert_eq!(
        rig.act("complete-action", json!({ "approve": true }), 409).await["code"],
        "nothing_waits_for_the_customer"
    );
    assert_eq!(rig.act("capture", json!({ "minor": 0 }), 409).await["provider_code"], "amount_not_positive");
    assert_eq!(rig.act("refund", json!({ "minor": 0 }), 422).await["field"], "minor");
    let charge = rig.admin(Method::GET, &format!("/api/v1/simulator/charges/{PAYMENT}"), None, 200).await;
    let kinds: Vec<_> = charge["operations"].as_array().unwrap().iter().map(|o| o["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["authorize", "capture", "refund"]);
    assert_eq!(charge["operations"][1]["operation_id"], Value::Null);
}

#[tokio::test]
async fn charges_are_listed_in_pages() {
    let rig = Rig::new();
    for payment in 1..=5 {
        let request = OperationRequest {
            payment_id: PaymentId::new(Uuid::from_u128(payment)),
            operation_id: OperationId::new(Uuid::from_u128(payment)),
            order_id: OrderId::new(Uuid::from_u128(3)),
            amount: Money::new(1_000, "EUR".parse().unwrap()),
            instrument: None,
            authorization: None,
            captured: None,
            quote_hash: None,
        };
        rig.simulator.authorize(&request).await.unwrap();
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/v1/simulator/charges?limit=2{cursor}");
        let page = rig.admin(Method::GET, &path, None, 200).await;
        seen.extend(page["data"].as_array().unwrap().iter().map(|charge| charge["payment_id"].to_string()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.is_sorted());
    let bad = rig.admin(Method::GET, "/api/v1/simulator/charges?cursor=AAAA", None, 400).await;
    assert_eq!(bad["code"], "malformed");
}

#[tokio::test]
async fn only_administrators_may_look_and_act() {
    let rig = Rig::new();
    rig.authorize(2, "tok_approve").await;
    let charge = format!("/api/v1/simulator/charges/{PAYMENT}");
    let mut addresses = vec![
        (Method::GET, "/api/v1/simulator/charges".to_owned()),
        (Method::GET, charge.clone()),
        (Method::GET, "/api/v1/simulator/behavior".to_owned()),
        (Method::POST, "/api/v1/simulator/behavior".to_owned()),
    ];
    for what in ["complete-action", "capture", "refund", "dispute", "close-dispute", "expire"] {
        addresses.push((Method::POST, format!("{charge}/{what}")));
    }
    for (method, path) in addresses {
        for (role, expected) in
            [(None, 401), (Some(Role::Storefront), 403), (Some(Role::Analyst), 403), (Some(Role::Auditor), 403)]
        {
            // Before the body is looked at.
            let (status, _) = rig.send(method.clone(), &path, role, Some(json!("nonsense"))).await;
            assert_eq!(status, expected, "{method} {path} {role:?}");
        }
    }
    assert_eq!(amounts(&rig.admin(Method::GET, &charge, None, 200).await), [1_000, 0, 0, 0]);
}

#[tokio::test]
async fn a_payment_that_was_never_asked_for_has_no_charge() {
    let rig = Rig::new();
    for what in ["capture", "refund", "dispute", "expire"] {
        assert_eq!(rig.act(what, json!({}), 404).await["code"], "charge_not_found");
    }
    let path = format!("/api/v1/simulator/charges/{PAYMENT}");
    assert_eq!(rig.admin(Method::GET, &path, None, 404).await["code"], "charge_not_found");
}

#[tokio::test]
async fn the_provider_does_what_it_is_told() {
    let rig = Rig::new();
    let path = "/api/v1/simulator/behavior";
    let told = json!({
        "default": { "kind": "decline", "code": "closed" },
        "messages": { "copies": 3, "spread_seconds": 60, "without_our_references": true },
        "authorization_seconds": 60,
        "rules": [{ "payment_id": PAYMENT, "operation": "authorize", "behavior": { "kind": "timeout_after" }, "times": 1 }],
    });
    let script = rig.admin(Method::POST, path, Some(told), 200).await;
    assert_eq!(script["messages"]["enabled"], true);
    assert_eq!(script["rules"][0]["behavior"], json!({ "kind": "timeout_after", "hang_seconds": 0 }));
    assert_eq!(rig.admin(Method::GET, path, None, 200).await, script);
    // Rules are added, the rest is replaced.
    let more = json!({ "rules": [{ "behavior": { "kind": "unavailable" } }] });
    let script = rig.admin(Method::POST, path, Some(more), 200).await;
    assert_eq!((script["rules"].as_array().unwrap().len(), &script["default"]["code"]), (2, &json!("closed")));
    let script = rig.admin(Method::POST, path, Some(json!({ "reset": true })), 200).await;
    assert_eq!((&script["default"]["kind"], &script["rules"]), (&json!("approve"), &json!([])));
    for bad in [
        json!({ "messages": { "copies": 11 } }),
        json!({ "authorization_seconds": 0 }),
        json!({ "rules": [{ "times": 0 }] }),
        json!({ "rules": [{ "times": 1_000_001 }] }),
        json!({ "default": { "kind": "decline", "code": "" } }),
        json!({ "default": { "kind": "aprove" } }),
    ] {
        let refused = rig.admin(Method::POST, path, Some(bad.clone()), 422).await;
        assert_eq!(refused["code"], "bad_value", "{bad}");
    }
    let rule = json!({ "behavior": { "kind": "approve" } });
    rig.admin(Method::POST, path, Some(json!({ "rules": vec![rule.clone(); 200] })), 200).await;
    let refused = rig.admin(Method::POST, path, Some(json!({ "rules": [rule] })), 409).await;
    assert_eq!((&refused["code"], &refused["max"]), (&json!("too_many_rules"), &json!(200)));
    for bad in [json!({ "defualt": 1 }), json!([])] {
        let refused = rig.admin(Method::POST, path, Some(bad.clone()), 400).await;
        assert_eq!(refused["code"], "malformed", "{bad}");
    }
}

#[tokio::test]
async fn a_customer_agrees_on_a_page_that_needs_no_key() {
    for (decision, status) in [("approve", "succeeded"), ("decline", "failed")] {
        let rig = Rig::new();
        let ProviderOutcome::ActionRequired { action_url, .. } = rig.authorize(2, "tok_action").await else {
            panic!("it asks the customer")
        };
        let (status_code, page) = rig.send(Method::GET, action_url.as_str(), None, None).await;
        assert_eq!(status_code, StatusCode::OK);
        assert!(page.contains("10.00 EUR") && page.contains(&format!("{action_url}/{decision}\"")), "{page}");
        let decided = format!("{action_url}/{decision}");
        for _ in 0..2 {
            let (status_code, _) = rig.send(Method::POST, &decided, None, None).await;
            assert_eq!(status_code, StatusCode::SEE_OTHER);
        }
        let (_, page) = rig.send(Method::GET, action_url.as_str(), None, None).await;
        assert!(!page.contains("<button"), "{page}");
        let charge = rig.admin(Method::GET, &format!("/api/v1/simulator/charges/{PAYMENT}"), None, 200).await;
        assert_eq!(charge["operations"][0]["status"], status);
    }
}

#[tokio::test]
async fn a_page_with_a_wrong_token_is_not_there() {
    let rig = Rig::new();
    let ProviderOutcome::ActionRequired { action_url, .. } = rig.authorize(2, "tok_action").await else {
        panic!("it asks the customer")
    };
    let (start, token) = action_url.as_str().rsplit_once('/').unwrap();
    for wrong in ["x".to_owned(), "a".repeat(32), token.chars().rev().collect()] {
        for (method, path) in
            [(Method::GET, format!("{start}/{wrong}")), (Method::POST, format!("{start}/{wrong}/approve"))]
        {
            assert_eq!(rig.send(method, &path, None, None).await.0, StatusCode::NOT_FOUND, "{path}");
        }
    }
    let nonsense = rig.send(Method::POST, &format!("{action_url}/nonsense"), None, None).await;
    assert_eq!(nonsense.0, StatusCode::BAD_REQUEST);
    let charge = rig.admin(Method::GET, &format!("/api/v1/simulator/charges/{PAYMENT}"), None, 200).await;
    assert_eq!(charge["operations"][0]["status"], "action_required");
}
