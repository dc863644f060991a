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
    let keys = Keys::from_texts([Role::Admin, Role::Analyst, Role::Auditor, Role::Storefront].map(key)).unwrap();
    serde_json::to_value(router(CommandApi::new(bus, keys)).into_openapi()).unwrap()
}

/// Every operation as method and path with its parameters filled in.
fn operations(document: &Value) -> Vec<(Method, String)> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let collection = path.split('/').nth(3).unwrap();
        let prefix = match collection {
            "products" => "prd",
            "customers" => "cus",
            _ => "ord",
        };
        let path = path
            .replace("{id}", &format!("{prefix}_01980000-0000-7000-8000-000000000000"))
            .replace("{sku}", "MUG")
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
    assert_eq!(operations.len(), 33);
    for (method, path) in operations {
        let anonymous = shop.anonymous(method.clone(), &path).send().await;
        assert_eq!(anonymous.problem(), (401, "unauthorized"), "{method} {path}");
        for role in [Role::Analyst, Role::Auditor, Role::Storefront] {
            let call = shop.anonymous(method.clone(), &path);
            let answer = call.header("authorization", &format!("Bearer {}", key(role))).send().await;
            assert_eq!(answer.problem(), (403, "forbidden"), "{method} {path} {role:?}");
        }
    }
}

#[tokio::test]
async fn every_operation_has_a_name_and_documents_its_problems() {
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
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
            assert_eq!(headers, ["Idempotency-Key", "If-Match"], "{method} {path}");
        }
    }
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
    for (path, item) in document["paths"].as_object().unwrap() {
        for operation in item.as_object().unwrap().values() {
            let parameters = operation["parameters"].as_array().unwrap();
            let key = parameters.iter().find(|parameter| parameter["name"] == "Idempotency-Key").unwrap();
            if key["required"] == true {
                needing.insert(path.as_str());
            }
        }
    }
    let expected = ["/api/v1/orders", "/api/v1/products", "/api/v1/products/{id}/variants"];
    assert_eq!(needing, BTreeSet::from(expected));
}
