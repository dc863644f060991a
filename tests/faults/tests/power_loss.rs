//! What was acknowledged is there after the power went, whatever became of the writes that were not synced.
//!
//! `TILLROLL_IMAGES` says how many images of disks are opened, `TILLROLL_SEED` where chance begins. The order in which the
//! tasks of a recording get their turns is the machine's, so an image with something wrong is kept, and
//! `TILLROLL_IMAGE=<folder>` looks at that one again.

#![expect(clippy::unwrap_used, reason = "this is test code throughout; clippy sees that only inside test functions")]

use std::{path::PathBuf, time::Instant};
use tillroll_faults::{
    campaign,
    disk::Lie,
    power::{self, Finding, Recording},
};
use tillroll_infra::log::sqlite::Sabotage;

/// A recording takes about as long as this many images; more would look at the same bytes over and over.
const IMAGES_PER_RECORDING: usize = 250;
const THREADS: usize = 2;

fn told(findings: &[Finding]) -> String {
    findings.iter().map(|finding| format!("{finding}\n")).collect()
}

#[test]
fn nothing_acknowledged_is_lost_when_the_power_goes() {
    if let Some(kept) = std::env::var_os("TILLROLL_IMAGE").map(PathBuf::from) {
        let violations = power::look_again(&kept).unwrap();
        assert!(violations.is_empty(), "{}: {violations:#?}", kept.display());
        eprintln!("power loss: the image of TILLROLL_IMAGE holds what was acknowledged");
        return;
    }
    let (images, seed, begun) = (campaign::number("TILLROLL_IMAGES", 1_500), campaign::seed(), Instant::now());
    let (mut checked, mut operations, mut appends, mut findings) = (0, 0, 0, Vec::new());
    while checked < images && findings.is_empty() {
        let recording_seed = seed.wrapping_add(u64::try_from(checked).unwrap());
        let recording = power::record(recording_seed, None).unwrap();
        let count = IMAGES_PER_RECORDING.min(images - checked);
        findings = recording.cut_power(recording_seed, count, THREADS, None, true).unwrap();
        checked += count;
        operations += recording.operations.len();
        appends += recording.acknowledged.len();
    }
    eprintln!(
        "power loss: {checked} images of {operations} recorded operations, {appends} acknowledged appends, {} violations, \
         seed {seed}, {:.1} s",
        findings.len(),
        begun.elapsed().as_secs_f64()
    );
    assert!(findings.is_empty(), "seed {seed}\n{}", told(&findings));
}

/// The same check must find something if the log, or the disk, breaks its promise.
#[track_caller]
fn assert_found(recording: &Recording, seed: u64, lie: Option<Lie>) {
    let findings = recording.cut_power(seed, 100, THREADS, lie, false).unwrap();
    assert!(!findings.is_empty(), "seed {seed}: the check sees nothing");
    eprintln!("as it should, the check finds: {:.300}", findings[0].to_string());
}

#[test]
fn a_log_that_does_not_sync_is_found_out() {
    let seed = campaign::seed();
    assert_found(&power::record(seed, Some(Sabotage::NoSync)).unwrap(), seed, None);
}

#[test]
fn a_log_that_answers_before_it_commits_is_found_out() {
    let seed = campaign::seed();
    assert_found(&power::record(seed, Some(Sabotage::AnswerBeforeCommit)).unwrap(), seed, None);
}

#[test]
fn each_kind_of_sync_matters() {
    let seed = campaign::seed();
    let recording = power::record(seed, None).unwrap();
    for lie in [Lie::Content("-wal"), Lie::Content(".db"), Lie::Names] {
        assert_found(&recording, seed, Some(lie));
    }
}
