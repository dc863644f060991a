//! Currencies, amounts, rounding and splits: vectors by hand, and properties by machine.

use super::*;
use proptest::prelude::*;

fn currency(code: &str) -> Currency {
    code.parse().unwrap()
}

#[test]
fn exponents_are_those_of_iso_4217() {
    let expected = [
        ("JPY", 0),
        ("KRW", 0),
        ("ISK", 0),
        ("EUR", 2),
        ("GBP", 2),
        ("USD", 2),
        ("MGA", 2),
        ("HUF", 2),
        ("ZWG", 2),
        ("AED", 2),
        ("CAD", 2),
        ("CDF", 2),
        ("HNL", 2),
        ("HTG", 2),
        ("KWD", 3),
        ("IQD", 3),
        ("LYD", 3),
        ("CLF", 4),
        ("UYW", 4),
    ];
    for (code, exponent) in expected {
        assert_eq!(currency(code).exponent(), exponent, "{code}");
        assert_eq!(currency(code).code(), code);
    }
}

#[test]
fn every_listed_currency_is_known_once_and_nothing_else_is() {
    let mut listed: Vec<Currency> = Currency::all().collect();
    let count = listed.len();
    let by_exponent = |exponent| listed.iter().filter(|currency| currency.exponent() == exponent).count();
    assert_eq!([0, 2, 3, 4].map(by_exponent), [17, count - 26, 7, 2]);
    assert_eq!(EXPONENTS.iter().filter(|exponent| **exponent != NO_CURRENCY).count(), count);
    listed.sort();
    listed.dedup();
    assert_eq!(listed.len(), count);
}

#[test]
fn what_is_not_a_currency_code_is_refused() {
    for text in ["", "EU", "EURO", "eur", "XXZ", "E R", "EÜ", "€", "123", "DZ ", "AAA", "ZZZ"] {
        assert_eq!(text.parse::<Currency>(), Err(UnknownCurrency { given: text.to_owned() }), "{text:?}");
    }
    assert_eq!("x".repeat(99).parse::<Currency>().unwrap_err().given.len(), 16);
}

#[test]
fn money_shows_exactly_the_digits_of_its_currency() {
    let rows = [
        (1234, "EUR", "12.34"),
        (-1234, "EUR", "-12.34"),
        (-5, "EUR", "-0.05"),
        (0, "EUR", "0.00"),
        (500, "JPY", "500"),
        (-500, "JPY", "-500"),
        (1, "KWD", "0.001"),
        (-12_345, "KWD", "-12.345"),
        (12_345, "CLF", "1.2345"),
        (i64::MIN, "GBP", "-92233720368547758.08"),
        (i64::MAX, "JPY", "9223372036854775807"),
    ];
    for (minor, code, expected) in rows {
        assert_eq!(Money::new(minor, currency(code)).to_string(), expected);
    }
}

#[test]
fn amounts_of_different_currencies_do_not_combine() {
    let (left, right) = (currency("EUR"), currency("USD"));
    let mismatch = Err(MoneyError::CurrencyMismatch { left, right });
    assert_eq!(Money::new(1, left).checked_add(Money::new(1, right)), mismatch);
    assert_eq!(Money::new(1, left).checked_sub(Money::zero(right)), mismatch);
}

#[test]
fn sums_that_do_not_fit_are_refused() {
    let euros = |minor| Money::new(minor, currency("EUR"));
    assert_eq!(euros(i64::MAX).checked_add(euros(1)), Err(MoneyError::Overflow));
    assert_eq!(euros(i64::MIN).checked_sub(euros(1)), Err(MoneyError::Overflow));
    assert_eq!(euros(3).checked_sub(euros(5)), Ok(euros(-2)));
}

#[test]
fn halves_go_where_the_rounding_says() {
    use Rounding::{HalfDown, HalfEven, HalfUp};
    // dividend, divisor, half up, half even, half down
    let rows = [
        (25, 10, 3, 2, 2),
        (35, 10, 4, 4, 3),
        (-25, 10, -3, -2, -2),
        (-35, 10, -4, -4, -3),
        (5, 10, 1, 0, 0),
        (-5, 10, -1, 0, 0),
        (24, 10, 2, 2, 2),
        (26, 10, 3, 3, 3),
        (-24, 10, -2, -2, -2),
        (-26, 10, -3, -3, -3),
        (1, 3, 0, 0, 0),
        (2, 3, 1, 1, 1),
        (-2, 3, -1, -1, -1),
        (0, 7, 0, 0, 0),
        (i128::MAX, 1, i128::MAX, i128::MAX, i128::MAX),
        (i128::MIN, 1, i128::MIN, i128::MIN, i128::MIN),
    ];
    for (dividend, divisor, up, even, down) in rows {
        let actual = [HalfUp, HalfEven, HalfDown].map(|rounding| divide(dividend, divisor, rounding));
        assert_eq!(actual, [up, even, down], "{dividend} / {divisor}");
    }
}

