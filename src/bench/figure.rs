//! Figures: what was measured, in which unit, and how it compares.

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Better {
    /// Less: a cost.
    Less,
    /// More: a rate.
    More,
}

/// A kind of figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kind {
    /// Its name in the table.
    pub(crate) name: &'static str,
    /// Its name in JSON.
    pub(crate) key: &'static str,
    /// Its unit.
    pub(crate) unit: &'static str,
    /// Which way is better.
    pub(crate) better: Better,
}

impl Kind {
    /// Messages handed to receivers in a second.
    pub(crate) const DELIVERIES: Self =
        Self::new("deliveries", "deliveries_per_second", "1/s", Better::More);
    /// Server CPU time, user and system, for a million deliveries.
    pub(crate) const CPU: Self = Self::new(
        "server CPU per million deliveries",
        "server_cpu_seconds_per_million_deliveries",
        "s",
        Better::Less,
    );
    /// There and back again between two clients.
    pub(crate) const ROUND_TRIPS: Self =
        Self::new("round trips", "round_trips_per_second", "1/s", Better::More);
    /// The latency that half of all deliveries do not exceed.
    pub(crate) const P50: Self = Self::new("latency p50", "latency_p50_us", "µs", Better::Less);
    /// The latency that 99 % of all deliveries do not exceed.
    pub(crate) const P99: Self = Self::new("latency p99", "latency_p99_us", "µs", Better::Less);
    /// The latency that 99.9 % of all deliveries do not exceed.
    pub(crate) const P999: Self =
        Self::new("latency p99.9", "latency_p99_9_us", "µs", Better::Less);
    /// Accepted passwords in a second.
    pub(crate) const LOGINS: Self = Self::new("logins", "logins_per_second", "1/s", Better::More);
    /// Resident memory of the server for one connection that does nothing.
    pub(crate) const MEMORY: Self =
        Self::new("server memory per connection", "server_kib_per_connection", "KiB", Better::Less);

    /// Messages that were answered in a second.
    pub(crate) const ACKNOWLEDGED: Self =
        Self::new("messages answered", "answered_per_second", "1/s", Better::More);
    /// The wait for an answer that half of all do not exceed.
    pub(crate) const ANSWER_P50: Self =
        Self::new("wait for the answer p50", "answer_p50_ms", "ms", Better::Less);
    /// The wait for an answer that 99 % of all do not exceed.
    pub(crate) const ANSWER_P99: Self =
        Self::new("wait for the answer p99", "answer_p99_ms", "ms", Better::Less);
    /// Server CPU time for one message, all threads.
    pub(crate) const MESSAGE_CPU: Self =
        Self::new("server CPU per message", "server_cpu_us_per_message", "µs", Better::Less);
    /// The event loop's part of it.
    pub(crate) const MESSAGE_LOOP_CPU: Self = Self::new(
        "event loop's CPU per message",
        "event_loop_cpu_us_per_message",
        "µs",
        Better::Less,
    );
    /// What keeping a message adds to it.
    pub(crate) const ADDED_CPU: Self = Self::new(
        "added by keeping, CPU per message",
        "added_cpu_us_per_message",
        "µs",
        Better::Less,
    );
    /// Messages written in a second while an archive is filled.
    pub(crate) const FILLED: Self =
        Self::new("messages written", "written_per_second", "1/s", Better::More);
    /// How long after its answer the last message of many is found by a search.
    pub(crate) const INDEXED: Self =
        Self::new("index behind the last answer", "index_behind_ms", "ms", Better::Less);
    /// From a server's start to its listening.
    pub(crate) const START: Self = Self::new("start", "start_ms", "ms", Better::Less);
    /// The newest messages of a long history.
    pub(crate) const NEWEST_PAGE: Self =
        Self::new("newest page p50", "newest_page_p50_ms", "ms", Better::Less);
    /// Messages in the middle of it.
    pub(crate) const MIDDLE_PAGE: Self =
        Self::new("page in the middle p50", "middle_page_p50_ms", "ms", Better::Less);
    /// A search for a word of one message in ten thousand.
    pub(crate) const RARE_SEARCH: Self =
        Self::new("search, a rare word p50", "rare_search_p50_ms", "ms", Better::Less);
    /// A search for a word of every message.
    pub(crate) const COMMON_SEARCH: Self =
        Self::new("search, a word of all p50", "common_search_p50_ms", "ms", Better::Less);
    /// Resident memory after the start.
    pub(crate) const RESIDENT_BEFORE: Self =
        Self::new("server memory after its start", "resident_at_start_mib", "MiB", Better::Less);
    /// Resident memory after the questions.
    pub(crate) const RESIDENT_AFTER: Self =
        Self::new("server memory after all this", "resident_at_end_mib", "MiB", Better::Less);

