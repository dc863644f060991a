//! HTTP for writes: parse, authorize, build a command, run it, map the answer.
