//! Gathering settings, each layer over the former, and remembering where each came from.

use super::fault::{Complaint, ConfigError, Fault, Place};
use super::setting::{Given, Setting};
use super::{Draft, table};
use std::collections::BTreeMap;

/// The settings so far.
pub(super) struct Layers {
    draft: Draft,
    /// Where the settings that are no defaults were given.
    places: BTreeMap<&'static str, Place>,
    complaints: Vec<Complaint>,
}

impl Layers {
    pub(super) const fn new(defaults: Draft) -> Self {
        Self { draft: defaults, places: BTreeMap::new(), complaints: Vec::new() }
    }

    /// Takes one setting in, or complains.
    pub(super) fn take(&mut self, setting: &'static Setting, given: Given, place: Place) {
        match setting.apply(&mut self.draft, given) {
            Ok(()) => drop(self.places.insert(setting.key, place)),
            Err(fault) => self.complain(place, fault),
        }
    }

    pub(super) fn complain(&mut self, place: Place, fault: Fault) {
        self.complaints.push(Complaint { place, fault });
    }

    /// The settings, if all of them are good and fit each other.
    pub(super) fn finish(mut self) -> Result<Draft, ConfigError> {
        for (lower, upper) in table::AT_MOST {
            self.check_relation(lower, upper);
        }
        if self.complaints.is_empty() {
            Ok(self.draft)
        } else {
            Err(ConfigError::Refused(self.complaints))
        }
    }

    /// Two defaults fit each other, so one of the two has a place to complain about.
    fn check_relation(&mut self, lower: &'static str, upper: &'static str) {
        let (Some(low), Some(high)) = (table::find(lower), table::find(upper)) else { return };
        if low.measure(&mut self.draft) <= high.measure(&mut self.draft) {
            return;
        }
        let place = self.places.get(lower).or_else(|| self.places.get(upper)).cloned();
        let fault = Fault::Above {
            lower,
            lower_value: low.show(&mut self.draft),
            upper,
            upper_value: high.show(&mut self.draft),
        };
        if let Some(place) = place {
            self.complain(place, fault);
        }
    }
}
