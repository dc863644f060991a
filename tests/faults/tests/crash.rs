//! What was acknowledged is there after the process was killed, at any moment, also while it recovered from the kill before.
//!
//! `SIGKILL` leaves what was written in the system's cache, so it cannot tell a log that syncs from one that does not. With
//! the mode `volatile` the child keeps unsynced writes in its own memory, and the kill takes them along.
//!
//! `TILLROLL_KILLS` says how many kills, `TILLROLL_SEED` where chance begins.

#![expect(clippy::unwrap_used, reason = "this is test code throughout; clippy sees that only inside test functions")]

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Instant,
};
use tillroll_faults::{
    campaign,
    oracle::{self, Violation},
    power,
    rng::Rng,
    workload::Acknowledged,
};

/// The most kills of one log: the check reads all of it.
const KILLS_PER_LOG: usize = 8;

/// Kills its child when it is dropped, so that a failed test leaves none behind.
struct Appender(Child);

impl Drop for Appender {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// When to kill.
#[derive(Debug, Clone, Copy)]
enum Moment {
    Opening,
    Opened,
    Acknowledged(usize),
}

impl Moment {
    fn choose(rng: &mut Rng) -> Self {
        match rng.below(10) {
            0..3 => Self::Opening,
            3 => Self::Opened,
            _ => Self::Acknowledged(1 << rng.below(11)),
        }
    }
}

/// Starts a child on a folder, kills it at a moment, and adds what it acknowledged.
fn kill_once(folder: &Path, run: usize, modes: &[&str], rng: &mut Rng, acknowledged: &mut Vec<Acknowledged>) {
    let child = Command::new(env!("CARGO_BIN_EXE_appender"))
        .arg(folder)
        .arg(run.to_string())
        .args(modes)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the child starts");
    let mut appender = Appender(child);
    let mut lines = BufReader::new(appender.0.stdout.take().expect("its output is a pipe"));
    let moment = Moment::choose(rng);
    let (mut received, mut is_killed, mut line) = (0, false, String::new());
    loop {
        line.clear();
        if lines.read_line(&mut line).expect("the pipe can be read") == 0 {
            break;
        }
        let is_reached = match (line.trim_end(), moment) {
            ("opening", Moment::Opening) | ("opened", Moment::Opened) => true,
            ("opening" | "opened", _) => false,
            (text, moment) => {
                acknowledged.push(text.parse().unwrap_or_else(|error| panic!("{error}: {text}")));
                received += 1;
                matches!(moment, Moment::Acknowledged(count) if received >= count)
            }
        };
        if is_reached && !is_killed {
            // Up to about a millisecond: the moment must not always be the one at which a line was written.
            let scale = rng.below(18);
            for _ in 0..rng.below(1 << scale) {
                std::hint::spin_loop();
            }
            appender.0.kill().expect("the child can be killed");
            is_killed = true;
        }
    }
    let status = appender.0.wait().expect("the child ends");
    assert!(is_killed, "the child ended by itself at {moment:?} with {status}");
}

#[derive(Default)]
struct Campaign {
    kills: usize,
    acknowledged: usize,
    checks: usize,
    violations: Vec<Violation>,
}

/// Kills until there were enough kills, or a violation was found. Every log is killed several times, and checked after some
/// of the kills and after the last.
fn kill(kills: usize, seed: u64, modes: &[&str]) -> Campaign {
    let mut campaign = Campaign::default();
    let runtime = power::runtime().unwrap();
    let mut rng = Rng::new(seed, 3);
    while campaign.kills < kills && campaign.violations.is_empty() {
        let folder = campaign::folder();
        let mut acknowledged = Vec::new();
        let last = rng.between(1, KILLS_PER_LOG).min(kills - campaign.kills);
        for run in 1..=last {
            kill_once(folder.path(), run, modes, &mut rng, &mut acknowledged);
            campaign.kills += 1;
            if run == last || rng.is_within(40) {
                campaign.violations = runtime.block_on(oracle::examine(folder.path(), &acknowledged));
                campaign.checks += 1;
            }
            if !campaign.violations.is_empty() {
                break;
            }
        }
        campaign.acknowledged += acknowledged.len();
    }
    campaign
}

fn assert_nothing_is_lost(modes: &[&str], kills: usize) {
    let (seed, begun) = (campaign::seed(), Instant::now());
    let campaign = kill(kills, seed, modes);
    eprintln!(
        "crash {modes:?}: {} kills, {} acknowledged appends, {} checks of whole logs, {} violations, seed {seed}, {:.1} s",
        campaign.kills,
        campaign.acknowledged,
        campaign.checks,
        campaign.violations.len(),
        begun.elapsed().as_secs_f64()
    );
    assert!(campaign.violations.is_empty(), "seed {seed}: {:#?}", campaign.violations);
    assert!(campaign.acknowledged > 0 || kills < 10, "nothing was acknowledged, so nothing was tested");
}

fn assert_found_out(modes: &[&str]) {
    let seed = campaign::seed();
    let campaign = kill(200, seed, modes);
    assert!(!campaign.violations.is_empty(), "seed {seed}: {} kills of {modes:?} found nothing", campaign.kills);
    eprintln!("as it should, kill {} of {modes:?} finds: {:.300}", campaign.kills, campaign.violations[0].to_string());
}

#[test]
fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    assert_nothing_is_lost(&[], campaign::number("TILLROLL_KILLS", 25));
}

#[test]
fn nothing_acknowledged_is_lost_when_unsynced_writes_die_with_the_process() {
    assert_nothing_is_lost(&["volatile"], campaign::number("TILLROLL_KILLS", 25));
}

#[test]
fn a_log_that_answers_before_it_commits_is_found_out() {
    assert_found_out(&["answer-before-commit"]);
}

#[test]
fn a_log_that_does_not_sync_is_found_out_where_unsynced_writes_die_with_the_process() {
    assert_found_out(&["volatile", "no-sync"]);
}
