//! What a checkout knows, folded from its facts.

use super::messages::{Began, CheckoutFact as Fact, HoldPlace};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use tillroll_domain::{
    checkout::StockHold,
    ids::{PaymentId, ReservationId},
    quantity::Quantity,
    text::{LocationId, Reference, Sku},
};

/// A checkout, or none yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckoutState {
    /// It has not begun.
    Absent,
    /// It has.
    Begun(Box<Checkout>),
}

/// A checkout that has begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkout {
    /// What it began with.
    pub began: Box<Began>,
    /// Where stock is taken from, best first.
    pub locations: Vec<LocationId>,
    /// For how many minutes goods are first held.
    pub reserve_minutes: u32,
    /// For how many minutes the money is awaited.
    pub payment_minutes: u32,
    /// What is needed and how much of it is had, in the order of the demand.
    pub items: Vec<Item>,
    /// Everything that was ever tried to be held.
    pub holds: Vec<Hold>,
    /// Rises with every change of what is held.
    pub version: u32,
    /// The version that the order knows; 0 is none.
    pub recorded: u32,
    /// Whether the order stands.
    pub placed: bool,
    /// The item whose goods cannot be had, and how many units of it there are.
    pub out_of_stock: Option<(u32, u32)>,
    /// When the money must be there, once it was asked for.
    pub deadline: Option<DateTime<Utc>>,
    /// Whether the payment stands.
    pub payment_opened: bool,
    /// What each payment of the order covers, in minor units.
    pub covered: BTreeMap<PaymentId, i64>,
    /// How many changes of payments are known.
    pub changes: u32,
    /// How many were known when the order was last not confirmed for want of money.
    pub confirm_refused: Option<u32>,
    /// Whether the order was confirmed.
    pub confirmed: bool,
    /// Whether the money was asked to be taken, or cannot be.
    pub capture_settled: bool,
    /// Whether the order was found cancelled.
    pub cancellation_seen: bool,
    /// Whether the order is to be undone: it was cancelled, or could not be made.
    pub undoing: bool,
    /// Payments that were cancelled.
    pub payments_cancelled: BTreeSet<PaymentId>,
    /// Whether the checkout of the cart is over.
    pub cart_ended: bool,
    /// What somebody must look at.
    pub trouble: Option<Reference>,
    /// Whether it can neither go on nor back by itself.
    pub stuck: bool,
}

/// What is needed of one SKU and how much of it is had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// What.
    pub sku: Sku,
    /// How many units are needed.
    pub needed: u32,
    /// Units that are held or promised.
    pub held: u32,
    /// Units that were asked for.
    pub asked: u32,
    /// How often the search began anew.
    pub rounds: u32,
    /// What is known of each location.
    pub places: Vec<Place>,
}

/// What is known of one SKU at one location.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// How often units were asked for, ever; what tells reservations apart.
    pub asked: u32,
    /// How often, in this round.
    pub tries: u32,
    /// How many units there are, as far as was heard in this round.
    pub available: Option<u32>,
}

/// Something that was tried to be held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// Which item.
    pub item: u32,
    /// Which location.
    pub location: u32,
    /// How many units.
    pub units: Quantity,
    /// Under which id.
    pub reservation_id: ReservationId,
    /// What became of it.
    pub status: HoldStatus,
    /// Whether it lasts as long as the money is awaited.
    pub extended: bool,
}

/// What became of a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldStatus {
    /// It was asked for.
    Asked,
    /// The units are held.
    Held,
    /// There were not as many units. Something may yet ask for it a second time.
    Refused,
    /// It has ended without the order.
    Lost,
    /// The units are promised to the order.
    Allocated,
    /// Nothing is or ever will be held or promised under the id.
    Released,
}

