//! Tables by account and by room. Those numbers are the server's own, so that nobody can choose
//! them to collide, and a hash that a stranger cannot foresee would only cost time.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// Values by number.
pub(super) type ById<K, V> = HashMap<K, V, BuildHasherDefault<IdHasher>>;

/// A set of numbers.
pub(super) type Ids<K> = HashSet<K, BuildHasherDefault<IdHasher>>;

/// Spreads one number over 64 bits.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct IdHasher(u64);

/// 2⁶⁴ divided by the golden ratio, as Fibonacci hashing takes it.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_i64(i64::from(*byte));
        }
    }

    fn write_i64(&mut self, number: i64) {
        let spread = u128::from(self.0 ^ number.cast_unsigned()) * u128::from(SPREAD);
        // A table is entered by the low bits, where only the number's own low bits show.
        self.0 = (spread >> 64) as u64 ^ spread as u64;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::IdHasher;
    use crate::message::AccountId;
    use std::collections::HashSet;
    use std::hash::{BuildHasher, BuildHasherDefault};

    #[test]
    fn numbers_spread_over_a_table_however_far_apart_they_are() {
        let hasher = BuildHasherDefault::<IdHasher>::default();
        for step in [1, 2, 100, 1 << 10, 1 << 20, 1 << 31, 1 << 40] {
            let places: HashSet<u64> =
                (0..1024).map(|n| hasher.hash_one(AccountId(n * step)) & 0xFFF).collect();
            assert!(places.len() > 700, "a step of {step}: {} places", places.len());
        }
    }
}
