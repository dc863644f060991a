//! Orders made of quoted carts.

use crate::shop::{Answer, Shop, key};
use axum::http::Method;
use chrono::TimeDelta;
use serde_json::{Value, json};
use tillroll_domain::{
    cart::{
        Cart, CartEnding, CartOwner, CartState, GuestContact, commands::CartCommand, guest_subject, line::LineOption,
    },
    contact::Email,
    ids::{CartId, CartLineId, CommandId, CustomerId, OrderId},
    order::{
        Order,
        commands::{CartOrigin, OrderCommand, OrderContact, OrderSnapshot},
        events::OrderEvent,
    },
    personal::Personal,
    pricing::{
        FlatTax, PriceReason, PricingLine, PricingRequest, Quote, QuoteHash, SelectedPrice, ThresholdShipping, price,
    },
    quantity::Quantity,
};
use tillroll_http::{Keys, Role};
use tillroll_infra::{
    bus::{CommandContext, context::derived_uuid},
    config::PricingSettings,
    log::ReadFrom,
    stream::Revision,
};
use uuid::Uuid;

const CART: CartId = CartId::new(Uuid::from_u128(0x0198_0000_0000_7000_8000_0000_0000_00c1));

fn parse<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().unwrap()
}

/// A cart of three mugs at 2.55 with an engraving and of ten cups at `cup_price`, which costs what [`quote`] says.
struct Cartful<'a> {
    shop: &'a Shop,
    id: CartId,
    quote: Quote,
}

fn quote(shop: &Shop, cup_price: &str) -> Quote {
    let now = tillroll_infra::ambient::Clock::now(&*shop.clock);
    let line = |number: u128, sku: &str, units, amount: &str| PricingLine {
        line_id: CartLineId::new(Uuid::from_u128(number)),
        sku: parse(sku),
        description: parse(sku),
        quantity: Quantity::new(units).unwrap(),
        price: SelectedPrice { amount: parse(amount), reason: PriceReason::ListPrice },
    };
    let request = PricingRequest {
        currency: parse("EUR"),
        country: parse("DE"),
        lines: vec![line(1, "MUG", 3, "2.55"), line(2, "CUP", 10, cup_price)],
        shipping_method: parse("standard"),
        at: now,
        valid_for: TimeDelta::minutes(15),
    };
    let settings = PricingSettings::default();
    let (tax, shipping): (FlatTax, ThresholdShipping) = (settings.tax(), settings.shipping().unwrap());
    price(&request, &tax, &shipping).unwrap()
}

async fn run(shop: &Shop, id: CartId, command: CartCommand) {
    let context = CommandContext::live(CommandId::new(shop.bus.ambient().ids.next()), "test");
    shop.bus.execute::<Cart>(&id.uuid().to_string(), command, context).await.unwrap();
}

impl<'a> Cartful<'a> {
    async fn open(shop: &'a Shop, owner: CartOwner, cup_price: &str) -> Self {
        let create = CartCommand::Create { cart_id: CART, owner, currency: parse("EUR"), country: parse("DE") };
        run(shop, CART, create).await;
        Self::fill(shop, CART, cup_price).await
    }

    /// Fills and quotes an empty cart in euros for Germany.
    async fn fill(shop: &'a Shop, id: CartId, cup_price: &str) -> Self {
        let cart = Self { shop, id, quote: quote(shop, cup_price) };
        for line in &cart.quote.lines {
            let engraving = LineOption { name: parse("Engraving"), value: parse("To you") };
            let add = CartCommand::AddLine {
                line_id: line.line_id,
                sku: line.sku.clone(),
                options: if line.sku.as_str() == "MUG" { vec![engraving] } else { vec![] },
                quantity: line.quantity,
                unit_price: line.unit_price,
                available: 100,
            };
            cart.run(add).await;
        }
        cart.run(CartCommand::SelectShipping { method: parse("standard") }).await;
        cart.run(CartCommand::Quote { quote: Box::new(cart.quote.clone()) }).await;
        cart
    }

    async fn run(&self, command: CartCommand) {
        run(self.shop, self.id, command).await;
    }

