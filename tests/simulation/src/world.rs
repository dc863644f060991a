//! What outlives the engine: the disk, the vault, the provider, the clients, time, and the books that check it all.

use crate::{
    buyers::Buyer,
    check::{Books, Violation},
    clock::{EngineClock, SeededSource, TrueClock, WorldTime},
    disk::Disk,
    faults::{Faults, Planted, Weather},
    log::Witness,
    provider::Calls,
    reached::{Reached, State},
    shop::Shop,
    trace::{Lines, Trace},
};
use parking_lot::Mutex;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use tillroll_domain::checkout::CapturePolicy;
use tillroll_faults::rng::Rng;
use tillroll_infra::{
    ambient::{Ambient, Clock},
    codec::Codec,
    config::{ExpiringAuthorization, Settings},
    event::RecordedEvent,
    payments::simulator::Simulator,
    snapshots::MemorySnapshots,
    vault::MemoryVault,
};
use tillroll_projections::{models, projection::Projection, store::memory::MemoryStore};

/// Concerns that draw from sources of their own, so that one more draw here changes nothing there.
#[derive(Debug, Clone, Copy)]
#[repr(u64)]
enum Concern {
    Weather = 1,
    Ids,
    Provider,
    Faults,
    Crashes,
    Log,
    Shop,
    Keys,
    Buyers = 1_000,
}

fn source(seed: u64, concern: Concern) -> Rng {
    Rng::new(seed, concern as u64)
}

/// What a run is to be.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Decides everything.
    pub seed: u64,
    /// How many buyers there are.
    pub buyers: usize,
    /// What becomes of the trace's lines.
    pub lines: Lines,
    /// A mistake that is built in.
    pub planted: Option<Planted>,
}

/// A world with a shop in it.
pub struct World {
    /// What was asked for.
    pub plan: Plan,
    /// Its time.
    pub time: Arc<WorldTime>,
    /// The right time.
    pub clock: Arc<dyn Clock>,
    /// What the engine knows of the world by itself.
    pub ambient: Ambient,
    /// The disk under the event log.
    pub disk: Arc<Mutex<Disk>>,
    /// The keys of personal data.
    pub vault: Arc<MemoryVault>,
    /// Folded long streams.
    pub snapshots: Option<Arc<MemorySnapshots>>,
    /// The database of the read models, and a copy from some time ago.
    pub read_models: Mutex<(Arc<MemoryStore>, Option<MemoryStore>)>,
    /// The payment provider.
    pub simulator: Arc<Simulator>,
    /// The calls that it got.
    pub calls: Arc<Mutex<Calls>>,
    /// The bodies of its messages that were delivered.
    pub messages: Arc<Mutex<BTreeSet<Vec<u8>>>>,
    /// The engine's settings.
    pub settings: Settings,
    /// What goes wrong.
    pub faults: Arc<Faults>,
    /// The books over all events.
    pub books: Arc<Mutex<Books>>,
    /// The first broken promise.
    pub violation: Arc<Mutex<Option<Violation>>>,
    /// Rare states.
    pub reached: Arc<Reached>,
    /// What happened.
    pub trace: Arc<Trace>,
    /// What is sold, once the shop is set up.
    pub shop: Mutex<Shop>,
    /// Those who buy.
    pub buyers: Vec<Arc<Mutex<Buyer>>>,
    /// Answers by path and code.
    pub answers: Mutex<BTreeMap<String, u64>>,
    /// How many lives the engine had.
    pub lives: Mutex<u64>,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("plan", &self.plan).finish_non_exhaustive()
    }
}

impl World {
    /// The world of a seed, before anything has happened.
    #[must_use]
    pub fn new(plan: Plan) -> Arc<Self> {
        let seed = plan.seed;
        let weather = Weather::draw(&mut source(seed, Concern::Weather));
        let time = WorldTime::new();
        let clock: Arc<dyn Clock> = Arc::new(TrueClock(time.clone()));
        let engine_clock: Arc<dyn Clock> = Arc::new(EngineClock(time.clone()));
        let ids = SeededSource::new(engine_clock.clone(), source(seed, Concern::Ids));
        let ambient = Ambient { clock: engine_clock, ids: ids.clone(), randomness: ids };
        let keys = SeededSource::new(clock.clone(), source(seed, Concern::Keys));
        let vault = Arc::new(MemoryVault::new(keys.clone()));
        let theirs = SeededSource::new(clock.clone(), source(seed, Concern::Provider));
        let theirs = Ambient { clock: clock.clone(), ids: theirs.clone(), randomness: theirs };
        let reached = Arc::new(Reached::default());
        let mut rng = source(seed, Concern::Shop);
        let settings = settings(&mut rng);
        let shop = Shop::draw(&mut rng, &settings, plan.buyers);
        let buyers = (0..plan.buyers).map(|number| {
            let stream = Concern::Buyers as u64 + u64::try_from(number).unwrap_or(0);
            Arc::new(Mutex::new(Buyer::draw(number, Rng::new(seed, stream), &shop)))
        });
        let buyers = buyers.collect();
        let books = Books::new(Codec::new(vault.clone(), keys), reached.clone());
        let (faults, crashes) = (source(seed, Concern::Faults), source(seed, Concern::Crashes));
        let has_snapshots = weather.snapshot_every > 0;
        Arc::new(Self {
            plan,
            clock,
            ambient,
            time,
            disk: Arc::default(),
            vault,
            snapshots: has_snapshots.then(|| Arc::new(MemorySnapshots::new())),
            read_models: Mutex::new((Arc::new(MemoryStore::new()), None)),
            simulator: Arc::new(Simulator::in_memory(theirs, [7; 32])),
            calls: Arc::default(),
            messages: Arc::default(),
            settings,
            faults: Faults::new(weather, plan.planted, faults, crashes),
            books: Arc::new(Mutex::new(books)),
            violation: Arc::default(),
            reached,
            trace: Arc::new(Trace::new(plan.lines)),
            shop: Mutex::new(shop),
            buyers,
            answers: Mutex::default(),
            lives: Mutex::new(0),
        })
    }

