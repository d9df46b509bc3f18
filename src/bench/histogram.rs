//! Durations counted in buckets that grow with them: a fixed amount of memory, 1.6 % of error.

use std::time::Duration;

/// Buckets in each doubling.
const STEPS: u64 = 64;
/// Doublings above the first, which is exact: up to 2^46 ns, over 19 hours.
const DOUBLINGS: u64 = 40;

/// How often each duration was seen.
#[derive(Debug, Clone)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
    total: u64,
    longest: Duration,
}

impl Histogram {
    pub(crate) fn new() -> Self {
        let buckets = usize::try_from(STEPS * (DOUBLINGS + 1)).unwrap_or(usize::MAX);
        Self { counts: vec![0; buckets], total: 0, longest: Duration::ZERO }
    }

    /// Counts one duration.
    pub(crate) fn record(&mut self, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let last = self.counts.len() - 1;
        if let Some(count) = self.counts.get_mut(bucket(nanos).min(last)) {
            *count += 1;
            self.total += 1;
        }
        self.longest = self.longest.max(duration);
    }

    /// How many were counted.
    pub(crate) const fn total(&self) -> u64 {
        self.total
    }

    /// The duration that `share` (0 to 1) of all do not exceed; zero where none was recorded.
    pub(crate) fn percentile(&self, share: f64) -> Duration {
        let rank = ((self.total as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        for (bucket, count) in (0_u64..).zip(&self.counts) {
            seen += count;
            if seen >= rank {
                return Duration::from_nanos(upper_edge(bucket)).min(self.longest);
            }
        }
        self.longest
    }
}

/// Which bucket a number of nanoseconds falls into.
fn bucket(nanos: u64) -> usize {
    let place = match nanos.checked_ilog2() {
        Some(log) if log >= STEPS.ilog2() => {
            let doubling = u64::from(log - STEPS.ilog2());
            (doubling * STEPS) + (nanos >> doubling)
        }
        _ => nanos,
    };
    usize::try_from(place).unwrap_or(usize::MAX)
}

/// The largest number of nanoseconds in a bucket.
fn upper_edge(bucket: u64) -> u64 {
    if bucket < 2 * STEPS {
        return bucket;
    }
    let doubling = bucket / STEPS - 1;
    let step = bucket - doubling * STEPS;
    ((step + 1) << doubling) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(micros: impl IntoIterator<Item = u64>) -> Histogram {
        let mut histogram = Histogram::new();
        micros.into_iter().for_each(|each| histogram.record(Duration::from_micros(each)));
        histogram
    }

    #[test]
    fn percentiles_are_right_within_two_per_cent() {
        let histogram = of(1..=10_000);
        for (share, micros) in [(0.5, 5_000.0), (0.99, 9_900.0), (0.999, 9_990.0), (1.0, 10_000.0)]
        {
            let got = histogram.percentile(share).as_nanos() as f64 / 1000.0;
            assert!((got / micros - 1.0).abs() < 0.02, "{share}: {got} for {micros}");
        }
    }

    #[test]
    fn every_number_lies_in_its_bucket_and_buckets_rise() {
        let mut last = 0;
        for nanos in (0..2_000).chain((11..40).flat_map(|log| [(1 << log) - 1, 1 << log, 3 << log]))
        {
            let at = bucket(nanos) as u64;
            assert!(upper_edge(at) >= nanos, "{nanos}");
            assert!(at == 0 || upper_edge(at - 1) < nanos, "{nanos}");
            last = last.max(at);
        }
        assert!(last < STEPS * (DOUBLINGS + 1));
    }

    #[test]
    fn the_ends_of_the_scale() {
        assert_eq!(Histogram::new().percentile(0.5), Duration::ZERO);
        let mut histogram = of([7]);
        assert_eq!(histogram.percentile(0.001), Duration::from_micros(7));
        histogram.record(Duration::from_secs(1_000_000));
        assert_eq!(histogram.percentile(0.1), Duration::from_nanos(7_039));
        assert!(histogram.percentile(1.0) <= Duration::from_secs(1_000_000));
    }
}
