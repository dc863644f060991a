//! Looks for secrets in every byte of every file of a folder, in whatever form they may have got there.

use data_encoding::{BASE64, HEXLOWER, HEXUPPER};
use std::{fs, path::Path};

/// A secret in one form.
pub(crate) struct Form {
    pub(crate) name: String,
    bytes: Vec<u8>,
}

/// The forms in which some bytes may stand in a file.
fn forms_of_bytes(name: &str, bytes: &[u8]) -> Vec<Form> {
    let form = |kind: &str, bytes: Vec<u8>| Form { name: format!("{name} ({kind})"), bytes };
    let mut forms = vec![
        form("raw", bytes.to_vec()),
        form("hex", HEXLOWER.encode(bytes).into_bytes()),
        form("HEX", HEXUPPER.encode(bytes).into_bytes()),
    ];
    // Within a longer text, Base64 looks otherwise for each of three alignments; the characters that depend on the
    // neighbors are cut off.
    for shift in 0..3 {
        let mut shifted = vec![0; shift];
        shifted.extend_from_slice(bytes);
        let whole = shifted.len() / 3 * 3;
        let encoded = BASE64.encode(&shifted[..whole]);
        forms.push(form("base64", encoded.as_bytes()[if shift == 0 { 0 } else { 4 }..].to_vec()));
    }
    forms
}

/// The forms of a secret key.
pub(crate) fn key(name: &str, key: &[u8; 32]) -> Vec<Form> {
    forms_of_bytes(name, key)
}

/// The forms of a text that nobody may read.
pub(crate) fn text(name: &str, text: &str) -> Vec<Form> {
    let json = serde_json::to_string(text).unwrap();
    let escaped = &json[1..json.len() - 1];
    let utf_16: Vec<u16> = text.encode_utf16().collect();
    let ascii_only: String = text
        .encode_utf16()
        .map(|unit| match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii_graphic() || byte == b' ' => char::from(byte).to_string(),
            _ => format!("\\u{unit:04x}"),
        })
        .collect();
    let mut forms = forms_of_bytes(name, text.as_bytes());
    forms.extend(forms_of_bytes(&format!("{name} in JSON"), escaped.as_bytes()));
    forms.push(Form { name: format!("{name} in ASCII JSON"), bytes: ascii_only.into_bytes() });
    let little = utf_16.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let big = utf_16.iter().flat_map(|unit| unit.to_be_bytes()).collect();
    forms.push(Form { name: format!("{name} in UTF-16LE"), bytes: little });
    forms.push(Form { name: format!("{name} in UTF-16BE"), bytes: big });
    forms
}

/// What stands where: the name of the form and of the file.
pub(crate) fn found(folder: &Path, forms: &[Form]) -> Vec<String> {
    let mut places = Vec::new();
    let mut files = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        assert!(entry.file_type().unwrap().is_file(), "nothing here makes folders");
        let bytes = fs::read(entry.path()).unwrap();
        files += 1;
        for form in forms {
            if memchr::memmem::find(&bytes, &form.bytes).is_some() {
                places.push(format!("{} in {}", form.name, entry.file_name().display()));
            }
        }
    }
    assert!(files > 0, "there is something to scan");
    places
}

#[test]
fn every_form_of_a_planted_secret_is_found() {
    let secret = "Änne \"O'Quux\"\n of nowhere";
    let forms = text("secret", secret);
    let folder = tempfile::tempdir().unwrap();
    for (number, form) in forms.iter().enumerate() {
        let mut file = vec![0xff; 5_000];
        file.extend_from_slice(&form.bytes);
        file.extend_from_slice(&[0xff; 17]);
        fs::write(folder.path().join(number.to_string()), file).unwrap();
    }
    let places = found(folder.path(), &forms);
    for (number, form) in forms.iter().enumerate() {
        assert!(places.contains(&format!("{} in {number}", form.name)), "{}", form.name);
    }
    for before in 0..4 {
        let folder = tempfile::tempdir().unwrap();
        let around = [&vec![b'x'; before][..], secret.as_bytes(), b"yyyy"].concat();
        fs::write(folder.path().join("file"), BASE64.encode(&around)).unwrap();
        assert_eq!(found(folder.path(), &forms), ["secret (base64) in file"], "behind {before} bytes");
    }
}
