//! What answers show of an order.

use crate::{
    answer::{View, failed},
    customers::contact::AddressJson,
    json::{Source, decode, money},
};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use tillroll_domain::ids::OrderId;
use tillroll_http::{MoneyJson, Problem};
use tillroll_projections::models::orders::{OrderDetail, OrderLineRow, OrderPaymentRow, OrderRow, queries::contact};
use utoipa::ToSchema;

/// An order in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderSummary {
    #[schema(example = "ord_01980000-0000-7000-8000-000000000000")]
    id: String,
    /// What the three axes add up to: `pending`, `confirmed`, `processing`, `shipped`, `delivered`, `cancelled` or
    /// `refunded`.
    status: String,
    /// What was agreed: `placed`, `confirmed`, `cancelled` or `closed`.
    lifecycle: String,
    /// The money: `none`, `authorized`, `partial`, `paid`, `overpaid`, `partially_refunded`, `refunded` or `disputed`.
    payment_status: String,
    /// The goods: `none`, `started`, `partial`, `shipped`, `delivered` or `returned`.
    fulfillment_status: String,
    /// The returns: `none`, `requested` or `returned`.
    return_status: String,
    /// The stock of a checkout's order: `reserved` while it is held or promised for all goods, else `none`.
    stock: String,
    /// Why it was cancelled; `null` if it was not.
    cancellation: Option<CancellationJson>,
    /// `null` where nobody is named.
    customer_id: Option<String>,
    /// The cart it was made from; `null` for others.
    cart_id: Option<String>,
    country: String,
    totals: OrderTotalsJson,
    paid: PaidJson,
    /// How many lines it has.
    lines_count: i64,
    /// Units of all lines.
    quantity: i64,
    /// The store's date on which it is booked.
    business_date: NaiveDate,
    /// The store's date on which all had arrived, where it is known.
    delivered_on: Option<NaiveDate>,
    /// When it was placed.
    placed_at: DateTime<Utc>,
    /// When the log took it.
    recorded_at: DateTime<Utc>,
    /// When its last event was recorded.
    updated_at: DateTime<Utc>,
    /// `recorded`, or `inferred` from other documents.
    basis: String,
    /// The imported document; `null` for orders of this engine.
    source: Option<Source>,
    /// The revision to name in `If-Match`.
    revision: i64,
}

/// Why an order was cancelled.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderCancellation)]
pub(crate) struct CancellationJson {
    /// `buyer`, `staff`, `insufficient_stock`, `payment_overdue`, `stock_lost` or `withdrawn`; `null` for orders that were
    /// cancelled before causes were told.
    cause: Option<String>,
    /// In words, possibly empty.
    reason: String,
    /// What there was not enough of; absent for other causes.
    #[serde(skip_serializing_if = "Option::is_none")]
    shortage: Option<ShortageJson>,
}

/// What there was not enough of.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = OrderShortage)]
pub(crate) struct ShortageJson {
    #[schema(example = "MUG-BLUE")]
    sku: String,
    /// Units that the order asks for.
    requested: u32,
    /// Units that could have been had, at all locations together.
    available: u32,
}

/// The sums of an order: total = goods + carriage - discount + tax.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderTotals)]
pub(crate) struct OrderTotalsJson {
    goods: MoneyJson,
    carriage: MoneyJson,
    /// A positive amount.
    discount: MoneyJson,
    /// `null` where no tax is stated, which is not the same as no tax.
    tax: Option<MoneyJson>,
    /// What was agreed; cancellations and credits do not change it.
    total: MoneyJson,
    /// The share of the lines that belongs to cancelled units, without tax.
    cancelled: MoneyJson,
    /// What credit notes gave back.
    credited: MoneyJson,
}

/// What all payments of an order come to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderPaid)]
pub(crate) struct PaidJson {
    /// Set aside and not taken.
    authorized: MoneyJson,
    captured: MoneyJson,
    refunded: MoneyJson,
    /// Held back by disputes.
    disputed: MoneyJson,
}

/// An order with its lines and payments.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Order)]
pub(crate) struct OrderJson {
    #[serde(flatten)]
    order: OrderSummary,
    /// By number.
    lines: Vec<OrderLineJson>,
    /// As the order knows them; `GET /payments/{id}` tells more.
    payments: Vec<OrderPaymentJson>,
    /// What a checkout agreed to; absent for orders that were made otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    checkout: Option<CheckoutJson>,
    /// The quote that was accepted; absent where there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    quote: Option<OrderQuoteJson>,
    /// Where messages to the buyer go. Absent where it is not known, or not for the caller to see; so are the addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "anna@example.com")]
    email: Option<String>,
    /// Where the goods go.
    #[serde(skip_serializing_if = "Option::is_none")]
    shipping_address: Option<AddressJson>,
    /// Where the bill goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    billing_address: Option<AddressJson>,
}

