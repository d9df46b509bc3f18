//! Where does this object end? Braces outside strings, and nothing else: so an object that is no
//! valid JSON has an end too, and the next good one behind it still works.

/// How far a scan has come. It resumes where it stopped, so an object that arrives byte by byte is
/// read once.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Scan {
    depth: u32,
    place: Place,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    /// Between strings.
    #[default]
    Outside,
    /// In a string.
    Text,
    /// Behind a backslash in a string.
    Escape,
}

impl Scan {
    /// Goes on over `bytes`, the first of which is the object's `{` when the scan is new. How many
    /// of them belong to the object, its closing brace included; `None` if it does not close here.
    pub(super) fn find_end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut rest = bytes.iter();
        loop {
            match self.place {
                Place::Outside => {
                    if self.leave_outside(&mut rest)? {
                        return Some(bytes.len() - rest.len());
                    }
                }
                Place::Text => self.leave_text(&mut rest)?,
                Place::Escape => {
                    rest.next()?;
                    self.place = Place::Text;
                }
            }
        }
    }

    /// Runs to the next string or to the end; `Some(true)` at the object's closing brace.
    fn leave_outside(&mut self, rest: &mut std::slice::Iter<'_, u8>) -> Option<bool> {
        for byte in rest {
            match byte {
                b'"' => {
                    self.place = Place::Text;
                    return Some(false);
                }
                b'{' => self.depth += 1,
                b'}' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Some(true);
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// Runs to the string's end or to its next escape.
    fn leave_text(&mut self, rest: &mut std::slice::Iter<'_, u8>) -> Option<()> {
        self.place = match rest.find(|byte| matches!(byte, b'"' | b'\\'))? {
            b'"' => Place::Outside,
            _ => Place::Escape,
        };
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::Scan;

    #[test]
    fn the_end_is_the_brace_that_closes_outside_strings() {
        let rows: [(&[u8], Option<usize>); 12] = [
            (b"{}", Some(2)),
            (b"{}{}", Some(2)),
            (b"{", None),
            (b"{{}", None),
            (b"{{}}}", Some(4)),
            (br#"{"}"}x"#, Some(5)),
            (br#"{"{"}"#, Some(5)),
            (br#"{"\""}"#, Some(6)),
            (br#"{"\\"}"}"#, Some(6)),
            (br#"{"\\\"}"}"#, Some(9)),
            (br"{[}]", Some(3)),
            (br#"{"a"#, None),
        ];
        for (bytes, end) in rows {
            assert_eq!(Scan::default().find_end(bytes), end, "{bytes:?}");
        }
    }

    #[test]
    fn a_scan_resumes_at_every_byte() {
        let object = br#"{"a\"\\":{"}":"\u043f"},"b":[{}]}"#;
        let mut scan = Scan::default();
        for byte in &object[..object.len() - 1] {
            assert_eq!(scan.find_end(&[*byte]), None);
        }
        assert_eq!(scan.find_end(b"}}"), Some(1));
    }
}