impl CheckoutState {
    pub(super) fn apply(self, fact: &Fact) -> Self {
        match (self, fact) {
            (before, Fact::Begun { began, locations, reserve_minutes, payment_minutes }) => {
                debug_assert_eq!(before, Self::Absent, "a checkout begins once");
                Self::Begun(Box::new(Checkout::new(began, locations, *reserve_minutes, *payment_minutes)))
            }
            (Self::Begun(mut checkout), fact) => {
                checkout.apply(fact);
                Self::Begun(checkout)
            }
            (Self::Absent, _) => {
                debug_assert!(false, "a checkout's first fact is that it began");
                Self::Absent
            }
        }
    }
}

impl Checkout {
    fn new(began: &Began, locations: &[LocationId], reserve_minutes: u32, payment_minutes: u32) -> Self {
        let items = began.demand.iter().map(|demand| Item {
            sku: demand.sku.clone(),
            needed: demand.quantity.get(),
            held: 0,
            asked: 0,
            rounds: 0,
            places: vec![Place::default(); locations.len()],
        });
        Self {
            items: items.collect(),
            began: Box::new(began.clone()),
            locations: locations.to_vec(),
            reserve_minutes,
            payment_minutes,
            holds: vec![],
            version: 0,
            recorded: 0,
            placed: false,
            out_of_stock: None,
            deadline: None,
            payment_opened: false,
            covered: BTreeMap::new(),
            changes: 0,
            confirm_refused: None,
            confirmed: false,
            capture_settled: false,
            cancellation_seen: false,
            undoing: false,
            payments_cancelled: BTreeSet::new(),
            cart_ended: false,
            trouble: None,
            stuck: false,
        }
    }

    /// Whether all goods are held or promised.
    #[must_use]
    pub fn has_all_goods(&self) -> bool {
        self.items.iter().all(|item| item.held >= item.needed)
    }

    /// Whether the order knows exactly what is held.
    #[must_use]
    pub const fn is_recorded(&self) -> bool {
        self.recorded == self.version
    }

    /// What all payments cover together, in minor units.
    #[must_use]
    pub fn covered_minor(&self) -> i64 {
        self.covered.values().fold(0, |sum, &minor| sum.saturating_add(minor))
    }

    /// The holds with their indexes.
    pub(super) fn numbered(&self) -> impl Iterator<Item = (u32, &Hold)> {
        (0..).zip(&self.holds)
    }

    /// Where a hold is.
    pub(super) fn place_of(&self, hold: u32) -> Option<HoldPlace> {
        let held = self.holds.get(index(hold))?;
        let sku = self.items.get(index(held.item))?.sku.clone();
        let location = self.locations.get(index(held.location))?.clone();
        Some(HoldPlace { hold, sku, location, reservation_id: held.reservation_id })
    }

    /// What is held or promised, as the order is told.
    pub(super) fn stock(&self) -> Vec<StockHold> {
        let live = self.numbered().filter(|(_, hold)| matches!(hold.status, HoldStatus::Held | HoldStatus::Allocated));
        let stock = live.filter_map(|(number, hold)| {
            let HoldPlace { sku, location, reservation_id, .. } = self.place_of(number)?;
            Some(StockHold { sku, location, reservation_id, quantity: hold.units })
        });
        stock.collect()
    }

