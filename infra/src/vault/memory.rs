//! A vault in memory, for tests and simulations: the whole contract except that it ends with the process.

use super::{Key, KeyState, KeyVault, Mark, SealingKey, VaultError};
use crate::ambient::Randomness;
use futures::future::{BoxFuture, FutureExt, ready};
use parking_lot::Mutex;
use std::{collections::HashMap, sync::Arc};
use tillroll_domain::ids::SubjectId;

/// A subject of a tenant.
type Slot = (Box<str>, SubjectId);

/// A vault in memory. It grows without bound, as a vault does.
#[derive(Debug)]
pub struct MemoryVault {
    randomness: Arc<dyn Randomness>,
    /// `None` for an erased subject.
    keys: Mutex<HashMap<Slot, Option<Arc<Key>>>>,
    marks: Mutex<HashMap<Box<str>, Mark>>,
}

impl MemoryVault {
    /// An empty vault whose keys come from `randomness`.
    #[must_use]
    pub fn new(randomness: Arc<dyn Randomness>) -> Self {
        Self { randomness, keys: Mutex::default(), marks: Mutex::default() }
    }
}

impl KeyVault for MemoryVault {
    fn key<'a>(&'a self, tenant: &'a str, subject: SubjectId) -> BoxFuture<'a, Result<KeyState, VaultError>> {
        let state = match self.keys.lock().get(&(tenant.into(), subject)) {
            Some(Some(key)) => KeyState::Known(key.clone()),
            Some(None) => KeyState::Erased,
            None => KeyState::Missing,
        };
        ready(Ok(state)).boxed()
    }

    fn key_or_create<'a>(
        &'a self,
        tenant: &'a str,
        subject: SubjectId,
    ) -> BoxFuture<'a, Result<SealingKey, VaultError>> {
        let mut keys = self.keys.lock();
        let key = keys.entry((tenant.into(), subject)).or_insert_with(|| Some(Key::random(&*self.randomness)));
        ready(Ok(key.clone().map_or(SealingKey::Erased, SealingKey::Known))).boxed()
    }

    fn erase<'a>(&'a self, tenant: &'a str, subject: SubjectId) -> BoxFuture<'a, Result<(), VaultError>> {
        self.keys.lock().insert((tenant.into(), subject), None);
        ready(Ok(())).boxed()
    }

    fn mark<'a>(&'a self, work: &'a str) -> BoxFuture<'a, Result<Option<Mark>, VaultError>> {
        ready(Ok(self.marks.lock().get(work).copied())).boxed()
    }

    fn set_mark<'a>(&'a self, work: &'a str, mark: Mark) -> BoxFuture<'a, Result<(), VaultError>> {
        self.marks.lock().insert(work.into(), mark);
        ready(Ok(())).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ambient::Ambient, vault::conformance};

    #[tokio::test]
    async fn it_keeps_the_contract() {
        conformance::check(&|| Arc::new(MemoryVault::new(Ambient::system().randomness))).await;
    }
}
