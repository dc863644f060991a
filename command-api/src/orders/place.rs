//! An administrator places an order directly: without cart, reservation or payment.

use crate::{
    CommandApi,
    answer::{Created, Refusals, Written},
    body::Amount,
    buyers, prices,
    problems::{
        AMOUNT_TOO_FINE, AMOUNT_TOO_LARGE, CURRENCY_MISMATCH, CUSTOMER_UNKNOWN, LINE_SKU_UNKNOWN, NEGATIVE_PRICE,
        NO_LIST_PRICE, ORDER_TOO_LARGE, SKU_NOT_OFFERED,
    },
    refusal::{Refusal, problem_of},
    request::{KeyedWriteHeaders, WriteRequest},
    skus,
    steps::past_answer,
};
use axum::{
    extract::{DefaultBodyLimit, State},
    response::Response,
};
use serde::Deserialize;
use std::collections::{BTreeMap, btree_map::Entry};
use tillroll_domain::{
    common::LineKind,
    ids::{CustomerId, OrderId},
    money::{Currency, Rounding},
    order::{
        Order, OrderError,
        commands::{LINES_MAX, OrderCommand, OrderContact, OrderSnapshot},
        events::{OrderLine, RoundingPolicy, RoundingStage, Tax},
    },
    price::{Price, UnitPrice},
    product::{ExistingProduct, ProductStage},
    quantity::Quantity,
    text::{Country, Sku},
};
use tillroll_http::{Permission, Principal, Problem, schema};
use tillroll_infra::{bus::ExecuteError, log::AppendError};
use utoipa::ToSchema;

/// Bytes of a body: an order has up to [`LINES_MAX`] lines.
const BODY_BYTES_MAX: usize = 256 << 10;

/// The limit of this route's body.
pub(crate) fn body_limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(BODY_BYTES_MAX)
}

/// How amounts of orders are rounded: each line once, a half away from zero.
const ROUNDING: RoundingPolicy = RoundingPolicy { mode: Rounding::HalfUp, stage: RoundingStage::Line };

/// An order to place. All amounts are in its currency.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlaceOrder {
    /// Who orders; absent for a sale to nobody in particular.
    #[schema(value_type = Option<schema::CustomerId>)]
    customer_id: Option<CustomerId>,
    /// The country of the order; an ISO 3166-1 alpha-2 code.
    #[schema(value_type = schema::Country)]
    country: Country,
    /// ISO 4217.
    #[schema(value_type = schema::Currency)]
    currency: Currency,
    /// What is ordered.
    #[schema(min_items = 1, max_items = 2_000)]
    lines: Vec<PlaceOrderLine>,
    /// What carriage costs; a line of its own where it is not zero.
    #[schema(value_type = Option<Amount>)]
    carriage: Option<Price>,
    /// What is taken off, as a positive amount; a line of its own where it is not zero.
    #[schema(value_type = Option<Amount>)]
    discount: Option<Price>,
    /// The tax on top, where it is stated.
    #[schema(value_type = Option<Amount>)]
    tax: Option<Price>,
}

/// Goods to order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlaceOrderLine {
    /// The SKU of a variant on offer; its product may still be a draft.
    #[schema(value_type = schema::Sku)]
    sku: Sku,
    /// How many units.
    #[schema(value_type = u32, minimum = 1, maximum = 1_000_000_000)]
    quantity: Quantity,
    /// Per unit, not negative; where absent, what it costs now in the order's currency and country: a scheduled price that
    /// applies, or the list price.
    #[schema(value_type = Option<Amount>)]
    unit_price: Option<Price>,
}

/// Place an order directly.
///
/// Prices that the request leaves out are those of this moment; a repeated request keeps those of the first.
#[utoipa::path(post, path = "/api/v1/orders", tag = "orders", params(KeyedWriteHeaders),
    request_body = PlaceOrder, responses(Created, Refusals))]
