//! Role keys: made once, kept in a file that only its owner may read, compared by digest in constant time.

use super::Role;
use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::{
    fmt::{self, Write as _},
    fs::{self, File, OpenOptions},
    io::{self, Read, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};
use subtle::{ConditionallySelectable, ConstantTimeEq};
use thiserror::Error;
use tillroll_infra::ambient::Randomness;

/// Random bytes behind the prefix of a key.
const SECRET_BYTES: usize = 32;
/// The most bytes of the file.
const FILE_BYTES_MAX: u64 = 16 << 10;

/// The keys of this server, one per role. Holds digests only, and prints none of them. Cloning is cheap.
#[derive(Clone)]
pub struct Keys(Arc<[(Role, [u8; 32])]>);

/// Why the keys cannot be used. No variant carries a key.
#[derive(Debug, Error)]
pub enum KeysError {
    /// The file cannot be read or written.
    #[error("the key file {} cannot be used", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Others than the owner may read or write the file.
    #[error("others may read the key file {} (mode {mode:o}); make it private with chmod 600", path.display())]
    TooOpen {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is not what this server writes.
    #[error("the key file {} is malformed: {reason}; move it away and start again to get new keys", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, without naming a key.
        reason: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    keys: RoleKeys,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleKeys {
    admin: String,
    analyst: String,
    auditor: String,
    storefront: String,
}

impl Keys {
    /// Reads the keys, or makes them if there is no file yet: mode 0600, whole or not at all, and durable.
    ///
    /// # Errors
    /// A file that cannot be read or written, that others may read, or that is malformed. No file is ever replaced.
    pub fn load_or_create(path: &Path, randomness: &dyn Randomness) -> Result<Self, KeysError> {
        match Self::load(path) {
            Err(KeysError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                create(path, randomness).map_err(|source| KeysError::Io { path: path.to_owned(), source })?;
                Self::load(path)
            }
            loaded => loaded,
        }
    }

    /// Reads the keys.
    ///
    /// # Errors
    /// A file that is missing, cannot be read, that others may read, or that is malformed.
    pub fn load(path: &Path) -> Result<Self, KeysError> {
        let io = |source| KeysError::Io { path: path.to_owned(), source };
        let malformed = |reason: String| KeysError::Malformed { path: path.to_owned(), reason };
        let file = File::open(path).map_err(io)?;
        // The opened file is asked, not the path, which may name another one by now.
        let metadata = file.metadata().map_err(io)?;
        if !metadata.is_file() {
            return Err(malformed("it is not a file".to_owned()));
        }
        check_mode(path, &metadata)?;
        let mut text = String::new();
        file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text).map_err(io)?;
        if u64::try_from(text.len()).unwrap_or(u64::MAX) > FILE_BYTES_MAX {
            return Err(malformed("it is too large".to_owned()));
        }
        // The parser's own message would quote the line, and with it the key.
        let parsed: KeyFile = toml::from_str(&text)
            .map_err(|_| malformed("it needs a table [keys] with admin, analyst, auditor and storefront".to_owned()))?;
        Self::new(&parsed.keys).map_err(malformed)
    }

    /// Keys that are given, in the order admin, analyst, auditor, storefront; for tests and for other key stores.
    ///
    /// # Errors
    /// In words, without naming a key: keys that do not have the form of their role, or that are not distinct.
    pub fn from_texts([admin, analyst, auditor, storefront]: [String; 4]) -> Result<Self, String> {
        Self::new(&RoleKeys { admin, analyst, auditor, storefront })
    }

    fn new(keys: &RoleKeys) -> Result<Self, String> {
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
        Ok(Self(given.map(|(role, key)| (role, digest(key.as_bytes()))).into()))
    }

    /// The role of a key; `None` if it is not ours. Takes the same time wherever it differs and whichever it is.
    #[must_use]
    pub fn role_of(&self, key: &[u8]) -> Option<Role> {
        let given = digest(key);
        let mut found = u8::MAX;
        for (index, (_, known)) in (0..u8::MAX).zip(self.0.iter()) {
            found.conditional_assign(&index, known.ct_eq(&given));
        }
        self.0.get(usize::from(found)).map(|(role, _)| *role)
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
fn new_file(randomness: &dyn Randomness) -> String {
    let mut text = String::from(
        "# Role keys of this Tillroll server. Whoever has one of them may act in its role; keep them private.\n\
         # Send one as: Authorization: Bearer <key>\n[keys]\n",
    );
    for role in Role::ALL {
        let mut secret = [0; SECRET_BYTES];
        randomness.fill(&mut secret);
        let _ = writeln!(text, "{} = \"{}{}\"", role.name(), prefix(*role), BASE64URL_NOPAD.encode(&secret));
    }
    text
}

fn create(path: &Path, randomness: &dyn Randomness) -> io::Result<()> {
    let draft = path.with_extension("toml.new");
    // A draft that a crash left behind is nobody's key yet.
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(new_file(randomness).as_bytes())?;
    file.sync_all()?;
    // A link, unlike a rename, never replaces keys that another process wrote meanwhile; theirs are used then.
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

#[cfg(unix)]
fn check_mode(path: &Path, metadata: &fs::Metadata) -> Result<(), KeysError> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(KeysError::TooOpen { path: path.to_owned(), mode }) }
}

#[cfg(not(unix))]
fn check_mode(_: &Path, _: &fs::Metadata) -> Result<(), KeysError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
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
        for role in Role::ALL {
            let key = key_in(&path, role.name());
            assert!(key.starts_with(&format!("tr_{}_", role.name())), "the prefix tells the role");
            assert_eq!(made.role_of(key.as_bytes()), Some(*role));
            assert_eq!(found.role_of(key.as_bytes()), Some(*role));
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left behind");
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
        assert!(matches!(Keys::load(&path), Err(KeysError::TooOpen { mode: 0o640, .. })));
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
