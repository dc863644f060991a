//! Role keys: made once, kept in a file that only its owner may read, compared by digest in constant time.

use super::{
    Role,
    private_file::{malformed, read_or_create},
    secrets::{CartSecret, Presented, ServerKey},
};
use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::{
    fmt::{self, Write as _},
    path::Path,
    sync::Arc,
};
use subtle::{ConditionallySelectable, ConstantTimeEq};
use tillroll_domain::ids::CartId;
use tillroll_infra::ambient::Randomness;
use zeroize::Zeroizing;

pub use super::private_file::KeysError;

/// Random bytes behind the prefix of a key.
const SECRET_BYTES: usize = 32;

/// The SHA-256 digest of each role's key.
type Digests = Arc<[(Role, [u8; 32])]>;

/// The keys of this server, one per role, and its own secret. Holds digests of the keys only, and prints nothing of them.
/// Cloning is cheap.
#[derive(Clone)]
pub struct Keys {
    roles: Digests,
    server: Arc<ServerKey>,
    anonymous: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    keys: RoleKeys,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleKeys {
    admin: Zeroizing<String>,
    analyst: Zeroizing<String>,
    auditor: Zeroizing<String>,
    storefront: Zeroizing<String>,
}

impl Keys {
    /// Reads the keys, and beside them in `secrets.toml` the server's own secret, or makes what there is no file of yet:
    /// mode 0600, whole or not at all, and durable.
    ///
    /// # Errors
    /// A file that cannot be read or written, that others may read, or that is malformed. No file is ever replaced.
    pub fn load_or_create(path: &Path, randomness: &dyn Randomness) -> Result<Self, KeysError> {
        let roles = Self::roles_in(path, &read_or_create(path, || new_file(randomness))?)?;
        let server = ServerKey::load_or_create(&path.with_file_name("secrets.toml"), randomness)?;
        Ok(Self { roles, server: Arc::new(server), anonymous: false })
    }

    /// Keys that are given, in the order admin, analyst, auditor, storefront, and the server's own secret; for tests and
    /// for other key stores.
    ///
    /// # Errors
    /// In words, without naming a key: keys that do not have the form of their role, or that are not distinct.
    pub fn from_texts(keys: [String; 4], server: [u8; 32]) -> Result<Self, String> {
        let [admin, analyst, auditor, storefront] = keys.map(Zeroizing::new);
        let roles = Self::digests(&RoleKeys { admin, analyst, auditor, storefront })?;
        Ok(Self { roles, server: Arc::new(ServerKey::new(server)), anonymous: false })
    }

    /// Whether callers without a key may see the catalog and start carts. Default: no.
    #[must_use]
    pub fn allowing_anonymous(self, anonymous: bool) -> Self {
        Self { anonymous, ..self }
    }

    /// True if callers without a key may see the catalog and start carts.
    #[must_use]
    pub fn allows_anonymous(&self) -> bool {
        self.anonymous
    }

    /// The secret of a guest's cart: always the same for the same cart, also after a restart.
    #[must_use]
    pub fn cart_secret(&self, cart: CartId) -> CartSecret {
        self.server.cart_secret(cart)
    }

    /// The secret with which the simulated payment provider signs its messages: always the same on the same server.
    #[must_use]
    pub fn simulator_secret(&self) -> Zeroizing<[u8; 32]> {
        self.server.simulator_secret()
    }

    /// True if a text is the cart's secret. Takes the same time wherever it differs.
    #[must_use]
    pub fn opens_cart(&self, cart: CartId, secret: &str) -> bool {
        Presented::parse(secret).is_some_and(|presented| self.server.opens(cart, &presented))
    }

    pub(super) fn server(&self) -> &ServerKey {
        &self.server
    }

    fn roles_in(path: &Path, text: &str) -> Result<Digests, KeysError> {
        // The parser's own message would quote the line, and with it the key.
        let parsed: KeyFile = toml::from_str(text)
            .map_err(|_| malformed(path, "it needs a table [keys] with admin, analyst, auditor and storefront"))?;
        Self::digests(&parsed.keys).map_err(|reason| malformed(path, reason))
    }

    fn digests(keys: &RoleKeys) -> Result<Digests, String> {
        let given = [
            (Role::Admin, &keys.admin),
            (Role::Analyst, &keys.analyst),
            (Role::Auditor, &keys.auditor),
            (Role::Storefront, &keys.storefront),
        ];
        let mut secrets: Vec<&str> = Vec::with_capacity(given.len());
        for (role, key) in given {
            let secret = key.strip_prefix(prefix(role).as_str()).unwrap_or_default();
            if !BASE64URL_NOPAD.decode(secret.as_bytes()).is_ok_and(|bytes| bytes.len() == SECRET_BYTES) {
                let (role, prefix) = (role.name(), prefix(role));
                return Err(format!("the key of {role} is not {prefix} and {SECRET_BYTES} bytes of base64url"));
            }
            if secrets.contains(&secret) {
                return Err(format!("the key of {} is another role's too", role.name()));
            }
            secrets.push(secret);
        }
        Ok(given.map(|(role, key)| (role, digest(key.as_bytes()))).into())
    }