    /// The read models that are kept besides the index of open work. In most runs there are none, since nobody reads them
    /// here and they cost the most; every fourth keeps them all.
    #[must_use]
    pub fn models(&self) -> Vec<Arc<dyn Projection>> {
        if self.plan.seed.is_multiple_of(4) { models::all() } else { Vec::new() }
    }

    /// The chance of a life's log.
    #[must_use]
    pub fn log_rng(&self) -> Rng {
        let life = *self.lives.lock();
        let mut rng = source(self.plan.seed, Concern::Log);
        Rng::new(rng.draw(), life)
    }

    /// Who looks at every event as it becomes durable, and ends the life over a broken promise.
    #[must_use]
    pub fn witness(&self, stop: impl Fn() + Send + Sync + 'static) -> Witness {
        let (books, trace, clock) = (self.books.clone(), self.trace.clone(), self.clock.clone());
        let violation = self.violation.clone();
        Arc::new(move |event: &RecordedEvent| {
            let parts = [event.stream.as_str().as_bytes(), event.event_type.as_bytes(), event.data.as_bytes()];
            trace.step(clock.now(), &parts, || {
                format!("{} {}@{} {} {}", event.position, event.stream, event.revision.0, event.event_type, event.data)
            });
            if let Err(broken) = books.lock().see(event) {
                violation.lock().get_or_insert(broken);
                stop();
            }
        })
    }

    /// Notes a broken promise.
    pub fn violated(&self, broken: Violation) {
        self.violation.lock().get_or_insert(broken);
    }

    /// Whether a promise was broken.
    #[must_use]
    pub fn is_violated(&self) -> bool {
        self.violation.lock().is_some()
    }

    /// What a crash leaves: a part of what was on its way to the disk, and the read models as they were, or some time ago, or
    /// none.
    pub fn crash(&self) {
        let (kept, lost) = self.faults.with_crash_rng(|rng| self.disk.lock().crash(rng));
        if kept > 0 {
            self.reached.at(State::AckLost);
        }
        if lost > 0 {
            self.reached.at(State::AppendLost);
        }
        let seen = usize::try_from(self.books.lock().events()).unwrap_or(usize::MAX);
        let survived = self.disk.lock().durable()[seen..].to_vec();
        let witness = self.witness(|| {});
        survived.iter().for_each(|event| witness(event));
        let mut read_models = self.read_models.lock();
        match (self.faults.at_crash(0, 9), read_models.1.take()) {
            (0, _) => {
                read_models.0 = Arc::new(MemoryStore::new());
                self.reached.at(State::ReadModelsWiped);
            }
            (1..=4, Some(before)) => {
                read_models.0 = Arc::new(before);
                self.reached.at(State::ReadModelsBehind);
            }
            _ => {}
        }
        if self.faults.planted == Some(Planted::TimersInMemory) {
            read_models.0 = Arc::new(MemoryStore::new());
        }
    }
}

fn settings(rng: &mut Rng) -> Settings {
    let mut settings = Settings::default();
    let locations = ["main", "north", "south"];
    let count = rng.between(1, locations.len());
    let known = "the locations are well-formed";
    settings.store.locations = locations[..count].iter().map(|name| name.parse().expect(known)).collect();
    settings.checkout.capture = if rng.is_within(60) { CapturePolicy::AtFulfillment } else { CapturePolicy::AtOnce };
    settings.checkout.on_expiring_authorization =
        if rng.is_within(60) { ExpiringAuthorization::Capture } else { ExpiringAuthorization::Hold };
    if rng.is_within(35) {
        // What is given away travels for nothing.
        for tariff in settings.pricing.shipping.values_mut() {
            tariff.price = "0".parse().expect("zero is a price");
        }
    }
    settings
}
