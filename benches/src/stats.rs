//! The median of a small sample and how sure one may be of it.

/// A median with the 95 % confidence interval around it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The sample's median.
    pub median: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// True if the whole interval lies between the two, inclusive.
    #[must_use]
    pub fn lies_within(&self, low: f64, high: f64) -> bool {
        self.low >= low && self.high <= high
    }
}

/// How often the sample is drawn anew. The ends of the interval stand on 250 draws each.
const RESAMPLES: usize = 10_000;
/// The same sample always gives the same interval.
const SEED: u64 = 0x7469_6c6c_726f_6c6c;

/// The median and its percentile bootstrap interval (Efron 1979): draw a sample of the same size with replacement, take
/// its median, repeat; the middle 95 % of the medians are the interval. `None` for an empty sample.
#[must_use]
pub fn bootstrap(sample: &[f64]) -> Option<Interval> {
    let median = self::median(sample)?;
    let mut random = SplitMix64(SEED);
    let mut drawn = vec![0.0; sample.len()];
    let mut medians = Vec::with_capacity(RESAMPLES);
    for _ in 0..RESAMPLES {
        for place in &mut drawn {
            *place = sample[random.below(sample.len())];
        }
        medians.push(self::median(&drawn)?);
    }
    medians.sort_by(f64::total_cmp);
    let tail = RESAMPLES / 40;
    Some(Interval { low: medians[tail], median, high: medians[RESAMPLES - 1 - tail] })
}

/// The middle value, or the mean of the middle two; `None` for an empty sample.
#[must_use]
pub fn median(sample: &[f64]) -> Option<f64> {
    let mut sorted = sample.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 { Some(upper) } else { Some(f64::midpoint(sorted[sorted.len() / 2 - 1], upper)) }
}

/// The mean; `None` for an empty sample.
#[must_use]
pub fn mean(sample: &[f64]) -> Option<f64> {
    let count = f64::from(u32::try_from(sample.len()).ok().filter(|count| *count > 0)?);
    Some(sample.iter().sum::<f64>() / count)
}

/// SplitMix64 (Steele, Lea, Flood 2014): repeatable, and good enough to draw samples and make up orders.
#[derive(Debug, Clone)]
pub struct SplitMix64(pub u64);

impl SplitMix64 {
    /// The next 64 bits.
    pub fn next_bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to below `bound`; 0 if that is 0. The bias of the remainder is below 1 in 2^40 for the bounds that
    /// are in use here.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next_bits() % bound).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_the_middle_in_any_order() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), Some(2.5));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn a_mean_of_nothing_is_nothing() {
        assert_eq!(mean(&[1.0, 2.0, 6.0]), Some(3.0));
        assert_eq!(mean(&[]), None);
    }

    #[test]
    fn the_interval_of_equal_values_is_that_value() {
        assert_eq!(bootstrap(&[0.8; 20]), Some(Interval { low: 0.8, median: 0.8, high: 0.8 }));
        assert_eq!(bootstrap(&[]), None);
    }

    /// The resampled median of 1, 2 … 25 is at most k with the probability that 13 or more of 25 draws are, which is
    /// binomial: 1.2 % for k = 7 and 3.4 % for k = 8. So the interval must go from 8 to 18.
    #[test]
    fn the_interval_of_known_data_is_the_one_that_theory_gives() {
        let sample: Vec<f64> = (1..=25).map(f64::from).collect();
        assert_eq!(bootstrap(&sample), Some(Interval { low: 8.0, median: 13.0, high: 18.0 }));
    }

    #[test]
    fn more_data_of_the_same_spread_make_the_interval_narrower() {
        let spread = |count: i32| (0..count).map(|n| f64::from(n % 10)).collect::<Vec<_>>();
        let few = bootstrap(&spread(20)).unwrap();
        let many = bootstrap(&spread(2_000)).unwrap();
        assert!(many.high - many.low < few.high - few.low, "{many:?} {few:?}");
    }

    #[test]
    fn the_same_sample_gives_the_same_interval() {
        let sample: Vec<f64> = (0..30).map(|n| f64::from(n * n % 17)).collect();
        assert_eq!(bootstrap(&sample), bootstrap(&sample));
    }

    #[test]
    fn an_outlier_moves_neither_end() {
        let mut sample: Vec<f64> = (1..=25).map(f64::from).collect();
        sample[24] = 1e9;
        assert_eq!(bootstrap(&sample), Some(Interval { low: 8.0, median: 13.0, high: 18.0 }));
    }
}
