//! The event loop: the course's `select` exercise, grown up.

mod settings;

pub use settings::{OutputBounds, Pacing, Settings};
