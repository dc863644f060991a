//! Virtual time: what the engine's clock shows, and the true time that it may be off from.
//!
//! Within a life of the engine time is tokio's paused clock, which moves only when nothing can be done now. It goes on from
//! life to life, and the engine's clock can be set off from it in both directions, as a machine's can.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use parking_lot::Mutex;
use std::sync::Arc;
use tillroll_faults::rng::Rng;
use tillroll_infra::ambient::{Clock, IdSource, Randomness};
use tokio::time::Instant;
use uuid::Uuid;

/// When every simulation begins.
const START: &str = "2026-03-01T09:00:00Z";

/// The time of one simulated world.
#[derive(Debug)]
pub struct WorldTime(Mutex<State>);

#[derive(Debug)]
struct State {
    /// The true time at which the life began, or stopped.
    base: DateTime<Utc>,
    /// When the life began by tokio's clock; `None` while the engine is down.
    life: Option<Instant>,
    /// How far the engine's clock is off.
    offset: TimeDelta,
}

impl WorldTime {
    /// Time that stands still until a life begins.
    ///
    /// # Panics
    /// Never: the time at which it begins is well-formed.
    #[must_use]
    pub fn new() -> Arc<Self> {
        let base = START.parse().expect("the start is a time");
        Arc::new(Self(Mutex::new(State { base, life: None, offset: TimeDelta::zero() })))
    }

    /// From now on it follows the clock of the tokio runtime that this is called in.
    pub fn begin_life(&self) {
        self.0.lock().life = Some(Instant::now());
    }

    /// The engine is down for so long.
    pub fn end_life(&self, down: TimeDelta) {
        let mut state = self.0.lock();
        state.base = state.now() + down;
        state.life = None;
    }

    /// Sets the engine's clock off from the true time; zero sets it right.
    pub fn set_offset(&self, offset: TimeDelta) {
        self.0.lock().offset = offset;
    }

    /// How far the engine's clock is off.
    #[must_use]
    pub fn offset(&self) -> TimeDelta {
        self.0.lock().offset
    }

    /// The true time.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.0.lock().now()
    }
}

impl State {
    fn now(&self) -> DateTime<Utc> {
        let elapsed =
            self.life.map_or(TimeDelta::zero(), |begun| TimeDelta::from_std(begun.elapsed()).unwrap_or(TimeDelta::MAX));
        (self.base + elapsed).trunc_subsecs(6)
    }
}

/// The clock of the engine's machine.
#[derive(Debug)]
pub struct EngineClock(pub Arc<WorldTime>);

impl Clock for EngineClock {
    fn now(&self) -> DateTime<Utc> {
        let state = self.0.0.lock();
        state.now() + state.offset
    }
}

/// The clock of everybody else, which is right.
#[derive(Debug)]
pub struct TrueClock(pub Arc<WorldTime>);

impl Clock for TrueClock {
    fn now(&self) -> DateTime<Utc> {
        self.0.now()
    }
}

/// Ids and random bytes that follow from a seed, over all lives.
#[derive(Debug)]
pub struct SeededSource {
    clock: Arc<dyn Clock>,
    rng: Mutex<Rng>,
}

impl SeededSource {
    /// A source whose ids carry the time of this clock.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, rng: Rng) -> Arc<Self> {
        Arc::new(Self { clock, rng: Mutex::new(rng) })
    }
}

impl Randomness for SeededSource {
    fn fill(&self, buffer: &mut [u8]) {
        let mut rng = self.rng.lock();
        for chunk in buffer.chunks_mut(8) {
            chunk.copy_from_slice(&rng.draw().to_le_bytes()[..chunk.len()]);
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn paused() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
    }

    #[test]
    fn time_goes_on_from_life_to_life_and_the_engines_clock_may_be_off() {
        let time = WorldTime::new();
        let (start, engine) = (time.now(), EngineClock(time.clone()));
        paused().block_on(async {
            time.begin_life();
            tokio::time::sleep(Duration::from_secs(3_600)).await;
            assert_eq!(time.now() - start, TimeDelta::hours(1));
            time.set_offset(TimeDelta::minutes(-5));
            assert_eq!(engine.now() - start, TimeDelta::minutes(55));
            time.end_life(TimeDelta::minutes(10));
        });
        assert_eq!(time.now() - start, TimeDelta::minutes(70));
        paused().block_on(async {
            time.begin_life();
            tokio::time::sleep(Duration::from_secs(60)).await;
            assert_eq!(engine.now() - start, TimeDelta::minutes(66));
        });
    }

    #[test]
    fn a_seed_gives_the_same_ids() {
        let ids = |seed| {
            let source = SeededSource::new(Arc::new(TrueClock(WorldTime::new())), Rng::new(seed, 1));
            [source.next(), source.next()]
        };
        assert_eq!(ids(1), ids(1));
        assert_ne!(ids(1), ids(2));
        assert_ne!(ids(1)[0], ids(1)[1]);
    }
}
