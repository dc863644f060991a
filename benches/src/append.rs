//! Row 1a: how much of a bare SQLite loop's speed do durable appends of one event keep?
//!
//! The engine: callers with one append each in flight, through the log's contract, its queue and its one writer. The
//! baseline: a loop that inserts the very rows that the engine has recorded, in the very groups, with the same pragmas,
//! into a file with the same schema; no contract, no check, no channel, no other thread. Beside the ratio to it stands the
//! ratio to a plain write and `fdatasync` of each group's bytes.

use crate::{
    Failure,
    durable::Durable,
    harness::{Arm, Row, Slice, Spec},
    shop::Shop,
};
use std::path::Path;
use tillroll_domain::{
    aggregate::Aggregate,
    order::{Order, events::OrderEvent},
};
use tillroll_infra::{
    event::NewEvent,
    log::{Append, ExpectedRevision, append},
    stream::{Revision, StreamId},
};

/// Events of one order, of which the first places it; then its caller goes on with another order.
const EVENTS_PER_ORDER: usize = 8;
/// Lines of an order, at most.
const LINES_MAX: usize = 3;
/// The most events of a slice, which are all made before it and kept until the baseline has repeated them.
const EVENTS_MAX: u64 = 400_000;

/// The row with so many callers.
#[must_use]
pub fn spec<'a>(name: &'static str, in_flight: usize, folder: &'a Path) -> Spec<'a> {
    let least = u64::try_from(in_flight * EVENTS_PER_ORDER).unwrap_or(EVENTS_MAX);
    Spec {
        name,
        question: "durable appends of one event each, against a bare loop with the same rows and groups",
        good: 0.70,
        excellent: 0.85,
        baseline_is_a_part: true,
        work: (least, EVENTS_MAX.max(least)),
        open: Box::new(move |events| Ok(Box::new(Appends::open(folder, in_flight, events)?))),
    }
}

/// The row, opened.
struct Appends {
    in_flight: usize,
    /// What one caller appends in a slice.
    orders_per_caller: usize,
    shop: Shop,
    durable: Durable,
}

impl Appends {
    fn open(parent: &Path, in_flight: usize, events_per_slice: u64) -> Result<Self, Failure> {
        let per_order = u64::try_from(in_flight * EVENTS_PER_ORDER)?;
        Ok(Self {
            in_flight,
            orders_per_caller: usize::try_from(events_per_slice.div_ceil(per_order))?,
            shop: Shop::new(1),
            durable: Durable::open(parent, in_flight)?.with_raw()?,
        })
    }

    /// All callers append all they have.
    fn engine(&mut self) -> Result<Slice, Failure> {
        let plans = (0..self.in_flight).map(|_| self.plan()).collect::<Result<Vec<_>, _>>()?;
        let events = plans.iter().map(Vec::len).sum::<usize>();
        let log = self.durable.log.clone();
        let caller = |plan: Vec<Append>| {
            let log = log.clone();
            async move {
                for next in plan {
                    append(&*log, next).await?;
                }
                Ok(())
            }
        };
        self.durable.engine(events, plans.into_iter().map(caller).collect())
    }

    /// What one caller appends: one order after the other, one event per append.
    fn plan(&mut self) -> Result<Vec<Append>, Failure> {
        let mut plan = Vec::with_capacity(self.orders_per_caller * EVENTS_PER_ORDER);
        for _ in 0..self.orders_per_caller {
            let order = self.shop.order(LINES_MAX)?;
            let stream = StreamId::new(Order::CATEGORY, &order.id.uuid().to_string())?;
            let mut event: NewEvent = self.shop.written(&OrderEvent::from(order.placed.clone()))?;
            let mut expected = ExpectedRevision::NoStream;
            for revision in 0..EVENTS_PER_ORDER {
                let after =
                    ExpectedRevision::After { revision: Revision(u64::try_from(revision)?), event_id: event.id };
                plan.push(Append { stream: stream.clone(), expected, events: vec![event] });
                expected = after;
                event = self.shop.written(&self.shop.lines_shipped(&order))?;
            }
        }
        Ok(plan)
    }
}

impl Row for Appends {
    fn slice(&mut self, arm: Arm) -> Result<Slice, Failure> {
        match arm {
            Arm::Engine => self.engine(),
            Arm::Baseline => self.durable.bare.repeat(),
        }
    }

    fn counters(&self) -> String {
        let raw = self.durable.bare.ratio_to_raw();
        let raw = raw.map_or_else(|| "unknown".to_owned(), |ratio| format!("{ratio:.2}"));
        format!("{}; {raw} of a plain write and fdatasync of the same bytes", self.durable.syncs())
    }
}

#[cfg(test)]
mod tests;
