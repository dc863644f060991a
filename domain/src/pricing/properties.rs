//! Properties of quotes over all currencies.

use super::{
    FlatTax, PriceReason, PricingLine, PricingRequest, Quote, STANDARD_SHIPPING, SelectedPrice, TaxRate,
    ThresholdShipping, explain::Cause, price, samples::line_id, shipping::ShippingTariff,
};
use crate::{ids::PriceRowId, money::Currency, price::UnitPrice, quantity::Quantity, testing::moment};
use chrono::TimeDelta;
use proptest::{collection::btree_map, prelude::*, sample::select};
use std::collections::BTreeMap;
use uuid::Uuid;

fn reason() -> impl Strategy<Value = PriceReason> {
    prop_oneof![
        Just(PriceReason::ListPrice),
        (any::<u128>(), any::<i32>())
            .prop_map(|(id, priority)| { PriceReason::Row { row_id: PriceRowId::new(Uuid::from_u128(id)), priority } }),
    ]
}

/// Lines in an order that is not that of their ids, with prices down to a millionth.
fn lines() -> impl Strategy<Value = Vec<PricingLine>> {
    // Some cost the same, so that there are ties when their tax is split.
    let price = prop_oneof![Just(0), Just(100_000), 0..5_000_000_i64, 0..50_000_000_000_i64];
    let line = (prop_oneof![Just(1), 1..2_000_i64], price, reason(), "[A-C]{1,2}");
    btree_map(any::<u128>(), line, 1..12).prop_map(|lines| {
        let line = |(id, (quantity, micros, reason, sku)): (u128, (i64, i64, PriceReason, String))| PricingLine {
            line_id: line_id(id),
            description: sku.parse().unwrap(),
            sku: sku.parse().unwrap(),
            quantity: Quantity::new(quantity).unwrap(),
            price: SelectedPrice { amount: UnitPrice::from_micros(micros).unwrap(), reason },
        };
        lines.into_iter().map(line).collect()
    })
}

/// Currencies of every exponent, each exponent equally often.
fn currency() -> impl Strategy<Value = Currency> {
    let of = |exponent| select(Currency::all().filter(|c| c.exponent() == exponent).collect::<Vec<_>>());
    prop_oneof![of(0), of(2), of(3), of(4)]
}

fn request() -> impl Strategy<Value = PricingRequest> {
    (currency(), select(vec!["DE", "FR", "US"]), lines().prop_shuffle(), 1..1_000_i64).prop_map(
        |(currency, country, lines, minutes)| PricingRequest {
            currency,
            country: country.parse().unwrap(),
            lines,
            shipping_method: STANDARD_SHIPPING.parse().unwrap(),
            at: moment().now,
            valid_for: TimeDelta::minutes(minutes),
        },
    )
}

#[derive(Debug, Clone)]
struct Policies {
    tax: FlatTax,
    shipping: ThresholdShipping,
}

fn policies() -> impl Strategy<Value = Policies> {
    let rate = prop_oneof![Just(80_000), Just(0), Just(TaxRate::WHOLE), 0..=TaxRate::WHOLE];
    (rate, 0..100_000_i64, prop_oneof![Just(5_000), 0..10_000_000_i64]).prop_map(
        |(rate, price_minor, free_from_minor)| {
            let tariff = ShippingTariff { price_minor, free_from_minor };
            Policies {
                tax: FlatTax { rate: TaxRate::from_millionths(rate).unwrap() },
                shipping: ThresholdShipping { tariffs: Currency::all().map(|currency| (currency, tariff)).collect() },
            }
        },
    )
}

fn quote(request: &PricingRequest, policies: &Policies) -> Quote {
    price(request, &policies.tax, &policies.shipping).unwrap()
}

/// One agreed fact is another one.
fn changed(request: &PricingRequest, policies: &Policies, change: usize) -> (PricingRequest, Policies) {
    let (mut request, mut policies) = (request.clone(), policies.clone());
    let quantity = request.lines[0].quantity.as_i64();
    match change {
        0 => request.lines[0].quantity = Quantity::new(quantity + 1).unwrap(),
        1 => request.lines[0].sku = "OTHER".parse().unwrap(),
        2 => request.lines[0].description = "Another name".parse().unwrap(),
        // Even where rounding hides it in the amount.
        3 => {
            let amount = request.lines[0].price.amount.micros() + 1;
            request.lines[0].price.amount = UnitPrice::from_micros(amount).unwrap();
        }
        4 => request.country = "NO".parse().unwrap(),
        5 => request.currency = if request.currency.code() == "CHF" { "SEK" } else { "CHF" }.parse().unwrap(),
        6 => request.lines.push(super::samples::line(1, "MORE", 1, "0")),
        7 => {
            let other = policies.tax.rate.millionths().checked_sub(1).unwrap_or(1);
            policies.tax.rate = TaxRate::from_millionths(other).unwrap();
        }
        8 => request.lines[0].line_id = line_id(2),
        _ => policies.shipping.tariffs.values_mut().for_each(|tariff| {
            tariff.price_minor += 1;
            tariff.free_from_minor = i64::MAX;
        }),
    }
    (request, policies)
}

