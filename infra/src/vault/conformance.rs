//! What every key vault must do, for the tests of each.

use super::{Key, KeyState, KeyVault, Mark, SealingKey};
use crate::stream::Position;
use futures::future::join_all;
use std::sync::Arc;
use tillroll_domain::ids::SubjectId;
use uuid::Uuid;

pub(crate) fn subject(number: u128) -> SubjectId {
    SubjectId::new(Uuid::from_u128(number))
}

/// The key of a subject that must have one.
#[track_caller]
pub(crate) fn known(state: KeyState) -> Arc<Key> {
    match state {
        KeyState::Known(key) => key,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub(crate) fn sealing(key: SealingKey) -> Arc<Key> {
    match key {
        SealingKey::Known(key) => key,
        SealingKey::Erased => panic!("the subject was erased"),
    }
}

/// Checks vaults that `open` makes, empty each time.
pub(crate) async fn check(open: &dyn Fn() -> Arc<dyn KeyVault>) {
    a_subject_has_no_key_until_one_is_made(&*open()).await;
    subjects_and_tenants_have_keys_of_their_own(&*open()).await;
    concurrent_callers_get_one_key(&open()).await;
    an_erased_subject_never_gets_a_key_again(&*open()).await;
    a_subject_without_a_key_can_be_erased(&*open()).await;
    erasing_leaves_the_others_alone(&*open()).await;
    a_mark_is_what_was_set_last(&*open()).await;
}

async fn a_mark_is_what_was_set_last(vault: &dyn KeyVault) {
    assert_eq!(vault.mark("one").await.unwrap(), None);
    for position in [7, 3, u64::from(u32::MAX) + 1] {
        let mark = Mark { position: Position(position), event: Uuid::from_u128(position.into()) };
        vault.set_mark("one", mark).await.unwrap();
        assert_eq!(vault.mark("one").await.unwrap(), Some(mark));
    }
    assert_eq!(vault.mark("another").await.unwrap(), None);
    assert!(matches!(vault.key("default", subject(1)).await.unwrap(), KeyState::Missing));
}

async fn a_subject_has_no_key_until_one_is_made(vault: &dyn KeyVault) {
    assert!(matches!(vault.key("default", subject(1)).await.unwrap(), KeyState::Missing));
    assert!(matches!(vault.key("default", subject(1)).await.unwrap(), KeyState::Missing), "asking makes no key");
    let made = sealing(vault.key_or_create("default", subject(1)).await.unwrap());
    assert_eq!(known(vault.key("default", subject(1)).await.unwrap()).bytes(), made.bytes());
    assert_eq!(sealing(vault.key_or_create("default", subject(1)).await.unwrap()).bytes(), made.bytes());
    assert_ne!(made.bytes(), &[0; 32]);
}

async fn subjects_and_tenants_have_keys_of_their_own(vault: &dyn KeyVault) {
    let mut keys = Vec::new();
    for tenant in ["default", "acme"] {
        for number in 0..20 {
            keys.push(*sealing(vault.key_or_create(tenant, subject(number)).await.unwrap()).bytes());
        }
    }
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 40);
    assert!(matches!(vault.key("other", subject(1)).await.unwrap(), KeyState::Missing));
}

async fn concurrent_callers_get_one_key(vault: &Arc<dyn KeyVault>) {
    let callers = (0..200_u128).map(|number| {
        let vault = vault.clone();
        tokio::spawn(async move { sealing(vault.key_or_create("default", subject(number % 10)).await.unwrap()) })
    });
    for (number, key) in join_all(callers).await.into_iter().enumerate() {
        let standing = vault.key("default", subject(u128::try_from(number % 10).unwrap())).await.unwrap();
        assert_eq!(key.unwrap().bytes(), known(standing).bytes());
    }
}

async fn an_erased_subject_never_gets_a_key_again(vault: &dyn KeyVault) {
    sealing(vault.key_or_create("default", subject(1)).await.unwrap());
    for _ in 0..2 {
        vault.erase("default", subject(1)).await.unwrap();
        assert!(matches!(vault.key("default", subject(1)).await.unwrap(), KeyState::Erased));
        assert!(matches!(vault.key_or_create("default", subject(1)).await.unwrap(), SealingKey::Erased));
        assert!(matches!(vault.key("default", subject(1)).await.unwrap(), KeyState::Erased));
    }
}

async fn a_subject_without_a_key_can_be_erased(vault: &dyn KeyVault) {
    vault.erase("default", subject(1)).await.unwrap();
    assert!(matches!(vault.key("default", subject(1)).await.unwrap(), KeyState::Erased));
    assert!(matches!(vault.key_or_create("default", subject(1)).await.unwrap(), SealingKey::Erased));
}

async fn erasing_leaves_the_others_alone(vault: &dyn KeyVault) {
    let other = *sealing(vault.key_or_create("default", subject(2)).await.unwrap()).bytes();
    let elsewhere = *sealing(vault.key_or_create("acme", subject(1)).await.unwrap()).bytes();
    sealing(vault.key_or_create("default", subject(1)).await.unwrap());
    vault.erase("default", subject(1)).await.unwrap();
    assert_eq!(known(vault.key("default", subject(2)).await.unwrap()).bytes(), &other);
    assert_eq!(known(vault.key("acme", subject(1)).await.unwrap()).bytes(), &elsewhere);
}
