//! `tillroll serve`: the APIs over real HTTP, its files, and how it begins and ends.

use crate::support::{Answer, Api, Shop};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt};

fn position(answer: &Answer) -> u64 {
    answer.header("tillroll-position").parse().unwrap()
}

/// Creates a product with a price and ten units in stock. Answers the product's id.
async fn stocked_product(api: &Api) -> String {
    let variant = json!({ "sku": "CUP-1", "prices": [{ "amount": "12.34", "currency": "EUR" }] });
    let product = json!({ "name": "Cup", "variants": [variant] });
    let created = api.post("/api/v1/products", &product, &[("Idempotency-Key", "\"cup\"")]).await;
    let id = created.json(201)["id"].as_str().unwrap().to_owned();
    assert_eq!(created.header("location"), format!("/api/v1/products/{id}"));
    api.post("/api/v1/stock/main/CUP-1/receive", &json!({ "quantity": 10 }), &[]).await.json(200);
    id
}

fn order(quantity: u32) -> Value {
    json!({ "country": "DE", "currency": "EUR", "lines": [{ "sku": "CUP-1", "quantity": quantity }] })
}

#[tokio::test]
async fn the_first_start_makes_private_keys_and_prints_only_where_they_are() {
    let shop = Shop::new();
    let server = shop.serve(&[]);
    let path = shop.data().join("keys.toml");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let first = fs::read_to_string(&path).unwrap();
    let api = server.ready().await;
    assert_eq!(api.keys().keys().collect::<Vec<_>>(), ["admin", "analyst", "auditor", "storefront"]);

    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains(path.to_str().unwrap()), "{}", ended.stderr);
    for key in api.keys().values() {
        assert!(!ended.stderr.contains(key.as_str()), "a key was printed");
    }
    drop(shop.serve(&[]));
    assert_eq!(fs::read_to_string(&path).unwrap(), first, "a second start made other keys");
}

#[tokio::test]
async fn probes_and_documentation_need_no_key_and_everything_else_does() {
    let shop = Shop::new();
    let server = shop.serve(&[]);
    let api = server.ready().await;
    assert_eq!(api.get("/health", None).await.json(200), json!({ "status": "up" }));
    assert_eq!(api.get("/ready", None).await.json(200), json!({ "status": "ready" }));

    let root = api.get("/", None).await;
    assert!((300..400).contains(&root.status), "{root:?}");
    let page = api.get(root.header("location"), None).await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").starts_with("text/html"), "{page:?}");
    assert!(page.body.contains("<html"), "{}", page.body);

    let document = api.get("/api/v1/openapi.json", None).await.json(200);
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() > 30, "{} paths", paths.len());
    for (path, operations) in paths {
        assert!(path.starts_with("/api/v1/"), "{path}");
        let concrete = path.replace("{location}", "main").replace(['{', '}'], "");
        if operations.get("get").is_some() {
            let answer = api.get(&concrete, None).await;
            answer.problem(401, "unauthorized");
            assert!(answer.header("www-authenticate").starts_with("Bearer"));
        }
    }
    api.get("/api/v1/orders", Some("storefront")).await.problem(403, "forbidden");
    api.get("/api/v1/nonsense", Some("admin")).await.problem(404, "not_found");
    assert_eq!(server.stop().code, Some(0));
}

