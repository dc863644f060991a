//! Unit prices: what is read, what is shown, and what they come to.

use super::*;
use proptest::prelude::*;

fn price(text: &str) -> UnitPrice {
    text.parse().unwrap()
}

fn times(text: &str, units: i64, code: &str, rounding: Rounding) -> (i64, i64) {
    let amount = price(text).times(units, code.parse().unwrap(), rounding).unwrap();
    (amount.minor, amount.rounding_micros)
}

#[test]
fn a_price_is_read_exactly_and_shown_in_its_shortest_form() {
    let rows = [
        ("0", 0, "0"),
        ("-0", 0, "0"),
        ("0.0", 0, "0"),
        ("2.55", 2_550_000, "2.55"),
        ("2.550000", 2_550_000, "2.55"),
        ("2.5500000000", 2_550_000, "2.55"),
        ("007", 7_000_000, "7"),
        ("-0.001", -1_000, "-0.001"),
        ("0.000001", 1, "0.000001"),
        ("10.100001", 10_100_001, "10.100001"),
        ("-11062.06", -11_062_060_000, "-11062.06"),
        ("100", 100_000_000, "100"),
        ("1000000000000", UnitPrice::MAX_MICROS, "1000000000000"),
        ("-1000000000000.000000", -UnitPrice::MAX_MICROS, "-1000000000000"),
    ];
    for (text, micros, shown) in rows {
        assert_eq!(price(text).micros(), micros, "{text}");
        assert_eq!(price(text).to_string(), shown);
        assert_eq!(serde_json::to_string(&price(text)).unwrap(), format!("\"{shown}\""));
    }
}

#[test]
fn what_is_not_a_decimal_number_is_refused() {
    for text in ["", "-", ".", ".5", "5.", "-.5", "+1", "1e3", "1,5", " 1", "1 ", "--1", "1.2.3", "1.-2", "١", "NaN"] {
        assert_eq!(text.parse::<UnitPrice>(), Err(ParseUnitPriceError::Malformed), "{text:?}");
    }
}

#[test]
fn a_price_has_at_most_six_decimals_and_a_bound() {
    use ParseUnitPriceError::{TooFine, TooLarge};
    assert_eq!("0.0000001".parse::<UnitPrice>(), Err(TooFine));
    assert_eq!("1000000000000.000001".parse::<UnitPrice>(), Err(TooLarge));
    assert_eq!("-1000000000001".parse::<UnitPrice>(), Err(TooLarge));
    assert_eq!("9".repeat(100).parse::<UnitPrice>(), Err(TooLarge));
    assert_eq!(UnitPrice::from_micros(UnitPrice::MAX_MICROS + 1), None);
    assert_eq!(UnitPrice::from_micros(i64::MIN), None);
}

#[test]
fn an_amount_is_rounded_once_and_says_what_the_rounding_did() {
    use Rounding::{HalfDown, HalfEven, HalfUp};
    assert_eq!(times("2.55", 6, "GBP", HalfUp), (1530, 0));
    assert_eq!(times("0.001", 5, "GBP", HalfUp), (1, 5_000));
    assert_eq!(times("0.001", 5, "GBP", HalfEven), (0, -5_000));
    assert_eq!(times("0.001", 5, "GBP", HalfDown), (0, -5_000));
    assert_eq!(times("0.001", 15, "GBP", HalfEven), (2, 5_000));
    assert_eq!(times("0.001", 4, "GBP", HalfUp), (0, -4_000));
    assert_eq!(times("0.001", 6, "GBP", HalfDown), (1, 4_000));
}

#[test]
fn half_up_means_away_from_zero_on_either_side() {
    assert_eq!(times("0.001", -5, "GBP", Rounding::HalfUp), (-1, -5_000));
    assert_eq!(times("-0.001", 5, "GBP", Rounding::HalfUp), (-1, -5_000));
    assert_eq!(times("-0.001", -5, "GBP", Rounding::HalfUp), (1, 5_000));
}

/// Case 22: amounts times 100 for yen, or divided by 10 for dinars.
#[test]
fn an_amount_has_the_exponent_of_its_currency() {
    assert_eq!(times("500", 2, "JPY", Rounding::HalfUp), (1_000, 0));
    assert_eq!(times("0.5", 1, "JPY", Rounding::HalfUp), (1, 500_000));
    assert_eq!(times("1.234", 1, "EUR", Rounding::HalfUp), (123, -4_000));
    assert_eq!(times("1.234", 1, "KWD", Rounding::HalfUp), (1_234, 0));
    assert_eq!(times("1.2345", 1, "CLF", Rounding::HalfUp), (12_345, 0));
    assert_eq!(times("1.23455", 1, "CLF", Rounding::HalfUp), (12_346, 50));
}

#[test]
fn an_amount_that_does_not_fit_is_refused() {
    let largest = UnitPrice::from_micros(UnitPrice::MAX_MICROS).unwrap();
    let amount = |units| largest.times(units, "CLF".parse().unwrap(), Rounding::HalfUp);
    assert_eq!(amount(1_000_000_000), Err(MoneyError::Overflow));
    assert_eq!(amount(i64::MIN), Err(MoneyError::Overflow));
    assert_eq!(amount(900).map(|amount| amount.minor), Ok(9_000_000_000_000_000_000));
}

proptest! {
    #[test]
    fn every_price_is_read_back_from_what_is_shown(micros in -UnitPrice::MAX_MICROS..=UnitPrice::MAX_MICROS) {
        let price = UnitPrice::from_micros(micros).unwrap();
        prop_assert_eq!(price.to_string().parse::<UnitPrice>(), Ok(price));
        let json = serde_json::to_string(&price).unwrap();
        prop_assert_eq!(serde_json::from_str::<UnitPrice>(&json).unwrap(), price);
    }

    #[test]
    fn reading_never_panics(text in "\\PC{0,40}") {
        let _ = text.parse::<UnitPrice>();
        let _ = text.parse::<Currency>();
    }

    #[test]
    fn amount_less_rounding_is_exact_and_signs_are_symmetric(
        micros in -1_000_000_000_000_i64..1_000_000_000_000,
        units in -1_000_000_i64..1_000_000,
        code in prop::sample::select(vec!["JPY", "GBP", "KWD", "CLF"]),
        rounding in prop::sample::select(vec![Rounding::HalfUp, Rounding::HalfEven, Rounding::HalfDown]),
    ) {
        let currency: Currency = code.parse().unwrap();
        let per_minor = 10_i128.pow(6 - u32::from(currency.exponent()));
        let amount = UnitPrice::from_micros(micros).unwrap().times(units, currency, rounding).unwrap();
        let exact = i128::from(amount.minor) * per_minor - i128::from(amount.rounding_micros);
        prop_assert_eq!(exact, i128::from(micros) * i128::from(units));
        prop_assert!(i128::from(amount.rounding_micros).abs() * 2 <= per_minor);
        let negated = UnitPrice::from_micros(-micros).unwrap().times(units, currency, rounding).unwrap();
        prop_assert_eq!((negated.minor, negated.rounding_micros), (-amount.minor, -amount.rounding_micros));
    }
}
