//! What a storefront sends to the bus for each of its orders, from placing it to its leaving the stock.

use crate::{
    Failure,
    shop::{self, Shop},
    stock::Shoppers,
};
use chrono::{DateTime, TimeDelta, Utc};
use std::{collections::HashMap, sync::Arc};
use tillroll_domain::{
    common::LineQuantity,
    ids::{CommandId, ReservationId, ShipmentId},
    order::commands::{OrderCommand, OrderContact, OrderSnapshot},
    stock_item::commands::{StockItemCommand, stream_id},
    text::Sku,
};
use tillroll_infra::{
    ambient::{Ambient, IdSource},
    bus::CommandContext,
};

/// Lines of an order, at most.
const LINES_MAX: usize = 2;
/// Steps of an order: place, confirm, start, ship; and for each line hold, promise, ship.
pub(super) const STEPS_MAX: usize = 4 + 3 * LINES_MAX;

/// A command for the bus.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a step is made, sent and gone; a box would be one more allocation to measure"
)]
pub(super) enum Step {
    /// On an order.
    Order { id: String, command: OrderCommand, context: CommandContext },
    /// On a stock item.
    Stock { id: String, command: StockItemCommand, context: CommandContext },
}

/// Makes the commands up.
pub(super) struct Storefront {
    shop: Shop,
    ids: Arc<dyn IdSource>,
    holds_until: DateTime<Utc>,
    /// Units that left, by item.
    shipped: HashMap<String, i64>,
}

impl Storefront {
    pub(super) fn new() -> Self {
        let Ambient { clock, ids, .. } = Ambient::system();
        Self { shop: Shop::new(4), ids, holds_until: clock.now() + TimeDelta::days(1), shipped: HashMap::new() }
    }

    /// A delivery of everything that will be ordered.
    pub(super) fn stocking(&mut self) -> Result<Vec<Step>, Failure> {
        let shoppers = Shoppers::new(5);
        let mut steps = Vec::new();
        for sku in shop::skus(LINES_MAX)? {
            let id = item(&sku)?;
            self.shipped.insert(id.clone(), 0);
            steps.push(self.stock(&id, shoppers.receive()?));
        }
        Ok(steps)
    }

    /// Whole orders, one after the other, until there are `steps_min` steps. Each step comes to one event.
    pub(super) fn orders(&mut self, steps_min: usize) -> Result<Vec<Step>, Failure> {
        let mut steps = Vec::with_capacity(steps_min + STEPS_MAX);
        while steps.len() < steps_min {
            self.order(&mut steps)?;
        }
        Ok(steps)
    }

    fn order(&mut self, steps: &mut Vec<Step>) -> Result<(), Failure> {
        let shop::Order { id: order_id, placed } = self.shop.order(LINES_MAX)?;
        let lines = placed.lines.iter().map(|line| LineQuantity { line: line.line, quantity: line.quantity });
        let lines: Vec<_> = lines.collect();
        let mut goods = Vec::with_capacity(LINES_MAX);
        for line in &placed.lines {
            let id = item(line.sku.as_ref().ok_or("goods have a SKU")?)?;
            goods.push((id, line.quantity, ReservationId::new(self.ids.next())));
        }
        let snapshot = OrderSnapshot {
            customer_id: placed.customer_id,
            country: placed.country,
            currency: placed.currency,
            lines: placed.lines,
            tax: placed.totals.tax,
            rounding: placed.rounding,
            cart: None,
            contact: OrderContact::default(),
            checkout: None,
        };
        let shipment_id = ShipmentId::new(self.ids.next());
        let order = |command| Step::Order { id: order_id.uuid().to_string(), command, context: self.context() };
        steps.push(order(OrderCommand::Place { snapshot }));
        for &(ref id, quantity, reservation_id) in &goods {
            let expires_at = self.holds_until;
            steps.push(self.stock(id, StockItemCommand::Reserve { reservation_id, quantity, expires_at }));
        }
        steps.push(order(OrderCommand::Confirm));
        for &(ref id, _, reservation_id) in &goods {
            steps.push(self.stock(id, StockItemCommand::Allocate { reservation_id, order_id }));
        }
        steps.push(order(OrderCommand::StartFulfillment));
        steps.push(order(OrderCommand::ShipLines { shipment_id, lines }));
        for &(ref id, quantity, _) in &goods {
            steps.push(self.stock(id, StockItemCommand::Ship { shipment_id, order_id, quantity }));
        }
        for (id, quantity, _) in goods {
            *self.shipped.entry(id).or_default() += quantity.as_i64();
        }
        Ok(())
    }

    fn stock(&self, id: &str, command: StockItemCommand) -> Step {
        Step::Stock { id: id.to_owned(), command, context: self.context() }
    }

    fn context(&self) -> CommandContext {
        CommandContext::live(CommandId::new(self.ids.next()), "storefront")
    }

    /// What every item has on hand once all steps are done.
    #[cfg(test)]
    pub(super) fn expected_on_hand(&self) -> impl Iterator<Item = (String, i64)> {
        self.shipped.iter().map(|(id, shipped)| (id.clone(), crate::stock::STOCKED - shipped))
    }
}

fn item(sku: &Sku) -> Result<String, Failure> {
    Ok(stream_id(&"main".parse()?, sku))
}
