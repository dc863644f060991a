//! Holds the stored form of every event of the processes against the files in `golden/`, which are read for ever and never
//! edited.
//!
//! With `TILLROLL_WRITE_GOLDEN=1` missing files of the newest versions are written; existing ones never are.

#![expect(clippy::unwrap_used, reason = "a test may panic in its helpers too")]

mod cancel_order;
mod checkout;
mod payments;

use chrono::{DateTime, Utc};
use serde_json::{Deserializer, to_string_pretty};
use std::{collections::BTreeMap, fs, path::PathBuf};
use tillroll_domain::aggregate::DomainEvent;
use tillroll_sagas::{
    authorization_watch::AuthorizationWatchEvent,
    cancel_order::CancelOrderEvent,
    checkout::CheckoutEvent,
    fulfillment::FulfillmentProcessEvent,
    payment_reconcile::PaymentReconcileEvent,
    provider_inbox::ProviderInboxEvent,
    registration::{ProcessCheckpointed, ProcessEnabled, ProcessRegistrationEvent},
    return_and_refund::ReturnAndRefundEvent,
};

/// One event of one stored version: what its golden file must decode to.
struct Sample<E> {
    version: u16,
    event: E,
}

/// A sample in the version written today.
fn today<E: DomainEvent>(event: impl Into<E>) -> Sample<E> {
    let event = event.into();
    Sample { version: event.event_type().version, event }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden")
}

fn file_name(name: &str, version: u16) -> String {
    format!("{name}.v{version}.json")
}

/// The file's text; where it is missing and writing is asked for, it is written first.
fn golden(file: &str, newest: Option<&str>) -> String {
    let path = folder().join(file);
    if let (Some(text), Some(_), false) = (newest, std::env::var_os("TILLROLL_WRITE_GOLDEN"), path.exists()) {
        fs::write(&path, text).unwrap();
    }
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("golden/{file} cannot be read: {error}"))
}

fn assert_family<E: DomainEvent>(samples: Vec<Sample<E>>) {
    let mut by_type = BTreeMap::new();
    for Sample { version, event } in samples {
        let name = event.event_type().name;
        assert!(by_type.insert((name, version), event).is_none(), "{name} v{version} has two samples");
    }
    for event_type in E::TYPES {
        for version in 1..=event_type.version {
            let expected = by_type
                .remove(&(event_type.name, version))
                .unwrap_or_else(|| panic!("{} v{version} has no sample", event_type.name));
            assert_file(&expected, version);
        }
    }
    assert!(by_type.is_empty(), "samples of versions that are not written yet: {:?}", by_type.keys());
}

fn assert_file<E: DomainEvent>(expected: &E, version: u16) {
    let event_type = expected.event_type();
    let file = file_name(event_type.name, version);
    let newest = (version == event_type.version).then(|| to_string_pretty(expected).unwrap() + "\n");
    let stored = golden(&file, newest.as_deref());
    if let Some(text) = newest {
        assert_eq!(text, stored, "the stored form of {} changed; see golden/README.md", event_type.name);
    }
    let decoded = E::decode(event_type.name, version, &mut Deserializer::from_str(&stored))
        .unwrap_or_else(|error| panic!("golden/{file} is not read any more; see golden/README.md: {error}"));
    assert_eq!(&decoded, expected, "golden/{file} means something else now; see golden/README.md");
}

macro_rules! families {
    ($($test:ident: $family:ty = $samples:path;)+) => {
        $(#[test] fn $test() { assert_family::<$family>($samples()); })+

        #[test]
        fn every_golden_file_belongs_to_a_version_of_an_event() {
            let mut known = vec!["README.md".to_owned()];
            $(for event_type in <$family as DomainEvent>::TYPES {
                known.extend((1..=event_type.version).map(|version| file_name(event_type.name, version)));
            })+
            for entry in fs::read_dir(folder()).unwrap() {
                let file = entry.unwrap().file_name().into_string().unwrap();
                assert!(known.contains(&file), "golden/{file} belongs to no event: was one renamed or removed?");
            }
        }
    };
}

families! {
    authorization_watches_are_stored_as_ever: AuthorizationWatchEvent = payments::authorization_watch;
    fulfillments_are_stored_as_ever: FulfillmentProcessEvent = payments::fulfillment;
    inboxes_are_stored_as_ever: ProviderInboxEvent = payments::provider_inbox;
    reconciliations_are_stored_as_ever: PaymentReconcileEvent = payments::payment_reconcile;
    returns_are_stored_as_ever: ReturnAndRefundEvent = payments::return_and_refund;
    cancellations_are_stored_as_ever: CancelOrderEvent = cancel_order::cancel_order;
    checkouts_are_stored_as_ever: CheckoutEvent = checkout::checkout;
    registrations_are_stored_as_ever: ProcessRegistrationEvent = registration;
}

fn time(rfc3339: &str) -> DateTime<Utc> {
    rfc3339.parse().unwrap()
}

fn registration() -> Vec<Sample<ProcessRegistrationEvent>> {
    let at = time("2026-03-01T09:30:00.000042Z");
    vec![today(ProcessEnabled { position: 4_711, at }), today(ProcessCheckpointed { position: 5_000, at })]
}
