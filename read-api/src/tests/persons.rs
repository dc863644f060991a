//! Who sees what of a person, and that nobody does once the person is forgotten.

use super::{Answer, Server, shop};
use axum::http::{StatusCode, header};
use chrono::DateTime;
use serde_json::{Value, json};
use tillroll_domain::{
    common::Basis,
    contact::{Address, Profile},
    customer::events::{
        AddressKind, CustomerAddressAdded, CustomerConsentChanged, CustomerDefaultAddressChanged, CustomerEmailChanged,
        CustomerErased, CustomerEvent, CustomerProfileChanged, CustomerRegistered,
    },
    ids::{AddressId, CustomerId, SubjectId},
    personal::{Personal, PersonalData},
};
use tillroll_infra::stream::{DEFAULT_TENANT, StreamId};
use uuid::Uuid;

/// A customer of whom everything is known, and who has three addresses.
struct Person {
    id: CustomerId,
    events: u128,
}

impl Person {
    async fn known(server: &Server, number: u128) -> Self {
        let mut person = Self { id: CustomerId::new(Uuid::from_u128(number << 64)), events: 0 };
        let registered =
            CustomerRegistered { country: "NO".parse().unwrap(), external_reference: None, basis: Basis::Recorded };
        person.tell(server, registered).await;
        let profile = Profile { first_name: "Anna".parse().unwrap(), last_name: "Berg".parse().unwrap(), phone: None };
        let profile = person.own(profile);
        person.tell(server, CustomerProfileChanged { profile }).await;
        let email = person.own("anna@example.com".parse().unwrap());
        person.tell(server, CustomerEmailChanged { email }).await;
        for (number, street) in [(1, "Torggata 1"), (2, "Storgata 2"), (3, "Kirkegata 3")] {
            let address = person.own(Address {
                recipient: "Anna Berg".parse().unwrap(),
                line1: street.parse().unwrap(),
                line2: None,
                city: "Oslo".parse().unwrap(),
                region: None,
                postal_code: None,
                country: "NO".parse().unwrap(),
                phone: None,
            });
            let added =
                CustomerAddressAdded { address_id: address_id(number), address, country: "NO".parse().unwrap() };
            person.tell(server, added).await;
        }
        for (kind, number) in [(AddressKind::Shipping, 3), (AddressKind::Billing, 2)] {
            person.tell(server, CustomerDefaultAddressChanged { kind, address_id: address_id(number) }).await;
        }
        let (purpose, source) = ("newsletter".parse().unwrap(), "checkout".parse().unwrap());
        let changed_at = DateTime::UNIX_EPOCH;
        person.tell(server, CustomerConsentChanged { purpose, granted: true, source, changed_at }).await;
        server.catch_up().await;
        person
    }

    fn subject(&self) -> SubjectId {
        SubjectId::new(self.id.uuid())
    }

    fn own<T: PersonalData>(&self, value: T) -> Personal<T> {
        Personal::known(self.subject(), value)
    }

    /// One event more, sealed.
    async fn tell(&mut self, server: &Server, event: impl Into<CustomerEvent>) {
        let event: CustomerEvent = event.into();
        self.events += 1;
        let stream = StreamId::new("customer", &self.id.uuid().to_string()).unwrap();
        let id = Uuid::from_u128(self.id.uuid().as_u128() + self.events);
        server.append(stream, id, &event).await;
    }

    fn path(&self, rest: &str) -> String {
        format!("/customers/{}{rest}", self.id)
    }

    async fn destroy_key(&self, server: &Server) {
        server.codec.vault().erase(DEFAULT_TENANT, self.subject()).await.unwrap();
    }

    /// As the storefront that acts for this customer.
    async fn reads(&self, server: &Server, path: &str) -> Answer {
        server.get_as("storefront", path, &[("tillroll-customer", &self.id.to_string())]).await
    }
}

fn address_id(number: u128) -> AddressId {
    AddressId::new(Uuid::from_u128(number))
}

const SECRETS: [&str; 6] = ["Anna", "Berg", "example.com", "Torggata", "Storgata", "Oslo"];

