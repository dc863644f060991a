//! Samples of price schedules, and of the quotes that events carry.

use crate::{
    Sample,
    helpers::{quantity, text, time, uuid},
    today,
};
use tillroll_domain::{
    ids::PriceRowId,
    price_schedule::{
        PriceKey,
        events::{PriceEnded, PriceScheduleEvent, PriceSet, PriceWithdrawn},
    },
};

pub(crate) fn price_schedule() -> Vec<Sample<PriceScheduleEvent>> {
    let row_id = PriceRowId::new(uuid(1));
    vec![
        today(PriceSet {
            row_id,
            key: PriceKey { currency: text("GBP"), country: Some(text("GB")), min_quantity: quantity(12) },
            priority: 10,
            amount: text("2.1"),
            valid_from: time("2024-03-01T00:00:00Z"),
            valid_until: Some(time("2024-04-01T00:00:00.5Z")),
        }),
        today(PriceEnded { row_id, at: time("2024-03-15T10:30:00Z") }),
        today(PriceWithdrawn { row_id }),
    ]
}
