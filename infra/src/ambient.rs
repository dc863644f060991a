//! The only sources of time, ids and randomness, as handles that are passed in.

use chrono::{DateTime, SubsecRound, Utc};
use parking_lot::Mutex;
use std::{fmt::Debug, sync::Arc, time::SystemTime};
use uuid::Uuid;

/// Tells the time.
pub trait Clock: Debug + Send + Sync + 'static {
    /// Now, in whole microseconds.
    fn now(&self) -> DateTime<Utc>;
}

/// Makes ids.
pub trait IdSource: Debug + Send + Sync + 'static {
    /// A new UUIDv7.
    fn next(&self) -> Uuid;
}

/// Draws random bytes fit for secrets.
pub trait Randomness: Debug + Send + Sync + 'static {
    /// Fills the buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// The handles together; cloning is cheap.
#[derive(Debug, Clone)]
pub struct Ambient {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Ids.
    pub ids: Arc<dyn IdSource>,
    /// Randomness.
    pub randomness: Arc<dyn Randomness>,
}

impl Ambient {
    /// The machine's own.
    #[must_use]
    pub fn system() -> Self {
        Self { clock: Arc::new(SystemClock), ids: Arc::new(SystemIds), randomness: Arc::new(SystemRandomness) }
    }

    /// Time that stands still until it is moved, and ids and bytes that follow from a seed; for tests.
    #[must_use]
    pub fn seeded(start: DateTime<Utc>, seed: u64) -> (Self, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock(Mutex::new(start.trunc_subsecs(6))));
        let source = Arc::new(SeededSource { clock: clock.clone(), state: Mutex::new(seed) });
        (Self { clock: clock.clone(), ids: source.clone(), randomness: source }, clock)
    }
}

#[derive(Debug)]
struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one clock that the others stand for")]
    fn now(&self) -> DateTime<Utc> {
        // Before 1970, which no clock shows that is of any use, it stands still there.
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
        DateTime::from_timestamp(seconds, since.subsec_micros() * 1_000).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

#[derive(Debug)]
struct SystemIds;

impl IdSource for SystemIds {
    #[expect(clippy::disallowed_methods, reason = "this is the one id source that the others stand for")]
    fn next(&self) -> Uuid {
        Uuid::now_v7()
    }
}

#[derive(Debug)]
struct SystemRandomness;

impl Randomness for SystemRandomness {
    #[expect(clippy::disallowed_methods, reason = "this is the one source of randomness that the others stand for")]
    fn fill(&self, buffer: &mut [u8]) {
        // Without randomness no key and no secret can be made; there is nothing sensible to go on with.
        getrandom::fill(buffer).expect("the operating system gives random bytes");
    }
}

/// A clock that moves only when told.
#[derive(Debug)]
pub struct ManualClock(Mutex<DateTime<Utc>>);

impl ManualClock {
    /// Sets the time, in whole microseconds; also backwards.
    pub fn set(&self, now: DateTime<Utc>) {
        *self.0.lock() = now.trunc_subsecs(6);
    }

    /// Moves the time.
    pub fn advance(&self, by: chrono::TimeDelta) {
        *self.0.lock() += by;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock()
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): enough for tests, never for secrets.
#[derive(Debug)]
struct SeededSource {
    clock: Arc<ManualClock>,
    state: Mutex<u64>,
}

impl Randomness for SeededSource {
    fn fill(&self, buffer: &mut [u8]) {
        let mut state = self.state.lock();
        for chunk in buffer.chunks_mut(8) {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = *state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(mixed ^ (mixed >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}

impl IdSource for SeededSource {
    fn next(&self) -> Uuid {
        let mut random = [0; 10];
        self.fill(&mut random);
        let millis = u64::try_from(self.clock.now().timestamp_millis()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}
