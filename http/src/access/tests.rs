//! Who is let in with which headers, and what they may do.

use super::*;
use axum::{body::Body, http::Request};
use uuid::Uuid;

const CUSTOMER_1: CustomerId = CustomerId::new(Uuid::from_u128(1));
const CUSTOMER_2: CustomerId = CustomerId::new(Uuid::from_u128(2));
const CART_1: CartId = CartId::new(Uuid::from_u128(1));
const CART_2: CartId = CartId::new(Uuid::from_u128(2));

fn key(role: Role) -> String {
    let first = role.name().chars().nth(2).unwrap();
    format!("tr_{}_{first}{}", role.name(), "A".repeat(42))
}

fn keys() -> Keys {
    Keys::from_texts(Role::KEYED.map(key), [7; 32]).unwrap()
}

/// `keys()` as the state that a principal is extracted with.
struct Server(Keys);

impl FromRef<Server> for Keys {
    fn from_ref(server: &Server) -> Self {
        server.0.clone()
    }
}

async fn sent(keys: Keys, method: Method, headers: &[(&HeaderName, &str)]) -> Result<Principal, Problem> {
    let mut request = Request::builder().method(method);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (mut parts, _) = request.body(Body::empty()).unwrap().into_parts();
    Principal::from_request_parts(&mut parts, &Server(keys)).await
}

async fn caller(role: Role, more: &[(&HeaderName, &str)]) -> Result<Principal, Problem> {
    let bearer = format!("Bearer {}", key(role));
    let mut headers = vec![(&header::AUTHORIZATION, bearer.as_str())];
    headers.extend_from_slice(more);
    sent(keys(), Method::POST, &headers).await
}

async fn without_key(anonymous: bool, headers: &[(&HeaderName, &str)]) -> Result<Principal, Problem> {
    sent(keys().allowing_anonymous(anonymous), Method::POST, headers).await
}

#[test]
fn only_an_administrator_manages() {
    let writes = Permission::ALL.iter().filter(|permission| permission.name().starts_with("manage_"));
    for &permission in writes {
        let may: Vec<Role> = Role::ALL.iter().copied().filter(|role| role.may(permission)).collect();
        assert_eq!(may, [Role::Admin], "{permission:?}");
    }
}

#[test]
fn a_storefront_sees_catalog_and_stock_and_starts_carts_and_customers() {
    let of = |role: Role| Permission::ALL.iter().copied().filter(|&p| role.may(p)).collect::<Vec<_>>();
    use Permission as P;
    assert_eq!(of(Role::Storefront), [P::CreateCarts, P::RegisterCustomers, P::ReadCatalog, P::ReadStock]);
    assert_eq!(of(Role::Anonymous), [P::CreateCarts, P::ReadCatalog, P::ReadStock]);
}

#[test]
fn the_scheme_is_bearer_in_any_case() {
    assert_eq!(bearer(b"Bearer abc"), Some(b"abc".as_slice()));
    assert_eq!(bearer(b"bearer  abc"), Some(b"abc".as_slice()));
    assert_eq!(bearer(b"Basic abc"), None);
    assert_eq!(bearer(b"Bear"), None);
}

#[tokio::test]
async fn the_actor_is_the_role_the_customer_or_a_guest() {
    let secret = keys().cart_secret(CART_1);
    let customer = CUSTOMER_1.to_string();
    assert_eq!(caller(Role::Admin, &[]).await.unwrap().actor(), "admin");
    assert_eq!(caller(Role::Storefront, &[]).await.unwrap().actor(), "storefront");
    let acting = caller(Role::Storefront, &[(&CUSTOMER, &customer), (&CART_SECRET, secret.reveal())]).await.unwrap();
    assert_eq!((acting.actor(), acting.acting_for()), (format!("customer:{CUSTOMER_1}"), Some(CUSTOMER_1)));
    let guest = caller(Role::Storefront, &[(&CART_SECRET, secret.reveal())]).await.unwrap();
    assert_eq!(guest.actor(), "guest");
    assert_eq!(without_key(true, &[]).await.unwrap().actor(), "guest");
}

