//! Imports of history: the cursor that lets an import go on where it was killed.

pub mod commands;
pub mod events;
