//! The `#[log]` attribute.
