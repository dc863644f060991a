//! Repeatable measurements with a stated question.
