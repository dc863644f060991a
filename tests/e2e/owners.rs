//! Case 37: who owns what. Two customers and two guests try each other's ids on every operation of the OpenAPI document, and
//! learn nothing: what belongs to somebody else is answered exactly as what does not exist.
//!
//! The operations come out of the document, so that a new one is tried the day it is documented. What an owner may do with
//! the same request is checked too, or the tests could pass on a server that refuses everything.

mod bodies;
mod operations;
mod people;

use crate::support::{Answer, Api, Shop};
use bodies::Bodies;
use operations::{Kind, Operation};
use people::{Caller, People};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Operations on something owned that a shopper may use on what is the shopper's own; at least so many there must be.
const OPEN_TO_OWNERS_MIN: usize = 25;

/// Operations that take a secret in the body, so that it is read before the caller is known. Nonsense is then malformed,
/// whatever the address names.
const SECRET_IN_BODY: &[&str] = &["merge_cart"];

/// What a test needs of one server.
struct Arena {
    api: Api,
    document: Value,
    operations: Vec<Operation>,
    people: People,
}

impl Arena {
    async fn open(api: Api) -> Self {
        let people = People::arrive(&api).await;
        let document = api.get("/api/v1/openapi.json", None).await.json(200);
        let operations = Operation::all(&document);
        Self { api, document, operations, people }
    }