pub(crate) async fn place_order(
    State(api): State<CommandApi>,
    principal: Principal,
    request: WriteRequest,
) -> Result<Response, Problem> {
    principal.require(Permission::ManageOrders)?;
    request.require_key()?;
    let order: PlaceOrder = request.body()?;
    let write = request.begin(&api, &principal);
    let id = OrderId::new(write.new_id(&api, "order"));
    let stream = id.uuid().to_string();

    // A repeated request is answered before facts are gathered: prices and customers may have changed since.
    let known = api.bus.load::<Order>(&write.tenant, &stream).await.map_err(problem_of)?;
    if let Some(answer) = past_answer(&known, write.command_id(), &write)? {
        return Ok(Written::before(id, &answer).created("/api/v1/orders"));
    }
    let command = OrderCommand::Place { snapshot: snapshot(&api, order).await? };
    let executed = api.bus.execute::<Order>(&stream, command, write.first()).await.map_err(|error| match error {
        // What was decided can only be wrong for the log by its size, which the names of products decide: they count in
        // characters, and each line repeats one.
        ExecuteError::Append(AppendError::Invalid(reason)) => {
            tracing::info!(reason, "an order was too large for the log");
            Problem::of(&ORDER_TOO_LARGE).detail("the order with the names of its products takes more than 1 MiB")
        }
        other => problem_of(other),
    })?;
    Ok(Written::new(id, &executed).created("/api/v1/orders"))
}

async fn snapshot(api: &CommandApi, order: PlaceOrder) -> Result<OrderSnapshot, Problem> {
    let currency = order.currency;
    if order.lines.len() > LINES_MAX {
        return Err(OrderError::TooManyLines { given: order.lines.len(), max: LINES_MAX }.problem());
    }
    if let Some(customer_id) = order.customer_id {
        check_customer(api, customer_id).await?;
    }
    let charge = |field, price: Option<Price>| price.map(|price| exact(field, price, currency)).transpose();
    let carriage = charge("carriage", order.carriage)?;
    let discount = charge("discount", order.discount)?;
    let tax = match charge("tax", order.tax)? {
        Some((_, amount_minor)) => Tax::Stated { amount_minor },
        None => Tax::NotStated,
    };

    let mut lines = Vec::with_capacity(order.lines.len() + 2);
    let mut products = BTreeMap::new();
    let (units, now) = (units_by_sku(&order.lines), api.bus.ambient().clock.now());
    for (number, line) in (1..).zip(order.lines) {
        let product = match products.entry(line.sku.clone()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(skus::product_of(api, &line.sku).await?),
        };
        let current = match line.unit_price {
            Some(_) => None,
            None => {
                let together = units.get(&line.sku).copied().unwrap_or(line.quantity);
                prices::select_price(api, &line.sku, currency, Some(&order.country), together, now).await?
            }
        };
        let current = current.and_then(|priced| priced.price).map(|price| price.amount);
        lines.push(goods(number, line, current, product.as_ref(), currency)?);
    }
    for (kind, code, charge) in [(LineKind::Carriage, "CARRIAGE", carriage), (LineKind::Discount, "DISCOUNT", discount)]
    {
        if let Some((unit_price, amount_minor)) = charge.filter(|(_, amount_minor)| *amount_minor != 0) {
            lines.push(OrderLine {
                line: u32::try_from(lines.len() + 1).unwrap_or(u32::MAX),
                kind,
                code: text(code)?,
                sku: None,
                description: text("")?,
                quantity: Quantity::new(1).map_err(|_| Problem::internal())?,
                unit_price,
                amount_minor,
                rounding_micros: None,
                tax_minor: None,
                options: vec![],
            });
        }
    }
    let (customer_id, country) = (order.customer_id, order.country);
    let (cart, contact) = (None, OrderContact::default());
    Ok(OrderSnapshot { customer_id, country, currency, lines, tax, rounding: ROUNDING, cart, contact, checkout: None })
}

/// Refuses an order of somebody who may not buy.
pub(super) async fn check_customer(api: &CommandApi, id: CustomerId) -> Result<(), Problem> {
    let unknown = || Problem::of(&CUSTOMER_UNKNOWN).detail("there is no such customer").with("customer_id", id);
    buyers::check(api, id, unknown).await
}

