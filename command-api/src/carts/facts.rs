//! Facts for carts: what things cost now and how many are available, from aggregates alone.

use crate::{
    CommandApi,
    prices::{Priced, select_price},
    problems::{NO_PRICE, SKU_NOT_OFFERED},
    refusal::{Refusal, problem_of},
};
use std::collections::BTreeMap;
use tillroll_domain::{
    cart::{
        CartLine, CartState, OpenCart,
        line::{LinePrice, SkuAvailability, demand},
    },
    money::Currency,
    price::UnitPrice,
    quantity::Quantity,
    stock_item::{StockItem, commands::stream_id},
    text::{Country, Sku},
};
use tillroll_http::Problem;

/// The cart, if it is open.
pub(super) fn open(state: &CartState) -> Result<&OpenCart, Problem> {
    state.open().map_err(|refusal| refusal.problem())
}

/// What a unit costs in a cart that would then hold so many.
///
/// # Errors
/// `sku_not_offered`, also for a SKU that nobody has: shoppers do not learn what there is besides what they see.
pub(super) async fn price(api: &CommandApi, cart: &OpenCart, sku: &Sku, units: Quantity) -> Result<UnitPrice, Problem> {
    let now = api.bus.ambient().clock.now();
    let priced = select_price(api, sku, cart.currency, Some(&cart.country), units, now).await?;
    match priced {
        Some(Priced { offered: true, price: Some(selected), .. }) => Ok(selected.amount),
        Some(Priced { offered: true, price: None, .. }) => {
            let problem = Problem::of(&NO_PRICE).detail("the SKU has no price in this currency");
            Err(problem.with("sku", sku).with("currency", cart.currency))
        }
        Some(Priced { offered: false, .. }) | None => {
            Err(Problem::of(&SKU_NOT_OFFERED).detail("the SKU is not offered").with("sku", sku))
        }
    }
}

/// What lines cost in a currency, those left out that have no price in it. Units of one SKU are counted together.
pub(super) async fn prices(
    api: &CommandApi,
    lines: &[CartLine],
    currency: Currency,
    country: &Country,
) -> Result<Vec<LinePrice>, Problem> {
    let now = api.bus.ambient().clock.now();
    let mut prices = Vec::with_capacity(lines.len());
    for line in lines {
        let units = Quantity::new(i64::from(demand(lines, &line.sku))).unwrap_or(line.quantity);
        let priced = select_price(api, &line.sku, currency, Some(country), units, now).await?;
        if let Some(selected) = priced.and_then(|priced| priced.price) {
            prices.push(LinePrice { line_id: line.line_id, unit_price: selected.amount });
        }
    }
    Ok(prices)
}

/// Units of a SKU that are available at all locations of the store together.
pub(crate) async fn available(api: &CommandApi, sku: &Sku) -> Result<u32, Problem> {
    let mut units: i64 = 0;
    for location in api.locations.iter() {
        let item = api.bus.load::<StockItem>(&api.tenant, &stream_id(location, sku)).await.map_err(problem_of)?;
        units = units.saturating_add(item.state.available().max(0));
    }
    Ok(u32::try_from(units).unwrap_or(u32::MAX))
}

/// What is available of the SKUs of lines.
pub(super) async fn availabilities(api: &CommandApi, lines: &[CartLine]) -> Result<Vec<SkuAvailability>, Problem> {
    let mut known: BTreeMap<&Sku, u32> = BTreeMap::new();
    for line in lines {
        if !known.contains_key(&line.sku) {
            known.insert(&line.sku, available(api, &line.sku).await?);
        }
    }
    Ok(known.into_iter().map(|(sku, available)| SkuAvailability { sku: sku.clone(), available }).collect())
}
