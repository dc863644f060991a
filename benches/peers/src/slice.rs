//! One slice: all writers of one system append in a closed loop until its time is over.

use crate::{
    system::{Counts, Writer},
    workload::Workload,
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tillroll_benches::Failure;
use tillroll_infra::ambient::{Ambient, IdSource};
use tokio::task::JoinSet;

/// What one slice came to.
#[derive(Debug, Default)]
pub struct Slice {
    /// Acknowledged events a second.
    pub rate: f64,
    /// Microseconds from the call to the acknowledgment of each.
    pub micros: Vec<u32>,
    /// Tries beyond the first.
    pub retries: u64,
}

/// The writers of one system and what it has acknowledged to them.
pub struct Writers {
    writers: Vec<Box<dyn Writer>>,
    workload: Arc<Workload>,
    ids: Arc<dyn IdSource>,
    next_order: usize,
    /// Everything since the beginning.
    pub acknowledged: Counts,
}

impl Writers {
    /// None of them has written anything.
    #[must_use]
    pub fn new(writers: Vec<Box<dyn Writer>>, workload: &Arc<Workload>) -> Self {
        let (workload, ids) = (workload.clone(), Ambient::system().ids);
        Self { writers, workload, ids, next_order: 0, acknowledged: Counts::new() }
    }

    /// Appends for about this long: what is under way at the end is waited for, and its time counts.
    ///
    /// # Errors
    /// Any failure of any append.
    pub async fn run(&mut self, length: Duration) -> Result<Slice, Failure> {
        let start = Instant::now();
        let deadline = start + length;
        let mut tasks = JoinSet::new();
        for writer in self.writers.drain(..) {
            // Far apart, so that no two writers are at the same order of the workload.
            self.next_order += 31;
            tasks.spawn(write(writer, self.workload.clone(), self.ids.clone(), self.next_order, deadline));
        }
        let mut slice = Slice::default();
        while let Some(task) = tasks.join_next().await {
            let (writer, written) = task??;
            self.writers.push(writer);
            slice.micros.extend(written.micros);
            slice.retries += written.retries;
            self.acknowledged.extend(written.acknowledged);
        }
        let events = u32::try_from(slice.micros.len())?;
        slice.rate = f64::from(events) / start.elapsed().as_secs_f64();
        Ok(slice)
    }
}

/// What one writer has done in one slice.
#[derive(Debug, Default)]
struct Written {
    micros: Vec<u32>,
    retries: u64,
    acknowledged: Counts,
}

async fn write(
    mut writer: Box<dyn Writer>,
    workload: Arc<Workload>,
    ids: Arc<dyn IdSource>,
    first_order: usize,
    deadline: Instant,
) -> Result<(Box<dyn Writer>, Written), Failure> {
    let mut written = Written::default();
    for order in first_order.. {
        let stream = ids.next();
        for (number, event) in workload.order(order).iter().enumerate() {
            let start = Instant::now();
            if start >= deadline {
                return Ok((writer, written));
            }
            written.retries += writer.append(stream, number, event).await?;
            written.micros.push(u32::try_from(start.elapsed().as_micros())?);
            *written.acknowledged.entry(stream).or_default() += 1;
        }
    }
    Err("the numbers of orders ran out".into())
}
