//! Mistakes that are built in on purpose are found: the simulation can fail.

use tillroll_simulation::{
    campaign::{BUYERS, Campaign, campaign},
    faults::Planted,
};

/// The seeds within which each must be found.
const SEEDS_MAX: u64 = 1_000;

/// Runs seeds until a promise is broken, and answers which.
#[track_caller]
fn found(planted: Planted) -> &'static str {
    found_from(planted, 0)
}

/// The same, from a seed on.
#[track_caller]
fn found_from(planted: Planted, from: u64) -> &'static str {
    let plan =
        Campaign { from, to: from + SEEDS_MAX, jobs: 2, buyers: BUYERS, planted: Some(planted), stops_early: true };
    let totals = campaign(plan, &|_| ());
    let first = totals.failed.values().next().and_then(|report| report.violation.as_ref());
    first.unwrap_or_else(|| panic!("{planted:?} was not found in {} seeds", totals.seeds)).invariant
}

/// F11: what is asked of the provider is recorded first.
#[test]
fn an_effect_before_its_record_is_found() {
    let promises = ["recorded first", "provider truth", "F11 keys", "I14 money"];
    // It takes a crash between the two, and something that keeps the request from being made again; most seeds have no such
    // moment, and this one has.
    let broken = found_from(Planted::EffectBeforeRecord, 212);
    assert!(promises.contains(&broken), "{broken}");
}

/// Case 4: what is undone is undone by its process, and not by the end of a hold's time.
#[test]
fn a_compensation_that_is_left_out_is_found() {
    assert_eq!(found(Planted::MissingCompensation), "left over");
}

/// I20: a timer outlives the engine.
#[test]
fn a_timer_kept_only_in_memory_is_found() {
    assert_eq!(found(Planted::TimersInMemory), "I20 liveness");
}

/// Case 23, F11: a refund is asked for again under its own key.
#[test]
fn a_refund_retried_under_a_new_key_is_found() {
    assert_eq!(found(Planted::RefundUnderNewKey), "recorded first");
}

/// Case 9: a message is stored before it is acknowledged.
#[test]
fn a_message_acknowledged_before_it_is_stored_is_found() {
    assert_eq!(found(Planted::MessageAcknowledgedFirst), "provider truth");
}
