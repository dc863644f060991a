//! Rules of pricing, one example each.

use super::super::{
    FlatTax, PriceReason, ShippingReason, TaxResidue, TaxTreatment, ThresholdShipping,
    samples::{line, line_id, request, shipping, tax},
    shipping::{ShippingRate, ShippingTariff},
    tax::{TaxPart, TaxRate},
};
use super::*;
use crate::price::UnitPrice;

fn quote(lines: impl IntoIterator<Item = PricingLine>) -> Quote {
    price(&request(lines), &tax(), &shipping()).unwrap()
}

fn refusal(request: &PricingRequest) -> PricingError {
    price(request, &tax(), &shipping()).unwrap_err()
}

#[test]
fn goods_under_the_threshold_pay_transport_and_eight_percent() {
    let quote = quote([line(1, "A", 2, "9.99"), line(2, "B", 1, "20")]);
    assert_eq!((quote.goods_minor, quote.shipping.amount_minor, quote.tax.amount_minor), (3_998, 599, 320));
    assert_eq!(quote.total_minor, 4_917);
    assert_eq!(quote.shipping.reason, ShippingReason::BelowThreshold { free_from_minor: 5_000 });
    assert_eq!((quote.tax.base_minor, quote.tax.rate.to_string()), (3_998, "8".to_owned()));
    assert_eq!((quote.tax.treatment, quote.tax.jurisdiction.as_str()), (TaxTreatment::Standard, "DE"));
    assert_eq!((quote.tax.policy.name.as_str(), quote.tax.policy.version), ("flat_tax", 1));
    assert_eq!((quote.shipping.policy.name.as_str(), quote.shipping.policy.version), ("threshold_shipping", 1));
    assert_eq!(quote.rounding, QuoteRounding { line: Rounding::HalfUp, tax: Rounding::HalfUp });
}

#[test]
fn transport_is_free_from_the_threshold_on_and_stays_a_line_at_zero_with_its_reason() {
    let shipping = |price| quote([line(1, "A", 1, price)]).shipping;
    assert_eq!(shipping("49.99").amount_minor, 599);
    for price in ["50", "50.01"] {
        let free = shipping(price);
        let reason = ShippingReason::FreeFromThreshold { free_from_minor: 5_000, regular_minor: 599 };
        assert_eq!((free.amount_minor, free.reason, free.method.as_str()), (0, reason, "standard"));
    }
}

#[test]
fn transport_is_not_taxed() {
    let quote = quote([line(1, "A", 1, "10")]);
    assert_eq!((quote.tax.amount_minor, quote.shipping.amount_minor), (80, 599));
}

/// Case 21: the tax is rounded once on the subtotal; rounding it per line would give 3 times 0.01.
#[test]
fn tax_is_rounded_once_on_the_subtotal_and_its_residue_goes_to_the_smaller_line_ids() {
    let quote = quote([line(3, "C", 1, "0.10"), line(1, "A", 1, "0.10"), line(2, "B", 1, "0.10")]);
    assert_eq!((quote.goods_minor, quote.tax.amount_minor), (30, 2));
    assert_eq!(quote.tax.rounding_millionths, -400_000);
    let parts: Vec<_> = quote.lines.iter().map(|line| (line.line_id, line.tax_minor)).collect();
    assert_eq!(parts, [(line_id(3), 0), (line_id(1), 1), (line_id(2), 1)]);
    let taken = |number| TaxResidue { line_id: line_id(number), minor: 1 };
    assert_eq!(quote.tax.residue, [taken(1), taken(2)]);
}

