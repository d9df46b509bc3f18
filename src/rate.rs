//! How often something may happen: token buckets, and a bounded table of them. No clock: time is an
//! argument.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::time::Duration;

/// So many in so long, and so many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    count: u64,
    period: Duration,
    burst: u64,
}

impl Rate {
    /// So many a minute, all of which may come at once; 0: never.
    #[must_use]
    pub const fn per_minute(count: u32) -> Self {
        Self { count: count as u64, period: Duration::from_secs(60), burst: count as u64 }
    }

    /// So many a second, and so many at once, one at least; 0: never.
    #[must_use]
    pub const fn per_second(count: u64, burst: u64) -> Self {
        Self { count, period: Duration::from_secs(1), burst: if burst == 0 { 1 } else { burst } }
    }

    /// How long it takes until so many may come, in nanoseconds.
    fn time_of(&self, tokens: u64) -> u64 {
        let nanos = u128::from(tokens).saturating_mul(self.period.as_nanos());
        u64::try_from(nanos / u128::from(self.count.max(1))).unwrap_or(u64::MAX)
    }
}

/// How much of a rate is used up. A fresh one is full.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bucket {
    /// When it will be full again, in nanoseconds of the uptime: this holds its level, too.
    full_at: u64,
}

impl Bucket {
    /// Takes a token.
    ///
    /// # Errors
    /// There is none: how long until there is.
    pub fn take(&mut self, rate: &Rate, uptime: Duration) -> Result<(), Duration> {
        if rate.count == 0 {
            return Err(Duration::MAX);
        }
        let full_at = self.full_at.max(nanos(uptime)).saturating_add(rate.time_of(1));
        match overdrawn(full_at, rate, uptime) {
            Duration::ZERO => {
                self.full_at = full_at;
                Ok(())
            }
            wait => Err(wait),
        }
    }

    /// Takes so many tokens that were used already, and says how long to pause for it.
    pub fn charge(&mut self, rate: &Rate, tokens: u64, uptime: Duration) -> Duration {
        self.full_at = self.full_at.max(nanos(uptime)).saturating_add(rate.time_of(tokens));
        overdrawn(self.full_at, rate, uptime)
    }

    /// How many whole tokens there are.
    #[must_use]
    pub fn left(&self, rate: &Rate, uptime: Duration) -> u64 {
        let level = self.full_at.saturating_sub(nanos(uptime));
        rate.time_of(rate.burst).saturating_sub(level) / rate.time_of(1).max(1)
    }
}

/// How long until a bucket that is full at a time owes nothing.
fn overdrawn(full_at: u64, rate: &Rate, uptime: Duration) -> Duration {
    let level = full_at.saturating_sub(nanos(uptime));
    Duration::from_nanos(level.saturating_sub(rate.time_of(rate.burst)))
}

fn nanos(uptime: Duration) -> u64 {
    u64::try_from(uptime.as_nanos()).unwrap_or(u64::MAX)
}

/// A wait in whole seconds, as an answer tells it: never too short, and one at least.
#[must_use]
pub fn whole_seconds(wait: Duration) -> u32 {
    let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
    u32::try_from(seconds.max(1)).unwrap_or(u32::MAX)
}

/// Things by key, so many at most: a new one takes the place of that which was used longest ago.
#[derive(Debug)]
pub struct Recent<K, T> {
    most: usize,
    entries: HashMap<K, (u64, T)>,
    by_use: BTreeMap<u64, K>,
    uses: u64,
}

