//! The OpenAPI document and the page that shows it.

use super::Server;
use crate::{PROBLEMS, ReadApi, docs, router};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
    response::Response,
};
use serde_json::Value;
use tower::ServiceExt;

/// A list so short that it has one page.
const SHOWN_WHOLE: &str = "/api/v1/customers/{id}/addresses";

async fn page() -> Router {
    let server = Server::empty().await;
    let api = ReadApi::new(server.runtime.read_models(), server.log.clone(), server.keys.clone());
    docs(router(api).into_openapi())
}

async fn get(router: &Router, path: &str) -> (Response<()>, String) {
    let request = Request::builder().uri(path).body(Body::empty()).unwrap();
    let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let body = to_bytes(body, 8 << 20).await.unwrap();
    (Response::from_parts(parts, ()), String::from_utf8_lossy(&body).into_owned())
}

/// What is one buyer's, whatever the caller's role: who may not see it is told that it is not there, and never that it is
/// forbidden.
const NEVER_FORBIDDEN: [&str; 2] = ["/api/v1/carts/{id}/events", "/api/v1/orders/{id}/events"];

#[tokio::test]
async fn the_document_describes_every_route() {
    let (response, text) = get(&page().await, "/api/v1/openapi.json").await;
    assert_eq!(response.status(), StatusCode::OK);
    let document: Value = serde_json::from_str(&text).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.len(), 46);
    for path in NEVER_FORBIDDEN {
        assert!(paths.contains_key(path), "{path} is a route");
    }
    for (path, item) in paths {
        let operation = &item["get"];
        assert!(operation["summary"].is_string(), "{path} says what it is for");
        let statuses: Vec<_> = operation["responses"].as_object().unwrap().keys().map(String::as_str).collect();
        let (refusal, never) =
            if NEVER_FORBIDDEN.contains(&path.as_str()) { ("404", Some("403")) } else { ("403", None) };
        for status in ["200", "400", "401", refusal, "503"] {
            assert!(statuses.contains(&status), "{path} answers {statuses:?}");
        }
        assert!(!never.is_some_and(|status| statuses.contains(&status)), "{path} answers {statuses:?}");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["name"].is_string() && parameter["schema"].is_object(), "{path}: {parameter}");
        }
    }
}

#[tokio::test]
async fn every_list_documents_its_bound_and_its_cursor() {
    let (_, text) = get(&page().await, "/api/v1/openapi.json").await;
    let document: Value = serde_json::from_str(&text).unwrap();
    let mut lists = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let mut shown = &item["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        if let Some(reference) = shown["$ref"].as_str() {
            shown = document.pointer(reference.strip_prefix('#').unwrap()).unwrap();
        }
        if !shown["properties"]["next_cursor"].is_object() || path == SHOWN_WHOLE {
            continue;
        }
        lists += 1;
        let parameter = |name: &str| {
            let parameters = item["get"]["parameters"].as_array().unwrap();
            let found = parameters.iter().find(|parameter| parameter["name"] == name);
            found.unwrap_or_else(|| panic!("{path} does not document {name}"))
        };
        let limit = parameter("limit");
        assert_eq!((limit["schema"]["minimum"].as_u64(), limit["schema"]["maximum"].as_u64()), (Some(1), Some(100)));
        let cursor = parameter("cursor");
        assert!(cursor["schema"]["minLength"] == 1 && cursor["schema"]["pattern"].is_string(), "{path}: {cursor}");
        assert!(limit["required"] == false && cursor["required"] == false, "{path}");
    }
    assert!(lists >= 15, "{lists}");
}

#[tokio::test]
async fn every_reference_of_the_document_leads_somewhere() {
    let (_, text) = get(&page().await, "/api/v1/openapi.json").await;
    let document: Value = serde_json::from_str(&text).unwrap();
    let mut open = vec![&document];
    let (mut references, mut dangling) = (0, std::collections::BTreeSet::new());
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref") {
                    references += 1;
                    let pointer = reference.strip_prefix('#').expect("references stay in the document");
                    if document.pointer(pointer).is_none() {
                        dangling.insert(pointer);
                    }
                }
                open.extend(members.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    assert!(dangling.is_empty(), "{dangling:#?}");
    assert!(references > 50, "{references}");
}

#[tokio::test]
async fn the_page_needs_nothing_from_elsewhere() {
    let router = page().await;
    let (response, _) = get(&router, "/").await;
    assert_eq!(response.status(), StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(response.headers()[header::LOCATION], "/docs/");
    let (response, html) = get(&router, "/docs/").await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().contains("default-src 'self'"));
    let sources = html.split(['"', '\'']).filter(|part| part.ends_with(".js") || part.ends_with(".css"));
    let mut files = 0;
    for source in sources {
        files += 1;
        assert!(!source.contains("//"), "{source} comes from elsewhere");
        let path = format!("/docs/{}", source.trim_start_matches("./"));
        assert_eq!(get(&router, &path).await.0.status(), StatusCode::OK, "{path}");
    }
    assert!(files >= 3, "{html}");
    assert!(!html.contains("<script>"), "the policy forbids scripts inside the page");
    let (_, settings) = get(&router, "/docs/swagger-initializer.js").await;
    assert!(settings.contains("/api/v1/openapi.json"), "{settings}");
}

#[test]
fn problems_have_codes_of_their_own() {
    let mut codes: Vec<_> = PROBLEMS.iter().map(|kind| kind.code).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), PROBLEMS.len());
}
