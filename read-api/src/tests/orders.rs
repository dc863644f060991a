//! Who sees what of an order and of what belongs to it: the shop, its buyer, and nobody else.

use super::{Answer, Server};
use axum::http::{StatusCode, header};
use chrono::NaiveDate;
use serde_json::{Value, json};
use tillroll_domain::{
    aggregate::DomainEvent,
    cart::line::LineOption,
    checkout::{CapturePolicy, CheckoutTerms, PaymentTerms, StockHold},
    common::{Basis, LineKind, LineQuantity},
    contact::Address,
    fulfillment::{
        events::{FulfillmentCreated, FulfillmentEvent, FulfillmentLine, FulfillmentShipped},
        tracking::Tracking,
    },
    ids::{CartId, CustomerId, OrderId, ReservationId, ReturnId, ShipmentId, SubjectId},
    money::Rounding,
    order::{
        CancelCause,
        events::{
            OrderCancelled, OrderConfirmed, OrderDelivered, OrderEvent, OrderFulfillmentPlanned,
            OrderFulfillmentStarted, OrderLine, OrderLinesShipped, OrderPlaced, OrderQuote, OrderReturnRequested,
            OrderStockReserved, OrderTotals, RoundingPolicy, RoundingStage, Tax,
        },
    },
    personal::{Personal, PersonalData},
    pricing::PolicyVersion,
    quantity::Quantity,
    returns::{
        events::{ReturnEvent, ReturnLine, ReturnRequested},
        status::ReturnReason,
    },
};
use tillroll_infra::stream::{DEFAULT_TENANT, StreamId};
use uuid::Uuid;

const BASIS: Basis = Basis::Recorded;
pub(super) const CUSTOMER: CustomerId = CustomerId::new(Uuid::from_u128(0xc1 << 64));
const STRANGER: CustomerId = CustomerId::new(Uuid::from_u128(0xc2 << 64));
const CART: CartId = CartId::new(Uuid::from_u128(0xd1 << 64));

/// A purchase of three mugs with their shipment and a return, in streams of one number.
#[derive(Clone, Copy)]
pub(super) struct Purchase {
    number: u128,
    customer: Option<CustomerId>,
    cart: Option<CartId>,
}

/// A customer's, made from a cart, and a guest's.
pub(super) const OF_CUSTOMER: Purchase =
    Purchase { number: 1, customer: Some(CUSTOMER), cart: Some(CartId::new(Uuid::from_u128(0xd2 << 64))) };
const OF_GUEST: Purchase = Purchase { number: 2, customer: None, cart: Some(CART) };
/// Made by the shop itself, for nobody in particular.
const OF_NOBODY: Purchase = Purchase { number: 3, customer: None, cart: None };

fn units(quantity: i64) -> Quantity {
    Quantity::new(quantity).unwrap()
}

fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 3, day).unwrap()
}

impl Purchase {
    fn uuid(self) -> Uuid {
        Uuid::from_u128(self.number)
    }

    pub(super) fn order(self) -> OrderId {
        OrderId::new(self.uuid())
    }

    fn subject(self) -> Option<SubjectId> {
        let owner = self.customer.map(CustomerId::uuid).or(self.cart.map(CartId::uuid));
        owner.map(SubjectId::new)
    }

    fn own<T: PersonalData>(self, value: T) -> Option<Box<Personal<T>>> {
        self.subject().map(|subject| Box::new(Personal::known(subject, value)))
    }

