//! Imports and commands for the tests.

use super::{Import, commands::ImportCommand};
use crate::{
    testing::{Given, given},
    text::Reference,
};

pub(super) fn text(text: &str) -> Reference {
    text.parse().unwrap()
}

pub(super) fn start_in(time_zone: &str, file: &str, documents: u64) -> ImportCommand {
    ImportCommand::Start { file_digest: text(file), documents, time_zone: text(time_zone) }
}

pub(super) fn start(file: &str, documents: u64) -> ImportCommand {
    start_in("Europe/London", file, documents)
}

pub(super) fn advance(documents: u64, digest: &str) -> ImportCommand {
    ImportCommand::Advance { documents, digest: text(digest) }
}

pub(super) fn complete(documents: u64, net_minor: i64) -> ImportCommand {
    ImportCommand::Complete { documents, net_minor }
}

pub(super) fn unknown() -> Given<Import> {
    given([])
}

/// With a file of a hundred documents.
pub(super) fn started() -> Given<Import> {
    unknown().and(start("f1", 100))
}

/// Ten of them have entered.
pub(super) fn at_ten() -> Given<Import> {
    started().and(advance(10, "d10"))
}
