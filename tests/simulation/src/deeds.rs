//! What happens to an order once it is promised: at the shop, at the buyer's, and in the provider's own pages.

use std::{collections::VecDeque, time::Duration};
use tillroll_faults::rng::Rng;

/// Something that happens to a promised order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Nothing, for so long.
    Pause(Duration),
    /// The buyer wants to cancel.
    CancelByBuyer,
    /// The staff cancels.
    CancelByStaff,
    /// The staff cancels a unit.
    CancelUnit,
    /// The staff plans a shipment per location and sends it.
    Ship,
    /// A planned shipment is given up.
    GiveUpShipment,
    /// What was sent arrives.
    Deliver,
    /// The buyer sends units back; whether they can be sold again.
    Return {
        /// In what condition they come.
        resellable: bool,
    },
    /// The staff takes money.
    Capture,
    /// The staff gives so many percent of what was taken back.
    Refund(usize),
    /// The staff cancels the payment.
    CancelPayment,
    /// Somebody takes money in the provider's pages.
    CaptureByHand,
    /// Somebody gives so many percent back in the provider's pages.
    RefundByHand(usize),
    /// The buyer's bank asks so many percent back.
    Dispute(usize),
    /// The dispute ends; whether the shop wins.
    EndDispute(bool),
    /// The provider sets free what is set aside.
    Expire,
}

impl Deed {
    /// What is drawn for one order.
    #[must_use]
    pub fn draw_all(rng: &mut Rng) -> VecDeque<Self> {
        let mut deeds = VecDeque::new();
        let pause = |rng: &mut Rng, deeds: &mut VecDeque<Self>| {
            let most = [5, 600, 20_000][rng.below(3)];
            deeds.push_back(Self::Pause(Duration::from_secs(u64::try_from(rng.below(most)).unwrap_or(0))));
        };
        pause(rng, &mut deeds);
        match rng.below(100) {
            0..=7 => deeds.push_back(Self::CancelByBuyer),
            8..=14 => deeds.push_back(Self::CancelByStaff),
            15..=19 => deeds.push_back(Self::CancelPayment),
            20..=24 => deeds.push_back(Self::Expire),
            25..=59 => {
                if rng.is_within(15) {
                    deeds.push_back(Self::CancelUnit);
                    pause(rng, &mut deeds);
                }
                if rng.is_within(10) {
                    deeds.push_back(Self::CaptureByHand);
                }
                if rng.is_within(8) {
                    deeds.push_back(Self::GiveUpShipment);
                }
                deeds.push_back(Self::Ship);
                if rng.is_within(8) {
                    deeds.push_back(Self::CancelByBuyer);
                }
                pause(rng, &mut deeds);
                deeds.push_back(Self::Deliver);
                pause(rng, &mut deeds);
                if rng.is_within(50) {
                    deeds.push_back(Self::Return { resellable: rng.is_within(70) });
                    pause(rng, &mut deeds);
                }
                if rng.is_within(20) {
                    deeds.push_back(Self::Refund(rng.between(10, 120)));
                    pause(rng, &mut deeds);
                    deeds.push_back(Self::Refund(100));
                }
                if rng.is_within(10) {
                    deeds.push_back(Self::RefundByHand(rng.between(10, 100)));
                }
                if rng.is_within(15) {
                    deeds.push_back(Self::Dispute(rng.between(20, 100)));
                    pause(rng, &mut deeds);
                    if rng.is_within(60) {
                        deeds.push_back(Self::EndDispute(rng.is_within(50)));
                    }
                }
            }
            60..=69 => deeds.extend([Self::Capture, Self::Refund(rng.between(1, 100)), Self::CancelByStaff]),
            70..=74 => deeds.extend([Self::CaptureByHand, Self::CancelByBuyer]),
            75..=79 => deeds.extend([Self::Capture, Self::Dispute(60), Self::Refund(100)]),
            _ => {}
        }
        deeds
    }
}
