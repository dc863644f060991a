//! The circuit breaker: after enough calls in a row without an answer none passes for a while, then one, then all again.

use std::time::Duration;
use tokio::time::Instant;

#[derive(Debug)]
pub(super) struct Breaker {
    failures_max: u32,
    open_for: Duration,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Calls pass.
    Closed { failures: u32 },
    /// No call passes until then; the first one after it is the probe.
    Open { until: Instant },
    /// One call is finding out. `since` is when it was let pass.
    Probing { since: Instant },
}

/// Lets one call pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket {
    is_probe: bool,
}

impl Breaker {
    pub(super) const fn new(failures_max: u32, open_for: Duration) -> Self {
        Self { failures_max, open_for, state: State::Closed { failures: 0 } }
    }

    /// Whether a call would pass; otherwise how long to wait.
    pub(super) fn check(&self, now: Instant) -> Result<(), Duration> {
        match self.state {
            State::Closed { .. } => Ok(()),
            State::Open { until } if until <= now => Ok(()),
            State::Open { until } => Err(until - now),
            State::Probing { .. } => Err(self.open_for),
        }
    }

    /// Lets a call pass; otherwise answers how long to wait.
    pub(super) fn admit(&mut self, now: Instant) -> Result<Ticket, Duration> {
        self.check(now)?;
        let is_probe = !matches!(self.state, State::Closed { .. });
        if is_probe {
            self.state = State::Probing { since: now };
        }
        Ok(Ticket { is_probe })
    }

    /// What became of a call. Of those that were sent before the breaker opened nothing is learnt any more.
    pub(super) fn report(&mut self, ticket: Ticket, was_answered: bool, now: Instant) {
        let open = State::Open { until: now + self.open_for };
        self.state = match self.state {
            State::Closed { .. } if was_answered => State::Closed { failures: 0 },
            State::Closed { failures } if failures + 1 < self.failures_max => State::Closed { failures: failures + 1 },
            State::Closed { .. } => open,
            State::Probing { .. } if ticket.is_probe && was_answered => State::Closed { failures: 0 },
            State::Probing { .. } if ticket.is_probe => open,
            state @ (State::Open { .. } | State::Probing { .. }) => state,
        };
    }

    /// The caller no longer waits, so that nothing is known. If it was the probe, the next call is.
    pub(super) fn give_up(&mut self, ticket: Ticket) {
        if ticket.is_probe
            && let State::Probing { since } = self.state
        {
            self.state = State::Open { until: since };
        }
    }
}