    fn bodies(&self) -> Bodies<'_> {
        Bodies { document: &self.document, known: &self.people.known }
    }

    /// The owned things that an operation names anywhere.
    fn kinds(&self, operation: &Operation) -> BTreeSet<Kind> {
        let in_body = operation.body.iter().flat_map(|body| self.bodies().kinds(body).into_values());
        operation.in_path.values().chain(operation.in_query.values()).copied().chain(in_body).collect()
    }

    /// Sends an operation. Ids in the address come from `path`, those in query and body from `content`.
    async fn send(
        &self,
        operation: &Operation,
        caller: &Caller,
        path: &BTreeMap<Kind, String>,
        content: &BTreeMap<Kind, String>,
        body: Body,
    ) -> Answer {
        let mut address = operation.address(path, &self.people.shared);
        for (at, (name, kind)) in operation.in_query.iter().enumerate() {
            let joint = if at == 0 { '?' } else { '&' };
            address.push_str(&format!("{joint}{name}={}", content[kind]));
        }
        let body = match (body, &operation.body) {
            _ if operation.method == "GET" => None,
            (Body::Sample, Some(schema)) => Some(self.bodies().sample(schema, content)),
            (Body::Sample, None) => Some(json!({})),
            (Body::Nonsense, _) => Some(json!({ "nonsense": 1 })),
        };
        let mut headers = caller.headers.clone();
        if operation.method != "GET" {
            // The same key for all: what it names belongs to one caller and one address.
            headers.push(("Idempotency-Key".to_owned(), "\"owners\"".to_owned()));
        }
        let answer = self.api.call(&operation.method, &address, &headers, body.as_ref()).await;
        let (name, status) = (&operation.name, answer.status);
        assert!(operation.statuses.contains(&status), "{name} answers {status} undocumented: {}", answer.body);
        answer
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Body {
    /// As the document wants it.
    Sample,
    /// Nothing that any operation takes.
    Nonsense,
}

/// What a caller can see of an answer, without what is made anew for every request and without the ids that were asked for.
fn visible(answer: &Answer, ids: &[&BTreeMap<Kind, String>]) -> String {
    let mut text = format!("{}\n", answer.status);
    for (name, value) in &answer.headers {
        if !["x-request-id", "date", "content-length"].contains(&name.as_str()) {
            text.push_str(&format!("{name}: {}\n", value.to_str().unwrap()));
        }
    }
    text.push_str(&answer.body);
    for (kind, id) in ids.iter().flat_map(|ids| ids.iter()) {
        text = text.replace(id.as_str(), &format!("<{kind:?}>"));
    }
    text
}

/// Case 37: every operation whose address names something owned, with another's ids and with ids that nobody has.
#[tokio::test]
async fn what_belongs_to_somebody_else_is_answered_like_what_does_not_exist() {
    let shop = Shop::new();
    let server = shop.serve(&[]);
    let arena = Arena::open(server.ready().await).await;
    let before = shop.events(&[]).len();
    let random = people::ids_of_nobody();
    let mut tried = 0;
    for operation in arena.operations.iter().filter(|operation| !operation.in_path.is_empty()) {
        for (stranger, victim) in arena.people.strangers() {
            for body in [Body::Sample, Body::Nonsense] {
                let of_victim = arena.send(operation, stranger, &victim.ids, &victim.ids, body).await;
                let of_nobody = arena.send(operation, stranger, &random, &random, body).await;
                let what =
                    format!("{} with {body:?} by {} on what is {}'s", operation.name, stranger.name, victim.name);
                assert_eq!(visible(&of_victim, &[&victim.ids]), visible(&of_nobody, &[&random]), "{what}");
                match of_victim.status {
                    404 => {}
                    400 if body == Body::Nonsense && SECRET_IN_BODY.contains(&operation.name.as_str()) => {}
                    // The caller as such may not do this: then not with what is the caller's own either.
                    401 | 403 => {
                        let of_own =
                            arena.send(operation, stranger, &stranger.ids, &stranger.ids, Body::Nonsense).await;
                        let expected = visible(&of_victim, &[&victim.ids]);
                        assert_eq!(visible(&of_own, &[&stranger.ids]), expected, "{what}, and on the own");
                    }
                    status => panic!("{what}: {status} {}", of_victim.body),
                }
                tried += 1;
            }
        }
    }
    assert!(tried > 1_000, "only {tried} requests were tried");
    assert_eq!(shop.events(&[]).len(), before, "a stranger's request left events");
    assert_eq!(server.stop().code, Some(0));
}

/// Without this the test above would pass on a server that answers 404 to everybody.
#[tokio::test]
async fn owners_reach_what_is_their_own() {
    let shop = Shop::new();
    let server = shop.serve(&[]);
    let arena = Arena::open(server.ready().await).await;
    let mut open = BTreeMap::new();
    for operation in arena.operations.iter().filter(|operation| !operation.in_path.is_empty()) {
        for owner in arena.people.owners() {
            let has_all = operation.in_path.values().all(|kind| owner.ids.contains_key(kind) && owner.holds(*kind));
            if !has_all {
                continue;
            }
            // Nonsense changes nothing, and is looked at only after the caller was found to be the owner.
            let answer = arena.send(operation, owner, &owner.ids, &owner.ids, Body::Nonsense).await;
            match (operation.method.as_str(), answer.status) {
                ("GET", 200) | (_, 400) => *open.entry(operation.name.as_str()).or_insert(0) += 1,
                // For the staff of the shop.
                (_, 401 | 403) => {}
                (_, status) => panic!("{} by {}: {status} {}", operation.name, owner.name, answer.body),
            }
        }
    }
    println!("{} operations are open to owners: {open:#?}", open.len());
    assert!(open.len() >= OPEN_TO_OWNERS_MIN, "{open:#?}");
    assert_eq!(server.stop().code, Some(0));
}

/// Case 37: ids of others in bodies and queries, on addresses that are the caller's own or nobody's.
#[tokio::test]
async fn ids_of_others_in_bodies_and_queries_tell_nothing() {
    let shop = Shop::new();
    let server = shop.serve(&[]);
    let arena = Arena::open(server.ready().await).await;
    let before = shop.events(&[]).len();
    let random = people::ids_of_nobody();
    let (mut tried, mut names) = (0, BTreeSet::new());
    for operation in &arena.operations {
        let in_content =
            arena.kinds(operation).iter().any(|kind| !operation.in_path.values().any(|in_path| in_path == kind));
        if !in_content {
            continue;
        }
        tried += 1;
        for (stranger, victim) in arena.people.strangers() {
            let of_victim = arena.send(operation, stranger, &stranger.ids, &victim.ids, Body::Sample).await;
            let of_nobody = arena.send(operation, stranger, &stranger.ids, &random, Body::Sample).await;
            let what = format!("{} by {} with ids of {}", operation.name, stranger.name, victim.name);
            let [seen, expected] = [(&of_victim, &victim.ids), (&of_nobody, &random)]
                .map(|(answer, ids)| visible(answer, &[ids, &stranger.ids]));
            assert_eq!(seen, expected, "{what}");
            let is_refused = (400..500).contains(&of_victim.status);
            let is_list = operation.method == "GET" && of_victim.status == 200;
            assert!(is_refused || is_list, "{what}: {} {}", of_victim.status, of_victim.body);
            if operation.method != "GET" && ![401, 403].contains(&of_victim.status) {
                // A request that is refused for its form says nothing about ids.
                let code = of_nobody.json(of_nobody.status)["code"].clone();
                assert!(code != "malformed" && code != "bad_value", "{what}: {}", of_nobody.body);
                names.insert(operation.name.clone());
            }
        }
    }
    println!("{tried} operations name something owned in a body or query; shoppers may use {names:?}");
    assert!(tried >= 5, "only {tried} operations name something owned in a body or query");
    assert_eq!(shop.events(&[]).len(), before, "a stranger's request left events");
    assert_eq!(server.stop().code, Some(0));
}

/// Whatever a shopper can read holds nothing of others: lists, searches, reports.
#[tokio::test]
async fn nothing_that_a_shopper_can_read_names_what_belongs_to_others() {
    let shop = Shop::new();
    let server = shop.serve(&[]);
    let arena = Arena::open(server.ready().await).await;
    let mut read = 0;
    for operation in arena.operations.iter().filter(|operation| operation.method == "GET") {
        for (reader, other) in arena.people.strangers() {
            let mut address = operation.address(&reader.ids, &arena.people.shared);
            if address.ends_with("/stream") || address.ends_with("/events") {
                // A live stream; its one owner was looked at above.
                address.push_str("?after=0");
            }
            let answer = arena.api.call("GET", &address, &reader.headers, None).await;
            read += usize::from(answer.status == 200);
            let secrets = other.ids.iter().filter(|(kind, id)| reader.ids.get(kind) != Some(id)).map(|(_, id)| id);
            for secret in secrets.chain(&other.personal) {
                assert!(!answer.body.contains(secret.as_str()), "{} shows {secret} to {}", operation.name, reader.name);
            }
        }
    }
    assert!(read > 20, "only {read} answers could be read");
    assert_eq!(server.stop().code, Some(0));
}

/// Every field that holds the id of something owned is known by name, or the tests above would pass it by.
#[tokio::test]
async fn every_id_in_a_body_is_known_by_its_name() {
    let shop = Shop::new();
    let server = shop.serve(&[]);
    let document = server.ready().await.get("/api/v1/openapi.json", None).await.json(200);
    let known = BTreeMap::new();
    let bodies = Bodies { document: &document, known: &known };
    for operation in Operation::all(&document) {
        let Some(schema) = &operation.body else { continue };
        let found: BTreeSet<_> = bodies.kinds(schema).into_values().map(Kind::prefix).collect();
        let named = bodies.patterns(schema);
        assert!(named.is_subset(&found), "{}: {named:?} are in its body, {found:?} are known", operation.name);
    }
}