    fn placed(self) -> OrderPlaced {
        let policy = |name: &str| PolicyVersion { name: name.parse().unwrap(), version: 1 };
        let address = |street: &str| Address {
            recipient: "Anna Berg".parse().unwrap(),
            line1: street.parse().unwrap(),
            line2: None,
            city: "Oslo".parse().unwrap(),
            region: None,
            postal_code: None,
            country: "NO".parse().unwrap(),
            phone: None,
        };
        OrderPlaced {
            customer_id: self.customer,
            country: "NO".parse().unwrap(),
            currency: "NOK".parse().unwrap(),
            lines: vec![OrderLine {
                line: 1,
                kind: LineKind::Goods,
                code: "MUG".parse().unwrap(),
                sku: Some("MUG".parse().unwrap()),
                description: "Mug".parse().unwrap(),
                quantity: units(3),
                unit_price: "10".parse().unwrap(),
                amount_minor: 3_000,
                rounding_micros: None,
                tax_minor: Some(240),
                options: vec![LineOption { name: "engraving".parse().unwrap(), value: "Forever".parse().unwrap() }],
            }],
            totals: OrderTotals {
                goods_minor: 3_000,
                carriage_minor: 0,
                discount_minor: 0,
                tax: Tax::Stated { amount_minor: 240 },
                total_minor: 3_240,
            },
            rounding: RoundingPolicy { mode: Rounding::HalfUp, stage: RoundingStage::Line },
            business_date: day(1),
            source: None,
            basis: BASIS,
            cart_id: self.cart,
            quote: self.cart.map(|_| {
                Box::new(OrderQuote {
                    hash: "0a".repeat(32).parse().unwrap(),
                    tax_policy: policy("flat"),
                    shipping_policy: policy("threshold"),
                    shipping_method: "standard".parse().unwrap(),
                })
            }),
            email: self.own("anna@example.com".parse().unwrap()),
            shipping_address: self.own(address("Torggata 1")),
            billing_address: self.own(address("Storgata 2")),
            checkout: None,
        }
    }

    /// Placed, confirmed, two of three planned and shipped and delivered, one on its way back.
    async fn tell(self, server: &Server) {
        let lines = |quantity| vec![LineQuantity { line: 1, quantity: units(quantity) }];
        let (shipment_id, return_id) = (ShipmentId::new(self.uuid()), ReturnId::new(self.uuid()));
        let of_order: Vec<OrderEvent> = vec![
            self.placed().into(),
            OrderConfirmed { basis: BASIS }.into(),
            OrderFulfillmentStarted { basis: BASIS }.into(),
            OrderFulfillmentPlanned { shipment_id, lines: lines(3) }.into(),
            OrderLinesShipped { shipment_id, lines: lines(3), basis: BASIS }.into(),
            OrderDelivered { business_date: Some(day(3)) }.into(),
            OrderReturnRequested { return_id, lines: lines(1) }.into(),
        ];
        let tracking = vec![Tracking {
            number: "JD1".parse().unwrap(),
            url: Some("https://carrier.example/JD1".parse().unwrap()),
        }];
        let of_shipment: Vec<FulfillmentEvent> = vec![
            created(self.order()).into(),
            FulfillmentShipped { carrier: Some("DHL".parse().unwrap()), tracking, business_date: day(2) }.into(),
        ];
        let of_return: ReturnEvent = requested(self.order()).into();
        self.append(server, "order", 0x100, of_order).await;
        self.append(server, "fulfillment", 0x200, of_shipment).await;
        self.append(server, "return", 0x300, vec![of_return]).await;
    }

    /// Appends events of one stream, sealed.
    async fn append<E: DomainEvent>(self, server: &Server, category: &str, first: u128, events: Vec<E>) {
        let stream = StreamId::new(category, &self.uuid().to_string()).unwrap();
        for (event, number) in events.into_iter().zip(first..) {
            let id = Uuid::from_u128((self.number << 32) + number);
            server.append(stream.clone(), id, &event).await;
        }
    }

    /// All that can be read of it.
    fn paths(self) -> [String; 7] {
        let (order, uuid) = (self.order(), self.uuid());
        [
            format!("/orders/{order}"),
            format!("/orders/{order}/timeline"),
            format!("/orders/{order}/shipments"),
            format!("/orders/{order}/returns"),
            format!("/shipments/{}", ShipmentId::new(uuid)),
            format!("/returns/{}", ReturnId::new(uuid)),
            format!("/orders/{order}/payments"),
        ]
    }
}

fn created(order_id: OrderId) -> FulfillmentCreated {
    let line = FulfillmentLine { line: 1, sku: "MUG".parse().unwrap(), quantity: units(3) };
    FulfillmentCreated { order_id, location: "main".parse().unwrap(), lines: vec![line] }
}

fn requested(order_id: OrderId) -> ReturnRequested {
    let (sku, reason) = ("MUG".parse().unwrap(), ReturnReason::Unwanted);
    ReturnRequested {
        order_id,
        lines: vec![ReturnLine { line: 1, sku, quantity: units(1), reason }],
        delivered_on: Some(day(3)),
        window_days: 14,
        window_ends_on: Some(day(17)),
        business_date: day(5),
    }
}

