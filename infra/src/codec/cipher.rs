//! The cryptography: XChaCha20-Poly1305 boxes that are bound to their place, and keyed digests.

use super::Place;
use crate::vault::Key;
use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit, Payload},
};
use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use tillroll_domain::ids::SubjectId;
use zeroize::Zeroizing;

/// Bytes of a nonce: enough that random ones never meet under one key.
const NONCE_BYTES: usize = 24;
/// A nonce.
pub(super) type Nonce = [u8; NONCE_BYTES];

/// Separate what is made with a key for one purpose from what is made with it for another.
const SEALED: &[u8] = b"tillroll sealed field 1";
const DIGEST: &[u8] = b"tillroll fingerprint key 1";

/// Parts of which each is preceded by its length, so that no two lists of parts make the same bytes.
fn joined<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(256);
    for part in parts {
        bytes.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

/// What a sealed value is bound to: the whole of its place, its subject and field, and the how-manieth marker of its
/// payload it is.
pub(super) fn associated_data(place: &Place<'_>, subject: SubjectId, field: &str, ordinal: u32) -> Vec<u8> {
    let (kind, stream, event) = match place {
        Place::Event { stream, id } => (&b"event"[..], stream, id),
        Place::Snapshot { stream, last_event } => (&b"snapshot"[..], stream, last_event),
    };
    joined([
        SEALED,
        kind,
        stream.tenant().as_bytes(),
        stream.as_str().as_bytes(),
        event.as_bytes(),
        subject.uuid().as_bytes(),
        field.as_bytes(),
        &ordinal.to_le_bytes(),
    ])
}

/// Seals a value: Base64 of nonce and ciphertext. `None` beyond the cipher's bound of 256 GiB.
pub(super) fn seal(key: &Key, nonce: Nonce, bound: &[u8], value: &[u8]) -> Option<String> {
    let cipher = XChaCha20Poly1305::new(key.bytes().into());
    let sealed = cipher.encrypt(&XNonce::from(nonce), Payload { msg: value, aad: bound }).ok()?;
    Some(BASE64.encode(&[&nonce[..], &sealed].concat()))
}

/// Opens what [`seal`] made; `None` if anything about it is not as it was.
pub(super) fn open(key: &Key, bound: &[u8], sealed: &str) -> Option<String> {
    let bytes = BASE64.decode(sealed.as_bytes()).ok()?;
    let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>()?;
    let cipher = XChaCha20Poly1305::new(key.bytes().into());
    let value = cipher.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: bound }).ok()?;
    String::from_utf8(value).ok()
}

/// A digest of a value that only the holder of its subject's key can make: hexadecimal HMAC-SHA-256 under a key that is
/// derived from it for this purpose.
pub(super) fn digest(key: &Key, tenant: &str, subject: SubjectId, field: &str, value: &str) -> String {
    let derived = mac(key.bytes(), DIGEST);
    let subject = subject.uuid();
    let parts = [tenant.as_bytes(), subject.as_bytes(), field.as_bytes(), value.as_bytes()];
    HEXLOWER.encode(&*mac(&derived, &joined(parts)))
}

fn mac(key: &[u8; 32], message: &[u8]) -> Zeroizing<[u8; 32]> {
    // HMAC fills a shorter key up with zeros (RFC 2104); giving it a whole block cannot fail.
    let mut block = Zeroizing::new([0; 64]);
    block[..key.len()].copy_from_slice(key);
    let mut mac = Hmac::<Sha256>::new((&*block).into());
    mac.update(message);
    Zeroizing::new(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mac_is_hmac_sha_256() {
        // RFC 4231, test case 2, whose key is filled up with zeros.
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        let digest = HEXLOWER.encode(&*mac(&key, b"what do ya want for nothing?"));
        assert_eq!(digest, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
