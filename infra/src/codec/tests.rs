//! What the codec promises, on its own.

use super::*;
use crate::vault::{MemoryVault, conformance::subject};
use futures::FutureExt;
use proptest::prelude::*;
use serde::Deserialize;
use std::sync::atomic::{AtomicUsize, Ordering};
use tillroll_domain::personal::{Personal, PersonalData};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
struct Email(String);

impl PersonalData for Email {
    const FIELD: &'static str = "email";
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Address {
    street: String,
    lines: Vec<String>,
}

impl PersonalData for Address {
    const FIELD: &'static str = "address";
}

/// A payload with personal data of several people, nested and in a list, and free text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Payload {
    note: String,
    email: Personal<Email>,
    delivery: Delivery,
    cc: Vec<Personal<Email>>,
    closing: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Delivery {
    address: Option<Personal<Address>>,
}

fn email(of: u128, text: &str) -> Personal<Email> {
    Personal::known(subject(of), Email(text.to_owned()))
}

fn payload() -> Payload {
    Payload {
        note: "leave it at the door".to_owned(),
        email: email(1, "ann@example.com"),
        delivery: Delivery {
            address: Some(Personal::known(
                subject(1),
                Address {
                    street: "Low \"Road\" 1".to_owned(),
                    lines: vec!["2nd floor".to_owned(), "é\u{0}".to_owned()],
                },
            )),
        },
        cc: vec![email(2, "bob@example.com"), email(1, "ann@example.org"), email(3, "")],
        closing: "thanks".to_owned(),
    }
}

fn codec() -> Codec {
    let randomness = Ambient::system().randomness;
    Codec::new(Arc::new(MemoryVault::new(randomness.clone())), randomness)
}

fn stream(name: &str) -> StreamId {
    name.parse().unwrap()
}

fn event<'a>(stream: &'a StreamId, id: u128) -> Place<'a> {
    Place::Event { stream, id: Uuid::from_u128(id) }
}

/// Seals what a value serializes to.
async fn sealed(codec: &Codec, place: Place<'_>, value: &impl Serialize) -> String {
    codec.seal(place, serde_json::to_string(value).unwrap()).await.unwrap()
}

#[tokio::test]
async fn what_is_sealed_holds_no_value_and_opens_to_the_same_text() {
    let (codec, order) = (codec(), stream("order-1"));
    let text = serde_json::to_string(&payload()).unwrap();
    let stored = codec.seal(event(&order, 1), text.clone()).await.unwrap();
    for part in ["ann@", "bob@", "Low", "Road", "2nd floor", "$personal"] {
        assert!(text.contains(part) && !stored.contains(part), "{part} in {stored}");
    }
    assert!(stored.contains("leave it at the door"), "what is not personal stays readable: {stored}");
    assert_eq!(stored.matches(r#"{"$sealed":{"subject":"sub_"#).count(), 5);
    let opened = codec.open(event(&order, 1), &stored).await.unwrap();
    assert_eq!(opened, text);
    assert_eq!(serde_json::from_str::<Payload>(&opened).unwrap(), payload());
}

#[tokio::test]
async fn equal_values_are_sealed_differently_each_time() {
    let (codec, order) = (codec(), stream("order-1"));
    let value = [email(1, "ann@example.com"), email(1, "ann@example.com")];
    let stored = sealed(&codec, event(&order, 1), &value).await;
    let mut boxes: Vec<&str> = stored.split(r#""box":""#).skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let again = sealed(&codec, event(&order, 1), &value).await;
    boxes.extend(again.split(r#""box":""#).skip(1).map(|rest| rest.split('"').next().unwrap()));
    boxes.sort_unstable();
    boxes.dedup();
    assert_eq!(boxes.len(), 4);
}

/// A vault that counts how often it is asked.
#[derive(Debug)]
struct Counting(MemoryVault, AtomicUsize);

impl KeyVault for Counting {
    fn key<'a>(
        &'a self,
        tenant: &'a str,
        subject: SubjectId,
    ) -> futures::future::BoxFuture<'a, Result<KeyState, VaultError>> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.key(tenant, subject)
    }

    fn key_or_create<'a>(
        &'a self,
        tenant: &'a str,
        subject: SubjectId,
    ) -> futures::future::BoxFuture<'a, Result<SealingKey, VaultError>> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.key_or_create(tenant, subject)
    }

    fn erase<'a>(
        &'a self,
        tenant: &'a str,
        subject: SubjectId,
    ) -> futures::future::BoxFuture<'a, Result<(), VaultError>> {
        self.0.erase(tenant, subject)
    }
}

