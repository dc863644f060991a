//! The edge of the real program: metrics, cross-origin requests, `Prefer: wait`, live streams, callers without a key, and
//! card numbers.

use crate::support::{Api, Server, Shop};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use std::{fs, path::Path, time::Duration};
use tokio::time::timeout;

const SOON: Duration = Duration::from_secs(30);
const ORIGIN: &str = "https://shop.example";
const CARD: &str = "4111111111111111";

/// A server with these settings, by variable.
fn serve(shop: &Shop, variables: &[(&str, &str)]) -> Server {
    let mut command = shop.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.envs(variables.iter().copied());
    Server::start(command, &shop.data())
}

/// A request as it is, with the key of a role if one is named.
async fn send(
    server: &Server,
    api: &Api,
    method: Method,
    path: &str,
    role: &str,
    headers: &[(&str, &str)],
) -> Response {
    let client = Client::builder().no_proxy().build().unwrap();
    let mut request = client.request(method, format!("http://{}{path}", server.address()));
    if let Some(key) = api.keys().get(role) {
        request = request.bearer_auth(key);
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

/// Makes a product; answers its position.
async fn create_product(api: &Api, key: &str) -> u64 {
    let key = format!("\"{key}\"");
    let made = api.post("/api/v1/products", &json!({ "name": "Mug" }), &[("idempotency-key", &key)]).await.json(201);
    made["position"].as_u64().unwrap()
}

/// Reads server-sent events.
struct Stream {
    response: Response,
    text: String,
}

impl Stream {
    async fn open(server: &Server, api: &Api, headers: &[(&str, &str)]) -> Self {
        let response = send(server, api, Method::GET, "/api/v1/events", "analyst", headers).await;
        assert_eq!(response.status(), 200);
        Self { response, text: String::new() }
    }

    /// The next event's id, name and data; `None` if the stream has ended.
    async fn next(&mut self) -> Option<(u64, String, Value)> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
                let read = field("id").map(|id| {
                    let data = serde_json::from_str(field("data").unwrap()).unwrap();
                    (id.parse().unwrap(), field("event").unwrap_or_default().to_owned(), data)
                });
                self.text = rest.to_owned();
                // A block without an id is a heartbeat.
                if read.is_some() {
                    return read;
                }
                continue;
            }
            // A connection that was cut has ended, too.
            let piece = timeout(SOON, self.response.chunk()).await.expect("the stream hangs").ok()??;
            self.text.push_str(std::str::from_utf8(&piece).unwrap());
        }
    }
}

#[tokio::test]
async fn metrics_tell_how_the_engine_is_doing_to_those_who_operate_it() {
    let shop = Shop::new();
    let server = serve(&shop, &[]);
    let api = server.ready().await;
    api.get("/metrics", None).await.problem(401, "unauthorized");
    for role in ["auditor", "storefront"] {
        api.get("/metrics", Some(role)).await.problem(403, "forbidden");
    }
    let position = create_product(&api, "1").await;
    api.get("/api/v1/products/prd_00000000-0000-7000-8000-00000000ffff", Some("admin"))
        .await
        .problem(404, "product_not_found");
    api.get("/canary", None).await.problem(404, "not_found");
    let answer = api.get("/metrics", Some("analyst")).await;
    assert!(answer.header("content-type").starts_with("application/openmetrics-text"), "{answer:?}");
    for line in [
        format!("tillroll_log_position {position}"),
        format!("tillroll_log_events_total {position}"),
        r#"tillroll_http_requests_total{method="POST",route="/api/v1/products",status="201"} 1"#.to_owned(),
        r#"tillroll_http_requests_total{method="GET",route="/api/v1/products/{id}",status="404"} 1"#.to_owned(),
        r#"tillroll_http_requests_total{method="GET",route="unmatched",status="404"} 1"#.to_owned(),
        r#"tillroll_http_request_duration_seconds_count{method="POST",route="/api/v1/products"} 1"#.to_owned(),
        r#"tillroll_projection_live{projection="products"} 1"#.to_owned(),
        r#"tillroll_projection_parked_events{projection="products"} 0"#.to_owned(),
    ] {
        assert!(answer.body.lines().any(|found| found == line), "{line} is missing in\n{}", answer.body);
    }
    assert!(!answer.body.contains("ffff") && !answer.body.contains("canary"), "{}", answer.body);
    assert!(answer.body.ends_with("# EOF\n"));
}