#[tokio::test]
async fn a_write_can_be_read_at_once() {
    let shop = Shop::new();
    let server = shop.serve(&[]);
    let api = server.ready().await;
    let product = stocked_product(&api).await;
    let placed = api.post("/api/v1/orders", &order(2), &[("Idempotency-Key", "\"k-1\"")]).await;
    let id = placed.json(201)["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("ord_"), "{id}");

    let after = placed.header("tillroll-position").to_owned();
    let read = api.get_with(&format!("/api/v1/orders/{id}"), ("Tillroll-After", &after)).await;
    let order = read.json(200);
    assert!(position(&read) >= position(&placed));
    assert_eq!(order["status"], "pending");
    assert_eq!(order["totals"]["total"], json!({ "amount": "24.68", "minor": 2468, "currency": "EUR" }));
    assert_eq!((&order["lines"][0]["sku"], &order["lines"][0]["quantity"]), (&json!("CUP-1"), &json!(2)));

    let stock = api.get_with("/api/v1/stock/main/CUP-1", ("Tillroll-After", &after)).await.json(200);
    assert_eq!((&stock["on_hand"], &stock["available"]), (&json!(10), &json!(10)));
    let path = format!("/api/v1/products/{product}");
    let read = api.get_with(&path, ("Tillroll-After", &after)).await;
    let tag = read.header("etag").to_owned();
    assert_eq!(read.json(200)["name"], "Cup");
    assert_eq!(api.get_with(&path, ("If-None-Match", &tag)).await.status, 304);

    let beyond = (position(&placed) + 1).to_string();
    let refused = api.get_with("/api/v1/orders", ("Tillroll-After", &beyond)).await;
    let problem = refused.problem(400, "position_beyond_log");
    assert_eq!(problem["head"], json!(position(&placed)));
    assert_eq!(server.stop().code, Some(0));
}

#[tokio::test]
async fn a_repeated_request_is_answered_as_the_first_time() {
    let shop = Shop::new();
    let server = shop.serve(&[]);
    let api = server.ready().await;
    stocked_product(&api).await;
    let key = [("Idempotency-Key", "\"k-1\"")];
    let first = api.post("/api/v1/orders", &order(2), &key).await;
    let again = api.post("/api/v1/orders", &order(2), &key).await;
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(again.body, first.body);
    for name in ["location", "etag", "tillroll-position"] {
        assert_eq!(again.header(name), first.header(name), "{name}");
    }
    api.post("/api/v1/orders", &order(3), &key).await.problem(422, "idempotency_key_reused");
    api.post("/api/v1/orders", &order(2), &[]).await.problem(400, "malformed");
    assert_eq!(shop.events(&["--type", "OrderPlaced"]).len(), 1);

    // The key is remembered by the log, not by the process.
    server.kill();
    let server = shop.serve(&[]);
    let later = server.ready().await.post("/api/v1/orders", &order(2), &key).await;
    assert_eq!((later.status, &later.body), (201, &first.body));
    assert_eq!(shop.events(&["--type", "OrderPlaced"]).len(), 1);
}

#[tokio::test]
async fn a_refusal_says_which_rule_and_with_what_figures() {
    let shop = Shop::new();
    let server = shop.serve(&[]);
    let api = server.ready().await;
    let product = stocked_product(&api).await;
    let before = shop.events(&[]).len();

    let refused = api.post("/api/v1/stock/main/CUP-1/reserve", &json!({ "quantity": 11 }), &[]).await;
    let problem = refused.problem(409, "insufficient_stock");
    for (name, value) in
        [("sku", json!("CUP-1")), ("location", json!("main")), ("requested", json!(11)), ("available", json!(10))]
    {
        assert_eq!(problem[name], value, "{problem}");
    }
    let explanation = problem["type"].as_str().unwrap();
    assert_eq!(api.get(explanation, None).await.json(200)["code"], "insufficient_stock");

    let rename = format!("/api/v1/products/{product}/rename");
    let stale = api.post(&rename, &json!({ "name": "Mug" }), &[("If-Match", "\"0\"")]).await;
    stale.problem(412, "precondition_failed");
    assert_eq!(shop.events(&[]).len(), before, "a refused request left events");

    let read = api.get(&format!("/api/v1/products/{product}"), Some("admin")).await;
    let tag = read.header("etag").to_owned();
    api.post(&rename, &json!({ "name": "Mug" }), &[("If-Match", &tag)]).await.json(200);
    assert_eq!(server.stop().code, Some(0));
}

#[tokio::test]
async fn a_folder_has_one_writer_and_any_number_of_readers() {
    let shop = Shop::new();
    let server = shop.serve(&[]);
    stocked_product(&server.ready().await).await;
    let refused = "is in use by";
    shop.run(&["serve", "--listen", "127.0.0.1:0"]).failed(1, &[refused, "stop it first"]);
    shop.run(&["import", "made-up"]).failed(1, &[refused]);
    shop.run(&["rebuild"]).failed(1, &[refused]);
    assert_eq!(shop.events(&["--type", "StockReceived"]).len(), 1);
    // The first one was not disturbed.
    assert_eq!(server.ready().await.get("/api/v1/orders", Some("auditor")).await.status, 200);
    assert_eq!(server.stop().code, Some(0));
    shop.run(&["rebuild"]).succeeded();
}

#[tokio::test]
async fn an_address_in_use_is_refused_with_a_reason() {
    let (first, second) = (Shop::new(), Shop::new());
    let server = first.serve(&[]);
    let refused = format!("cannot listen on {}", server.address());
    second.run(&["serve", "--listen", server.address()]).failed(1, &[&refused, "--listen"]);
}

#[tokio::test]
async fn keys_that_others_may_read_are_refused() {
    let shop = Shop::new();
    assert_eq!(shop.serve(&[]).ready().await.get("/health", None).await.status, 200);
    let path = shop.data().join("keys.toml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    shop.run(&["serve", "--listen", "127.0.0.1:0"]).failed(1, &["keys.toml", "chmod 600"]);
}

#[tokio::test]
async fn a_history_imported_at_the_start_is_served() {
    let imported = Shop::new();
    let report = imported.run(&["import", "made-up", "--json"]).last_line();

    let shop = Shop::new();
    for start in 0..2 {
        let server = shop.serve(&["--import"]);
        let api = server.ready().await;
        let page = api.get("/api/v1/sales/by-month?currency=GBP&limit=100", Some("analyst")).await.json(200);
        let months: BTreeMap<&str, &Value> = page["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|month| (month["month"].as_str().unwrap(), &month["net"]["minor"]))
            .collect();
        assert_eq!(json!(months), report["by_month"], "start {start}");
        let ended = server.stop();
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    }
    // Serving enables the processes, each in a stream of its own, and imported history starts none of them.
    let imported = shop.events(&[]).iter().filter(|event| event.category() != "process").count();
    assert_eq!(imported as u64, report["events"].as_u64().unwrap());
}
