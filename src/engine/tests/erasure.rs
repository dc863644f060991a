//! A forgotten person is nowhere in the data folder, and a crash does not change that.

use super::*;
use axum::{body::Body, http::Request};
use std::path::Path;
use tillroll_domain::{
    customer::commands::CustomerCommand,
    ids::{CustomerId, SubjectId},
};
use tillroll_http::Role;
use tillroll_infra::vault::KeyState;
use tower::ServiceExt;

/// What is planted. Nothing else in a data folder has a reason to hold these texts.
const SECRETS: [&str; 6] =
    ["Annabellina", "Bergliotdatter", "annabellina@mailbox.example", "Torggata 4711", "Trollhavna", "+47 99 88 77 66"];

/// The engine's HTTP, with the administrator's key.
struct Front {
    router: Router,
    key: String,
}

impl Front {
    fn of(engine: &Engine) -> Self {
        let router = engine.router().unwrap();
        let keys = fs::read_to_string(engine.keys_path()).unwrap();
        let line = keys.lines().find(|line| line.starts_with(Role::Admin.name())).unwrap();
        Self { router, key: line.split('"').nth(1).unwrap().to_owned() }
    }

    async fn send(&self, method: &str, path: &str, body: Body) -> (StatusCode, Value) {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", "application/json");
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.send("POST", path, Body::from(body.to_string())).await;
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer
    }

    async fn customer(&self, id: CustomerId) -> Value {
        self.send("GET", &format!("/customers/{id}"), Body::empty()).await.1
    }

    async fn erase(&self, id: CustomerId) {
        self.post(&format!("/customers/{id}/erase"), json!({})).await;
    }
}

/// A customer with everything that is personal, whose name is changed so often.
async fn plant(front: &Front, renames: usize) -> CustomerId {
    let answer = front.post("/customers", json!({"country": "NO"})).await;
    let id: CustomerId = answer["id"].as_str().unwrap().parse().unwrap();
    let at = |intent: &str| format!("/customers/{id}/{intent}");
    let [first_name, last_name, email, line1, city, phone] = SECRETS;
    for number in 0..renames {
        let profile = json!({"first_name": first_name, "last_name": format!("{last_name} {number}"), "phone": phone});
        front.post(&at("set-profile"), profile).await;
    }
    front.post(&at("set-email"), json!({"email": email})).await;
    let address = json!({"recipient": first_name, "line1": line1, "city": city, "country": "NO", "phone": phone});
    front.post(&at("addresses"), json!({"address": address})).await;
    id
}

/// Waits until there is a snapshot of a customer.
async fn wait_for_snapshot(engine: &Engine, id: CustomerId) {
    let stream = StreamId::new(Customer::CATEGORY, &id.uuid().to_string()).unwrap();
    while engine.snapshots.as_ref().unwrap().load(&stream).await.is_none() {
        tokio::task::yield_now().await;
    }
}

/// The files of a folder that hold one of the secrets.
fn holders(folder: &Path) -> Vec<String> {
    let mut found = vec![];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        for secret in SECRETS {
            if bytes.windows(secret.len()).any(|window| window == secret.as_bytes()) {
                found.push(format!("{secret} in {}", path.display()));
            }
        }
    }
    found
}

fn subject(id: CustomerId) -> SubjectId {
    SubjectId::new(id.uuid())
}

async fn key_state(engine: &Engine, id: CustomerId) -> KeyState {
    engine.vault.key(DEFAULT_TENANT, subject(id)).await.unwrap()
}