    /// The role of a key; `None` if it is not ours. Takes the same time wherever it differs and whichever it is.
    #[must_use]
    pub fn role_of(&self, key: &[u8]) -> Option<Role> {
        let given = digest(key);
        let mut found = u8::MAX;
        for (index, (_, known)) in (0..u8::MAX).zip(self.roles.iter()) {
            found.conditional_assign(&index, known.ct_eq(&given));
        }
        self.roles.get(usize::from(found)).map(|(role, _)| *role)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(redacted)")
    }
}

fn prefix(role: Role) -> String {
    format!("tr_{}_", role.name())
}

fn digest(key: &[u8]) -> [u8; 32] {
    Sha256::digest(key).into()
}

/// A new key for every role, as the file's text.
fn new_file(randomness: &dyn Randomness) -> Zeroizing<String> {
    // With room for all of it from the start, so that growing leaves no copies behind.
    let mut text = Zeroizing::new(String::with_capacity(1_024));
    text.push_str(
        "# Role keys of this Tillroll server. Whoever has one of them may act in its role; keep them private.\n\
         # Send one as: Authorization: Bearer <key>\n[keys]\n",
    );
    for role in Role::KEYED {
        let mut secret = Zeroizing::new([0; SECRET_BYTES]);
        randomness.fill(&mut *secret);
        let encoded = Zeroizing::new(BASE64URL_NOPAD.encode(&*secret));
        let _ = writeln!(text, "{} = \"{}{}\"", role.name(), prefix(role), *encoded);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use std::fs;
    use tillroll_infra::ambient::Ambient;

    fn randomness() -> Arc<dyn Randomness> {
        Ambient::seeded(DateTime::UNIX_EPOCH, 7).0.randomness
    }

    fn key_in(path: &Path, role: &str) -> String {
        let text = fs::read_to_string(path).unwrap();
        let line = text.lines().find(|line| line.starts_with(role)).unwrap();
        line.split('"').nth(1).unwrap().to_owned()
    }

    #[test]
    fn the_first_start_makes_private_keys_that_later_starts_find() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.toml");
        let made = Keys::load_or_create(&path, &*randomness()).unwrap();
        let found = Keys::load_or_create(&path, &*randomness()).unwrap();
        for role in Role::KEYED {
            let key = key_in(&path, role.name());
            assert!(key.starts_with(&format!("tr_{}_", role.name())), "the prefix tells the role");
            assert_eq!(made.role_of(key.as_bytes()), Some(role));
            assert_eq!(found.role_of(key.as_bytes()), Some(role));
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no draft is left behind");
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions()) & 0o777, 0o600);
    }

    #[test]
    fn a_wrong_key_has_no_role() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.toml");
        let keys = Keys::load_or_create(&path, &*randomness()).unwrap();
        let mut key = key_in(&path, "admin");
        key.pop();
        assert_eq!(keys.role_of(key.as_bytes()), None);
        assert_eq!(keys.role_of(b""), None);
    }

    #[cfg(unix)]
    #[test]
    fn keys_that_others_may_read_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.toml");
        Keys::load_or_create(&path, &*randomness()).unwrap();
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o640);
        fs::set_permissions(&path, open).unwrap();
        let refused = Keys::load_or_create(&path, &*randomness());
        assert!(matches!(refused, Err(KeysError::TooOpen { mode: 0o640, .. })));
    }

    #[test]
    fn malformed_keys_are_refused_and_not_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.toml");
        Keys::load_or_create(&path, &*randomness()).unwrap();
        let good = fs::read_to_string(&path).unwrap();
        let auditor = key_in(&path, "auditor");
        let spoiled = [
            String::new(),
            good.replace("tr_auditor_", "tr_admin_"),
            good.replace(&auditor, "tr_auditor_c2hvcnQ"),
            good.replace(&auditor, &key_in(&path, "admin").replace("tr_admin_", "tr_auditor_")),
            good.replace("auditor = ", "auditor = = "),
            good.clone() + "extra = \"x\"\n",
            good.lines().filter(|line| !line.starts_with("auditor")).collect::<Vec<_>>().join("\n"),
        ];
        for text in spoiled {
            fs::write(&path, &text).unwrap();
            let error = Keys::load_or_create(&path, &*randomness()).unwrap_err();
            assert!(matches!(error, KeysError::Malformed { .. }), "{text}");
            assert!(!format!("{error} {error:?}").contains(&auditor[11..]), "the error quotes a key");
            assert_eq!(fs::read_to_string(&path).unwrap(), text, "a refused file is not replaced");
        }
    }

    #[test]
    fn printing_keys_shows_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::load_or_create(&folder.path().join("keys.toml"), &*randomness()).unwrap();
        assert_eq!(format!("{keys:?}"), "Keys(redacted)");
    }
}