    const fn new(
        name: &'static str,
        key: &'static str,
        unit: &'static str,
        better: Better,
    ) -> Self {
        Self { name, key, unit, better }
    }

    /// One measured value.
    pub(crate) const fn sample(self, value: f64) -> Sample {
        Sample { kind: self, value, aim: None }
    }
}

/// What a figure should reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Aim {
    /// At most this many times worse than the floor.
    TimesFloor(f64),
    /// At most this.
    AtMost(f64),
}

/// One value of one round.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sample {
    /// What it is.
    pub(crate) kind: Kind,
    /// In the unit of its kind.
    pub(crate) value: f64,
    /// What it should reach.
    pub(crate) aim: Option<Aim>,
}

impl Sample {
    /// With an aim.
    pub(crate) const fn aiming(self, aim: Aim) -> Self {
        Self { aim: Some(aim), ..self }
    }
}

/// One kind's values over all rounds, of the server and of the floor.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Figure {
    /// What was done, with its numbers.
    pub(crate) measure: String,
    /// What was measured.
    pub(crate) kind: Kind,
    /// What it should reach.
    pub(crate) aim: Option<Aim>,
    /// The server's values, by round.
    pub(crate) server: Vec<f64>,
    /// The floor's values, by round.
    pub(crate) floor: Vec<f64>,
}

impl Figure {
    /// How many times worse than the floor the server is: 1 is as good, 2 twice the cost or half
    /// the rate. `None` without a floor.
    pub(crate) fn times_floor(&self) -> Option<f64> {
        let (server, floor) = (median(&self.server)?, median(&self.floor)?);
        let (worse, better) = match self.kind.better {
            Better::Less => (server, floor),
            Better::More => (floor, server),
        };
        (better > 0.0).then(|| worse / better)
    }

    /// Whether the aim is reached; `None` without an aim, or where it cannot be told.
    pub(crate) fn reached(&self) -> Option<bool> {
        match self.aim? {
            Aim::TimesFloor(most) => Some(self.times_floor()? <= most),
            Aim::AtMost(most) => Some(median(&self.server)? <= most),
        }
    }
}

/// The middle of some values, or the mean of the two in the middle.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = *sorted.get((sorted.len() - 1) / 2)?;
    Some(f64::midpoint(lower, upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(kind: Kind, server: &[f64], floor: &[f64], aim: Option<Aim>) -> Figure {
        Figure {
            measure: "test".to_owned(),
            kind,
            aim,
            server: server.to_vec(),
            floor: floor.to_vec(),
        }
    }

    #[test]
    fn medians() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0]), Some(3.0));
        assert_eq!(median(&[9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[9.0, 1.0, 2.0, 4.0]), Some(3.0));
    }

    #[test]
    fn a_ratio_over_one_is_worse_than_the_floor_for_costs_and_rates() {
        let cost = figure(Kind::CPU, &[3.0], &[2.0], Some(Aim::TimesFloor(2.0)));
        assert_eq!(cost.times_floor(), Some(1.5));
        assert_eq!(cost.reached(), Some(true));
        let rate = figure(Kind::DELIVERIES, &[100.0], &[300.0], Some(Aim::TimesFloor(2.0)));
        assert_eq!(rate.times_floor(), Some(3.0));
        assert_eq!(rate.reached(), Some(false));
    }

    #[test]
    fn without_a_floor_there_is_no_ratio_but_fixed_aims_hold() {
        let relative = figure(Kind::CPU, &[3.0], &[], Some(Aim::TimesFloor(2.0)));
        assert_eq!((relative.times_floor(), relative.reached()), (None, None));
        let fixed = figure(Kind::MEMORY, &[4.0, 4.5, 3.0], &[], Some(Aim::AtMost(4.0)));
        assert_eq!(fixed.reached(), Some(true));
        assert_eq!(figure(Kind::MEMORY, &[5.0], &[], None).reached(), None);
    }
}
