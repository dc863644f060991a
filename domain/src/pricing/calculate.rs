//! Pricing: lines, then shipping, then tax, then the total; each stage rounds at most once.

use super::{
    LINES_MAX, PricingError, PricingLine, PricingRequest, VALID_FOR_MAX,
    hash::{QuoteHash, ShippingInputsHash},
    quote::{PolicyVersion, Quote, QuoteLine, QuoteRounding, QuotedShipping, QuotedTax, TaxResidue},
    shipping::{ShippingPolicy, ShippingRequest},
    tax::{TaxAssessment, TaxPolicy, TaxRequest},
};
use crate::money::{Currency, Rounding};
use chrono::TimeDelta;
use std::collections::BTreeSet;

/// How a line's amount is rounded.
const LINE_ROUNDING: Rounding = Rounding::HalfUp;

/// Prices a request: the same request and policies always get the same quote.
///
/// # Errors
/// See [`PricingError`]; nothing is ever cut, converted or left out to get a quote.
pub fn price(
    request: &PricingRequest,
    tax: &dyn TaxPolicy,
    shipping: &dyn ShippingPolicy,
) -> Result<Quote, PricingError> {
    let expires_at = expiry(request)?;
    check_lines(&request.lines)?;
    let mut lines = Vec::with_capacity(request.lines.len());
    for line in &request.lines {
        lines.push(price_line(line, request.currency)?);
    }
    let goods_minor = sum(lines.iter().map(|line| line.amount_minor))?;
    let shipping = ship(request, &lines, goods_minor, shipping)?;
    let assessment = tax.assess(&TaxRequest {
        currency: request.currency,
        country: &request.country,
        lines: &lines,
        goods_minor,
        shipping_minor: shipping.amount_minor,
        at: request.at,
    })?;
    check_tax(&assessment, lines.len())?;
    for (line, part) in lines.iter_mut().zip(&assessment.parts) {
        line.tax_minor = part.amount_minor;
    }
    let total_minor = sum([goods_minor, shipping.amount_minor, assessment.amount_minor])?;
    let rounding = QuoteRounding { line: LINE_ROUNDING, tax: assessment.rounding };
    let mut quote = Quote {
        currency: request.currency,
        country: request.country.clone(),
        tax: quoted_tax(assessment, &lines),
        lines,
        goods_minor,
        shipping,
        total_minor,
        rounding,
        priced_at: request.at,
        expires_at,
        hash: QuoteHash::NONE,
    };
    quote.hash = QuoteHash::of(&quote);
    Ok(quote)
}

fn expiry(request: &PricingRequest) -> Result<chrono::DateTime<chrono::Utc>, PricingError> {
    if request.valid_for <= TimeDelta::zero() || request.valid_for > VALID_FOR_MAX {
        return Err(PricingError::Validity);
    }
    request.at.checked_add_signed(request.valid_for).ok_or(PricingError::Validity)
}

fn check_lines(lines: &[PricingLine]) -> Result<(), PricingError> {
    if lines.is_empty() {
        return Err(PricingError::NoLines);
    }
    if lines.len() > LINES_MAX {
        return Err(PricingError::TooManyLines { max: LINES_MAX });
    }
    let mut seen = BTreeSet::new();
    match lines.iter().find(|line| !seen.insert(line.line_id)) {
        Some(line) => Err(PricingError::DuplicateLine { line_id: line.line_id }),
        None => Ok(()),
    }
}

fn price_line(line: &PricingLine, currency: Currency) -> Result<QuoteLine, PricingError> {
    let unit_price = line.price.amount;
    if unit_price.is_negative() {
        return Err(PricingError::NegativePrice { line_id: line.line_id, amount: unit_price });
    }
    let amount =
        unit_price.times(line.quantity.as_i64(), currency, LINE_ROUNDING).map_err(|_| PricingError::TooLarge)?;
    Ok(QuoteLine {
        line_id: line.line_id,
        sku: line.sku.clone(),
        description: line.description.clone(),
        quantity: line.quantity,
        unit_price,
        price_reason: line.price.reason,
        amount_minor: amount.minor,
        rounding_micros: amount.rounding_micros,
        tax_minor: 0,
    })
}

fn ship(
    request: &PricingRequest,
    lines: &[QuoteLine],
    goods_minor: i64,
    policy: &dyn ShippingPolicy,
) -> Result<QuotedShipping, PricingError> {
    let method = &request.shipping_method;
    let (currency, country) = (request.currency, &request.country);
    let rate = policy.rate(&ShippingRequest { currency, country, method, lines, goods_minor })?;
    if rate.amount_minor < 0 {
        return Err(contradiction(&rate.policy, "transport costs less than nothing"));
    }
    Ok(QuotedShipping {
        method: method.clone(),
        amount_minor: rate.amount_minor,
        policy: rate.policy,
        reason: rate.reason,
        inputs_hash: ShippingInputsHash::of(currency, country, method, lines),
    })
}

/// What a policy answers comes from outside, so it is not believed before it adds up.
fn check_tax(tax: &TaxAssessment, lines: usize) -> Result<(), PricingError> {
    let refuse = |problem| Err(contradiction(&tax.policy, problem));
    if tax.amount_minor < 0 || tax.base_minor < 0 {
        return refuse("the tax or its base is less than nothing");
    }
    if tax.parts.len() != lines {
        return refuse("not every line has exactly one part of the tax");
    }
    if tax.parts.iter().any(|part| part.amount_minor < 0 || !(0..=part.amount_minor).contains(&part.residue_minor)) {
        return refuse("a part of the tax is less than nothing or than its residue");
    }
    if sum(tax.parts.iter().map(|part| part.amount_minor))? != tax.amount_minor {
        return refuse("the parts of the tax do not sum to it");
    }
    Ok(())
}

fn quoted_tax(tax: TaxAssessment, lines: &[QuoteLine]) -> QuotedTax {
    let taking = lines.iter().zip(&tax.parts).filter(|(_, part)| part.residue_minor > 0);
    QuotedTax {
        residue: taking.map(|(line, part)| TaxResidue { line_id: line.line_id, minor: part.residue_minor }).collect(),
        amount_minor: tax.amount_minor,
        base_minor: tax.base_minor,
        rate: tax.rate,
        treatment: tax.treatment,
        jurisdiction: tax.jurisdiction,
        policy: tax.policy,
        rounding_millionths: tax.rounding_millionths,
    }
}

fn sum(amounts: impl IntoIterator<Item = i64>) -> Result<i64, PricingError> {
    amounts.into_iter().try_fold(0_i64, i64::checked_add).ok_or(PricingError::TooLarge)
}

fn contradiction(policy: &PolicyVersion, problem: &'static str) -> PricingError {
    PricingError::PolicyContradiction { policy: policy.clone(), problem }
}

#[cfg(test)]
mod tests;
