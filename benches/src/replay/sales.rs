//! What the replay folds into: what was sold where, and what was ordered and shipped of each of the goods.

use std::collections::HashMap;
use tillroll_domain::{
    aggregate::{Aggregate, DomainEvent},
    order::{
        Order,
        events::{OrderEvent, OrderPlaced},
    },
    stock_item::{
        StockItem,
        events::{StockItemEvent, StockShipped},
    },
    text::{Country, Sku},
};
use tillroll_infra::stream::StreamId;

/// The fold's state.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sales {
    countries: HashMap<Country, CountrySales>,
    ordered: HashMap<Sku, i64>,
    shipped: HashMap<StreamId, i64>,
}

/// A country's orders.
#[derive(Debug, Default, PartialEq, Eq)]
struct CountrySales {
    orders: u64,
    total_minor: i64,
}

impl Sales {
    /// Decodes a payload as its stream's category says, and takes it in.
    pub(super) fn fold(
        &mut self,
        stream: &StreamId,
        event_type: &str,
        schema_version: u16,
        data: &str,
    ) -> Result<(), serde_json::Error> {
        let mut data = serde_json::Deserializer::from_str(data);
        match stream.category() {
            Order::CATEGORY => {
                if let OrderEvent::OrderPlaced(placed) = OrderEvent::decode(event_type, schema_version, &mut data)? {
                    self.order(&placed);
                }
            }
            StockItem::CATEGORY => {
                self.stock(stream, &StockItemEvent::decode(event_type, schema_version, &mut data)?);
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn order(&mut self, placed: &OrderPlaced) {
        let country = entry(&mut self.countries, &placed.country);
        country.orders += 1;
        country.total_minor += placed.totals.total_minor;
        for line in &placed.lines {
            if let Some(sku) = &line.sku {
                *entry(&mut self.ordered, sku) += line.quantity.as_i64();
            }
        }
    }

    pub(super) fn stock(&mut self, stream: &StreamId, event: &StockItemEvent) {
        if let StockItemEvent::StockShipped(StockShipped { quantity, .. }) = event {
            *entry(&mut self.shipped, stream) += quantity.as_i64();
        }
    }
}

/// Copies the key only when it is new.
fn entry<'a, K: Clone + Eq + std::hash::Hash, V: Default>(map: &'a mut HashMap<K, V>, key: &K) -> &'a mut V {
    if !map.contains_key(key) {
        map.insert(key.clone(), V::default());
    }
    // It was put there if it was not.
    map.get_mut(key).expect("the key is there")
}
