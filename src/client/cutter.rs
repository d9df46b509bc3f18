//! Cuts JSON objects out of the server's stream.
//!
//! Nothing need separate objects. A byte is looked at once however the stream is split, and no
//! more than one object and one read are held.

use super::bounds::{SAMPLE_CHARS, SERVER_OBJECT_BYTES};
use super::fault::Fault;

/// The stream's bytes that are not yet an object.
#[derive(Debug, Default)]
pub(super) struct Cutter {
    held: Vec<u8>,
    /// How much of `held` was looked at.
    seen: usize,
    /// How many `{` and `[` are open.
    depth: usize,
    in_string: bool,
    /// Whether the byte before was a `\` inside a string.
    escaped: bool,
}

impl Cutter {
    /// Takes bytes in. The caller takes all whole objects out before it reads more.
    pub(super) fn handle_bytes(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// Whether the stream stands in the middle of an object.
    pub(super) fn is_half(&self) -> bool {
        self.depth > 0
    }

    /// The next whole object, without the white space around it.
    ///
    /// # Errors
    /// Bytes that start no object, and an object that is too long.
    pub(super) fn poll_object(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        if self.depth == 0 && !self.skip_to_object()? {
            return Ok(None);
        }
        let Some(end) = self.find_end() else {
            return if self.held.len() > SERVER_OBJECT_BYTES {
                Err(Fault::NeverCloses { limit_bytes: SERVER_OBJECT_BYTES })
            } else {
                Ok(None)
            };
        };
        let rest = self.held.split_off(end);
        self.seen = 0;
        Ok(Some(std::mem::replace(&mut self.held, rest)))
    }

    /// Drops white space; false where nothing is left.
    fn skip_to_object(&mut self) -> Result<bool, Fault> {
        let start = self.held.iter().position(|byte| !byte.is_ascii_whitespace());
        self.held.drain(..start.unwrap_or(self.held.len()));
        match self.held.first() {
            None => Ok(false),
            Some(b'{') => Ok(true),
            Some(_) => Err(Fault::NotJson { sample: sample(&self.held) }),
        }
    }

    /// Looks at the bytes not seen yet, up to the object's end.
    fn find_end(&mut self) -> Option<usize> {
        let unseen = self.held.get(self.seen..).unwrap_or_default();
        for (offset, &byte) in unseen.iter().enumerate() {
            if self.in_string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_string = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
            if self.depth == 0 {
                return Some(self.seen + offset + 1);
            }
        }
        self.seen = self.held.len();
        None
    }
}

/// The beginning of some bytes, to be shown to a person.
pub(super) fn sample(bytes: &[u8]) -> String {
    let head = bytes.get(..SAMPLE_CHARS * 4).unwrap_or(bytes);
    String::from_utf8_lossy(head).chars().take(SAMPLE_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(parts: &[&[u8]]) -> Result<Vec<Vec<u8>>, Fault> {
        let mut cutter = Cutter::default();
        let mut objects = Vec::new();
        for part in parts {
            cutter.handle_bytes(part);
            while let Some(object) = cutter.poll_object()? {
                objects.push(object);
            }
        }
        Ok(objects)
    }

    #[test]
    fn objects_need_no_separator() {
        let objects = cut(&[b" {\"a\":1}{\"b\":{}}\r\n\t{\"c\":[{}]}"]).unwrap();
        assert_eq!(objects, [&b"{\"a\":1}"[..], b"{\"b\":{}}", b"{\"c\":[{}]}"]);
    }

    #[test]
    fn braces_and_quotes_inside_a_text_do_not_count() {
        let text = br#"{"a":"}\"{\\"}{"b":"\\\"]"}"#;
        assert_eq!(cut(&[text]).unwrap(), [&br#"{"a":"}\"{\\"}"#[..], br#"{"b":"\\\"]"}"#]);
    }

    #[test]
    fn half_an_object_waits() {
        let mut cutter = Cutter::default();
        cutter.handle_bytes(b"{\"a\":");
        assert_eq!(cutter.poll_object(), Ok(None));
        assert!(cutter.is_half());
        cutter.handle_bytes(b"1}\n");
        assert_eq!(cutter.poll_object(), Ok(Some(b"{\"a\":1}".to_vec())));
        assert_eq!(cutter.poll_object(), Ok(None));
        assert!(!cutter.is_half());
    }

    #[test]
    fn what_is_no_object_is_shown() {
        let fault = cut(&[b"SSH-2.0-OpenSSH_9.2\r\n"]).unwrap_err();
        assert_eq!(fault, Fault::NotJson { sample: "SSH-2.0-OpenSSH_9.2\r\n".into() });
    }

    #[test]
    fn an_object_without_end_is_given_up_at_the_bound() {
        let mut cutter = Cutter::default();
        let chunk = vec![b'['; 64 * 1024];
        cutter.handle_bytes(b"{\"a\":");
        let fault = loop {
            cutter.handle_bytes(&chunk);
            assert!(cutter.held.len() <= SERVER_OBJECT_BYTES + 2 * chunk.len());
            match cutter.poll_object() {
                Ok(object) => assert_eq!(object, None),
                Err(fault) => break fault,
            }
        };
        assert_eq!(fault, Fault::NeverCloses { limit_bytes: SERVER_OBJECT_BYTES });
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_objects(at in proptest::collection::vec(0_usize..60, 0..8)) {
            let text = "{\"a\":\"п}\\\"\"} {\"b\":[{\"c\":\"\\\\\"}]}\n{}{\"d\":\"😀{\"}".as_bytes();
            let mut at: Vec<usize> = at.into_iter().map(|cut| cut.min(text.len())).collect();
            at.extend([0, text.len()]);
            at.sort_unstable();
            let parts: Vec<&[u8]> = at.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
            prop_assert_eq!(cut(&parts), cut(&[text]));
        }

        #[test]
        fn any_bytes_are_taken(bytes in "[{}\\[\\]\"\\\\a \n\u{ff}]{0,40}") {
            let single: Vec<&[u8]> = bytes.as_bytes().chunks(1).collect();
            prop_assert_eq!(cut(&single).is_ok(), cut(&[bytes.as_bytes()]).is_ok());
        }
    }
}
