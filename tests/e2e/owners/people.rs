//! Two customers and two guests, each with a cart, and an order that has been shipped and is being returned.

use super::operations::Kind;
use crate::support::Api;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// Somebody who sends requests.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) name: String,
    /// What tells the server who it is.
    pub(crate) headers: Vec<(String, String)>,
    /// What the caller has, of every kind; ids of nobody for what the caller cannot have.
    pub(crate) ids: BTreeMap<Kind, String>,
    /// What of it these headers open.
    opens: &'static [Kind],
    /// Texts that only the owner and the shop may read.
    pub(crate) personal: Vec<String>,
}

impl Caller {
    /// True if the caller's headers open what the caller has of a kind.
    pub(crate) fn holds(&self, kind: Kind) -> bool {
        self.opens.contains(&kind)
    }

    /// The same person with other headers.
    fn with(&self, name: &str, headers: &[(&str, &str)], opens: &'static [Kind]) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { name: format!("{} {name}", self.name), headers, opens, ..self.clone() }
    }
}

/// Everybody, and what the shop has.
pub(crate) struct People {
    /// The owners whose things are asked for, and everybody who is an owner.
    victims: Vec<Caller>,
    owners: Vec<Caller>,
    strangers: Vec<Caller>,
    /// Things of the shop, by parameter or by collection.
    pub(crate) shared: BTreeMap<&'static str, String>,
    /// What a field of this name holds in a body.
    pub(crate) known: BTreeMap<&'static str, Value>,
}

/// Ids that nobody has.
pub(crate) fn ids_of_nobody() -> BTreeMap<Kind, String> {
    Kind::ALL.iter().map(|kind| (*kind, format!("{}_0198aaaa-0000-7000-8000-000000000000", kind.prefix()))).collect()
}

/// What a guest's secret of an open cart opens, and what the one of a cart that was ordered opens.
const OF_CART: &[Kind] = &[Kind::Cart, Kind::Line];
const OF_ORDER: &[Kind] = &[Kind::Order, Kind::Return, Kind::Shipment];

impl People {
    /// Opens the shop and lets everybody in.
    pub(crate) async fn arrive(api: &Api) -> Self {
        let shop = Staff { api, key: bearer(api, "admin") };
        let product = shop.stock_up().await;
        let storefront = bearer(api, "storefront");
        let mut customers = Vec::new();
        let mut guests = Vec::new();
        for letter in ["A", "B"] {
            customers.push(shop.customer(letter, &storefront).await);
            guests.push(shop.guest(letter, &storefront).await);
        }
        let [customer_a, customer_b] = customers.try_into().unwrap();
        let [guest_a, guest_b] = guests.try_into().unwrap();
        shop.wait_for_reads().await;
        let mut owners = vec![customer_a.clone(), customer_b.clone()];
        owners.extend(guest_a.ways(&storefront));
        owners.extend(guest_b.ways(&storefront));
        let nobody = Caller {
            name: "nobody".to_owned(),
            headers: Vec::new(),
            ids: ids_of_nobody(),
            opens: &[],
            personal: Vec::new(),
        };
        let mut strangers = vec![
            customer_b,
            nobody.with("without a key", &[], &[]),
            nobody.with("with the storefront's key alone", &[("Authorization", &storefront)], &[]),
        ];
        strangers.extend(guest_b.ways(&storefront));
        let shared = BTreeMap::from([
            ("categories", product.category),
            ("by-slug", "cup".to_owned()),
            ("products", product.id),
            ("variants", SKU.to_owned()),
            ("sku", SKU.to_owned()),
            ("stock", "main".to_owned()),
            ("location", "main".to_owned()),
            ("row_id", "prw_0198aaaa-0000-7000-8000-000000000000".to_owned()),
            ("payments", "pay_0198aaaa-0000-7000-8000-000000000000".to_owned()),
            ("payment_id", "pay_0198aaaa-0000-7000-8000-000000000000".to_owned()),
            ("provider", "simulated".to_owned()),
            ("process", "checkout".to_owned()),
            ("instance", "0198aaaa-0000-7000-8000-000000000000".to_owned()),
            ("credit-notes", "crn_0198aaaa-0000-7000-8000-000000000000".to_owned()),
            ("system", "made-up".to_owned()),
            ("number", "1".to_owned()),
            ("slug", "cup".to_owned()),
        ]);
        let known = BTreeMap::from([
            ("sku", json!(SKU)),
            ("country", json!("DE")),
            ("currency", json!("EUR")),
            ("amount", json!("1.00")),
            ("email", json!("somebody@example.com")),
            ("guest_secret", json!("A".repeat(43))),
            ("quote_hash", json!("a".repeat(64))),
            ("location", json!("main")),
            ("quantity", json!(1)),
        ]);
        Self { victims: vec![customer_a, guest_a.caller], owners, strangers, shared, known }
    }

