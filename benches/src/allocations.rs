//! The program's allocator with a counter in front, so that a row can say how often its work allocates.
//!
//! Counting is off unless [`count`] runs: then an allocation costs one more look at a variable that nobody changes.

use mimalloc::MiMalloc;
use std::{
    alloc::{GlobalAlloc, Layout},
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
};

/// How many calls of [`count`] run; only tests have several.
static COUNTING: AtomicUsize = AtomicUsize::new(0);
static COUNT: AtomicU64 = AtomicU64::new(0);

/// What the bench target declares as its global allocator.
#[derive(Debug, Clone, Copy)]
pub struct CountingAllocator;

impl CountingAllocator {
    fn note() {
        if COUNTING.load(Ordering::Relaxed) > 0 {
            COUNT.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[expect(unsafe_code, reason = "the trait is unsafe; every call goes unchanged to the program's allocator")]
// SAFETY: all four functions hand their arguments and answers through; counting neither allocates nor panics.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::note();
        // SAFETY: the caller keeps the contract of the same function.
        unsafe { MiMalloc.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { MiMalloc.dealloc(pointer, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Self::note();
        // SAFETY: as above.
        unsafe { MiMalloc.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Self::note();
        // SAFETY: as above.
        unsafe { MiMalloc.realloc(pointer, layout, size) }
    }
}

/// How often all threads allocate, or let an allocation grow, while `work` runs. Not what SQLite allocates, which has
/// the C library's allocator, here as in the program. Nothing without [`CountingAllocator`].
pub fn count<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let before = COUNT.load(Ordering::Relaxed);
    COUNTING.fetch_add(1, Ordering::SeqCst);
    let done = work();
    COUNTING.fetch_sub(1, Ordering::SeqCst);
    (done, COUNT.load(Ordering::Relaxed) - before)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tests count as the bench target does. Other tests may allocate at the same time, so counts are bounds.
    #[global_allocator]
    static ALLOCATOR: CountingAllocator = CountingAllocator;

    #[test]
    fn every_allocation_and_growth_counts() {
        let (boxes, counted) = count(|| (0..1_000_u64).map(Box::new).collect::<Vec<_>>());
        assert_eq!(boxes.len(), 1_000);
        assert!(counted >= 1_001, "{counted}");
    }

    #[test]
    fn the_bench_target_has_the_allocator_of_the_program() {
        let declared = |source: &str, allocator: &str| {
            let words: Vec<_> = source.split_whitespace().collect();
            let declaration = format!("#[global_allocator] static ALLOCATOR: {allocator}");
            words.join(" ").contains(&declaration)
        };
        assert!(declared(include_str!("main.rs"), "CountingAllocator = CountingAllocator;"));
        assert!(declared(include_str!("../../src/main.rs"), "mimalloc::MiMalloc = mimalloc::MiMalloc;"));
    }
}
