//! Is there an order of the calls in which every answer is right? For small histories of anything that has a model.
//!
//! A search in the manner of Wing and Gong (1993) with Lowe's memory of what was tried (2017): calls are placed one by
//! one, each only when all that precede it are placed, and no set of placed calls is tried twice with the same state.

use super::history::Call;
use std::{collections::HashSet, fmt::Debug, hash::Hash};
use thiserror::Error;

/// The most calls of one history.
pub const CALLS_MAX: usize = 128;
/// The most pairs of placed calls and state that a search remembers.
const TRIED_MAX: usize = 4_000_000;

/// What the calls do when they are made one after the other.
pub trait Model {
    /// A call with its answer.
    type What;
    /// All that answers depend on.
    type State: Clone + Debug + Eq + Hash;

    /// The state before the first call.
    fn initial(&self) -> Self::State;

    /// The state behind the call, if its answer is the right one in this state. If nobody heard the answer, any is
    /// right.
    fn apply(&self, state: &Self::State, what: &Self::What) -> Option<Self::State>;
}

/// No order of the calls explains all answers.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("no order explains the answers; at best {placed:?} come first, and then none of {stuck:?} can come next")]
pub struct NotLinearizable {
    /// The longest order that explains its calls, as indexes into the history.
    pub placed: Vec<usize>,
    /// The calls that could come next by real time, and whose answers are wrong there or lead nowhere.
    pub stuck: Vec<usize>,
}

struct Frame<S> {
    state: S,
    placed: u128,
    next: usize,
}

/// An order of the calls in which each answer is right and which respects real time and queues, as indexes into
/// `calls`. Calls that nobody heard the answer of may be missing from it.
///
/// # Errors
/// There is none.
///
/// # Panics
/// If there are more than [`CALLS_MAX`] calls, or so many at once that the search would take too much memory.
pub fn linearize<M: Model>(model: &M, calls: &[Call<M::What>]) -> Result<Vec<usize>, NotLinearizable> {
    assert!(calls.len() <= CALLS_MAX, "a search takes at most {CALLS_MAX} calls");
    let set = |accepts: &dyn Fn(usize) -> bool| {
        (0..calls.len()).filter(|&index| accepts(index)).fold(0, |set: u128, index| set | 1 << index)
    };
    let answered = set(&|index| calls[index].answered.is_some());
    let before: Vec<u128> = calls.iter().map(|call| set(&|index| calls[index].precedes(call))).collect();
    let may_come = |placed: u128, index: usize| placed & 1 << index == 0 && before[index] & !placed == 0;

    let mut tried = HashSet::new();
    let mut order: Vec<usize> = Vec::new();
    let mut longest: Vec<usize> = Vec::new();
    let mut frames = vec![Frame { state: model.initial(), placed: 0, next: 0 }];
    while let Some(frame) = frames.last_mut() {
        if frame.placed & answered == answered {
            return Ok(order);
        }
        let Some(index) = (frame.next..calls.len()).find(|&index| may_come(frame.placed, index)) else {
            frames.pop();
            order.pop();
            continue;
        };
        frame.next = index + 1;
        let placed = frame.placed | 1 << index;
        let Some(state) = model.apply(&frame.state, &calls[index].what) else { continue };
        if tried.insert((placed, state.clone())) {
            assert!(tried.len() <= TRIED_MAX, "too many calls at once for a search");
            order.push(index);
            if order.len() > longest.len() {
                longest.clone_from(&order);
            }
            frames.push(Frame { state, placed, next: 0 });
        }
    }
    let placed = longest.iter().fold(0, |set: u128, index| set | 1 << index);
    let stuck = (0..calls.len()).filter(|&index| may_come(placed, index)).collect();
    Err(NotLinearizable { placed: longest, stuck })
}