    /// Everybody with what opens what they have.
    pub(crate) fn owners(&self) -> impl Iterator<Item = &Caller> {
        self.owners.iter()
    }

    /// Who asks, and whose things.
    pub(crate) fn strangers(&self) -> impl Iterator<Item = (&Caller, &Caller)> {
        self.strangers.iter().flat_map(|stranger| self.victims.iter().map(move |victim| (stranger, victim)))
    }
}

/// A guest, whose secrets are one for each cart.
#[derive(Debug)]
struct Guest {
    /// With the ids of everything; opens nothing.
    caller: Caller,
    cart_secret: String,
    order_secret: String,
}

impl Guest {
    /// With each secret, through the storefront and without it.
    fn ways(&self, storefront: &str) -> Vec<Caller> {
        let header = "Tillroll-Cart-Secret";
        let (cart, order) = (self.cart_secret.as_str(), self.order_secret.as_str());
        let key = ("Authorization", storefront);
        vec![
            self.caller.with("with the cart's secret", &[(header, cart)], OF_CART),
            self.caller.with("with the order's secret", &[(header, order)], OF_ORDER),
            self.caller.with("with the cart's secret through the storefront", &[key, (header, cart)], OF_CART),
            self.caller.with("with the order's secret through the storefront", &[key, (header, order)], OF_ORDER),
        ]
    }
}

/// The SKU that everybody buys.
const SKU: &str = "CUP-1";

fn bearer(api: &Api, role: &str) -> String {
    format!("Bearer {}", api.keys()[role])
}

/// The shop's own product.
struct Stocked {
    id: String,
    category: String,
}

/// Does what the shop does, and what its storefront does for shoppers.
struct Staff<'a> {
    api: &'a Api,
    key: String,
}

