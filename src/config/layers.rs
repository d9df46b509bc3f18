//! Gathering settings, each layer over the former, and remembering where each came from.

use super::fault::{Complaint, ConfigError, Fault, Place};
use super::setting::{Given, Setting, quoted};
use super::{Draft, table};
use crate::limits::MOST_NAME_CHARS;
use crate::message::Name;
use std::collections::BTreeMap;

/// The settings so far.
pub(super) struct Layers {
    draft: Draft,
    /// Where the settings that are no defaults were given.
    places: BTreeMap<&'static str, Place>,
    /// Where rooms were given bounds of their own.
    rooms: Vec<(Name, Place)>,
    complaints: Vec<Complaint>,
}

/// What a room may have of its own.
#[derive(Debug, Clone, Copy)]
pub(super) enum RoomBound {
    Days,
    Messages,
}

impl RoomBound {
    /// Their names, which stand under a room's table.
    pub(super) const ALL: [(&str, Self); 2] = [("days", Self::Days), ("messages", Self::Messages)];

    /// The setting for all rooms.
    const fn setting(self) -> &'static str {
        match self {
            Self::Days => "history.days",
            Self::Messages => "history.messages",
        }
    }
}

fn no_room(name: &str) -> Fault {
    let expected = "the name of a room such as \"#tea\", which the common chat is not".to_owned();
    Fault::OutOfRange { got: quoted(name), expected }
}

impl Layers {
    pub(super) const fn new(defaults: Draft) -> Self {
        Self { draft: defaults, places: BTreeMap::new(), rooms: Vec::new(), complaints: Vec::new() }
    }

    /// Takes one setting in, or complains.
    pub(super) fn take(&mut self, setting: &'static Setting, given: Given, place: Place) {
        match setting.apply(&mut self.draft, given) {
            Ok(()) => drop(self.places.insert(setting.key, place)),
            Err(fault) => self.complain(place, fault),
        }
    }

    /// Takes a room in that has bounds of its own, or complains.
    pub(super) fn take_room(&mut self, name: &str, place: Place) -> Option<Name> {
        match Name::room(name, MOST_NAME_CHARS) {
            Ok(room) => {
                self.rooms.push((room.clone(), place));
                Some(room)
            }
            Err(_) => {
                self.complain(place, no_room(name));
                None
            }
        }
    }

    /// Takes one bound of a room in, or complains: what it may be says the setting for all rooms.
    pub(super) fn take_of_room(
        &mut self,
        room: &Name,
        bound: RoomBound,
        given: Given,
        place: Place,
    ) {
        let mut draft = Draft::default();
        let Some(setting) = table::find(bound.setting()) else { return };
        if let Err(fault) = setting.apply(&mut draft, given) {
            return self.complain(place, fault);
        }
        let kept = draft.server.policy.kept;
        let own = self.draft.server.policy.kept_rooms.entry(room.clone()).or_default();
        match bound {
            RoomBound::Days => own.days = Some(kept.days),
            RoomBound::Messages => own.messages = Some(kept.messages),
        }
    }

    /// The common chat is no room, whatever its names are in the end.
    fn check_rooms(&mut self) {
        for (room, place) in std::mem::take(&mut self.rooms) {
            if self.draft.server.policy.common.iter().any(|name| name == room.as_str()) {
                self.complain(place, no_room(room.as_str()));
            }
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
        self.check_rooms();
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
