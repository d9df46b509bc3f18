//! Where a connection stands in its audiences.

use crate::message::{AudienceId, Dialect, Features};

/// In which form a connection gets messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As they were sent.
    Plain,
    /// With what the server adds for those with `ids`.
    Marked,
    /// As console chat has it (seed 003).
    Console,
    /// As the exchange has it (seed 004).
    Exchange,
}

impl Form {
    /// All of them.
    pub(super) const ALL: [Self; 4] = [Self::Plain, Self::Marked, Self::Console, Self::Exchange];

    /// The form that goes with a dialect and these features.
    pub(super) const fn of(dialect: Dialect, features: Features) -> Self {
        match dialect {
            Dialect::Jim if features.has(Features::IDS) => Self::Marked,
            Dialect::Jim => Self::Plain,
            Dialect::Console => Self::Console,
            Dialect::Exchange => Self::Exchange,
        }
    }
}

/// What a member of an audience gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Taste {
    /// In which form it gets messages.
    pub(super) form: Form,
    /// Whether it is told of events.
    pub(super) hears: bool,
}

impl Taste {
    /// What goes with a dialect and these features.
    pub(super) const fn of(dialect: Dialect, features: Features) -> Self {
        Self { form: Form::of(dialect, features), hears: features.has(Features::NOTICES) }
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