    /// The order that the cart makes if its cups cost 1 and it has no contact, and the command that places it.
    async fn order(&self) -> (OrderId, OrderCommand) {
        // Run in a copy of this shop, a request tells what its order says.
        let twin = Shop::open();
        let ready = Cartful::open(&twin, CartOwner::Guest, "1").await;
        let order: OrderId = ready.place("k", ready.quote.hash).await.ok().id().parse().unwrap();
        let stream = format!("order-{}", order.uuid()).parse().unwrap();
        let events = twin.bus.log().read_stream(&stream, ReadFrom::Forwards(Revision(0)), 2).await.unwrap();
        let OrderEvent::OrderPlaced(placed) = events[0].decode::<OrderEvent>().unwrap() else { panic!("placed first") };
        let snapshot = OrderSnapshot {
            customer_id: placed.customer_id,
            country: placed.country.clone(),
            currency: placed.currency,
            lines: placed.lines.clone(),
            tax: placed.totals.tax,
            rounding: placed.rounding,
            cart: Some(CartOrigin { cart_id: self.id, quote: placed.quote.as_deref().unwrap().clone() }),
            contact: OrderContact::default(),
            checkout: None,
        };
        let id = derived_uuid("tillroll:order-of-cart", &format!("default/{}", self.id.uuid()));
        assert!(self.id != CART || id == order.uuid(), "the order's id follows from the cart's");
        (OrderId::new(id), OrderCommand::Place { snapshot })
    }

    /// Claims the cart for a minute and places its order, as a request does that then stops; the order.
    async fn stop_before_closing(&self) -> String {
        let (order, place) = self.order().await;
        self.run(CartCommand::BeginCompletion { quote_hash: self.quote.hash, lease_seconds: 60 }).await;
        let context = CommandContext::live(CommandId::new(Uuid::from_u128(2)), "test");
        self.shop.bus.execute::<Order>(&order.uuid().to_string(), place, context).await.unwrap();
        order.to_string()
    }

    /// Whether the cart is closed as this order.
    async fn became(&self, order: &str) -> bool {
        let CartState::Closed(closed) = self.state().await else { return false };
        closed.ending == CartEnding::Converted { order_id: order.parse().unwrap() }
    }

    async fn place(&self, key: &str, hash: QuoteHash) -> Answer {
        let path = format!("/api/v1/carts/{}/place-order", self.id);
        self.shop.post(&path).key(key).json(&json!({"quote_hash": hash})).send().await
    }

    async fn state(&self) -> CartState {
        self.shop.bus.load::<Cart>("default", &self.id.uuid().to_string()).await.unwrap().state
    }
}

async fn stored(shop: &Shop, order: &str) -> Value {
    let id: OrderId = order.parse().unwrap();
    let stream = format!("order-{}", id.uuid()).parse().unwrap();
    let events = shop.bus.log().read_stream(&stream, ReadFrom::Forwards(Revision(0)), 2).await.unwrap();
    assert_eq!(events.len(), 1);
    serde_json::from_str(&events[0].data).unwrap()
}

/// Case 15: the order is what the quote says, to the minor unit; nothing is computed again.
#[tokio::test]
async fn an_order_says_what_its_quote_said() {
    let shop = Shop::open();
    let cart = Cartful::open(&shop, CartOwner::Guest, "1.005").await;
    let answer = cart.place("k", cart.quote.hash).await.ok();
    assert_eq!(answer.status.as_u16(), 201);
    assert_eq!(answer.header("location"), format!("/api/v1/orders/{}", answer.id()));
    let placed = stored(&shop, &answer.id()).await;
    assert_eq!(placed["totals"]["total_minor"], json!(cart.quote.total_minor));
    assert_eq!(placed["totals"]["tax"]["amount_minor"], json!(cart.quote.tax.amount_minor));
    assert_eq!(placed["totals"]["carriage_minor"], json!(599));
    assert_eq!((&placed["quote"]["hash"], &placed["cart_id"]), (&json!(cart.quote.hash), &json!(CART)));
    assert_eq!(placed["quote"]["shipping_method"], "standard");
    let lines = placed["lines"].as_array().unwrap();
    for (line, quoted) in lines.iter().zip(&cart.quote.lines) {
        assert_eq!(line["amount_minor"], json!(quoted.amount_minor));
        assert_eq!(line["tax_minor"], json!(quoted.tax_minor));
    }
    assert_eq!(lines[0]["options"], json!([{"name": "Engraving", "value": "To you"}]));
    assert_eq!((lines.len(), &lines[2]["kind"], &lines[2]["amount_minor"]), (3, &json!("carriage"), &json!(599)));
    let CartState::Closed(closed) = cart.state().await else { panic!("the cart is closed") };
    assert!(format!("{:?}", closed.ending).contains(&answer.id()), "{closed:?}");
}

