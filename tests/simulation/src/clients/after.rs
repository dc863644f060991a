//! What happens to a buyer's order once it is promised.

use super::Client;
use crate::{buyers::Step, check::PaymentBook, deeds::Deed, http::Caller, reached::State};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tillroll_domain::{
    ids::{OrderId, PaymentId},
    order::state::PlacedOrder,
};
use tokio::time::sleep;

/// How often a deed is put off until it is given up.
const PUT_OFF_MAX: u32 = 25;

/// Where what of an order is to leave: location, and units per line.
type Parcels = BTreeMap<String, Vec<(u32, u32)>>;

fn units(lines: &[(u32, u32)]) -> Value {
    lines.iter().map(|(line, quantity)| json!({"line": line, "quantity": quantity})).collect()
}

/// An amount in euros.
fn price(minor: i64) -> Value {
    json!({"amount": format!("{}.{:02}", minor / 100, minor % 100), "currency": "EUR"})
}

impl Client {
    pub(super) async fn next_deed(&self) {
        let (deed, order, payment) = {
            let buyer = self.buyer.lock();
            (buyer.purchase.deeds.front().cloned(), buyer.order, buyer.payment())
        };
        let (Some(deed), Some(order), Some(payment)) = (deed, order, payment) else {
            return self.buyer.lock().end_purchase();
        };
        if self.do_deed(&deed, order, payment).await {
            let mut buyer = self.buyer.lock();
            buyer.purchase.deeds.pop_front();
            (buyer.put_off, buyer.stage) = (0, 0);
        } else {
            let put_off = {
                let mut buyer = self.buyer.lock();
                buyer.put_off += 1;
                buyer.put_off
            };
            if put_off > PUT_OFF_MAX {
                let mut buyer = self.buyer.lock();
                buyer.purchase.deeds.pop_front();
                (buyer.put_off, buyer.stage) = (0, 0);
            }
            self.rest(200_000).await;
        }
        if self.buyer.lock().purchase.deeds.is_empty() {
            self.buyer.lock().end_purchase();
        } else {
            self.go(Step::Deeds);
        }
    }

    async fn staff(&self, path: String, what: &str, body: Value) -> crate::http::Answer {
        self.ask_at(Caller::Staff, path, what, body).await
    }

    fn order<T>(&self, order: OrderId, look: impl FnOnce(&PlacedOrder) -> T) -> Option<T> {
        let books = self.world.books.lock();
        books.orders.order(order).and_then(|book| book.placed()).map(look)
    }

    /// Does it; false if it must be put off.
    async fn do_deed(&self, deed: &Deed, order: OrderId, payment: PaymentId) -> bool {
        let simulator = &self.world.simulator;
        match deed {
            Deed::Pause(pause) => {
                sleep(*pause).await;
                true
            }
            Deed::CancelByBuyer => {
                self.ask("cancel", json!({"reason": ""})).await;
                true
            }
            Deed::CancelByStaff => {
                self.staff(format!("/orders/{order}/cancel"), "cancel", json!({"reason": "no more"})).await;
                true
            }
            Deed::CancelUnit => {
                let line = self.order(order, |placed| {
                    let lines = placed.lines().iter().zip(1_u32..);
                    lines
                        .filter(|(line, number)| line.free() > 0 && placed.sku(*number).is_some())
                        .map(|(_, n)| n)
                        .next()
                });
                if let Some(Some(line)) = line {
                    let body = json!({"lines": units(&[(line, 1)]), "reason": "broken"});
                    self.staff(format!("/orders/{order}/cancel-lines"), "cancel-lines", body).await;
                }
                true
            }
            Deed::GiveUpShipment => {
                let Some((location, lines)) = self.parcels(order).pop_first() else { return true };
                let body = json!({"location": location, "lines": units(&lines)});
                let answer = self.staff(format!("/orders/{order}/shipments"), "shipments", body).await;
                if let Some(id) = answer.id().filter(|_| answer.is_success()) {
                    self.staff(format!("/shipments/{id}/cancel"), "give-up", json!({"reason": "not now"})).await;
                }
                true
            }
            Deed::Ship => self.ship(order).await,
            Deed::Deliver => {
                let shipment = {
                    let buyer = self.buyer.lock();
                    buyer.shipments.get(buyer.delivered).copied()
                };
                let Some(id) = shipment else { return true };
                self.staff(format!("/shipments/{id}/deliver"), "deliver", json!({})).await;
                let mut buyer = self.buyer.lock();
                buyer.delivered += 1;
                buyer.delivered >= buyer.shipments.len()
            }
            Deed::Return { resellable } => self.take_back(order, *resellable).await,
            Deed::Capture => {
                let left = self.amount(payment, PaymentBook::authorized_minor);
                if left > 0 {
                    self.staff(format!("/payments/{payment}/capture"), "capture", json!({"amount": price(left)})).await;
                }
                true
            }
            Deed::Refund(percent) => {
                let captured = self.amount(payment, PaymentBook::captured_minor);
                let amount = captured * i64::try_from(*percent).unwrap_or(0) / 100;
                if amount > 0 {
                    let answer = self
                        .staff(
                            format!("/payments/{payment}/refund"),
                            "refund",
                            json!({"amount": price(amount), "reason": "asked for"}),
                        )
                        .await;
                    if answer.status == 409 {
                        self.world.reached.at(State::RefundRefused);
                    }
                }
                true
            }
            Deed::CancelPayment => {
                self.staff(format!("/payments/{payment}/cancel"), "cancel-payment", json!({"reason": "mistake"})).await;
                true
            }
            // The provider's books may not allow it; then nothing happens.
            Deed::CaptureByHand => {
                drop(simulator.capture_by_hand(payment, None).await);
                true
            }
            Deed::RefundByHand(percent) => {
                let charged = simulator.charge(payment).map_or(0, |charge| charge.refundable_minor());
                let amount = charged * i64::try_from(*percent).unwrap_or(0) / 100;
                drop(simulator.refund_by_hand(payment, Some(amount).filter(|amount| *amount > 0)).await);
                true
            }
            Deed::Dispute(percent) => {
                let charged = simulator.charge(payment).map_or(0, |charge| charge.captured_minor());
                let amount = charged * i64::try_from(*percent).unwrap_or(0) / 100;
                drop(simulator.open_dispute(payment, Some(amount).filter(|amount| *amount > 0)).await);
                true
            }
            Deed::EndDispute(won) => {
                drop(simulator.close_dispute(payment, None, *won).await);
                true
            }
            Deed::Expire => {
                drop(simulator.expire(payment).await);
                true
            }
        }
    }

