//! The OpenAPI document against the routes.

use crate::shop::{Shop, key};
use axum::http::Method;
use serde_json::Value;
use std::{collections::BTreeSet, sync::Arc};
use tillroll_command_api::{CommandApi, PROBLEMS, router};
use tillroll_http::{Keys, Role, problem::registry::EDGE};
use tillroll_infra::{ambient::Ambient, bus::Bus, log::memory::MemoryLog};

fn document() -> Value {
    let ambient = Ambient::system();
    let bus = Bus::builder(Arc::new(MemoryLog::new(ambient.clock.clone())), ambient).build();
    let keys = Keys::from_texts(Role::KEYED.map(key), [7; 32]).unwrap();
    serde_json::to_value(router(CommandApi::new(bus, keys)).into_openapi()).unwrap()
}

/// What is asked with a body and writes nothing, by whoever may read the catalog; and what providers send, who have no key.
const NO_WRITES: [&str; 2] = ["/api/v1/quotes/preview", "/api/v1/payment-webhooks/{provider}"];

/// The paths of all writes with their operations.
fn writes(document: &Value) -> impl Iterator<Item = (&String, &Value)> {
    document["paths"].as_object().unwrap().iter().filter(|(path, _)| !NO_WRITES.contains(&path.as_str()))
}

/// Whether a storefront may send it too: for the customer it acts for, whom these requests do not name, so that there is
/// no such customer; or to register one.
fn is_for_shoppers(path: &str) -> bool {
    let of_the_buyer = matches!(
        path.split('/').collect::<Vec<_>>()[..],
        ["", "api", "v1", "orders", _, "cancel" | "returns" | "pay"] | ["", "api", "v1", "returns", _, "cancel"]
    );
    let of_the_cart =
        path.starts_with("/api/v1/carts/") && !path.ends_with("/expire") && !path.ends_with("/place-order");
    of_the_buyer || of_the_cart || (path.starts_with("/api/v1/customers") && !path.ends_with("activate"))
}

/// Every write as method and path with its parameters filled in.
fn operations(document: &Value) -> Vec<(Method, String)> {
    let mut operations = Vec::new();
    for (path, item) in writes(document) {
        let collection = path.split('/').nth(3).unwrap();
        let prefix = match collection {
            "products" => "prd",
            "categories" => "cat",
            "customers" => "cus",
            "carts" => "crt",
            "shipments" => "shp",
            "returns" => "ret",
            "payments" => "pay",
            _ => "ord",
        };
        let path = path
            .replace("{id}", &format!("{prefix}_01980000-0000-7000-8000-000000000000"))
            .replace("{address_id}", "adr_01980000-0000-7000-8000-000000000000")
            .replace("{line_id}", "lin_01980000-0000-7000-8000-000000000000")
            .replace("{sku}", "MUG")
            .replace("{row_id}", "prw_01980000-0000-7000-8000-000000000000")
            .replace("{location}", "main");
        assert!(!path.contains('{'), "{path} has a parameter that this test does not know");
        for method in item.as_object().unwrap().keys().filter(|name| *name != "parameters") {
            operations.push((method.to_uppercase().parse().unwrap(), path.clone()));
        }
    }
    operations
}

#[tokio::test]
async fn every_operation_asks_for_a_key_and_a_permission() {
    let shop = Shop::open();
    let operations = operations(&document());
    assert_eq!(operations.len(), 92);
    for (method, path) in operations {
        let anonymous = shop.anonymous(method.clone(), &path).send().await;
        assert_eq!(anonymous.problem(), (401, "unauthorized"), "{method} {path}");
        for role in [Role::Analyst, Role::Auditor, Role::Storefront] {
            let call = shop.anonymous(method.clone(), &path);
            let answer = call.header("authorization", &format!("Bearer {}", key(role))).send().await;
            let expected = match path.as_str() {
                // Whoever is let in is asked for a body next; the secret of the cart to be merged may stand in it.
                "/api/v1/customers" | "/api/v1/carts" if role == Role::Storefront => (415, "unsupported_media_type"),
                path if role == Role::Storefront && path.ends_with("/merge") => (415, "unsupported_media_type"),
                path if role == Role::Storefront && is_for_shoppers(path) => (404, "not_found"),
                _ => (403, "forbidden"),
            };
            assert_eq!(answer.problem(), expected, "{method} {path} {role:?}");
        }
    }
}