#[test]
fn a_half_of_a_minor_unit_goes_away_from_zero() {
    // 8 % of 0.0625 is half a cent less than one; of the line 0.125 becomes 0.13.
    let one = quote([line(1, "A", 1, "0.125")]);
    assert_eq!((one.lines[0].amount_minor, one.lines[0].rounding_micros), (13, 5_000));
    let tax = |rate: &str, price| {
        let tax = FlatTax { rate: rate.parse().unwrap() };
        super::price(&request([line(1, "A", 1, price)]), &tax, &shipping()).unwrap().tax
    };
    assert_eq!((tax("50", "0.01").amount_minor, tax("50", "0.01").rounding_millionths), (1, 500_000));
    assert_eq!((tax("49.9999", "0.01").amount_minor, tax("49.9999", "0.01").rounding_millionths), (0, -499_999));
}

/// Case 20: two thirds of a cent per piece are rounded once for the line, never per piece.
#[test]
fn a_line_is_rounded_once_and_not_per_unit() {
    let quote = quote([line(1, "A", 3, "0.006667")]);
    assert_eq!((quote.lines[0].amount_minor, quote.lines[0].rounding_micros), (2, -1));
}

/// Case 22: a yen has no minor unit, a dinar has a thousand fils.
#[test]
fn amounts_follow_the_exponent_of_the_currency() {
    for (code, goods_minor, tax_minor) in [("JPY", 1_235, 99), ("EUR", 123_450, 9_876), ("KWD", 1_234_500, 98_760)] {
        let currency = code.parse().unwrap();
        let tariff = ShippingTariff { price_minor: 7, free_from_minor: 0 };
        let shipping = ThresholdShipping { tariffs: [(currency, tariff)].into() };
        let request = PricingRequest { currency, ..request([line(1, "A", 1, "1234.5")]) };
        let quote = price(&request, &tax(), &shipping).unwrap();
        assert_eq!((quote.goods_minor, quote.tax.amount_minor), (goods_minor, tax_minor), "{code}");
        assert_eq!(quote.total_minor, goods_minor + tax_minor);
    }
}

/// Case 31: nothing to pay is a quote like any other.
#[test]
fn a_total_of_zero_is_quoted() {
    let free = ShippingTariff { price_minor: 599, free_from_minor: 0 };
    let shipping = ThresholdShipping { tariffs: [("EUR".parse().unwrap(), free)].into() };
    let quote = price(&request([line(1, "GIFT", 2, "0"), line(2, "B", 1, "0")]), &tax(), &shipping).unwrap();
    assert_eq!((quote.total_minor, quote.tax.amount_minor, quote.tax.residue.len()), (0, 0, 0));
    assert_eq!(quote.explain().len(), 4);
}

/// Case 32: a rate for transport is known by what it was asked for.
#[test]
fn the_hash_of_the_shipping_inputs_changes_with_goods_country_and_currency_and_not_with_names_or_the_clock() {
    let asked = |request: &PricingRequest| price(request, &tax(), &shipping()).unwrap().shipping.inputs_hash;
    let base = request([line(1, "A", 1, "10"), line(2, "B", 1, "10")]);
    for changed in [
        request([line(1, "A", 2, "10"), line(2, "B", 1, "10")]),
        request([line(1, "A", 1, "10.01"), line(2, "B", 1, "10")]),
        request([line(1, "C", 1, "10"), line(2, "B", 1, "10")]),
        request([line(1, "A", 1, "10")]),
        PricingRequest { country: "FR".parse().unwrap(), ..base.clone() },
        PricingRequest { currency: "USD".parse().unwrap(), ..base.clone() },
    ] {
        assert_ne!(asked(&base), asked(&changed), "{changed:?}");
    }
    let mut same = PricingRequest { at: base.at + TimeDelta::days(1), ..base.clone() };
    same.lines[0].description = "Renamed".parse().unwrap();
    same.lines.reverse();
    assert_eq!(asked(&base), asked(&same));
}

/// Case 15: what was quoted is carried along and means the same wherever it is read; the times say how long.
#[test]
fn a_quote_holds_until_it_expires() {
    let quote = quote([line(1, "A", 1, "10")]);
    assert_eq!(quote.expires_at - quote.priced_at, TimeDelta::minutes(15));
    assert!(quote.holds_at(quote.priced_at) && quote.holds_at(quote.expires_at - TimeDelta::nanoseconds(1)));
    assert!(!quote.holds_at(quote.expires_at));
    assert_eq!(quote.hash, QuoteHash::of(&quote));
}