    fn amount(&self, payment: PaymentId, of: impl FnOnce(&PaymentBook) -> i64) -> i64 {
        self.world.books.lock().payments.payment(payment).map_or(0, of)
    }

    /// What of an order's goods is held where and has not left.
    fn parcels(&self, order: OrderId) -> Parcels {
        let parcels = self.order(order, |placed| {
            let mut free: BTreeMap<u32, u32> =
                placed.lines().iter().zip(1..).map(|(line, number)| (number, line.free())).collect();
            let mut parcels = Parcels::new();
            for hold in placed.holds() {
                let mut left = hold.quantity.get();
                for (number, units) in &mut free {
                    if left > 0 && *units > 0 && placed.sku(*number) == Some(&hold.sku) {
                        let taken = left.min(*units);
                        (left, *units) = (left - taken, *units - taken);
                        let lines = parcels.entry(hold.location.to_string()).or_default();
                        match lines.iter_mut().find(|(line, _)| line == number) {
                            Some((_, quantity)) => *quantity += taken,
                            None => lines.push((*number, taken)),
                        }
                    }
                }
            }
            parcels
        });
        parcels.unwrap_or_default()
    }

    /// Plans a shipment for each location, then sends them all; true once that is done.
    async fn ship(&self, order: OrderId) -> bool {
        if self.buyer.lock().stage == 0 {
            let planned = self.parcels(order).pop_first();
            let Some((location, lines)) = planned else {
                self.buyer.lock().stage = 1;
                return false;
            };
            let body = json!({"location": location, "lines": units(&lines)});
            let answer = self.staff(format!("/orders/{order}/shipments"), "shipments", body).await;
            if let Some(id) = answer.id().filter(|_| answer.is_success()).and_then(|id| id.parse().ok()) {
                self.buyer.lock().shipments.push(id);
            }
            return false;
        }
        let next = {
            let buyer = self.buyer.lock();
            usize::try_from(buyer.stage).ok().and_then(|stage| buyer.shipments.get(stage - 1)).copied()
        };
        let Some(id) = next else { return true };
        let answer = self.staff(format!("/shipments/{id}/ship"), "ship", json!({})).await;
        // The money is taken first, which may take a while.
        if answer.is_success() {
            self.buyer.lock().stage += 1;
        }
        false
    }

    /// A return from the request to the refund.
    async fn take_back(&self, order: OrderId, resellable: bool) -> bool {
        let stage = self.buyer.lock().stage;
        if stage == 0 {
            let lines: Vec<Value> = self
                .order(order, |placed| {
                    let lines = placed.lines().iter().zip(1_u32..).filter(|(line, number)| line.returnable() > 0 && placed.sku(*number).is_some());
                    lines.map(|(line, number)| json!({"line": number, "quantity": line.returnable().min(1), "reason": "unwanted"})).collect()
                })
                .unwrap_or_default();
            if lines.is_empty() {
                return true;
            }
            let answer = self.ask("returns", json!({"lines": lines})).await;
            let id = answer.id().and_then(|id| id.parse().ok());
            let mut buyer = self.buyer.lock();
            buyer.return_id = id.filter(|_| answer.is_success());
            buyer.stage = 1;
            return buyer.return_id.is_none();
        }
        let Some(id) = self.buyer.lock().return_id else { return true };
        let requested: Vec<u32> = self
            .order(order, |placed| {
                let lines = placed.lines().iter().zip(1_u32..);
                lines.filter(|(line, _)| line.return_requested > 0).map(|(_, number)| number).collect()
            })
            .unwrap_or_default();
        let condition = if resellable { "resellable" } else { "damaged" };
        let of_lines = |line: &dyn Fn(u32) -> Value| requested.iter().map(|number| line(*number)).collect::<Vec<_>>();
        let (intent, body) = match stage {
            1 => ("approve", json!({})),
            2 => {
                let location = self.world.settings.store.locations[0].to_string();
                let lines = of_lines(&|line| json!({"line": line, "quantity": 1, "condition": condition}));
                ("receive", json!({"lines": lines, "location": location}))
            }
            3 => ("inspect", json!({"lines": of_lines(&|line| json!({"line": line, "accepted": 1, "refused": 0}))})),
            4 => ("resolve", json!({"outcome": "refund", "note": ""})),
            _ => return true,
        };
        let answer = self.staff(format!("/returns/{id}/{intent}"), intent, body).await;
        if intent == "resolve" && answer.is_success() {
            self.world.reached.at(State::ReturnRefunded);
        }
        self.buyer.lock().stage += 1;
        !answer.is_success()
    }
}