/// Case 31: an order that costs nothing is placed like any other; free carriage stands there at zero.
#[tokio::test]
async fn an_order_with_free_carriage_says_so() {
    let shop = Shop::open();
    let cart = Cartful::open(&shop, CartOwner::Guest, "9.99").await;
    let placed = stored(&shop, &cart.place("k", cart.quote.hash).await.ok().id()).await;
    assert_eq!((&placed["lines"][2]["kind"], &placed["lines"][2]["amount_minor"]), (&json!("carriage"), &json!(0)));
    assert_eq!(placed["totals"]["total_minor"], json!(cart.quote.total_minor));
}

/// Cases 42 and 19: a cart makes one order, whoever asks and however often.
#[tokio::test]
async fn a_cart_makes_one_order() {
    let shop = Shop::open();
    let cart = Cartful::open(&shop, CartOwner::Guest, "1").await;
    let hash = cart.quote.hash;
    let (a, b, c) = tokio::join!(cart.place("k1", hash), cart.place("k2", hash), cart.place("k3", hash));
    let placed: Vec<&Answer> = [&a, &b, &c].into_iter().filter(|answer| answer.status.is_success()).collect();
    assert_eq!(placed.len(), 1, "{} {} {}", a.text, b.text, c.text);
    let order = placed[0].id();
    stored(&shop, &order).await;
    let later = cart.place("k4", hash).await;
    assert_eq!((later.problem(), &later.json["order_id"]), ((409, "order_exists"), &json!(order)));
}

#[tokio::test]
async fn a_repeated_request_is_answered_the_same() {
    let shop = Shop::open();
    let cart = Cartful::open(&shop, CartOwner::Guest, "1").await;
    let (left, right) = tokio::join!(cart.place("k", cart.quote.hash), cart.place("k", cart.quote.hash));
    let (left, right) = if left.status.is_success() { (left, right) } else { (right, left) };
    let first = left.ok();
    // The other one may have come between the steps; then it is told to try again.
    assert!(right.text == first.text || right.status.as_u16() == 409, "{}", right.text);
    assert_eq!(cart.place("k", cart.quote.hash).await.ok().text, first.text);
    let other = cart.place("k", parse(&"0a".repeat(32))).await;
    assert_eq!(other.problem(), (422, "idempotency_key_reused"));
}

/// A request that stopped after the order was placed is completed by the same request, and by any other.
#[tokio::test]
async fn a_cart_whose_order_stands_is_closed_by_the_next_request() {
    let shop = Shop::open();
    let cart = Cartful::open(&shop, CartOwner::Guest, "1").await;
    let order = cart.stop_before_closing().await;
    assert!(cart.state().await.open().is_ok());
    let next = cart.place("k", cart.quote.hash).await;
    assert_eq!((next.problem(), &next.json["order_id"]), ((409, "order_exists"), &json!(order)));
    assert!(cart.state().await.open().is_err(), "the cart is closed");
}

/// Cases 19 and 42: the claim of a request that stopped has lapsed, and the cart was changed over it.
#[tokio::test]
async fn a_cart_that_was_changed_after_its_order_was_placed_is_closed_all_the_same() {
    let shop = Shop::open();
    let cart = Cartful::open(&shop, CartOwner::Guest, "1").await;
    let order = cart.stop_before_closing().await;
    shop.clock.advance(TimeDelta::seconds(60));
    cart.run(CartCommand::Clear).await;
    let next = cart.place("k", cart.quote.hash).await;
    assert_eq!((next.problem(), &next.json["order_id"]), ((409, "order_exists"), &json!(order)));
    assert!(cart.became(&order).await);
}