#[tokio::test]
async fn the_owner_and_the_administrator_see_the_person() {
    let server = Server::empty().await;
    let anna = Person::known(&server, 1).await;
    for answer in [anna.reads(&server, &anna.path("")).await, server.get(&anna.path("")).await] {
        let body = Server::body(&answer);
        assert_eq!(body["profile"], json!({"first_name": "Anna", "last_name": "Berg", "phone": null}));
        assert_eq!(body["email"], "anna@example.com");
        let consent = json!({"purpose": "newsletter", "granted": true, "source": "checkout", "changed_at": "1970-01-01T00:00:00Z"});
        assert_eq!(body["consents"], json!([consent]));
    }
}

#[tokio::test]
async fn the_default_addresses_come_first() {
    let server = Server::empty().await;
    let anna = Person::known(&server, 1).await;
    let answer = anna.reads(&server, &anna.path("/addresses")).await;
    let rows = Server::body(&answer)["data"].as_array().unwrap().clone();
    let listed: Vec<_> = rows.iter().map(|row| (row["address"]["line1"].clone(), row["default_for"].clone())).collect();
    let expected = [
        (json!("Kirkegata 3"), json!(["shipping"])),
        (json!("Storgata 2"), json!(["billing"])),
        (json!("Torggata 1"), json!([])),
    ];
    assert_eq!(listed, expected);
    assert_eq!(rows[0]["id"], address_id(3).to_string());
    assert_eq!(answer.body["next_cursor"], Value::Null);
}

#[tokio::test]
async fn analysts_and_auditors_see_customers_and_no_persons() {
    let server = Server::empty().await;
    let anna = Person::known(&server, 1).await;
    for role in ["analyst", "auditor"] {
        for (path, members) in
            [(anna.path(""), "country"), (anna.path("/addresses"), "data"), ("/customers".to_owned(), "data")]
        {
            let answer = server.get_as(role, &path, &[]).await;
            let body = Server::body(&answer);
            assert!(!body[members].is_null(), "{role} {path}: {body}");
            for secret in SECRETS {
                assert!(!body.to_string().contains(secret), "{role} sees {secret} in {path}");
            }
        }
    }
    let list = server.get("/customers").await;
    assert!(SECRETS.iter().all(|secret| !list.body.to_string().contains(secret)), "the list shows nobody's person");
}

/// Case 37: whoever knows an id learns nothing by it, not even that there is somebody.
#[tokio::test]
async fn another_customer_is_answered_as_if_there_were_nobody() {
    let server = Server::empty().await;
    let (anna, berta) = (Person::known(&server, 1).await, Person::known(&server, 2).await);
    let nobody = format!("/customers/{}", CustomerId::new(Uuid::from_u128(7)));
    for rest in ["", "/addresses", "/orders"] {
        let theirs = berta.reads(&server, &anna.path(rest)).await;
        let missing = berta.reads(&server, &format!("{nobody}{rest}")).await;
        assert_eq!((theirs.status, theirs.code()), (StatusCode::NOT_FOUND, "customer_not_found"), "{rest}");
        assert_eq!(theirs.body, missing.body, "{rest}");
        let names = |answer: &Answer| answer.headers.keys().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names(&theirs), names(&missing), "{rest}");
        let nobodys = server.get_as("storefront", &anna.path(rest), &[]).await;
        assert_eq!(nobodys.body, missing.body, "{rest}");
    }
    let list = berta.reads(&server, "/customers").await;
    assert_eq!((list.status, list.code()), (StatusCode::FORBIDDEN, "forbidden"));
}

#[tokio::test]
async fn a_customer_lists_their_own_orders_and_no_others() {
    let server = Server::with_a_shop().await;
    let path = format!("/customers/{}/orders", shop::CUSTOMER_ID);
    let acting = ("tillroll-customer", shop::CUSTOMER_ID);
    let first = server.get_as("storefront", &format!("{path}?limit=1&sort=placed_at"), &[acting]).await;
    let cursor = Server::body(&first)["next_cursor"].as_str().unwrap().to_owned();
    let rest = format!("{path}?sort=placed_at&cursor={cursor}");
    let second = server.get_as("storefront", &rest, &[acting]).await;
    let ids = |answer: &Answer| -> Vec<String> {
        let rows = Server::body(answer)["data"].as_array().unwrap().iter();
        rows.map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    };
    let all = server.get(&format!("/orders?customer={}&sort=placed_at", shop::CUSTOMER_ID)).await;
    assert_eq!([ids(&first), ids(&second)].concat(), ids(&all));
    assert_eq!(ids(&first).len(), 1);
    assert!(ids(&second).len() < 3 && !ids(&second).is_empty(), "the shop has orders of others as well");

    let anna = Person::known(&server, 1).await;
    assert_eq!(ids(&anna.reads(&server, &anna.path("/orders")).await), [""; 0]);
    let stolen = server.get(&format!("{}&cursor={cursor}", anna.path("/orders?sort=placed_at"))).await;
    assert_eq!((stolen.status, stolen.code()), (StatusCode::BAD_REQUEST, "malformed"), "a cursor is of one list");
}

