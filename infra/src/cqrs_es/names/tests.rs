//! Names go to streams and back, and no two of them to one stream.

use super::*;
use proptest::prelude::*;

fn text(aggregate_type: &str, id: &str) -> String {
    stream_of(DEFAULT_TENANT, aggregate_type, id).unwrap().to_string()
}

#[test]
fn plain_names_stand_as_they_are_and_others_are_escaped() {
    for (aggregate_type, id, want) in [
        ("order", "7", "order-7"),
        ("bank_account", "ACCT-1", "bank_account-ACCT-1"),
        ("acme.order", "7", "acme.order-7"),
        ("Customer", "Jane Doe", "cqrs__customer-Jane%20Doe"),
        ("BankAccount", "100%", "cqrs__bank_account-100%25"),
        ("bank-account", "ä", "cqrs_bank_02daccount-%C3%A4"),
        ("acme.Bank Account", "7", "acme.cqrs__bank_020_account-7"),
        ("cqrs_order", "7", "cqrs_cqrs__order-7"),
        ("default.order", "7", "cqrs_default_02eorder-7"),
        ("Acme.order", "7", "cqrs__acme_02eorder-7"),
        ("a.b.c", "7", "a.cqrs_b_02ec-7"),
        ("7up", "7", "cqrs_7up-7"),
    ] {
        assert_eq!(text(aggregate_type, id), want);
        let stream: StreamId = want.parse().unwrap();
        assert_eq!(aggregate_of(&stream), Ok((aggregate_type.to_owned(), id.to_owned())));
    }
}

#[test]
fn a_type_without_a_tenant_belongs_to_the_repository_and_one_with_another_is_refused() {
    assert_eq!(stream_of("acme", "order", "7").unwrap().as_str(), "acme.order-7");
    assert_eq!(stream_of("acme", "acme.order", "7").unwrap().as_str(), "acme.order-7");
    let error = stream_of("acme", "other.order", "7").unwrap_err();
    assert_eq!(error, NameError::OtherTenant { aggregate_type: "other.order".into(), tenant: "acme".into() });
}

#[test]
fn what_is_empty_or_too_long_is_refused() {
    let refused = |tenant: &str, aggregate_type: &str, id: &str| match stream_of(tenant, aggregate_type, id) {
        Err(NameError::NoStream { source, .. }) => source,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(DEFAULT_TENANT, "", "7"), StreamIdError::Category);
    assert_eq!(refused(DEFAULT_TENANT, "acme.", "7"), StreamIdError::Category);
    assert_eq!(refused(DEFAULT_TENANT, "order", ""), StreamIdError::Id);
    assert_eq!(refused(DEFAULT_TENANT, &"a".repeat(65), "7"), StreamIdError::Category);
    assert_eq!(refused(DEFAULT_TENANT, &"A".repeat(30), "7"), StreamIdError::Category);
    assert_eq!(refused(DEFAULT_TENANT, "order", &" ".repeat(67)), StreamIdError::Id);
    assert_eq!(refused("No Tenant", "order", "7"), StreamIdError::Tenant);
}

#[test]
fn a_stream_that_no_aggregate_named_has_none() {
    for name in
        ["cqrs_-7", "cqrs_order-7", "cqrs__1-7", "cqrs_a_0-7", "cqrs_a_061-7", "cqrs_0zz_-7", "cqrs_acme_02eorder-7"]
    {
        let stream: StreamId = name.parse().unwrap();
        assert!(matches!(aggregate_of(&stream), Err(NameError::NoAggregate { .. })), "{name}");
    }
    for id in ["50%", "a%2", "a%zz", "%41", "%c3%a4", "%FF"] {
        let stream = StreamId::new("order", id).unwrap();
        assert!(matches!(aggregate_of(&stream), Err(NameError::NoAggregate { .. })), "{id}");
    }
}

proptest! {
    /// What comes back unchanged cannot have met another on the way.
    #[test]
    fn every_name_that_has_a_stream_comes_back_from_it(
        aggregate_type in "([a-z]{1,4}\\.)?([a-zA-Z0-9_. -]{1,14}|\\PC{1,4}|cqrs_[a-z0-9_]{0,8})",
        id in "[ -~]{1,40}|\\PC{1,15}",
    ) {
        let stream = stream_of(DEFAULT_TENANT, &aggregate_type, &id);
        prop_assume!(stream.is_ok());
        let stream = stream.unwrap();
        prop_assert_eq!(aggregate_of(&stream), Ok((aggregate_type, id)));
        let parsed: StreamId = stream.as_str().parse().unwrap();
        prop_assert_eq!(parsed, stream);
    }
}