/// Case 37: an order or a cart is not open to whoever knows its id.
#[tokio::test]
async fn a_customer_uses_what_is_the_customers_and_nothing_else() {
    let customer = CUSTOMER_1.to_string();
    let acting = caller(Role::Storefront, &[(&CUSTOMER, &customer)]).await.unwrap();
    assert!(acting.may_use(Owner::Customer(CUSTOMER_1), Permission::ManageCarts));
    for other in [Owner::Customer(CUSTOMER_2), Owner::Guest(CART_1), Owner::Nobody] {
        assert!(!acting.may_use(other, Permission::ManageCarts), "{other:?}");
    }
    assert_eq!(acting.require(Permission::ManageCarts).unwrap_err().code(), "forbidden");
}

/// Case 37: an order or a cart is not open to whoever knows its id.
#[tokio::test]
async fn a_guest_uses_the_cart_of_the_secret_and_nothing_else() {
    let secret = keys().cart_secret(CART_1);
    let given = [(&CART_SECRET, secret.reveal())];
    for guest in [caller(Role::Storefront, &given).await, without_key(false, &given).await] {
        let guest = guest.unwrap();
        assert!(guest.may_use(Owner::Guest(CART_1), Permission::ManageCarts));
        for other in [Owner::Guest(CART_2), Owner::Customer(CUSTOMER_1), Owner::Nobody] {
            assert!(!guest.may_use(other, Permission::ManageCarts), "{other:?}");
        }
    }
}

#[tokio::test]
async fn a_storefront_for_itself_uses_nobodys_things() {
    let storefront = caller(Role::Storefront, &[]).await.unwrap();
    for owner in [Owner::Customer(CUSTOMER_1), Owner::Guest(CART_1), Owner::Nobody] {
        assert!(!storefront.may_use(owner, Permission::ReadCarts), "{owner:?}");
    }
}

#[tokio::test]
async fn a_permission_opens_what_is_anybodys() {
    let analyst = caller(Role::Analyst, &[]).await.unwrap();
    for owner in [Owner::Customer(CUSTOMER_1), Owner::Guest(CART_1), Owner::Nobody] {
        assert!(analyst.may_use(owner, Permission::ReadCarts), "{owner:?}");
        assert!(!analyst.may_use(owner, Permission::ManageCarts), "{owner:?}");
        assert!(!analyst.owns(owner), "{owner:?}");
    }
}

#[tokio::test]
async fn the_headers_of_shoppers_come_with_the_storefronts_key_only() {
    let (customer, secret) = (CUSTOMER_1.to_string(), keys().cart_secret(CART_1));
    let headers = [(&CUSTOMER, customer.as_str()), (&CART_SECRET, secret.reveal()), (&CLIENT_SECRET, secret.reveal())];
    for role in [Role::Admin, Role::Analyst, Role::Auditor] {
        for header in headers {
            let refused = caller(role, &[header]).await.unwrap_err();
            assert_eq!(refused.code(), "malformed", "{role:?} {header:?}");
            assert!(refused.to_string().contains(header.0.as_str()), "it says why: {refused}");
        }
    }
    assert_eq!(without_key(true, &[headers[0]]).await.unwrap_err().code(), "unauthorized");
}

#[tokio::test]
async fn headers_of_another_form_are_malformed_and_not_repeated() {
    let (customer, product) = (CUSTOMER_1.to_string(), format!("prd_{}", CUSTOMER_1.uuid()));
    for (name, value) in [
        (&CUSTOMER, product.as_str()),
        (&CUSTOMER, &customer[4..]),
        (&CART_SECRET, "verysecretbutshort"),
        (&CART_SECRET, ""),
        (&CLIENT_SECRET, "verysecretbutshort"),
    ] {
        let refused = caller(Role::Storefront, &[(name, value)]).await.unwrap_err();
        assert_eq!(refused.code(), "malformed", "{name} {value}");
        assert!(!refused.document().to_string().contains("verysecret"), "{refused}");
    }
    let twice = [(&CUSTOMER, customer.as_str()), (&CUSTOMER, customer.as_str())];
    assert_eq!(caller(Role::Storefront, &twice).await.unwrap_err().code(), "malformed");
}

