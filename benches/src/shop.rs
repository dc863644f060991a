//! Orders that a shop could have had, the same ones for the same seed, written as the engine writes them.

use crate::{Failure, stats::SplitMix64};
use std::{str::FromStr, sync::Arc};
use tillroll_domain::{
    aggregate::DomainEvent,
    common::{Basis, LineKind, LineQuantity},
    ids::{CustomerId, OrderId, ShipmentId},
    money::Rounding,
    order::events::{
        OrderEvent, OrderLine, OrderLinesShipped, OrderPlaced, OrderTotals, RoundingPolicy, RoundingStage, Tax,
    },
    price::UnitPrice,
    quantity::Quantity,
    stock_item::events::{StockItemEvent, StockShipped},
    text::Sku,
};
use tillroll_infra::{
    ambient::{Ambient, IdSource},
    event::{Metadata, NewEvent, ORIGIN_LIVE},
};

/// How many different goods the shop has.
const GOODS: usize = 4_000;
const VARIANTS: [&str; 3] = ["", "A", "B"];
const COUNTRIES: [&str; 4] = ["United Kingdom", "Germany", "France", "EIRE"];

/// Makes orders up.
#[derive(Debug)]
pub struct Shop {
    random: SplitMix64,
    ids: Arc<dyn IdSource>,
}

/// An order and what was ordered.
#[derive(Debug)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// What was agreed.
    pub placed: OrderPlaced,
}

impl Shop {
    /// A shop whose orders follow from the seed, but for their ids.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { random: SplitMix64(seed), ids: Ambient::system().ids }
    }

    /// The next order, of 1 to `lines_max` lines of different goods.
    ///
    /// # Errors
    /// Never, unless the domain's rules for texts and numbers change.
    pub fn order(&mut self, lines_max: usize) -> Result<Order, Failure> {
        let currency = "GBP".parse()?;
        let first = self.random.below(GOODS);
        let mut lines = Vec::new();
        for index in 0..=self.random.below(lines_max) {
            let code = code((first + index * 37) % GOODS, index);
            let quantity = Quantity::new(1 + i64::try_from(self.random.below(24))?)?;
            let micros = 10_000 * (1 + i64::try_from(self.random.below(2_000))?);
            let unit_price = UnitPrice::from_micros(micros).ok_or("a price is out of range")?;
            let amount = unit_price.times(quantity.as_i64(), currency, Rounding::HalfUp)?;
            lines.push(OrderLine {
                line: u32::try_from(index)? + 1,
                kind: LineKind::Goods,
                code: code.parse()?,
                sku: Some(code.parse()?),
                description: format!("SET OF {} PAPER LANTERNS {code}", 2 + index % 7).parse()?,
                quantity,
                unit_price,
                amount_minor: amount.minor,
                rounding_micros: None,
                tax_minor: None,
                options: vec![],
            });
        }
        let goods_minor = lines.iter().map(|line| line.amount_minor).sum();
        let placed = OrderPlaced {
            customer_id: Some(CustomerId::new(self.ids.next())),
            country: COUNTRIES[self.random.below(COUNTRIES.len())].parse()?,
            currency,
            lines,
            totals: OrderTotals {
                goods_minor,
                carriage_minor: 0,
                discount_minor: 0,
                tax: Tax::NotStated,
                total_minor: goods_minor,
            },
            rounding: RoundingPolicy { mode: Rounding::HalfUp, stage: RoundingStage::Line },
            business_date: FromStr::from_str(&format!("2011-03-{:02}", 1 + self.random.below(31)))?,
            source: None,
            basis: Basis::Recorded,
            cart_id: None,
            quote: None,
            email: None,
            shipping_address: None,
            billing_address: None,
            checkout: None,
        };
        Ok(Order { id: OrderId::new(self.ids.next()), placed })
    }

    /// A shipment of the order's first line, as the order tells it.
    #[must_use]
    pub fn lines_shipped(&self, order: &Order) -> OrderEvent {
        let lines = order.placed.lines.iter().take(1);
        let lines = lines.map(|line| LineQuantity { line: line.line, quantity: line.quantity }).collect();
        let shipment_id = ShipmentId::new(self.ids.next());
        OrderLinesShipped { shipment_id, lines, basis: Basis::Recorded }.into()
    }

    /// The order's shipment as the stock of each of its goods tells it.
    pub fn stock_shipped<'a>(&self, order: &'a Order) -> impl Iterator<Item = (&'a Sku, StockItemEvent)> {
        let shipment_id = ShipmentId::new(self.ids.next());
        order.placed.lines.iter().filter_map(move |line| {
            let shipped = StockShipped {
                shipment_id,
                order_id: order.id,
                quantity: line.quantity,
                from_allocation: line.quantity.get(),
                basis: Basis::Recorded,
            };
            Some((line.sku.as_ref()?, shipped.into()))
        })
    }

    /// The event as it is given to the log, with the metadata of a command of its own.
    ///
    /// # Errors
    /// Never: events can be written as JSON.
    pub fn written(&self, event: &impl DomainEvent) -> Result<NewEvent, Failure> {
        let id = self.ids.next();
        let metadata = Metadata {
            actor: "admin".to_owned(),
            command_id: Some(id.to_string()),
            correlation_id: Some(id.to_string()),
            origin: ORIGIN_LIVE.to_owned(),
            ..Metadata::default()
        };
        let kind = event.event_type();
        Ok(NewEvent {
            id,
            event_type: kind.name.into(),
            schema_version: kind.version,
            metadata: serde_json::to_string(&metadata)?.into(),
            data: serde_json::to_string(event)?.into(),
        })
    }
}

