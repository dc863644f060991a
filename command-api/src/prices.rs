//! What a variant costs: facts from the claim of its SKU, its product and its price schedule, for everything that prices.

use crate::{
    CommandApi,
    problems::{LINE_SKU_UNKNOWN, NO_PRICE, SKU_NOT_OFFERED},
    refusal::{Refusal, problem_of},
    skus,
};
use chrono::{DateTime, TimeDelta, Utc};
use std::{collections::BTreeMap, fmt, sync::Arc};
use tillroll_domain::{
    ids::CartLineId,
    money::Currency,
    price_schedule::{PriceSchedule, PriceScheduleState},
    pricing::{
        PricingLine, PricingRequest, Quote, SelectedPrice, ShippingPolicy, TaxPolicy, price,
        select::{PriceQuery, select},
    },
    product::{ExistingProduct, ProductStage},
    quantity::Quantity,
    text::{Country, Name, Reference, Sku},
};
use tillroll_http::Problem;
use tillroll_infra::config::{PricingSettings, SettingsError};

/// The policies by which everything is priced. Cloning is cheap.
#[derive(Clone)]
pub struct Pricing {
    tax: Arc<dyn TaxPolicy>,
    shipping: Arc<dyn ShippingPolicy>,
    valid_for: TimeDelta,
}

impl fmt::Debug for Pricing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pricing").field("valid_for", &self.valid_for).finish_non_exhaustive()
    }
}

impl Pricing {
    /// The demo policies with the rates and amounts of settings.
    ///
    /// # Errors
    /// Amounts that cannot be prices of transport; settings that were loaded have none.
    pub fn new(settings: &PricingSettings) -> Result<Self, SettingsError> {
        let (tax, shipping) = (Arc::new(settings.tax()), Arc::new(settings.shipping()?));
        Ok(Self { tax, shipping, valid_for: settings.valid_for() })
    }

    /// Policies of one's own; quotes hold for `valid_for`.
    #[must_use]
    pub fn with_policies(tax: Arc<dyn TaxPolicy>, shipping: Arc<dyn ShippingPolicy>, valid_for: TimeDelta) -> Self {
        Self { tax, shipping, valid_for }
    }
}

/// What is known of a variant for sale.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Priced {
    /// What its product is called.
    pub(crate) name: Name,
    /// Whether shoppers can buy it: its product is published and it was not withdrawn.
    pub(crate) offered: bool,
    /// What one unit costs; `None` if it has neither a row that applies nor a list price.
    pub(crate) price: Option<SelectedPrice>,
}

/// What a variant costs at an instant if so many units are bought together; `None` if no product has the SKU.
///
/// The instant is taken in whole microseconds, as prices begin and end.
pub(crate) async fn select_price(
    api: &CommandApi,
    sku: &Sku,
    currency: Currency,
    country: Option<&Country>,
    quantity: Quantity,
    at: DateTime<Utc>,
) -> Result<Option<Priced>, Problem> {
    let Some(facts) = Facts::gather(api, sku).await? else { return Ok(None) };
    let query = PriceQuery { currency, country: country.cloned(), quantity };
    Ok(Some(facts.priced(sku, &query, at)))
}

/// A line that is to be priced.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) line_id: CartLineId,
    pub(crate) sku: Sku,
    pub(crate) quantity: Quantity,
}

/// Where goods are bought, and when.
#[derive(Debug, Clone)]
pub(crate) struct Market {
    pub(crate) currency: Currency,
    pub(crate) country: Country,
    pub(crate) at: DateTime<Utc>,
}

/// Lines with the prices that apply to them, to be passed to [`quote`]. The units of one SKU are counted over all lines.
///
/// # Errors
/// The first line whose SKU nobody has, that is not offered, or that has no price in the currency; the line's place from 1
/// is in the member `line`. For shoppers, a SKU that nobody has is one that is not offered: they do not learn what there is
/// besides what they see.
pub(crate) async fn price_lines(
    api: &CommandApi,
    market: &Market,
    wanted: &[Wanted],
    is_shopper: bool,
) -> Result<Vec<PricingLine>, Problem> {
    let mut units: BTreeMap<&Sku, i64> = BTreeMap::new();
    for line in wanted {
        let sum = units.entry(&line.sku).or_default();
        *sum = sum.saturating_add(line.quantity.as_i64());
    }
    let mut gathered: BTreeMap<&Sku, Option<Facts>> = BTreeMap::new();
    let mut lines = Vec::with_capacity(wanted.len());
    for (number, line) in (1_u32..).zip(wanted) {
        let at = |kind| Problem::of(kind).with("line", number).with("sku", &line.sku);
        if !gathered.contains_key(&line.sku) {
            gathered.insert(&line.sku, Facts::gather(api, &line.sku).await?);
        }
        let not_offered = || at(&SKU_NOT_OFFERED).detail("the SKU is not offered");
        let Some(facts) = gathered.get(&line.sku).and_then(Option::as_ref) else {
            let unknown = || at(&LINE_SKU_UNKNOWN).detail("no product has this SKU");
            return Err(if is_shopper { not_offered() } else { unknown() });
        };
        let together = units.get(&line.sku).copied().unwrap_or_default().min(i64::from(Quantity::MAX));
        let quantity = Quantity::new(together).unwrap_or(line.quantity);
        let query = PriceQuery { currency: market.currency, country: Some(market.country.clone()), quantity };
        let priced = facts.priced(&line.sku, &query, market.at);
        if !priced.offered {
            return Err(not_offered());
        }
        let Some(price) = priced.price else {
            let problem = at(&NO_PRICE).detail("the SKU has no price in this currency");
            return Err(problem.with("currency", market.currency));
        };
        lines.push(PricingLine {
            line_id: line.line_id,
            sku: line.sku.clone(),
            // A name is a shorter text than a note, of the same characters.
            description: priced.name.as_str().parse().map_err(|_| Problem::internal())?,
            quantity: line.quantity,
            price,
        });
    }
    Ok(lines)
}

/// The quote of lines by the configured policies.
pub(crate) fn quote(
    api: &CommandApi,
    market: &Market,
    lines: Vec<PricingLine>,
    shipping_method: Reference,
) -> Result<Quote, Problem> {
    let request = PricingRequest {
        currency: market.currency,
        country: market.country.clone(),
        lines,
        shipping_method,
        at: market.at,
        valid_for: api.pricing.valid_for,
    };
    price(&request, &*api.pricing.tax, &*api.pricing.shipping).map_err(|refusal| refusal.problem())
}

/// A product with the price schedule of one of its variants.
struct Facts {
    product: ExistingProduct,
    schedule: PriceScheduleState,
}

impl Facts {
    async fn gather(api: &CommandApi, sku: &Sku) -> Result<Option<Self>, Problem> {
        let Some(product) = skus::product_of(api, sku).await? else { return Ok(None) };
        let schedule = api.bus.load::<PriceSchedule>(&api.tenant, sku.as_str()).await.map_err(problem_of)?;
        Ok(Some(Self { product, schedule: schedule.state }))
    }

    fn priced(&self, sku: &Sku, query: &PriceQuery, at: DateTime<Utc>) -> Priced {
        let variant = self.product.variants.get(sku);
        let list_price = variant.and_then(|variant| variant.prices.get(&query.currency).copied());
        let offered = match self.product.stage {
            ProductStage::Published => variant.is_some_and(|variant| variant.offered),
            ProductStage::Draft | ProductStage::Discontinued => false,
        };
        Priced { name: self.product.name.clone(), offered, price: select(self.schedule.rows(), list_price, query, at) }
    }
}
