//! Quotes in JSON: what a purchase costs, and what made each minor unit of it.

use crate::{MoneyJson, schema};
use chrono::{DateTime, Utc};
use serde::Serialize;
use tillroll_domain::{
    ids::CartLineId,
    money::{Currency, Money, Rounding},
    pricing::{
        Cause, Explanation, PolicyVersion, PriceReason, Quote, QuoteHash, QuoteLine, ShippingInputsHash,
        ShippingReason, TaxRate, TaxTreatment,
    },
    text::Sku,
};
use utoipa::ToSchema;

/// What a purchase costs. `goods + shipping + tax = total`, each the sum of its lines, in one currency.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Quote)]
pub struct QuoteJson {
    /// Stands for all that the customer agrees to: 64 hexadecimal digits. The times are not part of it.
    #[schema(value_type = String, pattern = "^[0-9a-f]{64}$")]
    pub hash: QuoteHash,
    /// The currency of every amount.
    #[schema(value_type = schema::Currency)]
    pub currency: Currency,
    /// Where the goods go.
    pub country: String,
    /// What is bought.
    pub lines: Vec<QuoteLineJson>,
    /// The sum of the lines' amounts.
    pub goods: MoneyJson,
    /// What the transport costs; free transport stands here too, with its reason.
    pub shipping: QuotedShippingJson,
    /// The tax on top.
    pub tax: QuotedTaxJson,
    /// What the customer owes.
    pub total: MoneyJson,
    /// How amounts were rounded at each stage.
    pub rounding: QuoteRoundingJson,
    /// The instant for which prices were taken.
    #[schema(value_type = String, format = DateTime)]
    pub priced_at: DateTime<Utc>,
    /// The first instant at which the quote does not hold any more.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: DateTime<Utc>,
}

/// One line of a quote.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = QuoteLine)]
pub struct QuoteLineJson {
    /// The line.
    #[schema(value_type = schema::CartLineId)]
    pub line_id: CartLineId,
    /// What is bought.
    #[schema(value_type = schema::Sku)]
    pub sku: Sku,
    /// Its name.
    pub description: String,
    /// How many units.
    pub quantity: u32,
    /// Per unit, in major units; may be finer than a minor unit.
    #[schema(example = "2.55")]
    pub unit_price: String,
    /// Why this price applies.
    pub price_reason: PriceReasonJson,
    /// Quantity times unit price, rounded once.
    pub amount: MoneyJson,
    /// The rounded less the exact amount, in millionths of the major unit.
    pub rounding_micros: i64,
    /// The line's part of the tax.
    pub tax: MoneyJson,
}

/// Where a price comes from.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "source")]
#[schema(as = PriceReason)]
pub enum PriceReasonJson {
    /// A price of the variant's schedule.
    Row {
        /// Which.
        #[schema(value_type = schema::PriceRowId)]
        row_id: tillroll_domain::ids::PriceRowId,
        /// Its priority.
        priority: i32,
    },
    /// The product's list price.
    ListPrice,
}

/// What the transport costs.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = QuotedShipping)]
pub struct QuotedShippingJson {
    /// How the goods travel.
    #[schema(example = "standard")]
    pub method: String,
    /// What it costs; untaxed.
    pub amount: MoneyJson,
    /// Who decided so.
    pub policy: PolicyVersionJson,
    /// By which rule.
    pub reason: ShippingReasonJson,
    /// Stands for everything that the policy was told: 64 hexadecimal digits.
    #[schema(value_type = String, pattern = "^[0-9a-f]{64}$")]
    pub inputs_hash: ShippingInputsHash,
}

/// By which rule transport costs what it costs.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "rule")]
#[schema(as = ShippingReason)]
pub enum ShippingReasonJson {
    /// The flat price, since the goods cost less than the bound.
    BelowThreshold {
        /// From which sum of goods on transport is free.
        free_from: MoneyJson,
    },
    /// Free, since the goods cost at least the bound.
    FreeFromThreshold {
        /// From which sum of goods on transport is free.
        free_from: MoneyJson,
        /// What it costs otherwise.
        regular: MoneyJson,
    },
    /// A carrier's own rate.
    CarrierRate {
        /// How the carrier calls it.
        reference: String,
    },
}

/// The tax on top of the goods.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = QuotedTax)]
pub struct QuotedTaxJson {
    /// The tax.
    pub amount: MoneyJson,
    /// What was taxed.
    pub base: MoneyJson,
    /// Percent.
    #[schema(value_type = String, example = "8")]
    pub rate: TaxRate,
    /// On which legal ground.
    pub treatment: TaxTreatmentJson,
    /// Whose tax it is.
    #[schema(example = "DE")]
    pub jurisdiction: String,
    /// Who decided so.
    pub policy: PolicyVersionJson,
    /// The rounded less the exact tax, in millionths of the minor unit.
    pub rounding_millionths: i64,
    /// The lines that took what rounding the lines' shares down left over.
    pub residue: Vec<TaxResidueJson>,
}

/// On which legal ground a tax is what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TaxTreatment)]
pub enum TaxTreatmentJson {
    /// The standard rate.
    Standard,
    /// A reduced rate.
    Reduced,
    /// Taxable at zero.
    Zero,
    /// Not taxable.
    Exempt,
    /// The buyer owes the tax.
    ReverseCharge,
    /// The goods leave the tax territory.
    Export,
}

/// A line that took more tax than its share rounded down.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = TaxResidue)]
pub struct TaxResidueJson {
    /// The line.
    #[schema(value_type = schema::CartLineId)]
    pub line_id: CartLineId,
    /// How much more; contained in its tax.
    pub amount: MoneyJson,
}

