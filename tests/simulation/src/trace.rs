//! The trace of a run: a digest of everything that became durable and was answered, and on demand the lines themselves.

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use std::{collections::VecDeque, fmt};

/// How many lines are kept for a report.
pub const LINES_KEPT: usize = 50;

/// FNV-1a (Fowler, Noll, Vo 1991), 64 bits: equal runs have equal digests on every machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Digest {
    /// Adds bytes, and where they end.
    pub fn add(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0 = (self.0 ^ u64::from_le_bytes(word)).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
        }
        self.0 = (self.0 ^ u64::try_from(bytes.len()).unwrap_or(u64::MAX)).wrapping_mul(0x0000_0100_0000_01b3);
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// What becomes of the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    /// They are not even written.
    None,
    /// The last [`LINES_KEPT`] are kept.
    Last,
    /// They are printed to standard error as they come.
    Printed,
}

/// The trace of one run.
#[derive(Debug)]
pub struct Trace {
    lines: Lines,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    digest: Digest,
    steps: u64,
    last: VecDeque<String>,
}

impl Trace {
    /// An empty trace.
    #[must_use]
    pub fn new(lines: Lines) -> Self {
        Self { lines, state: Mutex::default() }
    }

    /// Adds what must be the same in every run of the seed; `line` is only called if somebody wants to read it.
    pub fn step(&self, at: DateTime<Utc>, parts: &[&[u8]], line: impl FnOnce() -> String) {
        let mut state = self.state.lock();
        state.steps += 1;
        for part in parts {
            state.digest.add(part);
        }
        if self.lines != Lines::None {
            let line = format!("{:>7} {} {}", state.steps, at.format("%d %H:%M:%S%.3f"), line());
            match self.lines {
                Lines::None => {}
                Lines::Printed => eprintln!("{line}"),
                Lines::Last => {
                    if state.last.len() == LINES_KEPT {
                        state.last.pop_front();
                    }
                    state.last.push_back(line);
                }
            }
        }
    }

    /// How many steps there were.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.state.lock().steps
    }

    /// The digest of all steps.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.state.lock().digest
    }

    /// The last lines, if they are kept.
    #[must_use]
    pub fn last(&self) -> Vec<String> {
        self.state.lock().last.iter().cloned().collect()
    }
}
