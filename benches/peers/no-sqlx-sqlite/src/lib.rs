//! Nothing. The peers' `sqlx` names its SQLite driver as an optional dependency that nobody here turns on, but the lock
//! file must still resolve it, and its SQLite cannot stand beside the one that Tillroll links.