#[test]
fn a_currency_without_a_tariff_is_refused_and_never_converted() {
    let currency = "CHF".parse().unwrap();
    let request = PricingRequest { currency, ..request([line(1, "A", 1, "10")]) };
    assert_eq!(refusal(&request), PricingError::CurrencyNotConfigured { currency });
    assert_eq!(refusal(&request).to_string(), "nothing is configured for CHF");
}

#[test]
fn an_unknown_shipping_method_is_refused() {
    let method: crate::text::Reference = "drone".parse().unwrap();
    let request = PricingRequest { shipping_method: method.clone(), ..request([line(1, "A", 1, "10")]) };
    assert_eq!(refusal(&request), PricingError::UnknownShippingMethod { method });
}

#[test]
fn lines_are_at_least_one_bounded_and_named_once() {
    assert_eq!(refusal(&request([])), PricingError::NoLines);
    let many = |count: u128| request((1..=count).map(|number| line(number, "A", 1, "1")));
    assert!(price(&many(200), &tax(), &shipping()).is_ok());
    assert_eq!(refusal(&many(201)), PricingError::TooManyLines { max: 200 });
    let twice = request([line(1, "A", 1, "1"), line(2, "A", 1, "1"), line(1, "B", 1, "1")]);
    assert_eq!(refusal(&twice), PricingError::DuplicateLine { line_id: line_id(1) });
}

#[test]
fn a_negative_price_is_refused() {
    let amount: UnitPrice = "-0.01".parse().unwrap();
    let request = request([line(1, "A", 1, "1"), line(2, "B", 1, "-0.01")]);
    assert_eq!(refusal(&request), PricingError::NegativePrice { line_id: line_id(2), amount });
}

#[test]
fn amounts_that_do_not_fit_are_refused_at_every_stage() {
    let dear = |number| line(number, "A", 9_000_000, "10000000000");
    assert_eq!(refusal(&request([line(1, "A", 1_000_000_000, "1000000000000")])), PricingError::TooLarge);
    assert_eq!(refusal(&request([dear(1), dear(2)])), PricingError::TooLarge);
    // The goods fit, and with 8 % on top they do not.
    assert_eq!(refusal(&request([dear(1)])), PricingError::TooLarge);
    let untaxed = FlatTax { rate: TaxRate::ZERO };
    assert!(price(&request([dear(1)]), &untaxed, &shipping()).is_ok());
}

#[test]
fn a_quote_holds_for_some_time_and_not_forever() {
    let lasting = |valid_for| PricingRequest { valid_for, ..request([line(1, "A", 1, "1")]) };
    assert!(price(&lasting(VALID_FOR_MAX), &tax(), &shipping()).is_ok());
    for valid_for in [TimeDelta::zero(), TimeDelta::seconds(-1), VALID_FOR_MAX + TimeDelta::nanoseconds(1)] {
        assert_eq!(refusal(&lasting(valid_for)), PricingError::Validity);
    }
}

/// Answers what it was made with.
struct Told(TaxAssessment);

impl TaxPolicy for Told {
    fn assess(&self, _: &TaxRequest<'_>) -> Result<TaxAssessment, PricingError> {
        Ok(self.0.clone())
    }
}

fn told(amount_minor: i64, parts: &[(i64, i64)]) -> TaxAssessment {
    let part = |&(amount_minor, residue_minor): &(i64, i64)| TaxPart { amount_minor, residue_minor };
    TaxAssessment {
        amount_minor,
        base_minor: 1_000,
        rate: TaxRate::ZERO,
        treatment: TaxTreatment::ReverseCharge,
        jurisdiction: "DE".parse().unwrap(),
        policy: PolicyVersion::named("told", 7),
        rounding: Rounding::HalfEven,
        rounding_millionths: 0,
        parts: parts.iter().map(part).collect(),
    }
}

