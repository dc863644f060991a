//! The key vault: one secret key per person, kept apart from the log, so that destroying a key erases a person.
//!
//! **Invariant:** a key is durable before it is handed out, so nothing is ever sealed under a key that a crash can lose.
//! **Invariant:** an erased subject never gets a key again.
//! **Invariant:** a missing key is not an erased one: a vault that was lost is an error, never an erasure.

use crate::{ambient::Randomness, stream::Position};
use futures::future::{BoxFuture, FutureExt, ready};
use std::{
    fmt::{self, Debug},
    sync::Arc,
};
use thiserror::Error;
use tillroll_domain::ids::SubjectId;
use uuid::Uuid;
use zeroize::Zeroize;

#[cfg(test)]
pub(crate) mod conformance;
pub mod memory;
pub mod sqlite;

pub use memory::MemoryVault;
pub use sqlite::SqliteVault;

/// Bytes of a key.
pub const KEY_BYTES: usize = 32;

/// The secret key of one subject; its bytes are overwritten when it is dropped.
pub struct Key([u8; KEY_BYTES]);

impl Key {
    /// A new key.
    pub(crate) fn random(randomness: &dyn Randomness) -> Arc<Self> {
        // Filled in its last place, so that no copy stays behind on the stack.
        let mut key = Arc::new(Self([0; KEY_BYTES]));
        if let Some(key) = Arc::get_mut(&mut key) {
            randomness.fill(&mut key.0);
        }
        key
    }

    /// A key that was stored; `None` if it has another length.
    pub(crate) fn stored(bytes: &[u8]) -> Option<Arc<Self>> {
        let mut key = Arc::new(Self([0; KEY_BYTES]));
        if bytes.len() != KEY_BYTES {
            return None;
        }
        Arc::get_mut(&mut key)?.0.copy_from_slice(bytes);
        Some(key)
    }

    /// The secret.
    pub(crate) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// The secret, for tests that look for it where it must not be.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn exposed(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(***)")
    }
}

/// What the vault knows of a subject.
#[derive(Debug, Clone)]
pub enum KeyState {
    /// The subject's key.
    Known(Arc<Key>),
    /// The subject was erased.
    Erased,
    /// The vault has never heard of the subject.
    Missing,
}

/// What the vault gives to whoever wants to seal.
#[derive(Debug, Clone)]
pub enum SealingKey {
    /// The subject's key, which is durable.
    Known(Arc<Key>),
    /// The subject was erased, and nothing can be sealed for it any more.
    Erased,
}

/// Why the vault did not answer.
#[derive(Debug, Clone, Error)]
pub enum VaultError {
    /// It failed or is closing. Whether a key was made or destroyed is unknown; ask again once it works.
    #[error("the key vault is not available: {0}")]
    Unavailable(Arc<str>),
    /// There is no room for more keys. Nothing was made; keys that exist can be read.
    #[error("the disk that holds the key vault is full; free some space and try again")]
    Full,
    /// The key is destroyed and no longer used, but its bytes may still stand in the vault's write-ahead log. Erase again.
    #[error("the key was destroyed, but the key vault's write-ahead log could not be emptied; erase again: {0}")]
    Lingering(Arc<str>),
}

/// How far somebody has come with a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The position of the last event that was done with.
    pub position: Position,
    /// The id of that event, by which another log is told from this one.
    pub event: Uuid,
}

/// A store of keys.
///
/// Every implementation passes the same conformance suite. Calls for one subject take effect in some order; whoever calls
/// [`Self::key_or_create`] at the same time gets the same key.
pub trait KeyVault: Debug + Send + Sync + 'static {
    /// What the vault knows of a subject. Never makes a key.
    fn key<'a>(&'a self, tenant: &'a str, subject: SubjectId) -> BoxFuture<'a, Result<KeyState, VaultError>>;

    /// The key of a subject; a new one if it has none and was not erased. A new key is durable when this returns.
    fn key_or_create<'a>(
        &'a self,
        tenant: &'a str,
        subject: SubjectId,
    ) -> BoxFuture<'a, Result<SealingKey, VaultError>>;

    /// Destroys a subject's key for ever, durably, and leaves a mark by which no key is ever made for it again; also for a
    /// subject that never had one. Erasing again does no harm and finishes what an earlier call left undone.
    fn erase<'a>(&'a self, tenant: &'a str, subject: SubjectId) -> BoxFuture<'a, Result<(), VaultError>>;

    /// How far a piece of work on the keys has come, as [`Self::set_mark`] was told last. It is kept with the keys, so that
    /// an old copy of them is as far as it was then. A vault that keeps none answers `None`, and the work begins anew.
    fn mark<'a>(&'a self, _work: &'a str) -> BoxFuture<'a, Result<Option<Mark>, VaultError>> {
        ready(Ok(None)).boxed()
    }

    /// Takes note of how far a piece of work has come. Every change of keys that was answered before is durable before it.
    fn set_mark<'a>(&'a self, _work: &'a str, _mark: Mark) -> BoxFuture<'a, Result<(), VaultError>> {
        ready(Ok(())).boxed()
    }
}

/// The vault of a process that was given none: whatever needs a key fails and says so.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoVault;

impl NoVault {
    fn refuse<T: Send + 'static>() -> BoxFuture<'static, Result<T, VaultError>> {
        ready(Err(VaultError::Unavailable("none was opened".into()))).boxed()
    }
}

impl KeyVault for NoVault {
    fn key<'a>(&'a self, _: &'a str, _: SubjectId) -> BoxFuture<'a, Result<KeyState, VaultError>> {
        Self::refuse()
    }

    fn key_or_create<'a>(&'a self, _: &'a str, _: SubjectId) -> BoxFuture<'a, Result<SealingKey, VaultError>> {
        Self::refuse()
    }

    fn erase<'a>(&'a self, _: &'a str, _: SubjectId) -> BoxFuture<'a, Result<(), VaultError>> {
        Self::refuse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ambient::Ambient;

    #[test]
    fn a_key_is_never_shown() {
        let key = Key::random(&*Ambient::system().randomness);
        assert_eq!(format!("{key:?} {:?}", KeyState::Known(key.clone())), "Key(***) Known(Key(***))");
    }

    #[test]
    fn a_stored_key_has_its_whole_length() {
        assert_eq!(Key::stored(&[7; KEY_BYTES]).unwrap().bytes(), &[7; KEY_BYTES]);
        assert!(Key::stored(&[7; KEY_BYTES - 1]).is_none());
        assert!(Key::stored(&[7; KEY_BYTES + 1]).is_none());
    }

    #[tokio::test]
    async fn without_a_vault_everything_that_needs_a_key_fails() {
        let subject = SubjectId::new(uuid::Uuid::from_u128(1));
        assert!(matches!(NoVault.key("default", subject).await, Err(VaultError::Unavailable(_))));
        assert!(matches!(NoVault.key_or_create("default", subject).await, Err(VaultError::Unavailable(_))));
        assert!(matches!(NoVault.erase("default", subject).await, Err(VaultError::Unavailable(_))));
    }
}