#[tokio::test]
async fn text_without_markers_is_neither_copied_nor_a_question_to_the_vault() {
    let randomness = Ambient::system().randomness;
    let vault = Arc::new(Counting(MemoryVault::new(randomness.clone()), AtomicUsize::new(0)));
    let (codec, order) = (Codec::new(vault.clone(), randomness), stream("order-1"));
    let plain = r#"{"note":"no {\"$personal\":{ here","price":"$5","$":1}"#;
    assert!(is_plain(&plain[1..]));
    let text = r#"{"note":"{\"$personal\":{}}","list":[{},{"price":"$5"}]}"#.to_owned();
    let address = text.as_ptr();
    let stored = codec.seal(event(&order, 1), text).await.unwrap();
    assert_eq!(stored.as_ptr(), address, "sealing did not copy it");
    assert!(matches!(codec.open(event(&order, 1), &stored).await.unwrap(), Cow::Borrowed(_)));
    assert_eq!(codec.fingerprint("default", &"$").await.unwrap(), Fingerprint::of(&"$"));
    assert_eq!(vault.1.load(Ordering::SeqCst), 0);
    sealed(&codec, event(&order, 1), &email(1, "x")).await;
    assert_eq!(vault.1.load(Ordering::SeqCst), 1, "the counter counts");
}

