//! Carts as their owners and the shop see them.

use super::{Answer, Server, shop};
use axum::http::{StatusCode, header};
use chrono::{NaiveDate, TimeDelta};
use serde_json::{Value, json};
use tillroll_domain::{
    aggregate::{Aggregate, DomainEvent, Moment},
    cart::{AddressKind, Cart, CartOwner, CartState, commands::CartCommand as Command},
    checkout::{CapturePolicy, CheckoutTerms, PaymentTerms},
    common::Basis,
    contact::Address,
    ids::{CartId, CartLineId, CustomerId, OrderId, SubjectId},
    personal::Personal,
    price::Price,
    pricing::{
        FlatTax, PriceReason, PricingLine, PricingRequest, Quote, SelectedPrice, TaxRate, ThresholdShipping, price,
        shipping::ShippingTariff,
    },
    product::events::{ProductEvent, VariantPriceSet},
    quantity::Quantity,
    stock_item::events::{AdjustmentReason, StockAdjusted, StockItemEvent},
};
use tillroll_infra::stream::DEFAULT_TENANT;
use uuid::Uuid;

/// The customer of [`shop`].
const ANNA: &str = shop::CUSTOMER_ID;
const PRODUCT_STREAM: &str = "product-00000000-0000-7000-8000-000000000a01";

fn anna() -> CustomerId {
    ANNA.parse().unwrap()
}

fn line_id(number: u128) -> CartLineId {
    CartLineId::new(Uuid::from_u128(0x1_0000 + number))
}

/// A cart in pounds for Norway, told event by event.
struct Told<'a> {
    server: &'a Server,
    id: CartId,
    state: CartState,
    events: u128,
}

impl<'a> Told<'a> {
    async fn begin(server: &'a Server, number: u128, owner: CartOwner) -> Self {
        let id = CartId::new(Uuid::from_u128(number << 64));
        let mut told = Self { server, id, state: Cart::initial(), events: 0 };
        let (currency, country) = ("GBP".parse().unwrap(), "NO".parse().unwrap());
        told.ask(Command::Create { cart_id: id, owner, currency, country }).await;
        told
    }

    /// A guest's cart with three mugs at the price that they had.
    async fn guest(server: &'a Server) -> Self {
        let mut told = Self::begin(server, 1, CartOwner::Guest).await;
        told.ask(add(1, "MUG-1", 3)).await;
        told
    }

    /// Asks what must be possible.
    async fn ask(&mut self, command: Command) {
        let now = shop::TIME + TimeDelta::seconds(i64::try_from(self.events).unwrap());
        let moment = Moment { now, business_date: NaiveDate::default() };
        let events = Cart::decide(&self.state, &command, &moment).expect("it is possible");
        for event in events {
            self.events += 1;
            let stream = format!("cart-{}", self.id.uuid());
            tell(self.server, &stream, self.id.uuid().as_u128() + self.events, &event).await;
            self.state = Cart::evolve(std::mem::replace(&mut self.state, CartState::Absent), &event);
        }
    }

    fn subject(&self) -> SubjectId {
        self.state.open().unwrap().subject()
    }

    async fn write_contact(&mut self) {
        let address = Address {
            recipient: "Anna Berg".parse().unwrap(),
            line1: "Torggata 1".parse().unwrap(),
            line2: None,
            city: "Oslo".parse().unwrap(),
            region: None,
            postal_code: None,
            country: "NO".parse().unwrap(),
            phone: None,
        };
        let address = Personal::known(self.subject(), address);
        let email = Personal::known(self.subject(), "anna@example.com".parse().unwrap());
        self.ask(Command::SetAddress { kind: AddressKind::Shipping, address, country: "NO".parse().unwrap() }).await;
        self.ask(Command::SetEmail { email }).await;
    }

