//! How a cart looks in answers.

use crate::{
    customers::contact::AddressJson,
    json::{decode, money},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tillroll_domain::{
    contact::{Address, Email},
    money::{Currency, Money, Rounding},
    price::UnitPrice,
    pricing::Quote,
};
use tillroll_http::{MoneyJson, Problem, quote::QuoteJson, schema};
use tillroll_projections::models::carts::{CartDetail, CartLineRow, SkuNow};
use utoipa::ToSchema;

/// A cart.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Cart)]
pub(crate) struct CartJson {
    #[schema(value_type = schema::CartId)]
    id: String,
    /// How it stands; only an open one can be changed.
    state: CartStateName,
    /// The customer whose it is; absent for a guest's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::CustomerId>)]
    customer_id: Option<String>,
    /// ISO 4217.
    #[schema(example = "EUR")]
    currency: String,
    /// Where the goods go.
    #[schema(example = "DE")]
    country: String,
    /// How the goods are shipped, once that is selected.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "standard")]
    shipping_method: Option<String>,
    /// What is in it, in the order in which it came.
    lines: Vec<CartLineJson>,
    /// Units over all lines.
    #[schema(minimum = 0)]
    units: i64,
    /// What the lines that can be had now cost now, before shipping and tax; absent if that is too much to be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    subtotal: Option<MoneyJson>,
    /// Where the goods go. Absent where it is not known, or not for the caller to see; so are the two below.
    #[serde(skip_serializing_if = "Option::is_none")]
    shipping_address: Option<AddressJson>,
    /// Where the bill goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    billing_address: Option<AddressJson>,
    /// Whom to write to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "anna@example.com")]
    email: Option<String>,
    /// The quote of exactly these lines, country, method and currency; absent if there is none. It may have expired.
    #[serde(skip_serializing_if = "Option::is_none")]
    quote: Option<QuoteJson>,
    /// Until when a request makes an order of it, at the latest; nothing changes it meanwhile. It may have passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    claimed_until: Option<DateTime<Utc>>,
    /// The order whose checkout runs; until that has ended, nothing changes the cart. `GET /orders/{id}` says how far it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::OrderId>)]
    checkout_order_id: Option<String>,
    /// How many payments depend on it; with one, it neither changes nor expires.
    #[schema(minimum = 0)]
    payments: i64,
    /// The cart that its lines went into.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::CartId>)]
    merged_into: Option<String>,
    /// The order that it became.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::OrderId>)]
    order_id: Option<String>,
    /// When it began.
    created_at: DateTime<Utc>,
    /// When its last event was recorded.
    updated_at: DateTime<Utc>,
    /// The revision to name in `If-Match`; the `ETag` begins with it.
    #[schema(minimum = 0)]
    revision: i64,
}

/// How a cart stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CartStateName {
    /// It can be changed.
    Open,
    /// Its lines went into another cart.
    Merged,
    /// It became an order.
    Converted,
    /// Nobody came back to it.
    Expired,
}

impl CartStateName {
    /// The word of the table.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Merged => "merged",
            Self::Converted => "converted",
            Self::Expired => "expired",
        }
    }

    /// What the table says.
    pub(crate) fn of(word: &str) -> Self {
        let known = [Self::Merged, Self::Converted, Self::Expired].into_iter().find(|state| state.word() == word);
        known.unwrap_or(Self::Open)
    }
}

/// A line of a cart.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CartLine)]
pub(crate) struct CartLineJson {
    #[schema(value_type = schema::CartLineId)]
    id: String,
    #[schema(example = "MUG-BLUE")]
    sku: String,
    /// The product; absent if shoppers cannot buy it any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::ProductId>)]
    product_id: Option<String>,
    /// What the product is called; absent if shoppers cannot buy it any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The choices that make it a line of its own.
    options: Vec<OptionJson>,
    /// Units.
    #[schema(minimum = 1)]
    quantity: i64,
    /// What one unit cost when the line was added, in major units; it may be finer than a minor unit.
    #[schema(example = "2.55")]
    price_when_added: String,
    /// What one unit costs now, in major units; absent if it has no price in the cart's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2.65")]
    unit_price: Option<String>,
    /// Whether it costs something else now than when it was added.
    price_changed: bool,
    /// What the line costs now; absent as the price is.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<MoneyJson>,
    /// Units of the SKU that are available at all locations that sell.
    #[schema(minimum = 0)]
    available: i64,
    /// Whether all that the cart asks for of the SKU can be had now.
    is_available: bool,
}