#[test]
fn a_split_gives_the_rest_to_the_largest_remainder_and_then_to_the_earlier_part() {
    assert_eq!(allocate(100, &[1, 1, 1]), Ok(vec![34, 33, 33]));
    assert_eq!(allocate(-100, &[1, 1, 1]), Ok(vec![-34, -33, -33]));
    assert_eq!(allocate(10, &[1, 2]), Ok(vec![3, 7]));
    assert_eq!(allocate(5, &[0, 3, 0, 1]), Ok(vec![0, 4, 0, 1]));
    assert_eq!(allocate(i64::MIN, &[u64::MAX]), Ok(vec![i64::MIN]));
    assert_eq!(allocate(i64::MAX, &[u64::MAX, 0]), Ok(vec![i64::MAX, 0]));
}

#[test]
fn a_split_without_weight_is_refused_unless_there_is_nothing_to_split() {
    assert_eq!(allocate(1, &[]), Err(AllocationError::NoWeight));
    assert_eq!(allocate(1, &[0, 0]), Err(AllocationError::NoWeight));
    assert_eq!(allocate(0, &[0, 0]), Ok(vec![0, 0]));
    assert_eq!(allocate(0, &[]), Ok(vec![]));
}

#[test]
fn a_part_beyond_the_whole_has_no_share() {
    assert_eq!(cumulative_share(100, 4, 3), Err(AllocationError::OutsideWhole));
    assert_eq!(cumulative_share(100, 0, 0), Err(AllocationError::OutsideWhole));
    assert_eq!(cumulative_share(i64::MIN, u64::MAX, u64::MAX), Ok(i64::MIN));
    assert_eq!(cumulative_share(i64::MAX, u64::MAX, u64::MAX), Ok(i64::MAX));
}

proptest! {
    #[test]
    fn parts_sum_to_the_whole_and_stay_within_one_unit_of_their_share(
        total: i64,
        weights in prop::collection::vec(0_u64..1_000_000, 1..20),
    ) {
        let whole: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
        prop_assume!(whole > 0);
        let parts = allocate(total, &weights).unwrap();
        prop_assert_eq!(parts.iter().map(|part| i128::from(*part)).sum::<i128>(), i128::from(total));
        for (part, weight) in parts.iter().zip(&weights) {
            let difference = i128::from(*part) * whole - i128::from(total) * i128::from(*weight);
            prop_assert!(difference.abs() < whole, "{part} for a weight of {weight}");
            prop_assert!(*weight > 0 || *part == 0);
        }
    }

    #[test]
    fn the_split_of_the_negated_total_is_the_negated_split(
        total in -i64::MAX..=i64::MAX,
        weights in prop::collection::vec(any::<u64>(), 1..20),
    ) {
        let negated = allocate(total, &weights).map(|parts| parts.into_iter().map(|part| -part).collect::<Vec<_>>());
        prop_assert_eq!(allocate(-total, &weights), negated);
    }

    #[test]
    fn no_part_exceeds_its_base_when_a_discount_is_spread_over_bases(
        bases in prop::collection::vec(0_u64..1_000_000_000, 1..20),
        percent in 0_u64..=100,
    ) {
        let discount = i64::try_from(bases.iter().sum::<u64>() * percent / 100).unwrap();
        prop_assume!(bases.iter().any(|base| *base > 0));
        for (part, base) in allocate(discount, &bases).unwrap().into_iter().zip(bases) {
            prop_assert!(u64::try_from(part).unwrap() <= base);
        }
    }

    #[test]
    fn the_last_of_many_partial_refunds_takes_the_residue(
        total in -i64::MAX..=i64::MAX,
        steps in prop::collection::vec(1_u64..1_000, 1..20),
    ) {
        let whole: u64 = steps.iter().sum();
        let (mut units, mut refunded) = (0, 0);
        for step in steps {
            units += step;
            let share = cumulative_share(total, units, whole).unwrap();
            let refund = share - refunded;
            prop_assert!(refund.signum() * total.signum() >= 0, "a refund never goes the other way");
            prop_assert_eq!(share, -cumulative_share(-total, units, whole).unwrap());
            refunded += refund;
        }
        prop_assert_eq!(refunded, total);
    }

    #[test]
    fn rounding_moves_an_amount_by_at_most_half_a_unit_and_is_symmetric(
        dividend in -1_000_000_000_000_i128..1_000_000_000_000,
        divisor in 1_i128..1_000_000,
    ) {
        for rounding in [Rounding::HalfUp, Rounding::HalfEven, Rounding::HalfDown] {
            let quotient = divide(dividend, divisor, rounding);
            prop_assert!((quotient * divisor - dividend).abs() * 2 <= divisor);
            prop_assert_eq!(divide(-dividend, divisor, rounding), -quotient);
        }
    }
}
