//! Finishes erasures that a crash left half done: an event says that a person is forgotten, and the person's key is there.
//!
//! How far the log was searched stands in the vault itself: an old copy of the vault, in which the keys are back, has the
//! log searched again from where it stood when the copy was made.

use crate::{
    bus::Bus,
    codec::StoredField,
    event::RecordedEvent,
    log::{EventFilter, PAGE_MAX, ReadError},
    stream::Position,
    vault::{KeyState, Mark, VaultError},
};
use thiserror::Error;
use tillroll_domain::ids::SubjectId;
use uuid::Uuid;

/// Why the erasures could not all be finished. Those that were are.
#[derive(Debug, Clone, Error)]
pub enum ErasureError {
    /// The log could not be read.
    #[error("the event log cannot be searched for erased persons")]
    Log(#[from] ReadError),
    /// A key could not be looked up or destroyed.
    #[error("a key of an erased person could not be destroyed")]
    Vault(#[from] VaultError),
    /// An event does not say who is forgotten.
    #[error("the event at position {position} does not name its subject")]
    Nameless {
        /// Where it stands.
        position: Position,
    },
}

/// Destroys the key of everybody whom an event of these types names in its field `subject`, and answers how many keys there
/// still were. Of a person who never had a key none is made later either.
///
/// The log is searched from where the last search came to an end, which the vault remembers for each type beside its keys;
/// a vault that knows of none, or of one in another log, has it searched from the beginning. One page of events is in memory
/// at a time.
///
/// # Errors
/// See [`ErasureError`]; the first one ends it, and calling it again goes on.
pub async fn finish(bus: &Bus, event_types: &[&str]) -> Result<usize, ErasureError> {
    let works: Vec<String> = event_types.iter().map(|name| format!("erasures of {name}")).collect();
    let names = event_types.iter().map(|&name| name.to_owned()).collect();
    let filter = EventFilter { event_types: names, ..EventFilter::default() };
    let vault = bus.codec().vault();
    let (mut after, mut finished) = (searched_to(bus, &works).await?, 0);
    loop {
        let page = bus.log().read_all(after, &filter, PAGE_MAX).await?;
        for event in &page.events {
            let (tenant, subject) = (event.stream.tenant(), subject_of(event)?);
            match vault.key(tenant, subject).await? {
                KeyState::Erased => {}
                KeyState::Known(_) | KeyState::Missing => {
                    bus.erase(tenant, subject).await?;
                    finished += 1;
                }
            }
        }
        if page.scanned_to > after
            && let Some(event) = event_at(bus, page.scanned_to).await?
        {
            for work in &works {
                vault.set_mark(work, Mark { position: page.scanned_to, event }).await?;
            }
        }
        if page.at_end {
            return Ok(finished);
        }
        after = page.scanned_to;
    }
}

/// Up to where the log has been searched for all of these.
async fn searched_to(bus: &Bus, works: &[String]) -> Result<Position, ErasureError> {
    let mut searched_to = None;
    for work in works {
        let Some(mark) = bus.codec().vault().mark(work).await? else { return Ok(Position::START) };
        if event_at(bus, mark.position).await? != Some(mark.event) {
            tracing::warn!("the log is not the one that was searched for erased persons before; it is searched anew");
            return Ok(Position::START);
        }
        searched_to = Some(searched_to.map_or(mark.position, |to: Position| to.min(mark.position)));
    }
    Ok(searched_to.unwrap_or(Position::START))
}

/// The id of the event at a position; `None` if there is none.
async fn event_at(bus: &Bus, position: Position) -> Result<Option<Uuid>, ReadError> {
    let before = Position(position.0.saturating_sub(1));
    let page = bus.log().read_all(before, &EventFilter::default(), 1).await?;
    Ok(page.events.first().filter(|event| event.position == position).map(|event| event.id))
}

fn subject_of(event: &RecordedEvent) -> Result<SubjectId, ErasureError> {
    let field = StoredField::find(&event.data, "subject");
    let subject = field.and_then(|field| serde_json::from_str(field.text).ok());
    subject.ok_or(ErasureError::Nameless { position: event.position })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ambient::Ambient,
        event::NewEvent,
        log::{Append, EventLog, ExpectedRevision, append, memory::MemoryLog},
        stream::{DEFAULT_TENANT, StreamId},
        vault::{KeyVault, MemoryVault, NoVault},
    };
    use chrono::DateTime;
    use std::sync::Arc;

    const NAMES: &[&str] = &["PersonForgotten", "GuestForgotten"];

    fn subject(number: u128) -> SubjectId {
        SubjectId::new(Uuid::from_u128(number))
    }

    /// A log in which these events stand, each in a stream of its own, and a vault that has keys of five persons.
    async fn bus(events: &[(&str, &str, String)]) -> (Bus, Arc<MemoryVault>) {
        let (ambient, _) = Ambient::seeded(DateTime::UNIX_EPOCH, 1);
        let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new(ambient.clock.clone()));
        let (bus, vault) = with_new_vault(log, ambient).await;
        for (stream, name, data) in events {
            happen(&bus, stream, name, data).await;
        }
        (bus, vault)
    }

