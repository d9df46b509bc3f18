//! Looks for secrets, also where they were put into another form.

use super::MARK;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write;

/// What is looked for.
pub struct Finds {
    /// In small letters.
    forms: Vec<Vec<u8>>,
}

impl Finds {
    /// The mark, and these secrets, which have none.
    pub fn new(others: &[&str]) -> Self {
        let texts = others.iter().copied().chain([MARK]);
        Self { forms: texts.flat_map(forms).collect() }
    }

    #[track_caller]
    pub fn assert_not_in(&self, place: &str, bytes: &[u8]) {
        if let Some(at) = self.find(bytes) {
            let around = &bytes[at.saturating_sub(120)..bytes.len().min(at + 120)];
            panic!("a secret is in {place}: …{}…", String::from_utf8_lossy(around));
        }
    }

    fn find(&self, bytes: &[u8]) -> Option<usize> {
        let bytes = bytes.to_ascii_lowercase();
        self.forms.iter().find_map(|form| memchr::memmem::find(&bytes, form))
    }
}

/// As it is, backwards, in hexadecimal digits, in base64 from each of three places, in UTF-16, as a
/// list of numbers as Rust shows bytes, and in JSON's escapes.
fn forms(text: &str) -> Vec<Vec<u8>> {
    let bytes = text.as_bytes();
    let mut hex = String::new();
    let mut escapes = String::new();
    for byte in bytes {
        write!(hex, "{byte:02x}").unwrap();
        write!(escapes, "\\u{byte:04x}").unwrap();
    }
    let list = format!("{bytes:?}");
    let mut forms = vec![
        bytes.to_vec(),
        bytes.iter().rev().copied().collect(),
        hex.into_bytes(),
        escapes.into_bytes(),
        list.as_bytes()[1..list.len() - 1].to_vec(),
        text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
    ];
    for skip in 0..3 {
        // What is before and behind has a part in the first and last digits.
        let digits = STANDARD.encode([&[0; 2][..skip], bytes].concat());
        let digits = digits.trim_end_matches('=');
        let from = if skip == 0 { 0 } else { skip + 1 };
        forms.push(digits.as_bytes()[from..digits.len() - 1].to_vec());
    }
    forms.iter().map(|form| form.to_ascii_lowercase()).collect()
}

#[test]
fn what_is_looked_for_is_found() {
    let finds = Finds::new(&["c0dec0de"]);
    for secret in [MARK, "c0dec0de"] {
        for text in [secret.to_owned(), secret.to_uppercase(), format!("<{secret}>")] {
            assert!(finds.find(text.as_bytes()).is_some(), "{text}");
        }
        for before in ["", "x", "xy", "xyz"] {
            let digits = STANDARD.encode(format!("{before}{secret}!"));
            assert!(finds.find(digits.as_bytes()).is_some(), "{before}{secret}");
        }
        let shown = format!("{:?}", format!("a{secret}b").as_bytes());
        assert!(finds.find(shown.as_bytes()).is_some());
    }
    assert_eq!(finds.find(b"nothing of it"), None);
}
