//! Where a connection stands in its audiences.

use crate::message::{AudienceId, Features};

/// In which form a connection gets messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As they were sent.
    Plain,
    /// With what the server adds for those with `ids`.
    Marked,
}

impl Form {
    /// Both.
    pub(super) const ALL: [Self; 2] = [Self::Plain, Self::Marked];

    /// The form that goes with these features.
    pub(super) const fn of(features: Features) -> Self {
        if features.has(Features::IDS) { Self::Marked } else { Self::Plain }
    }
}

/// A connection's place in an audience, among those that get messages in the same form.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) audience: AudienceId,
    /// Which of the members it is.
    pub(super) index: u32,
}

/// A connection's place in an audience, or where it belongs: places are sorted, since whoever is in
/// thousands of rooms leaves them all at once.
pub(super) fn find(places: &[Place], audience: AudienceId) -> Result<usize, usize> {
    places.binary_search_by_key(&audience, |place| place.audience)
}
