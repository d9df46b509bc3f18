//! Chance, from a seed: the same seed plays the same games.

/// A row of numbers that its seed determines (splitmix64).
#[derive(Debug, Clone)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of these or the first, each as likely as the others but for less than one in a billion.
    pub(super) fn pick<T: Copy>(&mut self, first: T, others: &[T]) -> T {
        let which = self.next() % (others.len() as u64 + 1);
        let which = usize::try_from(which).unwrap_or(0);
        which.checked_sub(1).and_then(|at| others.get(at)).copied().unwrap_or(first)
    }
}

#[cfg(test)]
mod tests {
    use super::Chance;

    #[test]
    fn each_is_picked_and_a_seed_repeats_it() {
        let row = |seed| {
            let mut chance = Chance::new(seed);
            (0..300).map(|_| chance.pick(0, &[1, 2])).collect::<Vec<usize>>()
        };
        assert_eq!(row(7), row(7));
        assert_ne!(row(7), row(8));
        for which in 0..3 {
            let count = row(7).iter().filter(|picked| **picked == which).count();
            assert!((60..=140).contains(&count), "{which}: {count}");
        }
    }
}
