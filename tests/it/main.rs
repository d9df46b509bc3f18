//! What a user sees: the real programs, real sockets, real files.
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "tests say what they show in their names"
)]
#![allow(clippy::disallowed_methods, reason = "a test waits with a deadline")]

mod golden;
mod sim;
mod support;
mod tidy;
mod transcript;
