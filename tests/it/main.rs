//! What a user sees: the real programs, real sockets, real files.
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test fails by panicking, says what it shows in its name, and waits with a deadline"
)]

mod client_alone;
mod console;
mod golden;
mod probe;
mod process;
mod regressions;
mod scripted_peer;
mod sim;
mod start;
mod support;
mod tidy;
mod transcript;
mod user_command;
