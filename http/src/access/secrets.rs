//! The server's own secret, and what is made with it: the secrets of guest carts, and digests of clients' secrets.
//!
//! **Invariant:** no secret is stored besides the server's own, and none is printed; a cart's is made anew when it is
//! asked for.

use super::private_file::{KeysError, malformed, read_or_create};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;
use std::{fmt, path::Path};
use subtle::ConstantTimeEq;
use tillroll_domain::ids::CartId;
use tillroll_infra::ambient::Randomness;
use zeroize::Zeroizing;

/// Bytes of the server's secret, and of a cart's.
const SECRET_BYTES: usize = 32;
/// Bytes of a client's secret: 128 to 512 bits.
const CLIENT_SECRET_BYTES_MIN: usize = 16;
const CLIENT_SECRET_BYTES_MAX: usize = 64;

/// Separate what is made with the key for one purpose from what is made with it for another.
const CART: &[u8] = b"tillroll cart secret 1\0";
const CLIENT: &[u8] = b"tillroll client secret 1\0";
const SIMULATOR: &[u8] = b"tillroll payment simulator 1\0";

/// The server's own secret. Overwritten when dropped.
pub(super) struct ServerKey(Zeroizing<[u8; SECRET_BYTES]>);

/// The secret of a guest's cart: who has it may use the cart and the order made from it. 32 bytes, in text base64url
/// without padding. Never stored, never logged; overwritten when dropped.
#[derive(Clone)]
pub struct CartSecret(Zeroizing<String>);

impl CartSecret {
    /// The text that a client sends as `Tillroll-Cart-Secret`. For the answer to the guest alone.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CartSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CartSecret(redacted)")
    }
}

/// A secret as a client presented it, of the form of a cart's. Whether it is right shows only against a cart.
#[derive(Clone)]
pub(super) struct Presented(Zeroizing<[u8; SECRET_BYTES]>);