#[tokio::test]
async fn without_a_key_nobody_is_let_in_unless_the_server_says_so() {
    assert_eq!(without_key(false, &[]).await.unwrap_err().code(), "unauthorized");
    let shopper = without_key(true, &[]).await.unwrap();
    assert_eq!(shopper.role, Role::Anonymous);
    assert!(shopper.may(Permission::ReadCatalog) && shopper.may(Permission::CreateCarts));
    assert_eq!(shopper.require(Permission::ReadOrders).unwrap_err().code(), "unauthorized", "a key might help");
}

#[tokio::test]
async fn a_secret_alone_opens_its_cart_and_not_the_catalog() {
    let secret = keys().cart_secret(CART_1);
    let guest = without_key(false, &[(&CART_SECRET, secret.reveal())]).await.unwrap();
    for &permission in Permission::ALL {
        assert!(!guest.may(permission), "{permission:?}");
    }
}

#[tokio::test]
async fn a_wrong_key_is_not_helped_by_a_secret() {
    let secret = keys().cart_secret(CART_1);
    let headers = [(&header::AUTHORIZATION, "Bearer x"), (&CART_SECRET, secret.reveal())];
    assert_eq!(without_key(true, &headers).await.unwrap_err().code(), "unauthorized");
}

#[tokio::test]
async fn an_idempotency_key_without_a_key_needs_a_secret_of_the_client() {
    let name = (&headers::IDEMPOTENCY_KEY, "\"1\"");
    assert_eq!(without_key(true, &[name]).await.unwrap_err().code(), "malformed");
    let client = "AAECAwQFBgcICQoLDA0ODw";
    assert!(without_key(true, &[name, (&CLIENT_SECRET, client)]).await.is_ok());
    let cart = keys().cart_secret(CART_1);
    assert!(without_key(false, &[name, (&CART_SECRET, cart.reveal())]).await.is_ok());
    let read = sent(keys().allowing_anonymous(true), Method::GET, &[name]).await;
    assert!(read.is_ok(), "a read has no use for a key");
}

#[tokio::test]
async fn the_idempotency_keys_of_two_clients_do_not_meet() {
    let clients = ["AAECAwQFBgcICQoLDA0ODw", "AQECAwQFBgcICQoLDA0ODw"];
    let mut scopes = Vec::new();
    for client in clients {
        let shopper = without_key(true, &[(&CLIENT_SECRET, client)]).await.unwrap();
        assert!(!shopper.key_scope().contains(client), "the secret itself is nowhere");
        assert_eq!(shopper.actor(), "guest");
        scopes.push(shopper.key_scope());
        scopes.push(caller(Role::Storefront, &[(&CLIENT_SECRET, client)]).await.unwrap().key_scope());
    }
    for customer in [CUSTOMER_1, CUSTOMER_2] {
        let customer = customer.to_string();
        scopes.push(caller(Role::Storefront, &[(&CUSTOMER, &customer)]).await.unwrap().key_scope());
    }
    scopes.push(caller(Role::Storefront, &[]).await.unwrap().key_scope());
    let distinct: std::collections::BTreeSet<_> = scopes.iter().collect();
    assert_eq!(distinct.len(), scopes.len(), "{scopes:?}");
    assert_eq!(caller(Role::Admin, &[]).await.unwrap().key_scope(), "admin", "as it always was");
}

#[tokio::test]
async fn printing_a_caller_shows_no_secret() {
    let secret = keys().cart_secret(CART_1);
    let caller = caller(Role::Storefront, &[(&CART_SECRET, secret.reveal())]).await.unwrap();
    let printed = format!("{caller:?}");
    assert!(!printed.contains(secret.reveal()) && !printed.contains("[7"), "{printed}");
}