#[tokio::test]
async fn every_operation_has_a_name_and_documents_its_problems() {
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    let mut names = BTreeSet::new();
    for (path, item) in writes(&document) {
        for (method, operation) in item.as_object().unwrap() {
            assert!(names.insert(operation["operationId"].as_str().unwrap()), "{method} {path}");
            assert!(operation["summary"].is_string(), "{method} {path}");
            for status in ["400", "401", "403", "404", "409", "412", "422", "503"] {
                let content = &operation["responses"][status]["content"];
                assert!(content["application/problem+json"].is_object(), "{method} {path} {status}");
            }
            let headers: Vec<&str> = operation["parameters"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|p| p["in"] == "header")
                .map(|p| p["name"].as_str().unwrap())
                .collect();
            assert_eq!(headers, ["Idempotency-Key", "If-Match", "Prefer"], "{method} {path}");
        }
    }
}

#[test]
fn every_object_of_a_body_refuses_unknown_members() {
    let document = document();
    let items = document["paths"].as_object().unwrap().values();
    let operations = items.flat_map(|item| item.as_object().unwrap().values());
    let mut open: Vec<&Value> = operations.map(|operation| &operation["requestBody"]).collect();
    let (mut seen, mut objects) = (BTreeSet::new(), 0);
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => {
                if let Some(reference) = members.get("$ref").and_then(Value::as_str)
                    && seen.insert(reference)
                {
                    open.push(document.pointer(reference.strip_prefix('#').unwrap()).unwrap());
                }
                if members.get("properties").is_some_and(Value::is_object) {
                    objects += 1;
                    assert_eq!(members.get("additionalProperties"), Some(&Value::Bool(false)), "{value}");
                }
                open.extend(members.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    assert!(objects >= 40, "{objects}");
}

#[test]
fn every_reference_of_the_document_leads_somewhere() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str));
                members.values().for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let document = document();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        assert!(document.pointer(reference.strip_prefix('#').unwrap()).is_some(), "{reference}");
    }
}

#[test]
fn problem_codes_are_unique_over_edge_and_api() {
    let codes: Vec<&str> = EDGE.iter().chain(PROBLEMS).map(|kind| kind.code).collect();
    let distinct: BTreeSet<&&str> = codes.iter().collect();
    assert_eq!(distinct.len(), codes.len());
}

#[test]
fn the_document_says_which_writes_need_an_idempotency_key() {
    let document = document();
    let mut needing = BTreeSet::new();
    for (path, item) in writes(&document) {
        for operation in item.as_object().unwrap().values() {
            let parameters = operation["parameters"].as_array().unwrap();
            let key = parameters.iter().find(|parameter| parameter["name"] == "Idempotency-Key").unwrap();
            if key["required"] == true {
                needing.insert(path.as_str());
            }
        }
    }
    let expected = [
        "/api/v1/carts/{id}/checkout",
        "/api/v1/carts/{id}/place-order",
        "/api/v1/orders",
        "/api/v1/orders/{id}/pay",
        "/api/v1/orders/{id}/returns",
        "/api/v1/orders/{id}/shipments",
        "/api/v1/payments/{id}/cancel",
        "/api/v1/payments/{id}/capture",
        "/api/v1/payments/{id}/refund",
        "/api/v1/products",
        "/api/v1/products/{id}/set-slug",
        "/api/v1/products/{id}/variants",
    ];
    assert_eq!(needing, BTreeSet::from(expected));
}
