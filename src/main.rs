//! The tillroll binary.
fn main() {}
