//! Those who buy: what each is going to do is drawn beforehand, and how far each has come outlives the engine, so that after a
//! crash the same request is sent again under the same key.

use crate::{
    deeds::Deed,
    http::{Call, Caller},
    shop::Shop,
};
use std::{collections::VecDeque, time::Duration};
use tillroll_domain::ids::{CartId, OrderId, PaymentId, ReturnId, ShipmentId};
use tillroll_faults::rng::Rng;

/// What pays.
pub const INSTRUMENTS: [&str; 6] =
    ["tok_approve", "tok_decline", "tok_action", "tok_timeout_before", "tok_timeout_after", "tok_late"];

/// How far a buyer has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Not come yet.
    Waiting,
    /// Begins a cart.
    Begin,
    /// Puts so manyth line into it.
    Line(usize),
    /// Chooses how the goods travel.
    Shipping,
    /// Asks for the price.
    Quote,
    /// Orders.
    Checkout,
    /// Looks how the order is doing.
    Watch,
    /// Pays again.
    Pay,
    /// Cancels the order while it is being paid.
    Cancel,
    /// The order is promised: what is drawn for it happens, one after the other.
    Deeds,
    /// Came to an end.
    Gone,
}

/// What is drawn for one purchase.
#[derive(Debug, Clone)]
pub struct Purchase {
    /// What is bought: SKU and units.
    pub lines: Vec<(String, usize)>,
    /// What it is paid with, and what it is paid with if that is declined.
    pub instruments: VecDeque<&'static str>,
    /// Whether a second checkout is tried at the same time.
    pub has_twin: bool,
    /// Whether the provider's question is answered, and how; `None` never.
    pub action: Option<bool>,
    /// How long the buyer takes for what the provider asks.
    pub action_after: Duration,
    /// Cancels so long after the checkout, if the order is not promised yet.
    pub cancels_after: Option<Duration>,
    /// How often a checkout that failed is tried again.
    pub retries: usize,
    /// What happens once the order is promised.
    pub deeds: VecDeque<Deed>,
}

/// A buyer.
#[derive(Debug, Clone)]
pub struct Buyer {
    /// Their number.
    pub number: usize,
    /// Their chance.
    pub rng: Rng,
    /// Comes after so long.
    pub comes_after: Duration,
    /// The number of the customer they are; `None` for a guest.
    pub customer: Option<usize>,
    /// How they show who they are, once they can.
    pub caller: Option<Caller>,
    /// How far they have come.
    pub step: Step,
    /// The request that has no answer yet.
    pub call: Option<Call>,
    /// How often it was sent.
    pub sent: u32,
    /// How many keys they have used.
    pub keys: u32,
    /// Their cart.
    pub cart: Option<CartId>,
    /// The hash of the price they were told.
    pub quote: String,
    /// Their order.
    pub order: Option<OrderId>,
    /// When they ordered.
    pub ordered_at: Option<chrono::DateTime<chrono::Utc>>,
    /// When they first saw that the provider wants something of them.
    pub asked_at: Option<chrono::DateTime<chrono::Utc>>,
    /// This purchase.
    pub purchase: Purchase,
    /// Further purchases.
    pub further: VecDeque<Purchase>,
    /// What the deed at hand works on.
    pub shipments: Vec<ShipmentId>,
    /// The shipments that were delivered.
    pub delivered: usize,
    /// The return at hand.
    pub return_id: Option<ReturnId>,
    /// How often the deed at hand was put off.
    pub put_off: u32,
    /// How far the deed at hand has come.
    pub stage: u32,
}

impl Buyer {
    /// A buyer of a seed.
    #[must_use]
    pub fn draw(number: usize, mut rng: Rng, shop: &Shop) -> Self {
        let mut purchases: VecDeque<Purchase> =
            (0..rng.between(1, 3)).map(|_| Purchase::draw(&mut rng, shop)).collect();
        let first = purchases.pop_front().unwrap_or_else(|| Purchase::draw(&mut rng, shop));
        let comes_after = Duration::from_millis(u64::try_from(rng.below(3_600_000)).unwrap_or(0));
        // A customer has one open cart, so that few customers get into each other's way.
        let customer = rng.is_within(20).then(|| rng.below(shop.customers_max));
        Self {
            number,
            comes_after: if rng.is_within(50) { comes_after / 60 } else { comes_after },
            customer,
            rng,
            caller: None,
            step: Step::Waiting,
            call: None,
            sent: 0,
            keys: 0,
            cart: None,
            quote: String::new(),
            order: None,
            ordered_at: None,
            asked_at: None,
            purchase: first,
            further: purchases,
            shipments: Vec::new(),
            delivered: 0,
            return_id: None,
            put_off: 0,
            stage: 0,
        }
    }

    /// A new key.
    pub fn next_key(&mut self, what: &str) -> String {
        self.keys += 1;
        format!("{what}-{}-{}", self.number, self.keys)
    }

    /// A pause of up to so many milliseconds.
    pub fn pause(&mut self, most_ms: usize) -> Duration {
        Duration::from_millis(u64::try_from(self.rng.between(1, most_ms)).unwrap_or(1))
    }

    /// The payment of the order.
    #[must_use]
    pub fn payment(&self) -> Option<PaymentId> {
        self.order.map(tillroll_domain::payment::payment_of_order)
    }

    /// Goes on to the next purchase, or goes.
    pub fn end_purchase(&mut self) {
        self.order = None;
        self.ordered_at = None;
        self.asked_at = None;
        self.shipments.clear();
        self.delivered = 0;
        self.return_id = None;
        (self.put_off, self.stage) = (0, 0);
        match self.further.pop_front() {
            Some(next) => {
                self.purchase = next;
                self.step = Step::Begin;
            }
            None => self.step = Step::Gone,
        }
    }
}

impl Purchase {
    fn draw(rng: &mut Rng, shop: &Shop) -> Self {
        let mut lines: Vec<(String, usize)> = Vec::new();
        for _ in 0..rng.between(1, 2) {
            let sku = &shop.articles[rng.below(shop.articles.len())].sku;
            if !lines.iter().any(|(known, _)| known == sku) {
                lines.push((sku.clone(), rng.between(1, 3)));
            }
        }
        let mut instruments = VecDeque::new();
        for _ in 0..rng.between(1, 3) {
            let is_plain = rng.is_within(55);
            instruments.push_back(if is_plain { INSTRUMENTS[0] } else { INSTRUMENTS[rng.below(INSTRUMENTS.len())] });
        }
        let seconds = |rng: &mut Rng, most: usize| Duration::from_secs(u64::try_from(rng.below(most)).unwrap_or(0));
        Self {
            lines,
            instruments,
            has_twin: rng.is_within(6),
            action: rng.is_within(75).then(|| rng.is_within(80)),
            // The payment is due after 30 minutes.
            action_after: if rng.is_within(15) { Duration::from_millis(1_799_000) } else { seconds(rng, 1_500) },
            cancels_after: rng.is_within(10).then(|| seconds(rng, 600) / 60),
            retries: rng.below(3),
            deeds: Deed::draw_all(rng),
        }
    }
}
