//! Where the records of a TLS stream end, told from their headers alone, which are never encrypted.

/// A header: the kind, two bytes of the version, two of the length of what follows.
const HEADER_BYTES: usize = 5;

/// Where the stream stands within a record.
#[derive(Debug, Default)]
pub(super) struct Records {
    /// So many bytes of a header have passed; 0 once it is whole.
    header: usize,
    /// How much of the record is still to come, as far as the header has said.
    left: usize,
}

impl Records {
    /// These bytes of the stream pass.
    pub(super) fn pass(&mut self, mut bytes: &[u8]) {
        while let Some(first) = bytes.first() {
            if self.header == 0 && self.left > 0 {
                let passed = self.left.min(bytes.len());
                self.left -= passed;
                bytes = bytes.get(passed..).unwrap_or_default();
                continue;
            }
            self.header += 1;
            if self.header >= HEADER_BYTES - 1 {
                self.left = self.left << 8 | usize::from(*first);
            }
            self.header %= HEADER_BYTES;
            bytes = bytes.get(1..).unwrap_or_default();
        }
    }

    /// Whether a record has begun that has not ended.
    pub(super) const fn is_inside(&self) -> bool {
        self.header > 0 || self.left > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(length: usize) -> Vec<u8> {
        let [.., high, low] = length.to_be_bytes();
        let mut record = vec![23, 3, 3, high, low];
        record.resize(HEADER_BYTES + length, 255);
        record
    }

    #[test]
    fn a_record_is_inside_from_its_first_byte_to_its_last_however_it_comes() {
        let lengths = [300, 0, 1, 16_640];
        let stream: Vec<u8> = lengths.into_iter().flat_map(record).collect();
        let mut ends = Vec::new();
        for length in lengths {
            ends.push(ends.last().unwrap_or(&0) + HEADER_BYTES + length);
        }
        for step in [1, 2, 3, 5, 7, 299, 305, 306, 4096, 100_000] {
            let (mut records, mut passed) = (Records::default(), 0);
            assert!(!records.is_inside());
            for part in stream.chunks(step) {
                records.pass(part);
                passed += part.len();
                assert_eq!(records.is_inside(), !ends.contains(&passed), "{passed} by {step}");
            }
        }
    }
}