/// Cases 19 and 42: what was ordered is neither changed nor ordered again, and the order keeps its contact.
#[tokio::test]
async fn nothing_happens_to_a_cart_whose_order_stands() {
    let body = json!({"strategy": "sum"});
    let nothing = json!({});
    for intent in ["clear", "expire", "quote", "merge"] {
        let shop = Shop::open();
        let customer = shop.customer().await;
        let cart = Cartful::open(&shop, CartOwner::Guest, "1").await;
        let email: Email = parse("ada@example.org");
        cart.run(CartCommand::SetEmail { email: Personal::known(guest_subject(CART), email) }).await;
        let order = cart.stop_before_closing().await;
        shop.clock.advance(TimeDelta::days(60));
        let secret = Keys::from_texts(Role::KEYED.map(key), [7; 32]).unwrap().cart_secret(CART);
        let call = match intent {
            "merge" => shop
                .anonymous(Method::POST, &format!("/api/v1/carts/{CART}/merge"))
                .header("authorization", &format!("Bearer {}", key(Role::Storefront)))
                .header("tillroll-customer", &customer)
                .header("tillroll-cart-secret", secret.reveal())
                .json(&body),
            _ => shop.post(&format!("/api/v1/carts/{CART}/{intent}")).json(&nothing),
        };
        let refused = call.send().await;
        assert_eq!((refused.problem(), &refused.json["order_id"]), ((409, "cart_closed"), &json!(order)), "{intent}");
        assert!(cart.became(&order).await, "{intent}");
        let CartState::Closed(closed) = cart.state().await else { panic!("{intent}: the cart is closed") };
        assert_eq!(closed.guest_contact, GuestContact::Given, "{intent}: the order keeps its contact");
    }
}

/// The guest may still have it forgotten; the cart is closed first.
#[tokio::test]
async fn erasing_the_contact_of_a_cart_whose_order_stands_closes_it_too() {
    let shop = Shop::open();
    let cart = Cartful::open(&shop, CartOwner::Guest, "1").await;
    let email: Email = parse("ada@example.org");
    cart.run(CartCommand::SetEmail { email: Personal::known(guest_subject(CART), email) }).await;
    let order = cart.stop_before_closing().await;
    shop.clock.advance(TimeDelta::seconds(60));
    shop.post(&format!("/api/v1/carts/{CART}/erase-contact")).send().await.ok();
    assert!(cart.became(&order).await);
}

/// Case 42: a customer whose order was made can begin the next cart.
#[tokio::test]
async fn a_cart_whose_order_stands_makes_room_for_the_next() {
    let shop = Shop::open();
    let customer = shop.customer().await;
    let begin = |id: &str| {
        let call = shop.anonymous(Method::POST, "/api/v1/carts").header("tillroll-customer", id);
        call.header("authorization", &format!("Bearer {}", key(Role::Storefront)))
            .json(&json!({"currency": "EUR", "country": "DE"}))
            .send()
    };
    let cart_id: CartId = begin(&customer).await.ok().id().parse().unwrap();
    let cart = Cartful::fill(&shop, cart_id, "1").await;
    let order = cart.stop_before_closing().await;
    shop.clock.advance(TimeDelta::seconds(60));
    cart.run(CartCommand::Clear).await;
    begin(&customer).await.ok();
    assert!(cart.became(&order).await);
}

