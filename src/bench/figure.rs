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
    /// Server CPU time, user and system, for one delivery.
    pub(crate) const CPU: Self =
        Self::new("server CPU a delivery", "server_cpu_us_per_delivery", "µs", Better::Less);
    /// The same, as a ratio to that of a smaller load.
    pub(crate) const TIMES_PLAIN: Self = Self::new(
        "server CPU a delivery, times that of the plain load",
        "server_cpu_times_plain",
        "x",
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

    /// From a new client's connecting to the answer to its presence, which half do not exceed.
    pub(crate) const PRESENCE_P50: Self =
        Self::new("a new presence p50", "presence_p50_ms", "ms", Better::Less);
    /// The same, which 99 % do not exceed.
    pub(crate) const PRESENCE: Self =
        Self::new("a new presence p99", "presence_p99_ms", "ms", Better::Less);

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
    /// How many messages a commit stored that half of all do not exceed.
    pub(crate) const COMMIT_MEDIAN: Self =
        Self::new("commit, median", "commit_median_messages", "messages", Better::More);
    /// How many messages the largest commit stored.
    pub(crate) const COMMIT_LARGEST: Self =
        Self::new("commit, largest", "commit_largest_messages", "messages", Better::More);
    /// Bytes of files that went in a second, those sent and those got.
    pub(crate) const MOVED: Self =
        Self::new("files sent and got", "moved_mib_per_second", "MiB/s", Better::More);
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
        Sample { kind: self, value }
    }
}

/// Whose a figure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The server that is measured.
    Server,
    /// The floor.
    Floor,
    /// The floor whose answers wait for the next output of their connection.
    Waiting,
    /// Redis, with its publishing and subscribing, or with its streams.
    Redis,
    /// NATS, with JetStream.
    Nats,
}

impl Side {
    /// All of them, in the order of the table.
    pub(crate) const ALL: [Self; 5] =
        [Self::Server, Self::Floor, Self::Waiting, Self::Redis, Self::Nats];

    /// Its name in the table.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Floor => "floor",
            Self::Waiting => "waiting floor",
            Self::Redis => "Redis",
            Self::Nats => "NATS",
        }
    }
}

/// What a figure should reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Aim {
    /// At most this many times worse than another.
    Times(Side, f64),
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
}

/// One kind's values over all rounds, of all sides.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Figure {
    /// What was done, with its numbers.
    pub(crate) measure: String,
    /// What was measured.
    pub(crate) kind: Kind,
    /// What it should reach.
    pub(crate) aims: Vec<Aim>,
    values: [Vec<f64>; Side::ALL.len()],
}

impl Figure {
    /// Without values yet.
    pub(crate) fn new(measure: &str, kind: Kind) -> Self {
        Self { measure: measure.to_owned(), kind, aims: Vec::new(), values: Default::default() }
    }

    /// With these aims.
    pub(crate) fn aiming(self, aims: impl Into<Vec<Aim>>) -> Self {
        Self { aims: aims.into(), ..self }
    }

    /// With these values of one side.
    pub(crate) fn with(mut self, side: Side, values: impl Into<Vec<f64>>) -> Self {
        if let Some(place) = self.values.get_mut(side as usize) {
            *place = values.into();
        }
        self
    }

    /// One more value.
    pub(crate) fn add(&mut self, side: Side, value: f64) {
        if let Some(values) = self.values.get_mut(side as usize) {
            values.push(value);
        }
    }

    /// A side's values, by round.
    pub(crate) fn of(&self, side: Side) -> &[f64] {
        self.values.get(side as usize).map_or(&[], Vec::as_slice)
    }

    /// How many times worse than another the server is: 1 is as good, 2 twice the cost or half the
    /// rate. `None` without the other.
    pub(crate) fn times(&self, side: Side) -> Option<f64> {
        let (server, other) = (median(self.of(Side::Server))?, median(self.of(side))?);
        let (worse, better) = match self.kind.better {
            Better::Less => (server, other),
            Better::More => (other, server),
        };
        (better > 0.0).then(|| worse / better)
    }

    /// What an aim is held against: a ratio, or the server's median; `None` where there is none.
    pub(crate) fn against(&self, aim: Aim) -> Option<f64> {
        match aim {
            Aim::Times(side, _) => self.times(side),
            Aim::AtMost(_) => median(self.of(Side::Server)),
        }
    }

    /// Whether an aim is reached; `None` where it cannot be told.
    pub(crate) fn reached(&self, aim: Aim) -> Option<bool> {
        let (Aim::Times(_, most) | Aim::AtMost(most)) = aim;
        Some(self.against(aim)? <= most)
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

    fn figure(kind: Kind, server: &[f64], floor: &[f64]) -> Figure {
        Figure::new("test", kind).with(Side::Server, server).with(Side::Floor, floor)
    }

    #[test]
    fn medians() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0]), Some(3.0));
        assert_eq!(median(&[9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[9.0, 1.0, 2.0, 4.0]), Some(3.0));
    }

    #[test]
    fn a_ratio_over_one_is_worse_than_the_other_for_costs_and_rates() {
        let twice = Aim::Times(Side::Floor, 2.0);
        let cost = figure(Kind::CPU, &[3.0], &[2.0]);
        assert_eq!(cost.times(Side::Floor), Some(1.5));
        assert_eq!(cost.reached(twice), Some(true));
        let rate = figure(Kind::DELIVERIES, &[100.0], &[300.0]);
        assert_eq!(rate.times(Side::Floor), Some(3.0));
        assert_eq!(rate.reached(twice), Some(false));
        let redis = rate.with(Side::Redis, [50.0, 60.0, 10.0]);
        assert_eq!(redis.times(Side::Redis), Some(0.5));
    }

    #[test]
    fn without_the_other_there_is_no_ratio_but_fixed_aims_hold() {
        let relative = figure(Kind::CPU, &[3.0], &[]);
        assert_eq!(relative.times(Side::Floor), None);
        assert_eq!(relative.reached(Aim::Times(Side::Redis, 2.0)), None);
        let fixed = figure(Kind::MEMORY, &[4.0, 4.5, 3.0], &[]);
        assert_eq!(fixed.reached(Aim::AtMost(4.0)), Some(true));
        assert_eq!(fixed.reached(Aim::AtMost(3.9)), Some(false));
    }
}
