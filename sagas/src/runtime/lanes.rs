//! What instances are told: one after the other for each, beside each other for many.

use super::host::{Host, InstanceId};
use crate::{managed::Deliver, process::Process, worker::Routed};
use std::{
    collections::{VecDeque, btree_map::Entry},
    sync::Arc,
};
use tillroll_infra::{bus::Outcome, event::RecordedEvent, stream::Position};
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

/// Something that an instance is to be told.
pub(super) struct Told<P: Process> {
    trigger: P::Trigger,
    position: Position,
    event_id: Uuid,
    starts: bool,
    _permit: OwnedSemaphorePermit,
}

impl<P: Process> Host<P> {
    /// Puts it behind what the instance is yet to be told.
    pub(super) fn tell(self: &Arc<Self>, event: &RecordedEvent, routed: Routed<P>, permit: OwnedSemaphorePermit) {
        let Routed { instance, trigger, starts } = routed;
        let instance = InstanceId { tenant: event.stream.tenant().into(), id: instance.into() };
        let told = Told { trigger, position: event.position, event_id: event.id, starts, _permit: permit };
        self.progress.lock().under_way(event.position);
        match self.lanes.lock().entry(instance.clone()) {
            Entry::Occupied(mut lane) => return lane.get_mut().push_back(told),
            Entry::Vacant(vacant) => {
                vacant.insert(VecDeque::from([told]));
            }
        }
        self.shared.spawn(self.clone().empty_lane(instance));
    }

    /// Ends when the lane is empty, or everything does.
    async fn empty_lane(self: Arc<Self>, instance: InstanceId) {
        while let Some(told) = self.next_told(&instance) {
            let Told { position, event_id, starts, .. } = told;
            let input = || Deliver::Told {
                trigger: told.trigger.clone(),
                position: position.0,
                event_id,
                starts,
                policy: self.worker.policy(),
            };
            let (name, cause) = (format!("told/{position}"), event_id.to_string());
            let Some(executed) = self.give_surely(&instance, &name, Some(&cause), input).await else { return };
            self.progress.lock().handled(position);
            if executed.outcome != Outcome::NothingToDo {
                self.see_to_actions(&instance).await;
            }
        }
    }

    fn next_told(&self, instance: &InstanceId) -> Option<Told<P>> {
        let mut lanes = self.lanes.lock();
        let told = lanes.get_mut(instance)?.pop_front();
        if told.is_none() {
            lanes.remove(instance);
        }
        told
    }
}
