//! The router and the OpenAPI document say the same: whatever is documented is served, and whatever is served is documented
//! or in one short list.
//!
//! Most routes are collected together with their documentation, but a route can be added by hand, dropped when routers are
//! put together, or hidden behind a layer. So the running program is asked about every documented address, and the router
//! for every address it has.

use crate::support::{Api, Shop};
use std::collections::{BTreeMap, BTreeSet};
use tillroll::engine::Engine;
use tillroll_infra::config::Settings;

/// What is served without being part of the API, and needs no key unless it says so here.
const UNDOCUMENTED: &[&str] = &[
    "/",
    "/api/v1/openapi.json",
    "/docs",
    "/docs/",
    "/docs/{*rest}",
    "/health",
    // Behind a key.
    "/metrics",
    "/problems",
    "/problems/{code}",
    "/ready",
    // For the customer's browser; the token in the address is the key.
    "/simulator/pay/{payment_id}/{token}",
    "/simulator/pay/{payment_id}/{token}/{decision}",
];

/// The methods that a path of the document can have (OpenAPI 3.1, path item).
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// A method that no route has.
const NO_METHOD: &str = "PROPFIND";

/// The documented methods of every documented path, in upper case.
async fn documented(api: &Api) -> BTreeMap<String, BTreeSet<String>> {
    let document = api.get("/api/v1/openapi.json", None).await.json(200);
    let paths = document["paths"].as_object().unwrap();
    let methods = |item: &serde_json::Value| -> BTreeSet<String> {
        let item = item.as_object().unwrap();
        METHODS.iter().filter(|method| item.contains_key(**method)).map(|method| method.to_uppercase()).collect()
    };
    paths.iter().map(|(path, item)| (path.clone(), methods(item))).collect()
}

/// A path with something in the place of its parameters.
fn concrete(path: &str) -> String {
    path.replace(['{', '}'], "")
}

/// Every address that the program's router has. Its debug text is the one place that lists them.
async fn routed() -> BTreeSet<String> {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::open(Settings { data: folder.path().join("data"), ..Settings::default() }).await.unwrap();
    let text = format!("{:?}", engine.router().unwrap());
    engine.close(None).await;
    let (_, list) = text.split_once("paths: {").expect("axum prints the paths of a router");
    // Parameters have braces of their own; the list ends where a brace follows a quotation mark.
    let (list, _) = list.split_once("\"}").expect("the list of paths ends");
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[tokio::test]
async fn every_documented_path_is_served_with_exactly_its_methods() {
    let shop = Shop::new();
    let server = shop.serve(&[]);
    let api = server.ready().await;
    let documented = documented(&api).await;
    assert!(documented.len() > 40, "{} paths", documented.len());
    for (path, methods) in &documented {
        assert!(!methods.is_empty(), "{path} has no operation");
        let refused = api.request(NO_METHOD, &concrete(path), Some("admin")).await;
        assert_eq!(refused.status, 405, "{path} is documented and not served: {}", refused.body);
        refused.problem(405, "method_not_allowed");
        // A GET brings its HEAD along, without a line in the document.
        let allowed: BTreeSet<String> =
            refused.header("allow").split(',').map(|method| method.trim().to_owned()).collect();
        let mut expected = methods.clone();
        if methods.contains("GET") {
            expected.insert("HEAD".to_owned());
        }
        assert_eq!(allowed, expected, "{path} is served with other methods than documented");
        for method in METHODS.map(str::to_uppercase) {
            let status = api.request(&method, &concrete(path), Some("admin")).await.status;
            assert_eq!(status != 405, expected.contains(&method), "{method} {path} answers {status}");
        }
    }
    assert_eq!(server.stop().code, Some(0));
}

#[tokio::test]
async fn every_path_of_the_router_is_documented_or_listed_here() {
    let shop = Shop::new();
    let server = shop.serve(&[]);
    let documented: BTreeSet<String> = documented(&server.ready().await).await.into_keys().collect();
    let listed: BTreeSet<String> = UNDOCUMENTED.iter().map(|path| (*path).to_owned()).collect();
    let routed = routed().await;
    let unknown: Vec<_> = routed.iter().filter(|path| !documented.contains(*path) && !listed.contains(*path)).collect();
    assert!(unknown.is_empty(), "served, but neither documented nor listed: {unknown:?}");
    let missing: Vec<_> = documented.union(&listed).filter(|path| !routed.contains(*path)).collect();
    assert!(missing.is_empty(), "documented or listed, but not in the router: {missing:?}");
}

/// What a client generator stumbles over: names of operations that come twice, problems without a shape.
#[tokio::test]
async fn every_operation_has_a_name_of_its_own_and_documents_its_errors() {
    let shop = Shop::new();
    let server = shop.serve(&[]);
    let document = server.ready().await.get("/api/v1/openapi.json", None).await.json(200);
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path} has no name"));
            assert!(names.insert(name.to_owned()), "{name} comes twice");
            assert!(!operation["summary"].as_str().unwrap_or_default().is_empty(), "{name} says nothing");
            assert!(!operation["tags"].as_array().unwrap().is_empty(), "{name} has no tag");
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                assert!(parameter["schema"].is_object(), "{name}: {parameter}");
            }
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.keys().any(|status| status.starts_with('2')), "{name} never succeeds");
            for (status, response) in responses {
                if status.starts_with(['4', '5']) {
                    let schema = &response["content"]["application/problem+json"]["schema"]["$ref"];
                    assert_eq!(schema, "#/components/schemas/Problem", "{name} {status}");
                }
            }
        }
    }
}
