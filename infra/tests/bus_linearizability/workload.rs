//! Tasks that send commands through several buses on one log, and record what they were answered.

use super::register::{Answer, BusCall, Register, RegisterCommand};
use parking_lot::Mutex;
use std::{collections::BTreeMap, sync::Arc};
use tillroll_domain::ids::CommandId;
use tillroll_infra::{
    ambient::Ambient,
    bus::{Bus, CommandContext, ExecuteError},
    log::{
        EventLog,
        conformance::linearizability::{
            history::{Call, Moments, Taken},
            workload::Dice,
        },
    },
    snapshots::MemorySnapshots,
    stream::Revision,
};
use tokio::task::JoinSet;

/// What the tasks do.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) tasks: usize,
    pub(crate) steps: usize,
    /// The ids of the registers, none of which exists yet.
    pub(crate) registers: Vec<String>,
}

/// The calls on each register.
pub(crate) type Histories = BTreeMap<String, Vec<Call<BusCall>>>;

type Sent = (String, CommandId, RegisterCommand);

struct Task {
    buses: Vec<Bus>,
    ids: Ambient,
    plan: Arc<Plan>,
    moments: Arc<Moments>,
    /// Commands of all tasks, so that they repeat each other's.
    past: Arc<Mutex<Vec<Sent>>>,
    dice: Dice,
    calls: Vec<(String, Call<BusCall>)>,
}

/// Runs the plan on two buses.
pub(crate) async fn record(log: &Arc<dyn EventLog>, ambient: &Ambient, plan: Plan, seed: u64) -> Histories {
    let node = || Bus::builder(log.clone(), ambient.clone()).register::<Register>();
    // The second one forgets most states at once, and goes on from snapshots.
    let forgetful = node().cache_bytes(64 << 10).snapshots(Arc::new(MemorySnapshots::new()), 1);
    let buses = vec![node().build(), forgetful.build()];
    let plan = Arc::new(plan);
    let (moments, past) = (Arc::new(Moments::default()), Arc::default());
    let mut tasks = JoinSet::new();
    let mut seeds = Dice(seed);
    for _ in 0..plan.tasks {
        let mut task = Task {
            buses: buses.clone(),
            ids: ambient.clone(),
            plan: plan.clone(),
            moments: moments.clone(),
            past: Arc::clone(&past),
            dice: Dice(u64::try_from(seeds.roll(1 << 31)).unwrap()),
            calls: Vec::new(),
        };
        tasks.spawn(async move {
            for _ in 0..task.plan.steps {
                task.step().await;
            }
            task.calls
        });
    }
    let mut histories = Histories::new();
    while let Some(calls) = tasks.join_next().await {
        for (register, call) in calls.unwrap() {
            histories.entry(register).or_default().push(call);
        }
    }
    for calls in histories.values_mut() {
        calls.sort_unstable_by_key(|call| call.invoked);
    }
    histories
}

impl Task {
    async fn step(&mut self) {
        let register = self.plan.registers[self.dice.roll(self.plan.registers.len())].clone();
        match self.dice.roll(100) {
            0..55 => self.execute_new(register).await,
            55..75 => self.execute_again().await,
            _ => self.load(register).await,
        }
    }

    async fn linger(&mut self) {
        if self.dice.percent(30) {
            tokio::task::yield_now().await;
        }
    }

    async fn execute_new(&mut self, register: String) {
        let small = |dice: &mut Dice| i64::try_from(dice.roll(3)).unwrap();
        let command = if self.dice.percent(60) {
            RegisterCommand::SetIf { holds: small(&mut self.dice), value: small(&mut self.dice) }
        } else {
            RegisterCommand::Add { times: u32::try_from(self.dice.roll(3)).unwrap() }
        };
        let id = CommandId::new(self.ids.ids.next());
        self.past.lock().push((register.clone(), id, command));
        let if_revision = self.dice.percent(15).then(|| Revision(u64::try_from(self.dice.roll(6)).unwrap()));
        self.execute(register, id, command, if_revision).await;
    }

    /// A command of the past once more, or its id with other content.
    async fn execute_again(&mut self) {
        let chosen = {
            let past = self.past.lock();
            let back = if self.dice.percent(70) { past.len().min(4) } else { past.len() };
            if back == 0 { None } else { past.get(past.len() - 1 - self.dice.roll(back)).cloned() }
        };
        let Some((register, id, mut command)) = chosen else { return };
        if self.dice.percent(15) {
            command = RegisterCommand::Add { times: 3 };
        }
        self.execute(register, id, command, None).await;
    }

    async fn execute(
        &mut self,
        register: String,
        id: CommandId,
        command: RegisterCommand,
        if_revision: Option<Revision>,
    ) {
        let queue = self.dice.roll(self.buses.len());
        let bus = self.buses[queue].clone();
        let context = CommandContext { if_revision, ..CommandContext::live(id, "tester") };
        let invoked = self.moments.next();
        self.linger().await;
        let pending = bus.submit::<Register>(&register, command, context).await.unwrap();
        let taken = Some(Taken { queue, at: self.moments.next() });
        let (answer, answered) = if self.dice.percent(5) {
            (Answer::Unheard, None)
        } else {
            let answer = match pending.await {
                Ok(executed) => Answer::Executed(executed),
                Err(ExecuteError::Refused(refusal)) => Answer::Refused(refusal),
                Err(ExecuteError::CommandIdReused { .. }) => Answer::Reused,
                Err(ExecuteError::RevisionMismatch { actual, .. }) => Answer::Mismatch(actual),
                Err(ExecuteError::Contended { .. }) => Answer::GaveUp,
                Err(error) => panic!("{error}"),
            };
            self.linger().await;
            (answer, Some(self.moments.next()))
        };
        let what = BusCall::Execute { id, command, if_revision, answer };
        self.calls.push((register, Call { invoked, taken, answered, what }));
    }

    async fn load(&mut self, register: String) {
        let bus = self.buses[self.dice.roll(self.buses.len())].clone();
        let invoked = self.moments.next();
        self.linger().await;
        let loaded = bus.load::<Register>("default", &register).await.unwrap();
        self.linger().await;
        let answered = Some(self.moments.next());
        let what = BusCall::Load { value: loaded.state, revision: loaded.revision, position: loaded.position };
        self.calls.push((register, Call { invoked, taken: None, answered, what }));
    }
}