#[test]
fn another_tax_policy_can_answer_line_by_line() {
    let request = request([line(1, "A", 1, "10"), line(2, "B", 1, "10")]);
    let quote = price(&request, &Told(told(5, &[(5, 1), (0, 0)])), &shipping()).unwrap();
    assert_eq!((quote.lines[0].tax_minor, quote.lines[1].tax_minor, quote.total_minor), (5, 0, 2_604));
    assert_eq!(quote.tax.residue, [TaxResidue { line_id: line_id(1), minor: 1 }]);
    assert_eq!((quote.tax.treatment, quote.rounding.tax), (TaxTreatment::ReverseCharge, Rounding::HalfEven));
}

#[test]
fn a_tax_that_does_not_add_up_is_not_believed() {
    let request = request([line(1, "A", 1, "10"), line(2, "B", 1, "10")]);
    let mut negative_base = told(0, &[(0, 0), (0, 0)]);
    negative_base.base_minor = -1;
    for answer in [
        told(5, &[(5, 0)]),
        told(5, &[(2, 0), (2, 0)]),
        told(0, &[(1, 0), (-1, 0)]),
        told(-2, &[(-1, 0), (-1, 0)]),
        told(5, &[(5, 6), (0, 0)]),
        told(5, &[(5, -1), (0, 0)]),
        negative_base,
    ] {
        let refusal = price(&request, &Told(answer.clone()), &shipping()).unwrap_err();
        assert!(matches!(refusal, PricingError::PolicyContradiction { .. }), "{answer:?}: {refusal}");
        assert!(refusal.to_string().starts_with("the policy told version 7 contradicts itself: "), "{refusal}");
    }
}

/// A carrier whose answer was gathered before.
struct Carrier(i64);

impl ShippingPolicy for Carrier {
    fn rate(&self, _: &ShippingRequest<'_>) -> Result<ShippingRate, PricingError> {
        let reason = ShippingReason::CarrierRate { reference: "PARCEL-24".parse().unwrap() };
        Ok(ShippingRate { amount_minor: self.0, reason, policy: PolicyVersion::named("carrier", 3) })
    }
}

#[test]
fn a_carrier_can_name_its_own_rate_but_not_pay_for_it() {
    let request = request([line(1, "A", 1, "10")]);
    let quote = price(&request, &tax(), &Carrier(450)).unwrap();
    assert_eq!((quote.shipping.amount_minor, quote.shipping.policy.version), (450, 3));
    let refusal = price(&request, &tax(), &Carrier(-1)).unwrap_err();
    assert_eq!(refusal, contradiction(&PolicyVersion::named("carrier", 3), "transport costs less than nothing"));
}

#[test]
fn a_tax_rate_is_a_percentage_with_four_decimals() {
    for (text, millionths, shown) in [
        ("8", 80_000, "8"),
        ("8.875", 88_750, "8.875"),
        ("0.0001", 1, "0.0001"),
        ("100.0000", 1_000_000, "100"),
        ("08.10", 81_000, "8.1"),
    ] {
        let rate: TaxRate = text.parse().unwrap();
        assert_eq!((rate.millionths(), rate.to_string().as_str()), (millionths, shown));
    }
    for text in ["", "8.", ".8", "-8", "+8", "8,5", "8 %", "100.0001", "101", "8.00001", "8e1", "99999999999"] {
        assert!(text.parse::<TaxRate>().is_err(), "{text}");
    }
    assert_eq!(TaxRate::from_millionths(1_000_001), None);
}

#[test]
fn the_reason_of_a_price_comes_along() {
    let reason = PriceReason::Row { row_id: "prw_01924c3e-5a00-7000-8000-00000000002a".parse().unwrap(), priority: 3 };
    let mut asked = line(1, "A", 1, "10");
    asked.price.reason = reason;
    assert_eq!(quote([asked]).lines[0].price_reason, reason);
}
