//! The signature of a simulated message: HMAC-SHA256 over `timestamp.body`, in a header `t=<seconds>,v1=<hexadecimal>`.

use crate::payments::{WebhookError, WebhookHeaders};
use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The header, in lower case.
pub const SIGNATURE_HEADER: &str = "tillroll-signature";
/// How far from now a message may have been signed.
pub const SIGNATURE_TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// Bytes of the provider's secret.
pub(super) const SECRET_BYTES: usize = 32;
/// The most bytes of the header that are looked at.
const HEADER_BYTES_MAX: usize = 200;

pub(super) fn mac(secret: &[u8; SECRET_BYTES]) -> Hmac<Sha256> {
    // HMAC fills a shorter key up with zeros (RFC 2104); giving it a whole block cannot fail.
    let mut block = zeroize::Zeroizing::new([0; 64]);
    block[..SECRET_BYTES].copy_from_slice(secret);
    Hmac::<Sha256>::new((&*block).into())
}

fn over(secret: &[u8; SECRET_BYTES], seconds: i64, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = mac(secret);
    mac.update(seconds.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    mac
}

/// The header's value for a body that is sent now.
pub(super) fn sign(secret: &[u8; SECRET_BYTES], body: &[u8], now: DateTime<Utc>) -> String {
    let seconds = now.timestamp();
    format!("t={seconds},v1={}", HEXLOWER.encode(&over(secret, seconds, body).finalize().into_bytes()))
}

/// When the body was signed, if the signature is right and fresh.
pub(super) fn verify(
    secret: &[u8; SECRET_BYTES],
    headers: &WebhookHeaders,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, WebhookError> {
    let header = headers.get(SIGNATURE_HEADER).filter(|header| header.len() <= HEADER_BYTES_MAX);
    let (seconds, signature) = header.and_then(parse).ok_or(WebhookError::NotSigned)?;
    over(secret, seconds, body).verify_slice(&signature).map_err(|_| WebhookError::BadSignature)?;
    let signed_at = DateTime::from_timestamp(seconds, 0).ok_or(WebhookError::NotSigned)?;
    // Only who knows the secret learns that a time was wrong.
    if (now - signed_at).abs() > SIGNATURE_TOLERANCE {
        return Err(WebhookError::Stale { signed_at });
    }
    Ok(signed_at)
}

fn parse(header: &str) -> Option<(i64, Vec<u8>)> {
    let (time, signature) = header.split_once(',')?;
    let seconds = time.trim().strip_prefix("t=")?.parse().ok()?;
    let signature = HEXLOWER.decode(signature.trim().strip_prefix("v1=")?.as_bytes()).ok()?;
    Some((seconds, signature))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: [u8; 32] = [7; 32];

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn check(header: &str, body: &[u8], now: i64) -> Result<DateTime<Utc>, WebhookError> {
        verify(&SECRET, &WebhookHeaders::from_iter([(SIGNATURE_HEADER, header)]), body, at(now))
    }

    #[test]
    fn a_message_is_genuine_for_five_minutes_around_its_time() {
        let header = sign(&SECRET, b"{}", at(1_000_000));
        for now in [999_700, 1_000_000, 1_000_300] {
            assert_eq!(check(&header, b"{}", now), Ok(at(1_000_000)));
        }
        for now in [999_699, 1_000_301] {
            assert_eq!(check(&header, b"{}", now), Err(WebhookError::Stale { signed_at: at(1_000_000) }));
        }
    }

    #[test]
    fn a_signature_is_for_one_body_one_time_and_one_secret() {
        let header = sign(&SECRET, b"{}", at(1_000_000));
        assert_eq!(check(&header, b"{ }", 1_000_000), Err(WebhookError::BadSignature));
        assert_eq!(check(&header.replace("t=1000000", "t=1000001"), b"{}", 1_000_000), Err(WebhookError::BadSignature));
        let other = sign(&[8; 32], b"{}", at(1_000_000));
        assert_eq!(check(&other, b"{}", 1_000_000), Err(WebhookError::BadSignature));
        // The body must not be able to lend digits to the time.
        assert_ne!(sign(&SECRET, b"1.x", at(1)), sign(&SECRET, b"x", at(1)));
        assert_eq!(check(&header[..header.len() - 2], b"{}", 1_000_000), Err(WebhookError::BadSignature), "cut short");
    }

    #[test]
    fn what_is_no_signature_is_not_signed() {
        let good = sign(&SECRET, b"{}", at(1_000_000));
        let long = format!("{good}{}", "a".repeat(200));
        for header in ["", "t=,v1=", "t=1", "v1=aa,t=1", "t=1,v1=xyz", "t=99999999999999999999,v1=aa", &long] {
            assert_eq!(check(header, b"{}", 1_000_000), Err(WebhookError::NotSigned), "{header}");
        }
        assert_eq!(verify(&SECRET, &WebhookHeaders::default(), b"{}", at(1_000_000)), Err(WebhookError::NotSigned));
        let twice = WebhookHeaders::from_iter([(SIGNATURE_HEADER, good.clone()), (SIGNATURE_HEADER, good)]);
        assert_eq!(verify(&SECRET, &twice, b"{}", at(1_000_000)), Err(WebhookError::NotSigned));
    }
}
