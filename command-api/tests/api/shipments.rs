//! Shipments: planned against the order, packed, shipped, delivered; or given up.

mod allocated;

use crate::shop::{Answer, Shop};
use serde_json::{Value, json};
use tillroll_domain::{
    fulfillment::Fulfillment,
    ids::{OrderId, ShipmentId},
    order::{Order, status::OrderStatus},
};

/// A confirmed order of three mugs and two cups, with carriage as its third line.
pub(crate) async fn confirmed(shop: &Shop) -> String {
    let price = json!([{"amount": "2.50", "currency": "GBP"}]);
    shop.product("Mug", json!([{"sku": "MUG", "prices": price}, {"sku": "CUP", "prices": price}])).await;
    let body = json!({
        "country": "GB", "currency": "GBP", "carriage": {"amount": "4", "currency": "GBP"},
        "lines": [{"sku": "MUG", "quantity": 3}, {"sku": "CUP", "quantity": 2}],
    });
    let id = shop.post("/api/v1/orders").key("o").json(&body).send().await.ok().id();
    shop.post(&format!("/api/v1/orders/{id}/confirm")).send().await.ok();
    id
}

pub(crate) fn units(lines: &[(u32, u32)]) -> Value {
    lines.iter().map(|(line, quantity)| json!({"line": line, "quantity": quantity})).collect()
}

/// Asks for a shipment under a key.
async fn plan(shop: &Shop, order: &str, key: &str, lines: &[(u32, u32)]) -> Answer {
    let body = json!({"location": "main", "lines": units(lines)});
    shop.post(&format!("/api/v1/orders/{order}/shipments")).key(key).json(&body).send().await
}

fn at(id: &str, intent: &str) -> String {
    format!("/api/v1/shipments/{id}/{intent}")
}

async fn order(shop: &Shop, id: &str) -> tillroll_domain::order::state::PlacedOrder {
    let id: OrderId = id.parse().unwrap();
    shop.bus.load::<Order>("default", &id.uuid().to_string()).await.unwrap().state.placed().unwrap().clone()
}

async fn shipment(shop: &Shop, id: &str) -> tillroll_domain::fulfillment::state::KnownFulfillment {
    let id: ShipmentId = id.parse().unwrap();
    shop.bus.load::<Fulfillment>("default", &id.uuid().to_string()).await.unwrap().state.known().unwrap().clone()
}

#[tokio::test]
async fn an_order_is_sent_in_parts_and_delivered_with_the_last_one() {
    let shop = Shop::open();
    let id = confirmed(&shop).await;
    let first = plan(&shop, &id, "s1", &[(1, 3)]).await.ok();
    assert_eq!(first.header("location"), format!("/api/v1/shipments/{}", first.id()));
    let second = plan(&shop, &id, "s2", &[(2, 2)]).await.ok().id();
    let first = first.id();
    assert_eq!(order(&shop, &id).await.status(), OrderStatus::Processing);
    let known = shipment(&shop, &first).await;
    assert_eq!((known.lines[0].sku.as_str(), known.lines[0].quantity.get()), ("MUG", 3));

    shop.post(&at(&first, "pack")).send().await.ok();
    let left = json!({"carrier": "DHL", "tracking": [{"number": "JD1", "url": "https://carrier.example/JD1"}]});
    shop.post(&at(&first, "ship")).json(&left).send().await.ok();
    shop.post(&at(&first, "add-tracking")).json(&json!({"tracking": [{"number": "JD2"}]})).send().await.ok();
    shop.post(&at(&first, "deliver")).send().await.ok();
    assert_eq!(shipment(&shop, &first).await.tracking.len(), 2);
    assert_eq!(order(&shop, &id).await.status(), OrderStatus::Processing, "the other half has not left");

    shop.post(&at(&second, "ship")).json(&json!({})).send().await.ok();
    assert_eq!(order(&shop, &id).await.status(), OrderStatus::Shipped);
    shop.post(&at(&second, "report-lost")).json(&json!({"note": "no scan"})).send().await.ok();
    assert_eq!(order(&shop, &id).await.status(), OrderStatus::Shipped);
    shop.post(&at(&second, "deliver")).send().await.ok();
    let delivered = order(&shop, &id).await;
    assert_eq!(delivered.status(), OrderStatus::Delivered);
    assert_eq!(delivered.delivered_on().unwrap().to_string(), "2026-03-01");
}

