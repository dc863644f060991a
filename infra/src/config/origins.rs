//! Origins of web pages, as a setting: a list of texts, or in a variable one text with commas.

use serde::{Deserialize, Deserializer, de::Error};

/// The most origins.
const ORIGINS_MAX: usize = 100;
/// The most bytes of one.
const ORIGIN_BYTES_MAX: usize = 300;

#[derive(Deserialize)]
#[serde(untagged)]
enum Given {
    List(Vec<String>),
    Text(String),
}

/// Reads origins such as `https://shop.example`, each exactly as a browser sends it.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let origins: Vec<String> = match Given::deserialize(deserializer)? {
        Given::List(origins) => origins,
        Given::Text(text) => {
            text.split(',').map(str::trim).filter(|origin| !origin.is_empty()).map(str::to_owned).collect()
        }
    };
    if origins.len() > ORIGINS_MAX {
        return Err(D::Error::custom(format_args!("there are at most {ORIGINS_MAX} origins")));
    }
    match origins.iter().find(|origin| !is_origin(origin)) {
        Some(wrong) => Err(D::Error::custom(format_args!(
            "{wrong:?} is no origin as a browser sends it, such as https://shop.example or http://localhost:3000"
        ))),
        None => Ok(origins),
    }
}

/// True for a scheme, a host and perhaps a port, in lower case, with nothing behind; browsers send nothing else, and a
/// `*` would let any page in.
fn is_origin(text: &str) -> bool {
    let authority = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let Some(authority) = authority.filter(|_| text.len() <= ORIGIN_BYTES_MAX) else { return false };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !authority.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let is_ipv6 = host.starts_with('[')
        && host.ends_with(']')
        && host[1..host.len() - 1].bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b':' | b'.'));
    let is_name = !host.is_empty()
        && host.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.'))
        && !host.starts_with(['-', '.']);
    // A browser leaves the scheme's own port out.
    let own = if text.starts_with("https:") { 443 } else { 80 };
    let port_fits = port.is_none_or(|port| {
        !port.starts_with('0')
            && port.bytes().all(|byte| byte.is_ascii_digit())
            && port.parse::<u16>().is_ok_and(|port| port != own)
    });
    (is_name || is_ipv6) && port_fits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_a_browser_sends_it() {
        for origin in [
            "https://shop.example",
            "http://localhost:3000",
            "https://xn--bcher-kva.example",
            "http://[::1]:3000",
            "http://192.0.2.1",
        ] {
            assert!(is_origin(origin), "{origin}");
        }
        for other in [
            "",
            "*",
            "null",
            "https://*",
            "https://*.shop.example",
            "shop.example",
            "https://shop.example/",
            "https://shop.example/cart",
            "https://Shop.example",
            "https://shop.example:443",
            "http://shop.example:80",
            "https://shop.example:0443",
            "https://shop.example:",
            "https://shop.example:99999",
            "https://user@shop.example",
            "ftp://shop.example",
            "https://",
            "https://.example",
            " https://shop.example",
        ] {
            assert!(!is_origin(other), "{other}");
        }
    }
}