#[tokio::test]
async fn no_file_holds_a_person_in_the_clear_before_or_after_the_person_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder).await;
    let front = Front::of(&engine);
    let id = plant(&front, SNAPSHOT_EVERY + 50).await;
    wait_for_snapshot(&engine, id).await;
    engine.projections.catch_up().await.unwrap();
    assert_eq!(holders(folder.path()), [""; 0], "while the person is known");
    assert_eq!(front.customer(id).await["email"], SECRETS[2], "the person is known");

    front.erase(id).await;
    assert_eq!(holders(folder.path()), [""; 0], "at once, with all write-ahead logs");
    engine.projections.catch_up().await.unwrap();
    let shown = front.customer(id).await;
    assert_eq!((shown["erased"].as_bool(), shown.get("email")), (Some(true), None));
    engine.close(None).await;
    assert_eq!(holders(folder.path()), [""; 0], "once everything is closed");

    // Everything that remains is replayed, and nobody is in it.
    for file in ["read.db", "read.db-wal", "read.db-shm", "snapshots.db", "snapshots.db-wal", "snapshots.db-shm"] {
        let _ = fs::remove_file(folder.path().join(file));
    }
    let engine = open(&folder).await;
    engine.projections.catch_up().await.unwrap();
    assert_eq!(engine.projections.parked(None).await.unwrap(), []);
    let state = engine.bus.load::<Customer>(DEFAULT_TENANT, &id.uuid().to_string()).await.unwrap().state;
    let shown = format!("{:?}", serde_json::to_string(&state).unwrap());
    assert!(SECRETS.iter().all(|secret| !shown.contains(secret)), "{shown}");
    let again = Front::of(&engine).customer(id).await;
    assert_eq!((again["erased"].as_bool(), again.get("email")), (Some(true), None));
    engine.close(None).await;
    assert_eq!(holders(folder.path()), [""; 0], "after a rebuild");
}

/// The scan finds what is there, or the test above would prove nothing.
#[tokio::test]
async fn a_person_in_the_clear_would_be_found() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder).await;
    let reason = format!("{} asked for it", SECRETS[1]);
    let front = Front::of(&engine);
    let answer = front.post("/customers", json!({"country": "NO"})).await;
    let path = format!("/customers/{}/deactivate", answer["id"].as_str().unwrap());
    front.post(&path, json!({"reason": reason})).await;
    assert!(!holders(folder.path()).is_empty());
    engine.close(None).await;
}

#[tokio::test]
async fn an_erasure_that_a_crash_cut_in_two_is_finished_when_the_engine_opens() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder).await;
    let front = Front::of(&engine);
    let (anna, berta) = (plant(&front, 1).await, plant(&front, 1).await);
    // The event is durable, and then the process ends: nothing between the two steps runs.
    let context = CommandContext::live(CommandId::new(engine.ambient.ids.next()), "tester");
    let erase = CustomerCommand::Erase { subject: subject(anna) };
    engine.bus.execute::<Customer>(&anna.uuid().to_string(), erase, context).await.unwrap();
    assert!(matches!(key_state(&engine, anna).await, KeyState::Known(_)));
    engine.close(None).await;

    let engine = open(&folder).await;
    assert!(matches!(key_state(&engine, anna).await, KeyState::Erased));
    assert!(matches!(key_state(&engine, berta).await, KeyState::Known(_)), "nobody else is forgotten");
    engine.close(None).await;
}

/// Moves a copy of the vault to where the vault is.
fn restore(folder: &Path, copy: &Path) {
    fs::copy(copy, folder.join("vault.db")).unwrap();
    for rest in ["-wal", "-shm"] {
        let _ = fs::remove_file(folder.join(format!("vault.db{rest}")));
    }
}

#[tokio::test]
async fn an_old_copy_of_the_vault_does_not_bring_a_person_back() {
    let (folder, backup) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let engine = open(&folder).await;
    let id = plant(&Front::of(&engine), 1).await;
    engine.close(None).await;
    let copies = ["before any search", "after a search"].map(|name| backup.path().join(name));
    fs::copy(folder.path().join("vault.db"), &copies[0]).unwrap();
    open(&folder).await.close(None).await;
    fs::copy(folder.path().join("vault.db"), &copies[1]).unwrap();
    let engine = open(&folder).await;
    Front::of(&engine).erase(id).await;
    engine.close(None).await;
    // By this search the vault knows that there is nothing left to do; its copies do not.
    open(&folder).await.close(None).await;
    for copy in &copies {
        restore(folder.path(), copy);
        let engine = open(&folder).await;
        assert!(matches!(key_state(&engine, id).await, KeyState::Erased), "{}", copy.display());
        engine.close(None).await;
    }
}

#[tokio::test]
async fn every_start_searches_for_erased_persons_only_what_is_new() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder).await;
    let front = Front::of(&engine);
    let id = plant(&front, 1).await;
    front.erase(id).await;
    let end = engine.log.head().await.unwrap();
    engine.close(None).await;
    let engine = open(&folder).await;
    for name in ERASURES {
        let mark = engine.vault.mark(&format!("erasures of {name}")).await.unwrap();
        assert_eq!(mark.map(|mark| mark.position), Some(end), "{name}");
    }
    engine.close(None).await;
}