/// A policy with the version of its rules.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = PolicyVersion)]
pub struct PolicyVersionJson {
    /// Its name.
    #[schema(example = "flat_tax")]
    pub name: String,
    /// The version of its rules, from 1.
    pub version: u32,
}

/// How amounts were rounded to minor units, by stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = QuoteRounding)]
pub struct QuoteRoundingJson {
    /// Each line's amount, once.
    pub line: RoundingJson,
    /// The tax, once, on its whole base.
    pub tax: RoundingJson,
}

/// What happens to what lies between two minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Rounding)]
pub enum RoundingJson {
    /// To the nearest; a half away from zero.
    HalfUp,
    /// To the nearest; a half to the even neighbor.
    HalfEven,
    /// To the nearest; a half towards zero.
    HalfDown,
}

/// An amount that is part of a quote's total, and what made it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = QuoteExplanation)]
pub struct ExplanationJson {
    /// What it is about.
    pub about: ExplainedPart,
    /// The line, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::CartLineId>, nullable = false)]
    pub line_id: Option<CartLineId>,
    /// The amount; those of all explanations sum to the total.
    pub amount: MoneyJson,
    /// One sentence in English, such as `5.10 EUR: 2 x MUG at 2.55 each (list price)`.
    pub text: String,
}

/// The parts of a quote that are explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExplainedPart {
    /// A line of goods.
    Line,
    /// The transport.
    Shipping,
    /// The tax.
    Tax,
}

impl From<&Quote> for QuoteJson {
    fn from(quote: &Quote) -> Self {
        let money = |minor| MoneyJson::from(Money::new(minor, quote.currency));
        let (shipping, tax) = (&quote.shipping, &quote.tax);
        let reason = match &shipping.reason {
            ShippingReason::BelowThreshold { free_from_minor } => {
                ShippingReasonJson::BelowThreshold { free_from: money(*free_from_minor) }
            }
            ShippingReason::FreeFromThreshold { free_from_minor, regular_minor } => {
                ShippingReasonJson::FreeFromThreshold {
                    free_from: money(*free_from_minor),
                    regular: money(*regular_minor),
                }
            }
            ShippingReason::CarrierRate { reference } => {
                ShippingReasonJson::CarrierRate { reference: reference.to_string() }
            }
        };
        let residue =
            tax.residue.iter().map(|taken| TaxResidueJson { line_id: taken.line_id, amount: money(taken.minor) });
        Self {
            hash: quote.hash,
            currency: quote.currency,
            country: quote.country.to_string(),
            lines: quote.lines.iter().map(|line| QuoteLineJson::of(line, quote.currency)).collect(),
            goods: money(quote.goods_minor),
            shipping: QuotedShippingJson {
                method: shipping.method.to_string(),
                amount: money(shipping.amount_minor),
                policy: PolicyVersionJson::from(&shipping.policy),
                reason,
                inputs_hash: shipping.inputs_hash,
            },
            tax: QuotedTaxJson {
                amount: money(tax.amount_minor),
                base: money(tax.base_minor),
                rate: tax.rate,
                treatment: tax.treatment.into(),
                jurisdiction: tax.jurisdiction.to_string(),
                policy: PolicyVersionJson::from(&tax.policy),
                rounding_millionths: tax.rounding_millionths,
                residue: residue.collect(),
            },
            total: money(quote.total_minor),
            rounding: QuoteRoundingJson { line: quote.rounding.line.into(), tax: quote.rounding.tax.into() },
            priced_at: quote.priced_at,
            expires_at: quote.expires_at,
        }
    }
}

impl QuoteLineJson {
    fn of(line: &QuoteLine, currency: Currency) -> Self {
        let money = |minor| MoneyJson::from(Money::new(minor, currency));
        Self {
            line_id: line.line_id,
            sku: line.sku.clone(),
            description: line.description.to_string(),
            quantity: line.quantity.get(),
            unit_price: line.unit_price.to_string(),
            price_reason: line.price_reason.into(),
            amount: money(line.amount_minor),
            rounding_micros: line.rounding_micros,
            tax: money(line.tax_minor),
        }
    }
}

impl From<PriceReason> for PriceReasonJson {
    fn from(reason: PriceReason) -> Self {
        match reason {
            PriceReason::Row { row_id, priority } => Self::Row { row_id, priority },
            PriceReason::ListPrice => Self::ListPrice,
        }
    }
}

impl From<&PolicyVersion> for PolicyVersionJson {
    fn from(policy: &PolicyVersion) -> Self {
        Self { name: policy.name.to_string(), version: policy.version }
    }
}

impl From<TaxTreatment> for TaxTreatmentJson {
    fn from(treatment: TaxTreatment) -> Self {
        match treatment {
            TaxTreatment::Standard => Self::Standard,
            TaxTreatment::Reduced => Self::Reduced,
            TaxTreatment::Zero => Self::Zero,
            TaxTreatment::Exempt => Self::Exempt,
            TaxTreatment::ReverseCharge => Self::ReverseCharge,
            TaxTreatment::Export => Self::Export,
        }
    }
}

impl From<Rounding> for RoundingJson {
    fn from(rounding: Rounding) -> Self {
        match rounding {
            Rounding::HalfUp => Self::HalfUp,
            Rounding::HalfEven => Self::HalfEven,
            Rounding::HalfDown => Self::HalfDown,
        }
    }
}

impl From<&Explanation> for ExplanationJson {
    fn from(explanation: &Explanation) -> Self {
        let (about, line_id) = match &explanation.cause {
            Cause::Line { line_id, .. } => (ExplainedPart::Line, Some(*line_id)),
            Cause::Shipping { .. } => (ExplainedPart::Shipping, None),
            Cause::Tax { .. } => (ExplainedPart::Tax, None),
        };
        Self { about, line_id, amount: explanation.amount.into(), text: explanation.to_string() }
    }
}
