//! Holds that lapse and carts to which nobody comes back.

use super::world::{Life, World};
use std::time::Duration;
use tillroll_domain::{
    cart::{Cart, CartOwner, CartState, commands::CartCommand, guest_subject, state::CartEnding},
    ids::{CartId, CartLineId, CustomerId, PaymentId, ReceiptId, ReservationId, SubjectId},
    personal::Personal,
    price::UnitPrice,
    quantity::Quantity,
    stock_item::{StockItem, commands::StockItemCommand},
};
use tillroll_infra::{log::AppendError, stream::DEFAULT_TENANT, vault::KeyState};
use uuid::Uuid;

const ITEM: &str = "main.MUG";
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

fn reservation(number: u128) -> ReservationId {
    ReservationId::new(Uuid::from_u128(number))
}

fn units(units: i64) -> Quantity {
    Quantity::new(units).unwrap()
}

async fn stocked(world: &World) -> Life {
    let life = world.begin().await;
    let receive = StockItemCommand::Receive {
        receipt_id: ReceiptId::new(Uuid::from_u128(1)),
        quantity: units(10),
        reference: None,
    };
    life.execute::<StockItem>(ITEM, receive, "receive").await;
    life
}

async fn reserve(world: &World, life: &Life, number: u128, held_for: Duration) {
    let expires_at = world.ambient.clock.now() + held_for;
    let reserve = StockItemCommand::Reserve { reservation_id: reservation(number), quantity: units(1), expires_at };
    life.execute::<StockItem>(ITEM, reserve, &format!("reserve {number}")).await;
}

async fn available(life: &Life) -> i64 {
    life.bus.load::<StockItem>(DEFAULT_TENANT, ITEM).await.unwrap().state.available()
}

#[tokio::test(start_paused = true)]
async fn a_hold_ends_when_its_time_is_over() {
    let world = World::new();
    let life = stocked(&world).await;
    reserve(&world, &life, 1, HOUR).await;
    reserve(&world, &life, 2, 3 * HOUR).await;
    tokio::time::sleep(HOUR - Duration::from_secs(1)).await;
    assert_eq!(available(&life).await, 8);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(available(&life).await, 9);
    tokio::time::sleep(3 * HOUR).await;
    assert_eq!(available(&life).await, 10);
    let events = world.events().await;
    tokio::time::sleep(30 * DAY).await;
    assert_eq!(world.events().await, events, "and once is enough");
}

#[tokio::test(start_paused = true)]
async fn a_hold_that_is_prolonged_ends_later_and_one_that_ended_not_again() {
    let world = World::new();
    let life = stocked(&world).await;
    reserve(&world, &life, 1, HOUR).await;
    reserve(&world, &life, 2, HOUR).await;
    let expires_at = world.ambient.clock.now() + 5 * HOUR;
    let prolong = StockItemCommand::ExtendReservation { reservation_id: reservation(1), expires_at };
    life.execute::<StockItem>(ITEM, prolong, "prolong").await;
    let release = StockItemCommand::ReleaseReservation { reservation_id: reservation(2) };
    life.execute::<StockItem>(ITEM, release, "release").await;
    tokio::time::sleep(2 * HOUR).await;
    assert_eq!(available(&life).await, 9);
    let released = world.all("ReservationReleased").await.len();
    assert_eq!(released, 1);
    tokio::time::sleep(4 * HOUR).await;
    assert_eq!(available(&life).await, 10);
}