impl<K: Hash + Eq + Clone, T: Default> Recent<K, T> {
    /// An empty table for so many.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { most: most.max(1), entries: HashMap::new(), by_use: BTreeMap::new(), uses: 0 }
    }

    /// What the key has, which is a fresh one where it had none.
    pub fn of(&mut self, key: &K) -> &mut T {
        let former = self.entries.get(key).map(|(used, _)| *used);
        match former {
            Some(used) => drop(self.by_use.remove(&used)),
            None if self.entries.len() >= self.most => self.drop_oldest(),
            None => {}
        }
        self.uses += 1;
        self.by_use.insert(self.uses, key.clone());
        let entry = self.entries.entry(key.clone()).or_insert_with(|| (0, T::default()));
        entry.0 = self.uses;
        &mut entry.1
    }

    /// What the key has, if it has something; that is a use, too.
    pub fn of_known(&mut self, key: &K) -> Option<&mut T> {
        self.entries.contains_key(key).then(|| self.of(key))
    }

    fn drop_oldest(&mut self) {
        if let Some((_, key)) = self.by_use.pop_first() {
            self.entries.remove(&key);
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// The memory that it keeps at least for what it holds and for its free places, in bytes.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.entries.capacity() * size_of::<(K, (u64, T))>()
            + self.by_use.len() * size_of::<(u64, K)>()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_burst_and_then_one_at_a_time() {
        let rate = Rate::per_second(10, 3);
        let mut bucket = Bucket::default();
        for _ in 0..3 {
            assert_eq!(bucket.take(&rate, ms(5000)), Ok(()));
        }
        assert_eq!(bucket.take(&rate, ms(5000)), Err(ms(100)));
        assert_eq!(bucket.take(&rate, ms(5060)), Err(ms(40)), "a refusal costs nothing");
        assert_eq!(bucket.take(&rate, ms(5100)), Ok(()));
        assert_eq!(bucket.take(&rate, ms(5100)), Err(ms(100)));
        let left = [5100, 5199, 5200, 5399, 5400, 60_000].map(|at| bucket.left(&rate, ms(at)));
        assert_eq!(left, [0, 0, 1, 2, 3, 3]);
        for _ in 0..3 {
            assert_eq!(bucket.take(&rate, ms(60_000)), Ok(()), "it is full again, and no more");
        }
        assert_eq!(bucket.take(&rate, ms(60_000)), Err(ms(100)));
    }

    #[test]
    fn what_was_used_is_paid_for_by_a_pause() {
        let rate = Rate::per_second(1000, 1000);
        let mut bucket = Bucket::default();
        assert_eq!(bucket.charge(&rate, 1000, ms(0)), ms(0));
        assert_eq!(bucket.charge(&rate, 500, ms(0)), ms(500));
        assert_eq!(bucket.charge(&rate, 0, ms(500)), ms(0));
        assert_eq!(
            bucket.charge(&rate, u64::MAX, ms(500)),
            Duration::from_nanos(u64::MAX) - ms(1500)
        );
    }

    #[test]
    fn none_at_all_is_none_for_ever() {
        assert_eq!(Bucket::default().take(&Rate::per_minute(0), ms(1)), Err(Duration::MAX));
    }

    #[test]
    fn the_table_forgets_who_was_not_seen_for_longest() {
        let mut table: Recent<u32, u32> = Recent::new(3);
        for key in [1, 2, 3, 1, 4] {
            *table.of(&key) += 1;
        }
        assert_eq!((table.len(), table.of_known(&2).is_some()), (3, false));
        assert_eq!((table.of_known(&1).copied(), table.is_empty()), (Some(2), false));
        // Asking for one keeps it.
        *table.of(&5) += 1;
        assert_eq!((table.of_known(&1).copied(), table.of_known(&3)), (Some(2), None));
        for key in 0..10_000 {
            table.of(&key);
        }
        assert_eq!((table.len(), table.by_use.len()), (3, 3));
    }

    proptest! {
        /// However they come, no more get through than the burst and what the time gives.
        #[test]
        fn no_more_than_the_rate(gaps in prop::collection::vec(0u64..3000, 1..300), per in 1u64..50, burst in 1u64..20) {
            let rate = Rate::per_second(per, burst);
            let (mut bucket, mut now, mut taken) = (Bucket::default(), 0, 0);
            let start = gaps[0];
            for gap in gaps {
                now += gap;
                match bucket.take(&rate, ms(now)) {
                    Ok(()) => taken += 1,
                    // Whoever waits as long as told gets through.
                    Err(wait) => {
                        let mut later = bucket;
                        prop_assert!(later.take(&rate, ms(now) + wait).is_ok());
                    }
                }
            }
            prop_assert!(taken <= burst + (now - start) * per / 1000 + 1);
        }
    }
}
