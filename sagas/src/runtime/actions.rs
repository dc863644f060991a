//! Carrying actions out: each in a task of its own, tried later and later until it is answered.

use super::{
    host::{Host, InstanceId, with_cause},
    shared::Backoff,
};
use crate::{
    managed::{Deliver, Managed},
    process::Process,
    worker::Sender,
};
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use std::sync::{Arc, atomic::Ordering};

/// The most actions of one process that are kept in mind at a time. Further ones stay in the index, where they are found
/// when it is next looked through.
const AT_WORK_MAX: usize = 65_536;

impl<P: Process> Host<P> {
    /// Begins to carry out what an instance wants done and nobody is at.
    pub(super) async fn see_to_actions(self: &Arc<Self>, instance: &InstanceId) {
        let mut backoff = Backoff::new(&self.shared.options);
        let state = loop {
            if self.shared.is_stopping() {
                return;
            }
            match self.shared.bus.load::<Managed<P>>(&instance.tenant, &instance.id).await {
                Ok(loaded) => break loaded.state,
                Err(error) => {
                    let pause = backoff.failed("load", instance, &with_cause(&error));
                    if self.shared.unless_stopped(tokio::time::sleep(pause)).await.is_none() {
                        return;
                    }
                }
            }
        };
        backoff.succeeded("load", instance);
        for (no, action) in state.outbox.open {
            let queued_at = state.queued_at.get(&no).copied().unwrap_or_default();
            if let Some(at_work) = AtWork::begin(self, instance, no) {
                self.shared.spawn(at_work.carry_out(action, queued_at));
            }
        }
    }
}

/// That an action is being carried out. Dropping it ends that, however it came to it.
struct AtWork<P: Process> {
    host: Arc<Host<P>>,
    instance: InstanceId,
    no: u32,
    is_failing: bool,
}

impl<P: Process> AtWork<P> {
    /// `None` if somebody is at it, or there is no room.
    fn begin(host: &Arc<Host<P>>, instance: &InstanceId, no: u32) -> Option<Self> {
        let mut at_work = host.at_work.lock();
        if at_work.len() >= AT_WORK_MAX || !at_work.insert((instance.clone(), no)) {
            return None;
        }
        Some(Self { host: host.clone(), instance: instance.clone(), no, is_failing: false })
    }

    /// In a box, since what the answer leads to may be carried out in turn.
    fn carry_out(mut self, action: P::Action, queued_at: DateTime<Utc>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let Some(answer) = self.perform(&action, queued_at).await else { return };
            let (host, instance, no) = (self.host.clone(), self.instance.clone(), self.no);
            let input = || Deliver::Answered { no, answer: answer.clone(), policy: host.worker.policy() };
            if host.give_surely(&instance, &format!("answered/{no}"), None, input).await.is_none() {
                return;
            }
            drop(self);
            host.see_to_actions(&instance).await;
        })
    }

    /// What the action came to; `None` if everything ends before.
    async fn perform(&mut self, action: &P::Action, queued_at: DateTime<Utc>) -> Option<P::Answer> {
        let host = self.host.clone();
        let sender = Sender {
            process: P::CATEGORY,
            tenant: self.instance.tenant.to_string(),
            instance: self.instance.id.to_string(),
            no: self.no,
            queued_at,
        };
        let mut backoff = Backoff::new(&host.shared.options);
        loop {
            // While it waits to be tried again, it takes nobody's place.
            let permit = host.shared.unless_stopped(host.shared.actions.acquire()).await?;
            let performed = host.worker.perform(action, &sender).await;
            drop(permit);
            match performed {
                Ok(answer) => {
                    backoff.succeeded("action", &self.instance);
                    self.failing(false);
                    return Some(answer);
                }
                Err(error) => {
                    let pause = backoff.failed("action", &self.instance, &error);
                    self.failing(true);
                    host.shared.unless_stopped(tokio::time::sleep(pause)).await?;
                }
            }
        }
    }

    fn failing(&mut self, is_failing: bool) {
        match (std::mem::replace(&mut self.is_failing, is_failing), is_failing) {
            (false, true) => {
                self.host.failing.fetch_add(1, Ordering::Relaxed);
            }
            (true, false) => {
                self.host.failing.fetch_sub(1, Ordering::Relaxed);
            }
            (false, false) | (true, true) => {}
        }
    }
}

impl<P: Process> Drop for AtWork<P> {
    fn drop(&mut self) {
        self.failing(false);
        self.host.at_work.lock().remove(&(self.instance.clone(), self.no));
    }
}