#[tokio::test]
async fn free_text_cannot_pose_as_a_marker() {
    let (codec, order) = (codec(), stream("order-1"));
    let inner = serde_json::to_string(&email(2, "bob@example.com")).unwrap();
    for hostile in [
        inner.clone(),
        inner.replace('"', "\\\""),
        format!("\"{inner}\""),
        r#"{"$sealed":{"subject":"sub_00000000-0000-0000-0000-000000000001","field":"email","box":""}}"#.to_owned(),
        r#"{"$erased":{"subject":"sub_00000000-0000-0000-0000-000000000001","field":"email"}}"#.to_owned(),
        r#"","email":{"$personal":{"subject":"sub_"#.to_owned(),
        r#"\"{"$"#.to_owned(),
        r#"{"$"#.to_owned(),
        "{\\u0022$personal\\u0022:".to_owned(),
    ] {
        let value = Payload { note: hostile.clone(), closing: hostile.clone(), ..payload() };
        let value = Payload { email: email(1, &hostile), cc: vec![email(2, &hostile)], ..value };
        let stored = sealed(&codec, event(&order, 1), &value).await;
        assert_eq!(stored.matches(r#"{"$sealed":"#).count(), 3, "{stored}");
        let opened = codec.open(event(&order, 1), &stored).await.unwrap();
        assert_eq!(serde_json::from_str::<Payload>(&opened).unwrap(), value);
    }
}

#[tokio::test]
async fn a_box_opens_in_its_own_place_only() {
    let (codec, order, other, acme) = (codec(), stream("order-1"), stream("order-2"), stream("acme.order-1"));
    let stored = sealed(&codec, event(&order, 1), &email(1, "ann@example.com")).await;
    assert!(codec.open(event(&order, 1), &stored).await.is_ok());
    for place in
        [event(&order, 2), event(&other, 1), Place::Snapshot { stream: &order, last_event: Uuid::from_u128(1) }]
    {
        let error = codec.open(place, &stored).await.unwrap_err();
        assert!(matches!(error, CodecError::NotAuthentic { .. }), "{place:?}: {error}");
    }
    // Each tenant has keys of its own, even for a subject of the same id.
    sealed(&codec, event(&acme, 1), &email(1, "")).await;
    let error = codec.open(event(&acme, 1), &stored).await.unwrap_err();
    assert!(matches!(error, CodecError::NotAuthentic { .. }), "{error}");
}

#[tokio::test]
async fn a_box_does_not_open_elsewhere_in_its_payload_nor_for_another_field_or_subject() {
    let (codec, order) = (codec(), stream("order-1"));
    let stored = sealed(&codec, event(&order, 1), &[email(1, "a"), email(1, "b"), email(2, "c")]).await;
    let markers: Vec<String> = {
        let list: Vec<&serde_json::value::RawValue> = serde_json::from_str(&stored).unwrap();
        list.into_iter().map(|marker| marker.get().to_owned()).collect()
    };
    let list = |order: [usize; 3]| format!("[{},{},{}]", markers[order[0]], markers[order[1]], markers[order[2]]);
    assert_eq!(list([0, 1, 2]), stored);
    let one = subject(1).to_string();
    for changed in [
        list([1, 0, 2]),
        list([0, 0, 2]),
        list([0, 2, 1]),
        format!("[{},{}]", markers[1], markers[2]),
        stored.replacen("\"email\"", "\"address\"", 1),
        stored.replacen(&one, &subject(2).to_string(), 1),
    ] {
        let error = codec.open(event(&order, 1), &changed).await.unwrap_err();
        assert!(matches!(error, CodecError::NotAuthentic { .. }), "{error}");
    }
}

#[tokio::test]
async fn what_an_erased_person_left_opens_as_erased_and_the_others_stay() {
    let (codec, order) = (codec(), stream("order-1"));
    let stored = sealed(&codec, event(&order, 1), &payload()).await;
    codec.vault().erase("default", subject(1)).await.unwrap();
    let opened = codec.open(event(&order, 1), &stored).await.unwrap();
    let expected = Payload {
        email: Personal::erased(subject(1)),
        delivery: Delivery { address: Some(Personal::erased(subject(1))) },
        cc: vec![email(2, "bob@example.com"), Personal::erased(subject(1)), email(3, "")],
        ..payload()
    };
    assert_eq!(serde_json::from_str::<Payload>(&opened).unwrap(), expected);
    let error = codec.seal(event(&order, 2), serde_json::to_string(&payload()).unwrap()).await.unwrap_err();
    assert!(matches!(error, CodecError::Erased { subject: who } if who == subject(1)), "{error}");
    let error = codec.fingerprint("default", &payload()).await.unwrap_err();
    assert!(matches!(error, CodecError::Erased { subject: who } if who == subject(1)), "{error}");
}

#[tokio::test]
async fn a_snapshot_keeps_what_was_erased_before_it_and_an_event_does_not_take_it() {
    let (codec, order) = (codec(), stream("order-1"));
    sealed(&codec, event(&order, 1), &email(1, "ann@example.com")).await;
    let state = [Personal::erased(subject(2)), email(1, "ann@example.com")];
    let text = serde_json::to_string(&state).unwrap();
    let snapshot = Place::Snapshot { stream: &order, last_event: Uuid::from_u128(1) };
    let stored = codec.seal(snapshot, text.clone()).await.unwrap();
    assert!(!stored.contains("ann@"), "{stored}");
    assert_eq!(codec.open(snapshot, &stored).await.unwrap(), text);
    let error = codec.seal(event(&order, 2), text).await.unwrap_err();
    assert!(matches!(error, CodecError::Erased { subject: who } if who == subject(2)), "{error}");
    let error = codec.open(
        event(&order, 2),
        r#"[{"$erased":{"subject":"sub_00000000-0000-0000-0000-000000000002","field":"email"}}]"#,
    );
    assert!(matches!(error.await.unwrap_err(), CodecError::Malformed { at: 1, .. }));
}

#[tokio::test]
async fn a_lost_vault_is_an_error_and_not_an_erasure() {
    let (written, order) = (codec(), stream("order-1"));
    let stored = sealed(&written, event(&order, 1), &email(1, "ann@example.com")).await;
    let lost = codec();
    let error = lost.open(event(&order, 1), &stored).await.unwrap_err();
    assert!(matches!(error, CodecError::KeyMissing { .. }), "{error}");
    assert!(error.to_string().contains("restore the key vault"), "{error}");
    let snapshot = Place::Snapshot { stream: &order, last_event: Uuid::nil() };
    let text = serde_json::to_string(&email(1, "ann@example.com")).unwrap();
    let error = lost.seal(snapshot, text).await.unwrap_err();
    assert!(matches!(error, CodecError::KeyMissing { .. }), "a snapshot makes no key: {error}");
    let error = Codec::without_vault().open(event(&order, 1), &stored).await.unwrap_err();
    assert!(error.to_string().contains("none was opened"), "{error}");
    assert!(error.is_retryable());
}

#[tokio::test]
async fn garbage_is_an_error_that_quotes_nothing() {
    let (codec, order) = (codec(), stream("order-1"));
    let good = serde_json::to_string(&email(1, "ann@example.com")).unwrap();
    let stored = sealed(&codec, event(&order, 1), &email(1, "ann@example.com")).await;
    let nested = good.replace("\"ann@example.com\"", &good);
    for (text, reason) in [
        (good.replace("$personal", "$other"), "cannot be read"),
        (good.replace("\"field\"", "\"more\":\"ann@\",\"field\""), "cannot be read"),
        (good.replace("\"field\":\"email\",", ""), "cannot be read"),
        (good.replace("\"email\"", "\"E-Mail\""), "names no field"),
        (good.replace("\"email\"", "\"\""), "names no field"),
        (good.replace("sub_", "ord_"), "cannot be read"),
        (good[..good.len() - 1].to_owned(), "cannot be read"),
        (good.replace("}}", "},\"more\":1}"), "cannot be read"),
        (nested, "holds another one"),
        (stored.clone(), "is sealed already"),
        (format!("[1,{stored}]"), "is sealed already"),
        ("{\"$".to_owned(), "cannot be read"),
    ] {
        let error = codec.seal(event(&order, 1), text.clone()).await.unwrap_err();
        assert!(matches!(error, CodecError::Malformed { reason: found, .. } if found == reason), "{text}: {error}");
        assert!(!error.to_string().contains("ann@"), "{error}");
    }
    for (text, reason) in [
        (good, "was stored without being sealed"),
        (stored.replace("$sealed", "$opened"), "cannot be read"),
        (stored.replace("\"box\"", "\"value\""), "cannot be read"),
    ] {
        let error = codec.open(event(&order, 1), &text).await.unwrap_err();
        assert!(matches!(error, CodecError::Malformed { reason: found, .. } if found == reason), "{text}: {error}");
    }
}

#[tokio::test]
async fn a_fingerprint_tells_commands_apart_and_cannot_be_made_without_the_key() {
    let codec = codec();
    let print = async |codec: &Codec, value: &Payload| codec.fingerprint("default", value).await.unwrap();
    let first = print(&codec, &payload()).await;
    assert_eq!(print(&codec, &payload()).await, first, "the same content digests to the same");
    assert_ne!(Fingerprint::of(&payload()), first);
    let mut others = vec![
        Payload { note: "other".to_owned(), ..payload() },
        Payload { email: email(1, "ann@example.net"), ..payload() },
        Payload { email: email(2, "ann@example.com"), ..payload() },
        Payload { cc: payload().cc.into_iter().rev().collect(), ..payload() },
        Payload { delivery: Delivery { address: None }, ..payload() },
    ];
    let mut prints = vec![first];
    for other in others.drain(..) {
        prints.push(print(&codec, &other).await);
    }
    // Whoever has the log but not the key cannot confirm a guess: with other keys the same content looks otherwise.
    prints.push(print(&self::codec(), &payload()).await);
    prints.push(codec.fingerprint("acme", &payload()).await.unwrap());
    let count = prints.len();
    prints.sort_by_key(ToString::to_string);
    prints.dedup();
    assert_eq!(prints.len(), count);
}

#[test]
fn what_a_box_is_bound_to_is_unambiguous() {
    let (a, b) = (stream("order-1a"), stream("order-1"));
    let data = [
        associated_data(&event(&a, 1), subject(1), "b", 0),
        associated_data(&event(&b, 1), subject(1), "b", 0),
        associated_data(&event(&b, 1), subject(1), "ab", 0),
        associated_data(&event(&b, 1), subject(1), "b", 1),
        associated_data(&event(&b, 1), subject(2), "b", 0),
        associated_data(&event(&b, 2), subject(1), "b", 0),
        associated_data(&Place::Snapshot { stream: &b, last_event: Uuid::from_u128(1) }, subject(1), "b", 0),
    ];
    for (number, one) in data.iter().enumerate() {
        assert!(data[number + 1..].iter().all(|other| other != one && !other.starts_with(one)), "{number}");
    }
}

fn at_once<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("a vault in memory never waits")
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), r#"[{}"$:\\a-z,\[\]]{0,40}"#, Just(r#"{"$personal":{"#.to_owned())]
}

