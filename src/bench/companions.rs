//! What is measured beside the server where it is installed, and what is said where it is not.

use super::Failure;
use super::arguments::{Arguments, Measure};
use super::figure::Side;
use super::plan::Plan;
use super::process;
use super::rounds::Group;

/// Redis and NATS, as far as they were asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Companions {
    redis: Wanted<String>,
    nats: Wanted<Nats>,
}

/// Something that may be asked for, and may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Wanted<T> {
    #[default]
    No,
    Missing,
    Here(T),
}

/// The NATS that is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Nats {
    version: String,
    can_sync: bool,
}

impl<T> Wanted<T> {
    fn find(wanted: bool, find: impl FnOnce() -> Option<T>) -> Self {
        match wanted {
            false => Self::No,
            true => find().map_or(Self::Missing, Self::Here),
        }
    }

    const fn get(&self) -> Option<&T> {
        match self {
            Self::No | Self::Missing => None,
            Self::Here(found) => Some(found),
        }
    }
}

impl Companions {
    /// Looks for those that a measure takes.
    pub(crate) fn find(arguments: &Arguments, measure: Measure) -> Result<Self, Failure> {
        let redis = arguments.redis || matches!(measure, Measure::Compare | Measure::Table);
        let nats = arguments.nats || measure == Measure::Table;
        let mut companions = Self {
            redis: Wanted::find(redis, process::redis_version),
            nats: Wanted::find(nats, || {
                process::nats_version().map(|version| Nats { version, can_sync: false })
            }),
        };
        if let Wanted::Here(nats) = &mut companions.nats {
            nats.can_sync = process::nats_can_sync()?;
        }
        Ok(companions)
    }

    /// Tells plans what the others are able to do.
    pub(crate) fn inform(&self, groups: &mut [Group]) {
        let can_sync = self.nats.get().is_some_and(|nats| nats.can_sync);
        for plan in groups.iter_mut().flat_map(|group| &mut group.plans) {
            if let Plan::Stored(plan) = plan {
                plan.nats_can_sync = can_sync;
            }
        }
    }

    /// What the user should know.
    pub(crate) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.redis == Wanted::Missing {
            notes.push("redis-server is not installed: measured without it".to_owned());
        }
        match &self.nats {
            Wanted::Missing => {
                notes.push("nats-server is not installed: measured without it".to_owned());
            }
            Wanted::Here(Nats { version, can_sync: false }) => notes.push(format!(
                "nats-server {version} does not know sync_interval: always, and so cannot sync \
                 before it answers: not measured beside durability fsync"
            )),
            Wanted::No | Wanted::Here(_) => {}
        }
        notes
    }

    /// Those that are here.
    pub(crate) fn sides(&self) -> impl Iterator<Item = Side> {
        let redis = self.redis.get().map(|_| Side::Redis);
        redis.into_iter().chain(self.nats.get().map(|_| Side::Nats))
    }

    /// Their names with their versions.
    pub(crate) fn programs(&self) -> impl Iterator<Item = String> {
        let redis = self.redis.get().map(|version| format!("Redis {version}"));
        let nats = self.nats.get().map(|nats| format!("NATS {}", nats.version));
        redis.into_iter().chain(nats)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nats(can_sync: bool) -> Companions {
        let nats = Nats { version: "1.2.3".to_owned(), can_sync };
        Companions { redis: Wanted::Missing, nats: Wanted::Here(nats) }
    }

    #[test]
    fn what_is_missing_is_said_and_what_was_not_asked_for_is_not() {
        assert_eq!(Companions::default().notes(), [""; 0]);
        let none = Companions { redis: Wanted::Missing, nats: Wanted::Missing };
        assert_eq!(none.notes().len(), 2);
        assert_eq!((none.sides().count(), none.programs().count()), (0, 0));
        assert_eq!(nats(true).notes(), ["redis-server is not installed: measured without it"]);
        assert!(nats(false).notes()[1].starts_with("nats-server 1.2.3 does not know"));
        assert_eq!(nats(false).sides().collect::<Vec<_>>(), [Side::Nats]);
        assert_eq!(nats(false).programs().collect::<Vec<_>>(), ["NATS 1.2.3"]);
    }

    #[test]
    fn plans_are_told_whether_nats_syncs() {
        let arguments = Arguments::default();
        for can_sync in [true, false] {
            let mut groups = super::super::plan::groups(&arguments, Measure::Stored).unwrap();
            nats(can_sync).inform(&mut groups);
            let last = groups[0].plans.last().unwrap();
            assert_eq!(last.suits(Side::Nats), can_sync);
        }
    }
}
