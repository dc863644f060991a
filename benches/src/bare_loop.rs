//! The baseline of everything that ends in durable appends: one connection and one loop that inserts the very rows that
//! the engine has recorded, in the very groups; no contract, no check, no channel, no other thread.

use crate::{Failure, harness::Slice, stats};
use bare::Bare;
use raw::Raw;
use recording::{Recorder, Recording};
use std::{collections::VecDeque, path::Path, time::Duration};

mod bare;
mod raw;
mod recording;

/// A slice of the baseline repeats one of the engine's; in A B B A the engine is two ahead at most.
const RECORDINGS_MAX: usize = 2;

/// Repeats what the engine does.
#[derive(Debug)]
pub(crate) struct BareLoop {
    recorder: Recorder,
    /// What the engine has done and the loop has not repeated, oldest first, and how long the engine took.
    recordings: VecDeque<(Recording, Duration)>,
    bare: Bare,
    raw: Option<Raw>,
    /// The engine's rate to that of plain writes, one for each repetition.
    ratios_to_raw: Vec<f64>,
}

impl BareLoop {
    /// A loop that repeats what is written to the log in `log_file`, into a file of its own in `folder`, which is not the
    /// log's.
    pub(crate) fn create(log_file: &Path, folder: &Path) -> Result<Self, Failure> {
        Ok(Self {
            recorder: Recorder::open(log_file)?,
            recordings: VecDeque::new(),
            bare: Bare::create(&folder.join("events.sqlite"))?,
            raw: None,
            ratios_to_raw: Vec::new(),
        })
    }

    /// Lets it also write the groups' bytes to a plain file in `folder`, each time it repeats them.
    pub(crate) fn with_raw(mut self, folder: &Path) -> Result<Self, Failure> {
        self.raw = Some(Raw::create(&folder.join("raw"))?);
        Ok(self)
    }

    /// Takes note of what the engine did in a slice, if it made so many commits.
    pub(crate) fn record(&mut self, slice: Slice, commits: u64) -> Result<(), Failure> {
        let recording = self.recorder.record_new()?;
        if u64::try_from(recording.events())? != slice.events {
            return Err(format!("{} events were recorded of {}", recording.events(), slice.events).into());
        }
        if u64::try_from(recording.groups.len())? != commits {
            return Err(format!("the file tells of {} groups, the log made {commits}", recording.groups.len()).into());
        }
        if self.recordings.len() == RECORDINGS_MAX {
            // Nobody repeats it in a check of the engine against itself. Where the loop does go on, it would miss rows.
            self.recordings.pop_front();
        }
        self.recordings.push_back((recording, slice.time));
        Ok(())
    }

    /// Repeats at once, unmeasured, what the engine did before the first slice.
    pub(crate) fn catch_up(&mut self) -> Result<(), Failure> {
        let recording = self.recorder.record_new()?;
        self.bare.repeat(&recording)?;
        Ok(())
    }

    /// Does the engine's oldest slice again.
    pub(crate) fn repeat(&mut self) -> Result<Slice, Failure> {
        let (recording, engine) = self.recordings.pop_front().ok_or("the engine has done nothing to repeat")?;
        let time = self.bare.repeat(&recording)?;
        if let Some(raw) = &mut self.raw {
            let raw = raw.write(&recording)?;
            self.ratios_to_raw.push(raw.as_secs_f64() / engine.as_secs_f64().max(1e-9));
        }
        Ok(Slice { events: u64::try_from(recording.events())?, time })
    }

    /// The engine's rate to that of writing the same bytes to a plain file with one sync per group; the median.
    pub(crate) fn ratio_to_raw(&self) -> Option<f64> {
        stats::median(&self.ratios_to_raw)
    }

    #[cfg(test)]
    pub(crate) fn recordings(&self) -> impl Iterator<Item = &Recording> {
        self.recordings.iter().map(|(recording, _)| recording)
    }
}