    async fn quote(&mut self) -> Quote {
        self.ask(Command::SelectShipping { method: "standard".parse().unwrap() }).await;
        let cart = self.state.open().unwrap().clone();
        let selected = SelectedPrice { amount: "2.555".parse().unwrap(), reason: PriceReason::ListPrice };
        let lines = cart.lines.iter().map(|line| PricingLine {
            line_id: line.line_id,
            sku: line.sku.clone(),
            description: "Mug".parse().unwrap(),
            quantity: line.quantity,
            price: selected,
        });
        let request = PricingRequest {
            currency: cart.currency,
            country: cart.country,
            lines: lines.collect(),
            shipping_method: "standard".parse().unwrap(),
            at: shop::TIME,
            valid_for: TimeDelta::minutes(15),
        };
        let tariff = ShippingTariff { price_minor: 599, free_from_minor: 5_000 };
        let tariffs = [("GBP".parse().unwrap(), tariff)].into();
        let tax = FlatTax { rate: TaxRate::from_millionths(80_000).unwrap() };
        let quote = price(&request, &tax, &ThresholdShipping { tariffs }).unwrap();
        self.ask(Command::Quote { quote: Box::new(quote.clone()) }).await;
        quote
    }

    fn path(&self, rest: &str) -> String {
        format!("/carts/{}{rest}", self.id)
    }

    /// As the guest, through the storefront.
    async fn reads(&self, rest: &str) -> Answer {
        let secret = self.server.keys.cart_secret(self.id);
        self.server.get_as("storefront", &self.path(rest), &[("tillroll-cart-secret", secret.reveal())]).await
    }
}

/// One event more, sealed, and shown.
async fn tell<E: DomainEvent>(server: &Server, stream: &str, number: u128, event: &E) {
    server.append(stream.parse().unwrap(), Uuid::from_u128(number), event).await;
    server.catch_up().await;
}

fn add(number: u128, sku: &str, count: i64) -> Command {
    Command::AddLine {
        line_id: line_id(number),
        sku: sku.parse().unwrap(),
        options: vec![],
        quantity: Quantity::new(count).unwrap(),
        unit_price: "2.555".parse().unwrap(),
        available: 999,
    }
}

/// As the storefront that acts for a customer.
async fn for_customer(server: &Server, customer: &str, path: &str) -> Answer {
    server.get_as("storefront", path, &[("tillroll-customer", customer)]).await
}

async fn set_price(server: &Server, amount: &str) {
    let price = Price { amount: amount.parse().unwrap(), currency: "GBP".parse().unwrap() };
    let event: ProductEvent = VariantPriceSet { sku: "MUG-1".parse().unwrap(), price }.into();
    tell(server, PRODUCT_STREAM, 1 << 120, &event).await;
}

#[tokio::test]
async fn a_cart_shows_its_lines_as_they_were_and_as_they_are() {
    let server = Server::with_a_shop().await;
    let told = Told::guest(&server).await;
    let answer = told.reads("").await;
    let cart = Server::body(&answer);
    assert_eq!(cart["state"], "open");
    let line = &cart["lines"][0];
    assert_eq!((&line["sku"], &line["name"], &line["quantity"]), (&json!("MUG-1"), &json!("Mug"), &json!(3)));
    assert_eq!((&line["price_when_added"], &line["unit_price"]), (&json!("2.555"), &json!("2.555")));
    assert_eq!((&line["price_changed"], &line["is_available"]), (&json!(false), &json!(true)));
    // Three times 2.555, rounded once, as a quote rounds.
    assert_eq!((&line["amount"]["amount"], &cart["subtotal"]["amount"]), (&json!("7.67"), &json!("7.67")));
    assert_eq!(line["available"], 6, "ten less four that are reserved");
    set_price(&server, "3").await;
    let answer = told.reads("").await;
    let line = &Server::body(&answer)["lines"][0];
    assert_eq!((&line["price_when_added"], &line["unit_price"]), (&json!("2.555"), &json!("3")));
    assert_eq!((&line["price_changed"], &line["amount"]["minor"]), (&json!(true), &json!(900)));
}