proptest! {
    #[test]
    fn sealing_and_opening_is_the_identity(
        note in texts(),
        closing in texts(),
        address in proptest::option::of((0..4_u128, texts(), proptest::collection::vec(texts(), 0..3))),
        cc in proptest::collection::vec((0..4_u128, texts()), 0..6),
    ) {
        let value = Payload {
            note,
            email: email(1, &closing),
            delivery: Delivery {
                address: address.map(|(of, street, lines)| Personal::known(subject(of), Address { street, lines })),
            },
            cc: cc.into_iter().map(|(of, text)| email(of, &text)).collect(),
            closing,
        };
        let (codec, order) = (codec(), stream("order-1"));
        let text = serde_json::to_string(&value).unwrap();
        let stored = at_once(codec.seal(event(&order, 1), text.clone())).unwrap();
        prop_assert_eq!(stored.find(r#"{"$personal":"#), None);
        let opened = at_once(codec.open(event(&order, 1), &stored)).unwrap();
        prop_assert_eq!(&opened, &text);
        prop_assert_eq!(serde_json::from_str::<Payload>(&opened).unwrap(), value);
    }

    #[test]
    fn a_marker_with_any_changed_byte_never_opens_to_another_value(
        text in texts(), at in any::<proptest::sample::Index>(), to in 0x20_u8..0x7f,
    ) {
        let (codec, order) = (codec(), stream("order-1"));
        let value = [email(1, &text)];
        let stored = at_once(sealed(&codec, event(&order, 1), &value));
        let mut bytes = stored.clone().into_bytes();
        let at = at.index(bytes.len());
        prop_assume!(bytes[at] != to);
        bytes[at] = to;
        let changed = String::from_utf8(bytes).unwrap();
        // Within the box nothing at all opens. Around it a change may make the marker no marker, or no JSON, which the
        // decoder then refuses; what never happens is that it reads something.
        let opened = at_once(codec.open(event(&order, 1), &changed));
        let start = stored.find(r#""box":""#).unwrap() + r#""box":""#.len();
        let end = start + stored[start..].find('"').unwrap();
        if (start..end).contains(&at) {
            prop_assert!(opened.is_err(), "{changed}");
        } else if let Ok(opened) = opened {
            let read = serde_json::from_str::<[Personal<Email>; 1]>(&opened);
            prop_assert!(read.is_err(), "{opened}");
        }
    }

    #[test]
    fn no_text_makes_the_codec_panic(text in texts(), tail in texts()) {
        let (codec, order) = (codec(), stream("order-1"));
        for text in [text.clone(), format!(r#"{{"${text}"#), format!(r#"[{{"$sealed":{{{text}}}}},{tail}"#)] {
            let _ = at_once(codec.open(event(&order, 1), &text));
            let _ = at_once(codec.seal(event(&order, 1), text));
        }
    }
}