/// How the order of a checkout is carried out. Its stock moves and its money is taken by itself.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderCheckout)]
pub(crate) struct CheckoutJson {
    /// How it is paid; `null` if there is nothing to pay.
    payment: Option<PaymentTermsJson>,
}

/// How an order is paid.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderPaymentTerms)]
pub(crate) struct PaymentTermsJson {
    /// The means of payment.
    #[schema(example = "card")]
    method: String,
    /// Who carries the payment out.
    #[schema(example = "simulated")]
    provider: String,
    /// When the money is taken: `at_once` or `at_fulfillment`.
    capture: String,
}

/// The quote that an order's buyer accepted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderQuote)]
pub(crate) struct OrderQuoteJson {
    /// Stands for everything that was agreed: 64 hexadecimal digits.
    hash: String,
    /// What decided about the tax.
    tax_policy: PolicyJson,
    /// What decided about the carriage.
    shipping_policy: PolicyJson,
    /// How the goods travel.
    #[schema(example = "standard")]
    shipping_method: String,
}

/// A policy with the version of its rules.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderPolicy)]
pub(crate) struct PolicyJson {
    name: String,
    version: i64,
}

/// What the buyer chose besides.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = OrderLineOption)]
pub(crate) struct OptionJson {
    #[schema(example = "engraving")]
    name: String,
    #[schema(example = "Forever")]
    value: String,
}

/// A line of an order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderLine)]
pub(crate) struct OrderLineJson {
    /// From 1.
    line: i64,
    /// `goods`, `carriage` or `discount`.
    kind: String,
    /// As the source states it, or the SKU.
    code: String,
    /// For goods.
    sku: Option<String>,
    description: String,
    /// Units ordered.
    quantity: i64,
    /// Per unit in major units; may be finer than a minor unit.
    unit_price: String,
    /// Quantity times unit price, rounded; positive for discounts too.
    amount: MoneyJson,
    /// The rounded less the exact amount, in millionths of the major unit.
    rounding_micros: i64,
    /// The line's part of the tax; `null` where the tax was not split.
    tax: Option<MoneyJson>,
    /// What the buyer chose besides.
    options: Vec<OptionJson>,
    /// Units that will not be delivered.
    cancelled: i64,
    /// Units that are going to leave under a shipment that was planned.
    planned: i64,
    /// Units that left.
    shipped: i64,
    /// Units that may be on their way back.
    return_requested: i64,
    /// Units that came back.
    returned: i64,
    /// Units that credit notes gave back.
    credited: i64,
    /// What they gave back.
    credited_amount: MoneyJson,
}

/// How one payment of an order stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderPayment)]
pub(crate) struct OrderPaymentJson {
    payment_id: String,
    /// Set aside and not taken.
    authorized: MoneyJson,
    captured: MoneyJson,
    refunded: MoneyJson,
    /// Held back by disputes.
    disputed: MoneyJson,
    /// `recorded`, or `inferred` from other documents.
    basis: String,
}

impl OrderSummary {
    /// The order as a list shows it.
    pub(crate) fn of(row: OrderRow) -> Result<Self, Problem> {
        let amount = |minor| money(minor, &row.currency);
        Ok(Self {
            cancellation: cancellation(&row)?,
            stock: row.stock,
            totals: OrderTotalsJson {
                goods: amount(row.goods_minor),
                carriage: amount(row.carriage_minor),
                discount: amount(row.discount_minor),
                tax: row.tax_minor.map(amount),
                total: amount(row.total_minor),
                cancelled: amount(row.cancelled_minor),
                credited: amount(row.credited_minor),
            },
            paid: PaidJson {
                authorized: amount(row.authorized_minor),
                captured: amount(row.captured_minor),
                refunded: amount(row.refunded_minor),
                disputed: amount(row.disputed_minor),
            },
            id: row.order_id,
            status: row.status,
            lifecycle: row.lifecycle,
            payment_status: row.payment_status,
            fulfillment_status: row.fulfillment_status,
            return_status: row.return_status,
            customer_id: row.customer_id,
            cart_id: row.cart_id,
            country: row.country,
            lines_count: row.lines,
            quantity: row.quantity,
            business_date: row.business_date,
            delivered_on: row.delivered_on,
            placed_at: row.placed_at,
            recorded_at: row.recorded_at,
            updated_at: row.updated_at,
            basis: row.basis,
            source: Source::of(row.source_system, row.source_number, row.source_local_time),
            revision: row.revision,
        })
    }
}

