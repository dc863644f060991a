//! An import that is killed again and again ends like one that ran through.
//!
//! A campaign chooses with `TILLROLL_KILLS` how often, with `TILLROLL_KILL_FILE` which file, and with
//! `TILLROLL_KILL_SEED` which moments.

use crate::support::{
    Shop, retail,
    shop::{assert_same_history, without_run},
};
use std::{
    env,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    str::FromStr,
    time::{Duration, Instant},
};
use tillroll_infra::log::{
    EventLog,
    sqlite::{SqliteLog, SqliteLogOptions},
};
use tokio::time::sleep;

const KILLS: u64 = 6;
const SEED: u64 = 20_101_201;

/// A number from the environment.
fn number(name: &str, default: u64) -> u64 {
    let given = env::var(name).ok();
    given.map_or(default, |text| u64::from_str(&text).unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct SplitMix(u64);

impl SplitMix {
    /// A number of at most `max`.
    fn up_to(&mut self, max: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % (max + 1)
    }
}

/// When to kill.
#[derive(Debug)]
enum Moment {
    /// Once the log holds so many events.
    Events(u64),
    /// After this time: while it opens its files, surveys, or passes over what has entered.
    After(Duration),
}

/// How many events the log holds. A kill in the very beginning leaves none, or a file without tables.
async fn events(shop: &Shop) -> u64 {
    match SqliteLog::open_read_only(&SqliteLogOptions::new(shop.data().join("log.db"))) {
        Ok(log) => log.head().await.unwrap().0,
        Err(_) => 0,
    }
}

/// Kills the import at its moment. Answers false if it had ended before, which must have been with success.
async fn kill_at(mut import: Child, shop: &Shop, moment: &Moment) -> bool {
    let started = Instant::now();
    let mut log = None;
    loop {
        if let Some(status) = import.try_wait().unwrap() {
            assert!(status.success(), "the import failed by itself: {status}");
            return false;
        }
        let is_time = match moment {
            Moment::Events(events) => match &log {
                None => {
                    log = SqliteLog::open_read_only(&SqliteLogOptions::new(shop.data().join("log.db"))).ok();
                    false
                }
                Some(log) => log.head().await.unwrap().0 >= *events,
            },
            Moment::After(time) => started.elapsed() >= *time,
        };
        if is_time {
            break;
        }
        sleep(Duration::from_micros(500)).await;
    }
    // SIGKILL; it fails if the import has just ended.
    let _ = import.kill();
    import.wait().unwrap().code().is_none()
}

async fn assert_killed_imports_end_the_same(file: &Path, kills: u64, seed: u64) {
    let (undisturbed, shop) = (Shop::new(), Shop::new());
    let started = Instant::now();
    let expected = undisturbed.report(file, &[]);
    let whole_run = u64::try_from(started.elapsed().as_micros()).unwrap();
    let in_all = expected["events"].as_u64().unwrap();

    let mut random = SplitMix(seed);
    let (mut landed, mut partial) = (0, 0);
    for kill in 0..kills {
        let before = events(&shop).await;
        let moment = if kill % 3 == 2 {
            Moment::After(Duration::from_micros(random.up_to(whole_run / 4)))
        } else {
            // Every kill leaves room for the ones that follow, so that they are spread over the whole import.
            Moment::Events(before + 1 + random.up_to(in_all.saturating_sub(before) / (kills - kill)))
        };
        let mut command = shop.import_command(file, &["--json"]);
        let import = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        landed += u64::from(kill_at(import, &shop, &moment).await);
        let after = events(&shop).await;
        partial += u64::from(after > 0 && after < in_all);
        eprintln!("kill {kill} at {moment:?}: {after} events of {in_all}");
    }
    assert!(landed > 0 && partial > 0, "no kill fell into the import: seed {seed}");

    let report = shop.report(file, &[]);
    assert_eq!(without_run(report), without_run(expected), "seed {seed}");
    assert_same_history(&shop.history(), &undisturbed.history());
    let last = |shop: &Shop| {
        let events = shop.events(&["--category", "import"]);
        events.last().map(|event| (event.event_type.clone(), event.data.get().to_owned()))
    };
    assert_eq!(last(&shop), last(&undisturbed), "the imports ended differently");
    let whole = events(&shop).await;
    assert_eq!(shop.report(file, &[])["events"], 0);
    assert_eq!(events(&shop).await, whole);
}

#[tokio::test]
async fn an_import_killed_at_any_moment_goes_on_and_ends_the_same() {
    let file = match env::var_os("TILLROLL_KILL_FILE").map(PathBuf::from) {
        Some(path) => path.canonicalize().unwrap_or_else(|error| panic!("{}: {error}", path.display())),
        None => match retail("sample.csv") {
            Some(path) => path,
            None => return,
        },
    };
    let (kills, seed) = (number("TILLROLL_KILLS", KILLS), number("TILLROLL_KILL_SEED", SEED));
    assert!(kills > 0, "TILLROLL_KILLS must not be 0");
    assert_killed_imports_end_the_same(&file, kills, seed).await;
}
