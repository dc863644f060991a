//! What goes wrong in a run, drawn from its seed.

use crate::crash::Point;
use parking_lot::Mutex;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tillroll_faults::rng::Rng;
use tillroll_infra::payments::simulator::script::MessageConduct;

/// A mistake that is built in on purpose, to see that it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Planted {
    /// The provider is called as soon as an operation is requested, before that is durable.
    EffectBeforeRecord,
    /// A checkout that comes to nothing does not let its stock go.
    MissingCompensation,
    /// Timers are forgotten at a restart.
    TimersInMemory,
    /// A refund without an answer is asked for again under another key.
    RefundUnderNewKey,
    /// A message of the provider is acknowledged before it is stored.
    MessageAcknowledgedFirst,
}

impl Planted {
    /// All of them, with their names on the command line.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::EffectBeforeRecord, "effect-before-record"),
        (Self::MissingCompensation, "missing-compensation"),
        (Self::TimersInMemory, "timers-in-memory"),
        (Self::RefundUnderNewKey, "refund-under-new-key"),
        (Self::MessageAcknowledgedFirst, "message-acknowledged-first"),
    ];
}

/// How likely things go wrong, in percent, and how badly.
#[derive(Debug, Clone)]
pub struct Weather {
    /// Requests and answers that are lost between a client and the engine.
    pub lost_requests: usize,
    /// Calls to the provider that never reach it.
    pub lost_before: usize,
    /// Calls to the provider whose answers are lost.
    pub lost_after: usize,
    /// Calls to the provider that it refuses for the moment.
    pub refused: usize,
    /// The longest that the provider takes to answer, in milliseconds.
    pub latency_ms: usize,
    /// How many minutes the engine's clock may be off.
    pub clock_minutes: usize,
    /// How many crashes there are at most.
    pub crashes: usize,
    /// Appends take at most so many milliseconds, as a rule and rarely.
    pub sync_ms: (usize, usize),
    /// Appends that find the disk full.
    pub full: usize,
    /// How the provider sends its messages.
    pub messages: MessageConduct,
    /// How long the provider keeps money aside, in hours.
    pub authorization_hours: usize,
    /// Events between two snapshots of a stream; none are kept if this is 0.
    pub snapshot_every: usize,
}

impl Weather {
    /// Draws the weather of a run. One run in eight has none.
    #[must_use]
    pub fn draw(rng: &mut Rng) -> Self {
        let one_of = |rng: &mut Rng, choices: &[usize]| choices[rng.below(choices.len())];
        if rng.is_within(12) {
            return Self::calm();
        }
        let small = |number: usize| u32::try_from(number).unwrap_or(0);
        let messages = MessageConduct {
            enabled: true,
            copies: u8::try_from(one_of(rng, &[1, 1, 2, 3])).unwrap_or(1),
            delay_seconds: small(one_of(rng, &[0, 0, 5, 600])),
            spread_seconds: small(one_of(rng, &[0, 2, 60, 3_600, 72 * 3_600])),
            without_our_references: rng.is_within(25),
        };
        Self {
            lost_requests: one_of(rng, &[0, 1, 3, 8]),
            lost_before: one_of(rng, &[0, 2, 10]),
            lost_after: one_of(rng, &[0, 2, 10]),
            refused: one_of(rng, &[0, 0, 5, 30]),
            latency_ms: one_of(rng, &[5, 50, 2_000, 20_000]),
            clock_minutes: one_of(rng, &[0, 0, 1, 60]),
            crashes: one_of(rng, &[0, 1, 2, 4, 6]),
            sync_ms: (one_of(rng, &[1, 3, 10]), one_of(rng, &[10, 100, 2_000])),
            full: one_of(rng, &[0, 0, 0, 2]),
            messages,
            authorization_hours: one_of(rng, &[1, 50, 24 * 7]),
            snapshot_every: one_of(rng, &[0, 4, 256]),
        }
    }

    /// Nothing goes wrong.
    #[must_use]
    pub fn calm() -> Self {
        Self {
            lost_requests: 0,
            lost_before: 0,
            lost_after: 0,
            refused: 0,
            latency_ms: 5,
            clock_minutes: 0,
            crashes: 0,
            sync_ms: (1, 1),
            full: 0,
            messages: MessageConduct::default(),
            authorization_hours: 24 * 7,
            snapshot_every: 0,
        }
    }
}

/// The faults of a run, which begin when the shop is open and stop when the last buyer has gone.
#[derive(Debug)]
pub struct Faults {
    weather: Weather,
    /// The mistake that is built in.
    pub planted: Option<Planted>,
    rng: Mutex<Rng>,
    crashes: Mutex<(usize, Rng)>,
    is_over: AtomicBool,
}

impl Faults {
    /// The faults of a seed.
    #[must_use]
    pub fn new(weather: Weather, planted: Option<Planted>, rng: Rng, crashes: Rng) -> Arc<Self> {
        let crashes = Mutex::new((weather.crashes, crashes));
        Arc::new(Self { weather, planted, rng: Mutex::new(rng), crashes, is_over: AtomicBool::new(true) })
    }

    /// The weather.
    #[must_use]
    pub const fn weather(&self) -> &Weather {
        &self.weather
    }

    /// From now on things go wrong.
    pub fn start(&self) {
        self.is_over.store(false, Ordering::SeqCst);
    }

    /// From now on nothing goes wrong any more.
    pub fn stop(&self) {
        self.is_over.store(true, Ordering::SeqCst);
    }

    /// Whether nothing goes wrong any more.
    #[must_use]
    pub fn are_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }

    /// Whether something happens that does in so many of 100 cases.
    pub fn strike(&self, percent: usize) -> bool {
        !self.are_over() && percent > 0 && self.rng.lock().is_within(percent)
    }

    /// A number from 1 to a bound; 1 once faults are over.
    pub fn up_to(&self, most: usize) -> usize {
        if self.are_over() { 1 } else { self.rng.lock().between(1, most.max(1)) }
    }

    /// Where the life that begins now is going to end, if it does.
    pub fn next_crash(&self) -> Option<(Point, usize)> {
        if self.are_over() {
            return None;
        }
        let mut crashes = self.crashes.lock();
        let (left, rng) = &mut *crashes;
        *left = left.checked_sub(1)?;
        let point = Point::ALL[rng.below(Point::ALL.len())];
        let most = match point {
            Point::BeforeAppend | Point::Durable | Point::Acknowledged => 3_000,
            Point::BeforeProvider | Point::AfterProvider | Point::BeforeMessage => 80,
            Point::Request => 500,
        };
        Some((point, rng.between(0, most)))
    }

    /// A number from a least to a most, for what happens at a crash.
    pub fn at_crash(&self, least: usize, most: usize) -> usize {
        self.crashes.lock().1.between(least, most)
    }

    /// The chance of crashes, to be drawn from.
    pub fn with_crash_rng<T>(&self, draw: impl FnOnce(&mut Rng) -> T) -> T {
        draw(&mut self.crashes.lock().1)
    }
}
