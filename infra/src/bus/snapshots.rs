//! When the bus takes snapshots of long streams, what it puts into them, and how it goes on from one.
//!
//! **Invariant:** a snapshot holds durable events only.
//! **Invariant:** no answer waits for a snapshot to be written.

use super::{Core, ExecuteError, Loaded, window::CommandWindow};
use crate::{
    codec::{self, Codec, CodecError, Place},
    snapshots::{SNAPSHOT_BYTES_MAX, Snapshot, SnapshotStore},
    stream::StreamId,
};
use serde::{Deserialize, Serialize};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tillroll_domain::aggregate::Aggregate;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many snapshots may be under way at a time; when there are as many, a stream waits for its next occasion.
const UNDER_WAY_MAX: usize = 8;
/// A stream's next snapshot comes after at least one event for this many bytes of its last one, so that a large state is
/// not written again for little: an event never costs more than these bytes.
const BYTES_PER_EVENT: usize = 256;

/// Takes snapshots and goes on from them.
#[derive(Debug)]
pub(crate) struct Snapshots {
    store: Arc<dyn SnapshotStore>,
    /// How many events are folded between two snapshots of a stream at least.
    every: usize,
    under_way: Arc<Semaphore>,
}

/// How far a stream has gone on since its last snapshot.
#[derive(Debug, Clone, Default)]
pub(crate) struct SnapshotAge {
    /// How many events were folded in since.
    pub(crate) events: usize,
    /// How large it was; shared with the task that writes it, which comes to know.
    bytes: Option<Arc<AtomicUsize>>,
}

/// The body of a snapshot, as it is written.
#[derive(Serialize)]
#[serde(bound = "")]
struct Body<'a, A: Aggregate> {
    folded_bytes: usize,
    commands: &'a CommandWindow,
    state: &'a A::State,
}

/// The same, as it is read.
#[derive(Deserialize)]
#[serde(bound = "", deny_unknown_fields)]
struct ReadBody<A: Aggregate> {
    folded_bytes: usize,
    commands: CommandWindow,
    state: A::State,
}

impl Snapshots {
    pub(super) fn new(store: Arc<dyn SnapshotStore>, every: usize) -> Self {
        Self { store, every: every.max(1), under_way: Arc::new(Semaphore::new(UNDER_WAY_MAX)) }
    }

    /// Takes a snapshot if enough has happened since the last one. All of the state must be durable. Copies the state;
    /// everything else happens in a task of its own.
    pub(super) fn take_if_due<A: Aggregate>(&self, codec: &Codec, stream: &StreamId, loaded: &mut Loaded<A>) {
        let age = &mut loaded.since_snapshot;
        let last_bytes = age.bytes.as_ref().map_or(0, |bytes| bytes.load(Ordering::Relaxed));
        if age.events < self.every.max(last_bytes / BYTES_PER_EVENT) {
            return;
        }
        let Ok(permit) = self.under_way.clone().try_acquire_owned() else { return };
        age.events = 0;
        let bytes = age.bytes.get_or_insert_default().clone();
        let task = take(self.store.clone(), codec.clone(), stream.clone(), loaded.clone(), bytes, permit);
        tokio::spawn(task);
    }

    /// What the stream's snapshot holds, if there is one that this code reads.
    async fn load<A: Aggregate>(&self, core: &Core, stream: &StreamId) -> Option<Box<Loaded<A>>> {
        // Before it is opened: what is read of a person who is erased meanwhile is not used.
        let (codec, erasures) = (&core.codec, core.cache.erasures());
        let snapshot = self.store.load(stream).await?;
        if snapshot.state_version != A::STATE_VERSION || snapshot.stream != *stream {
            return None;
        }
        let place = Place::Snapshot { stream, last_event: snapshot.last_event };
        let body = match codec.open(place, &snapshot.body).await {
            Ok(body) => body,
            // If it is the vault that fails, the events say so.
            Err(error) => {
                tracing::warn!(stream.category = stream.category(), %error, "a snapshot was not opened and is passed over");
                return None;
            }
        };
        let read: ReadBody<A> = match serde_json::from_str(&body) {
            Ok(read) => read,
            Err(error) => {
                tracing::warn!(stream.category = stream.category(), %error, "a snapshot was not understood and is passed over");
                return None;
            }
        };
        let bytes = Some(Arc::new(AtomicUsize::new(snapshot.body.len())));
        Some(Box::new(Loaded {
            state: read.state,
            revision: Some(snapshot.revision),
            position: snapshot.position,
            last_event: snapshot.last_event,
            window: read.commands,
            folded_bytes: read.folded_bytes,
            since_snapshot: SnapshotAge { events: 0, bytes },
            is_personal: !codec::is_plain(&snapshot.body),
            erasures,
        }))
    }
}

async fn take<A: Aggregate>(
    store: Arc<dyn SnapshotStore>,
    codec: Codec,
    stream: StreamId,
    loaded: Loaded<A>,
    bytes: Arc<AtomicUsize>,
    permit: OwnedSemaphorePermit,
) {
    let body: Body<'_, A> = Body { folded_bytes: loaded.folded_bytes, commands: &loaded.window, state: &loaded.state };
    let (Some(revision), last_event) = (loaded.revision, loaded.last_event) else {
        // An empty stream has nothing to keep.
        return;
    };
    let body = match serde_json::to_string(&body) {
        Ok(body) => body,
        Err(error) => {
            tracing::warn!(stream.category = stream.category(), %error, "a state cannot be written as a snapshot");
            return;
        }
    };
    let body = match codec.seal(Place::Snapshot { stream: &stream, last_event }, body).await {
        Ok(body) => body,
        // Somebody was erased after the state was loaded; the next state knows it.
        Err(CodecError::Erased { .. }) => return,
        Err(error) => {
            tracing::warn!(stream.category = stream.category(), %error, "a snapshot could not be sealed");
            return;
        }
    };
    bytes.store(body.len(), Ordering::Relaxed);
    if body.len() <= SNAPSHOT_BYTES_MAX {
        store.save(Snapshot {
            stream,
            state_version: A::STATE_VERSION,
            revision,
            position: loaded.position,
            last_event,
            body: body.into(),
        });
    }
    drop(permit);
}

/// Reads a stream that is not in the cache: from its snapshot on if there is one that fits the log, else from its beginning.
/// Takes a snapshot if that was far to read.
pub(super) async fn load_cold<A: Aggregate>(
    core: &Core,
    stream: &StreamId,
) -> Result<Box<Loaded<A>>, ExecuteError<A::Error>> {
    let resumed = match &core.snapshots {
        Some(snapshots) => match snapshots.load::<A>(core, stream).await {
            Some(loaded) => loaded.resume(core, stream).await?,
            None => None,
        },
        None => None,
    };
    let mut loaded = match resumed {
        Some(loaded) => loaded,
        None => Loaded::initial().catch_up(core, stream).await?.0,
    };
    if let Some(snapshots) = &core.snapshots {
        snapshots.take_if_due(&core.codec, stream, &mut loaded);
    }
    Ok(loaded)
}