proptest! {
    /// Case 20 and case 22: integers of minor units, of whatever exponent, that add up.
    #[test]
    fn lines_shipping_and_tax_sum_to_the_total(request in request(), policies in policies()) {
        let quote = quote(&request, &policies);
        let goods: i64 = quote.lines.iter().map(|line| line.amount_minor).sum();
        let tax: i64 = quote.lines.iter().map(|line| line.tax_minor).sum();
        prop_assert_eq!((goods, tax), (quote.goods_minor, quote.tax.amount_minor));
        prop_assert_eq!(goods + quote.shipping.amount_minor + tax, quote.total_minor);
        for line in &quote.lines {
            prop_assert!(line.amount_minor >= 0 && (0..=line.amount_minor).contains(&line.tax_minor));
        }
    }

    /// Case 21: what rounding did is recorded, so that the exact amounts can be told from the quote.
    #[test]
    fn rounding_leaves_its_trace(request in request(), policies in policies()) {
        let quote = quote(&request, &policies);
        let micros_per_minor = 10_i128.pow(6 - u32::from(quote.currency.exponent()));
        for line in &quote.lines {
            let exact = i128::from(line.unit_price.micros()) * i128::from(line.quantity.as_i64());
            let rounded = i128::from(line.amount_minor) * micros_per_minor;
            prop_assert_eq!(rounded - exact, i128::from(line.rounding_micros));
            prop_assert!(i128::from(line.rounding_micros.abs()) * 2 <= micros_per_minor);
        }
        let exact = i128::from(quote.tax.base_minor) * i128::from(quote.tax.rate.millionths());
        let rounded = i128::from(quote.tax.amount_minor) * i128::from(TaxRate::WHOLE);
        prop_assert_eq!(rounded - exact, i128::from(quote.tax.rounding_millionths));
        prop_assert!(quote.tax.rounding_millionths.unsigned_abs() * 2 <= u64::from(TaxRate::WHOLE));
    }

    /// Case 21: the lines that take the residue are named, and without it each has its share rounded down.
    #[test]
    fn the_residue_of_the_tax_is_on_named_lines(request in request(), policies in policies()) {
        let quote = quote(&request, &policies);
        let residue: BTreeMap<_, _> = quote.tax.residue.iter().map(|taken| (taken.line_id, taken.minor)).collect();
        prop_assert_eq!(residue.len(), quote.tax.residue.len());
        for line in &quote.lines {
            let share = i128::from(quote.tax.amount_minor) * i128::from(line.amount_minor);
            let share = share.checked_div(i128::from(quote.goods_minor)).unwrap_or(0);
            let taken = residue.get(&line.line_id).copied().unwrap_or(0);
            prop_assert_eq!(i128::from(line.tax_minor), share + i128::from(taken));
            prop_assert!(taken <= 1);
        }
    }

    #[test]
    fn the_explanations_sum_to_the_total_and_the_tax_to_its_parts(request in request(), policies in policies()) {
        let quote = quote(&request, &policies);
        let explanations = quote.explain();
        prop_assert_eq!(explanations.iter().map(|made| made.amount.minor).sum::<i64>(), quote.total_minor);
        prop_assert!(explanations.iter().all(|made| made.amount.currency == quote.currency));
        prop_assert_eq!(explanations.len(), quote.lines.len() + 2);
        let Cause::Tax { parts, .. } = &explanations.last().unwrap().cause else { panic!("the tax comes last") };
        prop_assert_eq!(parts.iter().map(|part| part.amount_minor).sum::<i64>(), quote.tax.amount_minor);
    }

    #[test]
    fn the_order_of_the_lines_changes_nothing_but_their_order(
        (request, shuffled) in request().prop_flat_map(|request| {
            let lines = Just(request.lines.clone()).prop_shuffle();
            (Just(request.clone()), lines.prop_map(move |lines| PricingRequest { lines, ..request.clone() }))
        }),
        policies in policies(),
    ) {
        let (mut one, mut other) = (quote(&request, &policies), quote(&shuffled, &policies));
        for quote in [&mut one, &mut other] {
            quote.lines.sort_by_key(|line| line.line_id);
            quote.tax.residue.sort_by_key(|taken| taken.line_id);
        }
        prop_assert_eq!(one, other);
    }

    #[test]
    fn every_agreed_fact_changes_the_hash(request in request(), policies in policies(), change in 0..10_usize) {
        let (changed, others) = changed(&request, &policies, change);
        prop_assert_ne!(quote(&request, &policies).hash, quote(&changed, &others).hash);
    }

    #[test]
    fn neither_the_clock_nor_the_reason_of_a_price_changes_the_hash(
        request in request(),
        policies in policies(),
        seconds in 1..1_000_000_000_i64,
        minutes in 1..1_000_i64,
        reason in reason(),
    ) {
        let mut later = request.clone();
        later.at += TimeDelta::seconds(seconds);
        later.valid_for = TimeDelta::minutes(minutes);
        later.lines[0].price.reason = reason;
        prop_assert_eq!(quote(&request, &policies).hash, quote(&later, &policies).hash);
    }

    #[test]
    fn a_quote_survives_being_stored(request in request(), policies in policies()) {
        let quote = quote(&request, &policies);
        let stored = serde_json::to_string(&quote).unwrap();
        prop_assert_eq!(serde_json::from_str::<Quote>(&stored).unwrap(), quote);
    }

    #[test]
    fn every_tax_rate_is_read_back(millionths in 0..=TaxRate::WHOLE) {
        let rate = TaxRate::from_millionths(millionths).unwrap();
        prop_assert_eq!(rate.to_string().parse::<TaxRate>(), Ok(rate));
    }

    #[test]
    fn reading_a_tax_rate_never_panics(text in any::<String>(), digits in "[0-9.]{0,12}") {
        for text in [text, digits] {
            if let Ok(rate) = text.parse::<TaxRate>() {
                prop_assert!(rate.millionths() <= TaxRate::WHOLE);
            }
        }
    }
}