#[tokio::test]
async fn tags_differ_between_callers_who_see_different_things() {
    let server = Server::empty().await;
    for (number, rest) in [(1, ""), (2, "/addresses")] {
        let anna = Person::known(&server, number).await;
        let path = anna.path(rest);
        let owner = anna.reads(&server, &path).await;
        let analyst = server.get_as("analyst", &path, &[]).await;
        assert_ne!(owner.header(header::ETAG), analyst.header(header::ETAG), "{rest}");
        let tag = owner.header(header::ETAG).to_owned();
        let customer = anna.id.to_string();
        let given = [("tillroll-customer", customer.as_str()), ("if-none-match", tag.as_str())];
        assert_eq!(server.get_as("storefront", &path, &given).await.status, StatusCode::NOT_MODIFIED);
        anna.destroy_key(&server).await;
        let after = server.get_as("storefront", &path, &given).await;
        assert_eq!(after.status, StatusCode::OK, "{rest}: what the client has is no longer so");
    }
}

#[tokio::test]
async fn a_destroyed_key_erases_the_read_models_at_once() {
    let server = Server::empty().await;
    let anna = Person::known(&server, 1).await;
    anna.destroy_key(&server).await;
    for path in [anna.path(""), anna.path("/addresses")] {
        let answer = anna.reads(&server, &path).await;
        let text = Server::body(&answer).to_string();
        assert!(SECRETS.iter().all(|secret| !text.contains(secret)), "{text}");
    }
}

#[tokio::test]
async fn a_forgotten_customer_is_shown_without_a_person() {
    let server = Server::empty().await;
    let mut anna = Person::known(&server, 1).await;
    let subject = anna.subject();
    anna.tell(&server, CustomerErased { subject }).await;
    anna.destroy_key(&server).await;
    server.catch_up().await;
    let answer = server.get(&anna.path("")).await;
    let body = Server::body(&answer);
    assert_eq!((&body["erased"], &body["active"]), (&json!(true), &json!(false)));
    assert!(body.get("profile").is_none() && body.get("email").is_none(), "{body}");
    let addresses = anna.reads(&server, &anna.path("/addresses")).await;
    assert_eq!(Server::body(&addresses), &json!({"data": [], "next_cursor": null}));
}

#[tokio::test]
async fn a_rebuild_after_an_erasure_shows_the_same() {
    let server = Server::empty().await;
    let mut anna = Person::known(&server, 1).await;
    let subject = anna.subject();
    anna.tell(&server, CustomerErased { subject }).await;
    anna.destroy_key(&server).await;
    server.catch_up().await;
    let before = server.get(&anna.path("")).await;
    server.runtime.rebuild(&[tillroll_projections::models::customers::NAME], &mut |_, _| {}).await.unwrap();
    server.catch_up().await;
    let after = server.get(&anna.path("")).await;
    assert_eq!(Server::body(&after), Server::body(&before));
    assert_eq!(server.runtime.parked(None).await.unwrap(), [], "what was erased does not stop a fold");
}

#[tokio::test]
async fn a_vault_without_the_key_is_told_and_nothing_is_shown() {
    let server = Server::empty().await;
    let anna = Person::known(&server, 1).await;
    // Another vault, as if the right one had not been restored.
    let lost = Server { codec: Server::empty().await.codec, ..server };
    let options = tillroll_projections::runtime::RuntimeOptions {
        codec: lost.codec.clone(),
        ..tillroll_projections::runtime::RuntimeOptions::new(lost.folder.path().join("read.db"))
    };
    let runtime = tillroll_projections::runtime::Runtime::open(
        lost.log.clone(),
        lost.clock.clone(),
        options,
        tillroll_projections::models::all(),
    );
    let lost = Server { runtime: runtime.await.unwrap(), ..lost };
    let answer = lost.get(&anna.path("")).await;
    assert_eq!((answer.status, answer.code()), (StatusCode::SERVICE_UNAVAILABLE, "unavailable"));
}
