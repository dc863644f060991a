//! An aggregate with personal data, as an older and as the present version of the program know it.

#![expect(unreachable_pub, reason = "the macro that declares events makes them public")]

use serde::{Deserialize, Serialize};
use thiserror::Error;
use tillroll_domain::{
    aggregate::{Aggregate, Moment},
    events,
    personal::{Personal, PersonalData},
};

macro_rules! personal_texts {
    ($($name:ident = $field:literal;)+) => {$(
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(transparent)]
        pub(crate) struct $name(pub(crate) String);

        impl PersonalData for $name {
            const FIELD: &'static str = $field;
        }
    )+};
}

personal_texts! {
    Name = "name";
    Email = "email";
    Remark = "remark";
}

/// Everything about a contact, of which the newest events hold a part each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Profile {
    pub(crate) name: Personal<Name>,
    pub(crate) email: Personal<Email>,
    pub(crate) country: String,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct ContactState {
    pub(crate) profile: Option<Profile>,
    pub(crate) remarks: Vec<Personal<Remark>>,
    pub(crate) visits: u64,
}

#[derive(Debug, Clone, PartialEq, Error)]
#[error("the contact is not registered")]
pub(crate) struct Unregistered;

/// The present version.
#[derive(Debug)]
pub(crate) struct Contact;

#[derive(Debug, Clone, Serialize)]
pub(crate) enum ContactCommand {
    Register {
        profile: Profile,
    },
    Remark {
        remarks: Vec<Personal<Remark>>,
    },
    Visit {
        channel: String,
    },
    /// Makes an event of whether the contact's name is known.
    Witness,
    /// Puts what is known into an event once more, as a careless rule would.
    Repeat,
}

events! {
    /// The history of a contact.
    pub enum ContactEvent {
        Registered = 2, 1 => FlatRegistered;
        Remarked = 1;
        Visited = 1;
    }
}

/// A contact is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Registered {
    profile: Profile,
}

/// The same as it once was written: without the country.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlatRegistered {
    name: Personal<Name>,
    email: Personal<Email>,
}

impl From<FlatRegistered> for Registered {
    fn from(FlatRegistered { name, email }: FlatRegistered) -> Self {
        Self { profile: Profile { name, email, country: "unknown".to_owned() } }
    }
}

/// Somebody remarked upon a contact, in several words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Remarked {
    remarks: Vec<Personal<Remark>>,
}

/// A contact came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Visited {
    pub(crate) channel: String,
}

impl Aggregate for Contact {
    const CATEGORY: &'static str = "contact";
    const STATE_VERSION: u16 = 1;
    type State = ContactState;
    type Command = ContactCommand;
    type Event = ContactEvent;
    type Error = Unregistered;

    fn initial() -> ContactState {
        ContactState::default()
    }

    fn decide(state: &ContactState, command: &ContactCommand, _: &Moment) -> Result<Vec<ContactEvent>, Unregistered> {
        match command {
            ContactCommand::Register { profile } => Ok(vec![Registered { profile: profile.clone() }.into()]),
            ContactCommand::Remark { remarks } => Ok(vec![Remarked { remarks: remarks.clone() }.into()]),
            ContactCommand::Visit { channel } => Ok(vec![Visited { channel: channel.clone() }.into()]),
            ContactCommand::Witness => {
                let channel = match state.profile.as_ref().map(|profile| profile.name.is_erased()) {
                    None => "unregistered",
                    Some(false) => "known",
                    Some(true) => "erased",
                };
                Ok(vec![Visited { channel: channel.to_owned() }.into()])
            }
            ContactCommand::Repeat => {
                let profile = state.profile.clone().ok_or(Unregistered)?;
                Ok(vec![Registered { profile }.into()])
            }
        }
    }

    fn evolve(mut state: ContactState, event: &ContactEvent) -> ContactState {
        match event {
            ContactEvent::Registered(event) => state.profile = Some(event.profile.clone()),
            ContactEvent::Remarked(event) => state.remarks.extend(event.remarks.iter().cloned()),
            ContactEvent::Visited(_) => state.visits += 1,
        }
        state
    }
}

/// The older version of the program.
pub(crate) mod old {
    use super::{Email, Name, Unregistered};
    use serde::{Deserialize, Serialize};
    use tillroll_domain::{
        aggregate::{Aggregate, Moment},
        events,
        personal::Personal,
    };

    #[derive(Debug)]
    pub(crate) struct Contact;

    #[derive(Debug, Clone, Serialize)]
    pub(crate) struct Register {
        pub(crate) name: Personal<Name>,
        pub(crate) email: Personal<Email>,
    }

    events! {
        /// The history of a contact.
        pub enum ContactEvent {
            Registered = 1;
        }
    }

    /// A contact is known.
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    pub struct Registered {
        name: Personal<Name>,
        email: Personal<Email>,
    }

    impl Aggregate for Contact {
        const CATEGORY: &'static str = "contact";
        const STATE_VERSION: u16 = 1;
        type State = ();
        type Command = Register;
        type Event = ContactEvent;
        type Error = Unregistered;

        fn initial() {}

        fn decide((): &(), command: &Register, _: &Moment) -> Result<Vec<ContactEvent>, Unregistered> {
            let Register { name, email } = command.clone();
            Ok(vec![Registered { name, email }.into()])
        }

        fn evolve((): (), _: &ContactEvent) {}
    }
}