pub(super) async fn shop() -> Server {
    let server = Server::empty().await;
    for purchase in [OF_CUSTOMER, OF_GUEST, OF_NOBODY] {
        purchase.tell(&server).await;
    }
    server.catch_up().await;
    server
}

pub(super) async fn as_customer(server: &Server, customer: CustomerId, path: &str) -> Answer {
    server.get_as("storefront", path, &[("tillroll-customer", &customer.to_string())]).await
}

/// A guest's browser, without a key of the server.
async fn as_guest(server: &Server, cart: CartId, path: &str) -> Answer {
    let secret = server.keys.cart_secret(cart);
    server.send(path, &[("tillroll-cart-secret", secret.reveal())]).await
}

/// Case 37: the customer, and the guest who has the cart's secret, see their order with everything.
#[tokio::test]
async fn the_buyer_sees_the_order_and_what_belongs_to_it() {
    let server = shop().await;
    for path in OF_CUSTOMER.paths() {
        Server::body(&as_customer(&server, CUSTOMER, &path).await);
    }
    for path in OF_GUEST.paths() {
        Server::body(&as_guest(&server, CART, &path).await);
    }
    let customers = as_customer(&server, CUSTOMER, &OF_CUSTOMER.paths()[0]).await;
    let guests = as_guest(&server, CART, &OF_GUEST.paths()[0]).await;
    let administrators = server.get(&OF_GUEST.paths()[0]).await;
    for answer in [customers, guests, administrators] {
        let order = Server::body(&answer);
        assert_eq!(
            (&order["email"], &order["shipping_address"]["line1"]),
            (&json!("anna@example.com"), &json!("Torggata 1"))
        );
        assert_eq!(order["billing_address"]["line1"], "Storgata 2");
    }
}

/// Case 37: whoever reads every order without managing them sees nothing personal.
#[tokio::test]
async fn analysts_and_auditors_see_the_order_without_the_person() {
    let server = shop().await;
    for purchase in [OF_CUSTOMER, OF_GUEST, OF_NOBODY] {
        for role in ["analyst", "auditor"] {
            for path in purchase.paths() {
                let answer = server.get_as(role, &path, &[]).await;
                let text = Server::body(&answer).to_string();
                for secret in ["Anna", "Torggata", "Storgata", "example.com"] {
                    assert!(!text.contains(secret), "{role} {path}: {text}");
                }
            }
        }
    }
}