/// A choice that goes with a line.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = CartLineOption)]
pub(crate) struct OptionJson {
    #[schema(example = "engraving")]
    name: String,
    #[schema(example = "Forever")]
    value: String,
}

/// What is known of the SKUs of a cart's lines now.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) currency: Currency,
    pub(super) skus: BTreeMap<String, SkuNow>,
}

/// What is known of the person behind a cart, and is for the caller to see.
#[derive(Debug, Default)]
pub(super) struct Contact {
    pub(super) shipping_address: Option<Address>,
    pub(super) billing_address: Option<Address>,
    pub(super) email: Option<Email>,
}

impl Contact {
    /// Which of it there is, as one number.
    pub(super) fn shown(&self) -> u8 {
        u8::from(self.shipping_address.is_some())
            + 2 * u8::from(self.billing_address.is_some())
            + 4 * u8::from(self.email.is_some())
    }
}

impl CartJson {
    /// The cart without the person.
    pub(super) fn new(detail: CartDetail, facts: &Facts) -> Result<Self, Problem> {
        let CartDetail { cart, lines } = detail;
        let lines = lines.into_iter().map(|line| CartLineJson::new(line, facts)).collect::<Result<Vec<_>, _>>()?;
        let quote = cart.quote.as_deref().map(decode::<Quote>).transpose()?;
        Ok(Self {
            id: cart.cart_id,
            state: CartStateName::of(&cart.state),
            customer_id: cart.customer_id,
            currency: cart.currency,
            country: cart.country,
            shipping_method: cart.shipping_method,
            subtotal: subtotal(&lines, facts.currency),
            lines,
            units: cart.units,
            shipping_address: None,
            billing_address: None,
            email: None,
            quote: quote.as_ref().map(QuoteJson::from),
            claimed_until: cart.claimed_until,
            checkout_order_id: cart.checkout_order_id,
            payments: cart.payments,
            merged_into: cart.merged_into,
            order_id: cart.order_id,
            created_at: cart.created_at,
            updated_at: cart.updated_at,
            revision: cart.revision,
        })
    }

    /// The cart with the person.
    pub(super) fn with(self, contact: Contact) -> Self {
        Self {
            shipping_address: contact.shipping_address.map(AddressJson::from),
            billing_address: contact.billing_address.map(AddressJson::from),
            email: contact.email.map(|email| email.as_str().to_owned()),
            ..self
        }
    }
}

impl CartLineJson {
    fn new(line: CartLineRow, facts: &Facts) -> Result<Self, Problem> {
        let known = facts.skus.get(&line.sku).cloned().unwrap_or_default();
        let is_available = known.is_available();
        Ok(Self {
            id: line.line_id,
            product_id: known.product_id,
            name: known.name,
            options: decode(&line.options)?,
            quantity: line.quantity,
            price_changed: known.unit_price.is_none_or(|price| price.micros() != line.unit_price_micros),
            price_when_added: line.unit_price,
            amount: known.unit_price.and_then(|price| amount(price, line.quantity, facts.currency)),
            unit_price: known.unit_price.as_ref().map(UnitPrice::to_string),
            available: known.available,
            is_available,
            sku: line.sku,
        })
    }
}

/// What some units cost, rounded as a quote rounds; `None` if it does not fit.
fn amount(price: UnitPrice, quantity: i64, currency: Currency) -> Option<MoneyJson> {
    let amount = price.times(quantity, currency, Rounding::HalfUp).ok()?;
    Some(Money::new(amount.minor, currency).into())
}

fn subtotal(lines: &[CartLineJson], currency: Currency) -> Option<MoneyJson> {
    let mut minor = 0_i64;
    for line in lines.iter().filter(|line| line.is_available) {
        minor = minor.checked_add(line.amount.as_ref()?.minor)?;
    }
    Some(money(minor, currency.code()))
}
