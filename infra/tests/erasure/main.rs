//! Erasing a person: what is left of the person's data and key in the folder, and how the log is read afterwards.

#![expect(clippy::unwrap_used, reason = "this is test code throughout; clippy sees that only inside test functions")]

mod commands;
mod contacts;
mod folder;
mod scan;
mod states;

use contacts::{Contact, ContactCommand, ContactState, Email, Name, Profile, Remark};
use tillroll_domain::{
    ids::{CommandId, SubjectId},
    personal::Personal,
};
use tillroll_infra::bus::{Bus, CommandContext, ExecuteError, Executed};
use uuid::Uuid;

const SNAPSHOT_EVERY: usize = 20;

async fn state(bus: &Bus, id: &str) -> ContactState {
    bus.load::<Contact>("default", id).await.unwrap().state
}

fn subject(number: u128) -> SubjectId {
    SubjectId::new(Uuid::from_u128(number))
}

fn context(number: u128) -> CommandContext {
    CommandContext::live(CommandId::new(Uuid::from_u128(number)), "tester")
}

fn profile(of: u128, name: &str, email: &str) -> Profile {
    Profile {
        name: Personal::known(subject(of), Name(name.to_owned())),
        email: Personal::known(subject(of), Email(email.to_owned())),
        country: "Planted Country Republic".to_owned(),
    }
}

fn remarks(remarks: &[(u128, &str)]) -> ContactCommand {
    let known = |&(of, text): &(u128, &str)| Personal::known(subject(of), Remark(text.to_owned()));
    ContactCommand::Remark { remarks: remarks.iter().map(known).collect() }
}

fn visit(number: u128) -> ContactCommand {
    ContactCommand::Visit { channel: format!("counter {number}") }
}

type Answer = Result<Executed, ExecuteError<contacts::Unregistered>>;

async fn execute(bus: &Bus, id: &str, number: u128, command: ContactCommand) -> Answer {
    bus.execute::<Contact>(id, command, context(number)).await
}

const ANN: u128 = 0xa11;
const BOB: u128 = 0xb0b;
const ANN_OLD_NAME: &str = "Änne \"Planted\" O'Quux-Oldname";
const ANN_OLD_EMAIL: &str = "planted.ann.old@example.test";
const ANN_NAME: &str = "Änne Planted\tvon Newname \\ Esq.";
const ANN_EMAIL: &str = "planted.ann@example.test";
const ANN_REMARK: &str = "planted remark: prefers the back door {\"$personal\":";
const BOB_NAME: &str = "Bob Planted Builder";
const BOB_EMAIL: &str = "planted.bob@example.test";
const BOB_REMARK: &str = "planted remark: pays in coins";

fn ann() -> ContactCommand {
    ContactCommand::Register { profile: profile(ANN, ANN_NAME, ANN_EMAIL) }
}