impl Staff<'_> {
    /// A write that must succeed, under a key of its own.
    async fn write(&self, path: &str, headers: &[(&str, &str)], body: Value, key: &str) -> Value {
        let mut headers = owned(headers);
        headers.push(("Idempotency-Key".to_owned(), format!("\"{key}{path}\"")));
        let answer = self.api.call("POST", &format!("/api/v1{path}"), &headers, Some(&body)).await;
        assert!((200..300).contains(&answer.status), "{path} {body}: {} {}", answer.status, answer.body);
        serde_json::from_str(&answer.body).unwrap()
    }

    async fn as_staff(&self, path: &str, body: Value) -> Value {
        self.write(path, &[("Authorization", &self.key)], body, "staff").await
    }

    /// Waits until every read model shows all that was written.
    async fn wait_for_reads(&self) {
        let written = self.as_staff(&format!("/stock/elsewhere/{SKU}/receive"), json!({ "quantity": 1 })).await;
        let behind = |projection: &Value| projection["position"].as_u64() < written["position"].as_u64();
        let headers = owned(&[("Authorization", &self.key)]);
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let answer = self.api.call("GET", "/api/v1/projections", &headers, None).await.json(200);
            let projections = answer["data"].as_array().unwrap();
            if !projections.iter().any(behind) {
                return;
            }
            assert!(Instant::now() < deadline, "the read models do not follow: {answer}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn stock_up(&self) -> Stocked {
        let category = self.as_staff("/categories", json!({ "name": "Kitchen", "slug": "kitchen" })).await;
        let prices = json!([{ "amount": "12.34", "currency": "EUR" }]);
        let product = json!({ "name": "Cup", "slug": "cup", "variants": [{ "sku": SKU, "prices": prices }] });
        let id = text(&self.as_staff("/products", product).await["id"]);
        self.as_staff(&format!("/products/{id}/publish"), json!({})).await;
        self.as_staff(&format!("/stock/main/{SKU}/receive"), json!({ "quantity": 1000 })).await;
        Stocked { id, category: text(&category["id"]) }
    }

    /// A customer with an address, an order that is being returned, and another cart.
    async fn customer(&self, letter: &str, storefront: &str) -> Caller {
        let key = ("Authorization", storefront);
        let registered = self.write("/customers", &[key], json!({ "country": "DE" }), letter).await;
        let customer = text(&registered["id"]);
        let headers = [key, ("Tillroll-Customer", customer.as_str())];
        let address = json!({ "address": address(letter) });
        let address = self.write(&format!("/customers/{customer}/addresses"), &headers, address, letter).await;
        let ordered = self.cart(&format!("{letter}, the first"), &headers).await;
        let mut ids = self.ordered(&ordered, &headers).await;
        let open = self.cart(&format!("{letter}, the second"), &headers).await;
        ids.extend([
            (Kind::Customer, customer.clone()),
            (Kind::Address, text(&address["address_id"])),
            (Kind::Cart, open.id),
            (Kind::Line, open.line),
        ]);
        Caller {
            name: format!("customer {letter}"),
            headers: owned(&headers),
            ids,
            opens: &Kind::ALL,
            personal: planted(letter),
        }
    }

    /// A guest with an order that is being returned, and another cart.
    async fn guest(&self, letter: &str, storefront: &str) -> Guest {
        let headers = [("Authorization", storefront)];
        let ordered = self.cart(&format!("guest {letter}, the first"), &headers).await;
        let order_secret = ordered.secret.clone().expect("a guest is given a secret");
        let mut ids = ids_of_nobody();
        ids.extend(self.ordered(&ordered, &[headers[0], ("Tillroll-Cart-Secret", &order_secret)]).await);
        let open = self.cart(&format!("guest {letter}, the second"), &headers).await;
        ids.extend([(Kind::Cart, open.id), (Kind::Line, open.line)]);
        let name = format!("guest {letter}");
        let caller = Caller { name, headers: Vec::new(), ids, opens: &[], personal: planted(letter) };
        Guest { caller, cart_secret: open.secret.expect("a guest is given a secret"), order_secret }
    }

    /// A cart with one line, an address and a quote.
    async fn cart(&self, letter: &str, headers: &[(&str, &str)]) -> Cart {
        let made = self.write("/carts", headers, json!({ "currency": "EUR", "country": "DE" }), letter).await;
        let id = text(&made["id"]);
        let secret = made["secret"].as_str().map(str::to_owned);
        let mut headers = headers.to_vec();
        headers.extend(secret.as_deref().map(|secret| ("Tillroll-Cart-Secret", secret)));
        let path = format!("/carts/{id}");
        let line = self.write(&format!("{path}/lines"), &headers, json!({ "sku": SKU, "quantity": 2 }), letter).await;
        let shipping = json!({ "kind": "shipping", "address": address(letter) });
        self.write(&format!("{path}/set-address"), &headers, shipping, letter).await;
        let email = format!("{}@example.com", planted(letter)[0].to_lowercase());
        self.write(&format!("{path}/set-email"), &headers, json!({ "email": email }), letter).await;
        self.write(&format!("{path}/select-shipping"), &headers, json!({ "method": "standard" }), letter).await;
        let quote = self.write(&format!("{path}/quote"), &headers, json!({}), letter).await;
        Cart { id, line: text(&line["line_id"]), quote_hash: text(&quote["quote"]["hash"]), secret }
    }

    /// The order made of a cart, shipped, delivered, and with a return that was asked for.
    async fn ordered(&self, cart: &Cart, owner: &[(&str, &str)]) -> BTreeMap<Kind, String> {
        let place = json!({ "quote_hash": cart.quote_hash });
        let order = text(&self.as_staff(&format!("/carts/{}/place-order", cart.id), place).await["id"]);
        let path = format!("/orders/{order}");
        self.as_staff(&format!("{path}/confirm"), json!({})).await;
        let lines = json!([{ "line": 1, "quantity": 2 }]);
        let plan = json!({ "location": "main", "lines": lines });
        let shipment = text(&self.as_staff(&format!("{path}/shipments"), plan).await["id"]);
        for step in ["pack", "ship", "deliver"] {
            self.as_staff(&format!("/shipments/{shipment}/{step}"), json!({})).await;
        }
        let asked = json!({ "lines": [{ "line": 1, "quantity": 1, "reason": "unwanted" }] });
        let asked = self.write(&format!("{path}/returns"), owner, asked, &cart.id).await;
        BTreeMap::from([(Kind::Order, order), (Kind::Shipment, shipment), (Kind::Return, text(&asked["id"]))])
    }
}

/// A cart that was made.
struct Cart {
    id: String,
    line: String,
    quote_hash: String,
    secret: Option<String>,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

fn owned(headers: &[(&str, &str)]) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// What nobody but its owner may read.
fn planted(letter: &str) -> Vec<String> {
    let letter = letter.chars().find(char::is_ascii_uppercase).unwrap();
    vec![format!("Planted{letter}")]
}

fn address(letter: &str) -> Value {
    let planted = &planted(letter)[0];
    json!({
        "recipient": format!("{planted} Person"),
        "line1": format!("{planted} Street 1"),
        "city": "Berlin",
        "postal_code": "10115",
        "country": "DE",
    })
}
