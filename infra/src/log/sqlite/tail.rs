//! Watching the end of a log that another process writes: SQLite tells nobody, so a thread asks.

use super::pages::Pages;
use crate::stream::Position;
use parking_lot::{Condvar, Mutex};
use std::{sync::Arc, thread::JoinHandle, time::Duration};
use tokio::sync::watch;

/// How often to look. One search in a tree that is in memory, so this costs nothing that could be measured.
const INTERVAL: Duration = Duration::from_millis(100);

/// The thread that looks.
#[derive(Debug)]
pub(super) struct Tail {
    stop: Arc<(Mutex<bool>, Condvar)>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Tail {
    /// Tells `hint` about new events until it is stopped.
    pub(super) fn start(pages: Pages, hint: watch::Sender<Position>) -> std::io::Result<Self> {
        let stop = Arc::new((Mutex::new(false), Condvar::new()));
        let thread = {
            let stop = stop.clone();
            std::thread::Builder::new().name("event-log-tail".to_owned()).spawn(move || {
                let (stopped, changed) = &*stop;
                let mut stopped = stopped.lock();
                while !*stopped {
                    // A failure is the readers' to report; the next look may succeed.
                    if let Ok(head) = pages.head() {
                        hint.send_if_modified(|told| std::mem::replace(told, head) != head);
                    }
                    changed.wait_for(&mut stopped, INTERVAL);
                }
            })?
        };
        Ok(Self { stop, thread: Mutex::new(Some(thread)) })
    }

    pub(super) fn stop_and_join(&self) {
        *self.stop.0.lock() = true;
        self.stop.1.notify_all();
        if let Some(thread) = self.thread.lock().take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that watches the event log panicked");
        }
    }
}