#[tokio::test]
async fn what_cannot_be_had_does_not_count() {
    let server = Server::with_a_shop().await;
    let mut told = Told::guest(&server).await;
    // A variant that was withdrawn, and a cup whose product is a draft.
    told.ask(add(2, "MUG-2", 1)).await;
    told.ask(add(3, "CUP-1", 1)).await;
    let answer = told.reads("").await;
    let cart = Server::body(&answer);
    let available: Vec<&Value> = cart["lines"].as_array().unwrap().iter().map(|line| &line["is_available"]).collect();
    assert_eq!(available, [&json!(true), &json!(false), &json!(false)]);
    assert_eq!((&cart["units"], &cart["subtotal"]["minor"]), (&json!(5), &json!(767)));
    // Case 3: two lines of one SKU are available together or not at all.
    let mut more = add(4, "MUG-1", 4);
    if let Command::AddLine { options, .. } = &mut more {
        options
            .push(tillroll_domain::cart::LineOption { name: "color".parse().unwrap(), value: "red".parse().unwrap() });
    }
    told.ask(more).await;
    let answer = told.reads("").await;
    let lines = &Server::body(&answer)["lines"];
    assert_eq!((&lines[0]["is_available"], &lines[3]["is_available"]), (&json!(false), &json!(false)));
    assert_eq!(Server::body(&answer)["subtotal"]["minor"], 0);
}

/// Case 37: who is neither the owner nor reads carts learns nothing, not even that there is a cart.
#[tokio::test]
async fn somebody_elses_cart_answers_like_no_cart() {
    let server = Server::with_a_shop().await;
    let guest = Told::guest(&server).await;
    let customers = Told::begin(&server, 2, CartOwner::Customer(anna())).await;
    let other = "cus_00000000-0000-7000-8000-000000000d02";
    let nothing = CartId::new(Uuid::from_u128(99));
    let wrong = server.keys.cart_secret(nothing);
    for rest in ["", "/quote", "/quote/explain"] {
        let missing = for_customer(&server, other, &format!("/carts/{nothing}{rest}")).await;
        assert_eq!((missing.status, missing.code()), (StatusCode::NOT_FOUND, "cart_not_found"), "{rest}");
        for told in [&guest, &customers] {
            let path = told.path(rest);
            let strangers = [
                for_customer(&server, other, &path).await,
                server.get_as("storefront", &path, &[]).await,
                server.get_as("storefront", &path, &[("tillroll-cart-secret", wrong.reveal())]).await,
                server.send(&path, &[("tillroll-cart-secret", wrong.reveal())]).await,
            ];
            for stranger in strangers {
                assert_eq!((stranger.status, &stranger.body), (StatusCode::NOT_FOUND, &missing.body), "{path}");
            }
            let auditor = server.get_as("auditor", &path, &[]).await;
            assert_eq!((auditor.status, auditor.code()), (StatusCode::FORBIDDEN, "forbidden"));
        }
    }
    let path = format!("/customers/{ANNA}/cart");
    assert_eq!(for_customer(&server, ANNA, &path).await.status, StatusCode::OK);
    assert_eq!(for_customer(&server, other, &path).await.code(), "cart_not_found");
    assert_eq!(server.get_as("storefront", &path, &[]).await.code(), "cart_not_found");
}