/// Everything that orders of at most `lines_max` lines may be about.
///
/// # Errors
/// Never, unless the domain's rules for texts change.
pub fn skus(lines_max: usize) -> Result<Vec<Sku>, Failure> {
    let variants = lines_max.min(VARIANTS.len());
    (0..variants).flat_map(|line| (0..GOODS).map(move |of| Ok(code(of, line).parse()?))).collect()
}

/// The code of goods on the order's line with this index.
fn code(of: usize, line: usize) -> String {
    format!("{}{}", 10_000 + of, VARIANTS[line % VARIANTS.len()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use tillroll_domain::{
        aggregate::Aggregate,
        order::{Order as OrderAggregate, OrderState},
    };

    #[test]
    fn what_is_written_reads_as_the_same_event() {
        let mut shop = Shop::new(1);
        let order = shop.order(8).unwrap();
        let shipped = shop.lines_shipped(&order);
        for event in [order.placed.clone().into(), shipped] {
            let written = shop.written(&event).unwrap();
            let mut data = serde_json::Deserializer::from_str(&written.data);
            assert_eq!(OrderEvent::decode(&written.event_type, written.schema_version, &mut data).unwrap(), event);
        }
    }

    #[test]
    fn only_what_the_shop_has_is_ordered() {
        let mut shop = Shop::new(1);
        for lines_max in 1..5 {
            let skus: std::collections::BTreeSet<_> = skus(lines_max).unwrap().into_iter().collect();
            assert_eq!(skus.len(), GOODS * lines_max.min(3));
            for _ in 0..50 {
                let order = shop.order(lines_max).unwrap();
                assert!(order.placed.lines.iter().all(|line| line.sku.as_ref().is_some_and(|sku| skus.contains(sku))));
            }
        }
    }

    #[test]
    fn the_same_seed_makes_the_same_orders() {
        let order = |seed| {
            let mut order = Shop::new(seed).order(8).unwrap().placed;
            order.customer_id = None;
            order
        };
        assert_eq!(order(7), order(7));
        assert_ne!(order(7), order(8));
    }

    #[test]
    fn an_order_has_as_many_lines_as_allowed_and_each_of_its_goods_once() {
        let mut shop = Shop::new(1);
        let orders: Vec<_> = (0..200).map(|_| shop.order(8).unwrap()).collect();
        let lines: Vec<_> = orders.iter().map(|order| order.placed.lines.len()).collect();
        assert_eq!((lines.iter().min(), lines.iter().max()), (Some(&1), Some(&8)));
        for order in &orders {
            let skus: std::collections::BTreeSet<_> = shop.stock_shipped(order).map(|(sku, _)| sku).collect();
            assert_eq!(skus.len(), order.placed.lines.len());
            let _: OrderState = OrderAggregate::fold([&order.placed.clone().into()]);
        }
    }
}