fn cancellation(row: &OrderRow) -> Result<Option<CancellationJson>, Problem> {
    let Some(reason) = row.cancel_reason.clone() else { return Ok(None) };
    let shortage = row.cancel_shortage.as_deref().map(decode).transpose()?;
    Ok(Some(CancellationJson { cause: row.cancel_cause.clone(), reason, shortage }))
}

fn checkout_json(row: &OrderRow) -> Option<CheckoutJson> {
    let terms = || {
        Some(PaymentTermsJson {
            method: row.payment_method.clone()?,
            provider: row.payment_provider.clone()?,
            capture: row.payment_capture.clone()?,
        })
    };
    row.is_checkout.then(|| CheckoutJson { payment: terms() })
}

fn line_json(row: OrderLineRow, currency: &str) -> Result<OrderLineJson, Problem> {
    Ok(OrderLineJson {
        line: row.line,
        kind: row.kind,
        code: row.code,
        sku: row.sku,
        description: row.description,
        quantity: row.quantity,
        unit_price: row.unit_price,
        amount: money(row.amount_minor, currency),
        rounding_micros: row.rounding_micros,
        tax: row.tax_minor.map(|minor| money(minor, currency)),
        options: decode(&row.options)?,
        cancelled: row.cancelled,
        planned: row.planned,
        shipped: row.shipped,
        return_requested: row.return_requested,
        returned: row.returned,
        credited: row.credited,
        credited_amount: money(row.credited_minor, currency),
    })
}

fn quote_json(row: &OrderRow) -> Option<OrderQuoteJson> {
    Some(OrderQuoteJson {
        hash: row.quote_hash.clone()?,
        tax_policy: PolicyJson { name: row.tax_policy.clone()?, version: row.tax_policy_version? },
        shipping_policy: PolicyJson { name: row.shipping_policy.clone()?, version: row.shipping_policy_version? },
        shipping_method: row.shipping_method.clone()?,
    })
}

fn payment_json(row: OrderPaymentRow, currency: &str) -> OrderPaymentJson {
    OrderPaymentJson {
        payment_id: row.payment_id,
        authorized: money(row.authorized_minor, currency),
        captured: money(row.captured_minor, currency),
        refunded: money(row.refunded_minor, currency),
        disputed: money(row.disputed_minor, currency),
        basis: row.basis,
    }
}

impl OrderJson {
    /// The order without what is personal.
    pub(super) fn of(detail: OrderDetail) -> Result<Self, Problem> {
        let currency = detail.order.currency.clone();
        Ok(Self {
            quote: quote_json(&detail.order),
            checkout: checkout_json(&detail.order),
            order: OrderSummary::of(detail.order)?,
            lines: detail.lines.into_iter().map(|row| line_json(row, &currency)).collect::<Result<_, _>>()?,
            payments: detail.payments.into_iter().map(|row| payment_json(row, &currency)).collect(),
            email: None,
            shipping_address: None,
            billing_address: None,
        })
    }

    /// Adds what is personal, as far as it was not erased.
    pub(super) async fn reveal(&mut self, view: &mut View, id: OrderId) -> Result<(), Problem> {
        let Some(contact) = contact(&mut view.snapshot, id).await.map_err(failed)? else { return Ok(()) };
        let email = view.snapshot.reveal_known(contact.email.as_ref()).await.map_err(failed)?;
        let shipping = view.snapshot.reveal_known(contact.shipping_address.as_ref()).await.map_err(failed)?;
        let billing = view.snapshot.reveal_known(contact.billing_address.as_ref()).await.map_err(failed)?;
        self.email = email.map(|email| email.as_str().to_owned());
        self.shipping_address = shipping.map(AddressJson::from);
        self.billing_address = billing.map(AddressJson::from);
        Ok(())
    }

    /// What is shown differs between callers, and after a key is destroyed, without an event.
    pub(super) fn tag(&self) -> String {
        let shown = u8::from(self.email.is_some())
            + 2 * u8::from(self.shipping_address.is_some())
            + 4 * u8::from(self.billing_address.is_some());
        let revision = self.order.revision;
        if shown == 0 { revision.to_string() } else { format!("{revision}.p{shown}") }
    }
}
