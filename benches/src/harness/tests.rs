//! The harness on rows whose times are made up.

use super::*;
use std::{cell::RefCell, rc::Rc};

/// A row whose slices last as long as they are told to.
struct Fake {
    calls: Rc<RefCell<Vec<Arm>>>,
    work: u64,
    /// Microseconds per unit of work, of the engine's and the baseline's n-th slice.
    micros: fn(Arm, u64) -> u64,
}

impl Row for Fake {
    fn slice(&mut self, arm: Arm) -> Result<Slice, Failure> {
        self.calls.borrow_mut().push(arm);
        let nth = u64::try_from(self.calls.borrow().len()).unwrap();
        Ok(Slice { events: self.work, time: Duration::from_micros(self.work * (self.micros)(arm, nth)) })
    }

    fn counters(&self) -> String {
        format!("{} per slice", self.work)
    }
}

fn spec(micros: fn(Arm, u64) -> u64) -> (Spec<'static>, Rc<RefCell<Vec<Arm>>>) {
    let calls = Rc::new(RefCell::new(Vec::new()));
    let opened = calls.clone();
    let open: Open<'static> = Box::new(move |work| {
        opened.borrow_mut().clear();
        Ok(Box::new(Fake { calls: opened.clone(), work, micros }))
    });
    let (good, excellent, work) = (0.7, 0.85, (10, 100_000));
    (Spec { name: "fake", question: "none", good, excellent, baseline_is_a_part: true, work, open }, calls)
}

fn outcome(micros: fn(Arm, u64) -> u64, pairs: u32) -> Outcome {
    run(&spec(micros).0, pairs, Duration::from_millis(100), &|_| {}).unwrap()
}

#[test]
fn pairs_alternate_so_that_the_slices_read_abba() {
    use Arm::{Baseline as B, Engine as A};
    assert_eq!(abba(4).flatten().collect::<Vec<_>>(), [A, B, B, A, A, B, B, A]);
    assert_eq!(abba(0).count(), 0);
}

#[test]
fn slices_run_in_abba_order_after_the_warm_up() {
    use Arm::{Baseline as B, Engine as A};
    let (spec, calls) = spec(|_, _| 10);
    run(&spec, 2, Duration::from_millis(1), &|_| {}).unwrap();
    assert_eq!(*calls.borrow(), [A, A, B, A, B, B, A]);
}

#[test]
fn the_ratio_is_of_rates_and_not_of_times() {
    let outcome = outcome(|arm, _| if arm == Arm::Engine { 10 } else { 8 }, 20);
    assert!((outcome.ratio.median - 0.8).abs() < 1e-9, "{outcome:?}");
    assert!((outcome.engine_rate - 100_000.0).abs() < 1e-6 && (outcome.baseline_rate - 125_000.0).abs() < 1e-6);
}

#[test]
fn a_machine_that_slows_down_evenly_harms_both_sides_alike() {
    let outcome = outcome(|_, nth| 1_000 + 20 * nth, 20);
    assert!(outcome.ratio.lies_within(0.97, 1.03), "{outcome:?}");
}

#[test]
fn a_restless_machine_makes_the_run_void_whatever_the_ratio() {
    // Every third slice of the same work takes twice as long.
    let outcome = outcome(|_, nth| if nth % 3 == 0 { 20 } else { 10 }, 20);
    assert!(!outcome.against_itself.lies_within(0.9, 1.1), "{outcome:?}");
    assert_eq!(outcome.verdict, Verdict::Void);
}

#[test]
fn few_pairs_give_no_verdict() {
    assert_eq!(outcome(|_, _| 10, PAIRS_MIN - 1).verdict, Verdict::TooFewPairs);
}

/// The verdict on 20 pairs of a row that is good from 0.7 and excellent from 0.85 on.
fn verdict(low: f64, itself: (f64, f64), others: Option<f64>) -> Verdict {
    let itself = Interval { low: itself.0, median: 1.0, high: itself.1 };
    Verdict::of(&spec(|_, _| 1).0, 20, &Interval { low, median: low + 0.1, high: low + 0.2 }, &itself, others)
}

#[test]
fn the_lower_end_of_the_interval_decides() {
    let quiet = |low| verdict(low, (0.99, 1.01), Some(1.0));
    assert_eq!(
        [0.69, 0.7, 0.85, 1.09].map(quiet),
        [Verdict::Below, Verdict::Good, Verdict::Excellent, Verdict::Excellent]
    );
    assert_eq!(verdict(0.7, (0.99, 1.01), None), Verdict::Good);
}

#[test]
fn other_processes_make_the_run_void_even_if_the_engine_is_like_itself() {
    assert_eq!(verdict(0.9, (0.99, 1.01), Some(5.1)), Verdict::Void);
}

#[test]
fn an_engine_that_beats_its_own_bare_loop_is_not_believed() {
    assert_eq!(verdict(1.58, (0.93, 1.02), Some(0.0)), Verdict::Void);
}

#[test]
fn an_engine_may_be_faster_than_a_baseline_that_does_more() {
    let (mut spec, _) = spec(|_, _| 1);
    (spec.good, spec.excellent, spec.baseline_is_a_part) = (20.0, 30.0, false);
    let itself = Interval { low: 0.99, median: 1.0, high: 1.01 };
    let verdict = |low| Verdict::of(&spec, 20, &Interval { low, median: low, high: low }, &itself, Some(0.0));
    assert_eq!([19.9, 20.0, 30.0].map(verdict), [Verdict::Below, Verdict::Good, Verdict::Excellent]);
}

#[test]
fn a_check_that_leaves_its_bounds_on_either_side_makes_the_run_void() {
    assert_eq!(verdict(0.9, (0.89, 1.0), Some(0.0)), Verdict::Void);
    assert_eq!(verdict(0.9, (1.0, 1.11), Some(0.0)), Verdict::Void);
}

#[test]
fn a_slice_is_made_as_long_as_wanted_within_its_bounds() {
    let work = |micros| calibrate(&spec(micros).0, Duration::from_millis(100)).unwrap();
    assert_eq!(work(|_, _| 10), 10_000);
    assert_eq!(work(|_, _| 1_000_000), 10);
    assert_eq!(work(|_, _| 0), 100_000);
}
