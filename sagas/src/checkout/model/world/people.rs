//! What people, clocks and other processes do around a checkout.

use super::{super::super::messages::CheckoutAction as Action, Balance, World};
use crate::{managed::Deliver, process::TimerName};
use chrono::{DateTime, TimeDelta, Utc};
use tillroll_domain::{
    ids::{ReceiptId, ReservationId},
    order::{OrderState, commands::OrderCommand},
    quantity::Quantity,
    stock_item::commands::{StockItemCommand as Command, stream_id},
};
use uuid::Uuid;

impl World {
    pub(in crate::checkout::model) fn cancel(&mut self) {
        if self.order != OrderState::New {
            _ = self.on_order(&OrderCommand::CancelByBuyer { reason: "not any more".parse().unwrap() });
        }
    }

    pub(in crate::checkout::model) fn confirm(&mut self) {
        if self.order != OrderState::New {
            _ = self.on_order(&OrderCommand::Confirm);
        }
    }

    pub(in crate::checkout::model) fn pay(&mut self) {
        let Balance { opened, cancelled, authorized_minor, captured_minor, .. } = self.money;
        if opened && !cancelled && authorized_minor + captured_minor == 0 {
            self.money.authorized_minor = self.total_minor;
            self.mirror();
        }
    }

    pub(in crate::checkout::model) fn lapse(&mut self) {
        if self.money.authorized_minor > 0 {
            self.has_lapsed = true;
            self.money.authorized_minor = 0;
            self.mirror();
        }
    }

    pub(in crate::checkout::model) fn wait(&mut self) {
        self.now += TimeDelta::minutes(10);
        self.fire();
    }

    pub(super) fn fire(&mut self) {
        let due = |(timer, due): (&TimerName, &DateTime<Utc>)| (*due <= self.now).then(|| (timer.clone(), *due));
        let over: Vec<_> = self.instance.outbox.timers.iter().filter_map(due).collect();
        for (timer, due) in over {
            let policy = self.policy();
            self.deliver(&Deliver::Due { timer, due, policy });
        }
    }

    pub(in crate::checkout::model) fn sweep(&mut self) {
        for (stream, reservation_id) in self.reservations() {
            self.on_stock(&stream, &Command::ExpireReservation { reservation_id }).unwrap();
        }
    }

    /// Every reservation that was ever asked for.
    fn reservations(&self) -> Vec<(String, ReservationId)> {
        let reserve = |action: &Action| match action {
            Action::ReserveStock { place, .. } => Some((stream_id(&place.location, &place.sku), place.reservation_id)),
            _ => None,
        };
        self.sent.values().filter_map(reserve).collect()
    }

    pub(in crate::checkout::model) fn take(&mut self, nth: usize) {
        let streams = self.streams();
        let stream = &streams[nth % streams.len()];
        self.took += 1;
        let reserve = Command::Reserve {
            reservation_id: ReservationId::new(Uuid::from_u128(self.took)),
            quantity: Quantity::ONE,
            expires_at: self.now + TimeDelta::days(1_000),
        };
        if self.on_stock(stream, &reserve).is_ok() {
            *self.others.entry(stream.clone()).or_default() += 1;
        }
    }

    pub(in crate::checkout::model) fn receive(&mut self, nth: usize) {
        let streams = self.streams();
        self.receive_at(&streams[nth % streams.len()]);
    }

    pub(super) fn receive_at(&mut self, stream: &str) {
        self.took += 1;
        let receipt_id = ReceiptId::new(Uuid::from_u128(self.took));
        self.on_stock(stream, &Command::Receive { receipt_id, quantity: Quantity::ONE, reference: None }).unwrap();
    }

    pub(in crate::checkout::model) fn let_go(&mut self, nth: usize) {
        let reservations = self.reservations();
        let Some((stream, reservation_id)) = nth.checked_rem(reservations.len()).map(|nth| reservations[nth].clone())
        else {
            return;
        };
        self.release(&stream, reservation_id, false);
    }

    /// What the process of the cancellation does with an order that had been promised.
    pub(in crate::checkout::model) fn give_back(&mut self) {
        if !(self.is_cancelled() && self.confirmed) {
            return;
        }
        let holds = self.order.placed().unwrap().holds().to_vec();
        for hold in holds {
            self.release(&stream_id(&hold.location, &hold.sku), hold.reservation_id, true);
        }
        if self.total_minor > 0 {
            self.cancel_payment();
        }
    }
}