#[tokio::test]
async fn only_pages_of_listed_origins_may_call() {
    let shop = Shop::new();
    let server = serve(&shop, &[("TILLROLL_HTTP_CORS_ORIGINS", ORIGIN)]);
    let api = server.ready().await;
    let asks = |origin| [("origin", origin), ("access-control-request-method", "POST")];
    let preflight = send(&server, &api, Method::OPTIONS, "/api/v1/products", "", &asks(ORIGIN)).await;
    assert_eq!((preflight.status().as_u16(), header(&preflight, "access-control-allow-origin")), (204, Some(ORIGIN)));
    assert_eq!(header(&preflight, "access-control-allow-methods"), Some("GET, POST"));
    let foreign = send(&server, &api, Method::OPTIONS, "/api/v1/products", "", &asks("https://evil.example")).await;
    assert_eq!((foreign.status().as_u16(), header(&foreign, "access-control-allow-origin")), (405, None));
    for (role, status) in [("storefront", 200), ("", 401)] {
        let answer = send(&server, &api, Method::GET, "/api/v1/products", role, &[("origin", ORIGIN)]).await;
        assert_eq!((answer.status().as_u16(), header(&answer, "access-control-allow-origin")), (status, Some(ORIGIN)));
        assert_eq!(header(&answer, "vary"), Some("Origin"));
        assert!(header(&answer, "access-control-expose-headers").unwrap().contains("Tillroll-Position"));
        assert_eq!(header(&answer, "access-control-allow-credentials"), None);
    }
}

#[tokio::test]
async fn a_write_that_prefers_to_wait_is_answered_when_reads_show_it() {
    let shop = Shop::new();
    let server = serve(&shop, &[]);
    let api = server.ready().await;
    let body = json!({ "name": "Mug" });
    let made = api
        .post("/api/v1/products", &body, &[("idempotency-key", "\"1\""), ("prefer", "respond-async, wait=60")])
        .await;
    assert_eq!((made.status, made.header("preference-applied")), (201, "wait=10"));
    let path = made.header("location").to_owned();
    // Without Tillroll-After.
    assert_eq!(api.get(&path, Some("admin")).await.status, 200);
    let plain = api.post("/api/v1/products", &body, &[("idempotency-key", "\"2\"")]).await;
    assert_eq!((plain.status, plain.headers.get("preference-applied")), (201, None));
    let refused = api.post("/api/v1/products", &json!({}), &[("prefer", "wait=10")]).await;
    assert_eq!((refused.status, refused.headers.get("preference-applied")), (400, None));
}

#[tokio::test]
async fn a_live_stream_goes_on_behind_a_crash_without_gap_or_repeat() {
    let shop = Shop::new();
    let server = serve(&shop, &[]);
    let api = server.ready().await;
    create_product(&api, "1").await;
    let mut stream = Stream::open(&server, &api, &[]).await;
    let mut seen = Vec::new();
    loop {
        let (id, name, data) = stream.next().await.unwrap();
        if name == "caught_up" {
            break;
        }
        assert_eq!((data["position"].as_u64(), data["type"].as_str().is_some()), (Some(id), true));
        seen.push(id);
    }
    let position = create_product(&api, "2").await;
    while *seen.last().unwrap() < position {
        seen.push(stream.next().await.unwrap().0);
    }
    server.kill();
    assert_eq!(stream.next().await, None);

    let server = serve(&shop, &[]);
    let api = server.ready().await;
    let position = create_product(&api, "3").await;
    let last = seen.last().unwrap().to_string();
    let mut stream = Stream::open(&server, &api, &[("last-event-id", &last)]).await;
    while *seen.last().unwrap() < position {
        seen.push(stream.next().await.unwrap().0);
    }
    assert_eq!(seen, (1..=position).collect::<Vec<_>>());
}