#[tokio::test]
async fn contact_is_for_the_owner_and_those_who_manage_carts() {
    let server = Server::with_a_shop().await;
    let mut told = Told::guest(&server).await;
    told.write_contact().await;
    let admin = server.get(&told.path("")).await;
    let secret = server.keys.cart_secret(told.id);
    let by_secret_alone = server.send(&told.path(""), &[("tillroll-cart-secret", secret.reveal())]).await;
    for answer in [&told.reads("").await, &by_secret_alone, &admin] {
        let cart = Server::body(answer);
        assert_eq!((&cart["shipping_address"]["city"], &cart["email"]), (&json!("Oslo"), &json!("anna@example.com")));
        assert_eq!(cart.get("billing_address"), None);
    }
    let analyst = server.get_as("analyst", &told.path(""), &[]).await;
    let seen = Server::body(&analyst).to_string();
    assert!(!seen.contains("Oslo") && !seen.contains("anna@example.com"), "{seen}");
    // Destroying the key is enough, before any event says so.
    let before = told.reads("").await;
    server.codec.vault().erase(DEFAULT_TENANT, told.subject()).await.unwrap();
    let after = told.reads("").await;
    assert_eq!((Server::body(&after).get("shipping_address"), Server::body(&after).get("email")), (None, None));
    assert_ne!(before.header(header::ETAG), after.header(header::ETAG));
}

/// Case 14: whoever looks at a cart that is checked out sees for which order it is frozen.
#[tokio::test]
async fn a_cart_names_the_order_whose_checkout_runs() {
    let server = Server::with_a_shop().await;
    let mut told = Told::guest(&server).await;
    let quote_hash = told.quote().await.hash;
    let shown = |answer: &Answer| Server::body(answer).get("checkout_order_id").cloned();
    assert_eq!(shown(&told.reads("").await), None);
    let order_id = OrderId::new(Uuid::from_u128(6));
    let (method, provider) = ("card".parse().unwrap(), "simulated".parse().unwrap());
    let payment = Some(PaymentTerms { method, provider, capture: CapturePolicy::AtOnce });
    let terms = CheckoutTerms { payment };
    told.ask(Command::BeginCheckout { order_id, quote_hash, terms, instrument: None }).await;
    assert_eq!(shown(&told.reads("").await), Some(json!(order_id)));
    told.ask(Command::EndCheckout { order_id, placed: false }).await;
    assert_eq!(shown(&told.reads("").await), None);
}

#[tokio::test]
async fn the_tag_begins_with_the_revision_and_covers_prices_and_stock() {
    let server = Server::with_a_shop().await;
    let told = Told::guest(&server).await;
    let first = told.reads("").await.header(header::ETAG).to_owned();
    assert!(first.starts_with("\"1."), "{first}");
    let secret = server.keys.cart_secret(told.id);
    let given = [("tillroll-cart-secret", secret.reveal()), ("if-none-match", first.as_str())];
    assert_eq!(server.get_as("storefront", &told.path(""), &given).await.status, StatusCode::NOT_MODIFIED);
    set_price(&server, "3").await;
    let priced = told.reads("").await.header(header::ETAG).to_owned();
    let (delta, reason) = (-5, AdjustmentReason::Lost);
    let (note, basis) = ("".parse().unwrap(), Basis::Recorded);
    let lost: StockItemEvent = StockAdjusted { delta, reason, note, document: None, basis }.into();
    tell(&server, "stock_item-main.MUG-1", 2 << 120, &lost).await;
    let scarce = told.reads("").await;
    assert!(first != priced && priced != scarce.header(header::ETAG), "each change shows in the tag");
    assert_eq!(Server::body(&scarce)["lines"][0]["is_available"], false);
}

#[tokio::test]
async fn a_quote_is_read_and_explained_to_the_last_minor_unit() {
    let server = Server::with_a_shop().await;
    let mut told = Told::guest(&server).await;
    assert_eq!(told.reads("/quote").await.code(), "quote_not_found");
    let quote = told.quote().await;
    let answer = told.reads("/quote").await;
    let shown = Server::body(&answer);
    assert_eq!((&shown["hash"], &shown["total"]["minor"]), (&json!(quote.hash), &json!(quote.total_minor)));
    assert!(answer.header(header::ETAG).starts_with("\"3."), "{}", answer.header(header::ETAG));
    let cart = told.reads("").await;
    assert_eq!(&Server::body(&cart)["quote"], shown);
    let answer = told.reads("/quote/explain").await;
    let explained = Server::body(&answer);
    let amounts = explained["explanation"].as_array().unwrap().iter().map(|part| part["amount"]["minor"].as_i64());
    assert_eq!(amounts.sum::<Option<i64>>(), Some(quote.total_minor));
    // Case 32: what changes the cart makes the quote void.
    told.ask(add(2, "MUG-1", 1)).await;
    for rest in ["/quote", "/quote/explain"] {
        assert_eq!(told.reads(rest).await.code(), "quote_not_found", "{rest}");
    }
    assert_eq!(Server::body(&told.reads("").await).get("quote"), None);
}