/// Case 42: the claim of a slow request lapses, and it places the order while the next one holds the cart.
#[tokio::test]
async fn an_order_that_another_request_makes_meanwhile_closes_the_cart() {
    // Each time it comes a little later: before, between and after the steps of the other request.
    for later in 0..16 {
        let shop = Shop::open();
        let cart = Cartful::open(&shop, CartOwner::Guest, "1").await;
        let (order, place) = cart.order().await;
        let slow = async {
            for _ in 0..later {
                cart.state().await;
            }
            let context = CommandContext::live(CommandId::new(Uuid::from_u128(2)), "test");
            shop.bus.execute::<Order>(&order.uuid().to_string(), place, context).await
        };
        let (next, slow) = tokio::join!(cart.place("k", cart.quote.hash), slow);
        assert_ne!(next.status.is_success(), slow.is_ok(), "{}", next.text);
        if slow.is_ok() {
            assert_eq!((next.problem(), &next.json["order_id"]), ((409, "order_exists"), &json!(order)));
        }
        assert!(cart.became(&order.to_string()).await);
    }
}

/// A key stands for one quote from the claim on.
#[tokio::test]
async fn a_key_that_claimed_the_cart_places_no_other_quote() {
    let shop = Shop::open();
    let cart = Cartful::open(&shop, CartOwner::Guest, "1").await;
    let email: Email = parse("ada@example.org");
    cart.run(CartCommand::SetEmail { email: Personal::known(guest_subject(CART), email) }).await;
    // What the order would say of the guest cannot be stored any more, so that the request claims the cart and stops.
    shop.bus.erase("default", guest_subject(CART)).await.unwrap();
    let stopped = cart.place("k", cart.quote.hash).await;
    assert!(!stopped.status.is_success(), "{}", stopped.text);
    let CartState::Open(open) = cart.state().await else { panic!("the cart stays open") };
    assert_eq!((open.last_fence, open.claim), (1, None));
    let other = cart.place("k", parse(&"0a".repeat(32))).await;
    assert_eq!(other.problem(), (422, "idempotency_key_reused"));
}

#[tokio::test]
async fn another_quote_or_one_that_has_expired_makes_no_order_and_leaves_the_cart_free() {
    let shop = Shop::open();
    let cart = Cartful::open(&shop, CartOwner::Guest, "1").await;
    assert_eq!(cart.place("k1", parse(&"0a".repeat(32))).await.problem(), (409, "cart_changed"));
    shop.clock.advance(TimeDelta::minutes(15));
    assert_eq!(cart.place("k2", cart.quote.hash).await.problem(), (409, "quote_expired"));
    cart.run(CartCommand::Clear).await;
}

#[tokio::test]
async fn a_deactivated_customer_orders_nothing() {
    let shop = Shop::open();
    let customer: CustomerId = shop.customer().await.parse().unwrap();
    let cart = Cartful::open(&shop, CartOwner::Customer(customer), "1").await;
    let deactivate = format!("/api/v1/customers/{customer}/deactivate");
    shop.post(&deactivate).json(&json!({"reason": ""})).send().await.ok();
    assert_eq!(cart.place("k", cart.quote.hash).await.problem(), (409, "customer_inactive"));
    cart.run(CartCommand::Clear).await;
}

/// Case 37: the order inherits the cart's secret, and its contact is sealed.
#[tokio::test]
async fn the_guest_who_holds_the_secret_owns_the_order() {
    let shop = Shop::open();
    let email: Email = parse("ada@example.org");
    let cart = Cartful::open(&shop, CartOwner::Guest, "1").await;
    cart.run(CartCommand::SetEmail { email: Personal::known(guest_subject(CART), email) }).await;
    let order = cart.place("k", cart.quote.hash).await.ok().id();
    let placed = stored(&shop, &order).await;
    assert!(placed["email"]["$sealed"].is_string() || placed["email"]["$sealed"].is_object(), "{placed}");
    assert!(!placed.to_string().contains("ada@example.org"));
    let keys = Keys::from_texts(Role::KEYED.map(key), [7; 32]).unwrap();
    let other = CartId::new(Uuid::from_u128(77));
    let path = format!("/api/v1/orders/{order}/cancel");
    let cancel = |cart| {
        let secret = keys.cart_secret(cart);
        let call = shop.anonymous(Method::POST, &path).header("tillroll-cart-secret", secret.reveal());
        call.json(&json!({"reason": "changed"})).send()
    };
    assert_eq!(cancel(other).await.problem(), (404, "not_found"));
    cancel(CART).await.ok();
}