    pub(super) fn apply(&mut self, fact: &Fact) {
        match fact {
            Fact::Begun { .. } => {}
            Fact::OrderPlaced {} => self.placed = true,
            Fact::OrderRefused { .. } => self.undoing = true,
            Fact::HoldAsked { item, location, units, reservation_id } => {
                if let Some((asked, place)) = self.item_and_place(*item, *location) {
                    *asked += units.get();
                    place.asked += 1;
                    place.tries += 1;
                }
                self.holds.push(Hold {
                    item: *item,
                    location: *location,
                    units: *units,
                    reservation_id: *reservation_id,
                    status: HoldStatus::Asked,
                    extended: false,
                });
            }
            Fact::HoldMade { hold } => {
                self.settle(*hold, HoldStatus::Held);
                self.version += 1;
            }
            Fact::HoldRefused { hold, available } => {
                self.settle(*hold, HoldStatus::Refused);
                let refused = self.holds.get(index(*hold)).map(|hold| (hold.item, hold.location));
                if let Some((_, place)) = refused.and_then(|(item, location)| self.item_and_place(item, location)) {
                    place.available = Some(*available);
                }
            }
            Fact::HoldLost { hold } => {
                self.settle(*hold, HoldStatus::Lost);
                self.version += 1;
                let lost = self.holds.get(index(*hold)).map(|hold| hold.item);
                if let Some(item) = lost.and_then(|item| self.items.get_mut(index(item))) {
                    // What was heard before is old by now.
                    item.rounds += 1;
                    for place in &mut item.places {
                        *place = Place { asked: place.asked, ..Place::default() };
                    }
                }
            }
            Fact::HoldExtended { hold } => {
                if let Some(hold) = self.holds.get_mut(index(*hold)) {
                    hold.extended = true;
                }
            }
            Fact::HoldAllocated { hold } => self.settle(*hold, HoldStatus::Allocated),
            Fact::HoldReleased { hold } => self.settle(*hold, HoldStatus::Released),
            Fact::OutOfStock { item, available } => self.out_of_stock = Some((*item, *available)),
            Fact::StockRecorded { version } => self.recorded = *version,
            Fact::PaymentStarted { deadline } => self.deadline = Some(*deadline),
            Fact::PaymentOpened {} => self.payment_opened = true,
            Fact::PaymentChanged { payment_id, covered_minor } => {
                self.covered.insert(*payment_id, *covered_minor);
                self.changes += 1;
            }
            Fact::PaymentArrived {} => self.confirm_refused = None,
            Fact::ConfirmRefused { changes } => self.confirm_refused = Some(*changes),
            Fact::OrderConfirmed {} => self.confirmed = true,
            Fact::CaptureRequested {} => self.capture_settled = true,
            Fact::CaptureRefused { code } => {
                self.capture_settled = true;
                self.trouble = Some(code.clone());
            }
            Fact::CancellationSeen {} => self.cancellation_seen = true,
            Fact::OrderCancelled { confirmed } => {
                self.undoing = true;
                self.confirmed |= confirmed;
                // It needs nobody's look any more.
                self.trouble = None;
            }
            Fact::Stuck { code } => {
                self.stuck = true;
                self.trouble = Some(code.clone());
            }
            Fact::PaymentCancelled { payment_id } => {
                self.payments_cancelled.insert(*payment_id);
            }
            Fact::CartEnded {} => self.cart_ended = true,
            Fact::CartRefused { code } => {
                self.cart_ended = true;
                self.trouble = Some(code.clone());
            }
        }
    }

    fn item_and_place(&mut self, item: u32, location: u32) -> Option<(&mut u32, &mut Place)> {
        let item = self.items.get_mut(index(item));
        debug_assert!(item.is_some(), "a hold is of an item that is needed");
        let Item { asked, places, .. } = item?;
        Some((asked, places.get_mut(index(location))?))
    }

    /// Moves a hold's units to where its new status counts them.
    fn settle(&mut self, hold: u32, status: HoldStatus) {
        let Some(hold) = self.holds.get_mut(index(hold)) else {
            debug_assert!(false, "a hold is asked for before it settles");
            return;
        };
        let before = std::mem::replace(&mut hold.status, status);
        let units = hold.units.get();
        let Some(item) = self.items.get_mut(index(hold.item)) else { return };
        for (status, sign) in [(before, false), (status, true)] {
            let count = match status {
                HoldStatus::Asked => &mut item.asked,
                HoldStatus::Held | HoldStatus::Allocated => &mut item.held,
                HoldStatus::Refused | HoldStatus::Lost | HoldStatus::Released => continue,
            };
            *count = if sign { count.saturating_add(units) } else { count.saturating_sub(units) };
        }
    }
}

/// An index as the standard library wants it.
pub(super) fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