#[tokio::test(start_paused = true)]
async fn a_hold_that_became_a_promise_is_left_alone() {
    let world = World::new();
    let life = stocked(&world).await;
    reserve(&world, &life, 1, HOUR).await;
    let order_id = tillroll_domain::ids::OrderId::new(Uuid::from_u128(7));
    let allocate = StockItemCommand::Allocate { reservation_id: reservation(1), order_id };
    life.execute::<StockItem>(ITEM, allocate, "allocate").await;
    tokio::time::sleep(DAY).await;
    assert_eq!(available(&life).await, 9);
    assert_eq!(world.all("ReservationReleased").await.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_hold_whose_time_came_while_nothing_ran_ends_afterwards() {
    let world = World::new();
    let life = stocked(&world).await;
    reserve(&world, &life, 1, HOUR).await;
    drop(life);
    tokio::time::sleep(2 * HOUR).await;
    let life = world.begin().await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(available(&life).await, 10);
}

fn cart(number: u128) -> CartId {
    CartId::new(Uuid::from_u128(0xca27_0000 + number))
}

async fn command(life: &Life, cart_id: CartId, command: CartCommand, name: &str) {
    life.execute::<Cart>(&cart_id.uuid().to_string(), command, &format!("{cart_id} {name}")).await;
}

async fn create(life: &Life, cart_id: CartId, owner: CartOwner) {
    let (currency, country) = ("EUR".parse().unwrap(), "DE".parse().unwrap());
    command(life, cart_id, CartCommand::Create { cart_id, owner, currency, country }, "create").await;
}

async fn fill(life: &Life, cart_id: CartId) {
    let unit_price: UnitPrice = "9.90".parse().unwrap();
    let line_id = CartLineId::new(Uuid::from_u128(3));
    let sku = "MUG".parse().unwrap();
    let add = CartCommand::AddLine { line_id, sku, options: vec![], quantity: units(1), unit_price, available: 5 };
    command(life, cart_id, add, "fill").await;
}

async fn has_expired(life: &Life, cart_id: CartId) -> bool {
    let loaded = life.bus.load::<Cart>(DEFAULT_TENANT, &cart_id.uuid().to_string()).await.unwrap();
    matches!(loaded.state, CartState::Closed(closed) if closed.ending == CartEnding::Expired)
}

#[tokio::test(start_paused = true)]
async fn carts_are_given_up_after_a_week_a_month_or_two_days() {
    let world = World::new();
    let life = world.begin().await;
    let (guest, customer, empty) = (cart(1), cart(2), cart(3));
    create(&life, guest, CartOwner::Guest).await;
    fill(&life, guest).await;
    create(&life, customer, CartOwner::Customer(CustomerId::new(Uuid::from_u128(9)))).await;
    fill(&life, customer).await;
    create(&life, empty, CartOwner::Customer(CustomerId::new(Uuid::from_u128(9)))).await;
    let gone =
        async || (has_expired(&life, guest).await, has_expired(&life, customer).await, has_expired(&life, empty).await);
    tokio::time::sleep(2 * DAY - HOUR).await;
    assert_eq!(gone().await, (false, false, false));
    tokio::time::sleep(2 * HOUR).await;
    assert_eq!(gone().await, (false, false, true));
    tokio::time::sleep(5 * DAY).await;
    assert_eq!(gone().await, (true, false, true));
    tokio::time::sleep(22 * DAY).await;
    assert_eq!(gone().await, (true, false, true));
    tokio::time::sleep(DAY).await;
    assert_eq!(gone().await, (true, true, true));
}

#[tokio::test(start_paused = true)]
async fn a_cart_is_kept_from_its_last_change_on() {
    let world = World::new();
    let life = world.begin().await;
    create(&life, cart(1), CartOwner::Guest).await;
    fill(&life, cart(1)).await;
    tokio::time::sleep(6 * DAY).await;
    command(&life, cart(1), CartCommand::SetCountry { country: "AT".parse().unwrap() }, "move").await;
    tokio::time::sleep(6 * DAY).await;
    assert!(!has_expired(&life, cart(1)).await);
    tokio::time::sleep(2 * DAY).await;
    assert!(has_expired(&life, cart(1)).await);
}

#[tokio::test(start_paused = true)]
async fn a_cart_with_a_payment_is_never_given_up() {
    let world = World::new();
    let life = world.begin().await;
    create(&life, cart(1), CartOwner::Guest).await;
    fill(&life, cart(1)).await;
    let payment_id = PaymentId::new(Uuid::from_u128(4));
    command(&life, cart(1), CartCommand::AttachPayment { payment_id }, "attach").await;
    tokio::time::sleep(90 * DAY).await;
    assert!(!has_expired(&life, cart(1)).await);
    command(&life, cart(1), CartCommand::DetachPayment { payment_id }, "detach").await;
    tokio::time::sleep(8 * DAY).await;
    assert!(has_expired(&life, cart(1)).await);
}

#[tokio::test(start_paused = true)]
async fn a_guest_is_forgotten_with_the_cart() {
    let world = World::new();
    let life = world.begin().await;
    create(&life, cart(1), CartOwner::Guest).await;
    let email = "guest@example.org".parse().unwrap();
    let email = Personal::known(guest_subject(cart(1)), email);
    command(&life, cart(1), CartCommand::SetEmail { email }, "email").await;
    let vault = life.bus.codec().vault();
    let key = async |subject: SubjectId| vault.key(DEFAULT_TENANT, subject).await.unwrap();
    assert!(matches!(key(guest_subject(cart(1))).await, KeyState::Known(_)));
    tokio::time::sleep(3 * DAY).await;
    assert!(has_expired(&life, cart(1)).await);
    assert!(matches!(key(guest_subject(cart(1))).await, KeyState::Erased));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_done_when_it_is_due_is_tried_later_and_later() {
    let world = World::new();
    let life = stocked(&world).await;
    reserve(&world, &life, 1, HOUR).await;
    tokio::time::sleep(HOUR - Duration::from_secs(1)).await;
    life.log.fail_next(&AppendError::Full, 1_000);
    tokio::time::sleep(HOUR).await;
    // After 1, 2, 4 … seconds and then every ten minutes.
    let tries = 1_000 - life.log.failures_left();
    assert!((12..=16).contains(&tries), "{tries}");
    life.log.stop_failing();
    tokio::time::sleep(HOUR).await;
    assert_eq!(available(&life).await, 10);
}