#[tokio::test]
async fn the_last_two_shipments_that_arrive_at_once_deliver_the_order() {
    let shop = Shop::open();
    let id = confirmed(&shop).await;
    let first = plan(&shop, &id, "s1", &[(1, 3)]).await.ok().id();
    let second = plan(&shop, &id, "s2", &[(2, 2)]).await.ok().id();
    for shipment in [&first, &second] {
        shop.post(&at(shipment, "ship")).json(&json!({})).send().await.ok();
    }
    let (left, right) = (at(&first, "deliver"), at(&second, "deliver"));
    let (left, right) = tokio::join!(shop.post(&left).send(), shop.post(&right).send());
    left.ok();
    right.ok();
    assert_eq!(order(&shop, &id).await.status(), OrderStatus::Delivered);
}

/// Case 27: what is planned is not cancelled; what is given up leaves no more.
#[tokio::test]
async fn a_planned_shipment_keeps_the_order_from_being_cancelled_until_it_is_given_up() {
    let shop = Shop::open();
    let id = confirmed(&shop).await;
    let planned = plan(&shop, &id, "s1", &[(1, 2)]).await.ok().id();
    let cancel = || shop.post(&format!("/api/v1/orders/{id}/cancel")).json(&json!({"reason": "changed"})).send();
    let refused = cancel().await;
    assert_eq!((refused.problem(), &refused.json["planned"]), ((409, "order_units_planned"), &json!(2)));
    shop.post(&at(&planned, "cancel")).json(&json!({"reason": "changed"})).send().await.ok();
    let late = shop.post(&at(&planned, "ship")).json(&json!({})).send().await;
    assert_eq!(late.problem(), (409, "shipment_cancelled"));
    cancel().await.ok();
    assert_eq!(order(&shop, &id).await.status(), OrderStatus::Cancelled);
}

/// Case 27: of shipping and giving up, one wins on both streams.
#[tokio::test]
async fn shipping_and_giving_up_at_once_leave_order_and_shipment_in_agreement() {
    for _ in 0..8 {
        let shop = Shop::open();
        let id = confirmed(&shop).await;
        let planned = plan(&shop, &id, "s1", &[(1, 2)]).await.ok().id();
        let (ship, cancel) = (at(&planned, "ship"), at(&planned, "cancel"));
        let (empty, reason) = (json!({}), json!({"reason": ""}));
        let (shipped, cancelled) =
            tokio::join!(shop.post(&ship).json(&empty).send(), shop.post(&cancel).json(&reason).send());
        let left = order(&shop, &id).await.lines()[0].shipped == 2;
        assert_eq!(shipped.status.is_success(), left, "{}", shipped.text);
        assert_eq!(cancelled.status.is_success(), !left, "{}", cancelled.text);
        assert_eq!(shipment(&shop, &planned).await.status.has_left(), left);
    }
}

#[tokio::test]
async fn a_shipment_that_has_left_is_not_given_up() {
    let shop = Shop::open();
    let id = confirmed(&shop).await;
    let planned = plan(&shop, &id, "s1", &[(1, 2)]).await.ok().id();
    shop.post(&at(&planned, "ship")).json(&json!({})).send().await.ok();
    let refused = shop.post(&at(&planned, "cancel")).json(&json!({"reason": ""})).send().await;
    assert_eq!((refused.problem(), &refused.json["shipment_status"]), ((409, "shipment_shipped"), &json!("shipped")));
}

#[tokio::test]
async fn a_repeated_request_plans_once_and_another_body_is_refused() {
    let shop = Shop::open();
    let id = confirmed(&shop).await;
    let first = plan(&shop, &id, "s1", &[(1, 2)]).await.ok();
    let again = plan(&shop, &id, "s1", &[(1, 2)]).await.ok();
    assert_eq!(again.text, first.text);
    assert_eq!(order(&shop, &id).await.lines()[0].planned, 2);
    assert_eq!(plan(&shop, &id, "s1", &[(1, 1)]).await.problem(), (422, "idempotency_key_reused"));
    let body = json!({"location": "main", "lines": units(&[(1, 1)])});
    let unkeyed = shop.post(&format!("/api/v1/orders/{id}/shipments")).json(&body).send().await;
    assert_eq!(unkeyed.problem(), (400, "malformed"));
}