impl Presented {
    /// Reads the text form; `None` if it does not have it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.len() != BASE64URL_NOPAD.encode_len(SECRET_BYTES) {
            return None;
        }
        let bytes = Zeroizing::new(BASE64URL_NOPAD.decode(text.as_bytes()).ok()?);
        let mut secret = Zeroizing::new([0; SECRET_BYTES]);
        secret.copy_from_slice(&bytes);
        Some(Self(secret))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretsFile {
    secrets: SecretsTable,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretsTable {
    server: Zeroizing<String>,
}

impl ServerKey {
    /// Reads the file, or makes it if there is none: mode 0600, whole or not at all, durable, never replaced.
    pub(super) fn load_or_create(path: &Path, randomness: &dyn Randomness) -> Result<Self, KeysError> {
        let text = read_or_create(path, || new_file(randomness))?;
        // The parser's own message would quote the line, and with it the secret.
        let parsed: SecretsFile =
            toml::from_str(&text).map_err(|_| malformed(path, "it needs a table [secrets] with server"))?;
        let secret = Presented::parse(&parsed.secrets.server)
            .ok_or_else(|| malformed(path, format!("the server's secret is not {SECRET_BYTES} bytes of base64url")))?;
        Ok(Self(secret.0))
    }

    /// A key that is given.
    pub(super) fn new(bytes: [u8; SECRET_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The secret of a cart: always the same for the same cart and server.
    pub(super) fn cart_secret(&self, cart: CartId) -> CartSecret {
        CartSecret(Zeroizing::new(BASE64URL_NOPAD.encode(&*self.cart_mac(cart))))
    }

    /// True if this is the cart's secret. Takes the same time wherever it differs.
    pub(super) fn opens(&self, cart: CartId, presented: &Presented) -> bool {
        self.cart_mac(cart).as_slice().ct_eq(presented.0.as_slice()).into()
    }

    /// What may be stored of a client's secret: a digest that only this server can make, in hexadecimal.
    pub(super) fn client_digest(&self, secret: &[u8]) -> String {
        HEXLOWER.encode(&*self.mac(CLIENT, secret))
    }

    /// What the simulated payment provider signs its messages with.
    pub(super) fn simulator_secret(&self) -> Zeroizing<[u8; SECRET_BYTES]> {
        self.mac(SIMULATOR, &[])
    }

    fn cart_mac(&self, cart: CartId) -> Zeroizing<[u8; SECRET_BYTES]> {
        self.mac(CART, cart.uuid().as_bytes())
    }

    fn mac(&self, purpose: &[u8], message: &[u8]) -> Zeroizing<[u8; SECRET_BYTES]> {
        // HMAC fills a shorter key up with zeros (RFC 2104); giving it a whole block cannot fail.
        let mut block = Zeroizing::new([0; 64]);
        block[..SECRET_BYTES].copy_from_slice(&*self.0);
        let mut mac = Hmac::<Sha256>::new((&*block).into());
        mac.update(purpose);
        mac.update(message);
        Zeroizing::new(mac.finalize().into_bytes().into())
    }
}

/// The bytes of a client's secret; `None` if the text is not 16 to 64 bytes of base64url without padding.
pub(super) fn client_secret(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    if text.len() > BASE64URL_NOPAD.encode_len(CLIENT_SECRET_BYTES_MAX) {
        return None;
    }
    let bytes = Zeroizing::new(BASE64URL_NOPAD.decode(text.as_bytes()).ok()?);
    (bytes.len() >= CLIENT_SECRET_BYTES_MIN).then_some(bytes)
}

fn new_file(randomness: &dyn Randomness) -> Zeroizing<String> {
    let mut secret = Zeroizing::new([0; SECRET_BYTES]);
    randomness.fill(&mut *secret);
    let encoded = Zeroizing::new(BASE64URL_NOPAD.encode(&*secret));
    Zeroizing::new(format!(
        "# The own secret of this Tillroll server. The secrets of guest carts follow from it: whoever has it may use every\n\
         # guest's cart, and without it no guest can. Keep it private, and in your backups.\n\
         [secrets]\nserver = \"{}\"\n",
        *encoded
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use std::{fs, sync::Arc};
    use tillroll_infra::ambient::Ambient;
    use uuid::Uuid;

    const CART_1: CartId = CartId::new(Uuid::from_u128(1));
    const CART_2: CartId = CartId::new(Uuid::from_u128(2));

    fn randomness(seed: u64) -> Arc<dyn Randomness> {
        Ambient::seeded(DateTime::UNIX_EPOCH, seed).0.randomness
    }

    fn opens(key: &ServerKey, cart: CartId, text: &str) -> bool {
        Presented::parse(text).is_some_and(|presented| key.opens(cart, &presented))
    }

    #[test]
    fn a_cart_is_opened_by_its_own_secret_alone() {
        let (key, other) = (ServerKey::new([7; 32]), ServerKey::new([8; 32]));
        let secret = key.cart_secret(CART_1);
        assert_eq!(secret.reveal().len(), 43);
        assert!(opens(&key, CART_1, secret.reveal()));
        assert!(!opens(&key, CART_2, secret.reveal()), "another cart");
        assert!(!opens(&other, CART_1, secret.reveal()), "another server");
        for text in ["", "A", &secret.reveal()[1..], &format!("{}=", secret.reveal()), &"A".repeat(43)] {
            assert!(!opens(&key, CART_1, text), "{text}");
        }
    }

    #[test]
    fn every_bit_of_a_secret_counts() {
        let key = ServerKey::new([7; 32]);
        let right = BASE64URL_NOPAD.decode(key.cart_secret(CART_1).reveal().as_bytes()).unwrap();
        for bit in 0..right.len() * 8 {
            let mut wrong = right.clone();
            wrong[bit / 8] ^= 1 << (bit % 8);
            assert!(!opens(&key, CART_1, &BASE64URL_NOPAD.encode(&wrong)), "bit {bit}");
        }
    }

    #[test]
    fn a_client_secret_never_makes_a_cart_secret() {
        // Purposes are separated: the same bytes under another purpose give something else.
        let key = ServerKey::new([7; 32]);
        let as_client = key.client_digest(CART_1.uuid().as_bytes());
        let as_cart = HEXLOWER.encode(&BASE64URL_NOPAD.decode(key.cart_secret(CART_1).reveal().as_bytes()).unwrap());
        assert_ne!(as_client, as_cart);
    }

    #[test]
    fn a_client_secret_has_128_bits_or_more() {
        for (bytes, fits) in [(0, false), (15, false), (16, true), (32, true), (64, true), (65, false)] {
            assert_eq!(client_secret(&BASE64URL_NOPAD.encode(&vec![9; bytes])).is_some(), fits, "{bytes} bytes");
        }
        assert!(client_secret("not base64url!!!!!!!!!!!").is_none());
    }

    #[test]
    fn nothing_prints_a_secret() {
        let secret = ServerKey::new([7; 32]).cart_secret(CART_1);
        assert_eq!(format!("{secret:?}"), "CartSecret(redacted)");
    }

    #[test]
    fn the_first_start_makes_a_private_secret_that_later_starts_find() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets.toml");
        let made = ServerKey::load_or_create(&path, &*randomness(1)).unwrap().cart_secret(CART_1);
        let found = ServerKey::load_or_create(&path, &*randomness(2)).unwrap().cart_secret(CART_1);
        assert_eq!(made.reveal(), found.reveal());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left behind");
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions()) & 0o777, 0o600);
    }

    #[test]
    fn a_spoiled_file_is_refused_not_quoted_and_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets.toml");
        assert!(ServerKey::load_or_create(&path, &*randomness(1)).is_ok());
        let good = fs::read_to_string(&path).unwrap();
        let secret = good.split('"').nth(1).unwrap().to_owned();
        for text in [String::new(), good.replace(&secret, &secret[1..]), good.replace("server =", "server = =")] {
            fs::write(&path, &text).unwrap();
            let error = ServerKey::load_or_create(&path, &*randomness(1)).map(drop).unwrap_err();
            assert!(matches!(error, KeysError::Malformed { .. }), "{text}");
            assert!(!format!("{error} {error:?}").contains(&secret[1..]), "the error quotes the secret");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }
}