/// Case 37: what a shopper may not see answers exactly like what is not there.
#[tokio::test]
async fn for_others_there_is_no_such_order() {
    let server = shop().await;
    let nothing = Purchase { number: 99, ..OF_NOBODY };
    let other_cart = CartId::new(Uuid::from_u128(0xee << 64));
    for purchase in [OF_CUSTOMER, OF_GUEST, OF_NOBODY] {
        for (path, missing) in purchase.paths().iter().zip(nothing.paths()) {
            let strangers = [
                (as_customer(&server, STRANGER, path).await, as_customer(&server, STRANGER, &missing).await),
                (as_guest(&server, other_cart, path).await, as_guest(&server, other_cart, &missing).await),
                (server.get_as("storefront", path, &[]).await, server.get_as("storefront", &missing, &[]).await),
            ];
            for (theirs, missing) in strangers {
                assert_eq!(theirs.status, StatusCode::NOT_FOUND, "{path} {theirs:?}");
                assert_eq!(theirs.body, missing.body, "{path}");
                assert_eq!(theirs.headers.get(header::ETAG), None);
            }
        }
    }
    // A customer's order is not for whoever has the secret of the cart that it was made from.
    let cart = OF_CUSTOMER.cart.unwrap();
    assert_eq!(as_guest(&server, cart, &OF_CUSTOMER.paths()[0]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_customer_lists_their_own_orders_alone() {
    let server = shop().await;
    let ids = |answer: &Answer| -> Vec<Value> {
        Server::body(answer)["data"].as_array().unwrap().iter().map(|order| order["id"].clone()).collect()
    };
    assert_eq!(ids(&as_customer(&server, CUSTOMER, "/orders").await), [json!(OF_CUSTOMER.order())]);
    assert_eq!(ids(&as_customer(&server, STRANGER, "/orders").await), Vec::<Value>::new());
    let others = format!("/orders?customer={CUSTOMER}");
    assert_eq!(ids(&as_customer(&server, STRANGER, &others).await), Vec::<Value>::new());
    assert_eq!(ids(&as_customer(&server, CUSTOMER, &others).await).len(), 1);
    assert_eq!(server.get_as("storefront", "/orders", &[]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(as_guest(&server, CART, "/orders").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(as_customer(&server, CUSTOMER, "/returns").await.status, StatusCode::FORBIDDEN);
    assert_eq!(ids(&server.get("/orders").await).len(), 3);
}

#[tokio::test]
async fn an_order_shows_its_quote_its_lines_and_what_is_on_its_way_back() {
    let server = shop().await;
    let answer = server.get(&OF_CUSTOMER.paths()[0]).await;
    let order = Server::body(&answer);
    assert_eq!(order["quote"]["hash"], "0a".repeat(32));
    assert_eq!(order["quote"]["tax_policy"], json!({"name": "flat", "version": 1}));
    assert_eq!((&order["status"], &order["return_status"]), (&json!("delivered"), &json!("requested")));
    assert_eq!((&order["delivered_on"], &order["cart_id"]), (&json!("2024-03-03"), &json!(OF_CUSTOMER.cart)));
    let line = &order["lines"][0];
    assert_eq!(line["options"], json!([{"name": "engraving", "value": "Forever"}]));
    assert_eq!((&line["tax"]["minor"], &line["planned"], &line["shipped"]), (&json!(240), &json!(0), &json!(3)));
    assert_eq!((&line["return_requested"], &line["returned"]), (&json!(1), &json!(0)));
    let nobodys = server.get(&OF_NOBODY.paths()[0]).await;
    let nobodys = Server::body(&nobodys);
    assert_eq!((nobodys.get("quote"), nobodys.get("email"), &nobodys["cart_id"]), (None, None, &Value::Null));
}

/// The buyer reads from the order what became of the checkout: why there is none, and what there was not enough of.
#[tokio::test]
async fn an_order_of_a_checkout_shows_its_terms_its_stock_and_why_it_was_cancelled() {
    let server = Server::empty().await;
    let payment = PaymentTerms {
        method: "card".parse().unwrap(),
        provider: "simulated".parse().unwrap(),
        capture: CapturePolicy::AtFulfillment,
    };
    let checkout = Some(Box::new(CheckoutTerms { payment: Some(payment) }));
    let hold = StockHold {
        sku: "MUG".parse().unwrap(),
        location: "main".parse().unwrap(),
        reservation_id: ReservationId::new(Uuid::from_u128(1)),
        quantity: units(3),
    };
    let placed = OrderPlaced { checkout, ..OF_GUEST.placed() };
    let told: Vec<OrderEvent> = vec![placed.into(), OrderStockReserved { holds: vec![hold] }.into()];
    OF_GUEST.append(&server, "order", 0x100, told).await;
    server.catch_up().await;
    let path = &OF_GUEST.paths()[0];
    let order = Server::body(&as_guest(&server, CART, path).await).clone();
    let terms = json!({"payment": {"method": "card", "provider": "simulated", "capture": "at_fulfillment"}});
    assert_eq!((&order["checkout"], &order["stock"]), (&terms, &json!("reserved")));
    assert_eq!(order["cancellation"], Value::Null);

    let cause = CancelCause::InsufficientStock { sku: "MUG".parse().unwrap(), requested: 3, available: 2 };
    let reason = "not enough in stock".parse().unwrap();
    let cancelled = OrderCancelled { reason, cause: Some(cause), confirmed: Some(false) };
    OF_GUEST.append::<OrderEvent>(&server, "order", 0x110, vec![cancelled.into()]).await;
    let other = OrderPlaced { checkout: None, ..OF_NOBODY.placed() };
    OF_NOBODY.append::<OrderEvent>(&server, "order", 0x100, vec![other.into()]).await;
    server.catch_up().await;
    let order = Server::body(&as_guest(&server, CART, path).await).clone();
    let why = json!({
        "cause": "insufficient_stock", "reason": "not enough in stock",
        "shortage": {"sku": "MUG", "requested": 3, "available": 2},
    });
    assert_eq!((&order["cancellation"], &order["stock"]), (&why, &json!("none")));
    let other = server.get(&OF_NOBODY.paths()[0]).await;
    assert_eq!((Server::body(&other).get("checkout"), &Server::body(&other)["stock"]), (None, &json!("none")));
}

#[tokio::test]
async fn shipments_and_returns_are_shown_with_their_lines() {
    let server = shop().await;
    let [_, _, shipments, returns, shipment, returned, _] = OF_GUEST.paths();
    let one = server.get(&shipment).await;
    let one = Server::body(&one);
    assert_eq!((&one["status"], &one["carrier"], &one["quantity"]), (&json!("shipped"), &json!("DHL"), &json!(3)));
    assert_eq!(one["tracking"], json!([{"number": "JD1", "url": "https://carrier.example/JD1"}]));
    assert_eq!(one["lines"], json!([{"line": 1, "sku": "MUG", "quantity": 3}]));
    assert_eq!(&Server::body(&server.get(&shipments).await)["data"], &json!([one]));
    let one = server.get(&returned).await;
    let one = Server::body(&one);
    assert_eq!((&one["status"], &one["window_ends_on"]), (&json!("requested"), &json!("2024-03-17")));
    assert_eq!((&one["lines"][0]["reason"], &one["lines"][0]["requested"]), (&json!("unwanted"), &json!(1)));
    assert_eq!(&Server::body(&server.get(&returns).await)["data"], &json!([one]));
    assert_eq!(Server::body(&server.get("/returns").await)["data"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_page_has_another_tag_once_another_one_follows_it() {
    let server = shop().await;
    let [_, _, shipments, returns, ..] = OF_GUEST.paths();
    let first = [format!("{shipments}?sort=created_at&limit=1"), format!("{returns}?sort=requested_at&limit=1")];
    let mut tags = Vec::new();
    for path in &first {
        let alone = server.get(path).await;
        assert_eq!(Server::body(&alone)["next_cursor"], Value::Null, "{path}");
        tags.push(alone.header("etag").to_owned());
        let same = server.get_as("admin", path, &[("if-none-match", &tags[tags.len() - 1])]).await;
        assert_eq!(same.status, StatusCode::NOT_MODIFIED, "{path}");
    }
    let second = Purchase { number: 50, ..OF_GUEST };
    second.append::<FulfillmentEvent>(&server, "fulfillment", 0x200, vec![created(OF_GUEST.order()).into()]).await;
    second.append::<ReturnEvent>(&server, "return", 0x300, vec![requested(OF_GUEST.order()).into()]).await;
    server.catch_up().await;
    for (path, tag) in first.iter().zip(&tags) {
        let answer = server.get_as("admin", path, &[("if-none-match", tag)]).await;
        assert!(Server::body(&answer)["next_cursor"].is_string(), "{path}");
    }
}

#[tokio::test]
async fn the_queue_is_filtered_by_goods_and_returns() {
    let server = shop().await;
    let count = async |query: &str| {
        let answer = server.get(&format!("/orders?{query}")).await;
        Server::body(&answer)["data"].as_array().unwrap().len()
    };
    assert_eq!((count("fulfillment=delivered").await, count("fulfillment=partial").await), (3, 0));
    assert_eq!((count("returns=requested").await, count("returns=none").await), (3, 0));
    assert_eq!((count("status=delivered").await, count("status=pending").await), (3, 0));
    let returns = async |query: &str| {
        let answer = server.get(&format!("/returns?{query}")).await;
        Server::body(&answer)["data"].as_array().unwrap().len()
    };
    assert_eq!((returns("status=requested").await, returns("status=approved").await), (3, 0));
}

/// What a destroyed key leaves is nothing, at once and under another tag.
#[tokio::test]
async fn a_person_who_is_erased_is_gone_from_their_orders() {
    let server = shop().await;
    let path = &OF_CUSTOMER.paths()[0];
    let before = as_customer(&server, CUSTOMER, path).await;
    let tag = before.header("etag").to_owned();
    server.codec.vault().erase(DEFAULT_TENANT, OF_CUSTOMER.subject().unwrap()).await.unwrap();
    let header = [("tillroll-customer", CUSTOMER.to_string()), ("if-none-match", tag)];
    let header: Vec<(&str, &str)> = header.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let after = server.get_as("storefront", path, &header).await;
    let order = Server::body(&after);
    assert_eq!((order.get("email"), order.get("shipping_address")), (None, None));
    assert_eq!(order["totals"]["total"]["minor"], 3_240);
}