/// A request that stopped after the order's step is completed by the same request.
#[tokio::test]
async fn a_request_that_stopped_half_way_is_completed_by_its_repetition() {
    let shop = Shop::open();
    let id = confirmed(&shop).await;
    let planned = plan(&shop, &id, "s1", &[(1, 2)]).await.ok().id();
    // The order's step of a shipping whose second step never came.
    let shipment_id: ShipmentId = planned.parse().unwrap();
    let lines = shipment(&shop, &planned).await.lines.iter().map(|line| (line.line, line.quantity)).collect::<Vec<_>>();
    let lines =
        lines.into_iter().map(|(line, quantity)| tillroll_domain::common::LineQuantity { line, quantity }).collect();
    let order_id: OrderId = id.parse().unwrap();
    let command = tillroll_domain::order::commands::OrderCommand::ShipLines { shipment_id, lines };
    let context =
        tillroll_infra::bus::CommandContext::live("cmd_01980000-0000-7000-8000-000000000001".parse().unwrap(), "admin");
    shop.bus.execute::<Order>(&order_id.uuid().to_string(), command, context).await.unwrap();
    assert!(!shipment(&shop, &planned).await.status.has_left());
    // Giving it up has lost already, although the shipment does not know yet that it left.
    let cancelled = shop.post(&at(&planned, "cancel")).json(&json!({"reason": ""})).send().await;
    assert_eq!(cancelled.problem(), (409, "shipment_shipped"));
    shop.post(&at(&planned, "ship")).key("k").json(&json!({})).send().await.ok();
    assert!(shipment(&shop, &planned).await.status.has_left());
    assert_eq!(order(&shop, &id).await.lines()[0].shipped, 2);
}

#[tokio::test]
async fn shipments_that_cannot_be_are_refused_with_details() {
    let shop = Shop::open();
    let id = confirmed(&shop).await;
    let refused = async |lines: &[(u32, u32)]| plan(&shop, &id, &format!("{lines:?}"), lines).await;
    assert_eq!(refused(&[]).await.problem(), (422, "no_lines"));
    assert_eq!(refused(&[(1, 4)]).await.problem(), (409, "quantity_exceeded"));
    assert_eq!(refused(&[(3, 1)]).await.problem(), (409, "line_not_goods"));
    assert_eq!(refused(&[(9, 1)]).await.problem(), (422, "unknown_line"));
    assert_eq!(refused(&[(1, 1), (1, 1)]).await.problem(), (422, "line_repeated"));
    let nobody = "shp_01980000-0000-7000-8000-000000000000";
    assert_eq!(shop.post(&at(nobody, "pack")).send().await.problem(), (404, "not_found"));
    assert_eq!(shop.post(&at(nobody, "ship")).json(&json!({})).send().await.problem(), (404, "not_found"));
    let planned = plan(&shop, &id, "s1", &[(1, 2)]).await.ok().id();
    let early = shop.post(&at(&planned, "deliver")).send().await;
    assert_eq!((early.problem(), &early.json["shipment_status"]), ((409, "shipment_not_shipped"), &json!("created")));
    let script = json!({"tracking": [{"number": "N", "url": "javascript:alert(1)"}]});
    let refused = shop.post(&at(&planned, "add-tracking")).json(&script).send().await;
    assert_eq!(refused.status.as_u16(), 422, "{}", refused.text);
    let many: Vec<Value> = (0..51).map(|n| json!({"number": n.to_string()})).collect();
    let refused = shop.post(&at(&planned, "add-tracking")).json(&json!({"tracking": many})).send().await;
    assert_eq!(refused.problem(), (422, "too_much_tracking"));
}

#[tokio::test]
async fn a_stale_precondition_stops_a_shipping_before_the_order_hears_of_it() {
    let shop = Shop::open();
    let id = confirmed(&shop).await;
    let planned = plan(&shop, &id, "s1", &[(1, 2)]).await.ok().id();
    let stale = shop.post(&at(&planned, "ship")).header("if-match", "\"7\"").json(&json!({})).send().await;
    assert_eq!(stale.status.as_u16(), 412, "{}", stale.text);
    assert_eq!(order(&shop, &id).await.lines()[0].shipped, 0);
    shop.post(&at(&planned, "ship")).header("if-match", "\"0\"").json(&json!({})).send().await.ok();
}
