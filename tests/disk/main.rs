//! What the store promises when the disk fails or the power goes: the real storage worker on a disk
//! whose every write and sync can be refused, and whose writes are remembered.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, says what it shows in its name, and waits with a deadline"
)]

mod content;
mod faults;
mod fixed_run;
mod power_cut;
