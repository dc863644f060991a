//! Stock items that are asked to hold units and to let them go again, and what must have come of it.

use crate::{Failure, stats::SplitMix64};
use chrono::{DateTime, TimeDelta, Utc};
use std::{collections::VecDeque, sync::Arc};
use tillroll_domain::{
    aggregate::Aggregate,
    ids::{CommandId, ReceiptId, ReservationId},
    quantity::Quantity,
    stock_item::{
        StockItem,
        commands::{StockItemCommand, stream_id},
    },
};
use tillroll_infra::{
    ambient::{Ambient, IdSource},
    stream::StreamId,
};

/// Units that every item has from the start: more than its holds ever take.
pub(crate) const STOCKED: i64 = 1_000_000;
/// The most holds of one shopper at a time.
const HOLDS_MAX: usize = 8;
/// How long a hold is asked for: longer than a measurement lasts.
const HOLD: TimeDelta = TimeDelta::days(1);

/// The streams of so many items.
pub(crate) fn streams(count: usize) -> Result<Vec<StreamId>, Failure> {
    let stream = |n: usize| {
        let id = stream_id(&"main".parse()?, &(10_000 + n).to_string().parse()?);
        Ok(StreamId::new(StockItem::CATEGORY, &id)?)
    };
    (0..count).map(stream).collect()
}

/// Makes commands up. The same seed makes the same ones, ids included, wherever the ids do not come from the machine.
pub(crate) struct Shoppers {
    random: SplitMix64,
    ids: Arc<dyn IdSource>,
    expires_at: DateTime<Utc>,
}

impl Shoppers {
    pub(crate) fn new(seed: u64) -> Self {
        let now = Ambient::system().clock.now();
        Self { random: SplitMix64(seed), ids: Ambient::seeded(now, seed).0.ids, expires_at: now + HOLD }
    }

    /// Draws a number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.random.below(bound)
    }

    pub(crate) fn command_id(&self) -> CommandId {
        CommandId::new(self.ids.next())
    }

    /// The delivery that stocks an item.
    pub(crate) fn receive(&self) -> Result<StockItemCommand, Failure> {
        let receipt_id = ReceiptId::new(self.ids.next());
        Ok(StockItemCommand::Receive { receipt_id, quantity: Quantity::new(STOCKED)?, reference: None })
    }

    /// The next command on an item: hold some units, or let the oldest hold go.
    pub(crate) fn next(&mut self, holds: &mut OpenHolds) -> Result<StockItemCommand, Failure> {
        let may_hold = holds.0.len() < HOLDS_MAX && (holds.0.is_empty() || self.below(2) == 0);
        if !may_hold && let Some((reservation_id, _)) = holds.0.pop_front() {
            return Ok(StockItemCommand::ReleaseReservation { reservation_id });
        }
        let reservation_id = ReservationId::new(self.ids.next());
        let quantity = Quantity::new(1 + i64::try_from(self.below(24))?)?;
        holds.0.push_back((reservation_id, quantity));
        Ok(StockItemCommand::Reserve { reservation_id, quantity, expires_at: self.expires_at })
    }
}

/// The holds that were asked for and not let go, oldest first.
#[derive(Debug, Default)]
pub(crate) struct OpenHolds(VecDeque<(ReservationId, Quantity)>);

impl OpenHolds {
    /// The units that they hold together.
    pub(crate) fn units(&self) -> i64 {
        self.0.iter().map(|(_, quantity)| quantity.as_i64()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_asks_for_the_same() {
        let commands = |seed| {
            let (mut shoppers, mut holds) = (Shoppers::new(seed), OpenHolds::default());
            let asked = (0..100).map(|_| shoppers.next(&mut holds).unwrap());
            let kind = |command| matches!(command, StockItemCommand::Reserve { .. });
            (asked.map(kind).collect::<Vec<_>>(), holds.units())
        };
        assert_eq!(commands(7), commands(7));
        assert_ne!(commands(7), commands(8));
    }

    #[test]
    fn holds_are_let_go_in_their_order_and_stay_few() {
        let (mut shoppers, mut holds) = (Shoppers::new(1), OpenHolds::default());
        let mut live = VecDeque::new();
        for _ in 0..1_000 {
            match shoppers.next(&mut holds).unwrap() {
                StockItemCommand::Reserve { reservation_id, .. } => live.push_back(reservation_id),
                StockItemCommand::ReleaseReservation { reservation_id } => {
                    assert_eq!(live.pop_front(), Some(reservation_id));
                }
                other => panic!("shoppers do not ask for {other:?}"),
            }
            assert!(live.len() <= HOLDS_MAX && holds.units() <= 24 * 8);
        }
    }
}