#[tokio::test]
async fn open_streams_do_not_keep_the_server_from_stopping() {
    let shop = Shop::new();
    let server = serve(&shop, &[]);
    let api = server.ready().await;
    create_product(&api, "1").await;
    let mut streams = Vec::new();
    for _ in 0..3 {
        let mut stream = Stream::open(&server, &api, &[]).await;
        stream.next().await.unwrap();
        streams.push(stream);
    }
    let stopped = tokio::task::spawn_blocking(|| server.stop());
    for stream in &mut streams {
        while stream.next().await.is_some() {}
    }
    let ran = stopped.await.unwrap().succeeded();
    assert!(!ran.stderr.contains("did not finish in time"), "{}", ran.stderr);
}

#[tokio::test]
async fn streams_beyond_the_setting_are_told_to_come_later() {
    let shop = Shop::new();
    let server = serve(&shop, &[("TILLROLL_HTTP_LIVE_STREAMS_MAX", "1")]);
    let api = server.ready().await;
    let _open = Stream::open(&server, &api, &[]).await;
    let second = api.get("/api/v1/events", Some("admin")).await;
    second.problem(503, "too_many_streams");
    assert_eq!(second.header("retry-after"), "5");
}

#[tokio::test]
async fn callers_without_a_key_see_the_catalog_where_the_settings_say_so() {
    let shop = Shop::new();
    let server = serve(&shop, &[]);
    let api = server.ready().await;
    api.get("/api/v1/products", None).await.problem(401, "unauthorized");
    server.stop().succeeded();
    let server = serve(&shop, &[("TILLROLL_HTTP_ANONYMOUS", "true")]);
    let api = server.ready().await;
    assert_eq!(api.get("/api/v1/products", None).await.status, 200);
    for path in ["/api/v1/customers", "/api/v1/orders", "/api/v1/events", "/metrics"] {
        api.get(path, None).await.problem(401, "unauthorized");
    }
    let ran = server.stop().succeeded();
    let secrets = shop.data().join("secrets.toml");
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&secrets).unwrap().permissions()) & 0o777, 0o600);
    let text = fs::read_to_string(&secrets).unwrap();
    assert!(!ran.stderr.contains(text.split('"').nth(1).unwrap()), "the server's secret is printed");
}

#[tokio::test]
async fn no_card_number_gets_past_the_edge() {
    let shop = Shop::new();
    let server = serve(&shop, &[("TILLROLL_LOG_LEVEL", "debug")]);
    let api = server.ready().await;
    let grouped = "4111 1111-1111 1111";
    let quoted = format!("\"{CARD}\"");
    let fine = json!({ "name": "Mug" });
    let key = [("idempotency-key", "\"1\"")];
    let answers = [
        api.post("/api/v1/products", &json!({ "name": format!("Mug {grouped}") }), &key).await,
        api.post("/api/v1/products", &json!({ "name": "Mug", CARD: 1 }), &key).await,
        api.post("/api/v1/products", &json!({ "name": 4_111_111_111_111_111_u64 }), &key).await,
        api.post("/api/v1/products", &fine, &[("idempotency-key", &quoted)]).await,
        api.post(&format!("/api/v1/products?card={CARD}"), &fine, &key).await,
        api.get(&format!("/api/v1/stock/main/{CARD}"), Some("admin")).await,
        api.get(&format!("/api/v1/orders?source_number={CARD}"), Some("admin")).await,
        api.get(&format!("/{CARD}"), None).await,
    ];
    for answer in answers {
        answer.problem(422, "card_number_refused");
        assert!(!answer.body.contains("1111") && !format!("{:?}", answer.headers).contains("1111"), "{answer:?}");
    }
    let metrics = api.get("/metrics", Some("admin")).await.body;
    assert!(!metrics.contains("1111"), "{metrics}");
    let ran = server.stop().succeeded();
    assert!(ran.stderr.contains("status=422") && !ran.stderr.contains(CARD) && !ran.stderr.contains(grouped));
    for file in files_in(&shop.data()) {
        let bytes = fs::read(&file).unwrap();
        let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(!holds(CARD) && !holds(grouped), "{}", file.display());
    }
}

fn files_in(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_in(&path) } else { vec![path] }).collect()
}
