//! Where a connection stands in its audiences.

use crate::message::AudienceId;

/// A connection's place in an audience.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) audience: AudienceId,
    /// Which of the audience's members it is.
    pub(super) index: usize,
}

/// A connection's place in an audience, or where it belongs: places are sorted, since whoever is in
/// thousands of rooms leaves them all at once.
pub(super) fn find(places: &[Place], audience: AudienceId) -> Result<usize, usize> {
    places.binary_search_by_key(&audience, |place| place.audience)
}