#[tokio::test]
async fn a_customer_has_one_open_cart_to_be_shown() {
    let server = Server::with_a_shop().await;
    let path = format!("/customers/{ANNA}/cart");
    assert_eq!(for_customer(&server, ANNA, &path).await.code(), "cart_not_found");
    let mut told = Told::begin(&server, 2, CartOwner::Customer(anna())).await;
    told.ask(add(1, "MUG-1", 1)).await;
    let answer = for_customer(&server, ANNA, &path).await;
    assert_eq!((&Server::body(&answer)["id"], &answer.body["customer_id"]), (&json!(told.id), &json!(ANNA)));
    let quote_hash = told.quote().await.hash;
    told.ask(Command::BeginCompletion { quote_hash, lease_seconds: 60 }).await;
    let order_id = OrderId::new(Uuid::from_u128(7));
    told.ask(Command::Convert { fence: 1, order_id }).await;
    assert_eq!(for_customer(&server, ANNA, &path).await.code(), "cart_not_found");
    let answer = for_customer(&server, ANNA, &told.path("")).await;
    assert_eq!((&Server::body(&answer)["state"], &answer.body["order_id"]), (&json!("converted"), &json!(order_id)));
}

#[tokio::test]
async fn those_who_run_the_shop_find_abandoned_carts() {
    let server = Server::with_a_shop().await;
    let guest = Told::guest(&server).await;
    let empty = Told::begin(&server, 2, CartOwner::Guest).await;
    let mut merged = Told::begin(&server, 3, CartOwner::Guest).await;
    merged.ask(Command::BeginMerge { into: guest.id }).await;
    let customers = Told::begin(&server, 4, CartOwner::Customer(anna())).await;
    let list = async |query: &str| -> Vec<String> {
        let answer = server.get(&format!("/carts{query}")).await;
        let data = Server::body(&answer)["data"].as_array().unwrap();
        data.iter().map(|cart| cart["id"].as_str().unwrap().to_owned()).collect()
    };
    let ids = |carts: &[&Told<'_>]| carts.iter().map(|told| told.id.to_string()).collect::<Vec<_>>();
    let sorted = |mut ids: Vec<String>| {
        ids.sort();
        ids
    };
    assert_eq!(sorted(list("").await), ids(&[&guest, &empty, &merged, &customers]));
    assert_eq!(sorted(list("?state=open").await), ids(&[&guest, &empty, &customers]));
    assert_eq!(list("?state=open&filled=true").await, ids(&[&guest]));
    assert_eq!(sorted(list("?state=open&filled=false").await), ids(&[&empty, &customers]));
    assert_eq!(list(&format!("?customer={ANNA}")).await, ids(&[&customers]));
    assert_eq!(list("?state=merged").await, ids(&[&merged]));
    assert_eq!(list("?updated_before=1970-01-01T00:00:00Z").await, Vec::<String>::new());
    assert_eq!(list("?updated_before=1970-01-02T00:00:00Z").await.len(), 4);
    for role in ["auditor", "storefront"] {
        assert_eq!(server.get_as(role, "/carts", &[]).await.code(), "forbidden");
    }
    let answer = server.get("/carts?state=merged").await;
    assert_eq!(Server::body(&answer)["data"][0]["merged_into"], json!(guest.id));
}