/// How many units of each SKU are ordered together, which decides about prices for many units.
fn units_by_sku(lines: &[PlaceOrderLine]) -> BTreeMap<Sku, Quantity> {
    let mut units: BTreeMap<Sku, Quantity> = BTreeMap::new();
    for PlaceOrderLine { sku, quantity, .. } in lines {
        let sum = units.get(sku).map_or(quantity.as_i64(), |units| units.as_i64() + quantity.as_i64());
        let most = Quantity::new(sum.min(i64::from(Quantity::MAX))).unwrap_or(*quantity);
        units.insert(sku.clone(), most);
    }
    units
}

/// A goods line with the stated price or the current one, and the amount that follows.
fn goods(
    number: u32,
    line: PlaceOrderLine,
    current: Option<UnitPrice>,
    product: Option<&ExistingProduct>,
    currency: Currency,
) -> Result<OrderLine, Problem> {
    let PlaceOrderLine { sku, quantity, unit_price } = line;
    let at = |kind| Problem::of(kind).with("line", number).with("sku", &sku);
    let variant = product.and_then(|product| Some((product, product.variants.get(&sku)?)));
    let Some((product, variant)) = variant else {
        return Err(at(&LINE_SKU_UNKNOWN).detail("no product has this SKU"));
    };
    if !variant.offered || product.stage == ProductStage::Discontinued {
        return Err(at(&SKU_NOT_OFFERED).detail("the SKU is no longer offered"));
    }
    let unit_price = match unit_price {
        Some(price) => in_currency(&format!("lines[{}].unit_price", number - 1), price, currency)?,
        None => current.ok_or_else(|| {
            at(&NO_LIST_PRICE).detail("the SKU has no price in the order's currency").with("currency", currency)
        })?,
    };
    let amount = unit_price.times(quantity.as_i64(), currency, ROUNDING.mode).map_err(|_| too_large(number))?;
    Ok(OrderLine {
        line: number,
        kind: LineKind::Goods,
        code: text(sku.as_str())?,
        description: text(product.name.as_str())?,
        sku: Some(sku),
        quantity,
        unit_price,
        amount_minor: amount.minor,
        rounding_micros: Some(amount.rounding_micros).filter(|&micros| micros != 0),
        tax_minor: None,
        options: vec![],
    })
}

fn too_large(line: u32) -> Problem {
    Problem::of(&AMOUNT_TOO_LARGE).detail("the line's amount is too large").with("line", line)
}

/// The price, which must be in the order's currency.
fn in_currency(field: &str, price: Price, currency: Currency) -> Result<UnitPrice, Problem> {
    if price.currency != currency {
        let problem = Problem::of(&CURRENCY_MISMATCH).detail("all amounts of an order are in its currency");
        return Err(problem.with("field", field).with("expected", currency).with("given", price.currency));
    }
    Ok(price.amount)
}

/// An amount of the whole order: not negative, in its currency, and whole minor units.
fn exact(field: &str, price: Price, currency: Currency) -> Result<(UnitPrice, i64), Problem> {
    let amount = in_currency(field, price, currency)?;
    if amount.is_negative() {
        return Err(Problem::of(&NEGATIVE_PRICE)
            .detail("the amount is negative")
            .with("field", field)
            .with("amount", amount));
    }
    let money =
        amount.times(1, currency, ROUNDING.mode).map_err(|_| Problem::of(&AMOUNT_TOO_LARGE).with("field", field))?;
    if money.rounding_micros != 0 {
        let problem = Problem::of(&AMOUNT_TOO_FINE).detail("the amount is finer than the currency's minor unit");
        return Err(problem.with("field", field).with("amount", amount).with("currency", currency));
    }
    Ok((amount, money.minor))
}

/// A text of ours, or one that another type has checked more strictly.
fn text<T: std::str::FromStr>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::internal())
}
