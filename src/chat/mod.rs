//! The chat's rules: a state machine without socket, clock, thread or file.

mod policy;

pub use policy::{Guests, Policy, Probe, Sessions};