    async fn with_new_vault(log: Arc<dyn EventLog>, ambient: Ambient) -> (Bus, Arc<MemoryVault>) {
        let vault = Arc::new(MemoryVault::new(ambient.randomness.clone()));
        for number in 0..5 {
            vault.key_or_create(DEFAULT_TENANT, subject(number)).await.unwrap();
        }
        (Bus::builder(log, ambient).vault(vault.clone()).build(), vault)
    }

    async fn happen(bus: &Bus, stream: &str, name: &str, data: &str) {
        let event = NewEvent {
            id: bus.ambient().ids.next(),
            event_type: name.into(),
            schema_version: 1,
            metadata: "{}".into(),
            data: data.into(),
        };
        let append_one = Append {
            stream: stream.parse::<StreamId>().unwrap(),
            expected: ExpectedRevision::NoStream,
            events: vec![event],
        };
        append(&**bus.log(), append_one).await.unwrap();
    }

    async fn is_erased(vault: &MemoryVault, number: u128) -> bool {
        matches!(vault.key(DEFAULT_TENANT, subject(number)).await.unwrap(), KeyState::Erased)
    }

    fn forgotten(number: u128) -> String {
        format!(r#"{{"reason":"{{\"subject\":7","subject":"{}"}}"#, subject(number))
    }

    #[tokio::test]
    async fn keys_of_forgotten_persons_are_destroyed_and_no_others() {
        let (bus, vault) = bus(&[
            ("a-1", "PersonForgotten", forgotten(1)),
            ("b-1", "GuestForgotten", forgotten(2)),
            ("a-2", "PersonPraised", forgotten(3)),
            ("other.a-1", "PersonForgotten", forgotten(4)),
        ])
        .await;
        assert_eq!(finish(&bus, NAMES).await.unwrap(), 3);
        for (tenant, number, is_erased) in [
            (DEFAULT_TENANT, 0, false),
            (DEFAULT_TENANT, 1, true),
            (DEFAULT_TENANT, 2, true),
            (DEFAULT_TENANT, 3, false),
            (DEFAULT_TENANT, 4, false),
            ("other", 4, true),
        ] {
            let state = vault.key(tenant, subject(number)).await.unwrap();
            assert_eq!(matches!(state, KeyState::Erased), is_erased, "{number} of {tenant}: {state:?}");
        }
        assert_eq!(finish(&bus, NAMES).await.unwrap(), 0, "there is nothing left to do");
    }

    #[tokio::test]
    async fn an_event_that_names_nobody_is_told() {
        let (bus, _) = bus(&[("a-1", "PersonForgotten", r#"{"subject":"cus_1"}"#.to_owned())]).await;
        let refused = finish(&bus, NAMES).await;
        assert!(matches!(refused, Err(ErasureError::Nameless { position: Position(1) })), "{refused:?}");
    }

    #[tokio::test]
    async fn a_vault_that_does_not_work_is_told() {
        let (bus, _) = bus(&[("a-1", "PersonForgotten", forgotten(1))]).await;
        let broken = Bus::builder(bus.log().clone(), bus.ambient().clone()).vault(Arc::new(NoVault)).build();
        assert!(matches!(finish(&broken, NAMES).await, Err(ErasureError::Vault(_))));
    }

    /// An old copy of the vault brings its keys and its mark back. Here it brings one key too many, by which is seen that what
    /// was searched before the copy was made is not searched again.
    #[tokio::test]
    async fn the_log_is_searched_from_where_the_vault_has_it_searched() {
        let (bus, vault) = bus(&[("a-1", "PersonForgotten", forgotten(1)), ("b-1", "Praised", forgotten(0))]).await;
        assert_eq!(finish(&bus, NAMES).await.unwrap(), 1);
        let mut marks = Vec::new();
        for name in NAMES {
            let work = format!("erasures of {name}");
            let mark = vault.mark(&work).await.unwrap().expect("the log was searched");
            assert_eq!(mark.position, Position(2), "to its end, whatever stands there");
            marks.push((work, mark));
        }
        happen(&bus, "a-2", "PersonForgotten", &forgotten(2)).await;
        happen(&bus, "b-2", "GuestForgotten", &forgotten(3)).await;
        assert_eq!(finish(&bus, NAMES).await.unwrap(), 2);

        let (restored, copy) = with_new_vault(bus.log().clone(), bus.ambient().clone()).await;
        for (work, mark) in marks {
            copy.set_mark(&work, mark).await.unwrap();
        }
        assert_eq!(finish(&restored, NAMES).await.unwrap(), 2);
        assert!(is_erased(&copy, 2).await && is_erased(&copy, 3).await);
        assert!(!is_erased(&copy, 1).await);
    }

    #[tokio::test]
    async fn a_mark_of_another_log_does_not_count() {
        let (bus, _) = bus(&[("a-1", "PersonForgotten", forgotten(1)), ("b-1", "GuestForgotten", forgotten(2))]).await;
        for position in [0, 1, 2, 3, u64::MAX] {
            let (bus, vault) = with_new_vault(bus.log().clone(), bus.ambient().clone()).await;
            let mark = Mark { position: Position(position), event: Uuid::from_u128(7) };
            for name in NAMES {
                vault.set_mark(&format!("erasures of {name}"), mark).await.unwrap();
            }
            assert_eq!(finish(&bus, NAMES).await.unwrap(), 2, "{position}");
        }
    }

    #[tokio::test]
    async fn a_type_that_is_new_to_the_program_is_searched_from_the_beginning() {
        let (bus, vault) =
            bus(&[("a-1", "PersonForgotten", forgotten(1)), ("b-1", "GuestForgotten", forgotten(2))]).await;
        assert_eq!(finish(&bus, &NAMES[..1]).await.unwrap(), 1);
        assert!(!is_erased(&vault, 2).await);
        assert_eq!(finish(&bus, NAMES).await.unwrap(), 1);
        assert!(is_erased(&vault, 2).await);
    }

    #[tokio::test]
    async fn a_search_that_failed_is_no_search() {
        let (bus, vault) = bus(&[
            ("a-1", "PersonForgotten", r#"{"subject":"cus_1"}"#.to_owned()),
            ("a-2", "PersonForgotten", forgotten(2)),
        ])
        .await;
        finish(&bus, NAMES).await.unwrap_err();
        assert_eq!(vault.mark("erasures of PersonForgotten").await.unwrap(), None);
    }
}
